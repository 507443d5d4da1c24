import { full } from "../array/create.ts";
import {
  add,
  astype,
  div,
  equal,
  less,
  minimum,
  mul,
  neg,
  reciprocal,
  sub,
  where,
} from "../array/elementwise.ts";
import { dynamicUpdateSlice } from "../array/gather.ts";
import { at } from "../array/at.ts";
import { dot, expandDims } from "../array/shape.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { type ArrayType, arrayType } from "../../engine/ir/types.ts";
import { foriLoop } from "../../engine/transforms/structured.ts";
import { sameShape } from "../../engine/util/shape.ts";

/**
 * A ring buffer of the most recent steps and the changes of the gradient over them: once all rows are used, the newest
 * step replaces the oldest.
 */
export interface LbfgsHistory {
  /** The steps s, `historySize` × n. */
  readonly steps: Tensor;
  /** The changes y of the gradient, `historySize` × n. */
  readonly changes: Tensor;
  /** ρ = 1/sᵀy of each step, `historySize` numbers. */
  readonly rho: Tensor;
  /** γ = sᵀy/yᵀy of the newest step, the scale of the initial inverse Hessian. */
  readonly scale: Tensor;
  /** Number of rows in use. */
  readonly remembered: Tensor;
  /** Row that the next step will be written to. */
  readonly next: Tensor;
}

/** State of `lbfgs`. It stores all parameters as one float64 vector of n numbers. */
export interface LbfgsState extends LbfgsHistory {
  /** Number of updates made. */
  readonly step: Tensor;
  /** Total number of iterations in all updates. */
  readonly iterations: Tensor;
  /** Number of evaluations of the loss, including one per gradient that was passed in. */
  readonly evaluations: Tensor;
  /** The last direction, and the step length along it. */
  readonly direction: Tensor;
  readonly length: Tensor;
  /** The gradient before the last iteration. */
  readonly gradient: Tensor;
}

/** Types of the arrays of a state. */
function typesOf(n: number, historySize: number): Readonly<Record<keyof LbfgsState, ArrayType>> {
  const whole = arrayType("int32", []);
  const real = (...shape: readonly number[]): ArrayType => arrayType("float64", shape);
  return {
    step: whole,
    iterations: whole,
    evaluations: whole,
    direction: real(n),
    length: real(),
    gradient: real(n),
    steps: real(historySize, n),
    changes: real(historySize, n),
    rho: real(historySize),
    scale: real(),
    remembered: whole,
    next: whole,
  };
}

/** The initial state for n parameters, with an empty history. */
export function emptyState(n: number, historySize: number): LbfgsState {
  return eachPart(n, historySize, ({ shape, dtype }, key) => full(shape, key === "scale" ? 1 : 0, { dtype }));
}

/**
 * The state with each part converted to its dtype, because a state loaded from a file may consist of plain numbers.
 * @throws DownhillError `tree` if the state does not belong to n parameters with a history of this size.
 */
export function readState(state: LbfgsState, n: number, historySize: number): LbfgsState {
  return eachPart(n, historySize, (type, key) => {
    const part = state[key] as Tensor | undefined;
    const x = part === undefined ? undefined : astype(part, type.dtype);
    if (x !== undefined && sameShape(x.shape, type.shape)) return x;
    throw new DownhillError(
      "tree",
      `lbfgs: the state does not belong to these parameters, which are ${n} numbers, with a history of ${historySize}: ` +
        `${key} is ${x === undefined ? "missing" : showType(x.type)}, not ${showType(type)}. Pass a state that init or update returned.`,
    );
  });
}

function eachPart(
  n: number,
  historySize: number,
  make: (type: ArrayType, key: keyof LbfgsState) => Tensor,
): LbfgsState {
  const parts = Object.entries(typesOf(n, historySize)).map(([key, type]) => [
    key,
    make(type, key as keyof LbfgsState),
  ]);
  return Object.fromEntries(parts) as LbfgsState;
}

/** The history with a step s and the change y of the gradient over it appended if `isUseful`, else unchanged. */
export function remember(history: LbfgsHistory, s: Tensor, y: Tensor, isUseful: Tensor): LbfgsHistory {
  const { steps, changes, rho, scale, remembered, next } = history;
  const size = rho.shape[0]!;
  const curvature = dot(y, s);
  // selects a row instead of the whole array, so that the rows can be updated in place
  const write = (rows: Tensor, x: Tensor): Tensor => {
    const row = where(isUseful, x, at(rows, next));
    return dynamicUpdateSlice(rows, expandDims(row, 0), [next, ...x.shape.map(() => 0)]);
  };
  const after = add(next, 1);
  return {
    steps: write(steps, s),
    changes: write(changes, y),
    rho: write(rho, reciprocal(curvature)),
    scale: where(isUseful, div(curvature, dot(y, y)), scale),
    remembered: where(isUseful, minimum(add(remembered, 1), size), remembered),
    next: where(isUseful, where(equal(after, size), 0, after), next),
  };
}

/**
 * The L-BFGS search direction `−Hg` for the inverse Hessian H that the history approximates, by the two-loop recursion
 * without forming H.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, algorithm 7.4.
 */
export function directionOf(history: LbfgsHistory, gradient: Tensor): Tensor {
  const { steps, changes, rho, scale, remembered, next } = history;
  const size = rho.shape[0]!;
  /** Index of the row that was written `age` steps before the newest. */
  const rowAt = (age: Tensor): Tensor => {
    const row = sub(sub(next, 1), age);
    return where(less(row, 0), add(row, size), row);
  };
  interface Backwards {
    readonly q: Tensor;
    /** Coefficients of the two-loop recursion, by the age of the step. */
    readonly alpha: Tensor;
  }
  const { q, alpha } = foriLoop<Backwards>(
    0,
    remembered,
    (age, { q, alpha }) => {
      const row = rowAt(age);
      const a = mul(dot(at(steps, row), q), at(rho, row));
      return {
        q: sub(q, mul(a, at(changes, row))),
        alpha: dynamicUpdateSlice(alpha, expandDims(a, 0), [age]),
      };
    },
    { q: neg(gradient), alpha: full([size], 0) },
  );
  return foriLoop(
    0,
    remembered,
    (k, r) => {
      const age = sub(sub(remembered, 1), k);
      const row = rowAt(age);
      const beta = mul(dot(at(changes, row), r), at(rho, row));
      return add(r, mul(sub(at(alpha, age), beta), at(steps, row)));
    },
    mul(scale, q),
  );
}
