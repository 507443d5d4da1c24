// What a world does, tried on each rank. Writes a file of JSON into the folder that it is given: what was found, by its name.
// Usage: checks.mjs FOLDER [THREADS]
import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { configure, jit, tensor } from "downhill";
import { allGather, openMpi, psum } from "downhill/distributed";

const [folder, threads] = process.argv.slice(2);
if (threads !== undefined) configure({ threads: Number(threads) });
const world = await openMpi();
const { rank, size } = world;
const found = {};
const messageOf = (f) => {
  try {
    f();
  } catch (error) {
    return error.message;
  }
  return "no error";
};

found["opened again"] = (await openMpi()) === world;

// arrays are used in place, where a memory of WebAssembly is too
const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const view = new Float32Array(memory.buffer, 64, 3).fill(rank + 1);
world.allReduce(view);
found["sum in shared memory"] = [...new Float32Array(memory.buffer, 60, 5)];
const whole = Int32Array.of(rank, -rank, 7);
world.allReduce(whole, "max");
found["max"] = [...whole];
const smallest = Float64Array.of(rank + 0.5);
world.allReduce(smallest, "min");
found["min"] = [...smallest];
const bytes = new Uint8Array(memory.buffer, 1000, 4).fill(rank);
world.broadcast(bytes, size - 1);
found["from the last"] = [...bytes];
const numbers = Float64Array.of(rank, 1 / 3);
world.broadcast(numbers);
found["from the first"] = [...numbers];
world.barrier();
if (size > 1 && size % 2 === 0) {
  const into = new Uint8Array(9);
  const received = world.exchange(rank ^ 1, new Uint8Array(rank + 1).fill(rank + 10), into);
  found["exchange"] = [received, ...into.subarray(0, received)];
  // a buffer that is too short for a message is an error of both ranks, and the ranks continue
  found["too little room"] = messageOf(() => world.exchange(rank ^ 1, new Uint8Array(8), new Uint8Array(4)));
  world.barrier();
}
found["no such rank"] = messageOf(() => world.exchange(size, new Uint8Array(1), new Uint8Array(1)));
found["no such array"] = messageOf(() => world.allReduce(new Int16Array(2)));
found["no such operation"] = messageOf(() => world.allReduce(new Int32Array(2), "product"));

// operations on tensors
const tree = { whole: tensor([4294967295, rank], { dtype: "uint32" }), deep: [tensor(rank), rank + 0.5] };
const { whole: wrapped, deep } = psum(tree, world);
found["sum of a tree"] = [wrapped.dtype, wrapped.tolist(), deep[0].item(), deep[1].item()];
found["empty sum"] = psum(tensor([], { dtype: "float32" }), world).shape;
const parts = allGather({ a: tensor([-0, rank]), b: tensor([rank === 0], { dtype: "bool" }) }, world);
found["gathered"] = [
  parts.a.shape,
  Object.is(parts.a.data()[0], -0),
  [...parts.a.data()].map(Math.abs),
  parts.b.tolist(),
];
// more than travels at a time, in float32, where the order of a sum shows
const long = Float32Array.from({ length: 100_003 }, (_, i) => Math.fround(Math.sin(i + rank * 1000)));
const sums = psum(tensor(long), world).data();
const all = allGather(tensor(sums), world).data();
found["all ranks have the bits of a sum"] = all.every((x, i) => Object.is(x, sums[i % sums.length]));
if ((size & (size - 1)) === 0) {
  const term = (i, from, to) =>
    to - from === 1
      ? Math.fround(Math.sin(i + from * 1000))
      : Math.fround(term(i, from, (from + to) / 2) + term(i, (from + to) / 2, to));
  found["sums are those of the tree"] = sums.every((x, i) => x === term(i, 0, size));
}

const worker = new Worker(
  `import("downhill/distributed").then(({ openMpi }) => openMpi()).catch((error) =>
     require("node:worker_threads").parentPort.postMessage(error.message));`,
  { eval: true },
);
found["in a worker"] = await new Promise((resolve) => worker.on("message", resolve));
found["threads"] = jit((x) => x.add(1)).stats().threads;

writeFileSync(`${folder}/checks-${rank}-of-${size}.json`, JSON.stringify(found));
