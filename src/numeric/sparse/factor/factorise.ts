import { refuseExtra, refuseExtraOfMethod } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../../engine/errors/options.ts";
import { checkInteger } from "../../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { reshape } from "../../../engine/prims/index.ts";
import { now } from "../../../engine/util/now.ts";
import { checkPositions } from "../matrix/coordinates.ts";
import { fromFloats, type SparseEntries } from "../matrix/entries.ts";
import { LdlFactor, ldlInSteps, runSteps, singular } from "./ldl.ts";
import { analyseLu, type LuAnalysis, luInSteps } from "./lu.ts";
import type { FactorProgress, Inertia } from "./multifrontal.ts";
import type { NumericFactor } from "./numeric-factor.ts";
import { readVectors } from "../matrix/products.ts";
import { inverseDiagonal, inverseEntries } from "./selected-inverse.ts";
import { factorsOf, type PatternSolver, requireNumbers, sparseSolve } from "./solve-primitive.ts";
import { asInt32, type SparsePattern } from "../matrix/sparse-pattern.ts";
import { analyseSymmetric, type Ordering, type SymmetricAnalysis } from "../analysis/symbolic.ts";

/** Options of `factorise` and `analyse`. */
export interface FactoriseOptions {
  /**
   * `"ldl"`: LDLᵀ of a symmetric matrix, definite or not, stored with both triangles, whose mean is used. `"lu"`: LU of
   * any square matrix. Default `"ldl"`.
   */
  readonly kind?: "ldl" | "lu";
  /** Order of elimination. Default `"amd"`: approximate minimum degree. */
  readonly ordering?: Ordering;
  /**
   * Smallest accepted ratio of a pivot to the largest element of its column. Small values keep the factors sparse;
   * large values make them more accurate. Default 0.01 for `"ldl"` (0 to 0.5), 0.1 for `"lu"` (0 to 1).
   */
  readonly pivotTolerance?: number;
  /** Maximum number of steps of iterative refinement per solution. Default 2. */
  readonly refinements?: number;
}

/** `FactoriseOptions` with all defaults. */
interface FactoriseSettings {
  readonly kind: "ldl" | "lu";
  readonly ordering: Ordering;
  readonly pivotTolerance: number;
  readonly refinements: number;
}

/**
 * Analysis of a pattern for one kind of factorisation: the ordering and the structure of the factor. It can factorise
 * any number of matrices with that pattern, outside of transforms. `SparseMatrix.factorise` uses it too.
 */
export class SparseAnalysis implements PatternSolver {
  readonly pattern: SparsePattern;
  readonly kind: "ldl" | "lu";
  readonly ordering: "amd" | "natural" | "given";
  readonly #symbolic: SymmetricAnalysis | LuAnalysis;
  readonly #settings: FactoriseSettings;
  #numericSeconds = 0;

  /** For internal use; call `analyse`. */
  constructor(operation: string, pattern: SparsePattern, settings: FactoriseSettings) {
    this.pattern = pattern;
    this.kind = settings.kind;
    this.ordering = typeof settings.ordering === "string" ? settings.ordering : "given";
    this.#settings = settings;
    this.#symbolic = (settings.kind === "ldl" ? analyseSymmetric : analyseLu)(
      operation,
      pattern,
      settings.ordering,
    );
  }

  /** Order of elimination: element k is the column that is eliminated at step k, unless a small pivot delays it. */
  get order(): Int32Array {
    return this.#symbolic.order;
  }

  /** Number of entries of L, with its diagonal, if no pivot is delayed. U of `"lu"` has equally many. */
  get entries(): number {
    return this.#symbolic.entries;
  }

  /** Number of floating-point operations of one factorisation, if no pivot is delayed. */
  get operations(): number {
    return (this.kind === "ldl" ? 1 : 2) * this.#symbolic.operations;
  }

  /** Seconds spent on the ordering, on the rest of the analysis, and on the latest factorisation. */
  get seconds(): { readonly ordering: number; readonly analysis: number; readonly factorisation: number } {
    return { ...this.#symbolic.seconds, factorisation: this.#numericSeconds };
  }

  /**
   * Factorises the matrix with these values, in the order of the pattern. `shift` is added to the diagonal, one number
   * per row. It is only for `"ldl"`, and needs an entry of the pattern at each diagonal element that it changes.
   *
   * @throws DownhillError `range` for an entry that is not finite, or a matrix that is not symmetric.
   */
  factorise(values: Float64Array, shift?: Float64Array): NumericFactor {
    return runSteps(this.factoriseInSteps(values, shift));
  }

  /**
   * Like `factorise`, in steps of about five million operations. Between them, the caller can run other tasks or stop.
   */
  *factoriseInSteps(values: Float64Array, shift?: Float64Array): Generator<FactorProgress, NumericFactor> {
    const begin = now();
    const { kind, pivotTolerance, refinements } = this.#settings;
    const { pattern } = this;
    if (shift !== undefined && kind === "lu")
      throw new DownhillError("option", 'factorise: a shift of the diagonal is for kind "ldl" only.');
    const factor =
      kind === "ldl"
        ? yield* ldlInSteps("factorise", this.#symbolic as SymmetricAnalysis, pattern, values, {
            pivotTolerance,
            refinements,
            shift,
          })
        : yield* luInSteps("factorise", this.#symbolic as LuAnalysis, pattern, values, {
            pivotTolerance,
            refinements,
          });
    this.#numericSeconds = (now() - begin) / 1000;
    return factor;
  }
}

const analyses = /* @__PURE__ */ new WeakMap<SparsePattern, Map<string, SparseAnalysis>>();

/**
 * Analyses a pattern for factorisations of matrices with this pattern. The result is cached with the pattern, unless
 * `ordering` is a permutation.
 *
 * @throws DownhillError `shape` for a pattern that is not square; `range` for one that is not symmetric, with `"ldl"`.
 */
export function analyse(pattern: SparsePattern, options: FactoriseOptions = {}): SparseAnalysis {
  if (arguments.length > 2) refuseExtra("analyse", arguments, 2);
  return analysisOf("analyse", pattern, options);
}

/** Does the same as `analyse`; errors name `operation`. */
export function analysisOf(
  operation: string,
  pattern: SparsePattern,
  options: FactoriseOptions,
): SparseAnalysis {
  const settings = readSettings(operation, options);
  if (typeof settings.ordering !== "string") return new SparseAnalysis(operation, pattern, settings);
  const key = JSON.stringify(settings);
  let ofPattern = analyses.get(pattern);
  if (ofPattern === undefined) analyses.set(pattern, (ofPattern = new Map<string, SparseAnalysis>()));
  let analysis = ofPattern.get(key);
  if (analysis === undefined)
    ofPattern.set(key, (analysis = new SparseAnalysis(operation, pattern, settings)));
  return analysis;
}

function readSettings(operation: string, options: FactoriseOptions): FactoriseSettings {
  checkOptions(operation, options, ["kind", "ordering", "pivotTolerance", "refinements"]);
  const { kind = "ldl", ordering = "amd", refinements = 2 } = options;
  checkChoice(operation, "kind", kind, ["ldl", "lu"]);
  const { pivotTolerance = kind === "ldl" ? 0.01 : 0.1 } = options;
  const most = kind === "ldl" ? 0.5 : 1;
  if (!(pivotTolerance >= 0 && pivotTolerance <= most))
    throw new DownhillError(
      "range",
      `${operation}: pivotTolerance must be from 0 to ${most}; got ${String(pivotTolerance)}.`,
    );
  checkInteger(operation, "refinements", refinements, { to: 100 });
  return { kind, ordering, pivotTolerance, refinements };
}

/** Options of `SparseFactor.solve`. */
export interface FactorSolveOptions {
  /** True to solve Aᵀ x = b. Default false. */
  readonly transpose?: boolean;
}

/** Factors of a sparse matrix. */
export class SparseFactor {
  readonly analysis: SparseAnalysis;
  readonly #values: Tensor;

  /** For internal use; call `SparseMatrix.factorise`. */
  constructor(analysis: SparseAnalysis, values: Tensor) {
    this.analysis = analysis;
    this.#values = values;
    // reports errors of the matrix here, and not at the first solution; of traced values only the trace knows the numbers
    if (values.tracer === undefined) factorsOf(analysis, values);
  }

  get kind(): "ldl" | "lu" {
    return this.analysis.kind;
  }

  /** The factors as numbers. */
  get #numeric(): NumericFactor {
    if (this.#values.tracer === undefined) return factorsOf(this.analysis, this.#values)[0]!;
    throw new DownhillError(
      "trace",
      "SparseFactor: inside a transform only solve can be used, because the factors depend on traced values.",
    );
  }

  /** Numbers of positive, negative and zero eigenvalues. Only for `"ldl"`. */
  get inertia(): Inertia {
    const { inertia } = this.#numeric;
    if (inertia !== undefined) return inertia;
    throw new DownhillError("option", 'SparseFactor.inertia: kind "lu" shows no inertia. Use kind "ldl".');
  }

  /** Number of stored entries of the factors, including the zeros of merged supernodes. */
  get entries(): number {
    return this.#numeric.entries;
  }

  /** Number of times that an elimination was delayed, because the pivot was too small. */
  get delays(): number {
    return this.#numeric.delays;
  }

  /** Number of columns minus rank, as far as rounding allows it to be determined. */
  get rankDeficiency(): number {
    return this.#numeric.zeroPivots;
  }

  /**
   * Solves A x = b for b of shape `[n]`, or several systems for `[n, m]`, with iterative refinement.
   *
   * Differentiable in the values of the matrix and in b: `A dx = db − dA x`, with the same factors. For `"ldl"`, dA
   * counts as symmetric, so that gradients are symmetric.
   *
   * @throws DownhillError `shape`; `range` for a singular matrix; `trace` inside compiled functions.
   */
  solve(b: TensorLike, options: FactorSolveOptions = {}): Tensor {
    if (arguments.length > 2) refuseExtraOfMethod("SparseFactor.solve", arguments, 2);
    checkOptions("SparseFactor.solve", options, ["transpose"]);
    checkFlags("SparseFactor.solve", options, ["transpose"]);
    requireNumbers("SparseFactor.solve");
    const n = this.analysis.pattern.shape[0];
    const side = readVectors("SparseFactor.solve", b, n, "row");
    const columns = side.ndim === 2 ? side : reshape(side, [n, 1]);
    const isTransposed = options.transpose === true && this.kind === "lu";
    const x = sparseSolve(this.#values, columns, { solver: this.analysis, isTransposed });
    return side.ndim === 2 ? x : reshape(x, [n]);
  }

  /**
   * Diagonal of A⁻¹: `[n]`, by selected inversion, without computing other columns. Only for `"ldl"`.
   *
   * @throws DownhillError `range` for a singular matrix, `option` for `"lu"`.
   * @example
   * const a = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 1], columns: [0, 1], values: [2, 4] });
   * a.factorise().inverseDiagonal().tolist(); // [0.5, 0.25]
   */
  inverseDiagonal(): Tensor {
    if (arguments.length > 0) refuseExtraOfMethod("SparseFactor.inverseDiagonal", arguments, 0);
    return fromFloats(inverseDiagonal(this.#regular("inverseDiagonal").factors));
  }

  /**
   * Elements of A⁻¹ at the given rows and columns, in that order. If L has an entry at a position, as at the entries of
   * A, it is computed by selected inversion. For other positions, whole columns of A⁻¹ are solved for. Only for
   * `"ldl"`.
   *
   * @throws DownhillError `range` for a singular matrix or a position outside of it, `option` for `"lu"`.
   */
  inverseEntries(rows: Int32Array | readonly number[], columns: Int32Array | readonly number[]): Tensor {
    if (arguments.length > 2) refuseExtraOfMethod("SparseFactor.inverseEntries", arguments, 2);
    const operation = "SparseFactor.inverseEntries";
    const n = this.analysis.pattern.shape[0];
    const [i, j] = [asInt32(operation, "rows", rows), asInt32(operation, "columns", columns)];
    if (i.length !== j.length)
      throw new DownhillError("shape", `${operation}: got ${i.length} rows and ${j.length} columns.`);
    checkPositions(operation, "row", i, n);
    checkPositions(operation, "column", j, n);
    const factor = this.#regular("inverseEntries");
    const { values, missing } = inverseEntries(factor.factors, i, j);
    if (missing > 0) solveMissing(factor, i, j, values);
    return fromFloats(values);
  }

  /** The LDLᵀ factors as numbers. Throws for other factors and for a singular matrix. */
  #regular(name: string): LdlFactor {
    const numeric = this.#numeric;
    if (!(numeric instanceof LdlFactor))
      throw new DownhillError("option", `SparseFactor.${name}: needs the symmetric factors of kind "ldl".`);
    const { zeroPivots } = numeric;
    if (zeroPivots > 0) throw singular(`SparseFactor.${name}`, this.analysis.pattern.shape[0], zeroPivots);
    return numeric;
  }
}

/**
 * Replaces the elements that are NaN by elements of A⁻¹. Solves for one column of A⁻¹ per column that has such
 * elements.
 */
function solveMissing(factor: LdlFactor, rows: Int32Array, columns: Int32Array, values: Float64Array): void {
  const byColumn = new Map<number, number[]>();
  for (let t = 0; t < values.length; t++) {
    if (!Number.isNaN(values[t])) continue;
    const places = byColumn.get(columns[t]!);
    if (places === undefined) byColumn.set(columns[t]!, [t]);
    else places.push(t);
  }
  const unit = new Float64Array(factor.factors.diagonal.length);
  for (const [column, places] of byColumn) {
    unit[column] = 1;
    const x = factor.solve(unit);
    unit[column] = 0;
    for (const t of places) values[t] = x[rows[t]!]!;
  }
}

/** Factorises the matrix with this pattern and these values. */
export function factorise({ pattern, values }: SparseEntries, options: FactoriseOptions): SparseFactor {
  requireNumbers("SparseMatrix.factorise");
  return new SparseFactor(analysisOf("SparseMatrix.factorise", pattern, options), values);
}
