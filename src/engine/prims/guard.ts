import type { InPlaceResult } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { subPrograms } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { arrayType } from "../ir/types.ts";
import { bind } from "../trace/bind.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { changedInPlace } from "./carries.ts";

/**
 * The results that both programs make of the same operand by changes in some places, which can be left out one by one. None where
 * a loop goes on until values say so: it might not end without these changes.
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

/** A program whose first input says whether it makes the changes for these results, if these can be left out. */
export function guardedProgram(program: Program, results: readonly number[]): Program | undefined {
  if (!results.every((result) => changesOf(program, result) !== undefined)) return undefined;
  const types = [arrayType("bool", []), ...program.ins.map((v) => v.type)];
  return traceClosed(program.name, types, (when, ...args) => evalGuarded(program, args, when, results));
}

/** The results of a program that makes the changes for some of them, which can be left out, only where `when` holds. */
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

/** An equation that changes an operand in some places, and which of its results that is. */
interface Change {
  readonly eqn: Equation;
  readonly result: number;
}

/** The changes of an operand until it is this result; `undefined` if one of them cannot be left out. */
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
