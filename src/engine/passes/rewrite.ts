import type { Equation, Program, Var } from "../ir/program.ts";

/** Builds the rewritten program: `emit` appends an equation, `alias` replaces a value by another one. */
export interface Rewriter {
  /** Current replacement of `v`, or `v` itself. */
  resolve(v: Var): Var;
  /** Replaces `v` by another value of the same type in all equations emitted later. */
  alias(v: Var, other: Var): void;
  emit(eqn: Equation): void;
}

/** Empty set of known constants, for queries about an equation with arbitrary operands. */
export const nothingKnown: ReadonlyMap<Var, number> = new Map();

/** Value of all elements of an equation's result; `undefined` if it does not follow from the known constants. */
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

/**
 * Rewrites a program equation by equation, in order: `visit` receives each equation and emits the equations that
 * replace it.
 */
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
