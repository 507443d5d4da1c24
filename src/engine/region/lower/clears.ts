// Arrays begin with zeros. Where a loop that comes next writes to every element, and reads none, they need not.
import { sameExpr } from "../../kernel/same-expr.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkBlock } from "../../kernel/walk.ts";
import { mapBlocks } from "./rewrite.ts";
import type { ArrayPlace, Scope } from "./scope.ts";

type For = Stmt & { readonly kind: "for" };

/** A block without the zeros that nothing reads. */
export function withoutVainClears(scope: Scope, block: readonly Stmt[]): readonly Stmt[] {
  if (scope.clears.size === 0) return block;
  const made = new Map<string, Expr>();
  walkBlock(block, {
    stmt: (stmt) =>
      void (stmt.kind === "let" && !scope.changing.has(stmt.name) && made.set(stmt.name, stmt.value)),
  });
  const vain = new Set<Stmt>();
  const buffers = new Map<Stmt, ReadonlySet<string>>();
  const visit = (stmts: readonly Stmt[]): void => {
    stmts.forEach((stmt, i) => {
      const array = scope.clears.get(stmt);
      if (array !== undefined && isFilled(scope, made, array, stmts.slice(i + 1), buffers)) vain.add(stmt);
    });
  };
  const prune = (stmts: readonly Stmt[]): readonly Stmt[] => {
    visit(stmts);
    return stmts.flatMap((stmt) => (vain.has(stmt) ? [] : [carried(scope, stmt, mapBlocks(stmt, prune))]));
  };
  return prune(block);
}

/** Notes for a statement what was noted for the one that it stands for. */
function carried({ guards, afterError, indices, clears, stores }: Scope, old: Stmt, stmt: Stmt): Stmt {
  if (old === stmt) return stmt;
  const [guard, index, clear, store] = [guards.get(old), indices.get(old), clears.get(old), stores.get(old)];
  if (guard !== undefined) guards.set(stmt, guard);
  if (index !== undefined) indices.set(stmt, index);
  if (clear !== undefined) clears.set(stmt, clear);
  if (store !== undefined) stores.set(stmt, store);
  if (afterError.has(old)) afterError.add(stmt);
  return stmt;
}

/** Whether the first statement that has to do with an array is a loop that fills it. */
function isFilled(
  scope: Scope,
  made: ReadonlyMap<string, Expr>,
  array: ArrayPlace,
  rest: readonly Stmt[],
  buffers: Map<Stmt, ReadonlySet<string>>,
): boolean {
  for (const stmt of rest) {
    const goesOn = scope.guards.has(stmt) || scope.afterError.has(stmt);
    if (goesOn && stmt.kind === "if") return isFilled(scope, made, array, stmt.then, buffers);
    if (!buffersOf(stmt, buffers).has(array.buffer)) continue;
    return stmt.kind === "for" && fills(scope, made, array, [stmt], []) && !isRead(array, stmt);
  }
  return false;
}

/** The buffers that a statement, with those in it, reads or writes; `known` has those of statements that were asked about. */
function buffersOf(stmt: Stmt, known: Map<Stmt, ReadonlySet<string>>): ReadonlySet<string> {
  let buffers = known.get(stmt);
  if (buffers === undefined) known.set(stmt, (buffers = usesOf([stmt]).buffers));
  return buffers;
}

function isRead({ buffer }: ArrayPlace, loop: For): boolean {
  let found = false;
  walkBlock([loop], {
    expr: (x) => void (x.kind === "load" && x.buffer === buffer && (found = true)),
    stmt: (stmt) => void (stmt.kind === "contract" && (found = true)),
  });
  return found;
}

/** Whether statements that are all reached store to each element: at the indices of loops from 0 to the lengths. */
function fills(
  scope: Scope,
  made: ReadonlyMap<string, Expr>,
  array: ArrayPlace,
  block: readonly Stmt[],
  loops: readonly For[],
): boolean {
  return block.some((stmt) => {
    if (stmt.kind === "for") return fills(scope, made, array, stmt.body, [...loops, stmt]);
    const isReached = scope.guards.has(stmt) || scope.afterError.has(stmt);
    if (stmt.kind === "if") return isReached && fills(scope, made, array, stmt.then, loops);
    const places = stmt.kind === "store" && stmt.buffer === array.buffer ? scope.stores.get(stmt) : undefined;
    if (places === undefined) return false;
    const taken = new Set<For>();
    const isEach = places.every((place, axis) => {
      const loop = loops.find(({ index }) => place.kind === "local" && place.name === index);
      if (loop === undefined || taken.has(loop)) return false;
      taken.add(loop);
      return isWhole(made, loop, array.dims[axis]!);
    });
    return isEach && taken.size === loops.length; // another loop around might have no iteration
  });
}

/** Whether a loop goes from 0 to a length. */
function isWhole(made: ReadonlyMap<string, Expr>, { from, to }: For, length: Expr): boolean {
  if (from.kind !== "const" || from.value !== 0) return false;
  const definition = length.kind === "local" ? made.get(length.name) : length;
  const isPositivePart = definition?.kind === "binary" && definition.op === "max";
  const ends = [length, ...(definition === undefined ? [] : [definition])];
  // the length of an array that has none below 0 elements
  if (isPositivePart && definition.y.kind === "const" && definition.y.value === 0) ends.push(definition.x);
  return ends.some((end) => sameExpr(end, to));
}
