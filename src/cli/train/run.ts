import { type Dataset, dataset } from "../../data/index.ts";
import { DownhillError } from "../../errors/index.ts";
import type { MlpParams } from "../../nn/index.ts";
import { type EpochRecord, type Evaluation, evaluator, fit } from "../../train/index.ts";
import { type Interruption, onInterrupt } from "../shared/interrupt.ts";
import { paintFor } from "../shared/style.ts";
import { loadProblem, type Part, type Problem } from "./data.ts";
import { type Batch, batchesOf, makeModel, type Model } from "./model.ts";
import { type EpochStanding, makeOutput, type Output } from "./output.ts";
import { testModel } from "./result.ts";
import {
  commandOf,
  lowerRate,
  optimizerOf,
  readSettings,
  readSource,
  type Settings,
  type TrainRequest,
} from "./settings.ts";
import { adviseOn, describeOutcome, describeStart, outcomeOf } from "./text.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";

/** An epoch and how the network did on the test part after it. */
export interface WatchedEpoch {
  readonly epoch: EpochRecord;
  readonly test: Evaluation;
}

/** A run that has ended, one way or the other. */
export interface Run {
  readonly stopped: "finished" | "aborted" | "diverged";
  readonly params: MlpParams;
  readonly steps: number;
  readonly epochs: readonly WatchedEpoch[];
  /** Seconds of training. */
  readonly seconds: number;
  /** How the network at the end does on the test part. */
  readonly test: Evaluation;
  /** The loss on the training part before the first step and in the last epoch, where it may have risen. */
  readonly loss: { readonly first: number; readonly last: number } | undefined;
}

/** Trains, tells of it, and writes the report; sets the exit code of the process. */
export async function train(request: TrainRequest): Promise<void> {
  const source = readSource(request);
  const settings = readSettings(request, source.kind);
  checkOutput(request.out);
  const output = makeOutput(request.json);
  const interruption = onInterrupt(() => {
    output.clear();
    process.stderr.write("Stopping after this step; Ctrl-C again quits at once.\n");
  });
  try {
    const problem = await loadProblem(source, settings.seed);
    const model = makeModel(problem, settings.hidden, settings.seed);
    const command = commandOf(source, settings);
    output.start(
      { command, ...aboutOf(problem, model), ...settings },
      describeStart(problem, model, settings),
    );
    const run = await runTraining(problem, model, settings, output, interruption);
    const result = testModel(problem, model, run.params);
    const { makeReport } = await import("./report.ts");
    const lower = lowerRate(settings, source.kind);
    const advice = adviseOn(run, settings, lower);
    writeOutput(request.out, makeReport({ problem, model, settings, command, advice, run, result }));
    const outcome = outcomeOf(run, result, settings.seed, request.out);
    output.done(outcome, describeOutcome(outcome, problem, result, advice, paintFor(process.stdout)));
    const code = interruption.exitCode();
    if (code !== undefined) process.exitCode = code;
    if (run.stopped === "diverged") throw diverged(run, settings, lower);
  } finally {
    output.clear();
    interruption.dispose();
  }
}

function aboutOf({ title, task, train: { rows }, test }: Problem, { sizes }: Model): object {
  return {
    data: title,
    task: task.kind,
    ...(task.kind === "classification" ? { classes: task.classes } : { target: task.target }),
    trainItems: rows.length,
    testItems: test.rows.length,
    network: sizes,
  };
}

const testedAtOnce = 512; // items

/** Trains with an eye on the test part, which nothing is decided by. */
async function runTraining(
  { train, test, task }: Problem,
  { start, loss }: Model,
  settings: Settings,
  output: Output,
  { signal }: Interruption,
): Promise<Run> {
  const { epochs, batch, seed, learningRate } = settings;
  const data: Dataset<Batch> = dataset({ x: train.x, y: train.y }).shuffle({ seed });
  const optimizer = optimizerOf<MlpParams>(settings);
  const run = fit({
    params: start,
    loss,
    data: data.batch(batch),
    optimizer,
    epochs,
    seed,
    signal,
    every: "step",
  });
  const evaluate = evaluator(loss);
  const on = async (params: MlpParams, part: Part): Promise<Evaluation> =>
    counted(await evaluate(params, batchesOf(part, testedAtOnce)));

  const watched: WatchedEpoch[] = [];
  const begin = performance.now();
  const all = epochs * train.rows.length;
  let seen = 0;
  let first: number | undefined;
  let stopped: Run["stopped"] = "finished";
  const seconds = (): number => (performance.now() - begin) / 1000;
  try {
    for await (const event of run) {
      const accuracy = event.metrics["accuracy"];
      if (event.kind === "step") {
        seen += event.items;
        first ??= event.loss;
        const last = watched.at(-1)?.epoch;
        const standing = {
          epoch: event.epoch,
          epochs,
          // whole epochs are steadier to read than batches
          loss: last?.loss ?? event.loss,
          accuracy: task.kind === "classification" ? (last?.metrics["accuracy"] ?? accuracy) : undefined,
          learningRate,
          itemsPerSecond: last === undefined ? seen / seconds() : last.items / last.seconds,
        };
        output.step(standing, seen / all, (seconds() / seen) * (all - seen));
        continue;
      }
      const evaluation = await on(event.params, test);
      watched.push({ epoch: counted(event), test: evaluation });
      const standing: EpochStanding = {
        epoch: event.epoch,
        epochs,
        loss: event.loss,
        accuracy: counted(event).metrics["accuracy"],
        learningRate,
        itemsPerSecond: event.items / event.seconds,
        testLoss: evaluation.loss,
        testAccuracy: evaluation.metrics["accuracy"],
        seconds: seconds(),
      };
      output.epoch(standing);
    }
    if ((await run).stopped === "aborted") stopped = "aborted";
  } catch (error) {
    if (!(error instanceof DownhillError && error.code === "nan")) throw error;
    stopped = "diverged";
  }
  const { params, step } = run.latest;
  const last = watched.at(-1)?.epoch.loss;
  const rose = first !== undefined && last !== undefined && last > first;
  return {
    stopped,
    params,
    steps: step,
    epochs: watched,
    seconds: seconds(),
    test: await on(params, test),
    // one batch tells little of the loss at the beginning, so all are asked where it may have been lower
    loss: rose ? { first: (await on(start, train)).loss, last } : undefined,
  };
}

/** With the accuracy as the count of right items over the count of all: a mean in float32 is off in its last digits. */
function counted<T extends Evaluation>(evaluation: T): T {
  const { metrics, items } = evaluation;
  const { accuracy } = metrics;
  if (accuracy === undefined) return evaluation;
  return { ...evaluation, metrics: { ...metrics, accuracy: Math.round(accuracy * items) / items } };
}

function diverged({ steps, epochs }: Run, { learningRate }: Settings, lower: number): DownhillError {
  return new DownhillError(
    "nan",
    `training diverged: loss or step are not finite at step ${steps + 1}, in epoch ${epochs.length + 1}. ` +
      `Lower the learning rate: it is ${learningRate}, try --lr ${lower}.`,
  );
}
