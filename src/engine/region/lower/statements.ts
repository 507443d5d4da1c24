import * as k from "../../kernel/build.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { assertNever } from "../../util/assert-never.ts";
import type { RegionExpr, RegionStmt, RegionStore, RegionThrow, ThrownPart } from "../form/region.ts";
import { writeArray, writeSwap } from "./arrays.ts";
import { bindValue, writeBranch, writeExpr, writePlace } from "./expressions.ts";
import { declareLocal } from "./integers.ts";
import { writeFor, writeWhile } from "./loops.ts";
import type { GuardedAccess } from "./places.ts";
import { plus } from "../../kernel/index-arithmetic.ts";
import { indexInArray, checkedLoads, guardPlaces } from "./places.ts";
import type { LoweringCursor, RegionScope, SiteValue } from "./scope.ts";
import { arrayOf, enter, openCursor, scalarOf, writeFailure } from "./scope.ts";
import { append } from "../../util/append.ts";

/** Writes statements at the cursor. */
export function writeBlock(scope: RegionScope, cursor: LoweringCursor, block: readonly RegionStmt[]): void {
  let inStraightLine = false;
  block.forEach((stmt, i) => {
    if (cursor.isDead) return;
    const isStraight = isPlain(stmt);
    if (isStraight && !inStraightLine) guardAhead(scope, cursor, block.slice(i));
    inStraightLine = isStraight;
    writeStmt(scope, cursor, stmt);
  });
}

function writeStmt(scope: RegionScope, cursor: LoweringCursor, stmt: RegionStmt): void {
  switch (stmt.kind) {
    case "let":
      return writeLet(scope, cursor, stmt.name, stmt.value);
    case "set": {
      const value = writeExpr(scope, cursor, stmt.value);
      return cursor.block.set(scalarOf(scope, stmt.name), value);
    }
    case "array":
      return writeArray(scope, cursor, stmt);
    case "store":
      return writeStore(scope, cursor, stmt);
    case "swap":
      return writeSwap(scope, cursor, stmt.x, stmt.y);
    case "for":
      return writeFor(scope, cursor, stmt, (inner) => writeBlock(scope, inner, stmt.body));
    case "while":
      return writeWhile(scope, cursor, stmt, (inner) => writeBlock(scope, inner, stmt.body));
    case "if": {
      const condition = writeExpr(scope, cursor, stmt.condition);
      const [then, otherwise] = [k.makeBlock(), k.makeBlock()];
      const sides = [openCursor(then, cursor), openCursor(otherwise, cursor)] as const;
      writeBlock(scope, sides[0], stmt.then);
      writeBlock(scope, sides[1], stmt.otherwise);
      if (
        sides[0].isDead &&
        then.statements.every(({ kind }) => kind === "set") &&
        stmt.otherwise.length === 0
      )
        return guardBy(scope, cursor, k.not(condition), then.statements);
      return writeBranch(scope, cursor, condition, [then, otherwise], sides);
    }
    case "throw":
      return writeThrow(scope, cursor, stmt);
    default:
      return assertNever(stmt, "writeStmt");
  }
}

function writeThrow(
  scope: RegionScope,
  cursor: LoweringCursor,
  { message, more, error, at }: RegionThrow,
): void {
  const { failure } = scope.host;
  const values = (more ?? []).map(({ value }) => k.convert("f64", writeExpr(scope, cursor, value)));
  values.forEach((value, i) => cursor.block.set(failure.value(i), value));
  const parts = more?.map(sitePart);
  writeFailure(scope, cursor.block, {
    kind: "throw",
    at,
    message,
    ...(parts && { more: parts }),
    ...(error === undefined ? {} : { error }),
  });
  cursor.canFail = true;
  cursor.isDead = true;
}

/**
 * Returns type, format and following text of a value in an error message. The value itself is an output of the routine.
 */
export function sitePart({ value, by, text }: ThrownPart): SiteValue {
  return { type: value.type, ...(by && { by }), text };
}

/**
 * Moves the cursor into a branch in which the condition holds; `fails` are the statements of the other branch, which
 * note an error.
 */
function guardBy(scope: RegionScope, cursor: LoweringCursor, condition: Expr, fails: readonly Stmt[]): void {
  const stmt = enter(cursor, condition, (other) => append(other.statements, fails));
  scope.guards.set(stmt, { checks: [], condition });
  cursor.canFail = true;
}

function writeLet(scope: RegionScope, cursor: LoweringCursor, name: string, value: RegionExpr): void {
  const written = writeExpr(scope, cursor, value);
  if (scope.settable.has(name)) {
    const own = scope.host.fresh(name);
    scope.changing.add(own);
    scope.scalars.set(name, cursor.block.let(own, written));
    return;
  }
  const isName = written.kind === "const" || (written.kind === "local" && !scope.changing.has(written.name));
  scope.scalars.set(name, isName ? written : declareLocal(scope, cursor.block, name, written));
}

function writeStore(scope: RegionScope, cursor: LoweringCursor, stmt: RegionStore): void {
  const { array: name, at } = stmt;
  const { type, buffer, growth, offset } = arrayOf(scope, name);
  const { index: place, places } = writePlace(scope, cursor, stmt);
  const value = writeExpr(scope, cursor, stmt.value);
  if (growth === undefined) {
    cursor.block.store(buffer, place, value);
    scope.stores.set(cursor.block.statements.at(-1)!, places);
    return;
  }
  const { capacity, end } = growth;
  const wanted = bindValue(scope, cursor.block, "place", indexInArray(offset, place));
  const kept = bindValue(scope, cursor.block, "kept", value);
  enter(cursor, k.lt(wanted, capacity), (full) =>
    writeFailure(scope, full, { kind: "capacity", at, array: name }, plus(wanted, k.i32(1)), capacity),
  );
  cursor.canFail = true;
  cursor.block.store(buffer, plus(offset, wanted), kept);
  // elements in between were never stored
  cursor.block.if(k.le(end, wanted), (longer) => {
    longer.for(scope.host.fresh("i"), end, wanted, (loop, i) =>
      loop.store(buffer, plus(offset, i), k.constant(type, 0)),
    );
    longer.set(end, k.add(wanted, k.i32(1)));
  });
}

/** True for statements without blocks that do not end the call. */
function isPlain(stmt: RegionStmt): stmt is RegionStmt & { readonly kind: "let" | "set" | "store" } {
  return stmt.kind === "let" || stmt.kind === "set" || stmt.kind === "store";
}

/**
 * Writes one branch that checks indices of several following plain statements together, as far as they are known at the
 * cursor, instead of one branch per element. Checks keep their order.
 */
function guardAhead(scope: RegionScope, cursor: LoweringCursor, block: readonly RegionStmt[]): void {
  const found: GuardedAccess[] = [];
  for (const stmt of block) {
    if (!isPlain(stmt)) break;
    const loads = stmt.kind === "store" ? stmt.places.flatMap(checkedLoads) : [];
    const all = [
      ...loads,
      ...(stmt.kind === "store" && stmt.at !== undefined ? [stmt] : []),
      ...checkedLoads(stmt.value),
    ];
    for (const { array: name, places, at } of all) {
      const isKnown = at !== undefined && places.every((place) => isAtHand(scope, place));
      const array = scope.arrays.get(name);
      if (!isKnown || array === undefined) return guardPlaces(scope, cursor, found);
      if (array.growth !== undefined) continue;
      found.push({ name, array, places: places.map((place) => writeExpr(scope, cursor, place)), at });
    }
  }
  guardPlaces(scope, cursor, found);
}

/**
 * True if an index can be computed before the statements that use it, because it reads nothing mutable and nothing that
 * is still to be declared.
 */
function isAtHand(scope: RegionScope, place: RegionExpr): boolean {
  switch (place.kind) {
    case "const":
      return true;
    case "length":
      return scope.arrays.has(place.array);
    case "local": {
      const value: Expr | undefined = scope.scalars.get(place.name);
      return value !== undefined && !scope.settable.has(place.name);
    }
    case "load":
    case "select":
      return false;
    case "convert":
      return isAtHand(scope, place.x);
    case "apply":
      return place.args.every((arg) => isAtHand(scope, arg));
  }
}
