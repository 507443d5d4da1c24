import {
  abs,
  add,
  div,
  isFinite,
  lessEqual,
  maximum,
  minimum,
  mul,
  pow,
  stopGradient,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full, tensor } from "../../array/create.ts";
import { all } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { expandDims, stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { flowSeries } from "../../../engine/transforms/index.ts";
import { firstLength, type OdeMethod, type OdeSystem, rootMeanSquare } from "./method.ts";

/** Memory of a Taylor method. */
interface TaylorMemory {
  /** Coefficients of the solution at the start of the next step, `[order + 1, n]`, for time in multiples of `unit`. */
  readonly series: Tensor;
  readonly unit: Tensor;
  /** Rounding error of y, which is added to the change of y in the next step (compensated summation). */
  readonly lost: Tensor;
}

/** Polynomial of a step: its terms at the end of the step as rows, lowest order first. */
function alongPolynomial(terms: Tensor, part: Tensor): Tensor {
  const last = terms.shape[0]! - 1;
  let value = at(terms, last);
  for (let k = last - 1; k >= 0; k--) value = add(at(terms, k), mul(part, value));
  return value;
}

/** The end of a step with the given terms from y, and its rounding error. The smallest terms are added first. */
function endOf(y: Tensor, lost: Tensor, terms: Tensor): { readonly y: Tensor; readonly lost: Tensor } {
  let change = at(terms, terms.shape[0]! - 1);
  for (let k = terms.shape[0]! - 2; k >= 1; k--) change = add(change, at(terms, k));
  const moved = add(change, lost);
  const end = add(y, moved);
  const seen = sub(end, y);
  return { y: end, lost: stopGradient(add(sub(y, sub(end, seen)), sub(moved, seen))) };
}

/** `r⁰` to `rᵒʳᵈᵉʳ`, as a column. */
function powersOf(r: Tensor, order: number): Tensor {
  const powers = [full([], 1)];
  for (let k = 1; k <= order; k++) powers.push(mul(powers.at(-1)!, r));
  return expandDims(stack(powers), 1);
}

/** Safety factor of step lengths. */
const safety = 0.7;

/** Length at which both of the last two terms of a series are below the tolerance, in the unit of the series. */
function suitableLength(series: Tensor, allowed: Tensor): Tensor {
  const last = series.shape[0]! - 1;
  const [first, second] = [last - 1, last].map((k) =>
    pow(maximum(rootMeanSquare(div(at(series, k), allowed)), 1e-300), -1 / k),
  );
  return mul(safety, minimum(first!, second!));
}

/** Rounding errors of a slope, relative to it and to the solution, that are no reason to reject a step. */
const rounding = 32 * Number.EPSILON;

function attempt(
  system: OdeSystem,
  order: number,
  { t, y, memory }: { readonly t: Tensor; readonly y: Tensor; readonly memory: TaylorMemory },
  h: Tensor,
): ReturnType<OdeMethod<TaylorMemory>["attempt"]> {
  const { rtol, atol } = system.rules;
  const after = add(t, h);
  const length = sub(after, t); // free of the rounding error of `after`
  const terms = mul(memory.series, powersOf(div(length, memory.unit), order));
  const end = endOf(y, memory.lost, terms);
  const series = flowSeries(system.slope, order, end.y, after, length);
  const size = maximum(abs(y), abs(end.y));
  const allowed = add(atol, mul(rtol, size));
  // the defect of the polynomial at the end of the step is order + 1 times the first omitted term
  let slope = mul(order, at(terms, order));
  for (let k = order - 1; k >= 1; k--) slope = add(slope, mul(k, at(terms, k)));
  const defect = sub(slope, at(series, 1));
  const unavoidable = mul(rounding, add(size, abs(slope)));
  const error = rootMeanSquare(div(defect, mul(order + 1, add(allowed, unavoidable))));
  const ratio = where(all(isFinite(series)), error, Number.NaN);
  const factor = minimum(suitableLength(series, allowed), 10);
  const shorter = maximum(mul(0.9, pow(maximum(ratio, 1), -1 / (order + 1))), 0.2);
  return {
    y: end.y,
    ratio,
    factor: where(lessEqual(ratio, 1), factor, where(isFinite(ratio), shorter, 0.2)),
    coefficients: terms,
    accepted: { series, unit: length, lost: end.lost },
    rejected: memory,
    stiffness: full([], 0),
    counts: tensor([1, 0, 0], { dtype: "float64" }),
  };
}

/** Taylor method of an order. The dense output is the Taylor polynomial of each step. */
function taylorMethod(order: number): OdeMethod<TaylorMemory> {
  const exponent = 1 / (order + 1);
  return {
    name: `taylor of order ${order}`,
    rows: order + 1,
    exponent,
    isExplicit: true,
    endsAtLimit: true,
    along: alongPolynomial,
    begin(system, y, t, slope) {
      const unit = firstLength(system, y, slope, t, exponent);
      return { series: flowSeries(system.slope, order, y, t, unit), unit, lost: mul(0, y) };
    },
    firstLength({ rules: { rtol, atol } }, y, { series, unit }) {
      const length = mul(unit, suitableLength(series, add(atol, mul(rtol, abs(y)))));
      return where(isFinite(length), length, unit);
    },
    attempt: (system, from, h) => attempt(system, order, from, h),
    beginRepeat: (_system, y) => ({ lost: stopGradient(mul(0, y)) }),
    repeat({ slope: f }, { t, y, memory }, h) {
      const terms = flowSeries(f, order, y, t, h);
      const { y: end, lost } = endOf(y, memory["lost"]!, terms);
      return { y: end, memory: { lost }, coefficients: terms };
    },
  };
}

/** Orders of the method: cost grows with the square of the order. */
const [lowest, highest] = [5, 22];

/**
 * Taylor method with compensated summation, whose order depends on the relative tolerance. The length of a step follows
 * from its last two coefficients.
 *
 * @see Jorba, Zou, A software package for the numerical integration of ODEs by means of high-order Taylor methods,
 * Experimental Mathematics 14, 2005.
 */
export function taylorFor(rtol: number): OdeMethod<TaylorMemory> {
  const order = Math.ceil(1 - Math.log(rtol) / 2) + 2;
  return taylorMethod(Math.min(highest, Math.max(lowest, order)));
}
