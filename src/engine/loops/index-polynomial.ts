// Integers of a routine as polynomials of its locals. Names are integer locals; a name with prefix `~` is a float64
// local that must be checked at run time to be an integer.
import * as k from "../kernel/build.ts";
import type { IntegerInterval } from "../kernel/range.ts";
import { isWithin, typeRange } from "../kernel/range.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Polynomial } from "./polynomial.ts";
import {
  addPolynomials,
  constantPolynomial,
  multiplyPolynomials,
  namePolynomial,
  namesOf,
} from "./polynomial.ts";

/** Facts about the locals of a routine that the conversion of index expressions to polynomials needs. */
export interface PolynomialContext {
  /** Definitions of immutable locals. */
  readonly of: ReadonlyMap<string, Expr>;
  /** Mutable locals. */
  readonly changing: ReadonlySet<string>;
  /** Ranges of integer locals. */
  readonly ranges: ReadonlyMap<string, IntegerInterval>;
  /** True if float64 locals may represent integers. */
  readonly allowsReals?: boolean;
  /** Cache of the polynomials of locals. */
  readonly known: Map<string, Polynomial | undefined>;
}

/** Maximum depth of nested definitions. */
const deepest = 12;

/**
 * Converts an integer expression, or a float64 one with an integer value, to a polynomial of locals. Definitions of
 * locals are expanded. `undefined` for other expressions.
 */
export function polynomialOf(expr: Expr, made: PolynomialContext, depth = 0): Polynomial | undefined {
  if (depth > deepest) return undefined;
  const of = (x: Expr): Polynomial | undefined => polynomialOf(x, made, depth + 1);
  switch (expr.kind) {
    case "const":
      return Number.isInteger(expr.value) ? constantPolynomial(expr.value) : undefined;
    case "local": {
      const { known } = made;
      if (!known.has(expr.name)) known.set(expr.name, localPolynomial(expr, made, depth));
      return known.get(expr.name);
    }
    case "convert": {
      // an int32 in float64, or an integer float64 in int32
      if (expr.type === "f64" && expr.x.type === "i32") return of(expr.x);
      const inner = expr.type === "i32" && expr.x.type === "f64" ? of(expr.x) : undefined;
      return inner !== undefined && isInt32(inner, made) ? inner : undefined;
    }
    case "select": // a product that is NaN if it is not exact in float64
      return expr.y.kind === "const" && Number.isNaN(expr.y.value) ? of(expr.x) : undefined;
    case "binary": {
      const [x, y] = [of(expr.x), of(expr.y)];
      if (x === undefined || y === undefined) return undefined;
      if (expr.op === "add") return addPolynomials(x, y);
      if (expr.op === "sub") return addPolynomials(x, y, -1);
      return expr.op === "mul" ? multiplyPolynomials(x, y) : undefined;
    }
    case "load":
    case "table":
    case "unary":
    case "mulAdd":
    case "call":
      return undefined;
  }
}

function localPolynomial(
  { name, type }: Expr & { readonly kind: "local" },
  made: PolynomialContext,
  depth: number,
): Polynomial | undefined {
  if (made.changing.has(name)) return undefined;
  const definition = made.of.get(name);
  const inner = definition && polynomialOf(definition, made, depth + 1);
  if (inner !== undefined || /\s|^~/.test(name)) return inner;
  if (type === "i32") return namePolynomial(name);
  return type === "f64" && made.allowsReals === true ? namePolynomial(`~${name}`) : undefined;
}

/** True if a polynomial is always within the int32 range. */
function isInt32(p: Polynomial, { ranges }: PolynomialContext): boolean {
  let [low, high] = [0, 0];
  for (const [term, coefficient] of p) {
    let ends: IntegerInterval = { low: coefficient, high: coefficient };
    for (const name of namesOf(term)) {
      const range = ranges.get(name);
      if (range === undefined) return false;
      const products = [ends.low, ends.high].flatMap((x) => [x * range.low, x * range.high]);
      ends = { low: Math.min(...products), high: Math.max(...products) };
    }
    low += ends.low;
    high += ends.high;
  }
  return isWithin({ low, high }, typeRange("i32")!);
}

/** Expression of a polynomial in float64, exact as long as each of its products is below 2⁵³. */
export function polynomialValue(p: Polynomial): Expr {
  const terms = [...p].map(([term, coefficient]) => {
    const names = namesOf(term).map((name) => {
      const real = realOf(name);
      return real === undefined ? k.convert("f64", k.local("i32", name)) : k.local("f64", real);
    });
    if (names.length === 0) return k.f64(coefficient);
    const product = names.reduce((x, y) => k.mul(x, y));
    return coefficient === 1 ? product : k.mul(k.f64(coefficient), product);
  });
  return terms.length === 0 ? k.f64(0) : terms.reduce((x, y) => k.add(x, y));
}

/**
 * Expression of a polynomial in int32 arithmetic, which wraps. `whole` maps float64 locals to locals with the equal
 * int32 values. `undefined` if such a local is missing or a coefficient is no int32.
 */
export function integerValue(p: Polynomial, whole: ReadonlyMap<string, Expr>): Expr | undefined {
  const terms: Expr[] = [];
  for (const [term, coefficient] of p) {
    if (coefficient !== (coefficient | 0)) return undefined;
    const factors: Expr[] = [];
    for (const name of namesOf(term)) {
      const real = realOf(name);
      const factor = real === undefined ? k.local("i32", name) : whole.get(real);
      if (factor === undefined) return undefined;
      factors.push(factor);
    }
    const scale = k.i32(coefficient);
    if (factors.length === 0) terms.push(scale);
    else {
      const product = factors.reduce((x, y) => k.mul(x, y));
      terms.push(coefficient === 1 ? product : k.mul(product, scale));
    }
  }
  return terms.length === 0 ? k.i32(0) : terms.reduce((x, y) => k.add(x, y));
}

/** Name of the float64 local that a name in a polynomial denotes; `undefined` if the name denotes an integer. */
export function realOf(name: string): string | undefined {
  return name.startsWith("~") ? name.slice(1) : undefined;
}

/** Float64 locals in a polynomial. */
export function realsIn(p: Polynomial): readonly string[] {
  return [...p.keys()].flatMap((term) => namesOf(term).flatMap((name) => realOf(name) ?? []));
}
