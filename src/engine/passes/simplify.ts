import { identityOf, paramsKey } from "../ir/key.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { sameType } from "../ir/types.ts";
import { constantOf, rewriteProgram } from "./rewrite.ts";

/**
 * Removes equations that return an operand unchanged (`algebra.identity` of their primitive), and pairs of equations
 * that undo each other. Only identities that hold for every floating-point number are used. Examples are x · 1 = x and
 * −(−x) = x, but not x + 0 = x, because −0 + 0 is 0.
 */
export function simplify(program: Program): Program {
  const constants = new Map<Var, number>();
  const undone = new Map<Var, Equation>(); // by result, equations of self-inverse primitives
  return rewriteProgram(program, (eqn, rewriter) => {
    if (eqn.prim.algebra?.undoesItself === true) {
      const before = undone.get(eqn.ins[0]!);
      if (before?.prim === eqn.prim && sameKey(before.params, eqn.params)) {
        rewriter.alias(eqn.outs[0]!, before.ins[0]!);
        return;
      }
      undone.set(eqn.outs[0]!, eqn);
    }
    const value = constantOf(eqn, constants);
    if (value !== undefined) constants.set(eqn.outs[0]!, value);
    const same = eqn.prim.algebra?.identity?.(
      eqn.ins.map((v) => constants.get(v)),
      eqn.ins.map((v) => v.type),
      eqn.params,
    );
    const operand = same === undefined ? undefined : eqn.ins[same];
    if (operand !== undefined && sameType(operand.type, eqn.outs[0]!.type))
      rewriter.alias(eqn.outs[0]!, operand);
    else rewriter.emit(eqn);
  });
}

function sameKey(a: unknown, b: unknown): boolean {
  return a === b || paramsKey(a, identityOf) === paramsKey(b, identityOf);
}
