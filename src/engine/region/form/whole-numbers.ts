// Integers of a region as polynomials of locals and lengths.
import type { Polynomial } from "../../loops/polynomial.ts";
import {
  addPolynomials,
  constantPolynomial,
  multiplyPolynomials,
  namesOf,
  one,
  splitBy,
} from "../../loops/polynomial.ts";
import type { RegionFor, RegionExpr } from "./region.ts";

/** Inclusive range of the values of a loop index in the loop body. */
export interface LoopIndexRange {
  readonly least: Polynomial | undefined;
  readonly greatest: Polynomial | undefined;
}

/** Polynomials of locals and array lengths; `undefined` if the value changes or is not known. */
export interface NamedPolynomials {
  local(name: string): Polynomial | undefined;
  length(array: string, axis: number): Polynomial | undefined;
}

/**
 * Converts an integer expression to a polynomial; `undefined` unless it consists of sums, differences and products of
 * int32 values with known polynomials.
 */
export function polynomialOf(expr: RegionExpr, names: NamedPolynomials): Polynomial | undefined {
  switch (expr.kind) {
    case "const":
      return Number.isInteger(expr.value) ? constantPolynomial(expr.value) : undefined;
    case "local":
      return names.local(expr.name);
    case "length":
      return names.length(expr.array, expr.axis);
    case "apply": {
      if (expr.type !== "i32" || expr.args.length !== 2) return undefined;
      const [x, y] = expr.args.map((arg) => polynomialOf(arg, names));
      if (x === undefined || y === undefined) return undefined;
      if (expr.function === "add") return addPolynomials(x, y);
      if (expr.function === "sub") return addPolynomials(x, y, -1);
      return expr.function === "mul" ? multiplyPolynomials(x, y) : undefined;
    }
    case "load":
    case "convert":
    case "select":
      return undefined;
  }
}

/** Name that stands for an array length in polynomials. */
export function lengthAtom(array: string, axis: number): string {
  return `length:${array}:${axis}`;
}

/** Expression for a name in a polynomial: a local, or the length of an array. */
export function atomExpr(atom: string): RegionExpr {
  if (!atom.startsWith("length:")) return { kind: "local", type: "i32", name: atom };
  const end = atom.lastIndexOf(":");
  return {
    kind: "length",
    type: "i32",
    array: atom.slice("length:".length, end),
    axis: Number(atom.slice(end + 1)),
  };
}

/**
 * True if all terms of a polynomial are at least 0: no coefficient is negative, and `isNatural` confirms that each name
 * is at least 0.
 */
export function isSum(p: Polynomial, isNatural: (name: string) => boolean): boolean {
  return [...p].every(([term, coefficient]) => coefficient >= 0 && namesOf(term).every(isNatural));
}

/** Range of a loop index. `of` returns a bound of the loop as a polynomial, if it has this form. */
export function indexBounds(
  { from, to, step }: RegionFor,
  of: (bound: RegionExpr) => Polynomial | undefined,
): LoopIndexRange {
  const [first, end] = [of(from), of(to)];
  return step > 0
    ? { least: first, greatest: end && addPolynomials(end, one, -1) }
    : { least: end && addPolynomials(end, one), greatest: first };
}

/** Inclusive range of a named integer: of a loop index, or of the distance between two iterations. */
export interface NamedBounds extends LoopIndexRange {
  readonly name: string;
}

/**
 * True if a polynomial is proved never to be negative: its least value over all ranges has no negative term. Each range
 * may depend on the names of earlier ranges.
 */
export function isNeverNegative(
  p: Polynomial,
  ranges: readonly NamedBounds[],
  isNatural: (name: string) => boolean,
): boolean {
  let least: Polynomial | undefined = p;
  for (const range of ranges.toReversed()) least = least && leastOver(least, range, isNatural);
  return least !== undefined && isSum(least, isNatural);
}

/** Least value of a polynomial over the range of one name; `undefined` if unknown. */
export function leastOver(
  p: Polynomial,
  { name, least, greatest }: NamedBounds,
  isNatural: (name: string) => boolean,
): Polynomial | undefined {
  const split = splitBy(p, name);
  if (split === undefined) return undefined;
  const { factor, rest } = split;
  if (factor.size === 0) return p;
  const falls = isSum(addPolynomials(new Map(), factor, -1), isNatural);
  const at = isSum(factor, isNatural) ? least : falls ? greatest : undefined;
  const part = at && multiplyPolynomials(factor, at);
  return part && addPolynomials(rest, part);
}

/** The name in a polynomial of the form `name − c` with a constant c ≥ 0; `undefined` for other polynomials. */
export function onlyName(p: Polynomial): string | undefined {
  const [term, ...others] = [...p.keys()].filter((key) => key !== "");
  if (term === undefined || others.length > 0 || term.includes(" ")) return undefined;
  return p.get(term) === 1 && (p.get("") ?? 0) <= 0 ? term : undefined;
}
