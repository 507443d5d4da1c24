// Facts about the block that loop passes rewrite.
import type { IntegerInterval } from "../kernel/range.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import type { DependenceFacts } from "./dependence.ts";
import { mapStmts, withBranches } from "./rewrite.ts";

/** Facts about the locals of a routine that hold in a whole block. */
export interface LocalFacts {
  /** Locals that statements outside of the block may set. */
  readonly changing: ReadonlySet<string>;
  readonly ranges: ReadonlyMap<string, IntegerInterval>;
  /** Locals that hold the offset of an array in a buffer that it shares: elements at different offsets are distinct. */
  readonly offsets: ReadonlySet<string>;
}

/** Facts about locals and dependences that hold at a statement. */
export interface LoopFacts extends DependenceFacts {
  /** True for locals that nothing sets after their declaration. */
  readonly isNeverSet: (name: string) => boolean;
}

/** Collects the facts of a block. Passes add locals and sets, so each pass collects its own. */
export function factsOf(block: readonly Stmt[], { changing, ranges, offsets }: LocalFacts): LoopFacts {
  const { set } = bindingsOf(block);
  const isNeverSet = (name: string): boolean => !changing.has(name) && !set.has(name);
  const isSteady = (expr: Expr): boolean => {
    let is = true;
    walkExpr(expr, (x) => {
      if (x.kind === "load" || (x.kind === "local" && !isNeverSet(x.name))) is = false;
    });
    return is;
  };
  const steady = new Map<string, Expr>();
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && isNeverSet(stmt.name) && isSteady(stmt.value))
        steady.set(stmt.name, stmt.value);
    },
  });
  const isPositive = (name: string): boolean => (ranges.get(name)?.low ?? -1) >= 0;
  return { steady, isNeverSet, isPositive, ranges, offsets, bodies: new WeakMap() };
}

/**
 * Applies `f` to the statements of a block and of its branches. Statements that run if the condition of an `if` holds
 * get the facts that the condition adds. Loops that are known to be dependent stay unchanged.
 */
export function mapWithFacts<F extends LoopFacts>(
  facts: F,
  block: readonly Stmt[],
  f: (stmt: Stmt, facts: F) => Stmt | readonly Stmt[],
): readonly Stmt[] {
  return mapStmts(block, (stmt) => {
    if (stmt.kind === "for" && stmt.independent === false) return stmt;
    if (stmt.kind !== "if") return f(stmt, facts);
    const then = mapWithFacts(assuming(facts, stmt.condition), stmt.then, f);
    return withBranches(stmt, then, mapWithFacts(facts, stmt.otherwise, f));
  });
}

/** Returns facts in which int32 locals that a condition requires to be at least 0 count as nonnegative. */
function assuming<F extends LoopFacts>(facts: F, condition: Expr): F {
  const names = new Set<string>();
  const visit = (x: Expr): void => {
    if (x.kind !== "binary") return;
    if (x.op === "and") {
      visit(x.x);
      visit(x.y);
    } else if (x.op === "le" && x.x.kind === "const" && x.x.value >= 0 && x.y.kind === "convert") {
      if (x.y.x.kind === "local" && x.y.x.type === "i32" && facts.isNeverSet(x.y.x.name))
        names.add(x.y.x.name);
    }
  };
  visit(condition);
  const { isPositive } = facts;
  return names.size === 0 ? facts : { ...facts, isPositive: (name) => names.has(name) || isPositive(name) };
}
