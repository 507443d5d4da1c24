import type { Equation, Program, Var } from "../ir/program.ts";
import { withShape } from "../ir/types.ts";
import { fullEquation } from "../prims/linear.ts";
import { broadcastEquation, repeatedScalar, reshapeEquation } from "../prims/shape.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape } from "../util/shape.ts";
import type { Rewriter } from "./rewrite.ts";
import { constantOf, nothingKnown, rewriteProgram } from "./rewrite.ts";

/**
 * Removes axes of size 1 that a reshape inserted: elementwise equations are computed without these axes, and their
 * results are reshaped. Values that are computed per row, such as its mean and its maximum, can thus share a loop, no
 * matter if the reduced axis was kept. Chains of reshapes become at most one.
 */
export function dropUnitAxes(program: Program): Program {
  const slim = new Map<Var, Var>(); // source of a value that is a reshape
  const constants = new Map<Var, number>();
  const repeated = new Map<Var, Var>(); // scalar that fills an array
  return rewriteProgram(program, (eqn, rewriter) => {
    const out = eqn.outs[0];
    if (out === undefined) return rewriter.emit(eqn);
    const { lowering } = eqn.prim;
    if (lowering.kind === "alias") return reshape(out, eqn.ins[0]!, rewriter);
    const value = constantOf(eqn, nothingKnown);
    if (value !== undefined) constants.set(out, value);
    const scalar = repeatedScalar(eqn);
    if (scalar !== undefined) repeated.set(out, scalar);
    const shape = lowering.kind === "elementwise" ? shapeWithout(eqn) : undefined;
    if (shape === undefined) return rewriter.emit(eqn);
    const ins = eqn.ins.map((v) => operand(v, shape, rewriter));
    const result: Var = { ...out, type: withShape(out.type, shape) };
    rewriter.emit({ ...eqn, ins, outs: [result] });
    reshape(out, result, rewriter);
  });

  function reshape(out: Var, given: Var, rewriter: Rewriter): void {
    const source = slim.get(given) ?? given;
    if (sameShape(source.type.shape, out.type.shape)) return rewriter.alias(out, source);
    slim.set(out, source);
    rewriter.emit(reshapeEquation(out, source));
  }

  /**
   * The shape without unit axes in which an elementwise equation can be computed; `undefined` if an operand is not
   * available in this shape.
   */
  function shapeWithout(eqn: Equation): Shape | undefined {
    const shapes = eqn.ins.flatMap((v) => {
      const source = slim.get(v);
      return source === undefined ? [] : [source.type.shape];
    });
    const [shape] = shapes;
    const all = eqn.outs[0]!.type.shape;
    if (
      shape === undefined ||
      shape.length >= all.length ||
      !sameShape(withoutUnits(shape), withoutUnits(all))
    )
      return undefined;
    const fits = eqn.ins.every(
      (v) => constants.has(v) || repeated.has(v) || sameShape(slim.get(v)?.type.shape ?? all, shape),
    );
    return fits ? shape : undefined;
  }

  function operand(v: Var, shape: Shape, rewriter: Rewriter): Var {
    const source = slim.get(v);
    if (source !== undefined && sameShape(source.type.shape, shape)) return source;
    const made: Var = { ...v, type: withShape(v.type, shape) };
    const constant = constants.get(v);
    rewriter.emit(
      constant === undefined ? broadcastEquation(made, repeated.get(v)!) : fullEquation(made, constant),
    );
    return made;
  }
}

function withoutUnits(shape: Shape): Shape {
  return shape.filter((n) => n !== 1);
}
