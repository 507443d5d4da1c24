import * as k from "./build.ts";
import { copyBlock } from "./copy.ts";
import type { Expr, ForStmt, Stmt } from "./scalar.ts";
import { rangesIn, settle } from "./settle.ts";
import { walkBlock } from "./walk.ts";

/** Maximum number of cuts per loop. More code is not worth the savings. */
export const mostCuts = 4;

/**
 * Splits independent loops where conditions on their index change: the border of a padded array is separated from the
 * interior, which then has no conditions and reads contiguous memory. Inner loops are split too.
 */
export function cutLoops(block: readonly Stmt[]): Stmt[] {
  return block.flatMap((stmt): Stmt[] => {
    if (stmt.kind !== "for") return [stmt];
    return cutLoop(stmt).map((piece) =>
      piece.kind === "for" ? { ...piece, body: cutLoops(piece.body) } : piece,
    );
  });
}

function cutLoop(loop: ForStmt): Stmt[] {
  const { from, to, index, body } = loop;
  if (loop.independent !== true || from.kind !== "const" || to.kind !== "const") return [loop];
  const places = cutsOf(body, index);
  const inside = places.filter((place) => place > from.value && place < to.value);
  const cuts = [...new Set(inside)].toSorted((a, b) => a - b);
  if (places.length === 0 || cuts.length > mostCuts) return [loop];
  const ends = [from.value, ...cuts, to.value];
  return ends.slice(1).map((end, i): Stmt => {
    const start = ends[i]!;
    const suffix = cuts.length === 0 ? "" : `.${start}`; // the first piece is renamed too, because its inner loops may be cut at the same numbers
    const name = index + suffix;
    const ranges = rangesIn(body, new Map([[index, { low: start, high: end - 1 }]]));
    const inner = copyBlock(body, [], suffix, new Map([[index, k.local("i32", name)]]), (part) =>
      settle(part, ranges),
    );
    return {
      ...loop,
      index: name,
      from: k.i32(start),
      to: k.i32(end),
      body: withoutUnread(inner.statements),
    };
  });
}

/** Values of the loop index at which a comparison of the index with a constant changes its result. */
function cutsOf(body: readonly Stmt[], index: string): number[] {
  const cuts: number[] = [];
  walkBlock(body, {
    expr(expr) {
      if (expr.kind !== "binary" || (expr.op !== "lt" && expr.op !== "le")) return;
      const { x, y, op } = expr;
      if (isIndex(x, index) && y.kind === "const") cuts.push(op === "lt" ? y.value : y.value + 1);
      if (isIndex(y, index) && x.kind === "const") cuts.push(op === "lt" ? x.value + 1 : x.value);
    },
  });
  return cuts;
}

function isIndex(expr: Expr, index: string): boolean {
  return expr.kind === "local" && expr.name === index;
}

/** Removes locals that are neither read nor set. */
function withoutUnread(block: readonly Stmt[]): Stmt[] {
  const read = new Set<string>();
  walkBlock(block, {
    stmt: (stmt) => void (stmt.kind === "set" && read.add(stmt.name)),
    expr: (expr) => void (expr.kind === "local" && read.add(expr.name)),
  });
  const left = block.filter((stmt) => stmt.kind !== "let" || read.has(stmt.name));
  if (left.length < block.length) return withoutUnread(left);
  return left.map((stmt) => (stmt.kind === "for" ? { ...stmt, body: withoutUnread(stmt.body) } : stmt));
}
