import { internalError } from "../../errors/index.ts";
import type { Maybe, Primitive, TransformTools } from "../../ir/primitive.ts";
import type { Tensor } from "../../ir/tensor.ts";

/**
 * Power series of a value along a direction: the coefficients f⁽ᵏ⁾/k!. They are computed on demand from coefficients of
 * lower order. Two series may therefore depend on each other, as those of sine and cosine do.
 */
export class PowerSeries {
  /** Coefficient of order 0: the value. */
  readonly head: Tensor;
  /**
   * Lowest order from which on the coefficients may contain masked zeros (docs/masks.md); Infinity for none. The
   * symbolic zeros after the last coefficient of a polynomial are masked zeros once a loop stores them.
   */
  readonly maskedFrom: number;
  readonly #higher: Maybe[] = [];
  readonly #compute: (k: number) => Maybe;

  /** @param compute returns the coefficient of an order of at least 1; `undefined` is a symbolic zero. */
  constructor(head: Tensor, maskedFrom: number, compute: (k: number) => Maybe) {
    this.head = head;
    this.maskedFrom = maskedFrom;
    this.#compute = compute;
  }

  /** Coefficient of order k; `undefined` is a symbolic zero. */
  at(k: number): Maybe {
    if (k === 0) return this.head;
    for (let next = this.#higher.length + 1; next <= k; next++) {
      const c = this.#compute(next);
      if (this.#higher.length >= next) throw internalError(`the coefficient of order ${next} reads itself`);
      this.#higher.push(c);
    }
    return this.#higher[k - 1];
  }

  /** True if the coefficients of the orders 1 to `order` are symbolic zeros. */
  isConstant(order: number): boolean {
    for (let k = 1; k <= order; k++) if (this.at(k) !== undefined) return false;
    return true;
  }
}

/**
 * Lowest orders from which on the coefficients of operands (`ins`) and results (`outs`) of a structured operation may
 * contain masked zeros. The transforms of the programs in its parameters read `ins` and lower `outs`.
 */
export interface MaskedOrders {
  readonly ins: readonly number[];
  readonly outs: number[];
}

/** Creates transforms in which a tangent is a stack of coefficients up to an order. */
export type SeriesTools = (order: number, masked: MaskedOrders) => TransformTools;

/** Operations of the Taylor trace that the rules of primitives use. */
export interface SeriesTrace {
  /** Highest order of the coefficients that the transform returns. */
  readonly order: number;
  /** True while a rule of a primitive runs. The coefficients of its operations are only computed on demand. */
  readonly isInRule: boolean;
  readonly toolsOf: SeriesTools;
  wrap(series: PowerSeries): Tensor;
  /** Series of a value; `undefined` for a value that does not vary. */
  seriesOf(x: Tensor): PowerSeries | undefined;
  /** Derivative of a varying value with respect to the parameter t of the series, as a value with a series. */
  rateOf(x: Tensor, series: PowerSeries): Tensor;
  /** Runs a rule of a primitive, so that the coefficients of its operations are computed on demand. */
  inRule<T>(rule: () => T): T;
}

/** Application of a primitive to operands, at least one with a series. */
export interface SeriesCall {
  readonly prim: Primitive;
  readonly ins: readonly Tensor[];
  readonly params: unknown;
  /** Series of the operands; `undefined` for operands that do not vary. */
  readonly series: readonly (PowerSeries | undefined)[];
  /** Coefficient of order 0, the value, of each operand. */
  readonly heads: readonly Tensor[];
}

/** Coefficient of order k of a value; `undefined` is a symbolic zero. */
export function coefficient(trace: SeriesTrace, x: Maybe, k: number): Maybe {
  const series = x && trace.seriesOf(x);
  return series === undefined ? (k === 0 ? x : undefined) : series.at(k);
}
