// Polynomial bounds of indices inside a loop, in terms of values known before the loop.
import type { Expr } from "../kernel/scalar.ts";
import type { Polynomial } from "./polynomial.ts";
import type { PolynomialContext } from "./index-polynomial.ts";
import { addPolynomials, hasName, multiplyPolynomials, namesOf, one, splitBy } from "./polynomial.ts";
import { polynomialOf } from "./index-polynomial.ts";

/** Inclusive bounds of a loop index as polynomials. All of them hold; there may be several lower and upper ones. */
export interface IndexBounds {
  readonly name: string;
  readonly low: readonly Polynomial[];
  readonly high: readonly Polynomial[];
}

/** Bounds of the indices of the loops around a statement, outermost loop first. */
export type EnclosingIndices = readonly IndexBounds[];

/** Range of the index of a counted loop. A bound that is no polynomial is left out. */
export function rangeOfLoop(
  name: string,
  { from, to }: { readonly from: Expr; readonly to: Expr },
  made: PolynomialContext,
): IndexBounds {
  const [first, end] = [polynomialOf(from, made), polynomialOf(to, made)];
  return {
    name,
    low: first === undefined ? [] : [first],
    high: end === undefined ? [] : [addPolynomials(end, one, -1)],
  };
}

/** Facts that a condition implies: polynomials that are not negative, and polynomials that are not zero. */
interface ConditionFacts {
  readonly positive: readonly Polynomial[];
  readonly unequal: readonly Polynomial[];
}

/**
 * Bounds of the enclosing loop indices inside of a branch, narrowed by its condition, which is true there if `holds`,
 * otherwise false.
 */
export function within(
  surroundings: EnclosingIndices,
  condition: Expr,
  holds: boolean,
  made: PolynomialContext,
): EnclosingIndices {
  const { positive, unequal } = factsOf(condition, holds, made, 0);
  let narrowed = surroundings;
  for (const p of positive) narrowed = narrowed.map((range) => narrowBy(range, p));
  for (const p of unequal) narrowed = narrowed.map((range) => withoutEnd(range, p));
  return narrowed;
}

function factsOf(condition: Expr, holds: boolean, made: PolynomialContext, depth: number): ConditionFacts {
  const none: ConditionFacts = { positive: [], unequal: [] };
  if (depth > 8) return none;
  const of = (x: Expr, is = holds): ConditionFacts => factsOf(x, is, made, depth + 1);
  if (condition.kind === "local") {
    const definition = made.of.get(condition.name);
    return definition === undefined ? none : of(definition);
  }
  if (condition.kind === "unary" && condition.op === "not") return of(condition.x, !holds);
  if (condition.kind === "select") {
    const { x, y } = condition; // c && x, c || y
    if (holds && y.kind === "const" && y.value === 0) return both(of(condition.condition), of(x));
    if (!holds && x.kind === "const" && x.value === 1) return both(of(condition.condition), of(y));
    return none;
  }
  if (condition.kind !== "binary") return none;
  const { op, x, y } = condition;
  if ((op === "and" && holds) || (op === "or" && !holds)) return both(of(x), of(y));
  if (x.type !== "i32") return none;
  const [a, b] = [polynomialOf(x, made), polynomialOf(y, made)];
  if (a === undefined || b === undefined) return none;
  const distance = addPolynomials(b, a, -1);
  const back = addPolynomials(a, b, -1);
  if (op === "lt") return { positive: [holds ? addPolynomials(distance, one, -1) : back], unequal: [] };
  if (op === "le") return { positive: [holds ? distance : addPolynomials(back, one, -1)], unequal: [] };
  if ((op === "eq" && holds) || (op === "ne" && !holds)) return { positive: [distance, back], unequal: [] };
  return op === "eq" || op === "ne" ? { positive: [], unequal: [distance] } : none;
}

function both(x: ConditionFacts, y: ConditionFacts): ConditionFacts {
  return { positive: [...x.positive, ...y.positive], unequal: [...x.unequal, ...y.unequal] };
}

/** Maximum number of bounds per side of a range. */
const mostEnds = 3;

/** Narrows a range by a nonnegative polynomial, if the index occurs in it with factor 1 or −1. */
function narrowBy(range: IndexBounds, p: Polynomial): IndexBounds {
  const split = splitBy(p, range.name);
  if (split === undefined || split.factor.size !== 1) return range;
  const factor = split.factor.get("");
  const rest = split.rest;
  // name ≥ −rest, or name ≤ rest
  if (factor === 1 && range.low.length < mostEnds)
    return { ...range, low: [...range.low, addPolynomials(new Map(), rest, -1)] };
  if (factor === -1 && range.high.length < mostEnds) return { ...range, high: [...range.high, rest] };
  return range;
}

/** Tightens an inclusive bound by one if the polynomial `p`, which is known to be nonzero, is zero at that bound. */
function withoutEnd(range: IndexBounds, p: Polynomial): IndexBounds {
  const split = splitBy(p, range.name);
  const factor = split?.factor.size === 1 ? split.factor.get("") : undefined;
  if (split === undefined || (factor !== 1 && factor !== -1)) return range;
  const value = addPolynomials(new Map(), split.rest, -factor);
  const differs = (end: Polynomial): boolean => addPolynomials(end, value, -1).size > 0;
  return {
    ...range,
    low: range.low.map((end) => (differs(end) ? end : addPolynomials(end, one))),
    high: range.high.map((end) => (differs(end) ? end : addPolynomials(end, one, -1))),
  };
}

/** Reports whether the value of a name is known to be nonnegative. */
export type IsPositive = (name: string) => boolean;

/** Bound of a polynomial, which is valid if all polynomials in `needs` are nonnegative. */
export interface ConditionalBound {
  readonly value: Polynomial;
  readonly needs: readonly Polynomial[];
}

/** Maximum number of alternative bounds that are considered per side of a range. */
const mostAlternatives = 8;

/**
 * Lower bounds (upper bounds unless `isLow`) of a polynomial, expressed by values outside of the given ranges. Each
 * alternative is a bound. Empty if none is known.
 */
export function endsOf(
  p: Polynomial,
  ranges: EnclosingIndices,
  isLow: boolean,
  isPositive: IsPositive,
): readonly ConditionalBound[] {
  let ends: readonly ConditionalBound[] = [{ value: p, needs: [] }];
  for (const range of ranges.toReversed()) {
    if (!ends.some(({ value, needs }) => [value, ...needs].some((q) => hasName(q, range.name)))) continue;
    ends = ends.flatMap((end) => withoutName(end, range, isLow, isPositive)).slice(0, mostAlternatives);
  }
  return ends;
}

function withoutName(
  { value, needs }: ConditionalBound,
  range: IndexBounds,
  isLow: boolean,
  isPositive: IsPositive,
): readonly ConditionalBound[] {
  if (needs.some((q) => hasName(q, range.name))) return [];
  const split = splitBy(value, range.name);
  if (split === undefined) return [];
  if (split.factor.size === 0) return [{ value, needs }];
  const { factor, rest } = split;
  const known = signOf(factor, isPositive);
  return (known === undefined ? likelySigns(factor) : [known]).flatMap((sign) => {
    const more = known === undefined ? [sign > 0 ? factor : addPolynomials(new Map(), factor, -1)] : [];
    return (isLow === sign > 0 ? range.low : range.high).flatMap((end) => {
      const product = multiplyPolynomials(factor, end);
      if (product === undefined) return [];
      return [{ value: addPolynomials(rest, product), needs: [...needs, ...more] }];
    });
  });
}

/**
 * Sign of a factor under the assumption that all names are nonnegative, which the caller has to check; both signs if
 * the coefficients differ in sign.
 */
function likelySigns(factor: Polynomial): readonly (1 | -1)[] {
  const coefficients = [...factor.values()];
  if (coefficients.every((c) => c >= 0)) return [1];
  return coefficients.every((c) => c <= 0) ? [-1] : [1, -1];
}

/** 1 if a polynomial is known to be nonnegative, −1 if it is known to be nonpositive, otherwise `undefined`. */
function signOf(p: Polynomial, isPositive: IsPositive): 1 | -1 | undefined {
  const terms = [...p];
  if (!terms.every(([term]) => namesOf(term).every(isPositive))) return undefined;
  if (terms.every(([, coefficient]) => coefficient >= 0)) return 1;
  return terms.every(([, coefficient]) => coefficient <= 0) ? -1 : undefined;
}

/** True if a polynomial is nonnegative according to the facts about its names alone. */
export function isNeverNegative(p: Polynomial, isPositive: IsPositive): boolean {
  return p.size === 0 || signOf(p, isPositive) === 1;
}
