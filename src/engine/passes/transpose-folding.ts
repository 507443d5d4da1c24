import type { Equation, Program, Var } from "../ir/program.ts";
import { countUses } from "../ir/uses.ts";
import { axisOrder } from "../prims/shape.ts";
import { rewriteProgram } from "./rewrite.ts";

/**
 * Folds permutations of axes into the equations before and after them that can read or write in any axis order. The
 * transposes around matrix products, which are frequent in derivatives, then cost nothing. A transpose with other
 * consumers remains for them.
 */
export function foldTransposes(program: Program): Program {
  const definitions = new Map<Var, Equation>();
  const uses = countUses(program.eqns, program.outs);
  return rewriteProgram(program, (given, rewriter) => {
    const eqn = foldIntoResult(foldIntoOperands(given, definitions), definitions, uses);
    for (const v of eqn.outs) definitions.set(v, eqn);
    rewriter.emit(eqn);
  });
}

/** Returns the equation without permutations of its operands: it reads the unpermuted arrays, in another axis order. */
function foldIntoOperands(given: Equation, definitions: ReadonlyMap<Var, Equation>): Equation {
  const { layout } = given.prim;
  if (layout?.transposeOperand === undefined) return given;
  let eqn = given;
  given.ins.forEach((v, i) => {
    const definition = definitions.get(v);
    const order = definition && axisOrder(definition);
    if (definition === undefined || order === undefined) return;
    const types = eqn.ins.map((x) => x.type);
    const params = layout.transposeOperand!(eqn.params, i, order, types);
    eqn = { ...eqn, params, ins: eqn.ins.map((x, k) => (k === i ? definition.ins[0]! : x)) };
  });
  return eqn;
}

/**
 * For a permutation that is the only consumer of a result: returns the equation of that result, changed to yield the
 * permuted result directly. Returns other equations unchanged.
 */
function foldIntoResult(
  eqn: Equation,
  definitions: ReadonlyMap<Var, Equation>,
  uses: ReadonlyMap<Var, number>,
): Equation {
  const order = axisOrder(eqn);
  const source = eqn.ins[0];
  const definition = source === undefined ? undefined : definitions.get(source);
  const rule = definition?.prim.layout?.transposeResult;
  if (order === undefined || definition === undefined || rule === undefined || uses.get(source!) !== 1)
    return eqn;
  return {
    ...definition,
    params: rule(definition.params, order),
    outs: eqn.outs,
  };
}
