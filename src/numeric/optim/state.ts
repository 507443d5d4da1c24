import { astype } from "../array/elementwise.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { knownNumber } from "../../engine/ir/elements.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { checkCount } from "./options.ts";

/**
 * Presence of a part in a state: `needed` if it must have a value, `absent` if it must be `null` or missing. A
 * `possible` part must exist but may be `null`.
 */
export type PartPresence = "needed" | "absent" | "possible";

/**
 * Refuses a state with wrong parts, such as that of another optimiser or of one with other options.
 * @throws DownhillError `tree`, naming the part.
 */
export function checkState(
  operation: string,
  state: unknown,
  parts: Readonly<Record<string, PartPresence>>,
): void {
  const wrong = (what: string): DownhillError =>
    new DownhillError(
      "tree",
      `${operation}: the state ${what}. Pass the result of init of the same optimiser with the same options, then the state that each update returns.`,
    );
  const names = Object.keys(parts);
  if (typeof state !== "object" || state === null) throw wrong(`must be an object with ${names.join(", ")}`);
  const given = state as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) {
    if (!names.includes(key)) throw wrong(`has "${key}", which ${operation} does not have`);
    if (parts[key] === "absent" && given[key] !== null) {
      throw wrong(`has "${key}", which these options do not use`);
    }
  }
  const lacks = (key: string): boolean =>
    parts[key] === "needed" ? (given[key] ?? null) === null : parts[key] === "possible" && !(key in given);
  const missing = names.find(lacks);
  if (missing !== undefined) throw wrong(`has no ${missing}`);
}

/**
 * Returns the number of previous updates that a state records in `step`, as int32.
 *
 * @throws DownhillError `tree` for a state without a scalar `step`, `range` if `step` is not an integer of 0 or more.
 */
export function stepOf(operation: string, state: unknown): Tensor {
  const step: unknown =
    typeof state === "object" && state !== null && "step" in state ? state.step : undefined;
  const isScalar = typeof step === "number" || (step instanceof Tensor && step.ndim === 0);
  if (isScalar) {
    const known = step instanceof Tensor ? knownNumber(step) : step;
    if (known !== undefined) checkCount(operation, "state.step", known, { from: 0 });
    return astype(step, "int32");
  }
  throw new DownhillError(
    "tree",
    `${operation}: the state has no scalar step; pass the result of init, then the state that each update returns.`,
  );
}
