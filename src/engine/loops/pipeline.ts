// The passes over loops of the kernel vocabulary, in order.
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { withProducts } from "./contractions.ts";
import type { LocalFacts } from "./facts.ts";
import { markLoops } from "./independent.ts";
import { withSteadyParts } from "./invariants.ts";
import type { ProductHost } from "./operands.ts";
import type { LoopPassOptions } from "./options.ts";
import { promoteSums } from "./promoted-sums.ts";
import { withStoredSums } from "./stored-sums.ts";
import type { StripMemory } from "./strips.ts";
import { withDifferences } from "./subtractions.ts";
import { withoutUnusedLocals } from "./unused-locals.ts";

/** Facts and memory of the surrounding routine that the passes need for a block. */
export interface LoopContext extends LocalFacts {
  /**
   * Memory for the copies of arrays per lane of a strip; `undefined` if the routine has none, so that no loop is
   * rewritten in strips.
   */
  readonly memory: StripMemory | undefined;
  /** Memory and facts for contractions that are taken out of a block. */
  readonly productsOf: (block: readonly Stmt[]) => ProductHost;
  /** Expressions that are read after the block. */
  readonly results: readonly Expr[];
  readonly options: LoopPassOptions;
  fresh(hint: string): string;
}

/** Rewrite of a block. It must not change the results of the routine, except for the order in which sums are added. */
export interface LoopPass {
  readonly name: string;
  readonly isOn: (options: LoopPassOptions) => boolean;
  readonly run: (block: readonly Stmt[], context: LoopContext) => readonly Stmt[];
}

/** All passes, in order. */
export const loopPasses: readonly LoopPass[] = [
  {
    name: "contractions",
    isOn: ({ products, sums }) => products !== false && sums !== false,
    run: (block, { productsOf }) => withProducts(block, productsOf(block)),
  },
  { name: "stored sums", isOn: ({ sums }) => sums !== false, run: withStoredSums },
  {
    name: "promoted sums",
    isOn: ({ fixedPlaces, sums }) => fixedPlaces !== false && sums !== false,
    run: promoteSums,
  },
  { name: "independent loops, folds and strips", isOn: () => true, run: markLoops },
  {
    name: "invariants",
    isOn: ({ steadyConditions, steadyPlaces }) => steadyConditions !== false || steadyPlaces !== false,
    run: (block, { options, fresh }) => withSteadyParts(block, options, fresh),
  },
  { name: "subtractions", isOn: ({ differences }) => differences !== false, run: withDifferences },
  {
    name: "unused locals",
    isOn: () => true,
    run: (block, { results }) => withoutUnusedLocals(block, results),
  },
];

/** Runs the passes that the options turn on over a block. `observe` receives the block after each pass. */
export function runLoopPasses(
  block: readonly Stmt[],
  context: LoopContext,
  observe?: (pass: string, block: readonly Stmt[]) => void,
): readonly Stmt[] {
  return loopPasses.reduce((before, { name, isOn, run }) => {
    if (!isOn(context.options)) return before;
    const after = run(before, context);
    observe?.(name, after);
    return after;
  }, block);
}
