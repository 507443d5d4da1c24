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
import { integralRow, masksOf, resultsOf } from "./rules.ts";
import type { PowerSeries, SeriesCall, SeriesTrace } from "./series.ts";

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
    const tools = trace.toolsOf(trace.order);
    const rule = (tangents: readonly Maybe[]): readonly Maybe[] =>
      derivative.jvp(ins, tangents, params, tools, masksOf(call))[1];
    return resultsOf(trace, bind(prim, heads, params), () => true, integralRow(trace, call, rule)); // prettier-ignore
  }
  const compute = (order: number): DualResults =>
    derivative.jvp(heads, stacksOf(trace, call, order), params, trace.toolsOf(order), masksOf(call));
  if (!trace.isInRule) {
    const [values, stacks, masks] = compute(trace.order);
    return resultsOf(
      trace,
      values,
      (i) => masks?.[i] !== false,
      (k) => stacks.map((stack) => stack && layer(stack, k)),
    );
  }
  // the coefficients of a loop depend on all those of its operands up to the same order, which may not be known yet
  return resultsOf(
    trace,
    bind(prim, heads, params),
    () => true,
    (k) => compute(k)[1].map((stack) => stack && layer(stack, k)),
  );
}

/**
 * Stacks of the operands' coefficients. A carry of a loop that is constant at the start but varies later gets a stack
 * of zeros.
 */
function stacksOf(trace: SeriesTrace, call: SeriesCall, order: number): readonly Maybe[] {
  const { prim, params, heads, series } = call;
  const stacks = series.map((s) => s && stackSeries(s, order));
  const loop = prim.loop?.parts?.(params);
  if (loop === undefined) return stacks;
  const { jvpProgram } = trace.toolsOf(order);
  const { body, before, consts, carries } = loop;
  const varies = stacks.slice(before).map((stack) => stack !== undefined);
  for (;;) {
    const none = body.outs.map(() => false);
    const masks = masksOf(call).slice(before);
    const { nonzeroOuts } = jvpProgram(body, varies, none, masks);
    const next = varies.map((is, i) => is || (i >= consts && i < consts + carries && nonzeroOuts[i - consts] === true)); // prettier-ignore
    if (next.every((is, i) => is === varies[i])) break;
    next.forEach((is, i) => (varies[i] = is));
  }
  return stacks.map((stack, i) =>
    stack === undefined && i >= before && varies[i - before] === true
      ? zeros(stackedType(heads[i]!.type, order))
      : stack,
  );
}
