import * as k from "./build.ts";
import type { Expr, ReduceOp, ScalarType } from "./scalar.ts";

/** Neutral element of a fold of scalars of this type. */
export function neutral(op: ReduceOp, type: ScalarType): Expr {
  switch (op) {
    case "add":
    case "or":
      return k.constant(type, 0);
    case "mul":
      return k.constant(type, 1);
    case "and":
      return k.constant(type, type === "i32" ? -1 : type === "u32" ? 4294967295 : 1);
    case "min":
    case "max":
      return extreme(op, type);
  }
}

/** Identity of min or max: the largest or smallest value of the type. */
function extreme(op: "min" | "max", type: ScalarType): Expr {
  const isMax = op === "max";
  switch (type) {
    case "f64":
    case "f32":
      return k.constant(type, isMax ? -Infinity : Infinity);
    case "i32":
      return k.constant(type, isMax ? -2147483648 : 2147483647);
    case "u32":
      return k.constant(type, isMax ? 0 : 4294967295);
    case "bool":
      return k.constant(type, isMax ? 0 : 1);
  }
}
