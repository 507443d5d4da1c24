// Checks of places that always hold are left out; those in loops are made once before the loop, by the ends that the places have in it.
// Where a check before a loop fails, the loop runs with all checks in it, so that what is not reached sets no error.
import * as k from "../../kernel/build.ts";
import { copyBlock } from "../../kernel/copy.ts";
import { printExpr } from "../../kernel/print.ts";
import type { Range } from "../../kernel/range.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkBlock } from "../../kernel/walk.ts";
import type { End, IndexRange, IsPositive, Surroundings } from "./bounds.ts";
import { endsOf, isNeverNegative, rangeOfLoop, within } from "./bounds.ts";
import type { Made, Polynomial } from "./polynomial.ts";
import { addPolynomials, namesOf, one, polynomialOf, polynomialValue } from "./polynomial.ts";
import type { Check, Guard, Scope } from "./scope.ts";

type Loop = Stmt & { readonly kind: "for" | "while" };
type Branch = Stmt & { readonly kind: "if" };

interface Pass {
  readonly scope: Pick<Scope, "guards" | "afterError" | "indices">;
  readonly made: Made;
  readonly isPositive: IsPositive;
  /** Guards that were checked before a loop around them. */
  readonly trusted: ReadonlySet<Guard>;
  /** Whether checks are made before loops. */
  readonly hoists: boolean;
  fresh(hint: string): string;
}

/** A block without the checks that need not be made where they stand. */
export function settleChecks(scope: Scope, block: readonly Stmt[]): Stmt[] {
  const { guards, afterError, indices, ranges, changing, host } = scope;
  const pass: Pass = {
    scope: { guards, afterError, indices },
    made: definitionsIn(block, changing, new Set([...indices.values()].map(({ index }) => index)), ranges),
    isPositive: (name) => (ranges.get(name)?.low ?? -1) >= 0,
    trusted: new Set(),
    hoists: true,
    fresh: host.fresh,
  };
  const settled = processBlock(pass, block, []);
  return withoutVainTests(settled, { ...pass, site: (host.failure.site as Expr & { name: string }).name });
}

/** What the locals of a block that are never set were declared as, but for indices. */
function definitionsIn(
  block: readonly Stmt[],
  changing: ReadonlySet<string>,
  indices: ReadonlySet<string>,
  ranges: ReadonlyMap<string, Range>,
): Made {
  const of = new Map<string, Expr>();
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !changing.has(stmt.name) && !indices.has(stmt.name))
        of.set(stmt.name, stmt.value);
    },
  });
  return { of, changing, ranges };
}

function processBlock(pass: Pass, block: readonly Stmt[], surroundings: Surroundings): Stmt[] {
  return block.flatMap((stmt): Stmt[] => {
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
        return [stmt];
    }
  });
}

function processBranch(pass: Pass, stmt: Branch, surroundings: Surroundings): Stmt[] {
  const { scope, made } = pass;
  const guard = scope.guards.get(stmt);
  if (guard !== undefined) {
    const holds =
      pass.trusted.has(guard) || guard.checks.every((check) => isProven(pass, check, surroundings));
    const then = processBlock(pass, stmt.then, surroundings);
    return holds ? then : [replaced(pass, stmt, { ...stmt, then })];
  }
  const isPlain = !scope.afterError.has(stmt);
  const inside = (holds: boolean): Surroundings =>
    isPlain ? within(surroundings, stmt.condition, holds, made) : surroundings;
  const then = processBlock(pass, stmt.then, inside(true));
  const otherwise = processBlock(pass, stmt.otherwise, inside(false));
  return [replaced(pass, stmt, { ...stmt, then, otherwise })];
}

/** Notes for a statement what was noted for the one that it stands for. */
function replaced<S extends Stmt>({ scope: { guards, afterError } }: Pass, old: Stmt, stmt: S): S {
  const guard = guards.get(old);
  if (guard !== undefined) guards.set(stmt, guard);
  if (afterError.has(old)) afterError.add(stmt);
  return stmt;
}

/** The polynomials that must not be negative for a check to hold; `undefined` where they cannot be told. */
function demandsOf({ made }: Pass, { place, length }: Check): readonly Polynomial[] | undefined {
  const [p, n] = [polynomialOf(place, made), polynomialOf(length, made)];
  if (p === undefined || n === undefined) return undefined;
  return [p, addPolynomials(addPolynomials(n, one, -1), p, -1)];
}

function isProven(pass: Pass, check: Check, surroundings: Surroundings): boolean {
  const { isPositive } = pass;
  return (
    demandsOf(pass, check)?.every((demand) =>
      endsOf(demand, surroundings, true, isPositive).some(({ value, needs }) =>
        [value, ...needs].every((q) => isNeverNegative(q, isPositive)),
      ),
    ) === true
  );
}

function processLoop(pass: Pass, stmt: Loop, surroundings: Surroundings): Stmt[] {
  const range = rangeOf(pass, stmt);
  const inside = range === undefined ? surroundings : [...surroundings, range];
  const hoisted = pass.hoists ? hoistable(pass, stmt, range, surroundings) : undefined;
  const inner: Pass =
    hoisted === undefined ? pass : { ...pass, trusted: new Set([...pass.trusted, ...hoisted.guards]) };
  const quick: Stmt = { ...stmt, body: processBlock(inner, stmt.body, inside) };
  if (hoisted === undefined) return [quick];
  const slow = { ...stmt, body: processBlock({ ...pass, hoists: false }, stmt.body, inside) };
  const { statements } = copyBlock([slow], [], `.${pass.fresh("checked")}`, new Map());
  return [{ kind: "if", condition: hoisted.condition, then: [quick], otherwise: statements }];
}

function rangeOf({ scope, made }: Pass, stmt: Loop): IndexRange | undefined {
  const own = scope.indices.get(stmt);
  if (own !== undefined) return rangeOfLoop(own.index, own, made);
  return stmt.kind === "for" ? rangeOfLoop(stmt.index, stmt, made) : undefined;
}

/** The guards in a loop that can be checked before it, and that check. */
function hoistable(
  pass: Pass,
  loop: Loop,
  range: IndexRange | undefined,
  outer: Surroundings,
): { readonly guards: ReadonlySet<Guard>; readonly condition: Expr } | undefined {
  const { declared } = usesOf([loop]);
  const guards = new Set<Guard>();
  const conditions = new Map<string, Expr>();
  const visit = (block: readonly Stmt[], inside: Surroundings): void => {
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
  const note = (guard: Guard, inside: Surroundings): void => {
    if (pass.trusted.has(guard)) return;
    const made: Expr[] = [];
    for (const check of guard.checks) {
      if (isProven(pass, check, [...outer, ...inside])) continue;
      for (const demand of demandsOf(pass, check) ?? [undefined]) {
        const ends = demand === undefined ? [] : endsOf(demand, inside, true, pass.isPositive);
        const known = ends.filter(({ value, needs }) =>
          [value, ...needs].every((q) =>
            [...q.keys()].every((term) => namesOf(term).every((name) => !declared.has(name))),
          ),
        );
        if (known.length === 0) return;
        const tests = known.map((end) => endCondition(end, pass.isPositive));
        const isVain = tests.some((test) => test.kind === "const"); // one of them always holds
        if (!isVain) made.push(tests.reduce((x, y) => k.or(x, y)));
      }
    }
    if (made.length === 0) return; // is left out by itself
    guards.add(guard);
    for (const condition of made) conditions.set(printExpr(condition), condition);
  };
  visit(loop.body, range === undefined ? [] : [range]);
  if (guards.size === 0) return undefined;
  return { guards, condition: [...conditions.values()].reduce((x, y) => k.and(x, y)) };
}

/** Products that are exact in float64 and leave room for sums of them. */
const mostExact = 2 ** 50;

/** Whether an end and what it needs are not negative, in float64. */
function endCondition({ value, needs }: End, isPositive: IsPositive): Expr {
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

/** A block without tests for errors where none can have been noted before. */
function withoutVainTests(block: readonly Stmt[], pass: Pass & { readonly site: string }): Stmt[] {
  const { scope, site } = pass;
  const fails = (stmts: readonly Stmt[]): boolean => {
    let found = false;
    walkBlock(stmts, {
      stmt: (stmt) => {
        if (stmt.kind === "set" && stmt.name === site) found = true;
      },
    });
    return found;
  };
  const clean = (stmts: readonly Stmt[], mayHaveFailed: boolean): Stmt[] => {
    let failed = mayHaveFailed;
    return stmts.flatMap((stmt): Stmt[] => {
      const before = failed;
      failed ||= fails([stmt]);
      if (stmt.kind === "for" || stmt.kind === "while") return [{ ...stmt, body: clean(stmt.body, failed) }];
      if (stmt.kind !== "if") return [stmt];
      const then = clean(stmt.then, before && !scope.afterError.has(stmt) && !scope.guards.has(stmt));
      if (scope.afterError.has(stmt) && !before) return then;
      return [{ ...stmt, then, otherwise: clean(stmt.otherwise, before) }];
    });
  };
  return clean(block, false);
}
