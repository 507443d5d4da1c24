import { assertNever } from "../../util/assert-never.ts";
import type { RegionBuilder, BlockWriter } from "../form/build.ts";
import { constant, convert, isZero, select } from "../form/build.ts";
import type { RegionExpr } from "../form/region.ts";
import { linearPart } from "./linearity.ts";
import { isHarmless } from "./masks.ts";

/**
 * Facts and functions with which a cotangent is propagated backward through an expression to the names that it reads.
 */
export interface Pullback {
  readonly build: RegionBuilder;
  /** Names that depend on a linear parameter. */
  readonly linear: ReadonlySet<string>;
  /** Locals that are certainly finite. */
  readonly finite: ReadonlySet<string>;
  readonly writer: BlockWriter;
  /**
   * Returns a coefficient, condition or index with the locals of the forward pass replaced by those of the backward
   * pass.
   */
  readonly recall: (expr: RegionExpr) => RegionExpr;
  /** Adds `ct` to the cotangent of a local or of an array element. */
  readonly accumulate: (leaf: RegionExpr & { readonly kind: "local" | "load" }, ct: RegionExpr) => void;
}

/**
 * Propagates the cotangent `ct` backward through a linear expression: adds it, times the coefficients of the
 * expression, to the cotangents of the names that the expression reads. If `isMasked`, `ct` may be a masked zero, and
 * products have a strong zero (docs/masks.md).
 */
export function pullBack(pull: Pullback, expr: RegionExpr, ct: RegionExpr, isMasked: boolean): void {
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
