import { DownhillError } from "../../errors/index.ts";
import { identityOf, paramsKey } from "../../ir/key.ts";
import type { Maybe, Primitive } from "../../ir/primitive.ts";
import type { Trace, Tracer } from "../../ir/tensor.ts";
import { Tensor } from "../../ir/tensor.ts";
import { scale } from "../../prims/arithmetic.ts";
import { hasCustomRule } from "../../prims/custom.ts";
import { zeros } from "../../prims/linear.ts";
import { bind } from "../../trace/bind.ts";
import { differentiating } from "../../trace/debug.ts";
import { knownScalar } from "../../trace/staging.ts";
import { assertNever } from "../../util/assert-never.ts";
import { linearSeries, smoothSeries } from "./rules.ts";
import type { SeriesCall, SeriesTools, SeriesTrace } from "./series.ts";
import { PowerSeries } from "./series.ts";
import { structuredSeries } from "./structured.ts";

interface TaylorTracer extends Tracer {
  readonly series: PowerSeries;
}

/**
 * Trace of `taylor`, in which varying values have a power series. It derives the rules of operations from the
 * derivatives of their primitives; see the README of this folder.
 */
export class TaylorTrace implements Trace, SeriesTrace {
  readonly kind = "taylor";
  readonly level: number;
  readonly order: number;
  alive = true;
  readonly toolsOf: SeriesTools;
  /**
   * Results of earlier operations, by the first varying operand and a key of the operation. If a rule leads back to an
   * operation, as those of sine and cosine do, it finds the series of the earlier results here.
   */
  readonly #results = new WeakMap<Tensor, Map<string, readonly Tensor[]>>();
  readonly #rates = new WeakMap<Tensor, Tensor>();
  #isInRule = false;
  /** Receives the series of the results of operations, while a function runs whose series are computed on demand. */
  #visited: PowerSeries[] | undefined;

  constructor(level: number, order: number, toolsOf: SeriesTools) {
    this.level = level;
    this.order = order;
    this.toolsOf = toolsOf;
  }

  get isInRule(): boolean {
    return this.#isInRule;
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
      const maskedFrom = Math.max(1, series.maskedFrom - 1);
      rate = this.wrap(new PowerSeries(series.at(1) ?? zeros(x.type), maskedFrom, shifted));
      this.#rates.set(x, rate);
    }
    return rate;
  }

  inRule<T>(rule: () => T): T {
    const [isInRule, visited] = [this.#isInRule, this.#visited];
    this.#isInRule = true;
    this.#visited = undefined;
    try {
      return rule();
    } finally {
      this.#isInRule = isInRule;
      this.#visited = visited;
    }
  }

  /**
   * Runs a function whose operands are not known beyond the order 0. Returns its result, and the series of the results
   * of its operations in their order.
   */
  onDemand<T>(f: () => T): readonly [result: T, values: readonly PowerSeries[]] {
    const values: PowerSeries[] = [];
    const result = this.inRule(() => {
      this.#visited = values;
      return f();
    });
    return [result, values];
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const series = ins.map((x) => this.seriesOf(x));
    const heads = ins.map((x, i) => series[i]?.head ?? x);
    const call = { prim, ins, params, series, heads };
    const run = (): readonly Tensor[] => this.#finish(this.#apply(call));
    return differentiating(prim, heads, run);
  }

  /**
   * Computes all coefficients of the results of an operation, unless a rule is running. The depth of recursion thus
   * does not grow with the length of the function. Results that do not vary become plain values.
   */
  #finish(outs: readonly Tensor[]): readonly Tensor[] {
    if (this.#isInRule) {
      if (this.#visited !== undefined) this.#visited.push(...outs.flatMap((out) => this.seriesOf(out) ?? []));
      return outs;
    }
    return outs.map((out) =>
      this.seriesOf(out)?.isConstant(this.order) === true ? this.seriesOf(out)!.head : out,
    );
  }

  /** Applies an operation. If it was applied to the same operands before, returns the earlier results. */
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
 * Key of an operand. A constant scalar has its value as the key, because rules create such constants anew each time;
 * other operands have their identity.
 */
function keyOf(x: Tensor): string {
  const value = knownScalar(x);
  if (value === undefined) return String(identityOf(x));
  return `${x.type.dtype} ${x.type.weak} ${Object.is(value, -0) ? "-0" : value}`;
}
