import { refuseExtra } from "../errors/arguments.ts";
import type { Tensor } from "../ir/tensor.ts";
import { transformed } from "../transforms/plain.ts";
import type { OnlyPlain, Plain } from "../tree/plain-types.ts";
import type { LikeAll, LikeOthers, TensorLike } from "../tree/types.ts";
import { showLowering } from "./inspect.ts";
import type { DeviceJitOptions, DeviceJitted, Jitted, JitOptions } from "./jitted.ts";
import { makeInspected } from "./jitted.ts";

/** Options for the processor, in which `device` is absent, so that options with one select the other overloads. */
type ProcessorJitOptions = JitOptions & { readonly device?: never };

/**
 * Compiles a function: traces it once per combination of argument types and compiles the trace as a whole. Other
 * argument values never recompile. Outer tensors and numbers that the function reads keep the value of the first call
 * with such arguments, even if an outer variable is reassigned later. Pass values that change as arguments; `debug({
 * nan: true })` finds outer values that have changed. Transforms apply to jitted functions: `grad(jit(f))` is compiled
 * too.
 *
 * The function must be pure: side effects such as logging happen at the first call only.
 *
 * With `device` the function runs there: a call enqueues the work and returns tensors in the memory of the device, and
 * `await y.read()` waits for their elements. Derivatives are `jit(grad(f), { device })`. `device: "auto"` runs each call
 * where a measurement was faster, on the GPU or on the processor; `await y.read()` reads the results of both.
 *
 * @throws DownhillError `donated` for a donated tensor that is passed twice, is also read from outside, or was donated
 *   before. `option`, `range` and `tree` for misuse.
 *
 * @example
 * const f = jit((x, y) => x.mul(y).add(sin(x)));
 * f(2, 3); // 6.909297426825682
 */
export function jit(
  f: (...x: Tensor[]) => Tensor,
  options?: ProcessorJitOptions,
): Jitted<TensorLike[], Tensor>;
export function jit<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: ProcessorJitOptions,
): Jitted<A, Plain<T>>;
export function jit<A extends readonly unknown[], T, const S extends number | readonly number[]>(
  f: (...args: A) => T,
  options: ProcessorJitOptions & { readonly staticArgnums: S },
): Jitted<LikeOthers<A, S>, T>;
export function jit<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: ProcessorJitOptions,
): Jitted<LikeAll<A>, T>;
export function jit(
  f: (...x: Tensor[]) => Tensor,
  options: DeviceJitOptions,
): DeviceJitted<TensorLike[], Tensor>;
export function jit<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options: DeviceJitOptions,
): DeviceJitted<LikeAll<A>, T>;
export function jit(
  f: (...args: never[]) => unknown,
  options?: JitOptions & Partial<DeviceJitOptions>,
): Jitted<never[], unknown> | DeviceJitted<never[], unknown> {
  if (arguments.length > 2) refuseExtra("jit", arguments, 2);
  return transformed("jit", f, options, (g) => makeInspected(g, options, showLowering)) as Jitted<
    never[],
    unknown
  >;
}
