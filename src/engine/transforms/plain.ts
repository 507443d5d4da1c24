import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { requireFunction } from "./arguments.ts";

export type AnyFunction = (...args: never[]) => unknown;

/** Interface between transforms and a compiled function of plain numbers; `numeric/plain` attaches it. */
export interface PlainFunction {
  /**
   * The function over tensors: its arguments have the structure of the plain ones, with a tensor for each number
   * or array.
   */
  readonly overTensors: AnyFunction;
  /**
   * Applies a transform: plain arguments yield plain results, and tensors among the arguments yield tensors.
   * `apply` is the transform for functions over tensors.
   */
  transform<O>(
    operation: string,
    apply: (f: AnyFunction, options: O) => AnyFunction,
    options: O,
  ): AnyFunction;
  /**
   * Converts tensors to the form of the value `given`: to numbers where it has numbers, and to arrays of the same kind
   * where it has arrays.
   */
  restore(given: unknown, found: unknown): unknown;
  /** Binds all arguments after the first one; `undefined` for derivatives. */
  readonly bind: ((behind: readonly unknown[]) => BoundFunction) | undefined;
}

/**
 * A function with all arguments but the first fixed. It takes its first argument as tensors, and the fixed arguments as
 * a list of operands.
 */
export interface BoundFunction {
  /**
   * Cache key of the fixed numbers that determine sizes. They are not operands, because programs are compiled for them.
   */
  readonly sizes: string;
  readonly operands: readonly Tensor[];
  /** Returns the result for a first argument of tensors and for the given operands. */
  readonly call: (first: unknown, operands: readonly Tensor[]) => unknown;
}

/** Property key under which a function has its `PlainFunction`; shared by all copies of the library. */
export const plainKey: unique symbol = Symbol.for("downhill.plain") as never;

/** `PlainFunction` of a function of plain numbers; `undefined` for a function over tensors. */
export function plainOf(f: unknown): PlainFunction | undefined {
  return (f as { readonly [plainKey]?: PlainFunction })[plainKey];
}

/**
 * Applies a transform to a function over tensors or of plain numbers.
 *
 * @throws DownhillError `tree` for a value that is not a function, `trace` for a function of plain numbers that is
 * not compiled.
 */
export function transformed<O>(
  operation: string,
  f: unknown,
  options: O,
  apply: (f: AnyFunction, options: O) => AnyFunction,
): AnyFunction {
  requireCompiled(operation, f);
  return plainOf(f)?.transform(operation, apply, options) ?? apply(f as AnyFunction, options);
}

/**
 * Checks that a value is a function, and that a function of plain numbers is compiled. `example` shows a correct call
 * in the error message.
 *
 * @throws DownhillError `tree` for a value that is no function, `trace` for a function that is not compiled.
 */
export function requireCompiled(operation: string, f: unknown, example?: string): void {
  requireFunction(operation, f, example);
  if (plainOf(f) === undefined && isMarked(f as AnyFunction))
    throw notCompiled(operation, (f as AnyFunction).name);
}

/**
 * True if the first statement of a function is `"use ad"`. Parameters may contain braces, but only within
 * parentheses.
 */
function isMarked(f: AnyFunction): boolean {
  const text = Function.prototype.toString.call(f);
  return (
    text.includes("use ad") &&
    /^[^{]*?(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\w)\s*(?:=>\s*)?\{\s*(["'])use ad\1/.test(text)
  );
}

/** Error for a marked function without its compiled form. */
function notCompiled(operation: string, name: string): DownhillError {
  return new DownhillError(
    "trace",
    `${operation}: ${name === "" ? "the function" : name} is marked "use ad", but nothing has compiled it. Load it through the build plugin ` +
      `(downhill-plugin/vite, /esbuild, …), start Node with --import downhill-plugin/register, or make it with compile of "downhill/plain".`,
  );
}

/**
 * Binds all arguments after the first one of a function of either kind. Only a function of plain numbers
 * distinguishes arrays of indices and numbers that determine sizes.
 *
 * @throws DownhillError as the function itself for arguments that it does not accept.
 */
export function bound(f: AnyFunction, behind: readonly unknown[]): BoundFunction {
  const call = (first: unknown, operands: readonly Tensor[]): unknown =>
    f(...([first, ...operands] as never[]));
  return plainOf(f)?.bind?.(behind) ?? { sizes: "", operands: behind as readonly Tensor[], call };
}

/**
 * Converts the result of a search over tensors for the user. For a function of plain numbers, it gets the form of the
 * value `given`; otherwise it is unchanged.
 */
export function asGiven(f: unknown, given: unknown, found: unknown): unknown {
  return plainOf(f)?.restore(given, found) ?? found;
}
