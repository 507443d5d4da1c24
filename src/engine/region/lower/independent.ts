// Loops whose iterations may run in any order are marked so, for backends to write them for several lanes; a sum that goes through
// all iterations of a loop becomes a fold.
import { fitsLanes } from "../../codegen/plan.ts";
import * as k from "../../kernel/build.ts";
import type { Range } from "../../kernel/range.ts";
import type { Expr, Reduce, Stmt } from "../../kernel/scalar.ts";
import { bindingsOf } from "../../kernel/uses.ts";
import { walkBlock, walkExpr } from "../../kernel/walk.ts";
import type { Facts, For } from "./apart.ts";
import { areApart } from "./apart.ts";
import { withFixedPlaces } from "./fixed-places.ts";
import type { LowerOptions } from "./options.ts";
import { mapBlocks, mapStmts, withBranches } from "./rewrite.ts";
import { withStoredSums } from "./stored-sums.ts";
import type { StripMemory } from "./strips.ts";
import { inStrips } from "./strips.ts";
import { foldOf } from "./sums.ts";

interface Pass extends Facts {
  readonly steadyNames: (name: string) => boolean;
  readonly options: LowerOptions;
  /** Memory for loops in strips; there are none without. */
  readonly memory: StripMemory | undefined;
  fresh(hint: string): string;
}

/** What a block was written with. */
interface Surrounded {
  readonly changing: ReadonlySet<string>;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly offsets: ReadonlySet<string>;
  readonly memory: StripMemory | undefined;
  fresh(hint: string): string;
}

/** A block whose loops are marked, or folds, where they may be. */
export function markLoops(
  block: readonly Stmt[],
  { changing, ranges, offsets, memory, fresh }: Surrounded,
  options: LowerOptions,
): readonly Stmt[] {
  const steady = new Map<string, Expr>();
  const isSteady = (expr: Expr): boolean => {
    let is = true;
    walkExpr(expr, (x) => {
      if (x.kind === "load" || (x.kind === "local" && changing.has(x.name))) is = false;
    });
    return is;
  };
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "let" && !changing.has(stmt.name) && isSteady(stmt.value))
        steady.set(stmt.name, stmt.value);
    },
  });
  const isPositive = (name: string): boolean => (ranges.get(name)?.low ?? -1) >= 0;
  const steadyNames = (name: string): boolean => !changing.has(name);
  const known = { steady, steadyNames, isPositive, ranges, offsets, bodies: new WeakMap() };
  const pass: Pass = { ...known, options, memory, fresh };
  const areFixed = options.sums !== false && options.fixedPlaces !== false;
  const plain = options.sums === false ? block : withStoredSums(block);
  return markBlock(pass, areFixed ? fixPlaces(pass, plain) : plain);
}

/** A block in which loops that add to an element in a place that stays add to a local. */
function fixPlaces(pass: Pass, block: readonly Stmt[]): readonly Stmt[] {
  return mapWithin(pass, block, (stmt, here) => {
    const inner = mapBlocks(stmt, (part) => fixPlaces(here, part));
    return inner.kind === "for" ? withFixedPlaces(here, inner, pass.fresh) : inner;
  });
}

/** Applies `f` to the statements of a block, with what is known there: the branches of an `if` one by one. Some loops stay as they are. */
function mapWithin(
  pass: Pass,
  block: readonly Stmt[],
  f: (stmt: Stmt, pass: Pass) => Stmt | readonly Stmt[],
): readonly Stmt[] {
  return mapStmts(block, (stmt) => {
    if (stmt.kind === "for" && stmt.independent === false) return stmt;
    if (stmt.kind !== "if") return f(stmt, pass);
    const then = mapWithin(assuming(pass, stmt.condition), stmt.then, f);
    return withBranches(stmt, then, mapWithin(pass, stmt.otherwise, f));
  });
}

function markBlock(pass: Pass, block: readonly Stmt[]): readonly Stmt[] {
  return mapWithin(pass, block, (stmt, here) => {
    if (stmt.kind === "for" && stmt.independent !== true) return markLoop(here, stmt);
    return mapBlocks(stmt, (part) => markBlock(here, part));
  });
}

/** What is known where a condition holds: numbers that it says not to be negative. */
function assuming(pass: Pass, condition: Expr): Pass {
  const names = new Set<string>();
  const visit = (x: Expr): void => {
    if (x.kind !== "binary") return;
    if (x.op === "and") {
      visit(x.x);
      visit(x.y);
    } else if (x.op === "le" && x.x.kind === "const" && x.x.value >= 0 && x.y.kind === "convert") {
      if (x.y.x.kind === "local" && x.y.x.type === "i32" && pass.steadyNames(x.y.x.name))
        names.add(x.y.x.name);
    }
  };
  visit(condition);
  const { isPositive } = pass;
  return names.size === 0 ? pass : { ...pass, isPositive: (name) => names.has(name) || isPositive(name) };
}

/**
 * Rewrites a loop as an independent loop, a fold, a loop in strips, or with only its inner loops rewritten: the first of these that
 * is legal. Inner loops are rewritten first, and legality is judged on the result: inner strips add buffers of partial sums that all
 * iterations of this loop share.
 */
function markLoop(pass: Pass, loop: For): readonly Stmt[] {
  const { options, memory } = pass;
  const rewritten = (within: Pass): For => ({ ...loop, body: markBlock(within, loop.body) });
  let inner: For | undefined;
  const innerRewritten = (): For => (inner ??= rewritten(pass));
  const withoutStrips = (): For => (memory === undefined ? innerRewritten() : rewritten({ ...pass, memory: undefined })); // prettier-ignore
  const outer = outerSets(loop);
  // Rewriting inner loops only adds accesses, so this decides early for most dependent loops.
  const mayBeApart = outer.size <= 1 && areApart(pass, loop);
  if (outer.size === 0 && options.independentLoops !== false && mayBeApart)
    return [markedIndependent(pass, innerRewritten, withoutStrips)];
  if (options.sums === false) return [innerRewritten()];
  const [name] = outer;
  if (mayBeApart && name !== undefined) {
    const fold = foldOf(innerRewritten(), name, pass.fresh);
    if (fold !== undefined && areApart(pass, asLoop(fold))) {
      const target = k.local(fold.value.type, name);
      return [fold, { kind: "set", name, value: k.add(target, k.local(fold.value.type, fold.name)) }];
    }
  }
  const strips =
    memory === undefined || options.strips === false
      ? undefined
      : inStrips(pass, loop, withoutStrips, memory, pass);
  return strips ?? [innerRewritten()];
}

/**
 * Marks a loop as independent if it is so with its inner loops rewritten. Where strips within prevent that, the lanes of this loop
 * are preferred to those of the strips if plans would use them.
 */
function markedIndependent(pass: Pass, innerRewritten: () => For, withoutStrips: () => For): For {
  const marked = (loop: For): For => ({ ...loop, reverse: false, independent: true });
  if (pass.memory !== undefined) {
    const plain = marked(withoutStrips());
    if (areApart(pass, plain) && fitsLanes(plain)) return plain;
  }
  const loop = innerRewritten();
  return areApart(pass, loop) ? marked(loop) : loop;
}

/** The loop over the terms of a fold. */
function asLoop(fold: Reduce): For {
  const { index, from, to, body, name, value } = fold;
  return { kind: "for", index, from, to, reverse: false, body: [...body, { kind: "let", name, value }] };
}

/** Locals from outside that a loop sets. */
function outerSets(loop: For): ReadonlySet<string> {
  const { set, declared } = bindingsOf(loop.body);
  return new Set([...set].filter((name) => !declared.has(name)));
}
