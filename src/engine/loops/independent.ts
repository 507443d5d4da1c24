// Marks loops whose iterations may run in any order, and rewrites others as folds or strips.
import { fitsLanes } from "../codegen/plan.ts";
import * as k from "../kernel/build.ts";
import type { ForStmt, Reduce, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { areApart } from "./dependence.ts";
import { factsOf, type LocalFacts, type LoopFacts, mapWithFacts } from "./facts.ts";
import { foldOf } from "./folds.ts";
import type { LoopPassOptions } from "./options.ts";
import { mapBlocks } from "./rewrite.ts";
import type { StripMemory } from "./strips.ts";
import { inStrips } from "./strips.ts";

interface MarkingState extends LoopFacts {
  readonly options: LoopPassOptions;
  /** Memory for strips; without it no loop is rewritten in strips. */
  readonly memory: StripMemory | undefined;
  fresh(hint: string): string;
}

/** Information for `markLoops` about the routine around the block. */
export interface MarkingContext extends LocalFacts {
  readonly memory: StripMemory | undefined;
  readonly options: LoopPassOptions;
  fresh(hint: string): string;
}

/**
 * Marks the independent loops of a block, and rewrites loops as folds or in strips where that is legal and worthwhile.
 */
export function markLoops(
  block: readonly Stmt[],
  { memory, options, fresh, ...locals }: MarkingContext,
): readonly Stmt[] {
  return markBlock({ ...factsOf(block, locals), options, memory, fresh }, block);
}

function markBlock(pass: MarkingState, block: readonly Stmt[]): readonly Stmt[] {
  return mapWithFacts(pass, block, (stmt, here) => {
    if (stmt.kind === "for" && stmt.independent !== true) return markLoop(here, stmt);
    return mapBlocks(stmt, (part) => markBlock(here, part));
  });
}

/**
 * Rewrites a loop in the first of these forms that is legal: as an independent loop, as a fold, in strips, or with only
 * its inner loops rewritten. Inner loops are rewritten first, and legality is judged on the result. Inner strips
 * matter, because they add buffers of partial sums that all iterations of this loop share.
 */
function markLoop(pass: MarkingState, loop: ForStmt): readonly Stmt[] {
  const { options, memory } = pass;
  const rewritten = (within: MarkingState): ForStmt => ({ ...loop, body: markBlock(within, loop.body) });
  let inner: ForStmt | undefined;
  const innerRewritten = (): ForStmt => (inner ??= rewritten(pass));
  const withoutStrips = (): ForStmt => (memory === undefined ? innerRewritten() : rewritten({ ...pass, memory: undefined })); // prettier-ignore
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
 * Marks a loop as independent if it is independent after its inner loops were rewritten. If inner strips prevent that,
 * it keeps plain inner loops instead, provided that this loop can then be vectorised.
 */
function markedIndependent(
  pass: MarkingState,
  innerRewritten: () => ForStmt,
  withoutStrips: () => ForStmt,
): ForStmt {
  const marked = (loop: ForStmt): ForStmt => ({ ...loop, reverse: false, independent: true });
  if (pass.memory !== undefined) {
    const plain = marked(withoutStrips());
    if (areApart(pass, plain) && fitsLanes(plain)) return plain;
  }
  const loop = innerRewritten();
  return areApart(pass, loop) ? marked(loop) : loop;
}

/** Returns an ordinary loop that computes the terms of a fold without adding them, to analyse its array accesses. */
function asLoop(fold: Reduce): ForStmt {
  const { index, from, to, body, name, value } = fold;
  return { kind: "for", index, from, to, reverse: false, body: [...body, { kind: "let", name, value }] };
}

/** Locals that a loop sets but does not declare. */
function outerSets(loop: ForStmt): ReadonlySet<string> {
  const { set, declared } = bindingsOf(loop.body);
  return new Set([...set].filter((name) => !declared.has(name)));
}
