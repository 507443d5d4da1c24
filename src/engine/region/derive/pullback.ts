import { assertNever } from "../../util/assert-never.ts";
import type { Builder, Writer } from "../form/build.ts";
import { constant, convert, isFloating, isSameAtom, isZero, select } from "../form/build.ts";
import { mutableNames } from "../flat/flatten.ts";
import { linearPart } from "./linearity.ts";
import type { RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";

/** What cotangents are added to: the local, or the element of an array, that is read there. */
export type Accumulate = (leaf: RegionExpr & { readonly kind: "local" | "load" }, ct: RegionExpr) => void;

/** What is needed to pull a cotangent back through an expression. */
export interface Pull {
  readonly build: Builder;
  readonly linear: ReadonlySet<string>;
  /** Known locals that are surely finite. */
  readonly finite: ReadonlySet<string>;
  readonly writer: Writer;
  /** Coefficients, conditions and places as they are said on the way back. */
  readonly recall: (expr: RegionExpr) => RegionExpr;
  readonly accumulate: Accumulate;
}

/**
 * Adds the cotangent `ct` of a linear expression to what the expression reads, times its coefficient. Products are strong where
 * `isMasked`: the cotangent may be 0 because the value was not chosen.
 */
export function pullBack(pull: Pull, expr: RegionExpr, ct: RegionExpr, isMasked: boolean): void {
  const { build, writer, recall } = pull;
  const part = linearPart(expr, pull.linear);
  switch (part.kind) {
    case "zero":
      return;
    case "read":
      pull.accumulate(part.leaf, ct);
      return;
    case "sum": {
      const shared = isZero(part.x) || isZero(part.y) ? ct : writer.bind(ct, "ct");
      pullBack(pull, part.x, shared, isMasked);
      pullBack(pull, part.y, part.isDifference ? build.apply("neg", shared) : shared, isMasked);
      return;
    }
    case "neg":
      pullBack(pull, part.x, build.apply("neg", ct), isMasked);
      return;
    case "convert":
      pullBack(pull, part.x, convert(part.x.type, ct), isMasked);
      return;
    case "scaled": {
      const isStrong = (part.isStrong || isMasked) && !isHarmless(part.factor, part.by, pull.finite);
      const by = part.by === "mul" ? (isStrong ? "strongMul" : "mul") : isStrong ? "strongDiv" : "div";
      pullBack(pull, part.x, build.apply(by, ct, recall(part.factor)), isMasked);
      return;
    }
    case "strongly": {
      const by = part.isBoth || isMasked ? "strongMulBoth" : "strongMul";
      pullBack(pull, part.x, build.apply(by, recall(part.factor), ct), true);
      return;
    }
    case "select": {
      const shared = writer.bind(ct, "ct");
      const condition = recall(part.condition);
      const none = constant(ct.type, 0);
      if (!isZero(part.x)) pullBack(pull, part.x, select(condition, shared, none), true);
      if (!isZero(part.y)) pullBack(pull, part.y, select(condition, none, shared), true);
      return;
    }
    default:
      assertNever(part, "pullBack");
  }
}

/** Whether a product with a factor, or a quotient by it, is 0 for a cotangent of 0 anyway. */
export function isHarmless(factor: RegionExpr, by: "mul" | "div", finite: ReadonlySet<string>): boolean {
  if (factor.kind === "local") return by === "mul" && finite.has(factor.name);
  return factor.kind === "const" && Number.isFinite(factor.value) && (by === "mul" || factor.value !== 0);
}

/** Immutable locals whose values are finite whatever the arguments are: whole numbers, and choices among constants. */
export function finiteNames(body: readonly RegionStmt[]): ReadonlySet<string> {
  const mutable = mutableNames(body);
  const names = new Set<string>();
  const isFinite = (x: RegionExpr): boolean => x.kind === "const" && Number.isFinite(x.value);
  walkStmts(body, (stmt) => {
    if (stmt.kind !== "let" || mutable.has(stmt.name)) return;
    const { value } = stmt;
    if (value.kind === "select" && isFinite(value.x) && isFinite(value.y)) names.add(stmt.name);
    if (value.kind === "convert" && !isFloating(value.x.type)) names.add(stmt.name);
  });
  return names;
}

/** A term of a sum, and whether it is subtracted. */
export interface Term {
  readonly expr: RegionExpr;
  readonly isNegative: boolean;
}

/**
 * The other terms of a sum that what is set or stored begins from: `e` of `s = s + e`. `undefined` where that is not what is done.
 */
export function accumulatedTerms(
  value: RegionExpr,
  isTarget: (leaf: RegionExpr) => boolean,
): readonly Term[] | undefined {
  const terms: Term[] = [];
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

/** Whether an expression reads the element of an array at these places. */
export function isElement(expr: RegionExpr, array: string, places: readonly RegionExpr[]): boolean {
  return (
    expr.kind === "load" &&
    expr.array === array &&
    expr.places.length === places.length &&
    expr.places.every((place, i) => isSameAtom(place, places[i]!))
  );
}
