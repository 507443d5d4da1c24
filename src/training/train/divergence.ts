import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { FitData } from "./batches.ts";
import type { EpochRecord, Evaluation } from "./history.ts";

/** Rule that decides if a run whose numbers are still finite counts as diverged. */
export interface DivergenceRule {
  /**
   * The loss must exceed that of the initial parameters by more than `factor` times the initial loss (or 1, if that is
   * less). At least 1. Default 1000.
   */
  readonly factor?: number;
  /**
   * Returns true to exempt a run from the rule, for example because a metric is better than that of a guess. Default:
   * never.
   */
  readonly unless?: (now: Evaluation, start: Evaluation) => boolean;
}

const usualFactor = 1000;
const firstEpoch = 5;
const fewestSteps = 100;

/**
 * Returns the rule with its defaults; `undefined` for `false`, which disables it. @throws DownhillError `option` or
 * `range` for invalid values.
 */
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
 * True if the history of a run suggests that it diverges. Evaluated after epochs 5, 10, 20, 40, … The run needs at
 * least 100 steps. All losses of the last half of the epochs must be above `factor`, and the last loss must be at least
 * half of the highest of them. It is evaluated after few epochs only, so that the closer check costs little if such
 * losses are normal for the problem.
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

/**
 * True if the data can be read again with the same batches: an object with `epoch`, such as a data set, or an array.
 */
export function isReadableAgain(data: FitData<unknown>): boolean {
  return "epoch" in data || Array.isArray(data);
}

/**
 * True if the loss of the present parameters is far above that of the initial ones: by more than `factor` times the
 * initial loss (or 1, if that is less). False if `unless` returns true. Both losses are measured on the same data and
 * at the same step.
 */
export function hasDiverged(
  now: Evaluation,
  start: Evaluation,
  { factor, unless }: Required<DivergenceRule>,
): boolean {
  return now.loss - start.loss > factor * Math.max(Math.abs(start.loss), 1) && !unless(now, start);
}

/** Creates the error that ends a diverged run whose numbers are finite. */
export function lostRun(
  epoch: number,
  now: Evaluation,
  start: Evaluation,
  rate: number | undefined,
): DownhillError {
  const show = (loss: number): string => String(Number(loss.toPrecision(4)));
  const ratio = `the loss of the initial parameters is ${show(start.loss)} on the same data`;
  const lower = `Lower the learning rate${rate === undefined ? "" : ` (it is ${rate})`}, clip the gradients (clipByGlobalNorm)`;
  return new DownhillError(
    "diverged",
    `fit: the run has diverged: the loss after epoch ${epoch} is ${show(now.loss)} and does not decrease; ${ratio}. ` +
      `${lower}, scale the inputs (see standardise), or start from smaller parameters. ` +
      "With divergence: false such runs continue. The parameters are in `latest` of the run.",
  );
}
