// Elements that the points of a unit access, as linear functions of indices.
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkBlock, walkExpr } from "../../kernel/walk.ts";
import { assertNever } from "../../util/assert-never.ts";

/** Index of an element: a constant plus multiples of locals. */
export interface LinearIndex {
  readonly constant: number;
  /** Factors by local, none of them 0. */
  readonly terms: ReadonlyMap<string, number>;
}

/** Range of a loop index that is known before any call. */
export interface KnownRange {
  readonly from: number;
  readonly size: number;
}

/** Access to elements of a buffer, or to a local that units share (as a buffer of this name). */
export interface UnitAccess {
  readonly buffer: string;
  readonly isStore: boolean;
  /** `undefined` if the index is no linear function of loop indices and of locals from outside. */
  readonly index: LinearIndex | undefined;
}

/** Accesses of some statements, and the ranges of the loop indices on which they depend. */
export interface AccessSummary {
  readonly accesses: readonly UnitAccess[];
  readonly ranges: ReadonlyMap<string, KnownRange>;
}

/**
 * Collects the accesses of statements. `indices` are the ranges of the loops around them. Locals that the statements
 * neither declare nor set are constant.
 */
export function accessesIn(block: readonly Stmt[], indices: ReadonlyMap<string, KnownRange>): AccessSummary {
  const { declared, set } = usesOf(block);
  const lets = new Map<string, Expr>();
  const ranges = new Map(indices);
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !set.has(stmt.name)) lets.set(stmt.name, stmt.value);
      if (stmt.kind !== "for" && stmt.kind !== "reduce") return;
      const [from, to] = [constantSize(stmt.from), constantSize(stmt.to)];
      if (from !== undefined && to !== undefined)
        ranges.set(stmt.index, { from, size: Math.max(0, to - from) });
    },
  });
  const known = new Map<string, LinearIndex | undefined>();
  const localIndex = (name: string): LinearIndex | undefined => {
    if (known.has(name)) return known.get(name);
    const value = lets.get(name);
    const isTold = ranges.has(name) || !(declared.has(name) || set.has(name));
    const found = value !== undefined ? linear(value) : isTold ? indexOfLocal(name) : undefined;
    known.set(name, found);
    return found;
  };
  const linear = (index: Expr): LinearIndex | undefined => linearOf(index, localIndex);
  const accesses: UnitAccess[] = [];
  const note = (buffer: string, isStore: boolean, index: LinearIndex | undefined): void =>
    void accesses.push({ buffer, isStore, index });
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "store") note(stmt.buffer, true, linear(stmt.index));
      if (stmt.kind !== "contract") return;
      note(stmt.out.buffer, true, undefined);
      for (const { buffer } of [stmt.out, stmt.left, stmt.right]) note(buffer, false, undefined);
    },
    expr: (expr) =>
      walkExpr(expr, (x) => {
        if (x.kind === "load") note(x.buffer, false, linear(x.index));
      }),
  });
  return { accesses, ranges };
}

function indexOfLocal(name: string): LinearIndex {
  return { constant: 0, terms: new Map([[name, 1]]) };
}

/** Linear form of an expression; `undefined` if it has none. */
function linearOf(
  expr: Expr,
  localIndex: (name: string) => LinearIndex | undefined,
): LinearIndex | undefined {
  const inner = (x: Expr): LinearIndex | undefined => linearOf(x, localIndex);
  switch (expr.kind) {
    case "const":
      return { constant: expr.value, terms: new Map() };
    case "local":
      return expr.type === "i32" ? localIndex(expr.name) : undefined;
    case "binary": {
      if (expr.type !== "i32") return undefined;
      const [x, y] = [inner(expr.x), inner(expr.y)];
      if (x === undefined || y === undefined) return undefined;
      if (expr.op === "add") return addScaled(x, y, 1);
      if (expr.op === "sub") return addScaled(x, y, -1);
      if (expr.op === "shl" && y.terms.size === 0) return scaled(x, 2 ** (y.constant & 31));
      if (expr.op !== "mul") return undefined;
      if (y.terms.size === 0) return scaled(x, y.constant);
      return x.terms.size === 0 ? scaled(y, x.constant) : undefined;
    }
    case "load":
    case "table":
    case "unary":
    case "select":
    case "convert":
    case "mulAdd":
    case "call":
      return undefined;
    default:
      return assertNever(expr, "linearOf");
  }
}

function scaled(x: LinearIndex, factor: number): LinearIndex {
  return addScaled({ constant: 0, terms: new Map() }, x, factor);
}

/** x + factor · y */
function addScaled(x: LinearIndex, y: LinearIndex, factor: number): LinearIndex {
  const terms = new Map(x.terms);
  for (const [name, by] of y.terms) {
    const sum = (terms.get(name) ?? 0) + factor * by;
    if (sum === 0) terms.delete(name);
    else terms.set(name, sum);
  }
  return { constant: x.constant + factor * y.constant, terms };
}
