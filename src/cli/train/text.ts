import type { Paint } from "../shared/style.ts";
import type { Problem } from "./data.ts";
import type { Model } from "./model.ts";
import { duration, type Outcome, percent, showLoss } from "./output.ts";
import type { TestResult } from "./result.ts";
import type { Run } from "./run.ts";
import type { Settings } from "./settings.ts";

/** `64-128-10`, and what the units in the middle do. */
export function networkInWords(sizes: readonly number[]): string {
  return `${sizes.join("-")}${sizes.length > 2 ? " (relu)" : " (linear)"}`;
}

/** `sgd at 0.2 with momentum 0.9, batches of 32`. */
function optimizerInWords({ optimizer, learningRate, momentum, batch }: Settings): string {
  const velocity = momentum === undefined || momentum === 0 ? "" : ` with momentum ${momentum}`;
  const items =
    batch === "full" ? "all items a step" : batch === 1 ? "one item a step" : `batches of ${batch}`;
  return `${optimizer} at ${learningRate}${velocity}, ${items}`;
}

/** What is about to be done, in two lines. */
export function describeStart(
  { title, train, test, task, notes }: Problem,
  { sizes }: Model,
  settings: Settings,
): string {
  const count = (n: number): string => n.toLocaleString("en");
  const kind =
    task.kind === "classification" ? `${task.classes.length} classes` : `to predict ${task.target}`;
  return [
    `${title}: ${count(train.rows.length)} items to train on, ${count(test.rows.length)} held out for the test; ${kind}`,
    `network ${networkInWords(sizes)}; ${optimizerInWords(settings)}; seed ${settings.seed}`,
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/** What to do about a loss that has risen. */
export function adviseOn({ stopped, loss }: Run, { learningRate }: Settings, lower: number): string[] {
  if (stopped === "diverged" || loss === undefined || !(loss.last > loss.first)) return [];
  const rose = `The training loss ended at ${showLoss(loss.last)}, above the ${showLoss(loss.first)} that it began at.`;
  return [`${rose} Lower the learning rate: it is ${learningRate}, try --lr ${lower}.`];
}

/** A run in numbers. */
export function outcomeOf(run: Run, result: TestResult, seed: number, report: string): Outcome {
  return {
    stopped: run.stopped,
    epochs: run.epochs.length,
    steps: run.steps,
    trainLoss: run.epochs.at(-1)?.epoch.loss,
    testLoss: run.test.loss,
    ...(result.kind === "classification"
      ? { testAccuracy: result.accuracy }
      : { testR2: result.r2, testRmse: result.rmse }),
    seconds: performance.now() / 1000, // the clock starts with the process
    seed,
    report,
  };
}

/** A run in words. */
export function describeOutcome(
  outcome: Outcome,
  { test, task }: Problem,
  result: TestResult,
  advice: readonly string[],
  paint: Paint,
): string {
  const { stopped, epochs, steps, seconds, report, testLoss } = outcome;
  const n = test.rows.length;
  const found =
    result.kind === "classification"
      ? `${paint("bold", `test accuracy ${percent(result.accuracy)}`)} (${n - result.mistakes.length} of ${n} right)`
      : `${paint("bold", `test R² ${result.r2.toFixed(4)}`)}, root mean squared error` +
        `${task.kind === "regression" ? ` of ${task.target}` : ""} ${Number(result.rmse.toPrecision(4))}`;
  const how = { finished: "", aborted: ", stopped early", diverged: ", where it diverged" }[stopped];
  const done = epochs === 1 ? "1 epoch" : `${epochs} epochs`;
  return [
    `${found}, test loss ${showLoss(testLoss)}`,
    `after ${done} (${steps === 1 ? "1 step" : `${steps.toLocaleString("en")} steps`})${how}, in ${duration(seconds)}`,
    ...advice.map((text) => `note: ${text}`),
    `report: ${paint("underline", report)}`,
  ].join("\n");
}
