import { DownhillError } from "../../errors/index.ts";
import { identityOf, paramsKey } from "../../ir/key.ts";
import type { Maybe, Primitive, TransformTools } from "../../ir/primitive.ts";
import type { Trace, Tracer } from "../../ir/tensor.ts";
import { Tensor } from "../../ir/tensor.ts";
import { scale } from "../../prims/arithmetic.ts";
import { hasCustomRule } from "../../prims/custom.ts";
import { zeros } from "../../prims/linear.ts";
import { bind } from "../../trace/bind.ts";
import { differentiating, isDebugging } from "../../trace/debug.ts";
import { knownScalar } from "../../trace/staging.ts";
import { assertNever } from "../../util/assert-never.ts";
import { linearSeries, smoothSeries } from "./rules.ts";
import type { SeriesCall, SeriesTrace } from "./series.ts";
import { PowerSeries } from "./series.ts";
import { structuredSeries } from "./structured.ts";

interface TaylorTracer extends Tracer {
  readonly series: PowerSeries;
}

/**
 * Trace of `taylor`: values that vary have a power series. The rules of their operations follow from the derivatives of
 * the primitives; see the README of this folder. Open while a function runs.
 */
export class TaylorTrace implements Trace, SeriesTrace {
  readonly kind = "taylor";
  readonly level: number;
  readonly order: number;
  alive = true;
  readonly #toolsOf: (order: number) => TransformTools;
  /**
   * Results by operation, for each value that is the first varying operand. A rule that leads back to an operation, as
   * those of sine and cosine do, thus finds its series.
   */
  readonly #results = new WeakMap<Tensor, Map<string, readonly Tensor[]>>();
  readonly #rates = new WeakMap<Tensor, Tensor>();
  #isInRule = false;

  constructor(level: number, order: number, toolsOf: (order: number) => TransformTools) {
    this.level = level;
    this.order = order;
    this.#toolsOf = toolsOf;
  }

  get isInRule(): boolean {
    return this.#isInRule;
  }

  toolsOf(order: number): TransformTools {
    return this.#toolsOf(order);
  }

  wrap(series: PowerSeries): Tensor {
    const tracer: TaylorTracer = { trace: this, series };
    return new Tensor(series.head.type, undefined, tracer);
  }

  seriesOf({ tracer }: Tensor): PowerSeries | undefined {
    return tracer !== undefined && tracer.trace === this ? (tracer as TaylorTracer).series : undefined;
  }

  rateOf(x: Tensor, series: PowerSeries): Tensor {
    let rate = this.#rates.get(x);
    if (rate === undefined) {
      const shifted = (k: number): Maybe => {
        const c = series.at(k + 1);
        return c && scale(c, k + 1);
      };
      rate = this.wrap(new PowerSeries(series.at(1) ?? zeros(x.type), series.isMasked, shifted));
      this.#rates.set(x, rate);
    }
    return rate;
  }

  inRule<T>(rule: () => T): T {
    const saved = this.#isInRule;
    this.#isInRule = true;
    try {
      return rule();
    } finally {
      this.#isInRule = saved;
    }
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const series = ins.map((x) => this.seriesOf(x));
    const heads = ins.map((x, i) => series[i]?.head ?? x);
    const call = { prim, ins, params, series, heads };
    const run = (): readonly Tensor[] => this.#finish(this.#apply(call));
    return isDebugging() ? differentiating(prim, heads, run) : run();
  }

  /**
   * Computes all coefficients of the results of an operation of the function, so that the depth of the recursion does not
   * grow with the length of the function. Results that do not vary become plain values.
   */
  #finish(outs: readonly Tensor[]): readonly Tensor[] {
    if (this.#isInRule) return outs;
    return outs.map((out) =>
      this.seriesOf(out)?.isConstant(this.order) === true ? this.seriesOf(out)!.head : out,
    );
  }

  /** Applies an operation, or returns its results if it has been applied to these operands before. */
  #apply(call: SeriesCall): readonly Tensor[] {
    const { prim, ins, params, series } = call;
    if (prim.derivative.kind === "structured" && !hasCustomRule(prim)) return structuredSeries(this, call);
    const first = ins[series.findIndex((s) => s !== undefined)]!;
    let results = this.#results.get(first);
    if (results === undefined) this.#results.set(first, (results = new Map<string, readonly Tensor[]>()));
    const key = `${identityOf(prim)} ${ins.map(keyOf).join()} ${paramsKey(params, identityOf)}`;
    let outs = results.get(key);
    if (outs === undefined) results.set(key, (outs = this.#derive(call)));
    return outs;
  }

  #derive(call: SeriesCall): readonly Tensor[] {
    const { prim, heads, params } = call;
    const { derivative } = prim;
    switch (derivative.kind) {
      case "linear":
        return linearSeries(this, call, derivative);
      case "smooth":
        return smoothSeries(this, call, derivative);
      case "structured":
        return structuredSeries(this, call);
      case "constant":
        return bind(prim, heads, params);
      case "none":
        throw new DownhillError("derivative", `${prim.name} has no derivative: ${derivative.reason}`);
      default:
        return assertNever(derivative, "taylor");
    }
  }
}

/**
 * Key of an operand: a scalar that does not vary by its value, because rules compute the orders of functions anew, other
 * operands by their identity.
 */
function keyOf(x: Tensor): string {
  const value = knownScalar(x);
  if (value === undefined) return String(identityOf(x));
  return `${x.type.dtype} ${x.type.weak} ${Object.is(value, -0) ? "-0" : value}`;
}
