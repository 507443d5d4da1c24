// Power series of the results of an operation, derived from the derivative of its primitive.
import type { Derivative, Maybe } from "../../ir/primitive.ts";
import { isBuiltIn } from "../../ir/primitive.ts";
import type { Tensor } from "../../ir/tensor.ts";
import { isFloating } from "../../ir/types.ts";
import { div, maskedMul, mul, strongMul } from "../../prims/arithmetic.ts";
import { full, neg, sub, sumMaybe } from "../../prims/linear.ts";
import { bind } from "../../trace/bind.ts";
import { movedBy } from "../jvp.ts";
import { leavesZeros, throughMasks } from "../tangent-trace.ts";
import { exponentOf, integerPower, powerRate } from "./powers.ts";
import type { SeriesCall, SeriesTrace } from "./series.ts";
import { coefficient, PowerSeries } from "./series.ts";

type LinearDerivative = Derivative<unknown> & { readonly kind: "linear" };
type SmoothDerivative = Derivative<unknown> & { readonly kind: "smooth" };
/** Rule of forward mode: computes tangents of the results from tangents of the operands. */
type TangentRule = (tangents: readonly Maybe[]) => readonly Maybe[];

/**
 * Combines the values of an operation's results (`heads`) with their series. `row` returns the coefficients of order k
 * of all results, and `maskedFrom` the lowest order that may contain masked zeros. Results that are not floating have no series.
 */
export function resultsOf(
  trace: SeriesTrace,
  heads: readonly Tensor[],
  maskedFrom: (result: number) => number,
  row: (k: number) => readonly Maybe[],
): readonly Tensor[] {
  const rows: (readonly Maybe[])[] = [];
  return heads.map((head, i) =>
    isFloating(head.dtype)
      ? trace.wrap(new PowerSeries(head, maskedFrom(i), (k) => (rows[k] ??= row(k))[i]))
      : head,
  );
}

/** For each operand, true if its coefficient of order k may contain masked zeros (docs/masks.md). */
export function masksAt({ series }: SeriesCall, k: number): readonly boolean[] {
  return series.map((s) => s !== undefined && k >= s.maskedFrom);
}

/** Applies a forward-mode rule to tangents. `masks` is true for each tangent that may contain masked zeros. */
function withMasks(
  name: string,
  tangents: readonly Maybe[],
  masks: readonly boolean[],
  rule: TangentRule,
): readonly Maybe[] {
  return masks.includes(true) ? throughMasks(name, tangents, masks, rule)[0] : rule(tangents);
}

/** Series of the results of a linear operation, which acts on the coefficients of each order separately. */
export function linearSeries(
  trace: SeriesTrace,
  call: SeriesCall,
  derivative: LinearDerivative,
): readonly Tensor[] {
  const { prim, heads, params, series } = call;
  const own = derivative.jvp;
  const rule: TangentRule =
    own === undefined
      ? (given) => movedBy(prim, derivative.operands, heads, given, params)
      : (given) => own(given, heads, params);
  const orders = [1, ...series.flatMap((s) => s?.maskedFrom ?? [])].sort((a, b) => a - b);
  const maskedFrom = orders.find((k) => leavesZeros(prim, heads, series.map((s) => s && k >= s.maskedFrom))); // prettier-ignore
  return resultsOf(
    trace,
    bind(prim, heads, params),
    () => maskedFrom ?? Infinity,
    (k) => {
      const tangents = series.map((s) => s?.at(k));
      return tangents.every((t) => t === undefined)
        ? []
        : withMasks(prim.name, tangents, masksAt(call, k), rule);
    },
  );
}

export function smoothSeries(
  trace: SeriesTrace,
  call: SeriesCall,
  derivative: SmoothDerivative,
): readonly Tensor[] {
  const { prim, ins, heads, params } = call;
  const own = derivative.underDerivative === undefined ? params : derivative.underDerivative(params);
  const values = bind(prim, heads, own);
  const outs = (row: (k: number) => readonly Maybe[], maskedFrom = smoothMaskedFrom(call, derivative)) =>
    resultsOf(trace, values, () => maskedFrom, row);
  if (derivative.transpose !== undefined && derivative.isProduct !== false && isBuiltIn(prim)) {
    const products: readonly Tensor[] = outs(
      productRow(call, derivative, values[0]!, (k) => coefficient(trace, products[0], k)),
    );
    return products;
  }
  const exponent = exponentOf(call);
  if (exponent !== undefined && exponent >= 1 && Number.isInteger(exponent)) {
    const power = trace.inRule(() => integerPower(ins[0]!, exponent));
    return outs((k) => [coefficient(trace, power, k)], trace.seriesOf(power)?.maskedFrom);
  }
  // a positive exponent that is a parameter leads to the next one by the rule of the primitive
  const isPower = exponent !== undefined && (exponent <= 0 || ins.length === 2);
  const results: readonly Tensor[] = outs((k) => row(k));
  const row = integralRow(trace, call, (tangents) =>
    isPower
      ? [powerRate(trace, call, exponent, tangents[0]!, results[0]!)]
      : derivative.jvp(tangents, ins, results, own),
  );
  return results;
}

/** Lowest order from which on the coefficients of the results of a smooth operation may contain masked zeros. */
function smoothMaskedFrom({ prim, heads, series }: SeriesCall, derivative: SmoothDerivative): number {
  const froms = series.flatMap((s) => s?.maskedFrom ?? []);
  const least = Math.min(...froms);
  if (derivative.chooses === true) {
    const isLeftOut = heads.some((x, i) => series[i] === undefined && isFloating(x.dtype));
    if (isLeftOut || least === 1) return 1;
  }
  if (derivative.transpose !== undefined && prim.batch === "elementwise" && isBuiltIn(prim)) {
    const isQuotient = prim.notation !== undefined && "infix" in prim.notation && prim.notation.infix === "/";
    // the terms of a product of order k are masked if one of their factors is
    if (!isQuotient) return froms.reduce((sum, from) => sum + from - 1, 1);
    return (series[1]?.maskedFrom ?? 1) === 1 ? (series[0]?.maskedFrom ?? 1) : Infinity;
  }
  if (derivative.chooses === true) return least;
  return froms.every((from) => from === 1) ? 1 : Infinity;
}

/**
 * Computes the coefficients of the results of a differentiable operation y = f(x) by its forward-mode rule. y′ = f′(x)
 * x′ is an equation between series. The coefficient of order k of y thus follows from coefficients of lower order.
 */
export function integralRow(
  trace: SeriesTrace,
  call: SeriesCall,
  rule: TangentRule,
): (k: number) => readonly Maybe[] {
  const { prim, ins, series } = call;
  let rates: readonly Maybe[] | undefined;
  return (k) => {
    rates ??= trace.inRule(() => {
      const tangents = ins.map((x, i) => series[i] && trace.rateOf(x, series[i]));
      return withMasks(prim.name, tangents, masksAt(call, 1), rule);
    });
    return rates.map((rate) => {
      const c = coefficient(trace, rate, k - 1);
      return c && (k === 1 ? c : div(c, full(c.type, k)));
    });
  };
}

/**
 * Computes the coefficients of a product, or of the solution y of an equation v · y = u, such as a quotient or the
 * solution of a linear system.
 *
 * Both are linear in u, which is operand 0 of elementwise operations and the last operand of others. Their mixed terms
 * are `vⱼ · uₖ₋ⱼ` and `−vⱼ · yₖ₋ⱼ`. The forward-mode rule returns them for the tangent vⱼ if it is called with `uₖ₋ⱼ`
 * as u and `yₖ₋ⱼ` as the result. If the rule reads the result, the operation is a solution.
 */
function productRow(
  call: SeriesCall,
  derivative: SmoothDerivative,
  value: Tensor,
  resultAt: (k: number) => Maybe,
): (k: number) => readonly Maybe[] {
  const { prim, heads, params, series } = call;
  const isElementwise = prim.batch === "elementwise";
  const [u, v] = isElementwise ? [0, 1] : [heads.length - 1, 0];
  const isMasked = (place: number, k: number): boolean => k >= (series[place]?.maskedFrom ?? Infinity);
  let isSolution = false;
  const apply = (
    tangents: readonly Maybe[],
    ins: readonly Tensor[],
    result: Tensor,
    areMasked: readonly boolean[],
  ): Maybe => {
    if (tangents.every((t) => t === undefined)) return undefined;
    const read = (): Tensor => ((isSolution = true), result);
    const outs = Object.defineProperty([] as Tensor[], 0, { get: read });
    return withMasks(prim.name, tangents, areMasked, (given) => derivative.jvp(given, ins, outs, params))[0];
  };
  const only = (place: number, x: Tensor): Maybe[] => heads.map((_, i) => (i === place ? x : undefined));
  const replaced = (place: number, x: Tensor): Tensor[] => heads.map((h, i) => (i === place ? x : h));
  const quotientTerm = (factor: Tensor, y: Tensor, j: number): Maybe => {
    if (derivative.chooses === true) return strongMul(y, factor); // a 0 of a strong quotient is strong
    return isMasked(v, j) ? maskedMul(factor, y) : mul(factor, y);
  };
  const solutionTerm = (factor: Tensor, y: Tensor, j: number): Maybe =>
    apply(only(v, factor), heads, y, masksAt(call, j));
  const productTerm = (factor: Tensor, other: Tensor, j: number, k: number): Maybe => {
    const masks = heads.map((_, i) => (i === v ? isMasked(v, j) : isMasked(i, k - j)));
    const isEachMasked = masks[u] === true && masks[v] === true;
    if (isEachMasked && isElementwise && derivative.chooses !== true) return maskedMul(factor, other, true);
    return masks[u] === true && masks[v] !== true
      ? apply(only(u, other), replaced(v, factor), value, masks)
      : apply(only(v, factor), replaced(u, other), value, masks);
  };
  const mixed = (k: number): Maybe => {
    let total: Maybe;
    for (let j = 1; j < k; j++) {
      const factor = series[v]?.at(j);
      const other = isSolution ? resultAt(k - j) : series[u]?.at(k - j);
      if (factor === undefined || other === undefined) continue;
      const termOf = !isSolution ? productTerm : isElementwise ? quotientTerm : solutionTerm;
      const term = termOf(factor, other, j, k);
      total = sumMaybe(total, term);
    }
    return total;
  };
  return (k) => {
    const tangents = series.map((s) => s?.at(k));
    const terms = mixed(k);
    const masks = masksAt(call, k);
    if (!isSolution || !isElementwise || terms === undefined)
      return [sumMaybe(apply(tangents, heads, value, masks), terms)];
    // one quotient for all terms, as in repeated forward mode
    const side = tangents[u];
    const rest = side === undefined ? neg(terms) : sub(side, terms);
    const isRestMasked = (side === undefined || masks[u] === true) && isMasked(v, 1);
    return [apply([rest, tangents[v]], heads, value, [isRestMasked, masks[v] === true])];
  };
}
