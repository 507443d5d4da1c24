// Types of batches follow from the types of the source and of the results of maps. tsc checks this file; it is never
// run.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { tensor } from "../../numeric/array/create.ts";
import type { Batches, StreamBatches } from "./batches.ts";
import { type Dataset, dataset, type StreamDataset } from "./dataset.ts";
import { fitStandardiser, standardise } from "./standardise.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};

const held = dataset({ x: [[1, 2]], y: Int32Array.of(1) });
same<typeof held, Dataset<{ readonly x: Tensor; readonly y: Tensor }>>(true);

const mapped = held.map(({ x }, { item }) => ({ z: x.sum(), item, pair: [1, 2] }));
same<typeof mapped, Dataset<{ readonly z: Tensor; readonly item: Tensor; readonly pair: Tensor }>>(true);
same<
  ReturnType<typeof mapped.batch>,
  Batches<{ readonly z: Tensor; readonly item: Tensor; readonly pair: Tensor }>
>(true);

// The type of an item of a stream is that of the source, or of the result of the preceding map.
const stream = dataset(function* (): Generator<{ name: string }> {});
const lengths = stream.map(async ({ name }) => Promise.resolve(name.length)).map((n) => ({ n: n + 1 }));
same<typeof lengths, StreamDataset<{ readonly n: Tensor }, { n: number }>>(true);

// items of parts of a data set are tensors
const parts = dataset(() => [{ x: Float32Array.of(1) }], { chunks: true });
same<typeof parts, StreamDataset<{ readonly x: Tensor }>>(true);

const batches = held.batch(2);
const later = batches.prefetch({ ahead: 2 });
same<typeof later, StreamBatches<{ readonly x: Tensor; readonly y: Tensor }>>(true);
const typed = batches.prefetch<{ readonly image: Tensor }>({ worker: "file:///map.mjs" });
same<typeof typed, StreamBatches<{ readonly image: Tensor }>>(true);
const bare = batches.augment(({ x }, key) => x.add(key.length));
same<typeof bare, Batches<Tensor>>(true);
const asStream: StreamBatches<{ readonly x: Tensor; readonly y: Tensor }> = batches;
void asStream;

// the result of standardise becomes a tensor
const scaled = standardise([[1, 2]], fitStandardiser([[1, 2]]));
tensor(scaled.data, { shape: scaled.shape, dtype: "float32" });

// @ts-expect-error there is no such field
held.map(({ z }) => z);
// @ts-expect-error a worker's batches are of no known type without one being said, but its options are known
batches.prefetch({ worker: "file:///map.mjs", aheed: 2 });
// @ts-expect-error weights are needed
held.sample({ count: 3 });
