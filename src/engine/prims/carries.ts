import type { Accumulator, InPlace, LowerContext, Maybe, ReadView, WriteView } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
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

/**
 * Which operands of an equation with programs get their cotangents added within these, in place: arrays to which something
 * has been added before. An operand that is given twice does so once.
 */
export function accumulated(into: readonly (Accumulator | undefined)[]): readonly boolean[] {
  return into.map(
    (a, i) => a !== undefined && !a.isEmpty && a.type.shape.length > 0 && into.indexOf(a) === i,
  );
}

/** Gives the results of a transposed program to the accumulators of its linear operands, those of `accumulate` with what they held. */
export function addResults(
  into: readonly (Accumulator | undefined)[],
  accumulate: readonly boolean[],
  results: readonly Tensor[],
  masked: readonly boolean[],
): void {
  into.forEach((a, i) =>
    accumulate[i] === true ? a!.put(results[i]!, masked[i]) : a?.add(results[i]!, masked[i]),
  );
}

/** The results of a program that are its inputs, changed in some places at most: they may lie where the inputs do. */
export function changedInPlace(program: Program): readonly InPlace[] {
  let pairs = changes.get(program);
  if (pairs === undefined) changes.set(program, (pairs = findChanges(program)));
  return pairs;
}

const changes = /* @__PURE__ */ new WeakMap<Program, readonly InPlace[]>();

function findChanges({ ins, eqns, outs }: Program): readonly InPlace[] {
  const origins = new Map<Var, Var>(); // of a result that lies in the memory of an operand: that operand
  for (const { prim, params, ins: operands, outs: results } of eqns) {
    if (prim.lowering.kind !== "loops") continue;
    for (const { result, operand } of prim.lowering.inPlace?.(params) ?? [])
      origins.set(results[result]!, operands[operand]!);
  }
  const pairs: InPlace[] = [];
  outs.forEach((v, result) => {
    let origin: Var | undefined = v;
    while (origins.has(origin)) origin = origins.get(origin)!;
    const operand = ins.indexOf(origin);
    if (operand < 0 || v.type.shape.length === 0 || pairs.some((pair) => pair.operand === operand)) return;
    pairs.push({ result, operand });
  });
  return pairs;
}

/** Lowers a program whose results are those of the equation, in place of its operands where they share their memory. */
export function inlineInPlace(
  context: LowerContext,
  block: Block,
  program: Program,
  operands: readonly ReadView[],
): void {
  const { outs, same } = context;
  const becomes = operands.map((x) => {
    const result = outs.findIndex((out) => same(out, x));
    return result < 0 ? undefined : result;
  });
  const targets = outs.map((out, i) => (becomes.includes(i) ? undefined : out));
  const results = context.inline(block, program, operands, becomes, targets);
  const shared = outs.map((_, i) => becomes.includes(i));
  storeCarries(context, block, keep(outs, shared), keep(results, shared));
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
