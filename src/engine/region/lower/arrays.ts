import * as k from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { ArrayDeclaration } from "../form/region.ts";
import { writeExpr, settled } from "./expressions.ts";
import { exactValue, isExact, lengthRange, rangeOf } from "./integers.ts";
import { plus, times } from "../../kernel/index-arithmetic.ts";
import type { Cursor, Scope } from "./scope.ts";
import { arrayOf, enter, writeFailure } from "./scope.ts";

/** Declares an array: its lengths become locals, it is checked that they are not negative and fit, and its elements become 0. */
export function writeArray(scope: Scope, cursor: Cursor, stmt: ArrayDeclaration): void {
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
  // what is exchanged may lie where another one was
  const isSteady = offset.kind !== "local" || !scope.changing.has(offset.name);
  if (isSteady) scope.clears.set(cursor.block.statements.at(-1)!, array);
}

/** A length as a local that is known not to be negative. */
function guardLength(scope: Scope, cursor: Cursor, { name, at }: ArrayDeclaration, given: Expr): Expr {
  if (!isExact(scope, given)) {
    const exact = settled(scope, cursor.block, "length", exactValue(scope, given));
    const fits = k.and(k.le(k.f64(0), exact), k.le(exact, k.f64(lengthRange.high)));
    enter(cursor, fits, (fails) =>
      writeFailure(scope, fails, { kind: "length", at, array: name }, exact, k.i32(0)),
    );
    cursor.canFail = true;
    return noteLength(scope, settled(scope, cursor.block, "length", k.convert("i32", exact)));
  }
  const length = settled(scope, cursor.block, "length", given);
  if (rangeOf(scope, length).low >= 0) return length;
  enter(cursor, k.le(k.i32(0), length), (fails) =>
    writeFailure(scope, fails, { kind: "length", at, array: name }, length, k.i32(0)),
  );
  cursor.canFail = true;
  return noteLength(scope, length);
}

function noteLength(scope: Scope, length: Expr): Expr {
  if (length.kind !== "local") return length;
  const { low, high } = rangeOf(scope, length);
  scope.ranges.set(length.name, { low: Math.max(0, low), high });
  return length;
}

/** Sees to it that an array whose length only the run itself can tell fits in its memory. */
function guardRoom(
  scope: Scope,
  cursor: Cursor,
  { name, at }: ArrayDeclaration,
  dims: readonly Expr[],
  capacity: Expr,
): void {
  const size = dims.map((n) => k.convert("f64", n)).reduce(k.mul);
  const wanted = settled(scope, cursor.block, "size", size);
  enter(cursor, k.le(wanted, k.convert("f64", capacity)), (fails) =>
    writeFailure(scope, fails, { kind: "capacity", at, array: name }, wanted, capacity),
  );
  cursor.canFail = true;
}

/** Exchanges two arrays: where they lie, and not their elements. */
export function writeSwap(scope: Scope, cursor: Cursor, x: string, y: string): void {
  const [a, b] = [arrayOf(scope, x).offset, arrayOf(scope, y).offset];
  const kept = cursor.block.let(scope.host.fresh("place"), a);
  cursor.block.set(a, b);
  cursor.block.set(b, kept);
}
