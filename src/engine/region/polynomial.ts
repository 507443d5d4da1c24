// Whole numbers as polynomials of locals and lengths, by which places are told apart and told to be in range.
import type { RegionExpr } from "./region.ts";

/** A polynomial with integer coefficients, by its monomials: atoms in the order of the alphabet, joined by spaces; "" is 1. */
export type Polynomial = ReadonlyMap<string, number>;

/** The index of a loop: from the least to the greatest value that it has in the body. */
export interface Bounds {
  readonly least: Polynomial | undefined;
  readonly greatest: Polynomial | undefined;
}

/** Polynomials of more monomials are given up. */
const maxMonomials = 16;

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
      if (expr.function === "add") return sum(x, y, 1);
      if (expr.function === "sub") return sum(x, y, -1);
      return expr.function === "mul" ? product(x, y) : undefined;
    }
    case "load":
    case "convert":
    case "select":
      return undefined;
  }
}

export function lengthAtom(array: string, axis: number): string {
  return `length:${array}:${axis}`;
}

/** What an atom stands for: a local or the length of an array. */
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

function atomsOf(monomial: string): string[] {
  return monomial === "" ? [] : monomial.split(" ");
}

export function atomPolynomial(atom: string): Polynomial {
  return new Map([[atom, 1]]);
}

export function constantPolynomial(value: number): Polynomial {
  return value === 0 ? new Map() : new Map([["", value]]);
}

/** Whether a polynomial has no negative monomial, where atoms of which `isNatural` says so are 0 or more. */
export function isSum(p: Polynomial, isNatural: (atom: string) => boolean): boolean {
  return [...p].every(([monomial, coefficient]) => coefficient >= 0 && atomsOf(monomial).every(isNatural));
}

/** The least value of a polynomial as an atom goes over its bounds; `undefined` where that is not told. */
export function leastOver(
  p: Polynomial,
  atom: string,
  { least, greatest }: Bounds,
  isNatural: (atom: string) => boolean,
): Polynomial | undefined {
  const [slope, rest] = [new Map<string, number>(), new Map<string, number>()];
  for (const [monomial, coefficient] of p) {
    const atoms = atomsOf(monomial);
    const others = atoms.filter((other) => other !== atom);
    if (others.length === atoms.length) rest.set(monomial, coefficient);
    else if (others.length === atoms.length - 1) slope.set(others.join(" "), coefficient);
    else return undefined;
  }
  if (slope.size === 0) return p;
  const negated = new Map([...slope].map(([monomial, c]) => [monomial, -c]));
  const at = isSum(slope, isNatural) ? least : isSum(negated, isNatural) ? greatest : undefined;
  const part = at && product(slope, at);
  return part && sum(rest, part, 1);
}

/** The atom that a polynomial is, or is with a number added. */
export function onlyAtom(p: Polynomial): string | undefined {
  const [monomial, ...others] = [...p.keys()].filter((key) => key !== "");
  if (monomial === undefined || others.length > 0 || monomial.includes(" ")) return undefined;
  return p.get(monomial) === 1 && (p.get("") ?? 0) <= 0 ? monomial : undefined;
}

/** x + factor · y */
export function sum(x: Polynomial, y: Polynomial, factor: number): Polynomial | undefined;
export function sum(x: Polynomial | undefined, y: Polynomial, factor: number): Polynomial | undefined;
export function sum(x: Polynomial | undefined, y: Polynomial, factor: number): Polynomial | undefined {
  if (x === undefined) return undefined;
  const out = new Map(x);
  for (const [monomial, coefficient] of y) add(out, monomial, factor * coefficient);
  return out.size <= maxMonomials ? out : undefined;
}

function product(x: Polynomial, y: Polynomial): Polynomial | undefined {
  const out = new Map<string, number>();
  for (const [a, p] of x)
    for (const [b, q] of y) add(out, [...atomsOf(a), ...atomsOf(b)].sort().join(" "), p * q);
  return out.size <= maxMonomials ? out : undefined;
}

function add(p: Map<string, number>, monomial: string, coefficient: number): void {
  const total = (p.get(monomial) ?? 0) + coefficient;
  if (total === 0) p.delete(monomial);
  else p.set(monomial, total);
}
