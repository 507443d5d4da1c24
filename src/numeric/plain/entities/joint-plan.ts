// Plans of storage for one of several values.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { number } from "../draft/draft.ts";
import { jointAbsence } from "./entity.ts";
import type { ValuePlan } from "./plan.ts";
import { fieldNames, sameExpr, sameKind } from "./plan.ts";

/**
 * Plan of storage that fits either of two values; `undefined` if their kinds differ. For lengths that may differ,
 * `choose` returns the length of the value that is used.
 */
export function jointPlan(
  a: ValuePlan,
  b: ValuePlan,
  choose: (a: RegionExpr, b: RegionExpr) => RegionExpr,
): ValuePlan | undefined {
  if (!sameKind(a, b, false)) return undefined;
  const joint = (x: ValuePlan, y: ValuePlan): ValuePlan => {
    if (x.kind === "optional" || y.kind === "optional") {
      const [first, second] = [x, y].map((side) => (side.kind === "optional" ? side.value : side));
      const absences = [x, y].map((side) =>
        side.kind === "optional" ? (side.absence ?? "undefined") : undefined,
      );
      const isMember = [x, y].every((side) => side.kind !== "optional" || side.isMember === true);
      return {
        kind: "optional",
        value: joint(first!, second!),
        absence: jointAbsence(...absences),
        ...(isMember && { isMember }),
      };
    }
    if (x.kind === "array" && y.kind === "array") {
      const length = sameExpr(x.length, y.length) ? x.length : choose(x.length, y.length);
      return { ...x, length, item: joint(x.item, y.item) };
    }
    if (x.kind === "record" && y.kind === "record") {
      const fields = fieldNames(x, y).map((name) => {
        const [field, other] = [x.fields.get(name), y.fields.get(name)];
        return [name, field && other ? joint(field, other) : memberPlan((field ?? other)!)] as const;
      });
      return { kind: "record", fields: new Map(fields) };
    }
    if (x.kind === "tuple" && y.kind === "tuple")
      return { kind: "tuple", items: x.items.map((item, i) => joint(item, y.items[i]!)) };
    if (x.kind === "tuple" && y.kind === "array") return joint(arrayPlan(x, y), y);
    if (x.kind === "array" && y.kind === "tuple") return joint(x, arrayPlan(y, x));
    return x;
  };
  return joint(a, b);
}

/** Plan of an array that has as many items as the tuple, of the kinds of the given array's items. */
function arrayPlan(
  { items }: ValuePlan & { readonly kind: "tuple" },
  { of, item }: ValuePlan & { readonly kind: "array" },
): ValuePlan {
  return { kind: "array", of, length: number(items.length), item: items[0] ?? item };
}

/** Plan of a field that only some members of a union have. */
function memberPlan(plan: ValuePlan): ValuePlan {
  return plan.kind === "optional" ? plan : { kind: "optional", value: plan, isMember: true };
}

/** Plan of storage for all of several values, if they are objects with different fields; else that of the first one. */
export function commonPlan(plans: readonly [ValuePlan, ...ValuePlan[]]): ValuePlan {
  return plans.reduce((all, plan) =>
    all.kind === "record" ? (jointPlan(all, plan, (length) => length) ?? all) : all,
  );
}
