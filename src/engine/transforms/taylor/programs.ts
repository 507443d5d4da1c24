import type { TransformTools } from "../../ir/primitive.ts";
import type { Program } from "../../ir/program.ts";
import { zeros } from "../../prims/linear.ts";
import { withTrace } from "../../trace/bind.ts";
import { evalProgram, traceClosed } from "../../trace/staging.ts";
import type { JvpProgram } from "../jvp.ts";
import { maskKey, memoizeProgram } from "../memoize.ts";
import { tools } from "../tools.ts";
import { regionSeriesTo } from "./regions.ts";
import type { MaskedOrders } from "./series.ts";
import { PowerSeries } from "./series.ts";
import { layer, maskedFromOf, stackedType, stackSeries } from "./structured.ts";
import { TaylorTrace } from "./trace.ts";

/** A transformed program, with the lowest orders of its results that may contain masked zeros. */
interface SeriesProgram extends Omit<JvpProgram, "maskedOuts"> {
  readonly maskedOuts: readonly number[];
}

/**
 * Transforms a program to one that also computes the coefficients of its results up to an order. The result has the
 * form of `jvpProgram`, with stacks of coefficients instead of tangents (see `stackSeries`).
 */
const taylorProgram = /* @__PURE__ */ memoizeProgram(
  (
    _,
    order: number,
    nonzero: readonly boolean[],
    instantiate: readonly boolean[],
    masked: readonly number[],
  ) => `taylor ${order} ${maskKey(nonzero)} ${maskKey(instantiate)} ${masked.join()}`,
  (program, order, nonzero, instantiate, masked): SeriesProgram => {
    const types = program.ins.map((v) => v.type);
    const stacks = types.filter((_, i) => nonzero[i]).map((type) => stackedType(type, order));
    let [nonzeroOuts, maskedOuts]: [boolean[], number[]] = [[], []];
    const result = traceClosed(`taylor(${program.name})`, [...types, ...stacks], (...args) =>
      withTrace(
        program.name,
        (level) => new TaylorTrace(level, order, taylorTools),
        (trace) => {
          let next = types.length;
          const ins = types.map((_, i) => {
            const head = args[i]!;
            if (nonzero[i] !== true) return head;
            const stack = args[next++]!;
            return trace.wrap(new PowerSeries(head, masked[i]!, (k) => layer(stack, k)));
          });
          const series = evalProgram(program, ins).map((x) => trace.seriesOf(x) ?? new PowerSeries(x, 1, () => undefined)); // prettier-ignore
          const outs = series.map(
            (s, i) =>
              stackSeries(s, order) ??
              (instantiate[i] === true ? zeros(stackedType(s.head.type, order)) : undefined),
          );
          nonzeroOuts = outs.map((stack) => stack !== undefined);
          maskedOuts = series.map((s) => maskedFromOf(s, order));
          return [...series.map((s) => s.head), ...outs.filter((stack) => stack !== undefined)];
        },
      ),
    );
    return { program: result, nonzeroOuts, maskedOuts };
  },
);

/**
 * Returns the transforms with which rules of structured primitives compute stacks of coefficients up to an order
 * instead of tangents. The inputs of a program are the last operands.
 */
export function taylorTools(order: number, masked: MaskedOrders): TransformTools {
  const jvpProgram = (
    program: Program,
    nonzero: readonly boolean[],
    instantiate: readonly boolean[],
  ): JvpProgram => {
    const before = masked.ins.length - program.ins.length;
    const inputs = program.ins.map((_, i) => masked.ins[before + i] ?? Infinity);
    const result = taylorProgram(program, order, nonzero, instantiate, inputs);
    result.maskedOuts.forEach((from, i) => (masked.outs[i] = Math.min(masked.outs[i] ?? Infinity, from)));
    return { ...result, maskedOuts: result.maskedOuts.map((from) => from === 1) };
  };
  return { ...tools, jvpProgram, regionSeries: regionSeriesTo(order, masked, taylorTools) };
}
