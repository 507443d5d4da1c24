import type { RegionFor, RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { maxLength } from "../../../engine/region/form/region.ts";
import { blocksOf, walkStmts } from "../../../engine/region/form/walk.ts";
import { toInt32 } from "./draft.ts";
import { type LocalBound, heldBounds } from "./held-bounds.ts";
import { readPlaces } from "./read-places.ts";

/** The known range of a number: from `low` to `high`, unless the number is NaN. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
  /** True if the number is known to be an integer, NaN or infinite. */
  readonly whole: boolean;
  readonly maybeNaN: boolean;
  /** True if the number may be −0, which machine integers cannot represent. */
  readonly maybeMinusZero: boolean;
}

const anything: ValueRange = {
  low: -Infinity,
  high: Infinity,
  whole: false,
  maybeNaN: true,
  maybeMinusZero: true,
};
const least = -(2 ** 31);
const most = 2 ** 31 - 1;

/**
 * Ranges of all numbers of a draft. `of` returns the range of an expression, given the `let` or `set` statement that
 * contains it, if any.
 */
export interface ValueRanges {
  readonly of: (expr: RegionExpr, at?: RegionStmt) => ValueRange;
}

/** True if a number is known to be a machine integer. */
export function isInt32({ low, high, whole: isWhole, maybeNaN }: ValueRange): boolean {
  return isWhole && !maybeNaN && low >= least && high <= most;
}

function whole(low: number, high: number): ValueRange {
  return { low, high, whole: true, maybeNaN: false, maybeMinusZero: false };
}

/** Number of passes over the statements after which a range that still grows is considered unbounded. */
const roundsBeforeWidening = 3;

/**
 * Determines the ranges of a draft's numbers without regard to the order of statements: the range of a local contains
 * all values that it ever has. `integers` are parameters that are assumed to be machine integers.
 */
export function rangesOf(body: readonly RegionStmt[], integers: ReadonlySet<string>): ValueRanges {
  const known = new Map<string, ValueRange>();
  for (const name of integers) known.set(name, whole(-maxLength, maxLength));
  const parameterless = (name: string): ValueRange | undefined => known.get(name);
  const declared = new Set<string>(integers);
  const noteNames = (stmts: readonly RegionStmt[]): void => {
    for (const stmt of stmts) {
      if (stmt.kind === "let") declared.add(stmt.name);
      if (stmt.kind === "for") declared.add(stmt.index);
      for (const inner of blocksOf(stmt)) noteNames(inner);
    }
  };
  noteNames(body);
  const places = readPlaces(body);
  const bounds = heldBounds(body);
  const everywhere = (name: string): ValueRange | undefined =>
    declared.has(name) ? parameterless(name) : anything;
  const of = (expr: RegionExpr, at?: RegionStmt): ValueRange | undefined => {
    const passed = at && places.get(at);
    const held = at && bounds.get(at);
    const rangeOfLocal = (name: string): ValueRange | undefined => {
      let range = everywhere(name);
      if (passed?.has(name) === true) range &&= asPlace(range);
      for (const bound of held ?? []) {
        if (bound.name !== name) continue;
        const than = rangeOf(bound.than, everywhere, integers);
        range &&= than && bounded(range, bound, than);
      }
      return range;
    };
    return rangeOf(expr, rangeOfLocal, integers);
  };
  let changed = true;
  for (let round = 0; changed; round++) {
    changed = false;
    const note = (name: string, range: ValueRange | undefined): void => {
      if (range === undefined) return;
      const before = known.get(name);
      const joined = before === undefined ? range : join(before, range);
      if (before !== undefined && same(before, joined)) return;
      known.set(
        name,
        before !== undefined && round > roundsBeforeWidening ? widened(before, joined) : joined,
      );
      changed = true;
    };
    walkStmts(body, (stmt) => {
      if (stmt.kind === "let" || stmt.kind === "set") note(stmt.name, of(stmt.value, stmt));
      if (stmt.kind === "for") note(stmt.index, indexRange(stmt, of));
    });
  }
  return { of: (expr, at) => of(expr, at) ?? anything };
}

/**
 * Range of a number that was used as an array index: within the possible indices, unless that excludes the whole range.
 */
function asPlace(range: ValueRange): ValueRange {
  const [low, high] = [Math.max(range.low, 0), Math.min(range.high, maxLength - 1)];
  return low > high ? range : { ...whole(low, high), maybeMinusZero: range.maybeMinusZero }; // never an index: not reached
}

/** Range of a number after it was compared with another number, whose range is `than`. */
function bounded(range: ValueRange, { side, isStrict }: LocalBound, than: ValueRange): ValueRange {
  const step = isStrict && range.whole && than.whole ? 1 : 0;
  const low = side === "low" ? Math.max(range.low, than.low + step) : range.low;
  const high = side === "high" ? Math.min(range.high, than.high - step) : range.high;
  return low > high ? range : { ...range, low, high, maybeNaN: false }; // never true: not reached
}

function indexRange(
  { from, to, step }: RegionFor,
  of: (expr: RegionExpr) => ValueRange | undefined,
): ValueRange | undefined {
  const [first, end] = [of(from), of(to)];
  if (first === undefined || end === undefined) return undefined;
  if (!isInt32(first) || (to.kind === "const" && !isInt32(end)))
    return { ...anything, whole: first.whole, maybeMinusZero: first.maybeMinusZero };
  if (step > 0) return whole(first.low, Math.max(first.low, Math.min(end.high, most) - 1));
  return whole(Math.min(first.high, Math.max(end.low, least) + 1), first.high);
}

function same(a: ValueRange, b: ValueRange): boolean {
  return (
    a.low === b.low &&
    a.high === b.high &&
    a.whole === b.whole &&
    a.maybeNaN === b.maybeNaN &&
    a.maybeMinusZero === b.maybeMinusZero
  );
}

function join(a: ValueRange, b: ValueRange): ValueRange {
  return {
    low: Math.min(a.low, b.low),
    high: Math.max(a.high, b.high),
    whole: a.whole && b.whole,
    maybeNaN: a.maybeNaN || b.maybeNaN,
    maybeMinusZero: a.maybeMinusZero || b.maybeMinusZero,
  };
}

/**
 * Range for a local whose range has grown. A bound that grew is replaced by that of machine integers, and by infinity
 * if it grows again. Unbounded numbers may overflow, and infinities may produce NaN.
 */
function widened(before: ValueRange, after: ValueRange): ValueRange {
  const low = after.low < before.low ? (after.low >= least ? least : -Infinity) : after.low;
  const high = after.high > before.high ? (after.high <= most ? most : Infinity) : after.high;
  return { ...after, low, high, maybeNaN: after.maybeNaN || !isBounded({ low, high }) };
}

function isBounded({ low, high }: Pick<ValueRange, "low" | "high">): boolean {
  return low > -Infinity && high < Infinity;
}

/** The range of an expression; `undefined` if it depends on a local that no statement has assigned yet. */
function rangeOf(
  expr: RegionExpr,
  local: (name: string) => ValueRange | undefined,
  integers: ReadonlySet<string>,
): ValueRange | undefined {
  switch (expr.kind) {
    case "const":
      return constantRange(expr.value);
    case "local":
      return local(expr.name);
    case "load":
      return expr.type === "i32" || integers.has(expr.array) ? whole(least, most) : anything;
    case "length":
      return whole(0, maxLength);
    case "convert": {
      if (expr.type === "f32" || expr.x.type === "f32") return anything;
      return expr.x.type === "bool" ? whole(0, 1) : rangeOf(expr.x, local, integers);
    }
    case "select": {
      const [x, y] = [rangeOf(expr.x, local, integers), rangeOf(expr.y, local, integers)];
      return x && y ? join(x, y) : (x ?? y);
    }
    case "apply": {
      const args = expr.args.map((arg) => rangeOf(arg, local, integers));
      if (!args.every((arg) => arg !== undefined)) return undefined;
      return applied(expr.function, args);
    }
  }
}

function constantRange(value: number): ValueRange {
  if (!Number.isFinite(value)) return { ...anything, maybeMinusZero: false }; // infinities soon lead to NaN
  return {
    low: value,
    high: value,
    whole: Number.isInteger(value),
    maybeNaN: false,
    maybeMinusZero: Object.is(value, -0),
  };
}

function has0({ low, high }: ValueRange): boolean {
  return low <= 0 && high >= 0;
}

function applied(name: string, args: readonly ValueRange[]): ValueRange {
  const [x, y] = args as readonly [ValueRange, ValueRange];
  switch (name) {
    case "add":
      return sum(x, y, x.maybeMinusZero && y.maybeMinusZero);
    case "sub":
      return sum(x, { ...y, low: -y.high, high: -y.low }, x.maybeMinusZero && has0(y));
    case "neg":
      return { ...x, low: -x.high, high: -x.low, maybeMinusZero: has0(x) };
    case "mul":
      return product(x, y);
    case "div":
      return quotient(x, y);
    case "rem":
      return remainder(x, y);
    case "abs": {
      const high = Math.max(Math.abs(x.low), Math.abs(x.high));
      return {
        ...x,
        low: has0(x) ? 0 : Math.min(Math.abs(x.low), Math.abs(x.high)),
        high,
        maybeMinusZero: false,
      };
    }
    case "minimum":
      return { ...join(x, y), low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
    case "maximum":
      return { ...join(x, y), low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
    case "floor":
      return { ...x, low: Math.floor(x.low), high: Math.floor(x.high), whole: true };
    case "ceil":
      return rounded(x, Math.ceil(x.low), Math.ceil(x.high));
    case "trunc":
      return rounded(x, Math.trunc(x.low), Math.trunc(x.high));
    case "sign":
      return { ...x, low: -1, high: 1, whole: true };
    case toInt32: {
      const cut = rounded(x, Math.trunc(x.low), Math.trunc(x.high));
      const isWithin = cut.low >= least && cut.high <= most;
      return isWithin
        ? whole(Math.min(cut.low, x.maybeNaN ? 0 : cut.low), Math.max(cut.high, x.maybeNaN ? 0 : cut.high))
        : whole(least, most);
    }
    case "bitwiseAnd":
    case "bitwiseOr":
    case "bitwiseXor":
      return ofBits(name, x, y);
    default:
      return anything;
  }
}

/** Range of the result of a bitwise function of int32 numbers. */
function ofBits(name: string, x: ValueRange, y: ValueRange): ValueRange {
  if (name === "bitwiseAnd" && (x.low >= 0 || y.low >= 0))
    return whole(0, Math.min(most, ...[x, y].filter(({ low }) => low >= 0).map(({ high }) => high)));
  if (name === "bitwiseAnd" || x.low < 0 || y.low < 0) return whole(least, most);
  const highest = Math.max(x.high, y.high);
  return whole(0, highest > most ? most : 2 ** Math.ceil(Math.log2(highest + 1)) - 1);
}

function rounded(x: ValueRange, low: number, high: number): ValueRange {
  return { ...x, low, high, whole: true, maybeMinusZero: x.maybeMinusZero || (x.low < 0 && x.high > -1) };
}

function sum(x: ValueRange, y: ValueRange, maybeMinusZero: boolean): ValueRange {
  const range = { low: x.low + y.low, high: x.high + y.high };
  const isSound = isBounded(x) && isBounded(y) && isBounded(range);
  return {
    ...(isSound ? range : { low: -Infinity, high: Infinity }),
    whole: x.whole && y.whole,
    maybeNaN: x.maybeNaN || y.maybeNaN || !isSound,
    maybeMinusZero,
  };
}

function product(x: ValueRange, y: ValueRange): ValueRange {
  const ends = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
  const isSound = isBounded(x) && isBounded(y) && ends.every(Number.isFinite);
  return {
    low: isSound ? Math.min(...ends) : -Infinity,
    high: isSound ? Math.max(...ends) : Infinity,
    whole: x.whole && y.whole,
    maybeNaN: x.maybeNaN || y.maybeNaN || !isSound,
    maybeMinusZero:
      x.maybeMinusZero ||
      y.maybeMinusZero ||
      (has0(x) && y.low < 0) ||
      (has0(y) && x.low < 0) ||
      !(x.whole && y.whole),
  };
}

function quotient(x: ValueRange, y: ValueRange): ValueRange {
  const isSound = isBounded(x) && isBounded(y) && !has0(y);
  if (!isSound) return anything;
  const ends = [x.low / y.low, x.low / y.high, x.high / y.low, x.high / y.high];
  if (!ends.every(Number.isFinite)) return anything;
  return {
    low: Math.min(...ends),
    high: Math.max(...ends),
    whole: false,
    maybeNaN: x.maybeNaN || y.maybeNaN,
    maybeMinusZero: x.maybeMinusZero || x.low < 0 || y.low < 0,
  };
}

function remainder(x: ValueRange, y: ValueRange): ValueRange {
  if (!isBounded(x) || !isBounded(y)) return { ...anything, whole: x.whole && y.whole };
  const isWhole = x.whole && y.whole;
  const largest = Math.max(Math.abs(y.low), Math.abs(y.high)) - (isWhole ? 1 : 0);
  return {
    low: x.low < 0 ? Math.max(x.low, -largest) : 0,
    high: x.high > 0 ? Math.min(x.high, largest) : 0,
    whole: isWhole,
    maybeNaN: x.maybeNaN || y.maybeNaN || has0(y),
    maybeMinusZero: x.maybeMinusZero || x.low < 0,
  };
}
