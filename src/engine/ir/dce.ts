import type { Equation, Program, Var } from "./program.ts";

/**
 * Dead-code elimination: keeps the marked outputs and the equations that they need. All inputs remain; `usedIns` marks
 * the inputs that are still read.
 */
export function dceProgram(
  program: Program,
  usedOuts: readonly boolean[],
): { readonly program: Program; readonly usedIns: readonly boolean[] } {
  const needed = new Set<Var>(program.outs.filter((_, i) => usedOuts[i]));
  const kept: Equation[] = [];
  for (let i = program.eqns.length - 1; i >= 0; i--) {
    const eqn = program.eqns[i]!;
    const used = eqn.outs.map((v) => needed.has(v));
    if (!used.includes(true)) continue;
    const slim = used.includes(false) ? dropUnused(eqn, used) : eqn;
    kept.push(slim);
    for (const v of slim.ins) needed.add(v);
  }
  return {
    program: { ...program, eqns: kept.reverse(), outs: program.outs.filter((_, i) => usedOuts[i]) },
    usedIns: program.ins.map((v) => needed.has(v)),
  };
}

function dropUnused(eqn: Equation, used: readonly boolean[]): Equation {
  const { derivative } = eqn.prim;
  if (derivative.kind !== "structured") return eqn;
  const { params, ins, outs } = derivative.dce(used, eqn.params);
  return { ...eqn, params, ins: eqn.ins.filter((_, i) => ins[i]), outs: eqn.outs.filter((_, i) => outs[i]) };
}
