// A training run for tests of ranks, described by plain options that can be sent to threads and processes.
import { createHash } from "node:crypto";
import { add, matmul, max, maximum, mean, mul, square, sub, type Tensor, tensor, zeros } from "downhill";
import { type BatchOf, dataset, digits } from "downhill/data";
import { accuracy, dropout, softmaxCrossEntropy } from "downhill/nn";
import { adam, chain, clipByGlobalNorm, type Optimizer, reduceOnPlateau, sgd } from "downhill/optim";
import { normal } from "downhill/random";
import {
  checkpointFolder,
  type CheckpointStore,
  fit,
  type FitData,
  type FitOptions,
  type FitResult,
  type LogEntry,
  type LossContext,
  type World,
} from "downhill/train";

/** Deviating behaviour of one rank. */
export type Oddity =
  | "leaves" // its loop, after a step
  | "stops" // by a hook
  | "aborts" // by its signal, after a step
  | "aborts between epochs"
  | "throws in its loop"
  | "throws in a hook"
  | "throws in the last hook"
  | "throws in its data"
  | "throws in its loss"
  | "throws when it saves"
  | "other seed"
  | "other data"
  | "other loss"
  | "other rate"
  | "other epochs"
  | "other shards"
  | "fewer batches"
  | "drifts";

export interface Scenario {
  readonly shards?: number;
  readonly reduce?: "tree" | "fast";
  readonly data?: "memory" | "augmented" | "stream" | "chunks" | "arrays" | "iterable";
  readonly batch?: number;
  readonly epochs?: number;
  readonly accumulate?: number;
  readonly reduction?: "mean" | "sum";
  readonly dtype?: "float32" | "float64";
  readonly validation?: boolean;
  readonly plateau?: boolean;
  readonly patience?: number;
  readonly noDropout?: boolean;
  /** More parameters than fit into a message, of both dtypes. */
  readonly wide?: boolean;
  /** A model with a state: a moving mean, a count, and the largest number so far. */
  readonly modelState?: boolean;
  /** Rate of plain gradient descent. Default: Adam with clipping. */
  readonly rate?: number;
  readonly folder?: string;
  readonly everySteps?: number;
  readonly resume?: boolean;
  /** Number of steps after which this rank, or all, stop. */
  readonly stopAfter?: number;
  readonly odd?: { readonly rank: number; readonly what: Oddity };
  /** Rank that kills its own process, and the step at which it does. */
  readonly kill?: { readonly rank: number; readonly step: number };
}

export interface Outcome {
  readonly rank: number;
  readonly hash?: string;
  readonly stopped?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly step: number;
  readonly losses: readonly number[];
  readonly validation: readonly number[];
  /** Kinds of log entries that its log received. */
  readonly told: readonly string[];
  /** Number of items passed to the loss in each compiled step. */
  readonly rows: readonly number[];
}

interface Params {
  readonly w1: Tensor;
  readonly b1: Tensor;
  readonly w2: Tensor;
  readonly wide?: readonly Tensor[];
}
interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}
interface State {
  readonly mean: Tensor;
  readonly batches: Tensor;
  readonly largest: Tensor;
}

const items = 101;
const [inputs, hidden, classes] = [64, 12, 10] as const;
const set = digits();
const images = Float32Array.from(set.images.subarray(0, items * inputs), (v) => v / 16);
const source = {
  x: { shape: [items, inputs], dtype: "float32" as const, data: images },
  y: Int32Array.from(set.labels.subarray(0, items)),
};
const wave = (n: number, scale: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => 0.3 * Math.sin(1 + i * scale));

function start(dtype: "float32" | "float64"): Params {
  return {
    w1: tensor(wave(inputs * hidden, 0.7), { shape: [inputs, hidden], dtype }),
    b1: tensor(wave(hidden, 1.1), { dtype }),
    w2: tensor(wave(hidden * classes, 1.9), { shape: [hidden, classes], dtype }),
  };
}

function* parts(): Generator<{ x: Float32Array[]; y: Int32Array }> {
  for (let i = 0; i < items; i += 17) {
    const end = Math.min(i + 17, items);
    const x = Array.from({ length: end - i }, (_, k) => images.subarray((i + k) * inputs, (i + k + 1) * inputs));
    yield { x, y: source.y.subarray(i, end) };
  }
}

function dataOf({ data = "memory", batch = 16 }: Scenario): FitData<Batch> {
  const memory = dataset(source).shuffle({ seed: 3 });
  switch (data) {
    case "memory":
      return memory.batch(batch);
    case "augmented":
      return memory
        .augment(({ x, y }, key) => ({ x: add(x, normal(key, inputs, { dtype: "float32" })), y }), { seed: 2 })
        .batch(batch);
    case "stream":
      return dataset(function* () {
        for (let i = 0; i < items; i++)
          yield { x: images.subarray(i * inputs, (i + 1) * inputs), y: Int32Array.of(source.y[i]!) };
      })
        .map(({ x, y }) => ({ x, y: tensor(y[0]!, { dtype: "int32" }) }))
        .shuffle({ seed: 3, buffer: 20 })
        .batch(batch) as FitData<Batch>;
    case "chunks":
      return dataset(parts, { chunks: true }).batch(batch) as FitData<BatchOf<Batch>> as FitData<Batch>;
    case "arrays":
      return [...memory.batch(batch).epoch(0)];
    case "iterable":
      return { [Symbol.iterator]: () => memory.batch(batch).epoch(0)[Symbol.iterator]() };
  }
}

/** Data of one rank that runs a scenario. */
interface Run {
  readonly world: World | undefined;
  readonly scenario: Scenario;
  readonly rank: number;
  /** Deviating behaviour of this rank. */
  readonly what: Oddity | undefined;
  readonly stop: AbortController;
  readonly told: string[];
  readonly rows: number[];
}

/** Trains and returns the outcome. */
export async function runScenario(world: World | undefined, scenario: Scenario): Promise<Outcome> {
  const rank = world?.rank ?? 0;
  const { odd } = scenario;
  const what = odd !== undefined && odd.rank === rank ? odd.what : undefined;
  const { told, rows }: Pick<Run, "told" | "rows"> = { told: [], rows: [] };
  const training = fit(optionsOf({ world, scenario, rank, what, stop: new AbortController(), told, rows }));
  const outcomeOf = (rest: Partial<Outcome>): Outcome => {
    const { step, history } = training.latest;
    return {
      rank,
      step,
      losses: history.map((record) => record.loss),
      validation: history.map(({ validation }) => validation?.loss ?? Number.NaN),
      told,
      rows,
      ...rest,
    };
  };
  try {
    let seen = 0;
    for await (const event of training) {
      if (event.kind !== "step") continue;
      seen++;
      if (seen === 3 && what === "leaves") break;
      if (seen === 3 && what === "throws in its loop") throw new TypeError("no loop today");
    }
    const result = await training;
    return outcomeOf({ hash: hashOf(result), stopped: result.stopped });
  } catch (error) {
    const { message } = error as Error;
    return outcomeOf({ error: { code: String((error as { code?: unknown }).code ?? "none"), message } });
  }
}

type Options = FitOptions<Params, unknown, Batch, State | undefined>;

function optionsOf(run: Run): Options {
  const { world, scenario, what, stop, told } = run;
  const { dtype = "float32", epochs = 2, folder, everySteps } = scenario;
  const wide = (): Tensor[] => [
    tensor(Float64Array.from(wave(70_001, 0.3))),
    tensor(wave(150_003, 0.2)),
    tensor(wave(3, 1)),
  ];
  return {
    params: { ...start(dtype), ...(scenario.wide === true ? { wide: wide() } : {}) },
    loss: lossOf(run),
    ...(scenario.modelState === true ? { modelState: firstState(dtype) } : {}),
    data: oddDataOf(run),
    optimizer: optimizerOf(run),
    epochs: what === "other epochs" ? epochs + 1 : epochs,
    seed: what === "other seed" ? 8 : 7,
    accumulate: scenario.accumulate ?? 1,
    reduction: scenario.reduction ?? "mean",
    signal: stop.signal,
    every: "step",
    log: (entry: LogEntry) => void told.push(entry.kind),
    keepBest: true,
    hooks: hooksOf(run, epochs),
    ...(world === undefined ? {} : { world }),
    ...(scenario.shards === undefined
      ? {}
      : { shards: what === "other shards" ? 2 * scenario.shards : scenario.shards }),
    ...(scenario.reduce === undefined ? {} : { reduce: scenario.reduce }),
    ...(scenario.validation === true ? { validation: dataset(source).batch(9) } : {}),
    ...(scenario.plateau === true ? { plateau: reduceOnPlateau({ factor: 0.5, patience: 0 }) } : {}),
    ...(scenario.patience === undefined ? {} : { earlyStopping: { patience: scenario.patience } }),
    ...(folder === undefined
      ? {}
      : {
          checkpoint: { store: storeOf(folder, what), ...(everySteps === undefined ? {} : { everySteps }) },
          resume: scenario.resume === true,
        }),
  };
}

function firstState(dtype: "float32" | "float64"): State {
  return {
    mean: zeros([hidden], { dtype }),
    batches: tensor(0, { dtype: "int32" }),
    largest: tensor(-Infinity, { dtype }),
  };
}

/** Builds the cross-entropy loss of a layer with dropout, modified by the options and deviations. */
function lossOf({ scenario, what, rows }: Run): Options["loss"] {
  const { dtype = "float32" } = scenario;
  return (p: Params, { x, y }: Batch, { key, training, modelState: state }: LossContext<State | undefined>) => {
    rows.push(x.shape[0]!);
    if (what === "throws in its loss" && rows.length > 1) throw new Error("no loss today");
    const scale = what === "other loss" ? 1.5 : 1;
    const h = add(matmul(x.astype(dtype), p.w1), p.b1).tanh();
    const scores = matmul(dropout(key, h, { rate: 0.3, training: training && scenario.noDropout !== true }), p.w2);
    const value = softmaxCrossEntropy(scores, y, { reduction: scenario.reduction ?? "mean" });
    const wide = (p.wide ?? []).map((w) => mean(square(add(w, mean(x)))).astype(dtype));
    const blend = (old: Tensor): Tensor => add(mul(old, 0.75), mul(mean(h, { axis: 0 }), 0.25));
    const next = state && {
      mean: training ? blend(state.mean) : state.mean,
      batches: add(state.batches, 1),
      largest: maximum(state.largest, max(h)),
    };
    const shifted = state === undefined ? value : add(value, mul(1e-3, square(sub(p.b1, state.mean)).sum()));
    return {
      loss: wide.reduce((sum, more) => add(sum, more), mul(shifted, scale)),
      metrics: { accuracy: accuracy(scores, y) },
      ...(next === undefined ? {} : { modelState: next }),
    };
  };
}

function oddDataOf({ scenario, what }: Run): FitData<Batch> {
  if (what === "other data") return dataset(source).shuffle({ seed: 4 }).batch(scenario.batch ?? 16);
  const data = dataOf(scenario);
  if (what === "throws in its data") return failing(data);
  return what === "fewer batches" ? shortened(data) : data;
}

function optimizerOf({ scenario, what }: Run): Optimizer<Params, unknown> {
  const plain: Optimizer<Params, unknown> = (
    scenario.rate !== undefined
        ? sgd({ learningRate: scenario.rate })
        : chain(clipByGlobalNorm(0.5), adam({ learningRate: what === "other rate" ? 0.02 : 0.01 }))
  ) as never;
  if (what !== "drifts") return plain;
  let traces = 0;
  return {
    ...plain,
    update(grads, state, params, extra) {
      const { updates, state: next } = plain.update(grads, state, params, extra);
      // The comparison of ranks uses the first trace.
      return { updates: traces++ === 0 ? updates : { ...updates, b1: mul(updates.b1, 1.01) }, state: next };
    },
  };
}

function hooksOf({ scenario, rank, what, stop }: Run, epochs: number): NonNullable<Options["hooks"]> {
  const { kill, stopAfter } = scenario;
  let steps = 0;
  return {
    step: ({ step }) => {
      steps++;
      if (kill !== undefined && kill.rank === rank && step === kill.step) process.kill(process.pid, "SIGKILL");
      if (steps === stopAfter) stop.abort();
      if (steps !== 3) return undefined;
      if (what === "aborts") stop.abort();
      if (what === "throws in a hook") throw new TypeError("no hook today");
      return what === "stops" ? "stop" : undefined;
    },
    epoch: ({ epoch }) => {
      if (what === "throws in the last hook" && epoch === epochs) throw new TypeError("not the last one");
      if (what === "aborts between epochs" && epoch === 1) stop.abort();
    },
  };
}

/** Hashes everything that must be equal bit by bit: all of a result except its times. */
function hashOf(result: FitResult<Params, unknown, State | undefined>): string {
  const { params, state, modelState, history, step, best } = result;
  const plain = history.map(({ seconds: _, dataSeconds: __, computeSeconds: ___, ...record }) => record);
  const text = JSON.stringify({ params, state, modelState, plain, step, best });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function storeOf(folder: string, what: Oddity | undefined): CheckpointStore {
  const store = checkpointFolder(folder);
  if (what !== "throws when it saves") return store;
  return {
    ...store,
    async save() {
      throw new Error("the disk is full");
    },
  };
}

function failing(data: FitData<Batch>): FitData<Batch> {
  return {
    async *epoch(k: number) {
      let n = 0;
      for await (const batch of (data as { epoch(k: number): AsyncIterable<Batch> }).epoch(k)) {
        if (n++ === 2) throw new Error("no data today");
        yield batch;
      }
    },
  };
}

/** Yields one batch less per epoch without reporting so. */
function shortened(data: FitData<Batch>): FitData<Batch> {
  const { count, batchCount, epoch } = data as {
    count: number;
    batchCount: number;
    epoch(k: number): AsyncIterable<Batch>;
  };
  return {
    count,
    batchCount,
    async *epoch(k: number) {
      let n = 0;
      for await (const batch of epoch(k)) if (++n < batchCount) yield batch;
    },
  };
}
