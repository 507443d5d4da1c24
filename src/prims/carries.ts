import type { LowerContext, Maybe, ReadView, WriteView } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";

/** The items of a list that a mask marks, or those that it does not. */
export function keep<T>(list: readonly T[], mask: readonly boolean[], wanted = true): T[] {
  return list.filter((_, i) => mask[i] === wanted);
}

/** The tangents that are not zero. */
export function present(xs: readonly Maybe[]): Tensor[] {
  return xs.filter((x) => x !== undefined);
}

/** Whether either of two masks marks a place. */
export function either(a: readonly boolean[], b: readonly boolean[]): boolean[] {
  return a.map((x, i) => x || b[i] === true);
}

/** Repeats `step` until the carries that it marks stop growing: a carry that is marked marks what depends on it. */
export function fixpoint<T>(
  start: readonly boolean[],
  step: (marked: readonly boolean[]) => { readonly result: T; readonly marked: readonly boolean[] },
): { readonly result: T; readonly marked: readonly boolean[] } {
  let marked = start;
  for (;;) {
    const next = step(marked);
    const grown = either(marked, next.marked);
    if (grown.every((m, i) => m === marked[i])) return { result: next.result, marked };
    marked = grown;
  }
}

/** Ends a step of a loop: the results become the carries. */
export function storeCarries(
  context: LowerContext,
  loop: Block,
  carry: readonly WriteView[],
  results: readonly ReadView[],
): void {
  // A result may be the memory of another carry (a swap): such are saved before any carry is overwritten.
  const safe = results.map((view, i) => {
    const clashes = carry.some((other, j) => j !== i && context.same(view, other));
    if (!clashes) return view;
    if (view.type.shape.length === 0)
      return context.value(view.type, loop.let(context.fresh("old"), view.read(k.i32(0))));
    const copy = context.scratch(view.type, "old");
    context.copy(loop, copy, view);
    return copy;
  });
  safe.forEach((view, i) => context.copy(loop, carry[i]!, view));
}
