import type { RegionResult } from "../../../engine/region/form/region.ts";
import { number } from "../draft/draft.ts";
import type { ArrayEntity, Entity, ValueLayout } from "../entities/entity.ts";
import { showAbsence, storagesOf } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { refuse } from "../entities/env.ts";
import {
  arrayLength,
  copyInto,
  guardLengths,
  itemAt,
  makeArray,
  planOf,
  presentValue,
} from "../entities/plan.ts";
import type { ValuePlan } from "../entities/plan.ts";
import type { PlainType } from "../form/form.ts";
import { makeTupleArray } from "../operations/arrays.ts";
import type { FunctionNode, Node, ReturnStatement, TypeNode } from "../syntax/ast.ts";
import type { Module } from "../syntax/module.ts";
import { PlainError } from "../syntax/refuse.ts";
import { arrayOf, optionalType } from "../syntax/joint-types.ts";
import { typeOf } from "../syntax/types.ts";
import { walkStatements } from "../syntax/walk.ts";

/** Returns the results of the region for the value that a marked function returns, and the type of that value. */
export function resultsOf(
  env: Env,
  node: Node,
  value: Entity,
  annotation: TypeNode | undefined,
): { readonly results: RegionResult[]; readonly type: PlainType } {
  const results: RegionResult[] = [];
  const used = new Set<string>();
  const give = (entity: Entity, declared: PlainType | undefined): PlainType => {
    switch (entity.kind) {
      case "scalar": {
        results.push({ kind: "scalar", value: entity.value });
        return { kind: entity.value.type === "bool" ? "boolean" : "number" };
      }
      case "array": {
        if (declared?.kind === "tuple")
          return give(itemsOf(env, node, entity, declared.items.length), declared);
        const plan = planOf(env, node, entity);
        const wanted = declared === undefined ? plan : planAs(declared, plan);
        if (wanted !== plan) {
          const laidOut = makeArray(env, node, wanted as ArrayValuePlan, "result");
          copyInto(env, node, laidOut, entity);
          return give(laidOut, undefined);
        }
        const array = ownArray(env, node, entity, used);
        for (const { name } of storagesOf(array.layout)) {
          used.add(name);
          results.push({ kind: "array", name });
        }
        return typeOfLayout(array.layout);
      }
      case "record": {
        const typeOfField = (name: string): PlainType | undefined =>
          declared?.kind === "record"
            ? declared.fields.find((field) => field.name === name)?.type
            : undefined;
        return {
          kind: "record",
          fields: [...entity.fields].map(([name, field]) => ({ name, type: give(field, typeOfField(name)) })),
        };
      }
      case "tuple": {
        const isArray = declared === undefined ? isRow(entity.items) : declared.kind !== "tuple";
        if (isArray && entity.items.length > 0)
          return give(makeTupleArray(env, node, entity, "result"), declared);
        const items = declared?.kind === "tuple" ? declared.items : [];
        return { kind: "tuple", items: entity.items.map((item, i) => give(item, items[i])) };
      }
      case "text":
        return refuse(
          env,
          returnedIn(node),
          'a string is no result that has a derivative: return a number for each case, as in kind === "up" ? 1 : 0.',
        );
      case "optional":
        if (entity.isMember === true) return give(presentValue(env, returnedIn(node), entity), declared);
        return refuse(
          env,
          returnedIn(node),
          `the result may be ${showAbsence(entity)}, and so has no fixed shape: return a number in that case, as in x ?? 0.`,
        );
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
  const type = give(value, annotation && declaredType(annotation, env.module));
  return { results, type };
}

/** Returns the first expression that a function returns, for messages. */
function returnedIn(node: Node): Node {
  const { body } = node as FunctionNode;
  let found: Node | undefined = body.type === "BlockStatement" ? undefined : body;
  walkStatements(body, (stmt) => {
    if (stmt.type === "ReturnStatement") found ??= (stmt as ReturnStatement).argument ?? stmt;
  });
  return found ?? node;
}

type ArrayValuePlan = ValuePlan & { readonly kind: "array" };

/** Declared result type of a function; `undefined` if it is not a type of differentiable values. */
export function declaredType(annotation: TypeNode, module: Module): PlainType | undefined {
  try {
    return typeOf(annotation, module);
  } catch (error) {
    if (error instanceof PlainError) return undefined;
    throw error;
  }
}

/**
 * Returns the plan with rows as tuples wherever the declared type has tuples. Returns the same object if nothing
 * differs.
 */
function planAs(declared: PlainType, plan: ValuePlan): ValuePlan {
  if (plan.kind === "array" && declared.kind === "tuple")
    return { kind: "tuple", items: declared.items.map((item) => planAs(item, plan.item)) };
  if (plan.kind === "array" && declared.kind === "list") {
    const item = planAs(declared.item, plan.item);
    return item === plan.item ? plan : { ...plan, item };
  }
  if (plan.kind === "tuple" && declared.kind === "tuple") {
    const items = plan.items.map((item, i) => planAs(declared.items[i] ?? declared, item));
    return items.every((item, i) => item === plan.items[i]) ? plan : { ...plan, items };
  }
  if (plan.kind === "record" && declared.kind === "record") {
    const types = new Map(declared.fields.map(({ name, type }) => [name, type]));
    const fields = [...plan.fields].map(
      ([name, field]) => [name, planAs(types.get(name) ?? declared, field)] as const,
    );
    return fields.every(([name, field]) => field === plan.fields.get(name))
      ? plan
      : { ...plan, fields: new Map(fields) };
  }
  return plan;
}

/** Returns the items of an array that is returned as a tuple of length `n`. */
function itemsOf(env: Env, node: Node, array: ArrayEntity, n: number): Entity {
  guardLengths(
    env,
    node,
    number(n),
    arrayLength(array),
    `The result type is a tuple of ${n} items: return an array of ${n} numbers, or declare the result as number[].`,
  );
  const items = Array.from({ length: n }, (_, i) => itemAt(array, number(i)));
  return { kind: "tuple", items, root: array.root, fresh: false };
}

/** True if all items are numbers. TypeScript infers an array for such a literal. */
function isRow(items: readonly Entity[]): boolean {
  return items.length > 0 && items.every((item) => item.kind === "scalar" && item.value.type === "f64");
}

/**
 * Returns the array itself if the region can return it: its outermost block declares it, and no other result uses it.
 * Otherwise returns a copy.
 */
function ownArray(env: Env, node: Node, array: ArrayEntity, used: ReadonlySet<string>): ArrayEntity {
  const isOwn =
    array.places.length === 0 &&
    storagesOf(array.layout).every(
      ({ name, dims, blocks }) => dims !== undefined && blocks.length === 1 && !used.has(name),
    );
  if (isOwn) return array;
  const copy = makeArray(env, node, planOf(env, node, array) as ArrayValuePlan, "result");
  copyInto(env, node, copy, array);
  return copy;
}

function typeOfLayout(layout: ValueLayout): PlainType {
  switch (layout.kind) {
    case "element":
      return { kind: layout.storage.type === "bool" ? "boolean" : "number" };
    case "text":
      return { kind: "number", integer: true };
    case "array": {
      if (layout.item.kind === "element" && layout.item.storage.type !== "bool")
        return { kind: "array", of: layout.of };
      const item = typeOfLayout(layout.item);
      return layout.of === "number[]" ? arrayOf(item) : { kind: "list", item };
    }
    case "record":
      return {
        kind: "record",
        fields: [...layout.fields].map(([name, field]) => ({ name, type: typeOfLayout(field) })),
      };
    case "tuple":
      return { kind: "tuple", items: layout.items.map(typeOfLayout) };
    case "optional":
      return optionalType(typeOfLayout(layout.value));
  }
}
