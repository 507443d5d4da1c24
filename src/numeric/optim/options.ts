import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlag, checkOptions } from "../../engine/errors/options.ts";
import { knownNumber } from "../../engine/ir/elements.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import type { Schedule } from "./schedule.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** A hyper-parameter: a number, or a scalar tensor, so that a run can be differentiated with respect to it. */
export type Scalar = number | Tensor;

/** A learning rate: a number, a scalar tensor, or a function of the step. */
export type Rate = Scalar | Schedule;

/** A range of numbers, ends included by default. */
export interface NumberRange {
  /** Lower end. Default −∞. */
  readonly from?: number;
  /** Upper end. Default ∞. */
  readonly to?: number;
  /** True to exclude `from`. */
  readonly above?: boolean;
  /** True to exclude `to`. */
  readonly below?: boolean;
}

/** Specification of an option: its default value and its check. */
export interface OptionSpec<T> {
  readonly initial: T;
  readonly check: (operation: string, option: string, value: unknown) => void;
}

/**
 * The options of `operation`, checked and with defaults filled in.
 *
 * @throws DownhillError `option` for an unknown option or a value of the wrong kind, `range` for a number out of range.
 */
export function readOptions<O extends object>(
  operation: string,
  given: O,
  table: { readonly [K in keyof O]-?: OptionSpec<Required<O>[K]> },
): Required<O> {
  const names = Object.keys(table) as (keyof O & string)[];
  checkOptions(operation, given, names, names); // the checks of the options decide about null
  const read = names.map((name) => {
    const { initial, check } = table[name];
    const value: unknown = given[name];
    if (value === undefined) return [name, initial];
    check(operation, name, value);
    return [name, value];
  });
  return Object.fromEntries(read) as Required<O>;
}

/** Specification of an option that is a number within a range, or a scalar tensor. */
export function within(initial: number, range: NumberRange): OptionSpec<Scalar> {
  return { initial, check: (operation, option, value) => checkScalar(operation, option, value, range) };
}

/** Specification of an option that is a plain number within a range, known before tracing. */
export function fixed(initial: number, range: NumberRange): OptionSpec<number> {
  return { initial, check: (operation, option, value) => checkNumber(operation, option, value, range) };
}

/** Specification of an option that is an integer within a range, by default 0 or more. */
export function count(initial: number, range: NumberRange): OptionSpec<number> {
  return { initial, check: (operation, option, value) => checkCount(operation, option, value, range) };
}

/** Specification of an option that is a learning rate. */
export function rate(initial: number): OptionSpec<Rate> {
  return { initial, check: (operation, _, value) => checkRate(operation, value) };
}

/** Specification of an option that is `true` or `false`. */
export function flag(initial: boolean): OptionSpec<boolean> {
  return { initial, check: checkFlag };
}

/** Specification of an option that is one of several strings. */
export function oneOf<const W extends string>(initial: W, words: readonly W[]): OptionSpec<W> {
  return { initial, check: (operation, option, value) => checkChoice(operation, option, value, words) };
}

/** Specification of an option that may also be omitted or `null`; its default is `null`. */
export function optional<T>(option: OptionSpec<T>): OptionSpec<T | null> {
  const check: OptionSpec<T>["check"] = (operation, name, value) => {
    if (value !== null) option.check(operation, name, value);
  };
  return { initial: null, check };
}

/**
 * Checks that a value is a finite number within a range.
 * @throws DownhillError `range`, naming the option, the range and the value.
 */
export function checkNumber(operation: string, option: string, value: unknown, range: NumberRange): void {
  const { from = -Infinity, to = Infinity, above = false, below = false } = range;
  const inRange =
    typeof value === "number" &&
    Number.isFinite(value) &&
    (above ? value > from : value >= from) &&
    (below ? value < to : value <= to);
  if (!inRange) throw outOfRange(operation, option, value, `a ${showRange(range)}`);
}

/**
 * Checks that a value is an integer within a range, by default 0 or more, and at most 2⁵³ − 1.
 *
 * @throws DownhillError `range`, naming the option, the range and the value.
 */
export function checkCount(operation: string, option: string, value: unknown, range: NumberRange): void {
  const { from = 0, to = Infinity } = range;
  if (isIntegerIn(value, { from, to: Math.min(to, Number.MAX_SAFE_INTEGER) })) return;
  throw outOfRange(
    operation,
    option,
    value,
    showRange({ from, to }).replace(/^(finite )?number/, "an integer"),
  );
}

/**
 * Checks that a value is a number within a range, or a floating scalar whose value, if known, is.
 * @throws DownhillError `range` or `shape`, naming the option and the value.
 */
export function checkScalar(operation: string, option: string, value: unknown, range: NumberRange): void {
  if (!(value instanceof Tensor)) return checkNumber(operation, option, value, range);
  if (value.ndim > 0 || !isFloating(value.dtype)) {
    throw new DownhillError(
      "shape",
      `${operation}: ${option} must be a number or a floating scalar, got ${showType(value.type)}.`,
    );
  }
  const known = knownNumber(value);
  if (known !== undefined) checkNumber(operation, option, known, range);
}

/** Checks a learning rate: a number of 0 or more, a scalar, or a function of the step. */
function checkRate(operation: string, learningRate: unknown): void {
  if (typeof learningRate === "function") return;
  if (typeof learningRate !== "number" && !(learningRate instanceof Tensor)) {
    throw new DownhillError(
      "option",
      `${operation}: learningRate must be a number or a schedule, got ${show(learningRate)}.`,
    );
  }
  checkScalar(operation, "learningRate", learningRate, { from: 0 });
}

function outOfRange(operation: string, option: string, value: unknown, expected: string): DownhillError {
  const repair =
    typeof value === "function"
      ? ` For a schedule: injectHyperparameters(${operation}, { ${option}: schedule }).`
      : "";
  return new DownhillError(
    "range",
    `${operation}: ${option} must be ${expected}, got ${show(value)}.${repair}`,
  );
}

function showRange({ from = -Infinity, to = Infinity, above = false, below = false }: NumberRange): string {
  if (from === -Infinity && to === Infinity) return "finite number";
  if (to === Infinity) return `finite number ${above ? `above ${from}` : `of ${from} or more`}`;
  if (from === -Infinity) return `finite number ${below ? `below ${to}` : `of ${to} or less`}`;
  const outside = [...(above ? [from] : []), ...(below ? [to] : [])];
  return `number from ${from} to ${to}${outside.map((end) => `, ${end} excluded`).join("")}`;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
