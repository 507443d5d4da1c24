import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { requireFunction } from "./arguments.ts";

export type AnyFunction = (...args: never[]) => unknown;

/** What transforms ask of a function of plain numbers that has been compiled; `numeric/plain` attaches it. */
export interface PlainFunction {
  /** The function over tensors: arguments have the structure of the plain ones, with a tensor for each number or array. */
  readonly overTensors: AnyFunction;
  /**
   * A transform of the function: plain arguments give plain results, tensors among them give tensors. `apply` is the transform of
   * functions over tensors.
   */
  transform<O>(
    operation: string,
    apply: (f: AnyFunction, options: O) => AnyFunction,
    options: O,
  ): AnyFunction;
  /** Tensors as what was given in their place: numbers for a number, an array of the kind given for an array. */
  restore(given: unknown, found: unknown): unknown;
  /** The function with what stands behind its first argument given; a derivative has none. */
  readonly bind: ((behind: readonly unknown[]) => BoundFunction) | undefined;
}

/** A function of its first argument, over tensors, and of operands that the others have become. */
export interface BoundFunction {
  /** The numbers that set sizes: no operands, since programs are made for them. */
  readonly sizes: string;
  readonly operands: readonly Tensor[];
  /** The result for a first argument of tensors, and for operands in the place of those above. */
  readonly call: (first: unknown, operands: readonly Tensor[]) => unknown;
}

/** The property of a function under which it carries its `PlainFunction`, whichever copy of the library attached it. */
export const plainKey: unique symbol = Symbol.for("downhill.plain") as never;

/** What a function of plain numbers carries; `undefined` for one over tensors. */
export function plainOf(f: unknown): PlainFunction | undefined {
  return (f as { readonly [plainKey]?: PlainFunction })[plainKey];
}

/**
 * A transform of a function, which may be one of plain numbers.
 *
 * @throws DownhillError `tree` for what is no function, `trace` for a function of plain numbers that nothing has compiled.
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
 * Refuses what is no function, and a function of plain numbers that nothing has compiled. `example` shows a right call.
 *
 * @throws DownhillError `tree`, `trace`.
 */
export function requireCompiled(operation: string, f: unknown, example?: string): void {
  requireFunction(operation, f, example);
  if (plainOf(f) === undefined && isMarked(f as AnyFunction))
    throw notCompiled(operation, (f as AnyFunction).name);
}

/** Whether the first statement of a function is `"use ad"`. Parameters may hold braces, but only nested in their parentheses. */
function isMarked(f: AnyFunction): boolean {
  const text = Function.prototype.toString.call(f);
  return (
    text.includes("use ad") &&
    /^[^{]*?(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\w)\s*(?:=>\s*)?\{\s*(["'])use ad\1/.test(text)
  );
}

/** The error of a marked function whose form is not there. */
function notCompiled(operation: string, name: string): DownhillError {
  return new DownhillError(
    "trace",
    `${operation}: ${name === "" ? "the function" : name} is marked "use ad", but nothing has compiled it. Load it through the build plugin ` +
      `(downhill-plugin/vite, /esbuild, …), start Node with --import downhill-plugin/register, or make it with compile of "downhill/plain".`,
  );
}

/**
 * A function with what stands behind its first argument given, of whichever kind it is. Arrays that serve for places, and numbers that
 * set sizes, are known by a function of plain numbers only.
 *
 * @throws DownhillError as the function itself for arguments that it does not take.
 */
export function bound(f: AnyFunction, behind: readonly unknown[]): BoundFunction {
  const call = (first: unknown, operands: readonly Tensor[]): unknown =>
    f(...([first, ...operands] as never[]));
  return plainOf(f)?.bind?.(behind) ?? { sizes: "", operands: behind as readonly Tensor[], call };
}

/** What a search over tensors has found, as tensors, or, for a function of plain numbers, as what was given in their place. */
export function asGiven(f: unknown, given: unknown, found: unknown): unknown {
  return plainOf(f)?.restore(given, found) ?? found;
}
