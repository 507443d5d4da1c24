// Loops whose iterations may run in any order are marked so, for backends to write them for several lanes; a sum that goes through
// all iterations of a loop becomes a fold.
import * as k from "../../kernel/build.ts";
import type { Range } from "../../kernel/range.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
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

function markLoop(pass: Pass, loop: For): readonly Stmt[] {
  const { options } = pass;
  const inner = (within: Pass): For => ({ ...loop, body: markBlock(within, loop.body) });
  let whole: For | undefined;
  const marked = (): For => (whole ??= inner(pass));
  const outer = outerSets(loop);
  const isApart = outer.size <= 1 && areApart(pass, loop);
  if (outer.size === 0 && options.independentLoops !== false && isApart)
    return [{ ...marked(), reverse: false, independent: true }];
  if (options.sums === false) return [marked()];
  const [name] = outer;
  if (isApart && name !== undefined) {
    const fold = foldOf(marked(), name, pass.fresh);
    // once more, since strips within share what lanes have of their own
    if (fold !== undefined && areApart(pass, { ...loop, body: fold.body })) {
      const target = k.local(fold.value.type, name);
      return [fold, { kind: "set", name, value: k.add(target, k.local(fold.value.type, fold.name)) }];
    }
  }
  const { memory } = pass;
  const strips =
    memory === undefined || options.strips === false
      ? undefined
      : inStrips(pass, loop, () => inner({ ...pass, memory: undefined }), memory, pass);
  return strips ?? [marked()];
}

/** Locals from outside that a loop sets. */
function outerSets(loop: For): ReadonlySet<string> {
  const { set, declared } = bindingsOf(loop.body);
  return new Set([...set].filter((name) => !declared.has(name)));
}
