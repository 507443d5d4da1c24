import { DownhillError, showType } from "../errors/index.ts";
import { Tensor } from "./tensor.ts";

/** Formats a number for messages; a tensor passed by mistake is shown as its type. */
export function showPlain(n: unknown): string {
  return n instanceof Tensor ? showType(n.type) : Object.is(n, -0) ? "-0" : String(n);
}

/**
 * Advice for messages if one of the values in `given` is a tensor, otherwise "". `what` names the values, in the
 * plural.
 */
export function plainHint(what: string, given: readonly unknown[]): string {
  const x = given.find((n) => n instanceof Tensor);
  if (x === undefined) return "";
  return x.tracer === undefined
    ? ` ${what} are plain numbers: write n.item().`
    : ` ${what} are plain numbers, known when the function is traced: close over the number, or name the argument in jit's staticArgnums.`;
}

/**
 * Checks that the value of an option is not a tensor. Called before the value is compared.
 *
 * @throws DownhillError `option` if it is one.
 */
export function refuseTensor(operation: string, option: string, value: unknown): void {
  if (!(value instanceof Tensor)) return;
  throw new DownhillError(
    "option",
    `${operation}: ${option} is ${showType(value.type)}.${plainHint("Options", [value])}`,
  );
}

/** Largest int32. Kernels count elements, steps and positions in int32. */
export const largestInt32: number = 2 ** 31 - 1;

/** Bounds of an integer, both included. */
export interface IntegerRange {
  /** Lower bound. Default 0. */
  readonly from?: number;
  /** Upper bound. Default 2³¹ − 1. */
  readonly to?: number;
}

/** Range of the integers of either sign whose negatives int32 can represent too. */
export const anyInt32: IntegerRange = { from: -largestInt32, to: largestInt32 };

/** True if a value is an integer in a range. */
export function isIntegerIn(
  value: unknown,
  { from = 0, to = largestInt32 }: IntegerRange = {},
): value is number {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

/**
 * Checks an integer option, and returns its value, with −0 as 0.
 * @throws DownhillError `range` for anything but an integer in the range, with advice for tensors.
 */
export function checkInteger(
  operation: string,
  what: string,
  value: unknown,
  { from = 0, to = largestInt32 }: IntegerRange = {},
): number {
  if (isIntegerIn(value, { from, to })) return value + 0;
  throw new DownhillError(
    "range",
    `${operation}: ${what} must be an integer from ${from} to ${to}, got ${showPlain(value)}.${plainHint("Sizes", [value])}`,
  );
}
