import * as k from "./build.ts";
import { copyBlock } from "./copy.ts";
import type { Expr, Stmt } from "./scalar.ts";
import { walkBlock } from "./walk.ts";

/** A loop is cut at so many places at most; more code than that is not worth what it saves. */
export const mostCuts = 4;

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
  const places = cutsOf(body, index);
  const inside = places.filter((place) => place > from.value && place < to.value);
  const cuts = [...new Set(inside)].toSorted((a, b) => a - b);
  if (places.length === 0 || cuts.length > mostCuts) return [loop];
  const ends = [from.value, ...cuts, to.value];
  const definitions = definitionsIn(body);
  return ends.slice(1).map((end, i): Stmt => {
    const start = ends[i]!;
    const suffix = cuts.length === 0 ? "" : `.${start}`; // the first piece too: what it holds may be cut at the same numbers
    const name = index + suffix;
    const inner = copyBlock(body, [], suffix, new Map([[index, k.local("i32", name)]]), (part) =>
      settle(part, { index, low: start, high: end - 1, definitions }),
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

/** The values of the index at which a comparison with it changes its answer. */
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

/** A block without the locals that are no longer read. */
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

/** What is known in a piece of a loop: low ≤ index ≤ high, and the locals of its own that never change. */
interface Known {
  readonly index: string;
  readonly low: number;
  readonly high: number;
  readonly definitions: ReadonlyMap<string, Expr>;
}

/** The values of locals that a block declares once and never sets. */
function definitionsIn(body: readonly Stmt[]): Map<string, Expr> {
  const definitions = new Map<string, Expr>();
  const set = new Set<string>();
  walkBlock(body, {
    stmt(stmt) {
      if (stmt.kind === "set" || (stmt.kind === "let" && definitions.has(stmt.name))) set.add(stmt.name);
      if (stmt.kind === "let") definitions.set(stmt.name, stmt.value);
    },
  });
  for (const name of set) definitions.delete(name);
  return definitions;
}

/** What a part of an expression comes to by what is known, if that is plainer. */
function settle(part: Expr, known: Known): Expr | undefined {
  if (part.kind === "select") {
    const answer = answerOf(part.condition, known);
    return answer === undefined ? undefined : answer ? part.x : part.y;
  }
  if (part.kind !== "binary") return undefined;
  if (part.op === "min" || part.op === "max") return settleExtreme(part.op, part.x, part.y, known);
  if (part.type !== "bool") return undefined;
  const answer = answerOf(part, known);
  if (answer !== undefined) return k.bool(answer);
  if (part.op !== "and" && part.op !== "or") return undefined;
  const [x, y] = [part.x, part.y].map((side) => answerOf(side, known));
  return x !== undefined ? part.y : y !== undefined ? part.x : undefined; // the known side decides nothing
}

/** The smaller or the larger of two integers, where it is known which that is. */
function settleExtreme(op: "min" | "max", x: Expr, y: Expr, known: Known): Expr | undefined {
  const [a, b] = [placeOf(x, known), placeOf(y, known)];
  if (a === undefined || b === undefined) return undefined;
  const [small, large] = a.high <= b.low ? [x, y] : b.high <= a.low ? [y, x] : [undefined, undefined];
  return op === "min" ? small : large;
}

/** Where the index, or its sum with a constant, lies. */
function placeOf(expr: Expr, known: Known): { readonly low: number; readonly high: number } | undefined {
  if (expr.type !== "i32") return undefined;
  if (isIndex(expr, known.index)) return known;
  if (expr.kind === "const") return { low: expr.value, high: expr.value };
  if (expr.kind !== "binary" || expr.y.kind !== "const") return undefined;
  const { op, x, y } = expr;
  if (op === "min" || op === "max") {
    const inner = placeOf(x, known);
    return inner && { low: Math[op](inner.low, y.value), high: Math[op](inner.high, y.value) };
  }
  if (op !== "add" && op !== "sub") return undefined;
  const inner = placeOf(x, known);
  const by = op === "add" ? y.value : -y.value;
  return inner && { low: inner.low + by, high: inner.high + by };
}

/** Whether a condition holds by what is known; `undefined` if that depends. */
function answerOf(condition: Expr, known: Known): boolean | undefined {
  const { index, low, high } = known;
  if (condition.kind === "const") return condition.value !== 0;
  if (condition.kind === "local") {
    const value = condition.type === "bool" ? known.definitions.get(condition.name) : undefined;
    return value === undefined ? undefined : answerOf(value, known);
  }
  if (condition.kind === "select") {
    const answer = answerOf(condition.condition, known);
    return answer === undefined ? undefined : answerOf(answer ? condition.x : condition.y, known);
  }
  if (condition.kind !== "binary") return undefined;
  const { op, x, y } = condition;
  if (op === "and" || op === "or") {
    if (x.type !== "bool") return undefined;
    const [a, b] = [answerOf(x, known), answerOf(y, known)];
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
