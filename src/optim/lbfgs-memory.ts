import { tensor, zeros } from "../array/create.ts";
import { astype } from "../array/elementwise.ts";
import { DownhillError } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { type CurvatureHistory, noHistory } from "./curvature.ts";

/** State of `lbfgs`. All parameters are one vector of n numbers here. */
export interface LbfgsState {
  /** Number of updates made. */
  readonly step: Tensor;
  /** Number of iterations made in all updates together. */
  readonly iterations: Tensor;
  /** Number of evaluations of the loss, with one for each gradient that was handed in. */
  readonly evaluations: Tensor;
  /** The last direction and how far it was followed. */
  readonly direction: Tensor;
  readonly length: Tensor;
  /** The gradient before the last iteration. */
  readonly gradient: Tensor;
  /** The steps and changes of the gradient that are remembered, k × n, and the scale of the inverse Hessian. */
  readonly steps: Tensor;
  readonly changes: Tensor;
  readonly scale: Tensor;
}

/** What is known from one iteration to the next. */
export interface Memory {
  readonly iterations: number;
  readonly evaluations: number;
  readonly direction: Float64Array;
  readonly length: number;
  /** Before the last iteration. */
  readonly gradient: Float64Array;
  readonly history: CurvatureHistory;
}

/** Nothing known yet of n parameters. */
export function emptyMemory(n: number): Memory {
  const zero = new Float64Array(n);
  return { iterations: 0, evaluations: 0, direction: zero, length: 0, gradient: zero, history: noHistory };
}

/** A memory as tensors. */
export function writeState(
  step: number,
  { iterations, evaluations, history, ...memory }: Memory,
): LbfgsState {
  const whole = (n: number): Tensor => tensor(n, { dtype: "int32" });
  const n = memory.direction.length;
  const matrix = (rows: readonly Float64Array[]): Tensor =>
    rows.length === 0
      ? zeros([0, n])
      : tensor(Float64Array.from(rows.flatMap((row) => [...row])), { shape: [rows.length, n] });
  return {
    step: whole(step),
    iterations: whole(iterations),
    evaluations: whole(evaluations),
    direction: tensor(memory.direction),
    length: tensor(memory.length),
    gradient: tensor(memory.gradient),
    steps: matrix(history.steps),
    changes: matrix(history.changes),
    scale: tensor(history.scale),
  };
}

/** A memory out of the tensors, for n parameters. */
export function readState(state: LbfgsState, n: number): Memory {
  // as anywhere, a state may have become plain numbers on its way through a file
  const vector = (x: Tensor): Float64Array => Float64Array.from(astype(x, "float64").data());
  const rows = (x: Tensor): Float64Array[] => {
    const all = vector(x);
    return Array.from({ length: all.length / n }, (_, i) => all.subarray(i * n, (i + 1) * n));
  };
  const scalar = (x: Tensor): number => astype(x, "float64").item();
  if (
    typeof state !== "object" ||
    state === null ||
    !("direction" in state) ||
    vector(state.direction).length !== n
  ) {
    throw new DownhillError(
      "tree",
      `lbfgs: the state is not that of these parameters, which are ${n} numbers; pass what init or update gave.`,
    );
  }
  return {
    iterations: scalar(state.iterations),
    evaluations: scalar(state.evaluations),
    direction: vector(state.direction),
    length: scalar(state.length),
    gradient: vector(state.gradient),
    history: { steps: rows(state.steps), changes: rows(state.changes), scale: scalar(state.scale) },
  };
}
