import { hashProgram } from "../ir/hash.ts";
import { paramsKey } from "../ir/key.ts";
import type { Primitive } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import { typeKey } from "../ir/types.ts";
import { rewriteProgram } from "./rewrite.ts";

/** Common subexpression elimination: replaces an equation that repeats an earlier one by the earlier results. */
export function eliminateCommonSubexpressions(program: Program): Program {
  const numbers = new Map<object, number>();
  const number = (x: Var | Primitive): number => {
    let n = numbers.get(x);
    if (n === undefined) numbers.set(x, (n = numbers.size));
    return n;
  };
  const seen = new Map<string, readonly Var[]>();
  return rewriteProgram(program, (eqn, rewriter) => {
    const operands = eqn.ins.map(number);
    if (eqn.prim.algebra?.commutes === true) operands.sort((a, b) => a - b);
    const key = `${number(eqn.prim)} ${paramsKey(eqn.params, hashProgram)} ${operands.join(" ")} ${eqn.outs.map((v) => typeKey(v.type)).join(" ")}`;
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, eqn.outs);
      rewriter.emit(eqn);
    } else eqn.outs.forEach((v, i) => rewriter.alias(v, earlier[i]!));
  });
}
