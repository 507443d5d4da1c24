import type { Equation, Var } from "./program.ts";

/** Counts how often each value is read by the equations and results. */
export function countUses(
  eqns: readonly Pick<Equation, "ins">[],
  outs: readonly Var[] = [],
): Map<Var, number> {
  const uses = new Map<Var, number>();
  const use = (v: Var): void => void uses.set(v, (uses.get(v) ?? 0) + 1);
  for (const eqn of eqns) eqn.ins.forEach(use);
  outs.forEach(use);
  return uses;
}
