import { internalError } from "../../errors/index.ts";
import type { Maybe, Primitive, TransformTools } from "../../ir/primitive.ts";
import type { Tensor } from "../../ir/tensor.ts";

/**
 * Power series of a value along a direction: coefficients f⁽ᵏ⁾/k!. They are computed on demand, each from coefficients
 * of lower order, so that series may be defined by each other, as those of sine and cosine are.
 */
export class PowerSeries {
  /** Coefficient of order 0: the value. */
  readonly head: Tensor;
  /** True if the other coefficients may contain zeros of a mask (see docs/masks.md). */
  readonly isMasked: boolean;
  readonly #higher: Maybe[] = [];
  readonly #compute: (k: number) => Maybe;

  /** @param compute returns the coefficient of an order of at least 1; `undefined` is a symbolic zero. */
  constructor(head: Tensor, isMasked: boolean, compute: (k: number) => Maybe) {
    this.head = head;
    this.isMasked = isMasked;
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

/** Operations of the trace that rules need. */
export interface SeriesTrace {
  /** Order of the last coefficient that the transform returns. */
  readonly order: number;
  /** True while a rule of a primitive runs. Its operations compute coefficients only as far as they are read. */
  readonly isInRule: boolean;
  /** Transforms of programs for rules of structured primitives: a tangent is a stack of coefficients up to an order. */
  toolsOf(order: number): TransformTools;
  wrap(series: PowerSeries): Tensor;
  /** Series of a value; `undefined` for a value that does not vary. */
  seriesOf(x: Tensor): PowerSeries | undefined;
  /** Derivative of a varying value with respect to the parameter of the series. */
  rateOf(x: Tensor, series: PowerSeries): Tensor;
  /** Runs a rule, whose operations compute coefficients on demand. */
  inRule<T>(rule: () => T): T;
}

/** Application of a primitive to values. At least one value has a series. */
export interface SeriesCall {
  readonly prim: Primitive;
  readonly ins: readonly Tensor[];
  readonly params: unknown;
  /** Series of the operands; `undefined` for operands that do not vary. */
  readonly series: readonly (PowerSeries | undefined)[];
  /** Coefficients of order 0 of the operands. */
  readonly heads: readonly Tensor[];
}

/** Coefficient of order k of a value; `undefined` is a symbolic zero. */
export function coefficient(trace: SeriesTrace, x: Maybe, k: number): Maybe {
  const series = x && trace.seriesOf(x);
  return series === undefined ? (k === 0 ? x : undefined) : series.at(k);
}
