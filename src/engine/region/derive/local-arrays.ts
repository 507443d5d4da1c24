// Moves arrays into loops whose iterations fill them before reading them. Derivatives then need no earlier contents, and the cotangent
// begins at 0 in each iteration.
import { isSameAtom, isZero } from "../form/build.ts";
import type { ArrayDeclaration, RegionFor, Region, RegionExpr, RegionStmt } from "../form/region.ts";
import {
  blocksOf,
  expressionsOf,
  mapBlocksOf,
  mapExpr,
  mapExpressionsOf,
  walkExpr,
  walkStmts,
} from "../form/walk.ts";
import { mutableNames, namesOf, readsName, usesArray } from "../form/names.ts";

/**
 * Moves the declaration of each array into the innermost loop that contains all its uses and in which each iteration
 * writes all elements before reading any. If a length might be negative, the original declaration stays for its error,
 * and the loop declares a new array.
 */
export function localiseArrays(region: Region): Region {
  const mutable = mutableNames(region.body);
  const kept = new Set(region.results.flatMap((result) => (result.kind === "array" ? [result.name] : [])));
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "swap") [stmt.x, stmt.y].forEach((name) => kept.add(name));
  });
  const { fresh } = namesOf(region);
  const canMove = (stmt: RegionStmt): stmt is ArrayDeclaration =>
    stmt.kind === "array" &&
    stmt.growable !== true &&
    !kept.has(stmt.name) &&
    stmt.dims.every((n) => n.kind !== "local" || !mutable.has(n.name));
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] => {
    let out = stmts;
    for (const declaration of stmts) {
      if (!canMove(declaration)) continue;
      const isSure = declaration.dims.every(
        (n) => n.kind === "length" || (n.kind === "const" && n.value >= 0),
      );
      const inner = isSure ? declaration : { ...declaration, name: fresh(declaration.name) };
      const moved = moveInward(out, declaration, inner);
      if (moved !== undefined) out = isSure ? moved.filter((stmt) => stmt !== declaration) : moved;
    }
    return out.map((stmt) => mapBlocksOf(stmt, block));
  };
  return { ...region, body: block(region.body) };
}

/**
 * Returns the block with an array declared in the innermost loop whose iterations fill the array before they read it.
 * `inner` is that declaration, possibly with a new name. `undefined` if there is no such loop.
 */
function moveInward(
  stmts: readonly RegionStmt[],
  declaration: ArrayDeclaration,
  inner: ArrayDeclaration,
): readonly RegionStmt[] | undefined {
  const { name } = declaration;
  const users = stmts.filter((stmt) => stmt !== declaration && usesArray(stmt, name));
  const [loop] = users;
  if (loop === undefined || users.length > 1 || (loop.kind !== "for" && loop.kind !== "while"))
    return undefined;
  if (expressionsOf(loop).some((expr) => readsName(expr, name))) return undefined;
  const body = moveInward(loop.body, declaration, inner) ?? declareBeforeFill(loop.body, declaration, inner);
  return body && stmts.map((stmt) => (stmt === loop ? { ...loop, body } : stmt));
}

/**
 * Returns the block with an array declared before the loop nest that fills it; `undefined` if an earlier statement uses
 * the array.
 */
function declareBeforeFill(
  stmts: readonly RegionStmt[],
  declaration: ArrayDeclaration,
  inner: ArrayDeclaration,
): readonly RegionStmt[] | undefined {
  const { name } = declaration;
  const first = stmts.findIndex((stmt) => usesArray(stmt, name));
  const fill = stmts[first];
  if (fill?.kind !== "for" || !isFilling(fill, declaration)) return undefined;
  const named = inner.name === name ? stmts : renameArray(stmts, name, inner.name);
  return [...named.slice(0, first), inner, ...named.slice(first)];
}

/** True if a loop nest writes each element of an array, and reads only elements that the same iteration has written. */
function isFilling(nest: RegionFor, { name, dims }: ArrayDeclaration): boolean {
  const loops: RegionFor[] = [];
  let block: readonly RegionStmt[] = [nest];
  for (;;) {
    const first = block.findIndex((stmt) => usesArray(stmt, name));
    const stmt = block[first];
    if (stmt?.kind === "for" && stmt.live === undefined && stmt.step === 1) {
      if (block.some((other) => other !== stmt && usesArray(other, name))) return false;
      loops.push(stmt);
      block = stmt.body;
      continue;
    }
    if (stmt?.kind !== "store" || stmt.array !== name || loops.length !== dims.length) return false;
    const { places } = stmt;
    const areWhole = places.every((place, axis) => {
      const around = loops.filter(({ index }) => place.kind === "local" && place.name === index);
      return around.length === 1 && isZero(around[0]!.from) && isSameAtom(around[0]!.to, dims[axis]!);
    });
    const isEach =
      new Set(places.map((place) => (place.kind === "local" ? place.name : ""))).size === dims.length;
    return areWhole && isEach && block.slice(first + 1).every((later) => readsOnly(later, name, places));
  }
}

/** True if all uses of an array in a statement are loads at the given indices. */
function readsOnly(stmt: RegionStmt, array: string, places: readonly RegionExpr[]): boolean {
  if (stmt.kind === "store" && stmt.array === array) return false;
  const isHere = expressionsOf(stmt).every((expr) => {
    let is = true;
    walkExpr(expr, (x) => {
      if (
        x.kind === "load" &&
        x.array === array &&
        !x.places.every((place, i) => isSameAtom(place, places[i]!))
      )
        is = false;
    });
    return is;
  });
  return isHere && blocksOf(stmt).every((block) => block.every((inner) => readsOnly(inner, array, places)));
}

/** Renames an array in statements. */
function renameArray(stmts: readonly RegionStmt[], array: string, other: string): readonly RegionStmt[] {
  const named = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) => (x.kind === "load" && x.array === array ? { ...x, array: other } : x));
  return stmts.map((stmt) => {
    const next = mapBlocksOf(mapExpressionsOf(stmt, named), (block) => renameArray(block, array, other));
    return next.kind === "store" && next.array === array ? { ...next, array: other } : next;
  });
}
