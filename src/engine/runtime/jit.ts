import { refuseExtra } from "../errors/arguments.ts";
import type { Tensor } from "../ir/tensor.ts";
import { transformed } from "../transforms/plain.ts";
import type { OnlyPlain, Plain } from "../tree/plain-types.ts";
import type { LikeAll, LikeOthers, TensorLike } from "../tree/types.ts";
import { showLowering } from "./inspect.ts";
import type { Jitted, JitOptions } from "./jitted.ts";
import { makeInspected } from "./jitted.ts";

/**
 * The same function, traced once for each combination of argument types and compiled as a whole. A changed value never
 * recompiles. Tensors and numbers that the function reads from outside, from an outer `let`, say, stay what they were at the first
 * call with such arguments, though the variable be given another value later: pass what changes as an argument
 * (`debug({ nan: true })` finds what has changed). Transforms go through: `grad(jit(f))` is compiled too.
 *
 * The function must compute the same for the same arguments and do nothing else: what it prints or changes happens at the
 * first call only.
 *
 * @throws DownhillError `donated` for a donated tensor that is passed twice, is read from outside as well, or was donated
 * before. `option`, `range` and `tree` for misuse.
 * @example
 * const f = jit((x, y) => x.mul(y).add(sin(x)));
 * f(2, 3); // 6.909297426825682
 */
export function jit(f: (...x: Tensor[]) => Tensor, options?: JitOptions): Jitted<TensorLike[], Tensor>;
export function jit<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: JitOptions,
): Jitted<A, Plain<T>>;
export function jit<A extends readonly unknown[], T, const S extends number | readonly number[]>(
  f: (...args: A) => T,
  options: JitOptions & { readonly staticArgnums: S },
): Jitted<LikeOthers<A, S>, T>;
export function jit<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: JitOptions,
): Jitted<LikeAll<A>, T>;
export function jit(f: (...args: never[]) => unknown, options?: JitOptions): Jitted<never[], unknown> {
  if (arguments.length > 2) refuseExtra("jit", arguments, 2);
  return transformed("jit", f, options, (g) => makeInspected(g, options, showLowering)) as Jitted<
    never[],
    unknown
  >;
}
