import { sameExpr } from "./same-expr.ts";
import type { Contract, Expr } from "./scalar.ts";
import { constantSize } from "./sizes.ts";

/** Bounds of a loop or a fold. */
interface IterationBounds {
  readonly from: Expr;
  readonly to: Expr;
}

/** Definitions of locals, by name. */
export type LocalDefinitions = Map<string, Expr>;

/** Maximum depth of nested definitions. */
const deepest = 8;

/**
 * Number of iterations of a loop, if known: between two constants, or from any expression to that expression plus a
 * constant.
 */
export function knownIterations({ from, to }: IterationBounds): number | undefined {
  if (to.kind === "const") return from.kind === "const" ? Math.max(0, to.value - from.value) : undefined;
  const isFurther = to.kind === "binary" && to.op === "add" && to.y.kind === "const" && to.y.value >= 0;
  return isFurther && sameExpr(to.x, from) ? (to.y as Expr & { value: number }).value : undefined;
}

/**
 * Estimated number of iterations of a loop; `unknown` if it depends on values at run time. For a loop from x to min(x +
 * n, end), which covers a part of a longer loop, it is n.
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

/** Estimated number of products of a contraction; `unknown` replaces sizes known only at run time. */
export function likelyProducts({ dims }: Contract, unknown: number): number {
  return dims.reduce((product, { size }) => product * (constantSize(size) ?? unknown), 1);
}
