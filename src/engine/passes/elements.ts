import { internalError } from "../errors/index.ts";
import type { ReadView } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { Expr } from "../kernel/scalar.ts";
import { flatIndex } from "../prims/reduce-loops.ts";
import { stridesOf } from "../util/shape.ts";

/**
 * Expression for the element of an equation's result at `index`. `here(i)` reads operand i at the same index, `at(i,
 * index)` at any index.
 */
export function elementOf(
  { prim, params, ins, outs }: Equation,
  here: (operand: number) => Expr,
  at: (operand: number, index: readonly Expr[]) => Expr,
  index: readonly Expr[],
): Expr {
  const { lowering } = prim;
  const types = ins.map((v) => v.type);
  switch (lowering.kind) {
    case "elementwise":
      return lowering.scalar(
        ins.map((_, i) => here(i)),
        params,
        types,
      );
    case "map":
      return lowering.element(at, index, params, types, outs[0]!.type);
    case "alias":
    case "loops":
    case "host":
      throw internalError(`${prim.name} is not computed element by element`);
  }
}

/** Reads the element of a view at an index. */
export function readElement(view: ReadView, index: readonly Expr[]): Expr {
  return view.read(flatIndex(index, stridesOf(view.type.shape)));
}

/**
 * Access to the values of a program: views of values in memory, and equations of deferred values, which are not in
 * memory.
 */
export interface ValueViews {
  viewOf(v: Var): ReadView;
  readonly deferred: ReadonlyMap<Var, Equation>;
}

/**
 * Expression for the element of a value at an index along each axis. A deferred value is computed from its operands.
 */
export function elementAt(v: Var, index: readonly Expr[], values: ValueViews): Expr {
  const eqn = values.deferred.get(v);
  if (eqn === undefined) return readElement(values.viewOf(v), index);
  const at = (operand: number, place: readonly Expr[]): Expr => elementAt(eqn.ins[operand]!, place, values);
  return elementOf(eqn, (operand) => at(operand, index), at, index);
}
