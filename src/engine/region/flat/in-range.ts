// Bounds check elimination: proves from loop bounds and array lengths that indices are in range for all arguments.
import type { Polynomial } from "../../loops/polynomial.ts";
import { addPolynomials, namePolynomial, one } from "../../loops/polynomial.ts";
import type { ArrayDeclaration, RegionFor, Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf } from "../form/walk.ts";
import type { NamedBounds, NamedPolynomials } from "../form/whole-numbers.ts";
import { indexBounds, isNeverNegative, lengthAtom, onlyName, polynomialOf } from "../form/whole-numbers.ts";
import { mutableNames } from "../form/names.ts";

/**
 * Removes the position of each `load` and `store` that cannot be out of range, so that it is not checked. Indices must
 * be affine in the indices of enclosing loops, with coefficients that may be lengths. Examples: `x[i]` in a loop to
 * `x.length`; `d[i * m + j]` in loops to `n` and `m`, where `d` has `n * m` elements; `x[j]` and `x[i]` with `i < j <
 * x.length`.
 */
export function removeProvenChecks(region: Region): Region {
  return new BoundsProver(region).region();
}

class BoundsProver {
  readonly #region: Region;
  readonly #mutable: ReadonlySet<string>;
  /** Values of immutable integer locals, as polynomials. */
  readonly #values = new Map<string, Polynomial>();
  readonly #dims = new Map<string, readonly (Polynomial | undefined)[]>();
  /** Index ranges of the enclosing loops, outermost first. */
  readonly #loops: NamedBounds[] = [];
  /** Names of integers that are at least 0. */
  #natural = new Set<string>();
  readonly #isNatural = (name: string): boolean => this.#natural.has(name);
  readonly #names: NamedPolynomials = {
    local: (name) => (this.#mutable.has(name) ? undefined : (this.#values.get(name) ?? namePolynomial(name))),
    length: (array, axis) => {
      const dims = this.#dims.get(array);
      return dims === undefined ? namePolynomial(lengthAtom(array, axis)) : dims[axis];
    },
  };

  constructor(region: Region) {
    this.#region = region;
    this.#mutable = mutableNames(region.body);
    for (const param of region.params) {
      if (param.kind !== "array") continue;
      const dims = Array.from({ length: param.rank }, (_, axis) => {
        const atom = lengthAtom(param.name, axis);
        this.#natural.add(atom);
        return namePolynomial(atom);
      });
      this.#dims.set(param.name, dims);
    }
  }

  region(): Region {
    return { ...this.#region, body: this.#region.body.map((stmt) => this.#stmt(stmt)) };
  }

  /**
   * Rewrites a nested block. Facts found in it hold only in it, because it may not run. `natural` are names that are at
   * least 0 in the block.
   */
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
      const atom = length && onlyName(length);
      if (atom !== undefined) this.#natural.add(atom); // a negative length ends the call
    }
  }

  #loop(loop: RegionFor): RegionStmt {
    const of = (bound: RegionExpr): Polynomial | undefined => this.#polynomial(bound);
    const bounds = indexBounds(loop, of);
    this.#loops.push({ name: loop.index, ...bounds });
    // the body runs only if an index exists; if the least index is at least 0, so are the index and both bounds
    const isNatural = bounds.least !== undefined && this.#isNotNegative(bounds.least);
    const ends = [of(loop.to), of(loop.from)].map((end) => end && onlyName(end));
    const natural = isNatural ? [loop.index, ...ends] : [];
    const body = this.#block(
      loop.body,
      natural.filter((name) => name !== undefined),
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
    return this.#isNotNegative(addPolynomials(addPolynomials(length, one, -1), p, -1)); // length − 1 − index
  }

  /** True if a polynomial is at least 0 for all arguments of the region. */
  #isNotNegative(p: Polynomial): boolean {
    return isNeverNegative(p, this.#loops, this.#isNatural);
  }

  #polynomial(expr: RegionExpr): Polynomial | undefined {
    return polynomialOf(expr, this.#names);
  }
}

function withoutPosition<T extends { readonly at?: unknown }>({ at: _, ...rest }: T): T {
  return rest as T;
}
