// Simplifies bounds checks. Checks that always hold are removed. Checks in loops are made once before the loop, for the first and last
// index. If such a check fails, the loop runs with all its checks, so that unreached accesses set no error. Or the call ends there, and the
// caller repeats it with code that checks in the loop.
import * as k from "../../kernel/build.ts";
import { copyBlock, copyExpr } from "../../kernel/copy.ts";
import { printExpr } from "../../kernel/print.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import type { Expr, ForStmt, Stmt, WhileStmt } from "../../kernel/scalar.ts";
import { bindingsOf } from "../../kernel/uses.ts";
import { blocksIn, walkBlock, walkExpr } from "../../kernel/walk.ts";
import { maxLength } from "../form/region.ts";
import type { ConditionalBound, IndexBounds, IsPositive, EnclosingIndices } from "../../loops/bounds.ts";
import { endsOf, isNeverNegative, rangeOfLoop, within } from "../../loops/bounds.ts";
import type { Polynomial } from "../../loops/polynomial.ts";
import { addPolynomials, namesOf, one } from "../../loops/polynomial.ts";
import type { PolynomialContext } from "../../loops/index-polynomial.ts";
import {
  integerValue,
  polynomialOf,
  polynomialValue,
  realOf,
  realsIn,
} from "../../loops/index-polynomial.ts";
import { mapBlocks, mapExpressions, mapStmts, withBranches } from "../../loops/rewrite.ts";
import type { LowerOptions } from "./options.ts";
import type { IndexCheck, IndexGuard, RegionScope } from "./scope.ts";
import { writeFailure } from "./scope.ts";

type CheckedLoop = ForStmt | WhileStmt;
type CheckBranch = Stmt & { readonly kind: "if" };

interface CheckPass {
  readonly scope: Pick<RegionScope, "guards" | "afterError" | "indices">;
  readonly made: PolynomialContext;
  readonly isPositive: IsPositive;
  /** Guards that need no check, because a test before an enclosing loop covers them. */
  readonly trusted: ReadonlySet<IndexGuard>;
  /** True if checks may move before loops. */
  readonly hoists: boolean;
  /** Statements to run if a check before a loop fails; `undefined` to run a copy of the loop with all its checks. */
  readonly failed: readonly Stmt[] | undefined;
  /** int32 values of the float64 locals that a test before the loop has proved to be integers. */
  readonly whole: ReadonlyMap<string, Expr>;
  fresh(hint: string): string;
}

/** Removes unnecessary checks from a block, and moves others before loops. */
export function simplifyChecks(
  scope: RegionScope,
  block: readonly Stmt[],
  { failedChecks }: LowerOptions,
): readonly Stmt[] {
  const { guards, afterError, indices, ranges, changing, host } = scope;
  const pass: CheckPass = {
    scope: { guards, afterError, indices },
    made: definitionsIn(block, changing, new Set([...indices.values()].map(({ index }) => index)), ranges),
    isPositive: (name) => (ranges.get(name)?.low ?? -1) >= 0,
    trusted: new Set(),
    hoists: true,
    failed: failedChecks === "end" ? endOfCall(scope) : undefined,
    whole: new Map(),
    fresh: host.fresh,
  };
  const settled = processBlock(pass, block, []);
  return removeVainTests(settled, { ...pass, site: (host.failure.site as Expr & { name: string }).name });
}

function endOfCall(scope: RegionScope): readonly Stmt[] {
  const block = k.makeBlock();
  writeFailure(scope, block, { kind: "checks", at: undefined });
  return block.statements;
}

/** Definitions of the immutable locals of a block, except locals that hold loop indices. */
function definitionsIn(
  block: readonly Stmt[],
  changing: ReadonlySet<string>,
  indices: ReadonlySet<string>,
  ranges: ReadonlyMap<string, IntegerInterval>,
): PolynomialContext {
  const of = new Map<string, Expr>();
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !changing.has(stmt.name) && !indices.has(stmt.name))
        of.set(stmt.name, stmt.value);
    },
  });
  return { of, changing, ranges, allowsReals: true, known: new Map() };
}

function processBlock(
  pass: CheckPass,
  block: readonly Stmt[],
  surroundings: EnclosingIndices,
): readonly Stmt[] {
  return mapStmts(block, (stmt) => {
    switch (stmt.kind) {
      case "if":
        return processBranch(pass, stmt, surroundings);
      case "for":
      case "while":
        return processLoop(pass, stmt, surroundings);
      case "let":
      case "set":
      case "store":
      case "reduce":
      case "contract":
      case "comment":
        return stmt;
    }
  });
}

function processBranch(
  pass: CheckPass,
  stmt: CheckBranch,
  surroundings: EnclosingIndices,
): Stmt | readonly Stmt[] {
  const { scope, made } = pass;
  const guard = scope.guards.get(stmt);
  if (guard !== undefined) {
    const holds =
      pass.trusted.has(guard) ||
      (guard.condition === undefined && guard.checks.every((check) => isProven(pass, check, surroundings)));
    const then = processBlock(pass, stmt.then, surroundings);
    return holds ? then : replaced(pass, stmt, withBranches(stmt, then, stmt.otherwise));
  }
  const isPlain = !scope.afterError.has(stmt);
  const inside = (holds: boolean): EnclosingIndices =>
    isPlain ? within(surroundings, stmt.condition, holds, made) : surroundings;
  const then = processBlock(pass, stmt.then, inside(true));
  const otherwise = processBlock(pass, stmt.otherwise, inside(false));
  return replaced(pass, stmt, withBranches(stmt, then, otherwise));
}

/** Copies the facts that are recorded about a statement to the statement that replaces it. */
function replaced<S extends Stmt>({ scope: { guards, afterError } }: CheckPass, old: Stmt, stmt: S): S {
  if (old === stmt) return stmt;
  const guard = guards.get(old);
  if (guard !== undefined) guards.set(stmt, guard);
  if (afterError.has(old)) afterError.add(stmt);
  return stmt;
}

/**
 * Two polynomials that are both at least 0 if and only if a check succeeds; `undefined` if the index or length is not a
 * polynomial.
 */
function demandsOf({ made }: CheckPass, { place, length }: IndexCheck): readonly Polynomial[] | undefined {
  const [p, n] = [polynomialOf(place, made), polynomialOf(length, made)];
  if (p === undefined || n === undefined) return undefined;
  return [p, addPolynomials(addPolynomials(n, one, -1), p, -1)];
}

function isProven(pass: CheckPass, check: IndexCheck, surroundings: EnclosingIndices): boolean {
  const { isPositive } = pass;
  const demands = demandsOf(pass, check);
  if (demands?.some((demand) => realsIn(demand).some((name) => !pass.whole.has(name))) === true) return false;
  return (
    demands?.every((demand) =>
      endsOf(demand, surroundings, true, isPositive).some(({ value, needs }) =>
        [value, ...needs].every((q) => isNeverNegative(q, isPositive)),
      ),
    ) === true
  );
}

function processLoop(pass: CheckPass, stmt: CheckedLoop, surroundings: EnclosingIndices): Stmt {
  const range = rangeOf(pass, stmt);
  const inside = range === undefined ? surroundings : [...surroundings, range];
  const hoisted = pass.hoists ? findHoistable(pass, stmt, range, surroundings) : undefined;
  if (hoisted === undefined) return mapBlocks(stmt, (body) => processBlock(pass, body, inside));
  const then = k.makeBlock();
  const whole = new Map(pass.whole);
  for (const name of hoisted.reals)
    whole.set(name, then.let(pass.fresh(`${name}.whole`), k.convert("i32", k.local("f64", name))));
  const quick: CheckPass = { ...pass, trusted: new Set([...pass.trusted, ...hoisted.guards]), whole };
  then.statements.push(
    computeInIntegers(pass, { ...stmt, body: processBlock(quick, stmt.body, inside) }, whole),
  );
  // if a number is no integer, a loop without checks runs unchanged: that is no error, and no later statement may need one
  const isChecked = hoisted.guards.size > 0;
  const copy = (): readonly Stmt[] => copyWithChecks(pass, stmt, inside);
  const otherwise = isChecked ? (pass.failed ?? copy()) : copy().map(markSequential);
  return { kind: "if", condition: hoisted.condition, then: then.statements, otherwise };
}

/** Returns a copy of a loop in which each iteration makes all checks. */
function copyWithChecks(pass: CheckPass, stmt: CheckedLoop, inside: EnclosingIndices): readonly Stmt[] {
  const slow = { ...stmt, body: processBlock({ ...pass, hoists: false }, stmt.body, inside) };
  return copyBlock([slow], [], `.${pass.fresh("checked")}`, new Map()).statements;
}

/**
 * Marks a loop as not independent, so that later passes do not optimise it. Few calls reach it, and optimising it would
 * take as long as optimising all other code.
 */
function markSequential(stmt: Stmt): Stmt {
  return stmt.kind === "for" ? { ...stmt, independent: false } : stmt;
}

/**
 * Rewrites element indices in a loop that are computed in float64, so that they are computed in int32. `whole` maps
 * float64 locals to their int32 values.
 */
function computeInIntegers(pass: CheckPass, loop: Stmt, whole: ReadonlyMap<string, Expr>): Stmt {
  const { made } = pass;
  if (whole.size === 0) return loop;
  const index = (expr: Expr): Expr =>
    copyExpr(expr, (part) => {
      const p = isFromReal(part) ? polynomialOf(part.x, made) : undefined;
      return p && integerValue(p, whole);
    });
  const expr = (x: Expr): Expr =>
    copyExpr(x, (part) => (part.kind === "load" ? { ...part, index: index(part.index) } : undefined));
  const visit = (stmt: Stmt): Stmt => {
    const moved = mapExpressions(
      mapBlocks(stmt, (block) => block.map(visit)),
      expr,
    );
    return replaced(pass, stmt, moved.kind === "store" ? { ...moved, index: index(moved.index) } : moved);
  };
  return visit(loop);
}

function isFromReal(expr: Expr): expr is Expr & { readonly kind: "convert" } {
  return expr.kind === "convert" && expr.type === "i32" && expr.x.type === "f64";
}

function rangeOf({ scope, made }: CheckPass, stmt: CheckedLoop): IndexBounds | undefined {
  const own = scope.indices.get(stmt);
  if (own !== undefined) return rangeOfLoop(own.index, own, made);
  return stmt.kind === "for" ? rangeOfLoop(stmt.index, stmt, made) : undefined;
}

/** A test before a loop. If it succeeds, the checks of some guards in the loop are unnecessary. */
interface HoistedChecks {
  /** Guards in the loop whose checks are unnecessary if the test succeeds. */
  readonly guards: ReadonlySet<IndexGuard>;
  /** Names of float64 locals that are integers if the test succeeds. */
  readonly reals: ReadonlySet<string>;
  readonly condition: Expr;
}

/**
 * Finds the guards and float64 indices in a loop that can be checked before the loop, and builds the test. `undefined`
 * if the loop has none, or they cannot.
 */
function findHoistable(
  pass: CheckPass,
  loop: CheckedLoop,
  range: IndexBounds | undefined,
  outer: EnclosingIndices,
): HoistedChecks | undefined {
  const { declared } = bindingsOf(loop.body);
  const isDeclared = (name: string): boolean =>
    declared.has(name) || (loop.kind === "for" && loop.index === name);
  const guards = new Set<IndexGuard>();
  const conditions = new Map<string, Expr>();
  const isKnown = (q: Polynomial): boolean =>
    [...q.keys()].every((term) => namesOf(term).every((name) => !isDeclared(realOf(name) ?? name)));
  const isKnownBefore = (condition: Expr): boolean => {
    let is = true;
    walkExpr(condition, (x) => {
      const isSteady = x.kind !== "local" || !(isDeclared(x.name) || pass.made.changing.has(x.name));
      if (x.kind === "load" || !isSteady) is = false;
    });
    return is;
  };
  const reals = new Set(
    findRealIndices([loop]).flatMap((x) => {
      const p = polynomialOf(x, pass.made) ?? new Map<string, number>();
      const names = realsIn(p);
      return names.some(isDeclared) ? [] : names.filter((name) => !pass.whole.has(name));
    }),
  );
  const visit = (block: readonly Stmt[], inside: EnclosingIndices): void => {
    for (const stmt of block) {
      if (stmt.kind === "for" || stmt.kind === "while") {
        const own = rangeOf(pass, stmt);
        visit(stmt.body, own === undefined ? inside : [...inside, own]);
      } else if (stmt.kind === "if") {
        const guard = pass.scope.guards.get(stmt);
        if (guard !== undefined) note(guard, inside);
        const isPlain = guard === undefined && !pass.scope.afterError.has(stmt);
        visit(stmt.then, isPlain ? within(inside, stmt.condition, true, pass.made) : inside);
        if (isPlain) visit(stmt.otherwise, within(inside, stmt.condition, false, pass.made));
      }
    }
  };
  const note = (guard: IndexGuard, inside: EnclosingIndices): void => {
    if (pass.trusted.has(guard)) return;
    const made: Expr[] = [];
    if (guard.condition !== undefined) {
      if (!isKnownBefore(guard.condition)) return;
      made.push(guard.condition);
    }
    const needed = new Set<string>();
    for (const check of guard.checks) {
      if (isProven(pass, check, [...outer, ...inside])) continue;
      for (const demand of demandsOf(pass, check) ?? [undefined]) {
        const ends = demand === undefined ? [] : endsOf(demand, inside, true, pass.isPositive);
        const known = ends.filter(({ value, needs }) => [value, ...needs].every(isKnown));
        if (known.length === 0) return;
        if (demand !== undefined)
          for (const name of realsIn(demand)) if (!pass.whole.has(name)) needed.add(name);
        const tests = known.map((end) => endCondition(end, pass.isPositive));
        const isVain = tests.some((test) => test.kind === "const"); // one of the alternatives always holds
        if (!isVain) made.push(tests.reduce((x, y) => k.or(x, y)));
      }
    }
    if (made.length === 0) return; // `simplifyChecks` removes it anyway
    guards.add(guard);
    for (const name of needed) reals.add(name);
    for (const condition of made) conditions.set(printExpr(condition), condition);
  };
  visit(loop.body, range === undefined ? [] : [range]);
  if (guards.size === 0 && reals.size === 0) return undefined;
  for (const name of reals) conditions.set(`~${name}`, isWhole(name));
  return { guards, reals, condition: [...conditions.values()].reduce((x, y) => k.and(x, y)) };
}

/** Condition that a float64 local is an integer that is small enough for exact products. */
function isWhole(name: string): Expr {
  const x = k.local("f64", name);
  return k.and(k.le(k.abs(x), k.f64(maxLength)), k.eq(k.floor(x), x));
}

/** Finds the float64 expressions in element indices, without their conversion to int32. */
function findRealIndices(block: readonly Stmt[]): readonly Expr[] {
  const found: Expr[] = [];
  const index = (expr: Expr): void =>
    walkExpr(expr, (x) => {
      if (isFromReal(x)) found.push(x.x);
    });
  walkBlock(block, {
    stmt: (stmt) => void (stmt.kind === "store" && index(stmt.index)),
    expr: (x) => void (x.kind === "load" && index(x.index)),
  });
  return found;
}

/** Magnitude up to which products, and sums of several products, are exact in float64. */
const mostExact = 2 ** 50;

/**
 * Condition, computed in float64, that a bound is at least 0 and that the bound is valid (see
 * `ConditionalBound.needs`).
 */
function endCondition({ value, needs }: ConditionalBound, isPositive: IsPositive): Expr {
  const tests: Expr[] = [];
  for (const q of [value, ...needs]) {
    if (isNeverNegative(q, isPositive)) continue;
    for (const term of q.keys())
      if (namesOf(term).length > 1)
        tests.push(k.le(k.abs(polynomialValue(new Map([[term, 1]]))), k.f64(mostExact)));
    tests.push(k.le(k.f64(0), polynomialValue(q)));
  }
  return tests.length === 0 ? k.bool(true) : tests.reduce((x, y) => k.and(x, y));
}

/** Removes tests for earlier errors, if no statement before the test can have recorded an error. */
function removeVainTests(
  block: readonly Stmt[],
  { scope, site }: CheckPass & { readonly site: string },
): readonly Stmt[] {
  const failing = new Set<Stmt>();
  /** Collects the statements that may record an error, directly or in a nested block. */
  const noteFailing = (stmts: readonly Stmt[]): boolean => {
    let isThere = false;
    for (const stmt of stmts) {
      let fails = stmt.kind === "set" && stmt.name === site;
      for (const inner of blocksIn(stmt)) fails = noteFailing(inner) || fails;
      if (fails) failing.add(stmt);
      isThere ||= fails;
    }
    return isThere;
  };
  const clean = (stmts: readonly Stmt[], mayHaveFailed: boolean): readonly Stmt[] => {
    let failed = mayHaveFailed;
    return mapStmts(stmts, (stmt) => {
      const before = failed;
      failed ||= failing.has(stmt);
      if (stmt.kind === "for" || stmt.kind === "while") return mapBlocks(stmt, (body) => clean(body, failed));
      if (stmt.kind !== "if") return stmt;
      const then = clean(stmt.then, before && !scope.afterError.has(stmt) && !scope.guards.has(stmt));
      if (scope.afterError.has(stmt) && !before) return then;
      return withBranches(stmt, then, clean(stmt.otherwise, before));
    });
  };
  noteFailing(block);
  return clean(block, false);
}
