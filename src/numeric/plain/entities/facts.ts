import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, not, or, truth } from "../draft/draft.ts";

/** Truth values of immutable boolean locals, known from the conditions around a statement. */
export type BooleanFacts = ReadonlyMap<string, boolean>;

export const noFacts: BooleanFacts = new Map();

/** Simplifies a condition by known facts. */
export function simplified(facts: BooleanFacts, test: RegionExpr): RegionExpr {
  if (facts.size === 0) return test;
  if (test.kind === "local") {
    const fact = facts.get(test.name);
    return fact === undefined ? test : truth(fact);
  }
  if (test.kind !== "apply") return test;
  const [x, y] = test.args;
  if (x === undefined || y === undefined) return test;
  if (test.function === "bitwiseAnd") return and(simplified(facts, x), simplified(facts, y));
  if (test.function === "bitwiseOr") return or(simplified(facts, x), simplified(facts, y));
  return isNegation(test) ? not(simplified(facts, x)) : test;
}

/** Returns the facts that hold if `test` is `value`. `isFixed` is true for locals that never change. */
export function factsWhere(
  facts: BooleanFacts,
  test: RegionExpr,
  value: boolean,
  isFixed: (name: string) => boolean,
): BooleanFacts {
  if (test.kind === "local")
    return test.type === "bool" && isFixed(test.name) ? new Map([...facts, [test.name, value]]) : facts;
  const both = (x: RegionExpr, y: RegionExpr): BooleanFacts =>
    factsWhere(factsWhere(facts, x, value, isFixed), y, value, isFixed);
  if (test.kind === "select") {
    // `and` and `or` whose second operand may fail
    if (value && isConstant(test.y, 0)) return both(test.condition, test.x);
    return !value && isConstant(test.x, 1) ? both(test.condition, test.y) : facts;
  }
  if (test.kind !== "apply") return facts;
  const [x, y] = test.args;
  if (x === undefined || y === undefined) return facts;
  if (isNegation(test)) return factsWhere(facts, x, !value, isFixed);
  const isBoth = test.function === (value ? "bitwiseAnd" : "bitwiseOr");
  return isBoth ? both(x, y) : facts;
}

function isNegation(test: RegionExpr & { readonly kind: "apply" }): boolean {
  const [x, y] = test.args;
  return test.function === "equal" && x?.type === "bool" && y !== undefined && isConstant(y, 0);
}

function isConstant(expr: RegionExpr, value: number): boolean {
  return expr.kind === "const" && expr.value === value;
}
