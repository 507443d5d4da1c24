import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { PlateauState, ReduceOnPlateau } from "../../numeric/optim/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { EpochRecord } from "./history.ts";

/** What of the record of an epoch is watched, and in which direction it gets better. */
export interface Monitor {
  /**
   * `"loss"`, the name of a metric, or the one or the other of the validation data: `"validation.loss"`,
   * `"validation.accuracy"`. Default `"validation.loss"` where there are validation data, else `"loss"`.
   */
  readonly monitor?: string;
  /** Whether it is to become small or large. Default `"min"` for losses; for a metric it must be said. */
  readonly mode?: "min" | "max";
}

/** When to stop for want of progress. */
export interface EarlyStopping extends Monitor {
  /**
   * The run stops after so many epochs in a row without improvement, 1 or more: as Keras's and Lightning's callbacks
   * count. (`reduceOnPlateau({ patience })` counts as PyTorch's: it acts in epoch `patience + 1`.)
   */
  readonly patience: number;
  /** By how much a value must be better than the best to be an improvement, 0 or more. Default 0. */
  readonly minDelta?: number;
}

/** What lowers the learning rate when progress stops, and what it watches. */
export interface Plateau {
  /** `reduceOnPlateau({ factor, patience, … })`, whose `mode` says which direction is better. */
  readonly rule: ReduceOnPlateau;
  /** As in `Monitor`. */
  readonly monitor?: string;
}

/** The epoch with the best value of what was watched. */
export interface Best<P, M = undefined> {
  readonly params: P;
  /** State of the model at the end of that epoch, where it has one. */
  readonly modelState: M;
  readonly epoch: number;
  readonly step: number;
  /** The best value, and what it is the value of. */
  readonly value: number;
  readonly monitor: string;
}

/** What a run watches, checked. */
export interface Watch {
  readonly earlyStopping: Required<EarlyStopping> | undefined;
  readonly keepBest: Required<Monitor> | undefined;
  readonly plateau: Required<Plateau> | undefined;
}

/** What watching has found so far: plain data but for the best parameters. */
export interface WatchState<P> {
  readonly plateau: PlateauState | undefined;
  readonly rateScale: number;
  /** The best value for early stopping, and the epochs since. */
  readonly bestForStopping: number | undefined;
  readonly epochsSince: number;
  readonly best: Best<P, unknown> | undefined;
}

/** What `watchOf` reads of the options of `fit`. */
export interface WatchOptions {
  readonly validation?: unknown;
  readonly earlyStopping?: EarlyStopping | undefined;
  readonly keepBest?: boolean | Monitor | undefined;
  readonly plateau?: ReduceOnPlateau | Plateau | undefined;
}

/**
 * The options of watching with their defaults.
 *
 * @throws DownhillError `option` or `range` for misuse.
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
      `fit: earlyStopping: patience must be a number of epochs, 1 or more; got ${String(patience)}.`,
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
      "fit: plateau must be what reduceOnPlateau gives, as in plateau: reduceOnPlateau({ factor: 0.5 }).",
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
      `${operation}: say whether ${JSON.stringify(monitor)} is to become large or small: mode: "max" or mode: "min".`,
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

/** Nothing found yet. */
export function watchStart<P>({ plateau }: Watch): WatchState<P> {
  return {
    plateau: plateau?.rule.init(),
    rateScale: 1,
    bestForStopping: undefined,
    epochsSince: 0,
    best: undefined,
  };
}

/** What is known after an epoch with these parameters, and this state of the model, at its end. */
export function watchEpoch<P>(
  { earlyStopping, keepBest, plateau }: Watch,
  state: WatchState<P>,
  record: EpochRecord,
  { params, modelState }: { readonly params: P; readonly modelState: unknown },
): WatchState<P> {
  let next = state;
  if (plateau !== undefined) {
    const value = valueOf("fit: plateau", record, plateau.monitor);
    // a run that was resumed with a plateau that it had not before begins with it
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

/** Whether so many epochs have passed without improvement that the run is to stop. */
export function isOver({ earlyStopping }: Watch, { epochsSince }: WatchState<unknown>): boolean {
  return earlyStopping !== undefined && epochsSince >= earlyStopping.patience;
}

/** Whether a value is better than the best; NaN never is. */
function isBetter(value: number, best: number | undefined, mode: "min" | "max", by: number): boolean {
  if (Number.isNaN(value)) return false;
  if (best === undefined) return true;
  return mode === "min" ? value < best - by : value > best + by;
}

/**
 * The number of that name in the record of an epoch.
 *
 * @throws DownhillError `option`, with the names that there are.
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
  const hint = didYouMean(monitor, values.keys()) || ` There is ${[...values.keys()].join(", ")}.`;
  throw new DownhillError("option", `${operation}: there is no ${JSON.stringify(monitor)} to watch.${hint}`);
}
