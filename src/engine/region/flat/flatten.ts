// Flat form, the input of derivatives. Arguments, indices, conditions, bounds, and values that are set or stored are constants, locals or
// lengths of parameters. Each other value has a `let` of its own.
import type { RegionBuilder } from "../form/build.ts";
import { apply, constant, convert, isAtom, local, makeBuilder, select } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type {
  ArrayDeclaration,
  RegionFor,
  PositionIndex,
  Region,
  RegionExpr,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import { assertNever } from "../../util/assert-never.ts";
import { mutableNames, readsName } from "../form/names.ts";
import { mapExpressionsOf, walkExpressions } from "../form/walk.ts";
import { append } from "../../util/append.ts";

/**
 * Returns the region in flat form. Lengths of declared arrays become locals or constants, so only parameters have
 * `length`. Constants are folded and copies of immutable values removed. A `select` with a side that reads an array or
 * is costly becomes a branch.
 */
export function flatten(region: Region, functions: ScalarFunctions): Region {
  return new Flattener(region, functions).region();
}

class Flattener {
  readonly #region: Region;
  readonly #build: RegionBuilder;
  readonly #mutable: Set<string>;
  /** For each local that only copies an immutable value, the copied value. */
  readonly #copies = new Map<string, RegionExpr>();
  /** For each float64 local that was converted from an integer, the integer. */
  readonly #wholes = new Map<string, RegionExpr>();
  /** Lengths of declared arrays, by array. */
  readonly #dims = new Map<string, readonly RegionExpr[]>();

  constructor(region: Region, functions: ScalarFunctions) {
    this.#region = region;
    this.#build = makeBuilder(region, functions);
    this.#mutable = new Set(mutableNames(region.body));
  }

  region(): Region {
    const body = this.#block(this.#region.body);
    const results = this.#region.results.map((result) =>
      result.kind === "array" ? result : { ...result, value: this.#atom(result.value, body, undefined) },
    );
    return { ...this.#region, body, results };
  }

  #block(stmts: readonly RegionStmt[]): RegionStmt[] {
    const out: RegionStmt[] = [];
    for (const stmt of stmts) this.#stmt(stmt, out);
    return out;
  }

  #stmt(stmt: RegionStmt, out: RegionStmt[]): void {
    const { at } = stmt;
    switch (stmt.kind) {
      case "let": {
        const value = this.#value(stmt.value, out, at);
        if (!this.#mutable.has(stmt.name)) {
          if (this.#isFixed(value)) this.#copies.set(stmt.name, value);
          else this.#noteWhole(stmt.name, value);
        }
        out.push({ ...stmt, value });
        return;
      }
      case "set":
        out.push({ ...stmt, value: this.#atom(stmt.value, out, at) });
        return;
      case "array":
        this.#array(stmt, out);
        return;
      case "store":
        out.push({
          ...stmt,
          places: stmt.places.map((place) => this.#atom(place, out, at)),
          value: this.#atom(stmt.value, out, at),
        });
        return;
      case "throw":
        out.push(mapExpressionsOf(stmt, (value) => this.#atom(value, out, at)));
        return;
      case "swap":
        out.push(stmt);
        return;
      case "if":
        out.push({
          ...stmt,
          condition: this.#atom(stmt.condition, out, at),
          then: this.#block(stmt.then),
          otherwise: this.#block(stmt.otherwise),
        });
        return;
      case "while": {
        const [condition, again] = this.#repeated(stmt.condition, out, at);
        out.push({ ...stmt, condition, body: [...this.#block(stmt.body), ...again()] });
        return;
      }
      case "for":
        this.#for(stmt, out);
        return;
      default:
        assertNever(stmt, "flatten");
    }
  }

  #for(stmt: RegionFor, out: RegionStmt[]): void {
    const { at } = stmt;
    const [from, to] = [this.#atom(stmt.from, out, at), this.#atom(stmt.to, out, at)];
    const { live } = stmt;
    if (live === undefined) {
      out.push({ ...stmt, from, to, body: this.#block(stmt.body) });
    } else if (!readsName(live, stmt.index)) {
      const [condition, again] = this.#repeated(live, out, at);
      out.push({ ...stmt, from, to, live: condition, body: [...this.#block(stmt.body), ...again()] });
    } else {
      // the condition reads the index, which has no next value after the last iteration, so each iteration begins with the test
      const name = this.#mutableName("goesOn");
      out.push({ kind: "let", name, value: constant("bool", 1), at });
      const body: RegionStmt[] = [];
      const condition = this.#atom(live, body, at);
      const otherwise: RegionStmt[] = [{ kind: "set", name, value: constant("bool", 0), at }];
      body.push({ kind: "if", condition, then: this.#block(stmt.body), otherwise, at });
      out.push({ ...stmt, from, to, live: local("bool", name), body });
    }
  }

  /**
   * Evaluates a loop condition before the loop and stores it in a local. Returns the local, and a function that returns
   * the statements that update it at the end of an iteration.
   */
  #repeated(
    condition: RegionExpr,
    out: RegionStmt[],
    at: PositionIndex | undefined,
  ): readonly [condition: RegionExpr, again: () => readonly RegionStmt[]] {
    const first: RegionStmt[] = [];
    const value = this.#value(condition, first, at);
    if (first.length === 0 && isAtom(value)) return [value, () => []];
    const name = this.#mutableName("goesOn");
    append(out, [...first, { kind: "let", name, value, at }]);
    return [
      local("bool", name),
      () => {
        const again: RegionStmt[] = [];
        again.push({ kind: "set", name, value: this.#atom(condition, again, at), at });
        return again;
      },
    ];
  }

  #mutableName(hint: string): string {
    const name = this.#build.fresh(hint);
    this.#mutable.add(name);
    return name;
  }

  #array(stmt: ArrayDeclaration, out: RegionStmt[]): void {
    const dims = stmt.dims.map((n) => {
      const atom = this.#atom(n, out, stmt.at);
      return this.#isFixed(atom) ? atom : this.#named(atom, "n", out, stmt.at);
    });
    this.#dims.set(stmt.name, dims);
    out.push({ ...stmt, dims });
  }

  #atom(expr: RegionExpr, out: RegionStmt[], at: PositionIndex | undefined): RegionExpr {
    const value = this.#value(expr, out, at);
    return isAtom(value) ? value : this.#named(value, hintOf(value), out, at);
  }

  #named(value: RegionExpr, hint: string, out: RegionStmt[], at: PositionIndex | undefined): RegionExpr {
    const name = this.#build.fresh(hint);
    out.push({ kind: "let", name, value, at });
    this.#noteWhole(name, value);
    return local(value.type, name);
  }

  #noteWhole(name: string, value: RegionExpr): void {
    if (value.kind === "convert" && value.type === "f64" && value.x.type === "i32" && this.#isFixed(value.x))
      this.#wholes.set(name, value.x);
  }

  /** The integer from which a float64 value was converted; `undefined` if it was not. */
  #wholeOf(x: RegionExpr): RegionExpr | undefined {
    return x.kind === "local" ? this.#wholes.get(x.name) : undefined;
  }

  /** Applies a function to atoms. Rounding functions of an integer return it unchanged. */
  #apply(name: string, args: readonly RegionExpr[]): RegionExpr {
    const isRounding = name === "ceil" || name === "floor" || name === "round" || name === "trunc";
    if (isRounding && this.#wholeOf(args[0]!) !== undefined) return args[0]!;
    return apply(this.#build.functions, name, args);
  }

  #convert(type: RegionType, x: RegionExpr): RegionExpr {
    return (type === "i32" ? this.#wholeOf(x) : undefined) ?? convert(type, x);
  }

  /**
   * Returns a flat expression, with only atoms as operands, that has the same value as `expr`. Appends the statements
   * that it needs to `out`.
   */
  #value(expr: RegionExpr, out: RegionStmt[], at: PositionIndex | undefined): RegionExpr {
    const atom = (x: RegionExpr): RegionExpr => this.#atom(x, out, at);
    switch (expr.kind) {
      case "const":
        return expr;
      case "local":
        return this.#copies.get(expr.name) ?? expr;
      case "length":
        return this.#dims.get(expr.array)?.[expr.axis] ?? expr;
      case "load":
        return { ...expr, places: expr.places.map(atom) };
      case "apply":
        return this.#apply(expr.function, expr.args.map(atom));
      case "convert":
        return this.#convert(expr.type, atom(expr.x));
      case "select":
        return this.#select(expr, out, at);
      default:
        return assertNever(expr, "flatten");
    }
  }

  #select(
    { condition, x, y }: RegionExpr & { readonly kind: "select" },
    out: RegionStmt[],
    at: PositionIndex | undefined,
  ): RegionExpr {
    const chosen = this.#atom(condition, out, at);
    if (chosen.kind === "const") return this.#value(chosen.value === 0 ? y : x, out, at);
    const [then, otherwise]: [RegionStmt[], RegionStmt[]] = [[], []];
    const [ifTrue, ifFalse] = [this.#atom(x, then, at), this.#atom(y, otherwise, at)];
    if (this.#isEager(then) && this.#isEager(otherwise)) {
      append(out, [...then, ...otherwise]);
      return select(chosen, ifTrue, ifFalse);
    }
    const name = this.#mutableName("chosen");
    out.push({ kind: "let", name, value: constant(x.type, 0), at });
    then.push({ kind: "set", name, value: ifTrue, at });
    otherwise.push({ kind: "set", name, value: ifFalse, at });
    out.push({ kind: "if", condition: chosen, then, otherwise, at });
    return local(x.type, name);
  }

  /** True if statements read no array and are cheap, so that they may run although their result is not needed. */
  #isEager(stmts: readonly RegionStmt[]): boolean {
    let isEager = stmts.every((stmt) => stmt.kind === "let");
    walkExpressions(stmts, (expr) => {
      if (expr.kind === "load") isEager = false;
      if (expr.kind === "apply" && this.#build.functions.get(expr.function)!.isCostly(expr.args))
        isEager = false;
    });
    return isEager;
  }

  /**
   * True if an atom (an expression without operations) has the same value everywhere in its scope: a constant, an array
   * length or an immutable local.
   */
  #isFixed(value: RegionExpr): boolean {
    return (
      value.kind === "const" ||
      value.kind === "length" ||
      (value.kind === "local" && !this.#mutable.has(value.name))
    );
  }
}

/** Hint for naming the local that holds a value. */
function hintOf(value: RegionExpr): string {
  switch (value.kind) {
    case "apply":
      return value.function;
    case "load":
      return `${value.array}_at`;
    case "convert":
      return `as_${value.type}`;
    case "select":
      return "chosen";
    case "const":
    case "local":
    case "length":
      return "t";
  }
}
