import { DownhillError } from "../errors/index.ts";
import type { Schedule } from "./schedule.ts";

/** A range of numbers, its ends included unless said otherwise. */
export interface NumberRange {
  readonly from: number;
  readonly to?: number;
  /** Whether `to` itself is left out. */
  readonly below?: boolean;
}

/**
 * A number within its range.
 *
 * @throws DownhillError `range`, naming option, range and what came.
 */
export function checkNumber(
  operation: string,
  option: string,
  value: unknown,
  { from, to = Infinity, below = to === Infinity }: NumberRange,
): void {
  if (typeof value === "number" && value >= from && (below ? value < to : value <= to)) return;
  const range =
    to === Infinity
      ? `a finite number of ${from} or more`
      : `a number from ${from} to ${to}${below ? `, ${to} itself excluded` : ""}`;
  throw new DownhillError("range", `${operation}: ${option} must be ${range}, got ${show(value)}.`);
}

/** A number that must be 0 or more, or a function of the step. */
export function checkRate(operation: string, learningRate: number | Schedule): void {
  if (typeof learningRate === "function") return;
  if (typeof learningRate !== "number") {
    throw new DownhillError(
      "option",
      `${operation}: learningRate must be a number or a schedule, got ${show(learningRate)}.`,
    );
  }
  checkNumber(operation, "learningRate", learningRate, { from: 0 });
}

/** `true` or `false`. */
export function checkFlag(operation: string, option: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new DownhillError("option", `${operation}: ${option} must be true or false, got ${show(value)}.`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
