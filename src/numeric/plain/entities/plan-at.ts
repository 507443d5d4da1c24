import type { Node } from "../syntax/ast.ts";
import type { Env, InsertionPoint } from "./env.ts";
import { lengthAt } from "./lengths.ts";
import type { ValuePlan } from "./plan.ts";

/** Returns the plan with lengths that are known at an earlier insertion point. */
export function planAt(env: Env, node: Node, plan: ValuePlan, point: InsertionPoint): ValuePlan {
  switch (plan.kind) {
    case "element":
    case "text":
      return plan;
    case "array": {
      const length = lengthAt(env, node, plan.length, point);
      return { ...plan, length, item: planAt(env, node, plan.item, point) };
    }
    case "record": {
      const fields = [...plan.fields].map(
        ([name, field]) => [name, planAt(env, node, field, point)] as const,
      );
      return { ...plan, fields: new Map(fields) };
    }
    case "tuple":
      return { ...plan, items: plan.items.map((item) => planAt(env, node, item, point)) };
    case "optional":
      return { ...plan, value: planAt(env, node, plan.value, point) };
  }
}
