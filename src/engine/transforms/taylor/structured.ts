// Operations with programs among their parameters: loops, branches, calls, custom rules.
import type { DualResults, Maybe } from "../../ir/primitive.ts";
import { withShape } from "../../ir/types.ts";
import type { Tensor } from "../../ir/tensor.ts";
import type { ArrayType } from "../../ir/types.ts";
import { calledProgram } from "../../prims/call.ts";
import { hasCustomRule, pushforwardOf } from "../../prims/custom.ts";
import { part } from "../../prims/index-ops.ts";
import { zeros } from "../../prims/linear.ts";
import { concatenate } from "../../prims/pieces.ts";
import { reshape } from "../../prims/shape.ts";
import { bind } from "../../trace/bind.ts";
import { evalProgram } from "../../trace/staging.ts";
import { integralRow, masksAt, resultsOf } from "./rules.ts";
import type { MaskedOrders, PowerSeries, SeriesCall, SeriesTrace } from "./series.ts";

/** Type of the coefficients 1 to `order` of a value, stacked along a new last axis. */
export function stackedType(type: ArrayType, order: number): ArrayType {
  return withShape(type, [...type.shape, order]);
}

/** Stacks the coefficients 1 to `order` along a new last axis; `undefined` if all of them are symbolic zeros. */
export function stackSeries(series: PowerSeries, order: number): Maybe {
  if (series.isConstant(order)) return undefined;
  const { type } = series.head;
  const layers = Array.from({ length: order }, (_, i) => series.at(i + 1) ?? zeros(type));
  return concatenate(layers.map((c) => reshape(c, [...type.shape, 1])), type.shape.length); // prettier-ignore
}

/** Coefficient k, from 1, of a stack. */
export function layer(stack: Tensor, k: number): Tensor {
  const axis = stack.ndim - 1;
  return reshape(part(stack, axis, k - 1, k), stack.shape.slice(0, axis));
}

/**
 * Series of the results of a structured operation, such as a loop. Its forward-mode rule receives stacks of
 * coefficients instead of tangents, and the programs in its parameters are transformed accordingly. A custom rule is
 * treated like the rule of a smooth primitive.
 */
export function structuredSeries(trace: SeriesTrace, call: SeriesCall): readonly Tensor[] {
  const { prim, ins, heads, params } = call;
  const { derivative } = prim;
  if (derivative.kind !== "structured") return bind(prim, heads, params);
  const inlined = pushforwardOf(prim, params) ?? (trace.isInRule ? calledProgram(prim, params) : undefined);
  if (inlined !== undefined) return evalProgram(inlined, ins);
  if (hasCustomRule(prim)) {
    const masks = masksAt(call, 1);
    const tools = trace.toolsOf(trace.order, { ins: masks.map((is) => (is ? 1 : Infinity)), outs: [] });
    const rule = (tangents: readonly Maybe[]): readonly Maybe[] =>
      derivative.jvp(ins, tangents, params, tools, masks)[1];
    return resultsOf(trace, bind(prim, heads, params), () => 1, integralRow(trace, call, rule)); // prettier-ignore
  }
  const compute = (order: number): StructuredSeries => {
    const { stacks, masked } = stacksOf(trace, call, order);
    const masks = masked.ins.map((from) => from === 1);
    return { results: derivative.jvp(heads, stacks, params, trace.toolsOf(order, masked), masks), masked };
  };
  if (!trace.isInRule) {
    const { results: [values, stacks], masked } = compute(trace.order); // prettier-ignore
    return resultsOf(
      trace,
      values,
      (i) => masked.outs[i] ?? 1,
      (k) => stacks.map((stack) => stack && layer(stack, k)),
    );
  }
  // the coefficients of a loop depend on all those of its operands up to the same order, which may not be known yet
  return resultsOf(
    trace,
    bind(prim, heads, params),
    () => 1,
    (k) => compute(k).results[1].map((stack) => stack && layer(stack, k)),
  );
}

/** Results of the rule of a structured operation, and the orders from which on they may contain masked zeros. */
interface StructuredSeries {
  readonly results: DualResults;
  readonly masked: MaskedOrders;
}

/**
 * Stacks of the operands' coefficients. A carry of a loop that is constant at the start but varies later gets a stack
 * of zeros. Orders of a carry are masked if they are at the start or after an iteration.
 */
function stacksOf(
  trace: SeriesTrace,
  call: SeriesCall,
  order: number,
): { readonly stacks: readonly Maybe[]; readonly masked: MaskedOrders } {
  const { prim, params, heads, series } = call;
  const stacks = series.map((s) => s && stackSeries(s, order));
  const ins = series.map((s) => (s === undefined ? 1 : trace.isInRule ? s.maskedFrom : maskedFromOf(s, order))); // prettier-ignore
  const loop = prim.loop?.parts?.(params);
  if (loop === undefined) return { stacks, masked: { ins, outs: [] } };
  const { body, before, consts, carries, length } = loop;
  const varies = stacks.map((stack) => stack !== undefined);
  const first = before + consts;
  for (let isGrowing = true; isGrowing;) {
    isGrowing = false;
    const outs: number[] = [];
    const { jvpProgram } = trace.toolsOf(order, { ins, outs });
    const none = body.outs.map(() => false);
    const { nonzeroOuts } = jvpProgram(body, varies.slice(before), none, none);
    for (let i = 0; i < carries; i++) {
      if ((varies[first + i] === true || nonzeroOuts[i] !== true) && ins[first + i]! <= outs[i]!) continue;
      isGrowing = true;
      varies[first + i] ||= nonzeroOuts[i] === true;
      ins[first + i] = Math.min(ins[first + i]!, outs[i]!);
    }
  }
  // without iterations, the results are the carries at the start
  const outs = length === undefined || length === 0 ? ins.slice(first, first + carries) : [];
  return {
    stacks: stacks.map((stack, i) =>
      stack === undefined && varies[i] === true ? zeros(stackedType(heads[i]!.type, order)) : stack,
    ),
    masked: { ins, outs },
  };
}

/**
 * Lowest order from which on the coefficients of a series may contain masked zeros, up to an order. Symbolic zeros after
 * the last coefficient are masked zeros in a stack.
 */
export function maskedFromOf(series: PowerSeries, order: number): number {
  let last = order;
  while (last > 0 && series.at(last) === undefined) last--;
  return last < order ? Math.min(series.maskedFrom, last + 1) : series.maskedFrom;
}
