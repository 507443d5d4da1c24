// Conversion of trees of tensors to plain arrays, for messages between a page and its workers.
import { type Tensor, tensor } from "downhill";
import * as tree from "downhill/tree";

/** Numbers of the leaves of a tree, in the order of `tree.leaves`. */
export type SentArrays = readonly (Float32Array | Int32Array)[];

/** Converts a tree of float32 or int32 tensors to arrays. */
export function arraysOf(of: unknown): SentArrays {
  return tree.leaves(of).map((leaf) => leaf.data().slice() as Float32Array | Int32Array);
}

/** Restores a tree from arrays. `like` is a tree with the same structure and shapes. */
export function withArrays<P>(like: P, arrays: SentArrays): P {
  const [leaves, structure] = tree.flatten(like);
  const sent = arrays.map((array, i) => tensor(array, { shape: (leaves[i] as Tensor).shape }));
  return tree.unflatten(structure, sent) as P;
}
