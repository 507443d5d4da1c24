import type { InPlaceResult } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { subPrograms } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { arrayType } from "../ir/types.ts";
import { bind } from "../trace/bind.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { changedInPlace } from "./carries.ts";

/**
 * Pairs of results and operands that both programs change in place by equations that have a predicated form (`guard`).
 * Empty if a program contains a loop whose length depends on values: without the changes, it might not end.
 */
export function guardedChanges(a: Program, b: Program): readonly InPlaceResult[] {
  if (hasOpenLoop(a) || hasOpenLoop(b)) return [];
  const changes = changedInPlace(b);
  return changedInPlace(a).filter(
    ({ result, operand }) =>
      changes.some((other) => other.result === result && other.operand === operand) &&
      [a, b].every((program) => changesOf(program, result) !== undefined),
  );
}

/**
 * Builds the predicated form of a program: an additional first input determines whether the given results are changed.
 * Undefined if an equation has no predicated form.
 */
export function guardedProgram(program: Program, results: readonly number[]): Program | undefined {
  if (!results.every((result) => changesOf(program, result) !== undefined)) return undefined;
  const types = [arrayType("bool", []), ...program.ins.map((v) => v.type)];
  return traceClosed(program.name, types, (when, ...args) => evalGuarded(program, args, when, results));
}

/**
 * Evaluates a program so that the given results change only if `when` holds. All their equations must have a predicated
 * form.
 */
export function evalGuarded(
  program: Program,
  args: readonly Tensor[],
  when: Tensor,
  results: readonly number[],
): readonly Tensor[] {
  const guarded = new Map<Equation, number[]>();
  for (const { eqn, result } of results.flatMap((i) => changesOf(program, i)!)) {
    const list = guarded.get(eqn);
    if (list === undefined) guarded.set(eqn, [result]);
    else list.push(result);
  }
  let next = 0;
  return evalProgram(program, args, (prim, ins, params) => {
    const changed = guarded.get(program.eqns[next++]!);
    return changed === undefined ? bind(prim, ins, params) : prim.guard!(params, changed)!(ins, when);
  });
}

/** An equation that changes an operand in place, and the index of the result that is written over it. */
interface Change {
  readonly eqn: Equation;
  readonly result: number;
}

/**
 * The chain of in-place equations that leads from an operand to a result; undefined if one of them has no predicated
 * form.
 */
function changesOf({ eqns, outs }: Program, result: number): readonly Change[] | undefined {
  const made = new Map(eqns.flatMap((eqn) => eqn.outs.map((v, i): [Var, Change] => [v, { eqn, result: i }])));
  const changes: Change[] = [];
  for (let change = made.get(outs[result]!); change !== undefined;) {
    const { prim, params, ins } = change.eqn;
    const { lowering } = prim;
    let operand: number | undefined = lowering.kind === "alias" ? 0 : undefined;
    if (lowering.kind === "loops" && prim.guard?.(params, [change.result]) !== undefined) {
      operand = lowering.inPlace?.(params).find((pair) => pair.result === change!.result)?.operand;
      changes.push(change);
    }
    if (operand === undefined) return undefined;
    change = made.get(ins[operand]!);
  }
  return changes;
}

function hasOpenLoop({ eqns }: Program): boolean {
  return eqns.some(({ prim, params }) => {
    const parts = prim.loop?.parts?.(params);
    return (parts !== undefined && parts.length === undefined) || subPrograms(params).some(hasOpenLoop);
  });
}
