// A training program that is killed. It prints one line per event: begin STEP where it takes up the run (0: anew) saved
// STEP a checkpoint is safe now the moment to kill it has come; at some moments it waits for its end, else it goes on
// done TEXT the run has ended; all that must be the same in every run, to the bit
//
// Usage: trainee.mjs FOLDER WORKER OPTIONS with JSON options
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { add, matmul, mean, mul, square, sub, tanh, tensor, type Tensor } from "downhill";
import { dataset } from "downhill/data";
import { type FileOperations, nodeFiles } from "../../../io/file-operations.ts";
import { writeSafetensors } from "../../../io/safetensors.ts";
import { adam, chain, clipByGlobalNorm, reduceOnPlateau } from "downhill/optim";
import { checkpointFolder, fit } from "downhill/train";
import { writeTree } from "../tree-text.ts";

/** Moment at which to print "now". */
export type Moment =
  | {
      readonly kind: "file";
      /** During the `nth` call of this operation, counted from 0 … */
      readonly operation: "makeFolder" | "list" | "open" | "write" | "sync" | "close" | "rename" | "syncFolder" | "remove";
      readonly nth: number;
      /** … before it has begun, while it is in progress, or when it is done. The program then waits to be killed. */
      readonly when: "before" | "during" | "after";
    }
  /** After this number of steps of this process, which then continues. */
  | { readonly kind: "step"; readonly steps: number };

/** The JSON options. */
export interface TraineeOptions {
  readonly moment?: Moment;
  readonly accumulate: number;
  readonly everySteps?: number;
  readonly everySeconds?: number;
  readonly epochs: number;
}

const [folder, worker, json] = process.argv.slice(2) as [string, string, string];
const { moment, accumulate, epochs, ...when } = JSON.parse(json) as TraineeOptions;
const say = (line: string): void => void writeSync(1, `${line}\n`);

function waitForTheEnd(): never {
  say("now");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const calls = new Map<string, number>();

/**
 * Performs an operation and stops at the given moment. `begin` performs the part that is done when the program is
 * killed during it.
 */
async function at<T>(operation: string, run: () => Promise<T>, begin: () => Promise<unknown> = run): Promise<T> {
  const n = calls.get(operation) ?? 0;
  calls.set(operation, n + 1);
  const isNow = moment?.kind === "file" && moment.operation === operation && moment.nth === n;
  if (!isNow) return run();
  if (moment.when === "before") waitForTheEnd();
  if (moment.when === "during") {
    await begin();
    void run(); // Handed to a thread of the system, which continues while this one waits.
    waitForTheEnd();
  }
  await run();
  return waitForTheEnd();
}

const real = nodeFiles("trainee");
const files: FileOperations = {
  makeFolder: async (path) => at("makeFolder", async () => real.makeFolder(path)),
  list: async (path) => at("list", async () => real.list(path)),
  read: real.read,
  rename: async (from, to) => at("rename", async () => real.rename(from, to), async () => {}),
  remove: async (path) => at("remove", async () => real.remove(path), async () => {}),
  syncFolder: async (path) => at("syncFolder", async () => real.syncFolder(path), async () => {}),
  open: async (path) => {
    const file = await at("open", async () => real.open(path), async () => {});
    return {
      write: async (bytes) =>
        at("write", async () => file.write(bytes), async () => file.write(bytes.subarray(0, bytes.length / 2))),
      sync: async () => at("sync", async () => file.sync(), async () => {}),
      close: async () => at("close", async () => file.close(), async () => {}),
    };
  },
};

interface Params {
  readonly w: Tensor;
  readonly v: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}

const n = 50;
const x = Array.from({ length: n }, (_, i) => [i / n, ((i * 7) % n) / n]);
const y = x.map(([a, b]) => [Math.sin(5 * a!) * b!]);
const float32 = { dtype: "float32" } as const;
const points = dataset({ x, y }, float32);
let steps = 0;
const run = fit({
  params: {
    w: tensor(Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)), { shape: [2, 8] }),
    v: tensor(Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)), { shape: [8, 1] }),
  },
  loss: ({ w, v }: Params, batch: Points, { key, training }) => {
    const noise = key.at(0).astype("float64").mul(2 ** -32).astype("float32");
    const out = matmul(tanh(matmul(batch.x, w)), v);
    return mean(square(sub(training ? add(out, mul(noise, 0.1)) : out, batch.y)));
  },
  data: points.shuffle({ seed: 1 }).batch(4).prefetch<Points>({ ahead: 3, worker: worker, seed: 2 }),
  optimizer: chain(clipByGlobalNorm(0.5), adam({ learningRate: 0.02 })),
  epochs,
  seed: 3,
  accumulate,
  validation: points.batch(25),
  plateau: reduceOnPlateau({ factor: 0.5, patience: 0 }),
  keepBest: true,
  checkpoint: { store: checkpointFolder(folder, { files }), ...when },
  resume: true,
  log: (entry) => {
    if (entry.kind === "start") say(`begin ${entry.step}`);
    else if (entry.kind === "checkpoint") say(`saved ${entry.step}`);
    else if (entry.kind === "warning") say(`warning ${entry.message}`);
    else if (entry.kind === "step" && moment?.kind === "step" && ++steps === moment.steps) say("now");
  },
});
const { params, state, history, best, stopped, step } = await run;
const tensors = new Map<string, Tensor>();
const text = writeTree({ params, state, best: best?.params }, "run", tensors);
const bytes = createHash("sha256").update(writeSafetensors(tensors)).digest("hex");
const record = history.map(({ seconds: _, dataSeconds: __, computeSeconds: ___, ...rest }) => rest);
say(`done ${JSON.stringify({ bytes, text, record, best: best?.value, stopped, step })}`);
