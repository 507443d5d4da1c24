// Which places are in range for any argument, told from the bounds of loops and the lengths of arrays.
import { mutableNames } from "./flatten.ts";
import type { ArrayDeclaration, For, Region, RegionExpr, RegionStmt } from "./region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf } from "./walk.ts";

/**
 * The region without checks that cannot fail: a `load` or `store` loses its position where its places are affine in the indices of loops
 * around it, with coefficients that may be lengths, and lie between 0 and the length by the bounds of these loops. So `x[i]` in a loop to
 * `x.length`, `d[i * m + j]` in loops to `n` and `m` of an array of `n * m` elements, `x[j]` and `x[i]` with `i < j < x.length`.
 */
export function withoutProvenChecks(region: Region): Region {
  return new Prover(region).region();
}

/** A polynomial with integer coefficients, by its monomials: atoms in the order of the alphabet, joined by spaces; "" is 1. */
export type Polynomial = ReadonlyMap<string, number>;

/** The index of a loop: from the least to the greatest value that it has in the body. */
export interface Bounds {
  readonly least: Polynomial | undefined;
  readonly greatest: Polynomial | undefined;
}

/** Polynomials of more monomials are given up. */
const maxMonomials = 16;

class Prover {
  readonly #region: Region;
  readonly #mutable: ReadonlySet<string>;
  /** What immutable integer locals are. */
  readonly #values = new Map<string, Polynomial>();
  readonly #dims = new Map<string, readonly (Polynomial | undefined)[]>();
  /** Loops around, outermost first. */
  readonly #loops: { readonly index: string; readonly bounds: Bounds }[] = [];
  /** Atoms that are not negative. */
  #natural = new Set<string>();
  readonly #isNatural = (atom: string): boolean => this.#natural.has(atom);

  constructor(region: Region) {
    this.#region = region;
    this.#mutable = mutableNames(region.body);
    for (const param of region.params) {
      if (param.kind !== "array") continue;
      const dims = Array.from({ length: param.rank }, (_, axis) => {
        const atom = lengthAtom(param.name, axis);
        this.#natural.add(atom);
        return atomPolynomial(atom);
      });
      this.#dims.set(param.name, dims);
    }
  }

  region(): Region {
    return { ...this.#region, body: this.#region.body.map((stmt) => this.#stmt(stmt)) };
  }

  /** A block within, which may not run: what is known in it, as of `natural`, is not known behind it. */
  #block(stmts: readonly RegionStmt[], natural: readonly string[] = []): RegionStmt[] {
    const before = this.#natural;
    this.#natural = new Set([...before, ...natural]);
    const proven = stmts.map((stmt) => this.#stmt(stmt));
    this.#natural = before;
    return proven;
  }

  #stmt(stmt: RegionStmt): RegionStmt {
    const proven = mapExpressionsOf(stmt, (expr) => this.#expr(expr));
    switch (proven.kind) {
      case "let":
        if (proven.value.type === "i32" && !this.#mutable.has(proven.name)) {
          const value = this.#polynomial(proven.value);
          if (value !== undefined) this.#values.set(proven.name, value);
        }
        return proven;
      case "array":
        this.#declare(proven);
        return proven;
      case "store":
        return proven.at !== undefined && this.#areInRange(proven.array, proven.places)
          ? withoutPosition(proven)
          : proven;
      case "for":
        return this.#loop(proven);
      case "if":
      case "while":
        return mapBlocksOf(proven, (block) => this.#block(block));
      case "set":
      case "swap":
      case "throw":
        return proven;
    }
  }

  #declare({ name, dims }: ArrayDeclaration): void {
    const lengths = dims.map((dim) => this.#polynomial(dim));
    this.#dims.set(name, lengths);
    for (const length of lengths) {
      const atom = length && onlyAtom(length);
      if (atom !== undefined) this.#natural.add(atom); // an array of a negative length ends the call
    }
  }

  #loop(loop: For): RegionStmt {
    const [from, to] = [this.#polynomial(loop.from), this.#polynomial(loop.to)];
    const one = constantPolynomial(1);
    const bounds: Bounds =
      loop.step > 0
        ? { least: from, greatest: to && sum(to, one, -1) }
        : { least: to && sum(to, one, 1), greatest: from };
    this.#loops.push({ index: loop.index, bounds });
    // where the least index is not negative, neither is what others are, less a number: in the body there is an index
    const isNatural = bounds.least !== undefined && this.#isNotNegative(bounds.least);
    const natural = isNatural ? [loop.index, to && onlyAtom(to), from && onlyAtom(from)] : [];
    const body = this.#block(
      loop.body,
      natural.filter((atom) => atom !== undefined),
    );
    this.#loops.pop();
    return { ...loop, body };
  }

  #expr(expr: RegionExpr): RegionExpr {
    return mapExpr(expr, (x) =>
      x.kind === "load" && x.at !== undefined && this.#areInRange(x.array, x.places) ? withoutPosition(x) : x,
    );
  }

  #areInRange(array: string, places: readonly RegionExpr[]): boolean {
    const dims = this.#dims.get(array);
    return dims !== undefined && places.every((place, axis) => this.#isInRange(place, dims[axis]));
  }

  #isInRange(place: RegionExpr, length: Polynomial | undefined): boolean {
    const p = place.type === "i32" ? this.#polynomial(place) : undefined;
    if (p === undefined || length === undefined) return false;
    if (!this.#isNotNegative(p)) return false;
    const room = sum(sum(length, constantPolynomial(1), -1), p, -1); // length − 1 − place
    return room !== undefined && this.#isNotNegative(room);
  }

  /** Whether a polynomial is not negative for any argument: its least value by the bounds of the loops has no negative monomial. */
  #isNotNegative(p: Polynomial): boolean {
    let least: Polynomial | undefined = p;
    for (let depth = this.#loops.length - 1; depth >= 0 && least !== undefined; depth--) {
      const { index, bounds } = this.#loops[depth]!;
      least = leastOver(least, index, bounds, this.#isNatural);
    }
    return least !== undefined && isSum(least, this.#isNatural);
  }

  #polynomial(expr: RegionExpr): Polynomial | undefined {
    switch (expr.kind) {
      case "const":
        return Number.isInteger(expr.value) ? constantPolynomial(expr.value) : undefined;
      case "local":
        return this.#mutable.has(expr.name)
          ? undefined
          : (this.#values.get(expr.name) ?? atomPolynomial(expr.name));
      case "length": {
        const dims = this.#dims.get(expr.array);
        return dims === undefined ? atomPolynomial(lengthAtom(expr.array, expr.axis)) : dims[expr.axis];
      }
      case "apply": {
        if (expr.type !== "i32" || expr.args.length !== 2) return undefined;
        const [x, y] = expr.args.map((arg) => this.#polynomial(arg));
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
}

function withoutPosition<T extends { readonly at?: unknown }>({ at: _, ...rest }: T): T {
  return rest as T;
}

export function lengthAtom(array: string, axis: number): string {
  return `length:${array}:${axis}`;
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

export function product(x: Polynomial, y: Polynomial): Polynomial | undefined {
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
