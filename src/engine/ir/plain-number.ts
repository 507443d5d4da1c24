import { DownhillError, showType } from "../errors/index.ts";
import { Tensor } from "./tensor.ts";

/** A number as messages show it that may be a tensor by mistake. */
export function showPlain(n: unknown): string {
  return n instanceof Tensor ? showType(n.type) : Object.is(n, -0) ? "-0" : String(n);
}

/** What to do where one of the numbers `given` is a tensor, and must be plain; `what` they are, in the plural. */
export function plainHint(what: string, given: readonly unknown[]): string {
  const x = given.find((n) => n instanceof Tensor);
  if (x === undefined) return "";
  return x.tracer === undefined
    ? ` ${what} are plain numbers: write n.item().`
    : ` ${what} are plain numbers, known when the function is traced: close over the number, or name the argument in jit's staticArgnums.`;
}

/**
 * Refuses a tensor where an option is a plain number, before it is compared.
 *
 * @throws DownhillError `option`.
 */
export function refuseTensor(operation: string, option: string, value: unknown): void {
  if (!(value instanceof Tensor)) return;
  throw new DownhillError(
    "option",
    `${operation}: ${option} is ${showType(value.type)}.${plainHint("Options", [value])}`,
  );
}
