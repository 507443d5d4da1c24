// Common subexpression elimination.
import { assertNever } from "../../util/assert-never.ts";
import type { RegionLocal } from "../form/build.ts";
import { isAtom, local } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region, RegionExpr, RegionLet, RegionStmt, RegionStore } from "../form/region.ts";
import { blocksOf, mapBlocksOf, mapExpressionsOf, replaceLocals, walkExpr } from "../form/walk.ts";
import { mutableNames, targetsOf } from "../form/names.ts";

/**
 * Common subexpression elimination: computes each value of a flat region only once per block, including its nested
 * blocks. Two values are equal if they have the same operands, and no local or array that they read changes in between.
 */
export function shareCommon(region: Region, functions: ScalarFunctions): Region {
  return new CommonSubexpressions(region, functions).region();
}

/** Values that are available in a block and in the blocks around it, by a key that is equal for equal values. */
class AvailableValues {
  readonly #values = new Map<string, RegionLocal>();
  /** Keys of available values, by the mutable locals and arrays that they read. */
  readonly #readers = new Map<string, string[]>();
  readonly #around: AvailableValues | undefined;

  constructor(around?: AvailableValues) {
    this.#around = around;
  }

  get(key: string): RegionLocal | undefined {
    return this.#values.get(key) ?? this.#around?.get(key);
  }

  add(key: string, value: RegionLocal, reads: readonly string[]): void {
    this.#values.set(key, value);
    for (const name of reads) {
      const keys = this.#readers.get(name);
      if (keys === undefined) this.#readers.set(name, [key]);
      else keys.push(key);
    }
  }

  /** Removes the available values that depend on a name. */
  forget(name: string): void {
    for (const key of this.#readers.get(name) ?? []) this.#values.delete(key);
    this.#readers.delete(name);
    this.#around?.forget(name);
  }
}

class CommonSubexpressions {
  readonly #region: Region;
  readonly #functions: ScalarFunctions;
  readonly #mutable: ReadonlySet<string>;
  /** For each local that was removed, the expression that replaces it. */
  readonly #instead = new Map<string, RegionExpr>();
  /** Names that a loop or branch writes. Cached, because every enclosing block needs them. */
  readonly #changed = new Map<RegionStmt, readonly string[]>();

  constructor(region: Region, functions: ScalarFunctions) {
    this.#region = region;
    this.#functions = functions;
    this.#mutable = mutableNames(region.body);
  }

  region(): Region {
    const body = this.#block(this.#region.body, new AvailableValues());
    const results = this.#region.results.map((result) =>
      result.kind === "array" ? result : { ...result, value: this.#renamed(result.value) },
    );
    return { ...this.#region, body, results };
  }

  #block(stmts: readonly RegionStmt[], known: AvailableValues): RegionStmt[] {
    return stmts.flatMap((stmt) => {
      const next = mapExpressionsOf(stmt, (expr) => this.#renamed(expr));
      if (blocksOf(next).length > 0) {
        // what the statements of a block change, they forget in the blocks around it too
        if (next.kind === "for" || next.kind === "while")
          this.#changedIn(stmt).forEach((name) => known.forget(name));
        return [mapBlocksOf(next, (block) => this.#block(block, new AvailableValues(known)))];
      }
      if (next.kind !== "let" || this.#mutable.has(next.name)) {
        this.#changedIn(next).forEach((name) => known.forget(name));
        if (next.kind === "store") this.#noteStored(next, known);
        return [next];
      }
      return this.#let(next, known);
    });
  }

  #let(stmt: RegionLet, known: AvailableValues): RegionStmt[] {
    const { name, value } = stmt;
    if (isAtom(value)) {
      if (value.kind === "local" && this.#mutable.has(value.name)) return [stmt];
      this.#instead.set(name, value);
      return [];
    }
    const key = keyOf(value, this.#functions);
    const same = known.get(key);
    if (same !== undefined) {
      this.#instead.set(name, same);
      return [];
    }
    const reads: string[] = [];
    walkExpr(value, (x) => {
      if (x.kind === "local" && this.#mutable.has(x.name)) reads.push(x.name);
      if (x.kind === "load") reads.push(x.array);
    });
    known.add(key, local(value.type, name), reads);
    return [stmt];
  }

  /** Notes that a load of the element that was just stored yields the stored value, until the array changes. */
  #noteStored({ array, places, value }: RegionStore, known: AvailableValues): void {
    if (value.kind !== "local" || this.#mutable.has(value.name)) return;
    const changing = places.flatMap((place) =>
      place.kind === "local" && this.#mutable.has(place.name) ? [place.name] : [],
    );
    const read: RegionExpr = { kind: "load", type: value.type, array, places };
    known.add(keyOf(read, this.#functions), value, [array, ...changing]);
  }

  /** Mutable locals and arrays that a statement or its nested statements write. */
  #changedIn(stmt: RegionStmt): readonly string[] {
    if (stmt.kind === "let") return this.#mutable.has(stmt.name) ? [stmt.name] : [];
    const blocks = blocksOf(stmt);
    if (blocks.length === 0) return targetsOf(stmt);
    let names = this.#changed.get(stmt);
    if (names === undefined) {
      const all = blocks.flatMap((block) => block.flatMap((inner) => this.#changedIn(inner)));
      this.#changed.set(stmt, (names = [...new Set(all)]));
    }
    return names;
  }

  #renamed(expr: RegionExpr): RegionExpr {
    return replaceLocals(expr, this.#instead);
  }
}

/** Returns a key that is equal for expressions that compute the same value from the same locals and arrays. */
function keyOf(expr: RegionExpr, functions: ScalarFunctions): string {
  const of = (x: RegionExpr): string => keyOf(x, functions);
  switch (expr.kind) {
    case "const":
      return `${expr.type} ${Object.is(expr.value, -0) ? "-0" : expr.value}`;
    case "local":
      return expr.name;
    case "length":
      return `${expr.array}.length ${expr.axis}`;
    case "load":
      return `${expr.array}[${expr.places.map(of).join("; ")}]`;
    case "apply": {
      const args = expr.args.map(of);
      if (functions.get(expr.function)!.commutes) args.sort();
      return `${expr.function}(${args.join("; ")})`;
    }
    case "convert":
      return `${expr.type}(${of(expr.x)})`;
    case "select":
      return `${of(expr.condition)} ? ${of(expr.x)} : ${of(expr.y)}`;
    default:
      return assertNever(expr, "keyOf");
  }
}
