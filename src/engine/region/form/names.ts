// The names that statements and expressions declare, write and read.
import { assertNever } from "../../util/assert-never.ts";
import type { Region, RegionBlock, RegionExpr, RegionLet, RegionResult, RegionStmt } from "./region.ts";
import { blocksOf, expressionsOf, partsOf, walkExpr, walkStmts } from "./walk.ts";

/** Name of the local, array or loop index that a statement declares; `undefined` for other statements. */
export function declaredBy(stmt: RegionStmt): string | undefined {
  if (stmt.kind === "let" || stmt.kind === "array") return stmt.name;
  return stmt.kind === "for" ? stmt.index : undefined;
}

/**
 * Name of the local or array that a statement declares or writes; for `swap`, the first of its two arrays. `undefined`
 * for loops, branches and `throw`. Ignores nested statements.
 */
export function targetOf(stmt: RegionStmt): string | undefined {
  switch (stmt.kind) {
    case "let":
    case "set":
    case "array":
      return stmt.name;
    case "store":
      return stmt.array;
    case "swap":
      return stmt.x;
    case "for":
    case "while":
    case "if":
    case "throw":
      return undefined;
    default:
      return assertNever(stmt, "targetOf");
  }
}

/** Names of the locals and arrays that a statement declares or writes. Ignores nested statements. */
export function targetsOf(stmt: RegionStmt): readonly string[] {
  if (stmt.kind === "swap") return [stmt.x, stmt.y];
  const target = targetOf(stmt);
  return target === undefined ? [] : [target];
}

/** True if a statement, or one nested in it, declares or writes one of the names. */
export function hasTarget(stmt: RegionStmt, names: ReadonlySet<string>): boolean {
  const target = targetOf(stmt);
  if (target !== undefined && names.has(target)) return true;
  for (const block of blocksOf(stmt)) for (const inner of block) if (hasTarget(inner, names)) return true;
  return false;
}

/** Names that a statement and those nested in it declare, and the locals that they set. */
export function localsChangedIn(stmt: RegionStmt): ReadonlySet<string> {
  const names = new Set<string>();
  walkStmts([stmt], (one) => {
    const name = one.kind === "set" ? one.name : declaredBy(one);
    if (name !== undefined) names.add(name);
  });
  return names;
}

const mutable = new WeakMap<RegionBlock, ReadonlySet<string>>();

/**
 * Locals that some `set` in the block changes. Cached per block, because every pass needs them; finished blocks never
 * change.
 */
export function mutableNames(body: RegionBlock): ReadonlySet<string> {
  const known = mutable.get(body);
  if (known !== undefined) return known;
  const names = new Set<string>();
  walkStmts(body, (stmt) => {
    if (stmt.kind === "set") names.add(stmt.name);
  });
  mutable.set(body, names);
  return names;
}

/** Declarations of locals, by the name of the local. */
export type LetsByName = ReadonlyMap<string, RegionLet>;

/** Declarations of the locals that never change. */
export function immutableLets(body: RegionBlock): LetsByName {
  const changed = mutableNames(body);
  const lets = new Map<string, RegionLet>();
  walkStmts(body, (stmt) => {
    if (stmt.kind === "let" && !changed.has(stmt.name)) lets.set(stmt.name, stmt);
  });
  return lets;
}

/** Locals and arrays that an expression reads, one entry per occurrence. Lengths do not count. */
export function readsOf(expr: RegionExpr): string[] {
  const names: string[] = [];
  walkExpr(expr, (x) => {
    if (x.kind === "local") names.push(x.name);
    if (x.kind === "load") names.push(x.array);
  });
  return names;
}

/** Locals and arrays that a result reads. */
export function readsOfResult(result: RegionResult): readonly string[] {
  return result.kind === "array" ? [result.name] : readsOf(result.value);
}

/** True if an expression reads the local or array. */
export function readsName(expr: RegionExpr, name: string): boolean {
  if (expr.kind === "local") return expr.name === name;
  if (expr.kind === "load" && expr.array === name) return true;
  return partsOf(expr).some((part) => readsName(part, name));
}

/** True if an expression reads one of the locals and arrays. Iterative, because sums of many terms are deep. */
export function readsAny(expr: RegionExpr, names: ReadonlySet<string>): boolean {
  const waiting = [expr];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === "local" && names.has(next.name)) return true;
    if (next.kind === "load" && names.has(next.array)) return true;
    for (const part of partsOf(next)) waiting.push(part);
  }
  return false;
}

/** True if a statement, or one nested in it, reads or stores an element of the array. A `swap` does not count. */
export function usesArray(stmt: RegionStmt, array: string): boolean {
  if (stmt.kind === "store" && stmt.array === array) return true;
  if (expressionsOf(stmt).some((expr) => readsName(expr, array))) return true;
  return blocksOf(stmt).some((block) => block.some((inner) => usesArray(inner, array)));
}

/** Generator of names that a region does not use yet. */
export interface UnusedNames {
  /** Returns the hint, or the hint with a number appended, and reserves it. */
  fresh(hint: string): string;
}

export function namesOf({ params, body }: Region): UnusedNames {
  const taken = new Set(params.map(({ name }) => name));
  walkStmts(body, (stmt) => {
    const name = declaredBy(stmt);
    if (name !== undefined) taken.add(name);
  });
  const last = new Map<string, number>(); // last number per hint, so that many names with one hint take linear time
  return {
    fresh(hint) {
      let name = hint;
      for (let n = (last.get(hint) ?? 1) + 1; taken.has(name); n++) {
        name = `${hint}_${n}`;
        last.set(hint, n);
      }
      taken.add(name);
      return name;
    },
  };
}
