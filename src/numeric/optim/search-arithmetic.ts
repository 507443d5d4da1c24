import {
  abs,
  add,
  div,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  sqrt,
  sub,
  where,
} from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";

/**
 * Operations of a line search, so that one implementation serves plain values and tensors. `X` are numbers, `B`
 * booleans and `V` gradients. With tensors the search is a loop of a program, in which both sides of a choice are
 * computed.
 */
export interface SearchArithmetic<X, B, V> {
  readonly add: (x: X, y: X | number) => X;
  readonly sub: (x: X, y: X) => X;
  readonly mul: (x: X | number, y: X) => X;
  readonly div: (x: X, y: X | number) => X;
  readonly min: (x: X, y: X) => X;
  readonly max: (x: X, y: X) => X;
  readonly abs: (x: X) => X;
  readonly sqrt: (x: X) => X;
  /** x < y. Like `atMost`, it is false if an operand is NaN. */
  readonly less: (x: X, y: X | number) => B;
  /** x ≤ y */
  readonly atMost: (x: X | number, y: X) => B;
  readonly not: (b: B) => B;
  readonly and: (a: B, b: B) => B;
  readonly or: (a: B, b: B) => B;
  /** `x` if b, else `y`. */
  readonly choose: (b: B, x: X, y: X) => X;
  readonly chooseTruth: (b: B, x: B, y: B) => B;
  readonly chooseGradient: (b: B, x: V, y: V) => V;
}

/** Plain numbers, with vectors as gradients. */
export const ofNumbers: SearchArithmetic<number, boolean, Float64Array> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  abs: (x) => Math.abs(x),
  sqrt: (x) => Math.sqrt(x),
  less: (x, y) => x < y,
  atMost: (x, y) => x <= y,
  not: (b) => !b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  choose: (b, x, y) => (b ? x : y),
  chooseTruth: (b, x, y) => (b ? x : y),
  chooseGradient: (b, x, y) => (b ? x : y),
};

/** Scalar tensors, with tensors of rank 1 as gradients. */
export const ofTensors: SearchArithmetic<Tensor, Tensor, Tensor> = {
  add,
  sub,
  mul,
  div,
  min: minimum,
  max: maximum,
  abs,
  sqrt,
  less,
  atMost: lessEqual,
  not: logicalNot,
  and: logicalAnd,
  or: logicalOr,
  choose: where,
  chooseTruth: where,
  chooseGradient: where,
};
