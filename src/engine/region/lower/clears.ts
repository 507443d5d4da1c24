// Arrays begin as zeros. This pass removes the clearing loop if the next loop writes every element before reading any, and merges it with
// the next loop if that adds to each element once.
import * as k from "../../kernel/build.ts";
import { sameExpr } from "../../kernel/same-expr.ts";
import type { Expr, ForStmt, Stmt, StoreStmt } from "../../kernel/scalar.ts";
import { blocksIn, walkBlock, walkOwnExprs } from "../../kernel/walk.ts";
import { addedBy } from "../../loops/dependence.ts";
import { mapBlocks } from "../../loops/rewrite.ts";
import type { ArrayPlace, RegionScope } from "./scope.ts";

/**
 * Removes loops that clear an array if nothing reads the zeros, or if only the first addition to each element reads
 * them. That addition is then simplified: it adds to the constant 0.
 */
export function removeUnreadClears(scope: RegionScope, block: readonly Stmt[]): readonly Stmt[] {
  if (scope.clears.size === 0) return block;
  const made = new Map<string, Expr>();
  walkBlock(block, {
    stmt: (stmt) =>
      void (stmt.kind === "let" && !scope.changing.has(stmt.name) && made.set(stmt.name, stmt.value)),
  });
  const buffersOf = buffersIn();
  const vain = new Set<Stmt>();
  const firstSums = new Map<Stmt, Stmt>();
  const visit = (stmts: readonly Stmt[]): void => {
    stmts.forEach((stmt, i) => {
      const array = scope.clears.get(stmt);
      const loop = array && nextLoop(scope, array, stmts.slice(i + 1), buffersOf);
      if (array === undefined || loop === undefined || !fills(scope, made, array, [loop], [])) return;
      const { reads, stores } = accessesOf(array, loop);
      const sum = stores.length === 1 && reads === 1 ? sumWithZero(stores[0]!) : undefined;
      if (reads > 0 && sum === undefined) return;
      vain.add(stmt);
      if (sum !== undefined) firstSums.set(stores[0]!, sum);
    });
  };
  const prune = (stmts: readonly Stmt[]): readonly Stmt[] => {
    visit(stmts);
    return stmts.flatMap((stmt) =>
      vain.has(stmt) ? [] : [copyFacts(scope, stmt, firstSums.get(stmt) ?? mapBlocks(stmt, prune))],
    );
  };
  return prune(block);
}

/** Copies the facts that are known about a statement to its replacement. */
function copyFacts({ guards, afterError, indices, stores }: RegionScope, old: Stmt, stmt: Stmt): Stmt {
  if (old === stmt) return stmt;
  const [guard, index, store] = [guards.get(old), indices.get(old), stores.get(old)];
  if (guard !== undefined) guards.set(stmt, guard);
  if (index !== undefined) indices.set(stmt, index);
  if (store !== undefined) stores.set(stmt, store);
  if (afterError.has(old)) afterError.add(stmt);
  return stmt;
}

/** Returns the first statement that uses an array, if it is a loop; otherwise `undefined`. */
function nextLoop(
  scope: RegionScope,
  array: ArrayPlace,
  rest: readonly Stmt[],
  buffersOf: (stmt: Stmt) => ReadonlySet<string>,
): ForStmt | undefined {
  for (const stmt of rest) {
    const goesOn = scope.guards.has(stmt) || scope.afterError.has(stmt);
    if (goesOn && stmt.kind === "if") return nextLoop(scope, array, stmt.then, buffersOf);
    if (buffersOf(stmt).has(array.buffer)) return stmt.kind === "for" ? stmt : undefined;
  }
  return undefined;
}

/** Returns a cached function from statements to the buffers that they access. */
function buffersIn(): (stmt: Stmt) => ReadonlySet<string> {
  const known = new Map<Stmt, ReadonlySet<string>>();
  const of = (stmt: Stmt): ReadonlySet<string> => {
    let buffers = known.get(stmt);
    if (buffers === undefined) known.set(stmt, (buffers = collected(stmt)));
    return buffers;
  };
  const collected = (stmt: Stmt): ReadonlySet<string> => {
    const buffers = new Set<string>();
    if (stmt.kind === "store") buffers.add(stmt.buffer);
    if (stmt.kind === "contract")
      for (const { buffer } of [stmt.out, stmt.left, stmt.right]) buffers.add(buffer);
    walkOwnExprs(stmt, (x) => {
      if (x.kind === "load") buffers.add(x.buffer);
    });
    for (const block of blocksIn(stmt))
      block.forEach((inner) => of(inner).forEach((buffer) => buffers.add(buffer)));
    return buffers;
  };
  return of;
}

/**
 * Returns the number of reads of an array in a loop, and the stores to the array. If the loop contains any contraction,
 * the number of reads is infinite.
 */
function accessesOf(
  { buffer }: ArrayPlace,
  loop: ForStmt,
): { readonly reads: number; readonly stores: readonly StoreStmt[] } {
  let reads = 0;
  const stores: StoreStmt[] = [];
  walkBlock([loop], {
    expr: (x) => void (x.kind === "load" && x.buffer === buffer && reads++),
    stmt(stmt) {
      if (stmt.kind === "contract") reads = Infinity;
      if (stmt.kind === "store" && stmt.buffer === buffer) stores.push(stmt);
    },
  });
  return { reads, stores };
}

/**
 * Simplifies a store that adds to or subtracts from its element, given that the element is 0; `undefined` for other
 * stores.
 */
function sumWithZero(store: StoreStmt): StoreStmt | undefined {
  const term = addedBy(store);
  if (term === undefined || store.value.kind !== "binary") return undefined;
  return { ...store, value: k.binary(store.value.op, k.constant(term.type, 0), term) };
}

/**
 * True if a store in a block writes every element of the array, unless an error occurs. Its indices are the indices of
 * different loops around it, which run from 0 to the lengths of the array.
 */
function fills(
  scope: RegionScope,
  made: ReadonlyMap<string, Expr>,
  array: ArrayPlace,
  block: readonly Stmt[],
  loops: readonly ForStmt[],
): boolean {
  return block.some((stmt) => {
    if (stmt.kind === "for") return fills(scope, made, array, stmt.body, [...loops, stmt]);
    const isReached = scope.guards.has(stmt) || scope.afterError.has(stmt);
    if (stmt.kind === "if") return isReached && fills(scope, made, array, stmt.then, loops);
    const places = stmt.kind === "store" && stmt.buffer === array.buffer ? scope.stores.get(stmt) : undefined;
    if (places === undefined) return false;
    const taken = new Set<ForStmt>();
    const isEach = places.every((place, axis) => {
      const loop = loops.find(({ index }) => place.kind === "local" && place.name === index);
      if (loop === undefined || taken.has(loop)) return false;
      taken.add(loop);
      return isWhole(made, loop, array.dims[axis]!);
    });
    return isEach && taken.size === loops.length; // an unused loop might have no iterations
  });
}

/** True if a loop runs from 0 to the length of an array's axis. */
function isWhole(made: ReadonlyMap<string, Expr>, { from, to }: ForStmt, length: Expr): boolean {
  if (from.kind !== "const" || from.value !== 0) return false;
  const definition = length.kind === "local" ? made.get(length.name) : length;
  const isPositivePart = definition?.kind === "binary" && definition.op === "max";
  const ends = [length, ...(definition === undefined ? [] : [definition])];
  // length of an array: max(n, 0)
  if (isPositivePart && definition.y.kind === "const" && definition.y.value === 0) ends.push(definition.x);
  return ends.some((end) => sameExpr(end, to));
}
