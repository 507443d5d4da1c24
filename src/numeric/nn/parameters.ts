import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";

/**
 * Parameters or a state as a layer needs them: an object with tensors of these names.
 *
 * @throws DownhillError `tree` for what was left out, misspelt or exchanged with x; `madeBy` gives it.
 */
export function checkTensors(
  operation: string,
  what: string,
  value: object,
  names: readonly string[],
  madeBy: string,
): void {
  const given: unknown = value; // callers without types pass anything
  const isObject = typeof given === "object" && given !== null && !(given instanceof Tensor);
  const lacks = isObject
    ? names.find((name) => !((given as Readonly<Record<string, unknown>>)[name] instanceof Tensor))
    : "";
  if (lacks === undefined) return;
  const got = isObject
    ? `${lacks} is none`
    : `got ${given instanceof Tensor ? "a tensor" : given === null ? "null" : typeof given}`;
  throw new DownhillError(
    "tree",
    `${operation}: ${what} must be an object with tensors as ${names.join(", ")}, as ${madeBy} gives; ${got}.`,
  );
}
