import type { RegionResult } from "../../engine/region/region.ts";
import type { Node, TypeNode } from "./ast.ts";
import { makeTupleArray } from "./arrays.ts";
import type { ArrayEntity, Entity, Layout } from "./entity.ts";
import { storagesOf } from "./entity.ts";
import type { Env } from "./env.ts";
import { refuse } from "./env.ts";
import type { PlainType } from "./form.ts";
import { copyInto, makeArray, planOf } from "./plan.ts";
import type { Plan } from "./plan.ts";
import { arrayOf } from "./types.ts";

/** The results of the region for what a marked function returns, and how the value is made of them. */
export function resultsOf(
  env: Env,
  node: Node,
  value: Entity,
  annotation: TypeNode | undefined,
): { readonly results: RegionResult[]; readonly type: PlainType } {
  const results: RegionResult[] = [];
  const used = new Set<string>();
  const give = (entity: Entity, isTuple: boolean): PlainType => {
    switch (entity.kind) {
      case "scalar": {
        results.push({ kind: "scalar", value: entity.value });
        return { kind: entity.value.type === "bool" ? "boolean" : "number" };
      }
      case "array": {
        const array = ownArray(env, node, entity, used);
        for (const { name } of storagesOf(array.layout)) {
          used.add(name);
          results.push({ kind: "array", name });
        }
        return typeOfLayout(array.layout);
      }
      case "record":
        return {
          kind: "record",
          fields: [...entity.fields].map(([name, field]) => ({ name, type: give(field, false) })),
        };
      case "tuple":
        if (!isTuple && isRow(entity.items)) return give(makeTupleArray(env, node, entity, "result"), false);
        return { kind: "tuple", items: entity.items.map((item) => give(item, false)) };
      case "function":
      case "global":
      case "nothing":
        return refuse(
          env,
          node,
          "a marked function returns a number, or arrays, tuples and objects of numbers.",
        );
    }
  };
  const type = give(value, annotation?.type === "TSTupleType");
  return { results, type };
}

/** Whether items are all numbers: TypeScript takes such a literal for an array. */
function isRow(items: readonly Entity[]): boolean {
  return items.length > 0 && items.every((item) => item.kind === "scalar" && item.value.type === "f64");
}

/** The array itself, where it is one that the region declares outermost and gives but once; else a copy. */
function ownArray(env: Env, node: Node, array: ArrayEntity, used: ReadonlySet<string>): ArrayEntity {
  const isOwn =
    array.places.length === 0 &&
    storagesOf(array.layout).every(
      ({ name, dims, blocks }) => dims !== undefined && blocks.length === 1 && !used.has(name),
    );
  if (isOwn) return array;
  const copy = makeArray(env, node, planOf(env, node, array) as Plan & { readonly kind: "array" }, "result");
  copyInto(env, node, copy, array);
  return copy;
}

function typeOfLayout(layout: Layout): PlainType {
  switch (layout.kind) {
    case "element":
      return { kind: layout.storage.type === "bool" ? "boolean" : "number" };
    case "array": {
      if (layout.item.kind === "element" && layout.item.storage.type !== "bool")
        return { kind: "array", of: layout.of };
      const item = typeOfLayout(layout.item);
      return (layout.of === "number[]" ? arrayOf(item) : undefined) ?? { kind: "list", item };
    }
    case "record":
      return {
        kind: "record",
        fields: [...layout.fields].map(([name, field]) => ({ name, type: typeOfLayout(field) })),
      };
    case "tuple":
      return { kind: "tuple", items: layout.items.map(typeOfLayout) };
  }
}
