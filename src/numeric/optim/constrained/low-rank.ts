import { dot } from "../vector.ts";
import { type DenseLuFactor, luFactor, solveLu } from "../dense-matrix.ts";

/** A term `W M⁻¹ Wᵀ` of a matrix, with few columns. */
export class LowRankTerm {
  /** Columns of W, which may be shorter than the vectors that the term multiplies. */
  readonly columns: readonly Float64Array[];
  /** M, symmetric, by rows. */
  readonly middle: Float64Array;
  readonly #factor: DenseLuFactor;

  constructor(columns: readonly Float64Array[], middle: Float64Array) {
    this.columns = columns;
    this.middle = middle;
    this.#factor = luFactor(middle, columns.length);
  }

  /** `Wᵀv` */
  project(v: Float64Array): Float64Array {
    return Float64Array.from(this.columns, (column) => dot(column, v));
  }

  /** Subtracts the product of the term with v. */
  subtractFrom(out: Float64Array, v: Float64Array): void {
    const weights = solveLu(this.#factor, this.project(v));
    this.columns.forEach((column, j) => {
      for (let i = 0; i < column.length; i++) out[i]! -= weights[j]! * column[i]!;
    });
  }

  /** Subtracts the term from a dense matrix with n rows. */
  subtractFromMatrix(out: Float64Array, n: number): void {
    const row = new Float64Array(this.columns.length);
    for (let i = 0; i < n; i++) {
      this.columns.forEach((column, j) => (row[j] = column[i]!));
      const weights = solveLu(this.#factor, row);
      this.columns.forEach((column, j) => {
        for (let c = 0; c < n; c++) out[i * n + c]! -= weights[j]! * column[c]!;
      });
    }
  }
}

/**
 * Solves systems with `A − W M⁻¹ Wᵀ` by solutions of systems with A (Sherman, Morrison and Woodbury). Rows of A beyond
 * those of W are not changed.
 */
export class LowRankSolver {
  readonly #term: LowRankTerm;
  readonly #solve: (side: Float64Array) => Float64Array;
  readonly #solutions: readonly Float64Array[];
  readonly #factor: DenseLuFactor;

  constructor(term: LowRankTerm, size: number, solve: (side: Float64Array) => Float64Array) {
    const { columns, middle } = term;
    this.#term = term;
    this.#solve = solve;
    this.#solutions = columns.map((column) => {
      const side = new Float64Array(size);
      side.set(column);
      return solve(side);
    });
    const k = columns.length;
    const capacitance = middle.slice();
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++) capacitance[i * k + j]! -= dot(columns[i]!, this.#solutions[j]!);
    this.#factor = luFactor(capacitance, k);
  }

  solve(side: Float64Array): Float64Array {
    const out = this.#solve(side);
    const weights = solveLu(this.#factor, this.#term.project(out));
    this.#solutions.forEach((solution, j) => {
      for (let i = 0; i < out.length; i++) out[i]! += weights[j]! * solution[i]!;
    });
    return out;
  }
}
