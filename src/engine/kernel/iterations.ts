import { sameExpr } from "./same-expr.ts";
import type { Contract, Expr } from "./scalar.ts";
import { constantSize } from "./sizes.ts";

/** The bounds of a loop or a fold. */
interface IterationBounds {
  readonly from: Expr;
  readonly to: Expr;
}

/** What locals were made of, by their names. */
export type LocalDefinitions = Map<string, Expr>;

/** Definitions that are looked up one after the other. */
const deepest = 8;

/** How many iterations a loop makes, where that is known: between two numbers, or from anything to a number more. */
export function knownIterations({ from, to }: IterationBounds): number | undefined {
  if (to.kind === "const") return from.kind === "const" ? Math.max(0, to.value - from.value) : undefined;
  const isFurther = to.kind === "binary" && to.op === "add" && to.y.kind === "const" && to.y.value >= 0;
  return isFurther && sameExpr(to.x, from) ? (to.y as Expr & { value: number }).value : undefined;
}

/**
 * About how many iterations a loop makes: at most, where it goes from x to the lesser of x + n and the end, as runs of longer loops
 * do; `unknown` where only the run itself can tell.
 */
export function likelyIterations(
  { from, to }: IterationBounds,
  unknown: number,
  known?: LocalDefinitions,
): number {
  const upTo = (end: Expr, depth = 0): number => {
    if (end.kind === "local") {
      const value = known?.get(end.name);
      return value === undefined || depth === deepest ? Infinity : upTo(value, depth + 1);
    }
    if (end.kind === "binary" && end.op === "min") return Math.min(upTo(end.x, depth), upTo(end.y, depth));
    return knownIterations({ from, to: end }) ?? Infinity;
  };
  const iterations = upTo(to);
  return iterations === Infinity ? unknown : iterations;
}

/** About how many products a contraction adds up; `unknown` stands for sizes that only the run can tell. */
export function likelyProducts({ dims }: Contract, unknown: number): number {
  return dims.reduce((product, { size }) => product * (constantSize(size) ?? unknown), 1);
}
