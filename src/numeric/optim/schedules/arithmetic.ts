import { full, tensor } from "../../array/create.ts";
import * as array from "../../array/elementwise.ts";
import { take } from "../../array/shape.ts";
import { interpBackend } from "../../../engine/backends/interp/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import type { CompiledProcedure } from "../../../engine/kernel/executable.ts";
import { cos64, log64, pow64 } from "../../../engine/kernel/math/index.ts";
import type { Procedure } from "../../../engine/kernel/index.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { full as constant } from "../../../engine/prims/linear.ts";
import { installedGenerator } from "../../../engine/runtime/index.ts";
import type { Scalar } from "../options.ts";
import type { Schedule } from "../schedule.ts";

/** A value of the type that a formula computes with, or a constant. */
export type FormulaOperand<X> = X | number;

/** A user's function over tensors, which is also applied to numbers. */
export type TensorFunction = (x: Tensor) => Scalar;

/**
 * Operations for the formulas of schedules. Those of plain numbers and of tensors give the same bits, so that one
 * formula serves both.
 */
export interface ScheduleArithmetic<X> {
  readonly add: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly sub: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly mul: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly div: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly pow: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly min: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly max: (x: FormulaOperand<X>, y: FormulaOperand<X>) => X;
  readonly sqrt: (x: X) => X;
  readonly floor: (x: X) => X;
  /** Natural logarithm. */
  readonly log: (x: X) => X;
  /** Cosine, x in radians. */
  readonly cos: (x: X) => X;
  /** `x` if a < b, else `y`; `y` if a or b is NaN. */
  readonly ifLess: (
    a: FormulaOperand<X>,
    b: FormulaOperand<X>,
    x: FormulaOperand<X>,
    y: FormulaOperand<X>,
  ) => X;
  /** The element of a list at an integer index; the last element beyond its end. */
  readonly pick: (list: readonly number[], place: X) => X;
  /** Value of a schedule at a step. */
  readonly rateOf: (schedule: number | Schedule, step: X) => X;
  readonly apply: (f: TensorFunction, x: X) => X;
}

/** Arithmetic of plain numbers. */
export const ofNumbers: ScheduleArithmetic<number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  // not the functions of Math, which differ between JavaScript engines
  pow: /* @__PURE__ */ compiledOnce(pow64),
  log: /* @__PURE__ */ compiledOnce(log64),
  cos: /* @__PURE__ */ compiledOnce(cos64),
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  sqrt: (x) => Math.sqrt(x),
  floor: (x) => Math.floor(x),
  ifLess: (a, b, x, y) => (a < b ? x : y),
  pick: (list, place) => list[Math.min(list.length - 1, place)]!,
  rateOf: (schedule, step) => (typeof schedule === "number" ? schedule : schedule(step)),
  apply(f, x) {
    const value = f(full([], x));
    return typeof value === "number" ? value : value.item();
  },
};

/** Arithmetic of tensors with the dtype of `t`, to which constants are rounded. */
export function ofTensorsLike(t: Tensor): ScheduleArithmetic<Tensor> {
  const { dtype, weak } = t.type;
  const scalar = arrayType(dtype, [], weak);
  const lift = (x: FormulaOperand<Tensor>): Tensor => (typeof x === "number" ? constant(scalar, x) : x);
  type Binary = (x: FormulaOperand<Tensor>, y: FormulaOperand<Tensor>) => Tensor;
  const lifted =
    (op: (x: Tensor, y: Tensor) => Tensor): Binary =>
    (x, y) =>
      op(lift(x), lift(y));
  const alike = (x: unknown): Tensor =>
    typeof x === "number" ? lift(x) : array.astype(asTensor(x, "schedule"), dtype);
  return {
    add: lifted(array.add),
    sub: lifted(array.sub),
    mul: lifted(array.mul),
    div: lifted(array.div),
    pow: lifted(array.pow),
    min: lifted(array.minimum),
    max: lifted(array.maximum),
    sqrt: array.sqrt,
    floor: array.floor,
    log: array.log,
    cos: array.cos,
    ifLess: (a, b, x, y) => array.where(array.less(lift(a), lift(b)), lift(x), lift(y)),
    pick: (list, place) =>
      take(tensor(list, { dtype }), array.minimum(array.astype(place, "int32"), list.length - 1)),
    rateOf: (schedule, step) => alike(typeof schedule === "number" ? schedule : schedule(step)),
    apply: (f, x) => alike(f(x)),
  };
}

/** A function on plain numbers from the procedure that tensors use, compiled at the first call. */
function compiledOnce(procedure: Procedure): CompiledProcedure {
  let call: CompiledProcedure | undefined;
  return (...xs) => {
    call ??= (installedGenerator() ?? interpBackend).compileProcedure(procedure);
    return call(...xs);
  };
}

/** `from · (1 − part) + to · part`: exactly `from` for part 0 and exactly `to` for 1. */
export function mix<X>(
  { add, sub, mul }: ScheduleArithmetic<X>,
  from: FormulaOperand<X>,
  to: FormulaOperand<X>,
  part: FormulaOperand<X>,
): X {
  return add(mul(from, sub(1, part)), mul(to, part));
}

/** Half a cosine from 0 to 1 while `part` goes from 0 to 1, and back to 0 while it goes to 2. */
export function halfCosine<X>({ sub, mul, div, cos }: ScheduleArithmetic<X>, part: X): X {
  return div(sub(1, cos(mul(Math.PI, part))), 2);
}
