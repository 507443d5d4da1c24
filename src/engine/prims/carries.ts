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

/** Returns the items of the list whose entry in `mask` equals `wanted`. */
export function keep<T>(list: readonly T[], mask: readonly boolean[], wanted = true): T[] {
  return list.filter((_, i) => mask[i] === wanted);
}

/** Returns the tangents that are not symbolic zeros (`undefined`). */
export function present(xs: readonly Maybe[]): Tensor[] {
  return xs.filter((x) => x !== undefined);
}

/** Elementwise or of two masks. */
export function either(a: readonly boolean[], b: readonly boolean[]): boolean[] {
  return a.map((x, i) => x || b[i] === true);
}

/**
 * Repeats `step` until the set of marked carries stops growing, and returns the result of the last step. `step`
 * receives the marked carries and returns, as `marked`, the carries that depend on them.
 */
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
 * True if a result of a program is its input variable `input`, and the operand passed for this input has the same
 * `weak` flag. The result then equals the operand.
 */
export function isUnchanged(operand: Tensor, input: Var, result: Var): boolean {
  return input === result && operand.type.weak === result.type.weak;
}

/**
 * Marks the operands to whose accumulators the transposed program adds in place. These are arrays whose accumulator is
 * not empty; scalars are never marked. An operand that is passed twice is marked once.
 */
export function accumulated(into: readonly (Accumulator | undefined)[]): readonly boolean[] {
  return into.map(
    (a, i) => a !== undefined && !a.isEmpty && a.type.shape.length > 0 && into.indexOf(a) === i,
  );
}

/**
 * Transpose rule of a primitive that runs a program; `run` applies the transposed program. If an operand already has a
 * cotangent, the transposed program adds to it in place.
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

/**
 * Passes the results of a transposed program to the accumulators of its linear operands. Results marked in `accumulate`
 * replace the accumulator's contents, because they already include them.
 */
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

/**
 * Finds pairs of a result and an input of a program such that the result is the input with some elements changed, and
 * may reuse its memory. An input occurs in at most one pair, and scalars in none.
 */
export function changedInPlace(program: Program): readonly InPlaceResult[] {
  let pairs = changes.get(program);
  if (pairs === undefined) changes.set(program, (pairs = findChanges(program)));
  return pairs;
}

const changes = /* @__PURE__ */ new WeakMap<Program, readonly InPlaceResult[]>();

function findChanges({ ins, eqns, outs }: Program): readonly InPlaceResult[] {
  const origins = new Map<Var, Var>(); // maps a result that shares memory with an operand to that operand
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
 * Declares, for a lowering, a program whose results are the results of the equation. Its inputs are the operands from
 * index `first` on.
 */
export function wholeProgram(program: Program, first = 0): SubProgram {
  return {
    program,
    ins: program.ins.map((_, i) => ({ of: "operand", index: first + i })),
    outs: program.outs.map((_, i) => ({ of: "result", index: i })),
  };
}

/** Lowering of a primitive that only runs the program among its parameters, such as `call`. */
export const runsProgram: Lowering<{ readonly program: Program }> = {
  kind: "loops",
  inPlace: ({ program }) => changedInPlace(program),
  programs: ({ program }) => [wholeProgram(program)],
  withPrograms: ([program]) => ({ program: program! }),
  emit: ({ block, write }) => void write(block, 0),
};
