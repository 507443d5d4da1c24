import { DownhillError } from "../../../engine/errors/index.ts";
import {
  checkCount,
  checkNumber,
  count,
  type NumberRange,
  type OptionSpec,
  readOptions,
} from "../options.ts";
import type { Schedule } from "../schedule.ts";

/** Marker for a required option that was not given. */
const missing: unique symbol = /* @__PURE__ */ Symbol("missing");

/**
 * The options of a schedule, checked and with defaults filled in.
 * @throws DownhillError `option` for an option that is unknown, missing or of the wrong kind, `range` for a number out
 * of range.
 */
export function readScheduleOptions<O extends object>(
  operation: string,
  given: O,
  table: { readonly [K in keyof O]-?: OptionSpec<Required<O>[K]> },
): Required<O> {
  const read = readOptions<O>(operation, given ?? {}, table);
  for (const [name, value] of Object.entries<unknown>(read)) {
    if (value !== missing) continue;
    const required = Object.keys(table).filter((key) => table[key as keyof O].initial === missing);
    throw new DownhillError(
      "option",
      `${operation}: ${name} is missing. It needs ${required.join(", ").replace(/, (?=[^,]*$)/, " and ")}.`,
    );
  }
  return read;
}

/** Specification of a required option. */
export function needed<T>({ check }: { readonly check: OptionSpec<T>["check"] }): OptionSpec<T> {
  return { initial: missing as T, check };
}

/** Specification of a required option that is a rate or factor, 0 or more. */
export const neededRate: OptionSpec<number> = /* @__PURE__ */ needed<number>({
  check: (operation, option, value) => checkNumber(operation, option, value, { from: 0 }),
});

/** Specification of a required option that is a number of steps, 1 or more. */
export const neededSteps: OptionSpec<number> = /* @__PURE__ */ needed<number>({
  check: (operation, option, value) => checkCount(operation, option, value, { from: 1 }),
});

/** Specification of an option that is a number of steps, 1 or more, with the default `initial`. */
export function stepsOr(initial: number): OptionSpec<number> {
  return count(initial, { from: 1 });
}

/** Checks a list of steps: integers of at least `from` in ascending order; strictly ascending with `rising`. */
export function checkMilestones(
  operation: string,
  option: string,
  value: unknown,
  { from = 0, rising = false }: { readonly from?: number; readonly rising?: boolean } = {},
): asserts value is readonly number[] {
  if (!Array.isArray(value)) {
    throw new DownhillError("option", `${operation}: ${option} must be a list of steps, as in [30, 60].`);
  }
  let last = rising ? from - 1 : from;
  for (const step of value as unknown[]) {
    checkCount(operation, `each step of ${option}`, step, { from });
    if (rising ? (step as number) <= last : (step as number) < last) {
      throw new DownhillError(
        "range",
        `${operation}: the steps of ${option} must rise, got ${(value as unknown[]).join(", ")}.`,
      );
    }
    last = step as number;
  }
}

/** Checks a non-empty list of numbers within a range. */
export function checkNumbers(operation: string, option: string, value: unknown, range: NumberRange): void {
  if (!Array.isArray(value) || value.length === 0) {
    throw new DownhillError("option", `${operation}: ${option} must be a list of numbers, at least one.`);
  }
  value.forEach((item: unknown, i) => checkNumber(operation, `${option}[${i}]`, item, range));
}

/** Checks that a value is a number of 0 or more or a function of the step. */
export function checkPart(
  operation: string,
  name: string,
  value: unknown,
): asserts value is number | Schedule {
  if (typeof value === "function") return;
  if (typeof value === "number") return checkNumber(operation, name, value, { from: 0 });
  throw new DownhillError(
    "option",
    `${operation}: ${name} must be a schedule or a number, got ${value === null ? "null" : typeof value}.`,
  );
}
