import { internalError } from "../../errors/index.ts";
import { assertNever } from "../../util/assert-never.ts";
import { findReachable } from "./activity.ts";
import { isFloating, isZero } from "../form/build.ts";
import type { Region, RegionExpr } from "../form/region.ts";
import { readsOf, readsOfResult } from "../form/names.ts";
import { partsOf, walkStmts } from "../form/walk.ts";

/** Names of a flat region that are linear in some of its parameters. */
export interface Linearity {
  /** Locals, arrays and parameters that depend on a linear parameter. */
  readonly linear: ReadonlySet<string>;
  /** The linear names on which a result depends. */
  readonly useful: ReadonlySet<string>;
}

export function linearityOf(
  { params, body, results }: Region,
  linearParams: readonly boolean[],
  linearResults: readonly boolean[],
): Linearity {
  const edges: (readonly [target: string, source: string])[] = [];
  walkStmts(body, (stmt) => {
    if (stmt.kind === "swap") edges.push([stmt.x, stmt.y], [stmt.y, stmt.x]);
    const target = stmt.kind === "store" ? stmt.array : "name" in stmt ? stmt.name : undefined;
    if (target === undefined || !("value" in stmt)) return;
    for (const source of readsOf(stmt.value)) edges.push([target, source]);
  });
  const linear = findReachable(
    params.filter((_, i) => linearParams[i] === true).map(({ name }) => name),
    edges.map(([target, source]) => [source, target]),
  );
  const wanted = results.flatMap((result, i) => {
    if (linearResults[i] !== true) return [];
    return readsOfResult(result);
  });
  const useful = findReachable(wanted, edges);
  return { linear, useful: new Set([...useful].filter((name) => linear.has(name))) };
}

/**
 * Results of `isLinearIn` by the set of linear names. Cached, because every level of a deep expression asks about its
 * operands.
 */
const knownLinear = new WeakMap<ReadonlySet<string>, WeakMap<RegionExpr, boolean>>();

/**
 * True if an expression reads one of the names in `linear`. Results are cached per set, so that the set must not change
 * afterwards.
 */
function isLinearIn(expr: RegionExpr, linear: ReadonlySet<string>): boolean {
  if (expr.kind === "local") return linear.has(expr.name);
  if (expr.kind === "const" || expr.kind === "length") return false;
  let known = knownLinear.get(linear);
  if (known === undefined) knownLinear.set(linear, (known = new WeakMap()));
  let isLinear = known.get(expr);
  if (isLinear === undefined) {
    isLinear = expr.kind === "load" && linear.has(expr.array);
    for (const part of partsOf(expr)) isLinear ||= isLinearIn(part, linear);
    known.set(expr, isLinear);
  }
  return isLinear;
}

/** The outermost operation of a linear expression. */
export type LinearPart =
  | { readonly kind: "zero" }
  | { readonly kind: "read"; readonly leaf: RegionExpr & { readonly kind: "local" | "load" } }
  | { readonly kind: "sum"; readonly x: RegionExpr; readonly y: RegionExpr; readonly isDifference: boolean }
  | { readonly kind: "neg"; readonly x: RegionExpr }
  | { readonly kind: "convert"; readonly x: RegionExpr }
  /**
   * x times a factor, or x divided by it. If `isStrong` is true, the result is 0 wherever x is 0, even if the factor is
   * infinite or NaN.
   */
  | {
      readonly kind: "scaled";
      readonly x: RegionExpr;
      readonly factor: RegionExpr;
      readonly by: "mul" | "div";
      readonly isStrong: boolean;
    }
  /**
   * A factor times x, where the result is 0 wherever the factor is 0, even if x is infinite or NaN. If `isBoth` is
   * true, it is also 0 wherever x is 0.
   */
  | {
      readonly kind: "strongly";
      readonly factor: RegionExpr;
      readonly x: RegionExpr;
      readonly isBoth: boolean;
    }
  | {
      readonly kind: "select";
      readonly condition: RegionExpr;
      readonly x: RegionExpr;
      readonly y: RegionExpr;
    };

/**
 * Splits a linear expression at its outermost operation.
 *
 * @param linear names in which the expression is linear.
 * @throws DownhillError `internal` if the expression is not linear.
 */
export function linearPart(expr: RegionExpr, linear: ReadonlySet<string>): LinearPart {
  const isLinear = (x: RegionExpr): boolean => isLinearIn(x, linear);
  const refuse = (): never => notLinear(expr);
  if (!isFloating(expr.type)) return refuse();
  if (isZero(expr)) return { kind: "zero" };
  if (!isLinear(expr)) return refuse();
  switch (expr.kind) {
    case "const":
    case "length":
      return refuse();
    case "local":
      return { kind: "read", leaf: expr };
    case "load":
      return linear.has(expr.array) && !expr.places.some(isLinear) ? { kind: "read", leaf: expr } : refuse();
    case "convert":
      return { kind: "convert", x: expr.x };
    case "select":
      return isLinear(expr.condition)
        ? refuse()
        : { kind: "select", condition: expr.condition, x: expr.x, y: expr.y };
    case "apply":
      return linearFunction(expr, isLinear);
    default:
      return assertNever(expr, "linearPart");
  }
}

function linearFunction(
  expr: RegionExpr & { readonly kind: "apply" },
  isLinear: (x: RegionExpr) => boolean,
): LinearPart {
  const { function: name, args } = expr;
  const [x, y] = [args[0]!, args[1]!];
  switch (name) {
    case "neg":
      return { kind: "neg", x };
    case "add":
    case "sub":
      return { kind: "sum", x, y, isDifference: name === "sub" };
    case "mul":
      if (isLinear(x) && isLinear(y)) return notLinear(expr);
      return isLinear(x)
        ? { kind: "scaled", x, factor: y, by: "mul", isStrong: false }
        : { kind: "scaled", x: y, factor: x, by: "mul", isStrong: false };
    case "strongMul":
    case "strongMulBoth":
      if (isLinear(x) && isLinear(y)) return notLinear(expr);
      return isLinear(x) && name === "strongMul"
        ? { kind: "scaled", x, factor: y, by: "mul", isStrong: true }
        : {
            kind: "strongly",
            factor: isLinear(x) ? y : x,
            x: isLinear(x) ? x : y,
            isBoth: name === "strongMulBoth",
          };
    case "div":
    case "strongDiv":
    case "maskedDiv":
      if (isLinear(y)) return notLinear(expr);
      return { kind: "scaled", x, factor: y, by: "div", isStrong: name === "strongDiv" };
    // these are strong in tangents only: their transposes are those of plain products
    case "maskedMul":
      if (isLinear(y)) return notLinear(expr);
      return { kind: "scaled", x, factor: y, by: "mul", isStrong: false };
    case "maskedMulBoth":
      if (isLinear(y)) return notLinear(expr);
      return { kind: "strongly", factor: y, x, isBoth: false };
    default:
      return notLinear(expr);
  }
}

function notLinear(expr: RegionExpr): never {
  const name = expr.kind === "apply" ? expr.function : `a ${expr.kind}`;
  throw internalError(`${name} is not linear in the tangents`);
}
