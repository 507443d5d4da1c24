import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import { isFloat } from "../../kernel/scalar.ts";
import { walkExpr } from "../../kernel/walk.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import type { RegionLoad, RegionExpr } from "../form/region.ts";
import { declareLocal, exactValue, isExact } from "./integers.ts";
import { indexInArray, flatIndex, guardPlaces } from "./places.ts";
import type { LoweringCursor, RegionScope } from "./scope.ts";
import { arrayOf, enterUnlessFailed, isSteady, openCursor, scalarOf } from "./scope.ts";

/**
 * Lowers an expression to the kernel vocabulary. Statements that it needs, such as bounds checks and branches, are
 * written at the cursor.
 */
export function writeExpr(scope: RegionScope, cursor: LoweringCursor, expr: RegionExpr): Expr {
  switch (expr.kind) {
    case "const":
      return k.constant(expr.type, expr.value);
    case "local":
      return scalarOf(scope, expr.name);
    case "length":
      return must(arrayOf(scope, expr.array).dims[expr.axis], `axis ${expr.axis} of "${expr.array}"`);
    case "load":
      return writeLoad(scope, cursor, expr);
    case "apply":
      return writeApplication(scope, cursor, expr);
    case "convert": {
      const x = writeExpr(scope, cursor, expr.x);
      if (isFloat(expr.type) && x.type === "i32" && !isExact(scope, x))
        return k.convert(expr.type, exactValue(scope, x));
      return k.convert(expr.type, x);
    }
    case "select":
      return writeSelect(scope, cursor, expr);
    default:
      return assertNever(expr, "writeExpr");
  }
}

/** Writes the load of an element. In a growable array, an element beyond the end is 0. */
function writeLoad(scope: RegionScope, cursor: LoweringCursor, expr: RegionLoad): Expr {
  const { type, buffer, offset, growth } = arrayOf(scope, expr.array);
  const { index: place } = writePlace(scope, cursor, expr);
  if (growth === undefined) return k.load(type, buffer, place);
  const steady = bindValue(scope, cursor.block, "place", place);
  const isThere = k.lt(indexInArray(offset, steady), growth.end);
  return k.select(isThere, k.load(type, buffer, steady), k.constant(type, 0));
}

/**
 * Writes the checks that the indices of an element need. Returns the index of the element in the buffer of its array,
 * and its int32 indices, one per axis.
 */
export function writePlace(
  scope: RegionScope,
  cursor: LoweringCursor,
  { array: name, places, at }: Pick<RegionLoad, "array" | "places" | "at">,
): { readonly index: Expr; readonly places: readonly Expr[] } {
  const array = arrayOf(scope, name);
  let given = places.map((place) => writeExpr(scope, cursor, place));
  if (at !== undefined && array.growth === undefined) {
    given = given.map((place) => bindValue(scope, cursor.block, "place", place));
    guardPlaces(scope, cursor, [{ name, array, places: given, at }]);
  }
  const whole = given.map((place) => k.convert("i32", place));
  return { index: flatIndex(array, whole), places: whole };
}

/**
 * Returns a value that may be read repeatedly: the value itself if it is cheap and never changes, otherwise a new local
 * that holds it.
 */
export function bindValue(scope: RegionScope, block: Block, hint: string, value: Expr): Expr {
  const isCheap = isAtom(value) || (hint === "place" && value.type === "i32");
  return isCheap && isSteady(scope, value) ? value : declareLocal(scope, block, hint, value);
}

/**
 * Lowers the application of a scalar function. Arguments that the function reads more than once are stored in locals
 * first.
 */
function writeApplication(
  scope: RegionScope,
  cursor: LoweringCursor,
  expr: RegionExpr & { readonly kind: "apply" },
): Expr {
  const f = must(scope.functions.get(expr.function), `the function "${expr.function}"`);
  const args = expr.args.map((arg) => writeExpr(scope, cursor, arg));
  const probe = k.makeBlock();
  const result = f.lower(args, probe);
  if (probe.statements.length === 0 && args.every((arg) => isAtom(arg) || timesRead(result, arg) < 2))
    return result;
  return f.lower(
    args.map((arg) => bindValue(scope, cursor.block, "t", arg)),
    cursor.block,
  );
}

function isAtom({ kind }: Expr): boolean {
  return kind === "const" || kind === "local";
}

function timesRead(expr: Expr, part: Expr): number {
  let n = 0;
  walkExpr(expr, (x) => {
    if (x === part) n++;
  });
  return n;
}

/**
 * Writes a `select`: as an expression if both sides are expressions, otherwise as a branch, because only the chosen
 * side may be evaluated.
 */
function writeSelect(
  scope: RegionScope,
  cursor: LoweringCursor,
  expr: RegionExpr & { readonly kind: "select" },
): Expr {
  const condition = writeExpr(scope, cursor, expr.condition);
  const [then, otherwise] = [k.makeBlock(), k.makeBlock()];
  const sides = [openCursor(then, cursor), openCursor(otherwise, cursor)] as const;
  const x = writeExpr(scope, sides[0], expr.x);
  const y = writeExpr(scope, sides[1], expr.y);
  if (then.statements.length + otherwise.statements.length === 0) return k.select(condition, x, y);
  const name = scope.host.fresh("chosen");
  const chosen = cursor.block.let(name, k.constant(expr.type, 0));
  scope.changing.add(name);
  sides[0].block.set(chosen, x);
  sides[1].block.set(chosen, y);
  writeBranch(scope, cursor, condition, [then, otherwise], sides);
  return chosen;
}

/** Writes a branch. If one of its sides may fail, the statements after it are written into a branch too. */
export function writeBranch(
  scope: RegionScope,
  cursor: LoweringCursor,
  condition: Expr,
  [then, otherwise]: readonly [then: Block, otherwise: Block],
  sides: readonly LoweringCursor[],
): void {
  cursor.block.statements.push({
    kind: "if",
    condition,
    then: then.statements,
    otherwise: otherwise.statements,
  });
  if (sides.some(({ canFail }) => canFail)) enterUnlessFailed(scope, cursor);
}
