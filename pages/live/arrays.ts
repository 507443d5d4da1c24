// Trees of tensors as plain arrays, which go between a page and its workers.
import { type Tensor, tensor } from "downhill";
import * as tree from "downhill/tree";

/** The numbers of the leaves of a tree, in the order in which `tree.leaves` has them. */
export type SentArrays = readonly (Float32Array | Int32Array)[];

/** Arrays of a tree of tensors of float32 or int32, to send. */
export function arraysOf(of: unknown): SentArrays {
  return tree.leaves(of).map((leaf) => leaf.data().slice() as Float32Array | Int32Array);
}

/** A tree with the structure and shapes of another one, of arrays that were sent. */
export function withArrays<P>(like: P, arrays: SentArrays): P {
  const [leaves, structure] = tree.flatten(like);
  const sent = arrays.map((array, i) => tensor(array, { shape: (leaves[i] as Tensor).shape }));
  return tree.unflatten(structure, sent) as P;
}
