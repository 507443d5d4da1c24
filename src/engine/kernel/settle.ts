import * as k from "./build.ts";
import { copyBlock } from "./copy.ts";
import type { IntegerInterval } from "./range.ts";
import { binaryRange, isWithin, typeRange, unionRange } from "./range.ts";
import type { Expr, Stmt } from "./scalar.ts";
import { walkBlock } from "./walk.ts";

/** Ranges of integer and boolean locals. A local without an entry may have any value of its type. */
export type LocalIntervals = ReadonlyMap<string, IntegerInterval>;

/** Range of an integer or boolean expression; `undefined` for a float. */
export function rangeOf(expr: Expr, ranges: LocalIntervals): IntegerInterval | undefined {
  const all = typeRange(expr.type);
  if (all === undefined) return undefined;
  const within = (range: IntegerInterval | undefined): IntegerInterval =>
    range !== undefined && isWithin(range, all) ? range : all;
  switch (expr.kind) {
    case "const":
      return { low: expr.value, high: expr.value };
    case "local":
      return ranges.get(expr.name) ?? all;
    case "binary":
      return rangeOfBinary(expr, rangeOf(expr.x, ranges), rangeOf(expr.y, ranges));
    case "select": {
      const condition = rangeOf(expr.condition, ranges)!;
      if (condition.low === condition.high) return rangeOf(condition.low === 1 ? expr.x : expr.y, ranges);
      return unionRange(rangeOf(expr.x, ranges)!, rangeOf(expr.y, ranges)!);
    }
    case "convert":
      return within(rangeOf(expr.x, ranges));
    case "load":
    case "table":
    case "unary":
    case "mulAdd":
    case "call":
      return all;
  }
}

/** Range of the result of an integer or boolean operation, from the ranges of its operands; `undefined` for a float. */
function rangeOfBinary(
  { op, type }: Expr & { readonly kind: "binary" },
  x: IntegerInterval | undefined,
  y: IntegerInterval | undefined,
): IntegerInterval | undefined {
  const all = typeRange(type);
  const range = all && x && y && binaryRange(op, x, y);
  return range !== undefined && isWithin(range, all!) ? range : all;
}

/** Ranges of the immutable locals and loop indices of a block, together with the ranges in `given`. */
export function rangesIn(block: readonly Stmt[], given: LocalIntervals = new Map()): LocalIntervals {
  const set = new Set<string>();
  walkBlock(block, { stmt: (stmt) => void (stmt.kind === "set" && set.add(stmt.name)) });
  const ranges = new Map(given);
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !set.has(stmt.name)) {
        const range = rangeOf(stmt.value, ranges);
        if (range !== undefined) ranges.set(stmt.name, range);
      } else if (stmt.kind === "for" || stmt.kind === "reduce") {
        const [from, to] = [rangeOf(stmt.from, ranges)!, rangeOf(stmt.to, ranges)!];
        ranges.set(stmt.index, { low: from.low, high: Math.max(from.low, to.high - 1) });
      }
    },
  });
  return ranges;
}

/**
 * Simplifies an expression by the ranges of locals, without changing a bit; `undefined` if there is nothing to
 * simplify.
 */
export function settle(part: Expr, ranges: LocalIntervals): Expr | undefined {
  if (part.kind === "select") {
    const { low, high } = rangeOf(part.condition, ranges)!;
    return low === high ? (low === 1 ? part.x : part.y) : undefined;
  }
  if (part.kind !== "binary") return undefined;
  const { op, x, y } = part;
  if (x.type === "f64" || x.type === "f32") return undefined; // floats have no ranges
  const a = rangeOf(x, ranges);
  const b = rangeOf(y, ranges);
  if (a === undefined || b === undefined) return undefined;
  const whole = rangeOfBinary(part, a, b);
  if (whole !== undefined && whole.low === whole.high) return k.constant(part.type, whole.low);
  // for booleans, min is "and", and max is "or"
  const takesSmaller = op === "min" || (op === "and" && part.type === "bool");
  const takesLarger = op === "max" || (op === "or" && part.type === "bool");
  if (takesSmaller || takesLarger) {
    if (a.high <= b.low) return takesSmaller ? x : y;
    if (b.high <= a.low) return takesSmaller ? y : x;
  }
  return undefined;
}

/**
 * Simplifies a block by the ranges of its loop indices and constants: for example, an index known to be within an array
 * needs no clamping.
 */
export function settleBlock(block: readonly Stmt[]): Stmt[] {
  const ranges = rangesIn(block);
  return copyBlock(block, [], "", new Map(), (part) => settle(part, ranges)).statements;
}
