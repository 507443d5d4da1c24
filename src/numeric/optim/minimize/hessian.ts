import { DownhillError } from "../../../engine/errors/index.ts";
import { analysisOf, type SparseAnalysis } from "../../sparse/factor/factorise.ts";
import { diagonalPattern, unitePatterns } from "../../sparse/matrix/combine.ts";
import { multiplyRows } from "../../sparse/matrix/products.ts";
import type { PatternLimits } from "../../../engine/sparsity/index.ts";
import { derivativeForSolver, type SolverTask, type SparseDerivative } from "../../sparse/derivative/sparse-derivative.ts"; // prettier-ignore
import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { HessianModel } from "./newton.ts";
import { holdCoordinates, withoutReports } from "./search-space.ts";

/** Form in which a Hessian is stored. */
export type HessianForm = "sparse" | "dense";

/** Hessians of one function. */
export interface HessianSource {
  readonly form: HessianForm;
  /** Number of products with the Hessian per evaluation. */
  readonly passes: () => number;
  /** Values and pattern of the Hessian at x. */
  readonly evaluate: (x: Float64Array, operands: readonly unknown[]) => { readonly pattern: SparsePattern; readonly values: Float64Array }; // prettier-ignore
}

/** Number of parameters below which a dense Hessian takes less time than finding a pattern. */
const fewParameters = 100;
/** Share of entries above which a pattern counts as dense. */
const denseShare = 0.3;

/** A function with the forms that its Hessian is computed from. */
export interface HessianTask {
  readonly operation: string;
  readonly asked: "auto" | HessianForm;
  readonly isCompiled: boolean;
  /** The function of the vector of parameters and further arguments, traced. */
  readonly f: (...given: never[]) => unknown;
  readonly at: Float64Array;
  readonly operands: readonly unknown[];
  /** The Hessian as a dense matrix, by rows. */
  readonly dense: (x: Float64Array, operands: readonly unknown[]) => Float64Array;
}

/**
 * Chooses the form of the Hessian. For `auto` it is dense if there are few parameters, no compiled function, no
 * pattern, or many entries in the pattern.
 */
export function hessianSource(task: HessianTask): HessianSource {
  const { operation, asked, isCompiled, at, dense } = task;
  const n = at.length;
  if (asked === "sparse" && !isCompiled)
    throw new DownhillError(
      "option",
      `${operation}: hessian "sparse" finds the pattern in the compiled function, so jit must not be false.`,
    );
  if (asked === "dense" || (asked === "auto" && (n < fewParameters || !isCompiled)))
    return denseSource(n, dense);
  const derivative = asked === "sparse" ? derivativeForSolver(sparseTask(task)) : withinLimits(task);
  if (derivative === undefined || (asked === "auto" && derivative.pattern.nnz > denseShare * n * n))
    return denseSource(n, dense);
  return sparseSource(derivative);
}

/** Largest mean number of entries per row of a Hessian for which `newton` is the default method. */
const fewPerRow = 50;
/** Largest number of operations per factorisation for which `newton` is the default method: about a second. */
const mostOperations = 1e9;

/**
 * Returns the Hessian if `newton` takes less time than methods without second derivatives, otherwise `undefined`. Each
 * parameter then has a second derivative, rows have few entries, and a factorisation takes few operations.
 */
export function cheapHessian(task: Omit<HessianTask, "asked" | "dense">): HessianSource | undefined {
  const n = task.at.length;
  const limits = { entries: fewPerRow * n, nodes: 20 * fewPerRow * n };
  const derivative = withinLimits(task, limits);
  if (derivative === undefined || derivative.pattern.nnz < n) return undefined;
  const { analysis } = withDiagonal(task.operation, derivative.pattern);
  return analysis.operations <= mostOperations ? sparseSource(derivative) : undefined;
}

function sparseTask({ operation, f, at, operands }: Omit<HessianTask, "asked" | "dense">): SolverTask {
  return { operation, kind: "hessian", f, at, args: operands };
}

/** Returns the sparse derivative, or `undefined` if its pattern exceeds the limits. */
function withinLimits(
  task: Omit<HessianTask, "asked" | "dense">,
  limits?: PatternLimits,
): SparseDerivative | undefined {
  try {
    return derivativeForSolver(sparseTask(task), limits);
  } catch (error) {
    if (!(error instanceof DownhillError) || error.code !== "range") throw error;
    return undefined;
  }
}

function sparseSource(derivative: SparseDerivative): HessianSource {
  return {
    form: "sparse",
    passes: () => derivative.passes.forward + derivative.passes.reverse,
    evaluate(x, operands) {
      const { matrix } = derivative.evaluate(x, operands);
      const { pattern } = matrix;
      return { pattern, values: matrix.values.data({ donate: true }) as Float64Array };
    },
  };
}

function denseSource(n: number, dense: HessianTask["dense"]): HessianSource {
  const pattern = SparsePattern.fromChecked(
    [n, n],
    Int32Array.from({ length: n + 1 }, (_, i) => i * n),
    Int32Array.from({ length: n * n }, (_, p) => p % n),
  );
  return {
    form: "dense",
    passes: () => n,
    evaluate: (x, operands) => ({ pattern, values: dense(x, operands) }),
  };
}

/** A pattern with the whole diagonal, for factorisations with a shifted diagonal. */
interface ShiftablePattern {
  readonly pattern: SparsePattern;
  /** For each entry of the original pattern, its index in `pattern`. */
  readonly entries: Int32Array;
  readonly diagonal: Int32Array;
  readonly analysis: SparseAnalysis;
}

const shiftable = /* @__PURE__ */ new WeakMap<SparsePattern, ShiftablePattern>();

function withDiagonal(operation: string, given: SparsePattern): ShiftablePattern {
  const before = shiftable.get(given);
  if (before !== undefined) return before;
  const n = given.shape[0];
  const { pattern, ofFirst, ofSecond } = unitePatterns(given, diagonalPattern(n));
  const analysis = analysisOf(operation, pattern, { pivotTolerance: 0, refinements: 0 });
  const made = { pattern, entries: ofFirst, diagonal: ofSecond, analysis };
  shiftable.set(given, made);
  return made;
}

/** The model of a Hessian, with rows and columns of the unit matrix for parameters that are not free. */
export function hessianModel(
  operation: string,
  { pattern: given, values }: ReturnType<HessianSource["evaluate"]>,
  free: Float64Array,
): HessianModel {
  const { pattern, entries, diagonal, analysis } = withDiagonal(operation, given);
  const { rowPointers, columns } = pattern;
  const whole = new Float64Array(pattern.nnz);
  entries.forEach((p, q) => (whole[p] = values[q]!));
  const all = holdCoordinates(whole, pattern, diagonal, free);
  return {
    diagonal: Float64Array.from(diagonal, (p) => all[p]!),
    times(v) {
      const out = new Float64Array(v.length);
      multiplyRows(rowPointers, columns, all, v, out);
      return out;
    },
    *factorise(shift) {
      const factor = yield* withoutReports(analysis.factoriseInSteps(all, shift));
      const isPositive = factor.zeroPivots === 0 && factor.inertia?.negative === 0;
      return isPositive ? (b) => factor.solve(b, false) : undefined;
    },
  };
}
