import type { Equation, Program, Var } from "../ir/program.ts";

/** A program of the equations that `visit` keeps or changes, with operands replaced as `alias` says. */
export interface Rewriter {
  /** The value that stands for `v` by now. */
  resolve(v: Var): Var;
  /** Lets `v` stand for another value of the same type from here on. */
  alias(v: Var, other: Var): void;
  emit(eqn: Equation): void;
}

/** For those who ask what an equation gives whatever its operands are. */
export const nothingKnown: ReadonlyMap<Var, number> = new Map();

/** The number that every element of the result of an equation is, where it follows from what is known of its operands. */
export function constantOf(
  { prim, params, ins }: Equation,
  constants: ReadonlyMap<Var, number>,
): number | undefined {
  const rule = prim.algebra?.constant;
  return rule === undefined
    ? undefined
    : rule(
        ins.map((v) => constants.get(v)),
        params,
      );
}

/** Walks the equations in order; `visit` emits what is to remain. */
export function rewriteProgram(
  program: Program,
  visit: (eqn: Equation, rewriter: Rewriter) => void,
): Program {
  const replaced = new Map<Var, Var>();
  const eqns: Equation[] = [];
  const rewriter: Rewriter = {
    resolve: (v) => replaced.get(v) ?? v,
    alias: (v, other) => replaced.set(v, rewriter.resolve(other)),
    emit: (eqn) => eqns.push(eqn),
  };
  for (const eqn of program.eqns) visit({ ...eqn, ins: eqn.ins.map((v) => rewriter.resolve(v)) }, rewriter);
  return { ...program, eqns, outs: program.outs.map((v) => rewriter.resolve(v)) };
}
