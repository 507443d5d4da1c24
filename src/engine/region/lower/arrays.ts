import * as k from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { ArrayDeclaration } from "../form/region.ts";
import { writeExpr, bindValue } from "./expressions.ts";
import { exactValue, isExact, lengthRange, rangeOf } from "./integers.ts";
import { plus, times } from "../../kernel/index-arithmetic.ts";
import type { LoweringCursor, RegionScope } from "./scope.ts";
import { arrayOf, enter, writeFailure } from "./scope.ts";

/**
 * Writes the declaration of an array: stores its lengths in locals, checks that they are not negative and fit into the
 * memory, and clears the elements. A growable array only gets a local for its end, which begins at 0.
 */
export function writeArray(scope: RegionScope, cursor: LoweringCursor, stmt: ArrayDeclaration): void {
  const { name, type, growable = false } = stmt;
  const { buffer, offset, capacity } = scope.host.memoryOf(name);
  if (growable) {
    const room = capacity ?? k.i32(0);
    const end = scope.host.fresh(`${name}.end`);
    scope.changing.add(end);
    const growth = { capacity: room, end: cursor.block.let(end, k.i32(0)) };
    scope.arrays.set(name, { type, buffer, offset, dims: [room], growth });
    return;
  }
  const dims = stmt.dims.map((n) => {
    const given = writeExpr(scope, cursor, n);
    return guardLength(scope, cursor, stmt, given);
  });
  if (capacity !== undefined) guardRoom(scope, cursor, stmt, dims, capacity);
  const array = { type, buffer, offset, dims };
  scope.arrays.set(name, array);
  cursor.block.forEach(scope.host.fresh("i"), k.i32(0), dims.reduce(times), (loop, i) =>
    loop.store(buffer, plus(offset, i), k.constant(type, 0)),
  );
  // an exchanged array may reuse the memory of another one
  const isSteady = offset.kind !== "local" || !scope.changing.has(offset.name);
  if (isSteady) scope.clears.set(cursor.block.statements.at(-1)!, array);
}

/**
 * Stores the length of an array in a local. Writes a check that it is not negative and, if its computation may wrap,
 * not too large.
 */
function guardLength(
  scope: RegionScope,
  cursor: LoweringCursor,
  { name, at }: ArrayDeclaration,
  given: Expr,
): Expr {
  if (!isExact(scope, given)) {
    const exact = bindValue(scope, cursor.block, "length", exactValue(scope, given));
    const fits = k.and(k.le(k.f64(0), exact), k.le(exact, k.f64(lengthRange.high)));
    enter(cursor, fits, (fails) =>
      writeFailure(scope, fails, { kind: "length", at, array: name }, exact, k.i32(0)),
    );
    cursor.canFail = true;
    return noteLength(scope, bindValue(scope, cursor.block, "length", k.convert("i32", exact)));
  }
  const length = bindValue(scope, cursor.block, "length", given);
  if (rangeOf(scope, length).low >= 0) return length;
  enter(cursor, k.le(k.i32(0), length), (fails) =>
    writeFailure(scope, fails, { kind: "length", at, array: name }, length, k.i32(0)),
  );
  cursor.canFail = true;
  return noteLength(scope, length);
}

function noteLength(scope: RegionScope, length: Expr): Expr {
  if (length.kind !== "local") return length;
  const { low, high } = rangeOf(scope, length);
  scope.ranges.set(length.name, { low: Math.max(0, low), high });
  return length;
}

/** Writes a check that an array whose length is known only at run time fits in its memory. */
function guardRoom(
  scope: RegionScope,
  cursor: LoweringCursor,
  { name, at }: ArrayDeclaration,
  dims: readonly Expr[],
  capacity: Expr,
): void {
  const size = dims.map((n) => k.convert("f64", n)).reduce(k.mul);
  const wanted = bindValue(scope, cursor.block, "size", size);
  enter(cursor, k.le(wanted, k.convert("f64", capacity)), (fails) =>
    writeFailure(scope, fails, { kind: "capacity", at, array: name }, wanted, capacity),
  );
  cursor.canFail = true;
}

/** Writes a `swap` of two arrays, which exchanges their offsets. */
export function writeSwap(scope: RegionScope, cursor: LoweringCursor, x: string, y: string): void {
  const [a, b] = [arrayOf(scope, x).offset, arrayOf(scope, y).offset];
  const kept = cursor.block.let(scope.host.fresh("place"), a);
  cursor.block.set(a, b);
  cursor.block.set(b, kept);
}
