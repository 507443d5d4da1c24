import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { FitData } from "./batches.ts";
import type { EpochRecord, Evaluation } from "./history.ts";

/** When a run counts as diverged though its numbers are finite. */
export interface DivergenceRule {
  /** How many times the loss of the first parameters, or 1 where that is less, the loss is above it. Default 1000. */
  readonly factor?: number;
  /** What speaks for a run nevertheless, as a metric that is better than a guess; default nothing. */
  readonly unless?: (now: Evaluation, start: Evaluation) => boolean;
}

const usualFactor = 1000;
const firstEpoch = 5;
const fewestSteps = 100;

/** The rule with its defaults; `undefined` for none. @throws DownhillError `option` or `range` for misuse. */
export function readDivergence(
  rule: DivergenceRule | false | undefined,
): Required<DivergenceRule> | undefined {
  if (rule === false) return undefined;
  checkOptions("fit: divergence", rule, ["factor", "unless"]);
  const { factor = usualFactor, unless = () => false } = rule ?? {};
  if (!(typeof factor === "number" && factor >= 1)) {
    throw new DownhillError(
      "range",
      `fit: divergence: factor must be a number of 1 or more, got ${String(factor)}.`,
    );
  }
  if (typeof unless !== "function") {
    throw new DownhillError("option", "fit: divergence: unless must be a function (now, start) => boolean.");
  }
  return { factor, unless };
}

/**
 * Whether a run looks lost by its history alone: after epochs 5, 10, 20, 40, … the losses of the last half of the epochs
 * are all above the factor, and the last is no less than half of the highest of them. Few enough times, so that looking
 * closer costs little where such losses are in order.
 */
export function looksDiverged(
  history: readonly EpochRecord[],
  { factor }: Required<DivergenceRule>,
): boolean {
  const epochs = history.length;
  const last = history.at(-1);
  if (last === undefined || last.step < fewestSteps || !Number.isInteger(Math.log2(epochs / firstEpoch)))
    return false;
  const losses = history.slice(Math.floor(epochs / 2)).map(({ loss }) => loss);
  return losses.every((loss) => loss > factor) && 2 * last.loss >= Math.max(...losses);
}

/** Whether data can be read once more without a trace. */
export function isReadableAgain(data: FitData<unknown>): boolean {
  return "epoch" in data || Array.isArray(data);
}

/** Whether the parameters are so much worse than the first ones, both measured on the same data and at the same step. */
export function hasDiverged(
  now: Evaluation,
  start: Evaluation,
  { factor, unless }: Required<DivergenceRule>,
): boolean {
  return now.loss - start.loss > factor * Math.max(Math.abs(start.loss), 1) && !unless(now, start);
}

/** The error that ends such a run. */
export function lostRun(
  epoch: number,
  now: Evaluation,
  start: Evaluation,
  rate: number | undefined,
): DownhillError {
  const show = (loss: number): string => String(Number(loss.toPrecision(4)));
  const ratio = `that of the parameters it began with is ${show(start.loss)} on the same data`;
  const lower = `Lower the learning rate${rate === undefined ? "" : ` (it is ${rate})`}, clip the gradients (clipByGlobalNorm)`;
  return new DownhillError(
    "diverged",
    `fit: the run has diverged: the loss after epoch ${epoch} is ${show(now.loss)} and does not come down; ${ratio}. ` +
      `${lower}, scale the inputs (see standardise), or begin with smaller parameters. ` +
      "divergence: false lets such runs go on. The parameters are in `latest` of the run.",
  );
}
