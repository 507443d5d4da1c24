import * as k from "./build.ts";
import { copyBlock } from "./copy.ts";
import type { Expr, Stmt } from "./scalar.ts";
import { walkBlock } from "./walk.ts";

/** A loop is cut into at most so many pieces; more code than that is not worth what it saves. */
const mostSegments = 5;

type Loop = Extract<Stmt, { readonly kind: "for" }>;

/**
 * Independent loops cut where conditions on their index turn: the border of a padded array goes apart from the middle,
 * which then has no conditions left and reads memory in one run. Loops in loops are cut as well.
 */
export function cutLoops(block: readonly Stmt[]): Stmt[] {
  return block.flatMap((stmt): Stmt[] => {
    if (stmt.kind !== "for") return [stmt];
    return cutLoop(stmt).map((piece) =>
      piece.kind === "for" ? { ...piece, body: cutLoops(piece.body) } : piece,
    );
  });
}

function cutLoop(loop: Loop): Stmt[] {
  const { from, to, index, body } = loop;
  if (loop.independent !== true || from.kind !== "const" || to.kind !== "const") return [loop];
  const turns = turnsOf(body, index).filter((turn) => turn > from.value && turn < to.value);
  const cuts = [...new Set(turns)].toSorted((a, b) => a - b);
  if (turnsOf(body, index).length === 0 || cuts.length >= mostSegments) return [loop];
  const ends = [from.value, ...cuts, to.value];
  return ends.slice(1).map((end, i): Stmt => {
    const start = ends[i]!;
    const suffix = cuts.length === 0 ? "" : `.${start}`; // the first piece too: what it holds may be cut at the same numbers
    const name = index + suffix;
    const inner = copyBlock(body, [], suffix, new Map([[index, k.local("i32", name)]]), (part) =>
      settle(part, index, start, end - 1),
    );
    return { ...loop, index: name, from: k.i32(start), to: k.i32(end), body: inner.statements };
  });
}

/** The values of the index at which a comparison with it changes its answer. */
function turnsOf(body: readonly Stmt[], index: string): number[] {
  const turns: number[] = [];
  walkBlock(body, {
    expr(expr) {
      if (expr.kind !== "binary" || (expr.op !== "lt" && expr.op !== "le")) return;
      const { x, y, op } = expr;
      if (isIndex(x, index) && y.kind === "const") turns.push(op === "lt" ? y.value : y.value + 1);
      if (isIndex(y, index) && x.kind === "const") turns.push(op === "lt" ? x.value + 1 : x.value);
    },
  });
  return turns;
}

function isIndex(expr: Expr, index: string): boolean {
  return expr.kind === "local" && expr.name === index;
}

/** What a part of an expression comes to while low ≤ index ≤ high, if that is plainer. */
function settle(part: Expr, index: string, low: number, high: number): Expr | undefined {
  if (part.kind === "select") {
    const answer = answerOf(part.condition, index, low, high);
    return answer === undefined ? undefined : answer ? part.x : part.y;
  }
  if (part.kind !== "binary" || part.type !== "bool") return undefined;
  const answer = answerOf(part, index, low, high);
  if (answer !== undefined) return k.bool(answer);
  if (part.op !== "and" && part.op !== "or") return undefined;
  const [x, y] = [part.x, part.y].map((side) => answerOf(side, index, low, high));
  return x !== undefined ? part.y : y !== undefined ? part.x : undefined; // the known side decides nothing
}

/** Whether a condition holds while low ≤ index ≤ high; `undefined` if that depends. */
function answerOf(condition: Expr, index: string, low: number, high: number): boolean | undefined {
  if (condition.kind === "const") return condition.value !== 0;
  if (condition.kind !== "binary") return undefined;
  const { op, x, y } = condition;
  if (op === "and" || op === "or") {
    if (x.type !== "bool") return undefined;
    const [a, b] = [answerOf(x, index, low, high), answerOf(y, index, low, high)];
    if (op === "and") return a === false || b === false ? false : a === true && b === true ? true : undefined;
    return a === true || b === true ? true : a === false && b === false ? false : undefined;
  }
  if (op !== "lt" && op !== "le") return undefined;
  const holds = (a: number, b: number): boolean => (op === "lt" ? a < b : a <= b);
  let ends: readonly [boolean, boolean];
  if (isIndex(x, index) && y.kind === "const") ends = [holds(low, y.value), holds(high, y.value)];
  else if (isIndex(y, index) && x.kind === "const") ends = [holds(x.value, low), holds(x.value, high)];
  else return undefined;
  return ends[0] === ends[1] ? ends[0] : undefined;
}
