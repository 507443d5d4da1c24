// Updates that add to the previous value of their target.
import { isSameAtom } from "../form/build.ts";
import type { RegionExpr } from "../form/region.ts";

/** A term of a sum. */
export interface SumTerm {
  readonly expr: RegionExpr;
  /** True if the term is subtracted. */
  readonly isNegative: boolean;
}

/**
 * The terms that an update adds to the previous value of its target: `[e]` for `s = s + e`. `undefined` if the update
 * does not add to its target.
 */
export function accumulatedTerms(
  value: RegionExpr,
  isTarget: (leaf: RegionExpr) => boolean,
): readonly SumTerm[] | undefined {
  const terms: SumTerm[] = [];
  let found = false;
  const visit = (expr: RegionExpr, isNegative: boolean): void => {
    if (!found && !isNegative && isTarget(expr)) {
      found = true;
      return;
    }
    if (expr.kind === "apply" && (expr.function === "add" || expr.function === "sub")) {
      visit(expr.args[0]!, isNegative);
      visit(expr.args[1]!, isNegative !== (expr.function === "sub"));
    } else terms.push({ expr, isNegative });
  };
  visit(value, false);
  return found ? terms : undefined;
}

/** True if an expression is a load of the element of an array at these indices. */
export function isElement(expr: RegionExpr, array: string, places: readonly RegionExpr[]): boolean {
  return (
    expr.kind === "load" &&
    expr.array === array &&
    expr.places.length === places.length &&
    expr.places.every((place, i) => isSameAtom(place, places[i]!))
  );
}
