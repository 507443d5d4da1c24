import type { Program } from "../ir/program.ts";
import { workOf } from "../codegen/cost.ts";
import type { Routine } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { sizeOf } from "../util/shape.ts";
import type { PassCounts } from "./evaluate.ts";
import { countsOf, gradientProgram } from "./evaluate.ts";
import type { SplitProgram } from "./moves.ts";
import { splitMoves, wholeProgram } from "./moves.ts";
import type {
  ElementReader,
  FoundPattern,
  PatternFinder,
  PatternLimits,
  RoutineCompiler,
} from "./pattern.ts";
import { makePatternFinder } from "./pattern.ts";
import type { ChosenPlan } from "./plan.ts";
import { planHessian, planJacobian, sourcesOf } from "./plan.ts";

/** Derivative to find: the Jacobian of a program's results, or the Hessian of its scalar result. */
export type DerivativeKind = "jacobian" | "hessian";

/** A derivative whose pattern and passes are to be found, with limits. */
export interface DerivativeTask {
  /** Name of the operation, for error messages. */
  readonly name: string;
  readonly kind: DerivativeKind;
  readonly program: Program;
  /** Marks the inputs with respect to which the program is differentiated. */
  readonly active: readonly boolean[];
  readonly compile: RoutineCompiler;
  readonly limits: PatternLimits;
  /** True if a factor that does not change removes columns wherever it is 0. */
  readonly skipsZeros: boolean;
  /** Bytes that the intermediate values of the passes of one batch may take. */
  readonly memory: number;
}

/** Found pattern of a derivative, with the plan of its passes. */
export interface PlannedDerivative extends ChosenPlan {
  readonly found: FoundPattern;
  readonly counts: PassCounts;
  /** Program to differentiate. Its first inputs are the moved elements. */
  readonly rest: Program;
  /** Program that computes the moved elements from the inputs of the original program. */
  readonly moves: Program;
}

/** Finds the patterns of one derivative and plans its passes. */
export interface DerivativeSearch {
  readonly finder: PatternFinder;
  /** Indices of the inputs whose values determine the pattern. */
  readonly deciding: readonly number[];
  readonly plan: (read: ElementReader) => PlannedDerivative;
}

/** Prepares the search for a derivative. */
export function searchDerivative(task: DerivativeTask): DerivativeSearch {
  const { name, kind, program, active, compile, limits, memory, skipsZeros } = task;
  const derived = ({ moves, rest, isTrivial }: SplitProgram): SplitProgram =>
    kind === "jacobian"
      ? { moves, rest, isTrivial }
      : { moves, rest: gradientProgram(rest, moves.outs.length), isTrivial };
  const split = derived(splitMoves(program, active));
  const finder = makePatternFinder(name, split, active, compile, limits, { skipsZeros });
  const mover = split.isTrivial
    ? undefined
    : makePatternFinder(name, wholeProgram(split.moves, active), active, compile, limits, {
        hasSingleColumns: true,
      });
  const columns = program.ins.reduce(
    (n, { type }, i) => n + (active[i] === true ? sizeOf(type.shape) : 0),
    0,
  );
  let whole: SplitProgram | undefined;
  return {
    finder,
    deciding: [...new Set([...finder.deciding, ...(mover?.deciding ?? [])])],
    plan(read) {
      const found = finder.find(read);
      const sources = mover && sourcesOf(mover.find(read).pattern);
      const moved = { pattern: found.pattern, sources, columns };
      const chosen = kind === "jacobian" ? planJacobian(moved) : planHessian(moved);
      const used =
        chosen.isSplit || split.isTrivial ? split : (whole ??= derived(wholeProgram(program, active)));
      const counts = countsOf(chosen.plan, batchOf(finder.tangents.routine, used, memory));
      return { ...chosen, found, counts, rest: used.rest, moves: used.moves };
    },
  };
}

/** Number of passes in a batch, so that its intermediate values fit into `memory` bytes; at least 1. */
function batchOf(tangents: Routine, { moves, rest }: SplitProgram, memory: number): number {
  const numbers = [...moves.outs, ...rest.outs].reduce((n, { type }) => n + sizeOf(type.shape), 0);
  const bytes = (constantSize(tangents.arenaBytes) ?? 0) + 8 * numbers;
  return Math.max(1, Math.floor(memory / bytes));
}

/**
 * Cost of the code that compares decisions: `work`, its number of operations, and `share`, their ratio to the
 * operations of the derivative passes.
 */
export function costOfCheck(
  comparison: Routine,
  { tangents }: PatternFinder,
  { forward, reverse }: PassCounts,
): { readonly work: number; readonly share: number } {
  const work = operationsOf(comparison);
  const passes = operationsOf(tangents.routine) * Math.max(1, forward + reverse);
  return { work, share: work / Math.max(1, passes) };
}

function operationsOf(routine: Routine): number {
  const { wide, narrow } = workOf(routine);
  return wide + narrow;
}
