import { abs, add, greater, less, logicalAnd, mul, stopGradient, sub } from "../../array/elementwise.ts";
import { max } from "../../array/reduce.ts";
import { scatterAdd, take } from "../../array/shape.ts";
import { full, tensor } from "../../array/create.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { jacfwd } from "../../../engine/transforms/index.ts";
import { whileLoop } from "../../../engine/transforms/structured.ts";
import { svdvals } from "../../linalg/factorise.ts";
import type { ClosedFunction } from "../implicit/closed.ts";
import { type ImplicitEquations, implicitSolution, solveLinear } from "../implicit/implicit.ts";

/**
 * A constant mass matrix, with the indices of its rows and columns of zeros. A row of zeros is an algebraic equation, a
 * column of zeros an algebraic component of y.
 */
export interface MassMatrix {
  readonly matrix: Tensor;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/**
 * Reads a mass matrix for n components of y.
 *
 * @throws DownhillError `shape`; `range` for a matrix that is singular apart from rows and columns of zeros.
 */
export function readMass(operation: string, mass: unknown, n: number): MassMatrix {
  const matrix = mul(1, asTensor(mass, operation));
  if (matrix.tracer !== undefined)
    throw new DownhillError(
      "trace",
      `${operation}: mass must be a constant, so it has no derivative, but it is a traced value. If it is regular, solve ` +
        "dy/dt = linalg.solve(mass, f(y, t)) instead, which has one.",
    );
  if (matrix.ndim !== 2 || matrix.shape.some((size) => size !== n))
    throw new DownhillError(
      "shape",
      `${operation}: mass must be a matrix of ${n} × ${n}, one row per element of y, got ${showType(matrix.type)}.`,
    );
  const elements = matrix.data();
  const isZero = (at: (k: number) => number): boolean =>
    Array.from({ length: n }, (_, k) => elements[at(k)]).every((x) => x === 0);
  const all = Array.from({ length: n }, (_, i) => i);
  const rows = all.filter((i) => isZero((k) => i * n + k));
  const columns = all.filter((j) => isZero((k) => k * n + j));
  const sizes = [...svdvals(matrix).data()];
  const rank = sizes.filter((size) => size > n * Number.EPSILON * sizes[0]!).length;
  if (rows.length !== columns.length || rank !== n - rows.length)
    throw new DownhillError(
      "range",
      `${operation}: mass has rank ${rank}, ${rows.length} rows of zeros and ${columns.length} columns of zeros. A singular ` +
        "mass matrix must have as many rows as columns of zeros, and be regular otherwise: combine equations so that the " +
        "algebraic ones have rows of zeros.",
    );
  return { matrix, rows: Int32Array.from(rows), columns: Int32Array.from(columns) };
}

/** Maximum number of Newton iterations for algebraic components. */
const mostIterations = 50;

/**
 * Replaces the algebraic components of y0 by values that satisfy the algebraic equations, by Newton's method from the
 * given values. By the implicit function theorem, the result is differentiable in the other components, the time and the
 * data.
 *
 * @throws DownhillError `diverged` with the residual if no such values are found, `range` for an index above 1.
 */
export function consistentStart(
  operation: string,
  { rows, columns }: MassMatrix,
  { call, data }: ClosedFunction,
  y0: Tensor,
  t0: Tensor,
): Tensor {
  if (rows.length === 0) return y0;
  const [equationIndices, componentIndices] = [tensor(rows), tensor(columns)];
  const given = take(y0, componentIndices);
  const withComponents = (y: Tensor, x: Tensor): Tensor =>
    scatterAdd(y, componentIndices, sub(x, take(y, componentIndices)));
  const equations: ImplicitEquations = (x, [y, t, ...own]) =>
    take(call([withComponents(y!, x), t!], own), equationIndices);
  const search = (from: Tensor, own: readonly Tensor[]): Tensor => {
    interface NewtonSearch {
      readonly x: Tensor;
      readonly size: Tensor;
      readonly iterations: Tensor;
    }
    const end = whileLoop(
      ({ size, iterations }: NewtonSearch) =>
        logicalAnd(greater(size, 1e-14), less(iterations, mostIterations)),
      ({ x, iterations }: NewtonSearch): NewtonSearch => {
        const change = solveLinear(jacfwd((z: Tensor) => equations(z, own))(x), equations(x, own));
        const next = sub(x, change);
        return { x: next, size: max(abs(change)), iterations: add(iterations, 1) };
      },
      { x: from, size: full([], 1), iterations: full([], 0, { dtype: "int32" }) } as never,
    );
    return end.x;
  };
  const all = [y0, t0, ...data];
  const known = all.map((x) => stopGradient(x));
  const slopes = jacfwd((x: Tensor) => equations(x, known))(stopGradient(given));
  const sizes = [...svdvals(slopes).data()];
  if (!(sizes.at(-1)! > 1e-13 * sizes[0]!))
    throw new DownhillError(
      "range",
      `${operation}: the algebraic equations do not determine the algebraic components (their Jacobian is singular), so the ` +
        "index is above 1. Differentiate algebraic equations with respect to time until they do.",
    );
  const x = implicitSolution(equations, search, given, all);
  const residual = max(abs(equations(stopGradient(x), known))).item();
  const scale = max(abs(equations(stopGradient(given), known))).item();
  if (!(residual <= 1e-8 * Math.max(1, scale)))
    throw new DownhillError(
      "diverged",
      `${operation}: found no algebraic components that satisfy the algebraic equations at t = ${stopGradient(t0).item()}; their ` +
        `residual is ${residual}. Start nearer to a consistent point.`,
    );
  return withComponents(y0, x);
}
