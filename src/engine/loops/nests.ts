// Facts about a nest of counted loops: its iterations, and the memory layout of the elements it accesses.
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt, LetStmt, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import type { IsPositive } from "./bounds.ts";
import { isNeverNegative } from "./bounds.ts";
import type { Polynomial } from "./polynomial.ts";
import type { PolynomialContext } from "./index-polynomial.ts";
import { addPolynomials, multiplyPolynomials, namesOf, one, splitBy } from "./polynomial.ts";
import { integerValue, polynomialOf } from "./index-polynomial.ts";

export type StmtBlock = readonly Stmt[];

/** Facts that hold in the whole block that contains the loop nests. */
export interface BlockFacts {
  readonly made: PolynomialContext;
  readonly isPositive: IsPositive;
  /**
   * Strips of longer loops: maps the local that holds a strip's start to the number of iterations of the longer loop.
   */
  readonly strips: Map<string, Polynomial>;
}

/** Nested loops, outermost first, whose bounds are known before the outermost loop begins. */
export interface LoopNest extends BlockFacts {
  readonly head: ForStmt;
  readonly loops: readonly ForStmt[];
  /** Names that the outermost loop (the head) declares, so that they have no value before it. */
  readonly declared: ReadonlySet<string>;
  /** Buffers that the head writes. */
  readonly stored: ReadonlySet<string>;
  /** Immutable locals of the head, and the blocks that declare them. */
  readonly lets: ReadonlyMap<string, { readonly stmt: LetStmt; readonly block: StmtBlock }>;
  /** Statements of the head that read a local in their own expressions, not only in inner statements. */
  readonly readersOf: (local: string) => ReadonlySet<Stmt>;
  /** Statements of the head that access a buffer in their own expressions, not only in inner statements. */
  readonly touching: (buffer: string) => ReadonlySet<Stmt>;
  /**
   * For each loop, true if its index decreases from iteration to iteration. Such loops are analysed from their last
   * iteration.
   */
  readonly isDown: readonly boolean[];
  /** True if the outermost loop is a strip of a longer one. */
  readonly isStrip: boolean;
  /**
   * Number of iterations of each loop, valid if it is not negative; `tripPolynomials` are upper bounds as polynomials.
   */
  readonly trips: readonly Expr[];
  readonly tripPolynomials: readonly Polynomial[];
}

/** Facts about the head (the outermost loop) of a nest, collected once before the nests with this head are analysed. */
export type HeadFacts = Pick<LoopNest, "head" | "declared" | "stored" | "lets" | "readersOf" | "touching">;

export function factsOf(head: ForStmt, { made }: BlockFacts): HeadFacts {
  const declared = new Set([head.index, ...bindingsOf(head.body).declared]);
  const stored = new Set<string>();
  const lets = new Map<string, { stmt: LetStmt; block: StmtBlock }>();
  const visit = (block: StmtBlock): void => {
    for (const stmt of block) {
      if (stmt.kind === "store") stored.add(stmt.buffer);
      if (stmt.kind === "contract") stored.add(stmt.out.buffer);
      if (stmt.kind === "let" && !made.changing.has(stmt.name)) lets.set(stmt.name, { stmt, block });
      if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "reduce") visit(stmt.body);
      if (stmt.kind === "if") [stmt.then, stmt.otherwise].forEach(visit);
    }
  };
  visit([head]);
  let accesses: ReturnType<typeof accessesIn> | undefined;
  return {
    head,
    declared,
    stored,
    lets,
    readersOf: (local) => (accesses ??= accessesIn(head)).readers.get(local) ?? none,
    touching: (buffer) => (accesses ??= accessesIn(head)).touching.get(buffer) ?? none,
  };
}

const none: ReadonlySet<Stmt> = /* @__PURE__ */ new Set();

/** For each local the statements that read it, and for each buffer the statements that access it. */
function accessesIn(head: ForStmt): Readonly<Record<"readers" | "touching", ReadonlyMap<string, Set<Stmt>>>> {
  const [readers, touching] = [new Map<string, Set<Stmt>>(), new Map<string, Set<Stmt>>()];
  let current: Stmt = head;
  const note = (map: Map<string, Set<Stmt>>, name: string): void => {
    const known = map.get(name);
    if (known === undefined) map.set(name, new Set([current]));
    else known.add(current);
  };
  walkBlock([head], {
    stmt(stmt) {
      current = stmt;
      if (stmt.kind === "store") note(touching, stmt.buffer);
      if (stmt.kind === "contract")
        for (const { buffer } of [stmt.out, stmt.left, stmt.right]) note(touching, buffer);
    },
    expr(expr) {
      if (expr.kind === "local") note(readers, expr.name);
      else if (expr.kind === "load") note(touching, expr.buffer);
    },
  });
  return { readers, touching };
}

/**
 * Builds the nest of these loops; `undefined` if their bounds are not polynomials that are known before the outermost
 * loop.
 */
export function nestOf(facts: HeadFacts, loops: readonly ForStmt[], known: BlockFacts): LoopNest | undefined {
  const isBefore = (expr: Expr): boolean => {
    let is = true;
    walkExpr(expr, (x) => {
      if (
        x.kind === "load" ||
        (x.kind === "local" && (facts.declared.has(x.name) || known.made.changing.has(x.name)))
      )
        is = false;
    });
    return is;
  };
  const tripPolynomials: Polynomial[] = [];
  const trips: Expr[] = [];
  const strip = stripOf(loops[0]!, known);
  for (const { from, to } of loops) {
    const [first, end] = [polynomialOf(from, known.made), polynomialOf(to, known.made)];
    if (first === undefined || end === undefined || !isBefore(from) || !isBefore(to)) return undefined;
    tripPolynomials.push(addPolynomials(end, first, -1));
    trips.push(
      first.size === 0
        ? to
        : to.kind === "const" && from.kind === "const"
          ? k.i32(to.value - from.value)
          : k.sub(to, from),
    );
  }
  const isDown = loops.map((loop) => countsDown(loop, known));
  if (strip !== undefined) tripPolynomials[0] = strip; // upper bound
  return { ...facts, ...known, loops, isDown, isStrip: strip !== undefined, trips, tripPolynomials };
}

function stripOf({ from }: ForStmt, { strips }: BlockFacts): Polynomial | undefined {
  return from.kind === "local" ? strips.get(from.name) : undefined;
}

/** True if the body of a loop begins by declaring a second index that decreases as the loop's own index increases. */
function countsDown({ index, body }: ForStmt, { made }: BlockFacts): boolean {
  const first = body[0];
  const value =
    first?.kind === "let" && first.value.type === "i32" ? polynomialOf(first.value, made) : undefined;
  const factor = value && splitBy(value, index)?.factor;
  return factor?.size === 1 && factor.get("") === -1;
}

/** Memory layout of the elements that a nest accesses: first index, and stride per iteration of each loop. */
export interface AccessPattern {
  readonly start: Polynomial;
  readonly strides: readonly Polynomial[];
}

/** Access pattern of an element index that is linear in each loop index of a nest; `undefined` for any other index. */
export function placeOf(nest: LoopNest, index: Expr): AccessPattern | undefined {
  let rest = polynomialOf(index, nest.made);
  const strides: Polynomial[] = [];
  for (const [l, loop] of nest.loops.entries()) {
    const split = rest && splitBy(rest, loop.index);
    const end = polynomialOf(nest.isDown[l] === true ? loop.to : loop.from, nest.made);
    if (split === undefined || end === undefined) return undefined;
    const first = nest.isDown[l] === true ? addPolynomials(end, one, -1) : end;
    strides.push(nest.isDown[l] === true ? addPolynomials(new Map(), split.factor, -1) : split.factor);
    const skipped = multiplyPolynomials(split.factor, first);
    if (skipped === undefined) return undefined;
    rest = addPolynomials(split.rest, skipped);
  }
  const isKnown = (p: Polynomial): boolean =>
    [...p.keys()].every((term) => namesOf(term).every((name) => !nest.declared.has(name)));
  return rest !== undefined && [rest, ...strides].every(isKnown) ? { start: rest, strides } : undefined;
}

/**
 * True if all combinations of the indices of these loops access different elements, because the strides nest like those
 * of an array. The smallest stride must be at least `inner`.
 */
export function areDistinct(
  nest: LoopNest,
  { strides }: AccessPattern,
  loops: readonly number[],
  inner: Polynomial = one,
): boolean {
  if (loops.length === 0) return true;
  return loops.some((l) => {
    const span = multiplyPolynomials(strides[l]!, nest.tripPolynomials[l]!);
    const rest = loops.filter((other) => other !== l);
    const hasRoom = isNeverNegative(addPolynomials(strides[l]!, inner, -1), nest.isPositive);
    return hasRoom && span !== undefined && areDistinct(nest, { start: one, strides }, rest, span);
  });
}

/**
 * Converts a polynomial to a size expression, or a number if it is constant; `undefined` if it contains float64 locals.
 */
export function sizeOf(p: Polynomial): SizeExpr | undefined {
  if (p.size === 0) return 0;
  const constant = p.size === 1 ? p.get("") : undefined;
  return constant ?? integerValue(p, new Map());
}

/** Part of a nest on which an expression depends: loops, by their number in the nest, and locals. */
export interface Slice {
  readonly loops: ReadonlySet<number>;
  /** Locals that the expression needs, in declaration order. */
  readonly lets: readonly LetStmt[];
}

/**
 * Loops and locals that an expression depends on, provided that it has the same value whenever it is computed. It may
 * contain indices of the nest, elements that the nest does not write, and arithmetic on these. `undefined` for any
 * other expression.
 */
export function sliceOf(nest: LoopNest, expr: Expr): Slice | undefined {
  const loops = new Set<number>();
  const lets = new Set<LetStmt>();
  let isPure = true;
  const visit = (x: Expr): void => {
    walkExpr(x, (part) => {
      if (part.kind === "load" && nest.stored.has(part.buffer)) isPure = false;
      if (part.kind !== "local") return;
      if (nest.made.changing.has(part.name)) isPure = false;
      if (!nest.declared.has(part.name)) return;
      const own = nest.loops.findIndex(({ index }) => index === part.name);
      const definition = nest.lets.get(part.name);
      if (own >= 0) loops.add(own);
      else if (definition === undefined) isPure = false;
      else if (!lets.has(definition.stmt)) {
        visit(definition.stmt.value);
        lets.add(definition.stmt); // after the locals that it depends on
      }
    });
  };
  visit(expr);
  return isPure ? { loops, lets: [...lets] } : undefined;
}

/**
 * Replaces a local by its definition, as often as the result is again a local, and lists the definitions used. With
 * `block`, only definitions in that block are used.
 */
export function throughLets(
  nest: LoopNest,
  expr: Expr,
  block?: StmtBlock,
): { readonly value: Expr; readonly lets: readonly LetStmt[] } {
  const lets: LetStmt[] = [];
  let value = expr;
  for (;;) {
    const found = value.kind === "local" ? nest.lets.get(value.name) : undefined;
    if (found === undefined || (block !== undefined && found.block !== block)) return { value, lets };
    lets.push(found.stmt);
    value = found.stmt.value;
  }
}

/** Statements of a block that read a matching expression in their own expressions, not only in inner statements. */
export function readersOf(block: StmtBlock, isRead: (expr: Expr) => boolean): ReadonlySet<Stmt> {
  const found = new Set<Stmt>();
  let current: Stmt | undefined;
  walkBlock(block, {
    stmt: (stmt) => void (current = stmt),
    expr: (expr) => void (isRead(expr) && current !== undefined && found.add(current)),
  });
  return found;
}
