import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { PlateauState, ReduceOnPlateau } from "../../numeric/optim/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { EpochRecord } from "./history.ts";

/** Quantity of an epoch record to watch, and the direction in which it improves. */
export interface Monitor {
  /**
   * `"loss"` or the name of a metric, or either of these on the validation data: `"validation.loss"`,
   * `"validation.accuracy"`. Default `"validation.loss"` if there are validation data, otherwise `"loss"`.
   */
  readonly monitor?: string;
  /** Whether small or large values are better. Default `"min"` for losses; required for metrics. */
  readonly mode?: "min" | "max";
}

/** Rule that ends a run which no longer improves. */
export interface EarlyStopping extends Monitor {
  /**
   * Number of consecutive epochs without improvement after which the run stops, 1 or more. Counted like the callbacks
   * of Keras and Lightning. (`reduceOnPlateau({ patience })` counts like PyTorch: it acts in epoch `patience + 1`.)
   */
  readonly patience: number;
  /** An improvement is a value that is better than the best one by more than this. 0 or more. Default 0. */
  readonly minDelta?: number;
}

/** Rule that lowers the learning rate when a run no longer improves, and the quantity it watches. */
export interface Plateau {
  /** `reduceOnPlateau({ factor, patience, … })`. Its `mode` sets which direction is better. */
  readonly rule: ReduceOnPlateau;
  /** Quantity to watch, as in `Monitor`. */
  readonly monitor?: string;
}

/** Epoch with the best value of the monitored quantity. */
export interface Best<P, M = undefined> {
  readonly params: P;
  /** State of the model at the end of that epoch, if it has one. */
  readonly modelState: M;
  readonly epoch: number;
  readonly step: number;
  /** Best value; `monitor` is the name of its quantity. */
  readonly value: number;
  readonly monitor: string;
}

/** Checked settings of early stopping, best epoch and plateau. */
export interface Watch {
  readonly earlyStopping: Required<EarlyStopping> | undefined;
  readonly keepBest: Required<Monitor> | undefined;
  readonly plateau: Required<Plateau> | undefined;
}

/** State of early stopping, best epoch and plateau. Plain data except for the best parameters. */
export interface WatchState<P> {
  readonly plateau: PlateauState | undefined;
  readonly rateScale: number;
  /**
   * Best value so far, for early stopping; `undefined` if there was none but NaN. `epochsSince` is the number of epochs
   * since that value.
   */
  readonly bestForStopping: number | undefined;
  readonly epochsSince: number;
  readonly best: Best<P, unknown> | undefined;
}

/** Options of `fit` that `watchOf` uses. */
export interface WatchOptions {
  readonly validation?: unknown;
  readonly earlyStopping?: EarlyStopping | undefined;
  readonly keepBest?: boolean | Monitor | undefined;
  readonly plateau?: ReduceOnPlateau | Plateau | undefined;
}

/**
 * Checks the options of the monitors and fills in defaults.
 *
 * @throws DownhillError `option` or `range` for invalid values.
 */
export function watchOf(options: WatchOptions): Watch {
  const hasValidation = options.validation !== undefined;
  const { earlyStopping, keepBest = false, plateau } = options;
  if (typeof keepBest !== "boolean") checkOptions("fit: keepBest", keepBest, ["monitor", "mode"]);
  return {
    earlyStopping: earlyStopping === undefined ? undefined : readStopping(earlyStopping, hasValidation),
    keepBest:
      keepBest === false
        ? undefined
        : readMonitor("fit: keepBest", keepBest === true ? {} : keepBest, hasValidation),
    plateau: plateau === undefined ? undefined : readPlateau(plateau, hasValidation),
  };
}

function readStopping(given: EarlyStopping, hasValidation: boolean): Required<EarlyStopping> {
  checkOptions("fit: earlyStopping", given, ["patience", "minDelta", "monitor", "mode"]);
  const { patience, minDelta = 0 } = given;
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new DownhillError(
      "range",
      `fit: earlyStopping: patience must be an integer of 1 or more; got ${String(patience)}.`,
    );
  }
  if (!(Number.isFinite(minDelta) && minDelta >= 0)) {
    throw new DownhillError(
      "range",
      `fit: earlyStopping: minDelta must be a finite number of 0 or more; got ${String(minDelta)}.`,
    );
  }
  return { patience, minDelta, ...readMonitor("fit: earlyStopping", given, hasValidation) };
}

function readPlateau(given: ReduceOnPlateau | Plateau, hasValidation: boolean): Required<Plateau> {
  const isRule = typeof given === "object" && given !== null && "update" in given;
  if (!isRule) checkOptions("fit: plateau", given, ["rule", "monitor"]);
  const { rule, monitor }: Plateau = isRule ? { rule: given } : given;
  if (typeof rule?.init !== "function" || typeof rule.update !== "function") {
    throw new DownhillError(
      "option",
      "fit: plateau must be a rule as in plateau: reduceOnPlateau({ factor: 0.5 }).",
    );
  }
  return { rule, monitor: readName("fit: plateau", monitor, hasValidation) };
}

function readMonitor(operation: string, given: Monitor, hasValidation: boolean): Required<Monitor> {
  const monitor = readName(operation, given.monitor, hasValidation);
  const isLoss = monitor === "loss" || monitor === "validation.loss";
  const { mode = isLoss ? "min" : undefined } = given;
  if (mode === undefined) {
    throw new DownhillError(
      "option",
      `${operation}: set the direction in which ${JSON.stringify(monitor)} improves: mode: "max" or mode: "min".`,
    );
  }
  checkChoice(operation, "mode", mode, ["min", "max"]);
  return { monitor, mode };
}

function readName(operation: string, monitor: unknown, hasValidation: boolean): string {
  if (monitor === undefined) return hasValidation ? "validation.loss" : "loss";
  if (typeof monitor !== "string") {
    throw new DownhillError(
      "option",
      `${operation}: monitor must be a name such as "validation.loss"; got ${typeof monitor}.`,
    );
  }
  if (!hasValidation && monitor.startsWith("validation.")) {
    throw new DownhillError(
      "option",
      `${operation}: there is no ${JSON.stringify(monitor)} without the option validation.`,
    );
  }
  return monitor;
}

/** Creates the state of the monitors at the beginning of a run. */
export function watchStart<P>({ plateau }: Watch): WatchState<P> {
  return {
    plateau: plateau?.rule.init(),
    rateScale: 1,
    bestForStopping: undefined,
    epochsSince: 0,
    best: undefined,
  };
}

/** Updates the monitors after an epoch that ended with these parameters and this state of the model. */
export function watchEpoch<P>(
  { earlyStopping, keepBest, plateau }: Watch,
  state: WatchState<P>,
  record: EpochRecord,
  { params, modelState }: { readonly params: P; readonly modelState: unknown },
): WatchState<P> {
  let next = state;
  if (plateau !== undefined) {
    const value = valueOf("fit: plateau", record, plateau.monitor);
    // A run resumed with a plateau rule that it lacked before starts the rule here.
    const update = plateau.rule.update(value, next.plateau ?? plateau.rule.init());
    next = { ...next, plateau: update.state, rateScale: update.scale };
  }
  if (earlyStopping !== undefined) {
    const { monitor, mode, minDelta } = earlyStopping;
    const value = valueOf("fit: earlyStopping", record, monitor);
    next = isBetter(value, next.bestForStopping, mode, minDelta)
      ? { ...next, bestForStopping: value, epochsSince: 0 }
      : { ...next, epochsSince: next.epochsSince + 1 };
  }
  if (keepBest !== undefined) {
    const { monitor, mode } = keepBest;
    const value = valueOf("fit: keepBest", record, monitor);
    const { epoch, step } = record;
    if (isBetter(value, next.best?.value, mode, 0)) {
      next = { ...next, best: { params, modelState, epoch, step, value, monitor } };
    }
  }
  return next;
}

/** True if the number of epochs without improvement has reached the patience of early stopping. */
export function isOver({ earlyStopping }: Watch, { epochsSince }: WatchState<unknown>): boolean {
  return earlyStopping !== undefined && epochsSince >= earlyStopping.patience;
}

/** True if a value is better than the best by more than `by`, or if there is no best value yet. NaN is never better. */
function isBetter(value: number, best: number | undefined, mode: "min" | "max", by: number): boolean {
  if (Number.isNaN(value)) return false;
  if (best === undefined) return true;
  return mode === "min" ? value < best - by : value > best + by;
}

/**
 * Returns the value in the record of an epoch that `monitor` names.
 *
 * @throws DownhillError `option`, listing the available names, if there is no such value.
 */
function valueOf(operation: string, record: EpochRecord, monitor: string): number {
  const { validation } = record;
  const values = new Map([
    ...Object.entries(record.metrics),
    ["loss", record.loss],
    ...(validation === undefined
      ? []
      : [...Object.entries(validation.metrics), ["loss", validation.loss] as const].map(
          ([name, value]) => [`validation.${name}`, value] as const,
        )),
  ]);
  const value = values.get(monitor);
  if (value !== undefined) return value;
  const hint = didYouMean(monitor, values.keys()) || ` Available: ${[...values.keys()].join(", ")}.`;
  throw new DownhillError("option", `${operation}: there is no ${JSON.stringify(monitor)} to watch.${hint}`);
}
