import { isSameAtom } from "../form/build.ts";
import type { RegionBlock, RegionExpr, RegionFor, RegionStmt } from "../form/region.ts";
import { blocksOf, expressionsOf, walkExpr, walkStmts } from "../form/walk.ts";
import { readsName, usesArray } from "../form/names.ts";

type ElementIndices = readonly RegionExpr[];

/**
 * True if a block fills an array before reading it, and thus does not depend on earlier contents. Its first use must be
 * a loop nest that stores all elements that are read later, and that reads no element before storing it.
 */
export function isScratch(block: RegionBlock, array: string): boolean {
  const [first, ...later] = block.filter((stmt) => usesArray(stmt, array));
  if (first === undefined || isSwapped(block, array)) return false;
  const filled = filledBy(first, array);
  return filled !== undefined && later.every((stmt) => readsWithin(stmt, array, filled, []));
}

function isSwapped(block: RegionBlock, array: string): boolean {
  let found = false;
  walkStmts(block, (stmt) => {
    if (stmt.kind === "swap" && (stmt.x === array || stmt.y === array)) found = true;
  });
  return found;
}

/** Indices at which a statement reads an array in its own expressions, not in nested statements. */
function loadsOf(stmt: RegionStmt, array: string): readonly ElementIndices[] {
  const loads: ElementIndices[] = [];
  for (const expr of expressionsOf(stmt))
    walkExpr(expr, (x) => {
      if (x.kind === "load" && x.array === array) loads.push(x.places);
    });
  return loads;
}

/**
 * Loops of a nest that stores one element per iteration, one loop per axis of the array. `undefined` if the statement
 * is no such nest or reads elements that it has not just stored.
 */
function filledBy(stmt: RegionStmt, array: string): readonly RegionFor[] | undefined {
  const loops: RegionFor[] = [];
  for (let touching: RegionBlock = [stmt]; ;) {
    const [first, ...later] = touching;
    if (first?.kind === "store" && !readsName(first.value, array)) {
      const axes = first.places.map((place) =>
        loops.find(({ index }) => place.kind === "local" && place.name === index),
      );
      const isOwn = (places: ElementIndices): boolean =>
        places.every((place, axis) => isSameAtom(place, first.places[axis]!));
      let isOwnOnly = true;
      walkStmts(later, (one) => {
        if (!loadsOf(one, array).every(isOwn)) isOwnOnly = false;
      });
      const isWhole = axes.every((loop) => loop !== undefined) && new Set(axes).size === loops.length;
      return isOwnOnly && isWhole ? axes : undefined;
    }
    if (first?.kind !== "for" || first.live !== undefined || later.length > 0) return undefined;
    loops.push(first);
    touching = first.body.filter((one) => usesArray(one, array));
  }
}

/** True if all reads of an array in a statement are in loops with the bounds of the loops that filled the array. */
function readsWithin(
  stmt: RegionStmt,
  array: string,
  filled: readonly RegionFor[],
  loops: readonly RegionFor[],
): boolean {
  const isFilled = (places: ElementIndices): boolean =>
    places.every((place, axis) => {
      const loop = loops.find(({ index }) => place.kind === "local" && place.name === index);
      const { from, to, step } = filled[axis]!;
      return loop?.step === step && isSameAtom(loop.from, from) && isSameAtom(loop.to, to);
    });
  const around = stmt.kind === "for" ? [...loops, stmt] : loops;
  return (
    loadsOf(stmt, array).every(isFilled) &&
    blocksOf(stmt).every((block) => block.every((inner) => readsWithin(inner, array, filled, around)))
  );
}
