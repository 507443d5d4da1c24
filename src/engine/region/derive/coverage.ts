// Finds stores whose elements are certainly read by a result or by loops over the whole array. Their cotangents are then no zeros of a
// mask.
import { isSameAtom, isZero } from "../form/build.ts";
import type { Linearity } from "./linearity.ts";
import { linearPart } from "./linearity.ts";
import { accumulatedTerms, isElement } from "./sums.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionExpr,
  RegionFor,
  RegionStmt,
  RegionStore,
} from "../form/region.ts";
import { blocksOf, expressionsOf, walkStmts } from "../form/walk.ts";
import type { LetsByName } from "../form/names.ts";
import { immutableLets, readsName } from "../form/names.ts";

/**
 * Finds the stores to linear arrays whose elements are certainly all read later. The reads are not under a mask, and
 * precede any other store to the same element.
 *
 * @param isMasked true if the cotangent of a statement's value may be a masked zero.
 * @param isResultMasked true if the cotangent of the result with this index may contain masked zeros.
 */
export function findCoveredStores(
  region: Pick<Region, "body" | "results">,
  { linear, useful }: Linearity,
  isMasked: (stmt: RegionStmt) => boolean,
  isResultMasked: (result: number) => boolean,
): ReadonlySet<RegionStmt> {
  const covered = new Set<RegionStmt>();
  const definitions = immutableLets(region.body);
  const block = (stmts: readonly RegionStmt[], isOutermost: boolean): void => {
    for (const [at, stmt] of stmts.entries()) {
      for (const inner of blocksOf(stmt)) block(inner, false);
      if (stmt.kind !== "array" || !useful.has(stmt.name) || stmt.growable === true) continue;
      const isResult =
        isOutermost &&
        region.results.some(
          (result, i) => result.kind === "array" && result.name === stmt.name && !isResultMasked(i),
        );
      const end = isResult
        ? stmts.length
        : stmts.findLastIndex((one) => readsAll(one, stmt, linear, isMasked, definitions));
      if (end < 0) continue;
      const stores = findLastingStores(stmt.name, stmts.slice(at, end), stmts.slice(at), definitions);
      stores.forEach((store) => covered.add(store));
    }
  };
  block(region.body, true);
  return covered;
}

/**
 * Finds the stores to linear arrays that are the only store to their array and write each element at most once. Before
 * such a store, its element still holds the initial 0.
 */
export function findFirstStores(body: readonly RegionStmt[], { useful }: Linearity): ReadonlySet<RegionStmt> {
  const once = new Set<RegionStmt>();
  const definitions = immutableLets(body);
  const block = (stmts: readonly RegionStmt[]): void => {
    for (const [at, stmt] of stmts.entries()) {
      for (const inner of blocksOf(stmt)) block(inner);
      if (stmt.kind !== "array" || !useful.has(stmt.name) || stmt.growable === true) continue;
      const rest = stmts.slice(at);
      const stores = findLastingStores(stmt.name, rest, rest, definitions);
      if (stores.length === 1) once.add(stores[0]!);
    }
  };
  block(body);
  return once;
}

/**
 * Returns the stores to an array in `writers` if none of them overwrites an element that was written before, except by
 * adding to it. Empty if one of them may overwrite an element, if `all` contains other stores to the array, or if the
 * array is swapped.
 */
function findLastingStores(
  array: string,
  writers: readonly RegionStmt[],
  all: readonly RegionStmt[],
  definitions: LetsByName,
): readonly RegionStore[] {
  const stores: RegionStore[] = [];
  let plain: { readonly store: RegionStore; readonly inner: ReadonlySet<RegionStmt> } | undefined;
  let isKept = true;
  const walk = (stmts: readonly RegionStmt[], loops: readonly RegionFor[], isCounted: boolean): void => {
    for (const [at, stmt] of stmts.entries()) {
      if (stmt.kind === "swap" && (stmt.x === array || stmt.y === array)) isKept = false;
      if (stmt.kind === "store" && stmt.array === array) {
        stores.push(stmt);
        const isSum =
          accumulatedTerms(stmt.value, (leaf) => isElement(leaf, array, stmt.places)) !== undefined;
        if (isSum) {
          const isBehind = plain === undefined || (plain.inner.has(stmt) && isSamePlaces(stmt, plain.store));
          if (!isBehind) isKept = false;
        } else {
          if (stores.length > 1 || !isCounted || !isDistinct(stmt.places, loops, definitions)) isKept = false;
          const inner = new Set<RegionStmt>();
          walkStmts(stmts.slice(at + 1), (one) => inner.add(one));
          plain = { store: stmt, inner };
        }
      }
      if (stmt.kind === "for") walk(stmt.body, [...loops, stmt], isCounted);
      else for (const inner of blocksOf(stmt)) walk(inner, loops, isCounted && stmt.kind === "if");
    }
  };
  walk(writers, [], true);
  // a store after the reads would not be read by them
  let count = 0;
  walkStmts(all, (stmt) => {
    if (stmt.kind === "store" && stmt.array === array) count++;
  });
  return isKept && count === stores.length ? stores : [];
}

function isSamePlaces(a: RegionStore, b: RegionStore): boolean {
  return a.places.every((place, axis) => isSameAtom(place, b.places[axis]!));
}

/**
 * One digit of an array index that is a mixed-radix number. The digit is the index of a loop. `radix` is the number of
 * values of the digit, `undefined` for the most significant digit.
 */
interface IndexDigit {
  readonly index: string;
  readonly radix: RegionExpr | undefined;
}

/**
 * Returns the loop indices that are the digits of an array index, most significant first: `[i]` for `i`, `[i, j]` for
 * `i · m + j`. `undefined` for indices of another form.
 */
function digitsOf(place: RegionExpr, definitions: LetsByName): readonly IndexDigit[] | undefined {
  if (place.kind !== "local") return undefined;
  const value = definitions.get(place.name)?.value;
  if (value === undefined) return [{ index: place.name, radix: undefined }];
  if (value.kind !== "apply" || value.function !== "add") return undefined;
  for (const [high, low] of [value.args, value.args.toReversed()]) {
    const product = high!.kind === "local" ? definitions.get(high!.name)?.value : undefined;
    if (low!.kind !== "local" || definitions.has(low!.name)) continue;
    if (product?.kind !== "apply" || product.function !== "mul") continue;
    for (const [head, radix] of [product.args, product.args.toReversed()]) {
      const digits = digitsOf(head!, definitions);
      if (digits !== undefined) return [...digits, { index: low!.name, radix: radix! }];
    }
  }
  return undefined;
}

/**
 * True if array indices differ between all iterations of the loops, because every loop index is a digit of one of them.
 */
function isDistinct(
  places: readonly RegionExpr[],
  loops: readonly RegionFor[],
  definitions: LetsByName,
): boolean {
  const digits = places.flatMap((place) => digitsOf(place, definitions) ?? []);
  return loops.every((loop) => {
    const digit = digits.find(({ index }) => index === loop.index);
    return digit !== undefined && (digit.radix === undefined || runsBelow(loop, digit.radix));
  });
}

function runsBelow({ from, to, step }: RegionFor, n: RegionExpr): boolean {
  return isZero(from) && step > 0 && isSameAtom(to, n);
}

/** True if a statement is a loop nest that certainly reads each element of an array in unmasked statements. */
function readsAll(
  stmt: RegionStmt,
  { name, dims }: ArrayDeclaration,
  linear: ReadonlySet<string>,
  isMasked: (stmt: RegionStmt) => boolean,
  definitions: LetsByName,
): boolean {
  const walk = (inner: RegionStmt, loops: readonly RegionFor[]): boolean => {
    if (inner.kind === "for" && inner.live === undefined && Math.abs(inner.step) === 1 && isZero(inner.from))
      return inner.step === 1 && inner.body.some((one) => walk(one, [...loops, inner]));
    if (inner.kind !== "let" && inner.kind !== "set" && inner.kind !== "store") return false;
    if (isMasked(inner)) return false;
    const leaves = expressionsOf(inner).flatMap((expr) => unmaskedLoads(expr, name, linear));
    return leaves.some((places) => coversAll(places, dims, loops, definitions));
  };
  return walk(stmt, []);
}

/** Returns the indices of the elements of an array that an expression reads without a mask. */
function unmaskedLoads(
  expr: RegionExpr,
  array: string,
  linear: ReadonlySet<string>,
): readonly (readonly RegionExpr[])[] {
  if (!readsName(expr, array)) return [];
  const part = linearPart(expr, linear);
  switch (part.kind) {
    case "read":
      return part.leaf.kind === "load" && part.leaf.array === array ? [part.leaf.places] : [];
    case "sum":
      return [...unmaskedLoads(part.x, array, linear), ...unmaskedLoads(part.y, array, linear)];
    case "neg":
    case "convert":
    case "scaled":
      return unmaskedLoads(part.x, array, linear);
    case "zero":
    case "strongly":
    case "select":
      return [];
  }
}

/**
 * True if an access at these indices, over all iterations of the loops, certainly reaches every element of the array.
 * The index of each loop must then occur in the access, because an unused loop might have no iterations.
 */
function coversAll(
  places: readonly RegionExpr[],
  dims: readonly RegionExpr[],
  loops: readonly RegionFor[],
  definitions: LetsByName,
): boolean {
  return loopsOver(places, dims, loops, definitions)?.size === loops.length; // an unused loop might have no iterations
}

/**
 * True if an access at these indices, over all iterations of the loops, reaches every element of the array, provided
 * that each loop has an iteration.
 */
export function isWholeArray(
  places: readonly RegionExpr[],
  dims: readonly RegionExpr[],
  loops: readonly RegionFor[],
  definitions: LetsByName,
): boolean {
  return loopsOver(places, dims, loops, definitions) !== undefined;
}

/**
 * Returns the names of the loop indices from which the indices of an access are computed, if the access reaches all
 * elements of the array. `undefined` if it may leave elements out.
 */
function loopsOver(
  places: readonly RegionExpr[],
  dims: readonly RegionExpr[],
  loops: readonly RegionFor[],
  definitions: LetsByName,
): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  const runsOver = (index: string, n: RegionExpr): boolean => {
    const loop = loops.find((one) => one.index === index);
    if (loop === undefined || used.has(index) || !runsBelow(loop, n)) return false;
    used.add(index);
    return true;
  };
  const isWhole = places.every((place, axis) => {
    const digits = digitsOf(place, definitions);
    if (digits === undefined) return false;
    let size: RegionExpr | undefined = dims[axis];
    for (const { index, radix } of digits.toReversed()) {
      if (size === undefined) return false;
      if (radix === undefined) return runsOver(index, size);
      if (!runsOver(index, radix)) return false;
      size = quotient(size, radix, definitions);
    }
    return false;
  });
  return isWhole ? used : undefined;
}

/** Returns x if `size` is defined as the product x · `factor`, otherwise `undefined`. */
function quotient(size: RegionExpr, factor: RegionExpr, definitions: LetsByName): RegionExpr | undefined {
  const value = size.kind === "local" ? definitions.get(size.name)?.value : undefined;
  if (value?.kind !== "apply" || value.function !== "mul") return undefined;
  const [x, y] = value.args;
  if (isSameAtom(y!, factor)) return x;
  return isSameAtom(x!, factor) ? y : undefined;
}
