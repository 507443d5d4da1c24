import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";

/**
 * Checks the parameters or a state of a layer: an object with tensors of these names.
 * @throws DownhillError `tree` for parts that are missing, misspelt or swapped with x; the message names `madeBy`,
 * which returns them.
 */
export function checkTensors(
  operation: string,
  what: string,
  value: object,
  names: readonly string[],
  madeBy: string,
): void {
  const given: unknown = value; // untyped callers may pass anything
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
    `${operation}: ${what} must be an object with the tensors ${names.join(", ")}, as ${madeBy} returns; ${got}.`,
  );
}
