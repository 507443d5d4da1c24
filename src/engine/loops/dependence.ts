// Determines which elements the iterations of a loop access, and whether an element that one iteration writes is
// accessed by another one.
import type { IntegerInterval } from "../kernel/range.ts";
import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr, ForStmt, Stmt, StoreStmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import type { IndexBounds, IsPositive, EnclosingIndices } from "./bounds.ts";
import { endsOf, isNeverNegative, rangeOfLoop, within } from "./bounds.ts";
import type { Polynomial } from "./polynomial.ts";
import type { PolynomialContext } from "./index-polynomial.ts";
import { addPolynomials, hasName, namesIn, one, samePolynomial, splitBy } from "./polynomial.ts";
import { polynomialOf } from "./index-polynomial.ts";

export type IndexedLoop = Stmt & { readonly kind: "for" | "reduce" };

/** Facts that hold at a loop. */
export interface DependenceFacts {
  /** Definitions of the immutable locals that depend only on immutable locals. */
  readonly steady: ReadonlyMap<string, Expr>;
  readonly isPositive: IsPositive;
  readonly ranges: ReadonlyMap<string, IntegerInterval>;
  /** Locals that hold the offsets of arrays within a shared buffer. Elements at different offsets are distinct. */
  readonly offsets: ReadonlySet<string>;
  /** Cached facts about loop bodies. */
  readonly bodies: WeakMap<readonly Stmt[], BodyFacts>;
}

interface BodyFacts {
  made?: PolynomialContext;
  /** Elements that an iteration accesses; `null` if they cannot be determined. */
  accesses?: AccessesByBuffer | null;
}

function bodyFacts({ bodies }: DependenceFacts, { body }: ForStmt): BodyFacts {
  let known = bodies.get(body);
  if (known === undefined) bodies.set(body, (known = {}));
  return known;
}

/** An access of an iteration to an array element. */
export interface ElementAccess {
  readonly isStore: boolean;
  readonly index: Polynomial | undefined;
  /** Bounds of the indices of the inner loops around the access. */
  readonly ranges: EnclosingIndices;
  /** Inner loops around the access, outermost first. */
  readonly loops: readonly IndexedLoop[];
  /** True if the access happens in every iteration of `loops`, and not only under a condition. */
  readonly isSure: boolean;
  /** True for a store that adds to its element, and for the read of that element within the store. */
  readonly isAdded: boolean;
}

/** Accesses by buffer, in program order. */
export type AccessesByBuffer = ReadonlyMap<string, readonly ElementAccess[]>;

/** Term that a store adds to (or subtracts from) its own element; `undefined` if the store does anything else. */
export function addedBy({ buffer, index, value }: StoreStmt): Expr | undefined {
  if (value.kind !== "binary" || (value.op !== "add" && value.op !== "sub")) return undefined;
  const isOld = (x: Expr): boolean => x.kind === "load" && x.buffer === buffer && sameExpr(x.index, index);
  if (isOld(value.x)) return value.y;
  return value.op === "add" && isOld(value.y) ? value.x : undefined;
}

/**
 * Context of a statement in the analysed loop: the inner loops around it and the ranges of their indices. `isSure` is
 * true if it runs in every iteration.
 */
interface AccessContext {
  readonly ranges: EnclosingIndices;
  readonly loops: readonly IndexedLoop[];
  readonly isSure: boolean;
}

/** Accesses of one iteration of a loop to array elements; `undefined` if they cannot be determined. */
export function accessesOf(facts: DependenceFacts, loop: ForStmt): AccessesByBuffer | undefined {
  const known = bodyFacts(facts, loop);
  if (known.accesses === undefined) known.accesses = collectAccesses(facts, loop) ?? null;
  return known.accesses ?? undefined;
}

function collectAccesses(facts: DependenceFacts, loop: ForStmt): AccessesByBuffer | undefined {
  const made = madeIn(facts, loop);
  const { declared } = bindingsOf(loop.body);
  /**
   * Polynomial of an index; `undefined` if the index depends on anything that varies between iterations, except loop
   * indices.
   */
  const placeOf = (index: Expr, { loops }: AccessContext): Polynomial | undefined => {
    const place = polynomialOf(index, made);
    const isTold = (name: string): boolean =>
      !declared.has(name) || loops.some((inner) => inner.index === name);
    return place !== undefined && namesIn(place).every(isTold) ? place : undefined;
  };
  const accesses = new Map<string, ElementAccess[]>();
  let isPlain = true;
  const note = (
    buffer: string,
    index: Expr,
    standing: AccessContext,
    { isStore = false, isAdded = false } = {},
  ): void => {
    const known = accesses.get(buffer) ?? [];
    accesses.set(buffer, known);
    known.push({ isStore, isAdded, index: placeOf(index, standing), ...standing });
  };
  const read = (standing: AccessContext, ...exprs: readonly Expr[]): void => {
    for (const expr of exprs)
      walkExpr(expr, (x) => {
        if (x.kind === "load") note(x.buffer, x.index, standing);
      });
  };
  const store = (stmt: StoreStmt, standing: AccessContext): void => {
    const added = addedBy(stmt);
    read(standing, stmt.index, added ?? stmt.value);
    const isAdded = added !== undefined;
    if (isAdded) note(stmt.buffer, stmt.index, standing, { isAdded });
    note(stmt.buffer, stmt.index, standing, { isStore: true, isAdded });
  };
  const inLoop = ({ ranges, loops, isSure }: AccessContext, inner: IndexedLoop): AccessContext => ({
    ranges: [...ranges, rangeOfLoop(inner.index, inner, made)],
    loops: [...loops, inner],
    isSure,
  });
  const visit = (block: readonly Stmt[], at: AccessContext): void => {
    for (const stmt of block) {
      switch (stmt.kind) {
        case "let":
        case "set":
          read(at, stmt.value);
          break;
        case "store":
          store(stmt, at);
          break;
        case "for":
          read(at, stmt.from, stmt.to);
          visit(stmt.body, inLoop(at, stmt));
          break;
        case "reduce": {
          read(at, stmt.from, stmt.to);
          const inside = inLoop(at, stmt);
          visit(stmt.body, inside);
          read(inside, stmt.value);
          break;
        }
        case "while":
          read(at, stmt.condition);
          visit(stmt.body, { ...at, isSure: false });
          break;
        case "if": {
          read(at, stmt.condition);
          const side = (holds: boolean): AccessContext => ({
            ...at,
            ranges: within(at.ranges, stmt.condition, holds, made),
            isSure: false,
          });
          visit(stmt.then, side(true));
          visit(stmt.otherwise, side(false));
          break;
        }
        case "contract":
          isPlain = false;
          break;
        case "comment":
          break;
      }
    }
  };
  visit(loop.body, { ranges: [], loops: [], isSure: true });
  return isPlain ? accesses : undefined;
}

/** Definitions of locals that are valid during one iteration of a loop. */
export function madeIn(facts: DependenceFacts, loop: ForStmt): PolynomialContext {
  const known = bodyFacts(facts, loop);
  return (known.made ??= collectMade(facts, loop));
}

function collectMade({ steady, ranges }: DependenceFacts, loop: ForStmt): PolynomialContext {
  const { set } = bindingsOf(loop.body);
  const of = new Map(steady);
  walkBlock(loop.body, {
    stmt(stmt) {
      if (stmt.kind === "let" && !set.has(stmt.name)) of.set(stmt.name, stmt.value);
    },
  });
  return { of, changing: set, ranges, known: new Map() };
}

/** True if no iteration of a loop accesses an element that another iteration writes. */
export function areApart(facts: DependenceFacts, loop: ForStmt): boolean {
  const accesses = accessesOf(facts, loop);
  if (accesses === undefined) return false;
  return [...accesses.values()].every((list) => isListApart(facts, loop.index, list));
}

/**
 * True if no access in a list conflicts with a write of another iteration. All accesses in the list are to one buffer.
 */
export function isListApart(facts: DependenceFacts, index: string, list: readonly ElementAccess[]): boolean {
  if (!list.some(({ isStore }) => isStore)) return true;
  const parts = new Map<string, ElementAccess[]>();
  for (const access of list) {
    if (access.index === undefined) return false;
    const names = [...facts.offsets].filter((name) => hasName(access.index!, name));
    const key = names.join(" ");
    const part = parts.get(key) ?? [];
    parts.set(key, part);
    part.push(access);
  }
  // arrays in a shared buffer are distinguished by their offsets, if every access has one
  if (parts.size > 1 && parts.has("")) return false;
  return [...parts.values()].every(
    (part) => !part.some(({ isStore }) => isStore) || haveSeparateRanges(facts, index, part),
  );
}

/**
 * True if iteration i only accesses the `factor` elements from index `base + factor · i` on, so that iterations access
 * separate ranges.
 */
function haveSeparateRanges(
  { isPositive }: DependenceFacts,
  index: string,
  list: readonly ElementAccess[],
): boolean {
  const splits = list.map(({ index: place, ranges }) => ({ split: splitBy(place!, index), ranges }));
  const [first] = splits;
  if (first?.split === undefined) return false;
  const { factor } = first.split;
  if (factor.size === 0) return false;
  const isUp = isNeverNegative(factor, isPositive);
  const width = isUp ? factor : addPolynomials(new Map(), factor, -1);
  if (!isNeverNegative(width, isPositive)) return false;
  const bases = splits.flatMap(({ split, ranges }) =>
    split === undefined
      ? []
      : endsOf(split.rest, ranges, true, isPositive).flatMap(({ value, needs }) =>
          needs.length === 0 ? [value] : [],
        ),
  );
  return bases.some((base) =>
    splits.every(({ split, ranges }) => {
      if (split === undefined || !samePolynomial(split.factor, factor)) return false;
      const above = addPolynomials(split.rest, base, -1);
      const below = addPolynomials(addPolynomials(width, one, -1), above, -1);
      return [above, below].every((demand) => isAlwaysPositive(demand, ranges, isPositive));
    }),
  );
}

/** True if a polynomial is nonnegative for all indices within the ranges. */
export function isAlwaysPositive(
  p: Polynomial,
  ranges: readonly IndexBounds[],
  isPositive: IsPositive,
): boolean {
  return endsOf(p, ranges, true, isPositive).some(({ value, needs }) =>
    [value, ...needs].every((q) => isNeverNegative(q, isPositive)),
  );
}
