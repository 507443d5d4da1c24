// The matrices JᵀJ of normal equations, from the products to the factors.
import { DownhillError } from "../../../engine/errors/index.ts";
import { now } from "../../../engine/util/now.ts";
import { analyseTriangle, type TriangleAnalysis } from "../analysis/symbolic.ts";
import { normalGraph, type TriangleProduct } from "../matrix/normal-product.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";
import { type LdlFactor, ldlOfTriangle } from "./ldl.ts";
import type { FactorProgress } from "./multifrontal.ts";

/** Memory for values and factors of JᵀJ, which the next factorisation reuses. */
export interface NormalMemory {
  values?: Float64Array;
  elements?: Float64Array;
}

/**
 * Analysis of JᵀJ for Jacobians J of one pattern. Only the lower triangle is stored, in elimination order, because large
 * problems have more entries in JᵀJ than in J.
 */
export class NormalEquations {
  readonly ordering = "amd";
  /** Number of entries of JᵀJ, both triangles and the whole diagonal. */
  readonly nnz: number;
  /** Seconds spent on the pattern of JᵀJ and the positions of its products. */
  readonly productSeconds: number;
  readonly #operation: string;
  readonly #symbolic: TriangleAnalysis;
  readonly #product: TriangleProduct;
  /** For each column of J, the index of its diagonal element. */
  readonly #diagonal: Int32Array;

  /** @throws DownhillError `range` if the products or the factor do not fit into memory. */
  constructor(operation: string, pattern: SparsePattern) {
    this.#operation = operation;
    const begin = now();
    const { graph, triangleProduct } = normalGraph(pattern);
    const middle = now();
    const symbolic = analyseTriangle(operation, graph, "amd");
    const end = now();
    const { order, lower } = symbolic;
    this.nnz = graph.neighbours.length;
    this.#symbolic = symbolic;
    this.#product = triangleProduct(order, lower);
    this.#diagonal = new Int32Array(order.length);
    order.forEach((j, k) => (this.#diagonal[j] = lower.rows.indexOf(k, lower.pointers[k])));
    this.productSeconds = (middle - begin + now() - end) / 1000;
  }

  /** Number of entries of L, with its diagonal. */
  get entries(): number {
    return this.#symbolic.entries;
  }

  /** Number of floating-point operations of one factorisation. */
  get operations(): number {
    return this.#symbolic.operations;
  }

  /** Seconds spent on the ordering, and on the rest of the analysis. */
  get seconds(): TriangleAnalysis["seconds"] {
    return this.#symbolic.seconds;
  }

  /** Lower triangle of JᵀJ in elimination order, for the values of J. It is written into `out` if that has its length. */
  evaluate(values: Float64Array, out?: Float64Array): Float64Array {
    const { length } = this.#symbolic.lower.rows;
    const products = out?.length === length ? out : new Float64Array(length);
    this.#product(values, undefined, products);
    return products;
  }

  /** Norms of the columns of J. */
  columnSizes(products: Float64Array): Float64Array {
    const sizes = new Float64Array(this.#diagonal.length);
    for (let j = 0; j < sizes.length; j++) sizes[j] = Math.sqrt(products[this.#diagonal[j]!]!);
    return sizes;
  }

  /** Divides each element in place by the sizes of its row and column. */
  divide(products: Float64Array, sizes: Float64Array): void {
    const { order, lower } = this.#symbolic;
    const { pointers, rows } = lower;
    for (let k = 0; k < order.length; k++)
      for (let t = pointers[k]!; t < pointers[k + 1]!; t++)
        products[t]! /= sizes[order[k]!]! * sizes[order[rows[t]!]!]!;
  }

  /**
   * Factorises JᵀJ + shift in steps. The rows and columns of coordinates with 0 in `free` become those of the unit matrix.
   * The factor uses `memory` until the next factorisation that is given it.
   */
  *factoriseInSteps(
    products: Float64Array,
    free: Float64Array,
    shift: Float64Array | undefined,
    memory: NormalMemory,
  ): Generator<FactorProgress, LdlFactor> {
    const values =
      memory.values?.length === products.length ? memory.values : new Float64Array(products.length);
    values.set(products);
    memory.values = values;
    if (free.includes(0)) this.#hold(values, free);
    const diagonal = this.#diagonal;
    if (shift !== undefined) for (let j = 0; j < diagonal.length; j++) values[diagonal[j]!]! += shift[j]!;
    const lower = { values, sizes: this.#columnMaxima(values) };
    // positive definite, so no pivot has to be delayed; the gain ratio corrects what rounding does to a step
    const settings = { pivotTolerance: 0, refinements: 0 };
    const factor = yield* ldlOfTriangle(this.#operation, this.#symbolic, lower, settings, memory.elements);
    memory.elements = factor.factors.elements;
    return factor;
  }

  #hold(values: Float64Array, free: Float64Array): void {
    const { order, lower } = this.#symbolic;
    const { pointers, rows } = lower;
    for (let k = 0; k < order.length; k++)
      for (let t = pointers[k]!; t < pointers[k + 1]!; t++)
        if (free[order[k]!] === 0 || free[order[rows[t]!]!] === 0) values[t] = rows[t] === k ? 1 : 0;
  }

  /** Largest absolute element of each column of the whole matrix. @throws DownhillError `range` for one that overflowed. */
  #columnMaxima(values: Float64Array): Float64Array {
    const { order, lower } = this.#symbolic;
    const { pointers, rows } = lower;
    const sizes = new Float64Array(order.length);
    for (let k = 0; k < order.length; k++)
      for (let t = pointers[k]!; t < pointers[k + 1]!; t++) {
        const size = Math.abs(values[t]!);
        const row = rows[t]!;
        if (!(size < Infinity))
          throw new DownhillError(
            "range",
            `${this.#operation}: the product of columns ${order[row]} and ${order[k]} of the Jacobian is ${values[t]}. Scale residuals and parameters.`,
          );
        if (size > sizes[k]!) sizes[k] = size;
        if (size > sizes[row]!) sizes[row] = size;
      }
    return sizes;
  }
}
