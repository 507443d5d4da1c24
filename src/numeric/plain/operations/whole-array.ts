// Math functions applied to all elements of an array: Math.max(...xs), Math.hypot(...xs).
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { apply, arithmetic, compare, number, or, truth } from "../draft/draft.ts";
import type { ArrayEntity, ScalarEntity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, letLocal, refuse } from "../entities/env.ts";
import { arrayLength, copyInto, eachPlace, itemAt } from "../entities/plan.ts";
import type { Node } from "../syntax/ast.ts";
import { hypotScale, hypotValue } from "./math.ts";

type WholeArrayFunction = (env: Env, node: Node, array: ArrayEntity) => RegionExpr;

/**
 * Returns the implementation of a function of all elements of an array; `undefined` for functions other than
 * `Math.max`, `Math.min` and `Math.hypot`.
 */
export function ofWholeArray(name: string): WholeArrayFunction | undefined {
  switch (name) {
    case "Math.max":
      return (env, node, array) => extremum(env, node, array, "maximum");
    case "Math.min":
      return (env, node, array) => extremum(env, node, array, "minimum");
    case "Math.hypot":
      return hypotOfArray;
    default:
      return undefined;
  }
}

function extremum(env: Env, node: Node, array: ArrayEntity, choose: "maximum" | "minimum"): RegionExpr {
  const isLargest = choose === "maximum";
  const ofNone = number(isLargest ? -Infinity : Infinity);
  const best = letLocal(env, isLargest ? "largest" : "least", ofNone, { mutable: true });
  eachNumber(env, node, array, (inner, x) => set(inner, node, best, apply(choose, "f64", best.value, x)));
  return best.value;
}

/** `Math.hypot` of an array: one pass determines the scale, a second adds the squares. */
function hypotOfArray(env: Env, node: Node, array: ArrayEntity): RegionExpr {
  const largest = letLocal(env, "largest", number(0), { mutable: true });
  const isInfinite = letLocal(env, "infinite", truth(false), { mutable: true });
  eachNumber(env, node, array, (inner, x) => {
    const size = apply("abs", "f64", x);
    set(inner, node, isInfinite, or(isInfinite.value, compare("equal", size, number(Infinity))));
    set(inner, node, largest, apply("maximum", "f64", largest.value, size));
  });
  const unit = hypotScale(env, largest.value);
  const sum = letLocal(env, "sum", number(0), { mutable: true });
  eachNumber(env, node, array, (inner, x) => {
    const part = arithmetic("mul", x, unit);
    set(inner, node, sum, arithmetic("add", sum.value, arithmetic("mul", part, part)));
  });
  return hypotValue({ sum: sum.value, unit, largest: largest.value, isInfinite: isInfinite.value });
}

function set(env: Env, node: Node, target: ScalarEntity, value: RegionExpr): void {
  copyInto(env, node, target, scalar(value));
}

function eachNumber(
  env: Env,
  node: Node,
  array: ArrayEntity,
  body: (inner: Env, x: RegionExpr) => void,
): void {
  eachPlace(
    env,
    arrayLength(array),
    "k",
    (inner, k) => {
      const item = itemAt(array, k);
      if (item.kind !== "scalar") return refuse(env, node, "only an array of numbers can be spread here.");
      body(inner, item.value);
    },
    at(env, node),
  );
}
