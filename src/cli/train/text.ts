import type { Paint } from "../shared/style.ts";
import { counted } from "../shared/words.ts";
import { augmentationWords } from "./augmentation.ts";
import type { LearningProblem } from "./data.ts";
import type { TrainableNetwork } from "./model.ts";
import { duration, type TrainingOutcome, percent, showLoss } from "./output.ts";
import type { TestResult } from "./result.ts";
import type { OutputSettings, TrainingSettings } from "./settings.ts";
import type { TrainingRun } from "./training.ts";

/** Describes a network as `64-128-10` and the activation of the hidden units. */
export function networkInWords(sizes: readonly number[]): string {
  return `${sizes.join("-")}${sizes.length > 2 ? " (relu)" : " (linear)"}`;
}

/** Describes a method as `sgd at 0.2 with momentum 0.9, batches of 32`. */
function methodInWords({ method, batch, accumulate, augmentation, shards }: TrainingSettings): string {
  const { optimizer, learningRate, momentum, schedule, plateau, clip } = method;
  const options = Object.entries(optimizer.options).map(([name, value]) => `${name} ${String(value)}`);
  const velocity = momentum === undefined || momentum === 0 ? [] : [`momentum ${momentum}`];
  const beside = [...velocity, ...options];
  const items =
    batch === "full" ? "all items per step" : batch === 1 ? "one item per step" : `batches of ${batch}`;
  return [
    `${optimizer.name} at ${learningRate}${beside.length === 0 ? "" : ` with ${beside.join(", ")}`}`,
    ...(schedule === undefined ? [] : [`schedule ${schedule}`]),
    ...(plateau === undefined ? [] : [`lowered at plateaus (${plateau})`]),
    ...(clip === undefined ? [] : [`gradients clipped at ${clip}`]),
    accumulate === 1 ? items : `${items}, ${accumulate} of them per step`,
    ...(shards === 1 ? [] : [`cut into ${shards} shards`]),
    ...(augmentation === undefined ? [] : [`changed at random (${augmentationWords(augmentation)})`]),
  ].join(", ");
}

/** Describes the run that is about to start, in two lines, followed by a line for each note on its data. */
export function describeStart(
  { title, train, validation, test, task, notes }: LearningProblem,
  { sizes }: TrainableNetwork,
  settings: TrainingSettings,
): string {
  const count = (n: number): string => n.toLocaleString("en");
  const kind =
    task.kind === "classification" ? `${task.classes.length} classes` : `to predict ${task.target}`;
  const held = validation === undefined ? "" : ` ${count(validation.rows.length)} for validation,`;
  return [
    `${title}: ${counted(train.rows.length, "item")} to train on,${held} ${count(test.rows.length)} held out for the test; ${kind}`,
    `network ${networkInWords(sizes)}; ${methodInWords(settings)}; seed ${settings.seed}`,
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/**
 * Returns the advice to lower the learning rate if the training loss ended above its first value. Empty otherwise, and
 * for diverged runs.
 */
export function adviseOn(
  { stopped, loss }: TrainingRun,
  { method }: TrainingSettings,
  lower: number,
): string[] {
  if (stopped === "diverged" || loss === undefined || !(loss.last > loss.first)) return [];
  const rose = `The training loss ended at ${showLoss(loss.last)}, above its first value, ${showLoss(loss.first)}.`;
  return [`${rose} Lower the learning rate: it is ${method.learningRate}, try --lr ${lower}.`];
}

/** Collects the results of a run as plain data. */
export function outcomeOf(
  run: TrainingRun,
  result: TestResult,
  seed: number,
  commands: readonly string[],
  places: OutputSettings,
): TrainingOutcome {
  const { report, checkpoint, save } = places;
  return {
    stopped: run.stopped,
    epochs: run.epochs.length,
    steps: run.steps,
    trainLoss: run.epochs.at(-1)?.epoch.loss,
    ...(run.best === undefined ? {} : { bestEpoch: run.best.epoch, validationLoss: run.best.value }),
    testLoss: run.test.loss,
    ...(result.kind === "classification"
      ? { testAccuracy: result.accuracy }
      : { testR2: result.r2, testRmse: result.rmse }),
    seconds: performance.now() / 1000, // the clock starts with the process
    seed,
    commands,
    report,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(save === undefined ? {} : { network: save }),
  };
}

/** Describes a finished run. */
export function describeOutcome(
  outcome: TrainingOutcome,
  { test, task }: LearningProblem,
  result: TestResult,
  advice: readonly string[],
  paint: Paint,
): string {
  const { stopped, epochs, steps, seconds, report, checkpoint, network, bestEpoch, testLoss } = outcome;
  const n = test.rows.length;
  const found =
    result.kind === "classification"
      ? `${paint("bold", `test accuracy ${percent(result.accuracy)}`)} (${n - result.mistakes.length} of ${n} right)`
      : `${paint("bold", `test R² ${result.r2.toFixed(4)}`)}, root mean squared error` +
        `${task.kind === "regression" ? ` of ${task.target}` : ""} ${Number(result.rmse.toPrecision(4))}`;
  const how = {
    finished: "",
    aborted: ", stopped early",
    "early-stopping": ", stopped for lack of progress",
    diverged: ", where it diverged",
  }[stopped];
  return [
    `${found}, test loss ${showLoss(testLoss)}`,
    `after ${counted(epochs, "epoch")} (${counted(steps, "step")})${how}, in ${duration(seconds)}`,
    ...(bestEpoch === undefined
      ? []
      : [
          `best in epoch ${bestEpoch}, whose parameters these are: validation loss ${showLoss(outcome.validationLoss!)}`,
        ]),
    ...advice.map((text) => `note: ${text}`),
    ...(checkpoint === undefined || steps === 0
      ? []
      : [`checkpoint: ${checkpoint} (continue with --resume)`]),
    ...(network === undefined ? [] : [`network: ${network}`]),
    `report: ${paint("underline", report)}`,
  ].join("\n");
}
