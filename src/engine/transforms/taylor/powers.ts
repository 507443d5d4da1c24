// Powers with a known exponent.
import { isAtHand, readElements } from "../../ir/elements.ts";
import type { Maybe } from "../../ir/primitive.ts";
import { isBuiltIn } from "../../ir/primitive.ts";
import type { Tensor } from "../../ir/tensor.ts";
import { div, equal, mul, scale } from "../../prims/arithmetic.ts";
import { add, full, where, zeros } from "../../prims/linear.ts";
import { bind1 } from "../../trace/bind.ts";
import { knownConstant } from "../../trace/staging.ts";
import type { SeriesCall, SeriesTrace } from "./series.ts";
import { PowerSeries } from "./series.ts";

/**
 * Exponent of a power if it is known, from a parameter or from an operand whose elements are all equal. `undefined` for
 * other powers and other operations.
 */
export function exponentOf({ prim, params, ins, series }: SeriesCall): number | undefined {
  const { notation } = prim;
  if (notation === undefined || !("infix" in notation) || notation.infix !== "^" || !isBuiltIn(prim))
    return undefined;
  if (notation.right !== undefined) return notation.right(params);
  return series[1] === undefined ? commonElement(ins[1]!) : undefined;
}

function commonElement(x: Tensor): number | undefined {
  if (!isAtHand(x)) return knownConstant(x);
  const [first, ...others] = readElements(x, "taylor");
  return others.every((e) => Object.is(e, first)) ? first : undefined;
}

/**
 * Computes x to the power of an integer of at least 1 by products. Unlike the general rule, their series are exact at x
 * = 0.
 */
export function integerPower(x: Tensor, exponent: number): Tensor {
  let [power, square]: [Maybe, Tensor] = [undefined, x];
  for (let rest = exponent; ; square = mul(square, square)) {
    if (rest % 2 === 1) power = power === undefined ? square : mul(power, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return power!;
  }
}

/**
 * Derivative of the power y = xᵉ along dx, for exponents other than integers of at least 1.
 *
 * For e < 0 it is e · y · dx / x, which needs no other power. At x = 0 all terms of its series are infinite, with the
 * signs that repeated differentiation gives. For e > 0 it is e · xᵉ⁻¹ · dx, so that the exponent is negative after ⌊e⌋
 * + 1 steps.
 */
export function powerRate(
  trace: SeriesTrace,
  { prim, params, ins, series }: SeriesCall,
  exponent: number,
  dx: Tensor,
  y: Tensor,
): Tensor {
  const x = ins[0]!;
  if (exponent === 0) return mul(dx, where(equal(x, x), zeros(x.type), x)); // NaN for NaN
  if (exponent > 0) {
    const { head } = series[0]!;
    // the rule of `pow` reads its base through a mask
    const base = trace.wrap(new PowerSeries(head, 1, (k) => series[0]!.at(k)));
    return mul(dx, scale(bind1(prim, [base, full(x.type, exponent - 1)], params), exponent));
  }
  // powers that are no integer do not distinguish −0 from 0
  const base = Number.isInteger(exponent) ? x : add(x, zeros(x.type));
  return div(mul(scale(dx, exponent), y), base);
}
