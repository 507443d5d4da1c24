// Tables of costly values that are the same in all iterations of a loop but differ in nested loops. The table is computed once, before the
// outer loop: exponentials of widths in a loop over points, for example.
import { internalError } from "../../errors/index.ts";
import type { RegionBuilder } from "../form/build.ts";
import { constant, isAtom, lengthOf, load, local, makeBuilder, select } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionLoad,
  RegionLoop,
  RegionStmt,
} from "../form/region.ts";
import { blocksOf, mapBlocksOf, mapExpr, partsOf, walkStmts } from "../form/walk.ts";
import { append } from "../../util/append.ts";
import { declaredBy, mutableNames } from "../form/names.ts";

/**
 * Moves costly values out of nested loops: computes them only once, in tables before the outer loop. Such values depend
 * only on indices of the nested loops, invariants, and elements of arrays that the outer loop does not write. A table
 * entry that would read out of range is not computed; the check in the loop then ends the call.
 */
export function tabulate(region: Region, functions: ScalarFunctions): Region {
  const isNeeded = hasCostlyNest(region.body, functions, 0);
  return isNeeded ? new TableWriter(region, functions).region() : region;
}

/** True if a local is computed by a costly function inside at least two nested loops. */
function hasCostlyNest(stmts: readonly RegionStmt[], functions: ScalarFunctions, depth: number): boolean {
  return stmts.some((stmt) => {
    if (stmt.kind === "let") return depth > 1 && isCostly(stmt.value, functions);
    const deeper = stmt.kind === "for" || stmt.kind === "while" ? depth + 1 : depth;
    return blocksOf(stmt).some((block) => hasCostlyNest(block, functions, deeper));
  });
}

function isCostly(value: RegionExpr, functions: ScalarFunctions): boolean {
  return value.kind === "apply" && functions.get(value.function)!.isCostly(value.args);
}

/** A costly value in nested loops that a table before the outer loop can hold. */
interface TableCandidate {
  readonly stmt: RegionLet;
  /** Nested loops whose indices the value depends on, outermost first. They are the axes of the table. */
  readonly axes: readonly RegionFor[];
  /** Definitions that the value depends on, in order; the value is the last one. */
  readonly parts: readonly RegionLet[];
  /**
   * Conditions under which an earlier statement ends the call with an error, so that the nested loops are not reached.
   */
  readonly ends: readonly RegionExpr[];
}

class TableWriter {
  readonly #region: Region;
  readonly #build: RegionBuilder;
  readonly #mutable: ReadonlySet<string>;
  readonly #dims = new Map<string, readonly RegionExpr[]>();

  constructor(region: Region, functions: ScalarFunctions) {
    this.#region = region;
    this.#build = makeBuilder(region, functions);
    this.#mutable = mutableNames(region.body);
    for (const param of region.params)
      if (param.kind === "array")
        this.#dims.set(
          param.name,
          Array.from({ length: param.rank }, (_, axis) => lengthOf(param.name, axis)),
        );
    walkStmts(region.body, (stmt) => {
      if (stmt.kind === "array" && stmt.growable !== true) this.#dims.set(stmt.name, stmt.dims);
    });
  }

  region(): Region {
    return { ...this.#region, body: this.#block(this.#region.body) };
  }

  #block(stmts: readonly RegionStmt[]): readonly RegionStmt[] {
    return stmts.flatMap((stmt) => {
      if (stmt.kind !== "for" && stmt.kind !== "while")
        return [mapBlocksOf(stmt, (block) => this.#block(block))];
      const [before, loop] = this.#loop(stmt);
      return [...before, mapBlocksOf(loop, (block) => this.#block(block))];
    });
  }

  /** Returns the statements that fill the tables of a loop, and the loop with loads from these tables. */
  #loop(loop: RegionLoop): readonly [readonly RegionStmt[], RegionLoop] {
    const found = new TableSearch(loop, this.#mutable, this.#dims, this.#build.functions).found;
    if (found.length === 0) return [[], loop];
    const before: RegionStmt[] = [];
    const instead = new Map<RegionStmt, RegionStmt>();
    for (const one of found) {
      const table = this.#table(one, loop, before);
      const places = one.axes.map(({ index }) => local("i32", index));
      const { type } = one.stmt.value;
      instead.set(one.stmt, { ...one.stmt, value: load(type, table, ...places) });
    }
    const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
      stmts.map((stmt) => instead.get(stmt) ?? mapBlocksOf(stmt, block));
    return [before, { ...loop, body: block(loop.body) }];
  }

  /** Writes the table of a value before its loop, and returns its name. */
  #table({ stmt, axes, parts, ends }: TableCandidate, loop: RegionLoop, out: RegionStmt[]): string {
    const { fresh } = this.#build;
    const lengths = axes.map(({ to }) => this.#length(to, loop, ends, out));
    const name = fresh(`${stmt.name}_table`);
    const { type } = stmt.value;
    const declaration: ArrayDeclaration = { kind: "array", name, type, dims: lengths };
    out.push(declaration);
    const names = new Map(axes.map(({ index }) => [index, fresh(index)]));
    const places = axes.map(({ index }) => local("i32", names.get(index)!));
    let body = this.#entry(parts, names, (value) => [{ kind: "store", array: name, places, value }]);
    for (const [i, { index }] of [...axes.entries()].toReversed())
      body = [
        { kind: "for", index: names.get(index)!, from: constant("i32", 0), to: lengths[i]!, step: 1, body },
      ];
    append(out, body);
    return name;
  }

  /**
   * Returns the length of a table along an axis, from the bound `to` of the nested loop. It is 0 if the bound is
   * negative, or if the nested loop is not reached, because the bound may then have any value.
   */
  #length(to: RegionExpr, loop: RegionLoop, ends: readonly RegionExpr[], out: RegionStmt[]): RegionExpr {
    if (to.kind === "length" || (to.kind === "const" && to.value >= 0)) return to;
    const bind = (value: RegionExpr, hint: string): RegionExpr => {
      if (isAtom(value)) return value;
      const name = this.#build.fresh(hint);
      out.push({ kind: "let", name, value });
      return local(value.type, name);
    };
    const none = constant("i32", 0);
    let length = bind(this.#build.apply("maximum", to, none), "entries");
    if (loop.kind === "for") {
      const [low, high] = loop.step > 0 ? [loop.from, loop.to] : [loop.to, loop.from];
      length = bind(select(bind(this.#build.apply("less", low, high), "runs"), length, none), "entries");
    }
    for (const end of ends) length = bind(select(end, none, length), "entries");
    return length;
  }

  /**
   * Returns statements that compute the value of a table entry, the last of `parts`, and pass it to `use`. They do
   * nothing if an index at which the value reads an array is out of range.
   */
  #entry(
    parts: readonly RegionLet[],
    names: Map<string, string>,
    use: (value: RegionExpr) => readonly RegionStmt[],
  ): readonly RegionStmt[] {
    const [first, ...rest] = parts;
    const named = (expr: RegionExpr): RegionExpr =>
      mapExpr(expr, (x) => (x.kind === "local" ? { ...x, name: names.get(x.name) ?? x.name } : x));
    if (first === undefined) throw internalError("a table without values");
    const name = this.#build.fresh(first.name);
    const value = named(first.value);
    const known = new Map(names).set(first.name, name);
    const isLast = rest.length === 0;
    const then = isLast ? use(local(value.type, name)) : this.#entry(rest, known, use);
    if (value.kind !== "load" || value.at === undefined) return [{ kind: "let", name, value }, ...then];
    const read: RegionLoad = { ...value, at: undefined };
    const checks: RegionStmt[] = [];
    const condition = this.#isInRange(value, checks);
    return [
      ...checks,
      { kind: "if", condition, then: [{ kind: "let", name, value: read }, ...then], otherwise: [] },
    ];
  }

  #isInRange({ array, places }: RegionLoad, out: RegionStmt[]): RegionExpr {
    const { apply, fresh } = this.#build;
    const bind = (value: RegionExpr): RegionExpr => {
      if (isAtom(value)) return value;
      const name = fresh("isInside");
      out.push({ kind: "let", name, value });
      return local(value.type, name);
    };
    const tests = places.flatMap((place, axis) => {
      const { type } = place;
      const length = this.#dims.get(array)![axis]!;
      const end = type === "i32" ? length : bind({ kind: "convert", type, x: length });
      const within = [apply("lessEqual", constant(type, 0), place), apply("less", place, end)];
      return type === "i32" ? within : [...within, apply("equal", bind(apply("floor", place)), place)];
    });
    return tests.map(bind).reduce((all, test) => bind(select(all, test, constant("bool", 0))));
  }
}

/** Finds the costly values in a loop that a table can hold. */
class TableSearch {
  readonly found: TableCandidate[] = [];
  readonly #loop: RegionLoop;
  readonly #mutable: ReadonlySet<string>;
  readonly #dims: ReadonlyMap<string, readonly RegionExpr[]>;
  readonly #functions: ScalarFunctions;
  /** Names of the locals and arrays that the outer loop declares or writes. */
  readonly #touched = new Set<string>();
  readonly #definitions = new Map<string, RegionLet>();

  constructor(
    loop: RegionLoop,
    mutable: ReadonlySet<string>,
    dims: ReadonlyMap<string, readonly RegionExpr[]>,
    functions: ScalarFunctions,
  ) {
    this.#loop = loop;
    this.#mutable = mutable;
    this.#dims = dims;
    this.#functions = functions;
    walkStmts([loop], (stmt) => {
      const name = declaredBy(stmt);
      if (name !== undefined) this.#touched.add(name);
      if (stmt.kind === "set") this.#touched.add(stmt.name);
      if (stmt.kind === "store") this.#touched.add(stmt.array);
      if (stmt.kind === "swap") [stmt.x, stmt.y].forEach((one) => this.#touched.add(one));
    });
    this.#visit(this.#loop.body, [], []);
  }

  /**
   * Visits the statements that every iteration reaches unless an error ends the call, and notes the costly values that
   * a table can hold. `endsBefore` are the conditions of such errors.
   */
  #visit(
    stmts: readonly RegionStmt[],
    around: readonly RegionFor[],
    endsBefore: readonly RegionExpr[],
  ): void {
    const ends = [...endsBefore];
    for (const stmt of stmts) {
      if (stmt.kind === "let" && !this.#mutable.has(stmt.name)) {
        this.#definitions.set(stmt.name, stmt);
        if (around.length > 0 && isCostly(stmt.value, this.#functions)) this.#note(stmt, around, ends);
      } else if (stmt.kind === "for" && this.#isCounted(stmt))
        this.#visit(stmt.body, [...around, stmt], ends);
      else if (
        stmt.kind === "if" &&
        this.#isFixed(stmt.condition) &&
        stmt.then.some(({ kind }) => kind === "throw")
      )
        ends.push(stmt.condition);
    }
  }

  #isCounted({ from, to, step, live }: RegionFor): boolean {
    return live === undefined && step === 1 && from.kind === "const" && from.value === 0 && this.#isFixed(to);
  }

  /** True if an atom has the same value in all iterations of the outer loop. */
  #isFixed(atom: RegionExpr): boolean {
    return atom.kind !== "local" || (!this.#touched.has(atom.name) && !this.#mutable.has(atom.name));
  }

  #note(stmt: RegionLet, around: readonly RegionFor[], ends: readonly RegionExpr[]): void {
    const parts: RegionLet[] = [];
    const used = new Set<string>();
    if (!this.#derive(stmt, around, parts, used)) return;
    const axes = around.filter(({ index }) => used.has(index));
    if (axes.length > 0) this.found.push({ stmt, axes, parts, ends });
  }

  /**
   * Collects in `parts` the definitions that a value depends on, itself last, and in `used` the indices of nested
   * loops. Returns false if a definition depends on anything else that differs between iterations of the outer loop.
   */
  #derive(stmt: RegionLet, around: readonly RegionFor[], parts: RegionLet[], used: Set<string>): boolean {
    if (parts.includes(stmt)) return true;
    const isSame = (expr: RegionExpr): boolean => {
      if (expr.kind === "local") {
        if (around.some(({ index }) => index === expr.name)) {
          used.add(expr.name);
          return true;
        }
        if (this.#isFixed(expr)) return true;
        const definition = this.#definitions.get(expr.name);
        return definition !== undefined && this.#derive(definition, around, parts, used);
      }
      if (expr.kind === "load" && (this.#touched.has(expr.array) || !this.#dims.has(expr.array)))
        return false;
      return partsOf(expr).every(isSame);
    };
    if (!isSame(stmt.value)) return false;
    parts.push(stmt);
    return true;
  }
}
