import type { Equation, Program, Var } from "../ir/program.ts";
import { isFloating } from "../ir/types.ts";
import { wholeProgram } from "./moves.ts";
import type { RoutineCompiler } from "./pattern.ts";
import { makePatternFinder } from "./pattern.ts";

/**
 * First equation whose sparsity pattern depends on the values of the inputs marked in `active`; `undefined` if no
 * pattern does.
 */
export function localEquation(
  program: Program,
  active: readonly boolean[],
  compile: RoutineCompiler,
): Equation | undefined {
  const dependent = new Set<Var>(program.ins.filter((_, i) => active[i] === true));
  for (const eqn of program.eqns) {
    if (!eqn.ins.some((v) => dependent.has(v))) continue;
    for (const out of eqn.outs) dependent.add(out);
    if (isLocal(eqn, dependent, compile)) return eqn;
  }
  return undefined;
}

function isLocal(eqn: Equation, dependent: ReadonlySet<Var>, compile: RoutineCompiler): boolean {
  const ins = [...new Set(eqn.ins)];
  const outs = eqn.outs.filter(({ type }) => isFloating(type.dtype));
  const changing = ins.map((v) => dependent.has(v));
  const active = ins.map((v, i) => changing[i] === true && isFloating(v.type.dtype));
  if (!active.includes(true) || outs.length === 0) return false;
  const single = { name: eqn.prim.name, ins, eqns: [eqn], outs };
  return makePatternFinder(eqn.prim.name, wholeProgram(single, active), active, compile, undefined, {
    changing,
  }).isLocal;
}
