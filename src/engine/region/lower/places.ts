import { plus, times } from "../../kernel/index-arithmetic.ts";
import * as k from "../../kernel/build.ts";
import { printExpr } from "../../kernel/print.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { RegionLoad, PositionIndex, RegionExpr } from "../form/region.ts";
import { exactValue, isExact, rangeOf } from "./integers.ts";
import type { ArrayPlace, IndexCheck, LoweringCursor, RegionScope } from "./scope.ts";
import { enter, isProven, isSteady, writeFailure } from "./scope.ts";

/** An access to an array element whose indices must be checked when the code runs. */
export interface GuardedAccess {
  readonly name: string;
  readonly array: ArrayPlace;
  readonly places: readonly Expr[];
  readonly at: PositionIndex;
}

type PlaceCheck = IndexCheck & { readonly axis: number; readonly at: PositionIndex; readonly array: string };

/**
 * Writes checks of element indices, in order, and omits checks that are known to hold. The following statements go to
 * the branch in which all indices are in range.
 */
export function guardPlaces(scope: RegionScope, cursor: LoweringCursor, all: readonly GuardedAccess[]): void {
  const found: PlaceCheck[] = [];
  for (const { name, array, places, at } of all) {
    places.forEach((place, axis) => {
      const check = { place: exactPlace(scope, place), length: array.dims[axis]! };
      const text = isSteady(scope, check.place) && isSteady(scope, check.length) ? textOf(check) : undefined;
      if (isKnown(check) || (text !== undefined && isProven(cursor, text))) return;
      if (text !== undefined) cursor.proven.add(text);
      found.push({ ...check, axis, at, array: name });
    });
  }
  for (let at = 0; at < found.length; at += checksOfGuard)
    guardBy(scope, cursor, found.slice(at, at + checksOfGuard));
}

/**
 * Maximum number of checks in one branch. It limits the nesting of the condition, and of the branches that find the
 * failed check.
 */
const checksOfGuard = 200;

function guardBy(scope: RegionScope, cursor: LoweringCursor, found: readonly PlaceCheck[]): void {
  const condition = found
    .map((check) => inRange(scope, check))
    .reduceRight((rest, one) => k.select(one, rest, k.bool(false)));
  const stmt = enter(cursor, condition, (block) => {
    found.reduce((outer, check, i) => {
      const { place, length, axis, at, array } = check;
      const site = { kind: "place", at, array, axis } as const;
      const isLast = i === found.length - 1;
      if (isLast) {
        writeFailure(scope, outer, site, place, length);
        return outer;
      }
      const next = k.makeBlock();
      const fails = k.makeBlock();
      writeFailure(scope, fails, site, place, length);
      outer.statements.push({
        kind: "if",
        condition: inRange(scope, check),
        then: next.statements,
        otherwise: fails.statements,
      });
      return next;
    }, block);
  });
  scope.guards.set(stmt, { checks: found });
  cursor.canFail = true;
}

/** Returns an index for a comparison with a length: in int32 if its int32 value is exact, otherwise in float64. */
function exactPlace(scope: RegionScope, place: Expr): Expr {
  if (place.type !== "i32" || isExact(scope, place)) return place;
  return exactValue(scope, place);
}

/** True if index and length are constants and the check succeeds. */
function isKnown({ place, length }: IndexCheck): boolean {
  if (place.kind === "const" && length.kind === "const")
    return Number.isInteger(place.value) && place.value >= 0 && place.value < length.value;
  return false;
}

function textOf({ place, length }: IndexCheck): string {
  return `${printExpr(place)} < ${printExpr(length)}`;
}

/** Condition that an index is an integer from 0 to `length − 1`. */
function inRange(scope: RegionScope, { place, length }: IndexCheck): Expr {
  if (place.type === "i32") {
    if (rangeOf(scope, place).low >= 0) return k.lt(place, length);
    return k.lt(k.convert("u32", place), k.convert("u32", length)); // as unsigned numbers, negative indices exceed all lengths
  }
  const isWithin = k.and(k.le(k.f64(0), place), k.lt(place, k.convert("f64", length)));
  return k.and(isWithin, k.eq(k.convert("f64", k.convert("i32", place)), place));
}

/** Returns the index in the buffer of the array element at these indices, which must be in range. */
export function flatIndex({ offset, dims }: ArrayPlace, places: readonly Expr[]): Expr {
  const flat = places.reduce((outer, place, axis) => plus(times(outer, dims[axis]!), place), k.i32(0));
  return plus(offset, flat);
}

/** Converts an index in the buffer to an index in an array that begins at `offset` of the buffer. */
export function indexInArray(offset: Expr, place: Expr): Expr {
  return offset.kind === "const" && offset.value === 0 ? place : k.sub(place, offset);
}

/** Loads in an expression that are always evaluated and whose indices must be checked. */
export function checkedLoads(expr: RegionExpr): readonly RegionLoad[] {
  switch (expr.kind) {
    case "const":
    case "local":
    case "length":
      return [];
    case "load":
      return [...expr.places.flatMap(checkedLoads), ...(expr.at === undefined ? [] : [expr])];
    case "apply":
      return expr.args.flatMap(checkedLoads);
    case "convert":
      return checkedLoads(expr.x);
    case "select":
      return checkedLoads(expr.condition);
  }
}
