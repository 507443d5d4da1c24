// Runs of methods that use curvature, on functions of two numbers.
import { grad, hessian, jacfwd, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/** A run of one method. Entry t of each list is the state after t steps. */
export interface CurvatureRun {
  readonly points: readonly Point[];
  readonly values: readonly number[];
  /** True if the run left the finite numbers or met a singular matrix. */
  readonly isLost: boolean;
}

/** Number of computed steps. */
export const mostSteps = 40;

const arrived = 1e-10; // size of a step, relative to the point, below which a run ends
const farAbove = 1e4; // multiple of the start's height above which a run counts as lost

/** A point as a tensor. */
export const f64 = (point: Point): Tensor => tensor([...point], { dtype: "float64" });

/**
 * Repeats a step until the run arrives, is lost, or has {@link mostSteps} steps.
 *
 * @param step returns the change of the point; `undefined` if a matrix is singular
 */
export function repeat(
  value: (point: Point) => number,
  step: (point: Point) => Point | undefined,
  start: Point,
): CurvatureRun {
  const points: Point[] = [start];
  const values = [value(start)];
  for (let t = 0; t < mostSteps; t++) {
    const from = points.at(-1)!;
    const change = step(from);
    if (change === undefined) return { points, values, isLost: true };
    if (Math.hypot(...change) <= arrived * Math.hypot(1, ...from)) break;
    const to = from.map((x, i) => x + change[i]!);
    const height = value(to);
    const isFinite = Number.isFinite(height) && to.every((x) => Number.isFinite(x));
    if (!isFinite || height > farAbove * Math.max(1, values[0]!)) return { points, values, isLost: true };
    points.push(to);
    values.push(height);
  }
  return { points, values, isLost: false };
}

/** Solves a system of two equations; `undefined` if its determinant is 0. */
function solveTwo(matrix: readonly (readonly number[])[], right: Point): Point | undefined {
  const [a, b, c, d] = matrix.flat() as [number, number, number, number];
  const [p, q] = right as [number, number];
  const determinant = a * d - b * c;
  if (determinant === 0) return undefined;
  return [(p * d - b * q) / determinant, (a * q - p * c) / determinant];
}

/** The methods on one landscape. */
export interface Methods {
  newton(start: Point): CurvatureRun;
  gradient(start: Point, rate: number): CurvatureRun;
  /** Hessian at a point. */
  hessian(at: Point): number[][];
}

/** Compiles a function of two numbers and its derivatives, and returns the methods that use them. */
export function methodsOn(f: (point: Tensor) => Tensor): Methods {
  const valueOf = jit(f);
  const slopeOf = jit(grad(f) as (point: Tensor) => Tensor);
  const secondOf = jit(hessian(f) as (point: Tensor) => Tensor);
  const value = (point: Point): number => valueOf(f64(point)).item();
  const slope = (point: Point): Point => slopeOf(f64(point)).tolist() as number[];
  const second = (point: Point): number[][] => secondOf(f64(point)).tolist() as number[][];
  return {
    hessian: second,
    newton: (start) =>
      repeat(
        value,
        (at) =>
          solveTwo(
            second(at),
            slope(at).map((g) => -g),
          ),
        start,
      ),
    gradient: (start, rate) => repeat(value, (at) => slope(at).map((g) => -rate * g), start),
  };
}

/** Times and values of the curve that the last figure fits, `y = a·exp(b·t)`. */
export const times: readonly number[] = [0, 0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8];
/** Values with errors of a few hundredths. */
export const measured: readonly number[] = [2.06, 1.49, 1.18, 0.84, 0.68, 0.47, 0.4, 0.25];

/** Residuals of the curve with the parameters a and b. */
function residuals(params: Tensor): Tensor {
  const [a, b] = [params.at(0), params.at(1)];
  return b.mul(f64(times)).exp().mul(a).sub(f64(measured));
}

/** Half the sum of the squared residuals. */
export function misfit(params: Tensor): Tensor {
  return residuals(params).square().sum().div(2);
}

const residualsAt = /* @__PURE__ */ jit(residuals);
const jacobianAt = /* @__PURE__ */ jit((params: Tensor) => jacfwd(residuals)(params));
const misfitAt = /* @__PURE__ */ jit(misfit);

/** Gauss-Newton on the fit: each step solves JᵀJ d = −Jᵀr. */
export function gaussNewton(start: Point): CurvatureRun {
  return repeat(
    (at) => misfitAt(f64(at)).item(),
    (at) => {
      const J = jacobianAt(f64(at)).tolist() as number[][];
      const r = residualsAt(f64(at)).tolist() as number[];
      const entry = (i: number, k: number): number => J.reduce((sum, row) => sum + row[i]! * row[k]!, 0);
      const side = (i: number): number => -J.reduce((sum, row, n) => sum + row[i]! * r[n]!, 0);
      return solveTwo(
        [
          [entry(0, 0), entry(0, 1)],
          [entry(1, 0), entry(1, 1)],
        ],
        [side(0), side(1)],
      );
    },
    start,
  );
}
