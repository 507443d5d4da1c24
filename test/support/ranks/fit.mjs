// Trains on each rank. Rank 0 writes "done HASH", a hash of all results that must be bit-identical in every run.
// Usage: fit.mjs OPTIONS, a JSON object:
//   epochs      of 3 steps each
//   folder      where it is saved, after each step, and taken up
//   kill        { rank, step, after }: that rank is killed, so many microseconds after that step of this process
//   onlyFresh   whether only a run that begins is killed
//   oddSeed     a rank with another seed in a run that is tried before; rank 0 writes "refused: MESSAGE"
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { mean, square, sub } from "downhill";
import { dataset, digits } from "downhill/data";
import { openMpi } from "downhill/distributed";
import { dropout, mlp } from "downhill/nn";
import { adam, chain, clipByGlobalNorm } from "downhill/optim";
import { key } from "downhill/random";
import { checkpointFolder, fit } from "downhill/train";

const { folder, epochs, kill, onlyFresh = false, oddSeed } = JSON.parse(process.argv[2]);
const world = await openMpi();

const set = digits();
const items = 90;
const x = { shape: [items, 64], dtype: "float32", data: Float32Array.from(set.images.subarray(0, 64 * items), (v) => v / 16) }; // prettier-ignore
const y = Float32Array.from(set.labels.subarray(0, items), (label) => label / 10);
const { init, apply } = mlp([64, 12, 1]);

// a thread, so that the end may come at any moment, while the rank waits for others too
const moment = new Int32Array(new SharedArrayBuffer(4));
const isKilled = kill?.rank === world.rank;
if (isKilled) {
  const source = `const { workerData: { moment, after } } = require("node:worker_threads");
    Atomics.wait(moment, 0, 0);
    const end = performance.now() + after / 1000;
    while (performance.now() < end);
    process.kill(process.pid, "SIGKILL");`;
  new Worker(source, { eval: true, workerData: { moment, after: kill.after } }).unref();
}

let steps = 0;
const options = {
  params: init(key(1)),
  loss: (p, batch, { key: k, training }) => {
    const hidden = dropout(k, batch.x, { rate: 0.1, training });
    return {
      loss: mean(square(sub(apply(p, hidden).reshape([-1]), batch.y))),
      metrics: { width: mean(hidden) },
    };
  },
  data: dataset({ x, y }).shuffle({ seed: 2 }).batch(16),
  validation: dataset({ x, y }).batch(32),
  optimizer: chain(clipByGlobalNorm(1), adam({ learningRate: 0.01 })),
  epochs,
  seed: 0,
  accumulate: 2,
  world,
  shards: 4,
  checkpoint: folder === undefined ? undefined : { store: checkpointFolder(folder), everySteps: 1 },
  resume: folder !== undefined,
  log: () => {},
  hooks: {
    step({ step }) {
      steps++;
      const isFresh = step === steps; // all its steps were made by this process
      if (!isKilled || steps !== kill.step || (onlyFresh && !isFresh)) return;
      Atomics.store(moment, 0, 1);
      Atomics.notify(moment, 0);
    },
  },
};
if (oddSeed !== undefined) {
  const refusal = await fit({ ...options, seed: oddSeed === world.rank ? 1 : 0 }).then(
    () => "nothing",
    ({ message }) => message,
  );
  if (world.rank === 0) process.stdout.write(`refused: ${refusal}\n`);
}
const { params, state, history, step } = await fit(options);
const plain = history.map(({ seconds: _, dataSeconds: __, computeSeconds: ___, ...record }) => record);
const hash = createHash("sha256").update(JSON.stringify({ params, state, plain, step })).digest("hex");
if (world.rank === 0) process.stdout.write(`done ${hash}\n`);
