import type {
  Accumulator,
  InPlaceResult,
  Lowering,
  Mask,
  Maybe,
  SubProgram,
  TransformTools,
} from "../ir/primitive.ts";
import { isMasked } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { sameType } from "../ir/types.ts";
import { instantiate } from "./linear.ts";

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

/** Whether a result of a program in an equation is an operand as it came: `input` stands for the operand inside. */
export function isUnchanged(operand: Tensor, input: Var, result: Var): boolean {
  return input === result && operand.type.weak === result.type.weak;
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

/**
 * The transpose rule of a primitive that runs its program: `run` applies the transposed one. Operands to which something has been
 * added before get what comes to them within it, in place.
 */
export function transposeWhole(
  cts: readonly Maybe[],
  ins: readonly Maybe[],
  program: Program,
  into: readonly (Accumulator | undefined)[],
  { transposeProgram }: TransformTools,
  masks: readonly Mask[],
  run: (program: Program, ins: readonly Tensor[]) => readonly Tensor[],
): void {
  const linear = ins.map((x) => x === undefined);
  const accumulate = accumulated(into);
  const maskedCts = program.outs.map((_, i) => isMasked(masks, i));
  const { program: backward, masked } = transposeProgram(program, linear, accumulate, maskedCts);
  const outs = run(backward, [
    ...present(ins),
    ...program.outs.map((v, i) => instantiate(cts[i], v.type)),
    ...keep(into, accumulate).map((a) => a!.take()),
  ]);
  addResults(keep(into, linear), keep(accumulate, linear), outs, masked);
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
export function changedInPlace(program: Program): readonly InPlaceResult[] {
  let pairs = changes.get(program);
  if (pairs === undefined) changes.set(program, (pairs = findChanges(program)));
  return pairs;
}

const changes = /* @__PURE__ */ new WeakMap<Program, readonly InPlaceResult[]>();

function findChanges({ ins, eqns, outs }: Program): readonly InPlaceResult[] {
  const origins = new Map<Var, Var>(); // of a result that lies in the memory of an operand: that operand
  for (const { prim, params, ins: operands, outs: results } of eqns) {
    const { lowering } = prim;
    if (lowering.kind === "alias") origins.set(results[0]!, operands[0]!);
    if (lowering.kind !== "loops") continue;
    for (const { result, operand } of lowering.inPlace?.(params) ?? [])
      origins.set(results[result]!, operands[operand]!);
  }
  const pairs: InPlaceResult[] = [];
  outs.forEach((v, result) => {
    let origin: Var | undefined = v;
    while (origins.has(origin)) origin = origins.get(origin)!;
    const operand = ins.indexOf(origin);
    if (operand < 0 || v.type.shape.length === 0 || !sameType(v.type, ins[operand]!.type)) return;
    if (pairs.some((pair) => pair.operand === operand)) return;
    pairs.push({ result, operand });
  });
  return pairs;
}

/**
 * A program whose results are those of the equation, as a lowering declares it; its inputs are the operands from number `first`
 * on.
 */
export function wholeProgram(program: Program, first = 0): SubProgram {
  return {
    program,
    ins: program.ins.map((_, i) => ({ of: "operand", index: first + i })),
    outs: program.outs.map((_, i) => ({ of: "result", index: i })),
  };
}

/** The lowering of a primitive that runs its program, and nothing else. */
export const runsProgram: Lowering<{ readonly program: Program }> = {
  kind: "loops",
  inPlace: ({ program }) => changedInPlace(program),
  programs: ({ program }) => [wholeProgram(program)],
  withPrograms: ([program]) => ({ program: program! }),
  emit: ({ block, write }) => void write(block, 0),
};
