// Gain of a second rank in training: steps per second of `fit` over the given ranks, one thread each.
//
//   for n in 1 2; do node dist/cli/main.js launch -n $n bench/mpi-fit.mjs; done
//
// Both runs cut their batches into two shards, so that they compute the same bits.
import { availableParallelism, cpus, loadavg } from "node:os";
import { dataset } from "../dist/data/index.js";
import { openMpi } from "../dist/distributed/index.js";
import { configure, add, matmul, relu, tensor } from "../dist/index.js";
import { softmaxCrossEntropy } from "../dist/nn/index.js";
import { sgd } from "../dist/optim/index.js";
import { fit } from "../dist/train/index.js";

const [items, inputs, hidden, classes] = [512, 784, 512, 10];
const epochs = 8; // the first one compiles and is left out
const batches = 16;

const load = loadavg()[0];
configure({ threads: 1 });
const world = await openMpi();
const numbers = (n, scale) => Float32Array.from({ length: n }, (_, i) => scale * Math.sin(1 + 12.9898 * i));
const data = dataset({
  x: tensor(numbers(batches * items * inputs, 1)).reshape([batches * items, inputs]),
  y: Int32Array.from({ length: batches * items }, (_, i) => (7 * i) % classes),
}).batch(items);
const result = await fit({
  params: {
    w1: tensor(numbers(inputs * hidden, 0.03)).reshape([inputs, hidden]),
    b1: tensor(new Float32Array(hidden)),
    w2: tensor(numbers(hidden * classes, 0.04)).reshape([hidden, classes]),
    b2: tensor(new Float32Array(classes)),
  },
  loss: (p, { x, y }) => softmaxCrossEntropy(add(matmul(relu(add(matmul(x, p.w1), p.b1)), p.w2), p.b2), y),
  data,
  optimizer: sgd({ learningRate: 0.01 }),
  epochs,
  world,
  shards: 2,
});
if (world.rank === 0) {
  const perStep = result.history
    .slice(1)
    .map(({ computeSeconds }) => (computeSeconds / batches) * 1000)
    .toSorted((a, b) => a - b);
  const [best, median] = [perStep[0], perStep[perStep.length >> 1]].map((ms) => ms.toFixed(2));
  console.log(
    `${world.size} rank${world.size > 1 ? "s" : ""}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ` +
      `Node ${process.version}, load ${load.toFixed(1)}: a step of a network ${inputs}-${hidden}-${classes}, batch ${items}: ` +
      `best ${best} ms, median ${median} ms; loss ${result.history.at(-1).loss}`,
  );
}
