// Scalar promotion of sums: a loop that adds to an array element at an invariant index adds to a local instead, which
// is added to the element once.
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt, ScalarType, Stmt } from "../kernel/scalar.ts";
import { bindingsOf, usesOf } from "../kernel/uses.ts";
import type { ElementAccess, DependenceFacts } from "./dependence.ts";
import { accessesOf, addedBy, isAlwaysPositive, madeIn } from "./dependence.ts";
import { rangeOfLoop } from "./bounds.ts";
import { factsOf, type LocalFacts, type LoopFacts, mapWithFacts } from "./facts.ts";
import { noTerm } from "./neutral.ts";
import type { Polynomial } from "./polynomial.ts";
import type { PolynomialContext } from "./index-polynomial.ts";
import { addPolynomials, hasName, namesIn, one, samePolynomial } from "./polynomial.ts";
import { integerValue, polynomialOf } from "./index-polynomial.ts";
import { mapBlocks } from "./rewrite.ts";

/** An array element at an invariant index to which a loop adds. It becomes a local during the loop. */
interface PromotedElement {
  readonly buffer: string;
  readonly place: Polynomial;
  readonly index: Expr;
  readonly sum: Expr & { readonly kind: "local" };
}

/**
 * Rewrites loops that add to an element at an invariant index: they add to a local, and the local is added to the
 * element after the loop.
 */
export function promoteSums(
  block: readonly Stmt[],
  { fresh, ...locals }: LocalFacts & { fresh(hint: string): string },
): readonly Stmt[] {
  return promoteSumsOf(factsOf(block, locals), block, fresh);
}

function promoteSumsOf(
  facts: LoopFacts,
  block: readonly Stmt[],
  fresh: (hint: string) => string,
): readonly Stmt[] {
  return mapWithFacts(facts, block, (stmt, here) => {
    const inner = mapBlocks(stmt, (part) => promoteSumsOf(here, part, fresh));
    return inner.kind === "for" ? withPromotedSums(here, inner, fresh) : inner;
  });
}

/** Rewrites one loop, and adds statements before and after it. */
function withPromotedSums(
  facts: DependenceFacts,
  loop: ForStmt,
  fresh: (hint: string) => string,
): readonly Stmt[] {
  if (!loop.body.some((stmt) => stmt.kind === "store" && addedBy(stmt) !== undefined)) return [loop];
  const accesses = accessesOf(facts, loop);
  if (accesses === undefined) return [loop];
  const made = madeIn(facts, loop);
  const { set, declared } = bindingsOf(loop.body);
  if (![loop.from, loop.to].every((bound) => isInvariant(bound, set))) return [loop];
  const found: PromotedElement[] = [];
  for (const stmt of loop.body) {
    if (stmt.kind !== "store" || addedBy(stmt) === undefined) continue;
    const { buffer } = stmt;
    const place = polynomialOf(stmt.index, made);
    if (place === undefined || hasName(place, loop.index)) continue;
    if (namesIn(place).some((name) => declared.has(name))) continue;
    if (found.some((known) => known.buffer === buffer && samePolynomial(known.place, place))) continue;
    const index = [...usesOf([], [stmt.index]).touched.keys()].some((name) => declared.has(name))
      ? integerValue(place, new Map())
      : stmt.index;
    const type: ScalarType = stmt.value.type;
    if (index === undefined || (type !== "f64" && type !== "f32" && type !== "i32")) continue;
    if (!isOnlyAddedTo(facts, loop, accesses.get(buffer)!, place, made)) continue;
    const name = fresh(`${buffer}.sum`);
    found.push({ buffer, place, index, sum: { kind: "local", type, name } });
  }
  if (found.length === 0) return [loop];
  const inLocals = (block: readonly Stmt[]): readonly Stmt[] =>
    block.map((stmt) => {
      if (stmt.kind !== "store") return mapBlocks(stmt, inLocals);
      const added = addedBy(stmt);
      const place = added && polynomialOf(stmt.index, made);
      const match = place && found.find((f) => f.buffer === stmt.buffer && samePolynomial(f.place, place));
      if (added === undefined || match === undefined || stmt.value.kind !== "binary") return stmt;
      return { kind: "set", name: match.sum.name, value: k.binary(stmt.value.op, match.sum, added) };
    });
  const [before, after] = [k.makeBlock(), k.makeBlock()];
  for (const { sum } of found) before.let(sum.name, noTerm(sum.type));
  // a loop without iterations accesses nothing, and the index might be out of range
  after.if(k.lt(loop.from, loop.to), (then) => {
    for (const { buffer, index, sum } of found)
      then.store(buffer, index, k.add(k.load(sum.type, buffer, index), sum));
  });
  return [...before.statements, { ...loop, body: inLocals(loop.body) }, ...after.statements];
}

/** True if an expression has the same value before and after the loop: it reads no memory and no local in `set`. */
function isInvariant(expr: Expr, set: ReadonlySet<string>): boolean {
  const { touched, buffers } = usesOf([], [expr]);
  return buffers.size === 0 && ![...touched.keys()].some((name) => set.has(name));
}

/** True if the loop only adds to the element and does not access it otherwise. */
function isOnlyAddedTo(
  facts: DependenceFacts,
  loop: ForStmt,
  list: readonly ElementAccess[],
  place: Polynomial,
  made: PolynomialContext,
): boolean {
  const range = rangeOfLoop(loop.index, loop, made);
  return list.every(({ index, ranges, isAdded }) => {
    if (index === undefined) return false;
    const distance = addPolynomials(index, place, -1);
    if (distance.size === 0) return isAdded;
    return [distance, addPolynomials(new Map(), distance, -1)].some((far) =>
      isAlwaysPositive(addPolynomials(far, one, -1), [range, ...ranges], facts.isPositive),
    );
  });
}
