// Prepares a region for transposition, so that all values that the backward pass needs are in locals that never change.
import { append } from "../../util/append.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { RegionBuilder, RegionLocal } from "../form/build.ts";
import { constant, local } from "../form/build.ts";
import type { Linearity } from "./linearity.ts";
import type {
  PositionIndex,
  Region,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionLoop,
  RegionStmt,
} from "../form/region.ts";
import {
  blocksOf,
  expressionsOf,
  mapBlocksOf,
  mapExpr,
  mapExpressionsOf,
  partsOf,
  walkStmts,
} from "../form/walk.ts";
import { hasTarget, mutableNames, readsOf, targetOf } from "../form/names.ts";

/** Locals that count the iterations of a loop: `counter` while the loop runs, `total` after it. */
export interface IterationCounter {
  readonly counter: RegionLocal;
  readonly total: RegionLocal;
}

export interface PreparedRegion {
  readonly body: readonly RegionStmt[];
  /** Counters of the loops with linear statements whose trip count is not known before the loop. */
  readonly counters: ReadonlyMap<RegionStmt, IterationCounter>;
}

/**
 * Prepares a flat region for reverse mode. Removes linear statements that no result needs. Copies each mutable local
 * that linear statements read (coefficients, indices, conditions and bounds) into an immutable one. Adds counters to
 * loops that may end early. Moves linear locals that are read once into the expression that reads them.
 */
export function prepare(region: Region, linearity: Linearity, build: RegionBuilder): PreparedRegion {
  const { body, counters } = new Preparation(region, linearity, build).run(region.body);
  return inlineOnce({ ...region, body }, linearity, counters);
}

/** Immutable copies of mutable locals, by the name of the mutable local. */
type ImmutableCopies = Map<string, RegionExpr>;

class Preparation {
  readonly #linearity: Linearity;
  readonly #build: RegionBuilder;
  readonly #mutable: ReadonlySet<string>;
  readonly #counters = new Map<RegionStmt, IterationCounter>();

  constructor({ body }: Region, linearity: Linearity, build: RegionBuilder) {
    this.#linearity = linearity;
    this.#build = build;
    this.#mutable = mutableNames(body);
  }

  run(body: readonly RegionStmt[]): PreparedRegion {
    return { body: this.#block(body, new Map()), counters: this.#counters };
  }

  #block(stmts: readonly RegionStmt[], snapshots: ImmutableCopies): RegionStmt[] {
    const out: RegionStmt[] = [];
    for (const stmt of stmts) {
      this.#stmt(stmt, snapshots, out);
      forget(stmt, snapshots);
      const now = stmt.kind === "set" ? out.at(-1) : undefined;
      if (now?.kind === "set" && this.#isFixed(now.value)) snapshots.set(now.name, now.value);
    }
    return out;
  }

  #stmt(stmt: RegionStmt, snapshots: ImmutableCopies, out: RegionStmt[]): void {
    const { linear, useful } = this.#linearity;
    const target = targetOf(stmt);
    if (target !== undefined) {
      if (!linear.has(target) || useful.has(target))
        out.push(mapExpressionsOf(stmt, (expr) => this.#fixed(expr, stmt.at, snapshots, out)));
      return;
    }
    const isReversed = hasTarget(stmt, useful);
    switch (stmt.kind) {
      case "if": {
        const condition = isReversed ? this.#fixed(stmt.condition, stmt.at, snapshots, out) : stmt.condition;
        const block = (stmts: readonly RegionStmt[]): RegionStmt[] => this.#block(stmts, new Map(snapshots));
        out.push({ ...stmt, condition, then: block(stmt.then), otherwise: block(stmt.otherwise) });
        return;
      }
      case "for":
      case "while":
        this.#loop(stmt, isReversed, snapshots, out);
        return;
      case "throw":
        out.push(stmt);
        return;
      case "let":
      case "set":
      case "array":
      case "store":
      case "swap":
        return;
      default:
        assertNever(stmt, "prepare");
    }
  }

  #loop(stmt: RegionLoop, isReversed: boolean, snapshots: ImmutableCopies, out: RegionStmt[]): void {
    const within = new Map(snapshots);
    forget(stmt, within); // a local that an iteration sets differs in the next one
    const body = this.#block(stmt.body, within);
    if (!isReversed) {
      out.push({ ...stmt, body });
      return;
    }
    const bounds: Partial<Pick<RegionFor, "from" | "to">> =
      stmt.kind === "for"
        ? {
            from: this.#fixed(stmt.from, stmt.at, snapshots, out),
            to: this.#fixed(stmt.to, stmt.at, snapshots, out),
          }
        : {};
    if (stmt.kind === "for" && stmt.live === undefined) {
      out.push({ ...stmt, ...bounds, body });
      return;
    }
    const { at } = stmt;
    const counter = local("i32", this.#build.fresh("iterations"));
    const name = this.#build.fresh("count");
    const more = this.#build.apply("add", counter, constant("i32", 1));
    const counted: RegionLoop = {
      ...stmt,
      ...bounds,
      body: [...body, { kind: "set", name: counter.name, value: more, at }],
    };
    out.push({ kind: "let", name: counter.name, value: constant("i32", 0), at }, counted);
    out.push({ kind: "let", name, value: counter, at });
    this.#counters.set(counted, { counter, total: local("i32", name) });
  }

  /** Replaces mutable locals that are not linear by immutable copies of their current value. */
  #fixed(
    expr: RegionExpr,
    at: PositionIndex | undefined,
    snapshots: ImmutableCopies,
    out: RegionStmt[],
  ): RegionExpr {
    return mapExpr(expr, (x) => {
      if (x.kind !== "local" || !this.#mutable.has(x.name) || this.#linearity.linear.has(x.name)) return x;
      const known = snapshots.get(x.name);
      if (known !== undefined) return known;
      const snapshot = local(x.type, this.#build.fresh(`${x.name}_now`));
      out.push({ kind: "let", name: snapshot.name, value: x, at });
      snapshots.set(x.name, snapshot);
      return snapshot;
    });
  }

  /** True if an expression is a constant, an array length, or a local that is neither mutable nor linear. */
  #isFixed(value: RegionExpr): boolean {
    if (value.kind === "const" || value.kind === "length") return true;
    return (
      value.kind === "local" && !this.#mutable.has(value.name) && !this.#linearity.linear.has(value.name)
    );
  }
}

/** Removes the copies of the locals that a statement sets, because the copies are out of date after it. */
function forget(stmt: RegionStmt, snapshots: ImmutableCopies): void {
  walkStmts([stmt], (inner) => {
    if (inner.kind === "set") snapshots.delete(inner.name);
  });
}

/**
 * Largest depth of an expression that linear locals are moved into. A sum of 10,000 terms is 10,000 levels deep, and
 * the transpose is recursive: the stack of Node allows about 4,000 levels. (A lower limit would change the order in
 * which gradients of shorter chains add, and thus their last bits.)
 */
const mostLevels = 2500;

/** Depth of an expression. `known` caches the depths of its operands. */
function levelsOf(expr: RegionExpr, known: WeakMap<RegionExpr, number>): number {
  let levels = known.get(expr);
  if (levels === undefined) {
    levels = 1;
    for (const part of partsOf(expr)) levels = Math.max(levels, 1 + levelsOf(part, known));
    known.set(expr, levels);
  }
  return levels;
}

/** Linear locals that may still move into the statement that reads them, in the order of the program. */
class PendingLocals {
  readonly #statements = new Map<string, RegionLet>();
  /** Pending locals by the names that their own values read. */
  readonly #readers = new Map<string, string[]>();
  /** For each local that was moved, the local whose value contains it now. */
  readonly #holders = new Map<string, string>();

  /** Adds a local that may still move. `taken` are the locals that were moved into its value, and `given` is the value before. */
  add(stmt: RegionLet, given: RegionExpr, taken: readonly string[]): void {
    this.#statements.set(stmt.name, stmt);
    for (const name of taken) this.#holders.set(name, stmt.name);
    for (const name of readsOf(given)) {
      const readers = this.#readers.get(name);
      if (readers === undefined) this.#readers.set(name, [stmt.name]);
      else readers.push(stmt.name);
    }
  }

  /** Removes and returns the pending local of this name; `undefined` if there is none. */
  take(name: string): RegionLet | undefined {
    const found = this.#statements.get(name);
    this.#statements.delete(name);
    return found;
  }

  /** Removes and returns the pending locals that have one of these names or whose value reads one of them. */
  settle(names: ReadonlySet<string>): readonly RegionStmt[] {
    const concerned = new Set<string>();
    for (const name of names) {
      if (this.#statements.has(name)) concerned.add(name);
      for (const reader of this.#readers.get(name) ?? []) {
        const holder = this.#holderOf(reader);
        if (this.#statements.has(holder)) concerned.add(holder);
      }
      this.#readers.delete(name);
    }
    if (concerned.size === 0) return [];
    const taken: RegionStmt[] = [];
    if (concerned.size === 1) for (const name of concerned) taken.push(this.take(name)!);
    else
      for (const [name, stmt] of this.#statements)
        if (concerned.has(name)) {
          this.#statements.delete(name);
          taken.push(stmt);
        }
    return taken;
  }

  /** The pending local whose value now contains the local of this name. */
  #holderOf(name: string): string {
    let last = name;
    for (let next = this.#holders.get(last); next !== undefined; next = this.#holders.get(last)) last = next;
    for (let one = name; one !== last;) {
      const next = this.#holders.get(one)!;
      this.#holders.set(one, last);
      one = next;
    }
    return last;
  }

  all(): readonly RegionStmt[] {
    return [...this.#statements.values()];
  }
}

/** Moves linear locals that are read once into the statement of the same block that reads them. */
function inlineOnce(
  { body, results }: Region,
  { linear }: Linearity,
  counters: ReadonlyMap<RegionStmt, IterationCounter>,
): PreparedRegion {
  const uses = new Map<string, number>();
  const count = (expr: RegionExpr): void => {
    for (const name of readsOf(expr)) uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  walkStmts(body, (stmt) => expressionsOf(stmt).forEach(count));
  for (const result of results) if (result.kind === "scalar") count(result.value);
  const mutable = mutableNames(body);
  const newCounters = new Map<RegionStmt, IterationCounter>();
  const levels = new WeakMap<RegionExpr, number>();

  const block = (stmts: readonly RegionStmt[]): RegionStmt[] => {
    const out: RegionStmt[] = [];
    const pending = new PendingLocals();
    let taken: string[] = [];
    const inlined = (expr: RegionExpr): RegionExpr =>
      mapExpr(expr, (x) => {
        const found = x.kind === "local" ? pending.take(x.name) : undefined;
        if (found === undefined) return x;
        taken.push(found.name);
        return found.value;
      });
    for (const stmt of stmts) {
      if (blocksOf(stmt).length > 0) {
        append(out, pending.settle(touchedBy(stmt)));
        const next = mapBlocksOf(stmt, block);
        const counted = counters.get(stmt);
        if (counted !== undefined) newCounters.set(next, counted);
        out.push(next);
        continue;
      }
      taken = [];
      const next = mapExpressionsOf(stmt, inlined);
      if (
        next.kind === "let" &&
        linear.has(next.name) &&
        !mutable.has(next.name) &&
        uses.get(next.name) === 1 &&
        levelsOf(next.value, levels) <= mostLevels
      ) {
        pending.add(next, stmt.kind === "let" ? stmt.value : next.value, taken);
        continue;
      }
      if (next.kind !== "let") {
        append(out, pending.settle(touchedBy(next)));
      }
      out.push(next);
    }
    append(out, pending.all());
    return out;
  };
  return { body: block(body), counters: newCounters };
}

/** Names that a statement and its nested statements write. For loops and branches, also the names that they read. */
function touchedBy(stmt: RegionStmt): ReadonlySet<string> {
  const names = new Set<string>();
  walkStmts([stmt], (inner) => {
    const target = targetOf(inner);
    if (target !== undefined) names.add(target);
    if (inner.kind === "swap") names.add(inner.y);
    if (blocksOf(stmt).length > 0)
      for (const expr of expressionsOf(inner)) readsOf(expr).forEach((name) => names.add(name));
  });
  return names;
}

/** Linear locals that are never set and whose uses are all in the block that declares them. */
export function findDirectNames(
  body: readonly RegionStmt[],
  linear: ReadonlySet<string>,
  mutable: ReadonlySet<string>,
): ReadonlySet<string> {
  const direct = new Set<string>();
  const walk = (block: readonly RegionStmt[]): void => {
    const declared = new Set<string>();
    for (const stmt of block) {
      if (stmt.kind === "let" && linear.has(stmt.name) && !mutable.has(stmt.name)) {
        declared.add(stmt.name);
        direct.add(stmt.name);
      }
      for (const name of expressionsOf(stmt).flatMap(readsOf)) if (!declared.has(name)) direct.delete(name);
      blocksOf(stmt).forEach(walk);
    }
  };
  walk(body);
  return direct;
}
