// Whole numbers of a region as polynomials of locals and lengths.
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

/** The index of a loop: from the least to the greatest value that it has in the body. */
export interface Bounds {
  readonly least: Polynomial | undefined;
  readonly greatest: Polynomial | undefined;
}

/** What names stand for; `undefined` where that is not the same whenever they are read. */
export interface NamedPolynomials {
  local(name: string): Polynomial | undefined;
  length(array: string, axis: number): Polynomial | undefined;
}

/** A whole number as a polynomial; `undefined` where it is made otherwise than by sums, differences and products of int32. */
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

/** The name that stands for the length of an array. */
export function lengthAtom(array: string, axis: number): string {
  return `length:${array}:${axis}`;
}

/** What a name of a polynomial stands for: a local or the length of an array. */
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

/** Whether a polynomial has no negative term, where names of which `isNatural` says so are 0 or more. */
export function isSum(p: Polynomial, isNatural: (name: string) => boolean): boolean {
  return [...p].every(([term, coefficient]) => coefficient >= 0 && namesOf(term).every(isNatural));
}

/** The ends between which the index of a loop is in its body, of bounds as polynomials. */
export function indexBounds(
  { from, to, step }: RegionFor,
  of: (bound: RegionExpr) => Polynomial | undefined,
): Bounds {
  const [first, end] = [of(from), of(to)];
  return step > 0
    ? { least: first, greatest: end && addPolynomials(end, one, -1) }
    : { least: end && addPolynomials(end, one), greatest: first };
}

/** What a name goes over: an index, or how much later an iteration is. */
export interface NamedBounds extends Bounds {
  readonly name: string;
}

/** Whether a polynomial is never negative: its least value over all ranges, the outermost first, has no negative term. */
export function isNeverNegative(
  p: Polynomial,
  ranges: readonly NamedBounds[],
  isNatural: (name: string) => boolean,
): boolean {
  let least: Polynomial | undefined = p;
  for (const range of ranges.toReversed()) least = least && leastOver(least, range, isNatural);
  return least !== undefined && isSum(least, isNatural);
}

/** The least value of a polynomial as a name goes over its bounds; `undefined` where that is not told. */
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

/** The name that a polynomial is, or is with a number added. */
export function onlyName(p: Polynomial): string | undefined {
  const [term, ...others] = [...p.keys()].filter((key) => key !== "");
  if (term === undefined || others.length > 0 || term.includes(" ")) return undefined;
  return p.get(term) === 1 && (p.get("") ?? 0) <= 0 ? term : undefined;
}
