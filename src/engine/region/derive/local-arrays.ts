// An array of which each iteration of a loop reads nothing but what it wrote is declared within the loop: then derivatives need not
// remember what it was, and its cotangent begins anew in each iteration.
import { isSameAtom } from "../form/build.ts";
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
import { mutableNames, namesOf, readsName } from "../form/names.ts";

/**
 * The flat region with each array in the innermost loop that it can be declared in: all that has to do with it stands there, and an
 * iteration writes to each of its elements before it reads any. Where its lengths might be negative the declaration stays too, for
 * the error, and the loop has another array.
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
      const moved = movedInwards(out, declaration, inner);
      if (moved !== undefined) out = isSure ? moved.filter((stmt) => stmt !== declaration) : moved;
    }
    return out.map((stmt) => mapBlocksOf(stmt, block));
  };
  return { ...region, body: block(region.body) };
}

/** A block with an array declared, under another name maybe, in the innermost loop that fills it first; `undefined` where there is none. */
function movedInwards(
  stmts: readonly RegionStmt[],
  declaration: ArrayDeclaration,
  inner: ArrayDeclaration,
): readonly RegionStmt[] | undefined {
  const { name } = declaration;
  const users = stmts.filter((stmt) => stmt !== declaration && mentions(stmt, name));
  const [loop] = users;
  if (loop === undefined || users.length > 1 || (loop.kind !== "for" && loop.kind !== "while"))
    return undefined;
  if (expressionsOf(loop).some((expr) => readsName(expr, name))) return undefined;
  const body =
    movedInwards(loop.body, declaration, inner) ?? declaredWhereFilled(loop.body, declaration, inner);
  return body && stmts.map((stmt) => (stmt === loop ? { ...loop, body } : stmt));
}

/** A block with an array declared before the nest of loops that fills it, if nothing in the block has to do with it before. */
function declaredWhereFilled(
  stmts: readonly RegionStmt[],
  declaration: ArrayDeclaration,
  inner: ArrayDeclaration,
): readonly RegionStmt[] | undefined {
  const { name } = declaration;
  const first = stmts.findIndex((stmt) => mentions(stmt, name));
  const fill = stmts[first];
  if (fill?.kind !== "for" || !isFilling(fill, declaration)) return undefined;
  const named = inner.name === name ? stmts : withArray(stmts, name, inner.name);
  return [...named.slice(0, first), inner, ...named.slice(first)];
}

function mentions(stmt: RegionStmt, array: string): boolean {
  if (stmt.kind === "store" && stmt.array === array) return true;
  if (expressionsOf(stmt).some((expr) => readsName(expr, array))) return true;
  return blocksOf(stmt).some((block) => block.some((inner) => mentions(inner, array)));
}

/** Whether a nest of loops writes to each element of an array, and reads those only that it has just written. */
function isFilling(nest: RegionFor, { name, dims }: ArrayDeclaration): boolean {
  const loops: RegionFor[] = [];
  let block: readonly RegionStmt[] = [nest];
  for (;;) {
    const first = block.findIndex((stmt) => mentions(stmt, name));
    const stmt = block[first];
    if (stmt?.kind === "for" && stmt.live === undefined && stmt.step === 1) {
      if (block.some((other) => other !== stmt && mentions(other, name))) return false;
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

function isZero(expr: RegionExpr): boolean {
  return expr.kind === "const" && expr.value === 0;
}

/** Whether a statement has nothing to do with an array but to read the element at these places. */
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

/** Statements with another array in the place of one. */
function withArray(stmts: readonly RegionStmt[], array: string, other: string): readonly RegionStmt[] {
  const named = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) => (x.kind === "load" && x.array === array ? { ...x, array: other } : x));
  return stmts.map((stmt) => {
    const next = mapBlocksOf(mapExpressionsOf(stmt, named), (block) => withArray(block, array, other));
    return next.kind === "store" && next.array === array ? { ...next, array: other } : next;
  });
}
