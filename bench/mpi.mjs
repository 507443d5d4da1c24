// Communication cost of ranks: times of the messages of a training step. Run from the repository, after a build:
//
//   node dist/cli/main.js launch -n 2 bench/mpi.mjs
//
// Each row is timed in blocks; the figures are the best and the median block, and say how loaded the machine was. Ranks that
// share their cores with other programs wait for these too, so only a quiet machine shows what MPI takes.
import { availableParallelism, cpus, loadavg } from "node:os";
import { openMpi, psum } from "../dist/distributed/index.js";
import { grad, jit, tensor } from "../dist/index.js";

const blocks = 21;
const blockTime = 40; // ms, long enough for a clock with microseconds

const load = loadavg()[0];
const world = await openMpi();
const { rank, size } = world;
const say = (text) => rank === 0 && console.log(text);

/** Milliseconds per call, for each block. All ranks start together and make the same number of calls. */
function time(call) {
  call();
  world.barrier();
  const start = performance.now();
  for (let i = 0; i < 3; i++) call();
  const guess = Float64Array.of((performance.now() - start) / 3);
  world.broadcast(guess);
  const calls = Math.max(1, Math.round(blockTime / guess[0]));
  return Array.from({ length: blocks }, () => {
    world.barrier();
    const from = performance.now();
    for (let i = 0; i < calls; i++) call();
    return (performance.now() - from) / calls;
  }).toSorted((a, b) => a - b);
}

const show = (ms) => (ms < 0.1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(2)} ms`).padStart(9);
const rows = [];
function row(name, call) {
  const times = time(call);
  rows.push(`${name.padEnd(58)} best ${show(times[0])}   median ${show(times[blocks >> 1])}`);
}

// in the memory of kernel results
const memory = new WebAssembly.Memory({ initial: 128, maximum: 128, shared: true });
const large = new Float32Array(memory.buffer, 1024, 1e6).fill(1);
const small = new Float32Array(memory.buffer, 0, 16);
row("MPI_Allreduce of 1e6 float32 (4 MB)", () => world.allReduce(large));
const ones = tensor(new Float32Array(1e6).fill(1));
row("psum of 1e6 float32, a tree: the same bits in every run", () => psum(ones, world));
row("MPI_Allreduce of 16 float32", () => world.allReduce(small));
const few = tensor(new Float32Array(16));
row("psum of 16 float32", () => psum(few, world));
row("MPI_Bcast of 1e6 float32", () => world.broadcast(large));
row("barrier", () => world.barrier());

// a network 784-128-10 on 64 items per rank: the gradient alone, and summed over ranks
const filled = (...shape) =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.01)).reshape(shape);
const params = { w1: filled(784, 128), b1: filled(128), w2: filled(128, 10), b2: filled(10) };
const [items, targets] = [filled(64, 784), filled(64, 10)];
const loss = (p, x, y) => x.matmul(p.w1).add(p.b1).tanh().matmul(p.w2).add(p.b2).sub(y).square().mean();
const gradient = jit(grad(loss));
row("gradient of a network 784-128-10, 64 items a rank", () => gradient(params, items, targets));
row("the same, summed over ranks by psum (407 KB)", () => psum(gradient(params, items, targets), world));

const cores = availableParallelism();
say(
  `${size} ranks, ${cores} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, load ${load.toFixed(1)} at the start`,
);
for (const line of rows) say(line);
