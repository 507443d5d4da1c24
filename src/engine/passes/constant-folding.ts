import type { Equation, Program, Var } from "../ir/program.ts";
import { scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { valueOf } from "../kernel/evaluate.ts";
import { fullEquation } from "../prims/linear.ts";
import { constantOf, rewriteProgram } from "./rewrite.ts";

/**
 * Constant folding: replaces an elementwise equation of constants by its value. The value is computed by the operations
 * of the compiled code, so that it has the same bits. A broadcast constant counts as a constant.
 */
export function foldConstants(program: Program): Program {
  const constants = new Map<Var, number>();
  return rewriteProgram(program, (eqn, rewriter) => {
    const out = eqn.outs[0]!;
    const given = constantOf(eqn, constants);
    const value = given ?? computed(eqn, constants);
    if (value !== undefined) constants.set(out, value);
    rewriter.emit(given === undefined && value !== undefined ? fullEquation(out, value) : eqn);
  });
}

function computed({ prim, params, ins }: Equation, constants: ReadonlyMap<Var, number>): number | undefined {
  if (prim.lowering.kind !== "elementwise" || ins.length === 0) return undefined;
  const values = ins.map((v) => constants.get(v));
  if (values.includes(undefined)) return undefined;
  const types = ins.map((v) => v.type);
  const operands = values.map((value, i) => k.constant(scalarTypeOf(types[i]!.dtype), value!));
  return valueOf(prim.lowering.scalar(operands, params, types));
}
