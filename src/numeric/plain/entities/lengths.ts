// Lengths of arrays as expressions that can be evaluated elsewhere.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { partsOf } from "../../../engine/region/form/walk.ts";
import { lengthOf, someExpr } from "../draft/draft.ts";
import type { Node } from "../syntax/ast.ts";
import type { ArrayStorage } from "./entity.ts";
import type { Env, InsertionPoint } from "./env.ts";
import { keep, refuse } from "./env.ts";

/** Length of an axis of an array, expressed by parameters if possible. */
export function axisLength(env: Env, storage: ArrayStorage, axis: number): RegionExpr {
  return resolved(env, storage.dims?.[axis] ?? lengthOf(storage.name, axis));
}

/**
 * Rewrites an expression in terms of parameters and their lengths, by substituting immutable locals and lengths of
 * arrays.
 */
function resolved(env: Env, expr: RegionExpr): RegionExpr {
  switch (expr.kind) {
    case "const":
    case "load":
    case "select":
      return expr;
    case "local": {
      const definition = env.unit.definitions.get(expr.name);
      const inner = definition && resolved(env, definition.value);
      return inner !== undefined && isOfInputs(env, inner) ? inner : expr;
    }
    case "length":
      return expr;
    case "convert": {
      if (expr.x.kind === "length") {
        const dim = env.unit.dims.get(expr.x.array)?.[expr.x.axis];
        if (dim !== undefined) return resolved(env, dim);
      }
      return expr;
    }
    case "apply":
      return { ...expr, args: expr.args.map((arg) => resolved(env, arg)) };
  }
}

/**
 * True if an expression consists only of parameters, their lengths and constants, so that it can be evaluated anywhere.
 */
function isOfInputs(env: Pick<Env, "unit">, expr: RegionExpr): boolean {
  const { unit } = env;
  if (expr.kind === "local")
    return unit.params.some(({ name }) => name === expr.name) && !unit.mutable.has(expr.name);
  if (expr.kind === "load") return false;
  if (expr.kind === "length") return !unit.dims.has(expr.array);
  return partsOf(expr).every((part) => isOfInputs(env, part));
}

/** Returns the length as an expression that can be computed at the insertion point. Throws if that is impossible. */
export function lengthAt(
  env: Env,
  node: Node,
  length: RegionExpr,
  place: InsertionPoint | undefined,
): RegionExpr {
  if (place === undefined) {
    const inputs = resolved(env, length);
    return isOfInputs(env, inputs) ? inputs : keep(env, length, "n");
  }
  return (
    knownAt(env, length, place) ??
    refuse(
      env,
      node,
      `the length of this array is not known before the branches or iterations that make it: make the array before them.`,
    )
  );
}

/** Expresses a value by names that exist at an earlier insertion point; `undefined` if that is impossible. */
export function knownAt(env: Env, expr: RegionExpr, place: InsertionPoint): RegionExpr | undefined {
  const inputs = resolved(env, expr);
  if (isOfInputs(env, inputs)) return inputs;
  const isKnown = !someExpr(inputs, (part) => {
    if (part.kind === "load") return true;
    const known = part.kind === "local" ? env.unit.definitions.get(part.name) : undefined;
    if (part.kind !== "local" || env.unit.params.some(({ name }) => name === part.name)) return false;
    if (place.trips.some(({ index }) => index === part.name)) return false;
    return (
      known === undefined ||
      known.serial >= place.serial ||
      !known.blocks.every((block) => place.blocks.includes(block))
    );
  });
  return isKnown ? inputs : undefined;
}
