import type { Expr, Reduce } from "../../../../kernel/scalar.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import { bodyOf, constantVec, inRegs, newRegs, splatBytes } from "./lanes.ts";
import { binaryVec } from "./operations.ts";

/** Writer of the code that accumulates a fold in lanes. */
export interface VectorAccumulator {
  /** Locals that hold the result of each lane after `finish`. */
  readonly regs: readonly number[];
  /** Writes the code before the first value, which sets the accumulator to its initial value. */
  readonly begin: () => void;
  /** Folds one value per lane into the accumulator, in the code of `lanes`. */
  readonly add: (value: Vec, lanes: LaneCode) => void;
  /**
   * Writes the code after the last value, which leaves the final values in `regs`. An accumulator of minima corrects
   * NaN and zeros here.
   */
  readonly finish: () => void;
}

/** Opens an accumulator for the lanes of `outside`, whose code is around the loop. */
export function openAccumulator(stmt: Reduce, width: Width, outside: LaneCode): VectorAccumulator {
  const { op } = stmt;
  const { type } = stmt.value;
  const start = (stmt.start as Expr & { value: number }).value;
  if ((op === "min" || op === "max") && (type === "f64" || type === "f32")) {
    if (start === (op === "min" ? Infinity : -Infinity)) return openExtreme(op, type, width, outside);
  }
  const regs = newRegs(outside, width);
  return {
    regs,
    begin: () => setAll(regs, constantVec(type, start, width, outside), outside),
    add(value, lanes) {
      setAll(regs, binaryVec(op, inRegs(type, width, regs, lanes), value, lanes), lanes);
    },
    finish: () => {},
  };
}

function setAll(regs: readonly number[], vec: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  regs.forEach((reg, k) => {
    vec.emit(k);
    body.localSet(reg);
  });
}

/**
 * Opens an accumulator for the minimum or maximum of floats by the fast instruction, which ignores NaN and treats 0 and
 * −0 as equal. It tracks separately if a NaN occurred, and if the zero occurred that should win. The exact operation
 * would take ten dependent instructions.
 */
function openExtreme(
  op: "min" | "max",
  type: "f64" | "f32",
  width: Width,
  outside: LaneCode,
): VectorAccumulator {
  const shape = type === "f64" ? "f64x2" : "f32x4";
  const bits = type === "f64" ? "i64x2" : "i32x4";
  const [regs, nans, zeros] = [newRegs(outside, width), newRegs(outside, width), newRegs(outside, width)];
  const winner = splatBytes(type, op === "max" ? 0 : -0);
  const sign = splatBytes(type, -0);
  return {
    regs,
    begin() {
      setAll(regs, constantVec(type, op === "max" ? -Infinity : Infinity, width, outside), outside);
      const none = constantVec("bool", 0, width, outside);
      setAll(nans, none, outside);
      setAll(zeros, none, outside);
    },
    add(value, lanes) {
      const body = bodyOf(lanes);
      regs.forEach((reg, k) => {
        const x = body.local("v128");
        value.emit(k);
        body.localSet(x);
        body.localGet(reg);
        body.localGet(x);
        body.op(`${shape}.p${op}`);
        body.localSet(reg);
        body.localGet(nans[k]!);
        body.localGet(x);
        body.localGet(x);
        body.op(`${shape}.ne`);
        body.op("v128.or");
        body.localSet(nans[k]!);
        body.localGet(zeros[k]!);
        body.localGet(x);
        body.v128Const(winner);
        body.op(`${bits}.eq`);
        body.op("v128.or");
        body.localSet(zeros[k]!);
      });
    },
    finish() {
      const body = bodyOf(outside);
      regs.forEach((reg, k) => {
        // where the result is a zero: the one that wins if it occurred, else the other
        body.v128Const(sign);
        body.localGet(zeros[k]!);
        body.op(op === "max" ? "v128.andnot" : "v128.and");
        body.localGet(reg);
        body.localGet(reg);
        body.v128Const(splatBytes(type, 0));
        body.op(`${shape}.eq`);
        body.op("v128.bitselect");
        body.localGet(nans[k]!);
        body.op("v128.or"); // a lane with all bits set is a NaN
        body.localSet(reg);
      });
    },
  };
}
