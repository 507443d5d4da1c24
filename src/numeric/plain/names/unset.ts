import { number, truth } from "../draft/draft.ts";
import type { Entity, PresentEntity } from "../entities/entity.ts";
import { absenceOf, jointAbsence, scalar } from "../entities/entity.ts";
import type { Env, UnknownStorage } from "../entities/env.ts";
import { ElaborateAgain, placeHere, refuse } from "../entities/env.ts";
import type { ValuePlan } from "../entities/plan.ts";
import { makeArray, makeRoom, optionalPlan, planOf } from "../entities/plan.ts";
import { planAt } from "../entities/plan-at.ts";
import type { NullAbsence, PlainType } from "../form/form.ts";
import type { Node } from "../syntax/ast.ts";

/**
 * Value of a variable that is declared as `undefined` or `null`, if its type does not determine how it is stored: an
 * array, or a variable without a type. The first assignment determines that.
 */
export function unknownStorage(env: Env, node: Node, absence: NullAbsence | undefined): Entity {
  const { unit, module } = env;
  const place = placeHere(env);
  const start = `${module.file}:${node.start}:`;
  const key = `${start}${unit.unknown.filter((one) => one.key.startsWith(start)).length}`;
  const storage: UnknownStorage = { key, place, absence };
  unit.unknown.push(storage);
  const known = unit.learned.get(key);
  const isNull = absence === "null" ? true : undefined;
  if (known === undefined) return { kind: "nothing", isNull, unknown: storage };
  return makeRoom(env, node, known.plan, env.hint ?? "value");
}

/** Notes how a variable is stored that is assigned a value for the first time, and begins again with this knowledge. */
export function learnStorage(env: Env, node: Node, storage: UnknownStorage, value: Entity): void {
  if (value.kind === "nothing") return;
  const { unknown, learned } = env.unit;
  const order = unknown.indexOf(storage);
  // what was learned of later variables may name locals that get other names now
  for (const [key, { order: other }] of learned) if (other > order) learned.delete(key);
  const given = planAt(env, node, planOf(env, node, value), storage.place);
  const plan = optionalPlan(given, jointAbsence(storage.absence ?? "undefined", absenceOf(value)));
  learned.set(storage.key, { plan, order });
  throw new ElaborateAgain();
}

/** True if the storage of a variable is not determined by its type. */
export function isUnknown(type: PlainType | undefined): boolean {
  return type === undefined || holdsArray(type);
}

/**
 * Value of a variable before its first assignment. A number is NaN, the result of JavaScript's arithmetic with
 * `undefined`. A boolean is false, an optional value absent. Arrays are refused, because their length is not known.
 */
export function unset(env: Env, node: Node, type: PlainType | undefined): Entity {
  const room = makeRoom(env, node, planOfType(env, node, type), "unset");
  const fill = (entity: Entity): Entity => {
    if (entity.kind === "scalar")
      return entity.value.type === "bool" ? scalar(truth(false)) : scalar(number(NaN));
    if (entity.kind === "text") return { kind: "text", code: scalar(number(-1)) };
    if (entity.kind === "record")
      return { ...entity, fields: new Map([...entity.fields].map(([name, part]) => [name, fill(part)])) };
    if (entity.kind === "optional")
      return { ...entity, present: scalar(truth(false)), value: fill(entity.value) as PresentEntity };
    return entity.kind === "tuple" ? { ...entity, items: entity.items.map(fill) } : entity;
  };
  return fill(room);
}

/**
 * Value of `const ys: T[] = []`: an array of length 0. `undefined` if the type does not determine how its items are
 * stored, as for arrays of arrays, whose lengths are not known.
 */
export function emptyArray(env: Env, node: Node, type: PlainType): Entity | undefined {
  const item: PlainType | undefined =
    type.kind === "list" ? type.item : type.kind === "array" ? { kind: "number" } : undefined;
  if (item === undefined || holdsArray(item)) return undefined;
  const plan = {
    kind: "array",
    of: "number[]",
    length: number(0),
    item: planOfType(env, node, item),
  } as const;
  return makeArray(env, node, plan, env.hint ?? "array");
}

function holdsArray(type: PlainType): boolean {
  switch (type.kind) {
    case "number":
    case "boolean":
      return false;
    case "array":
    case "matrix":
    case "list":
      return true;
    case "record":
      return type.fields.some((field) => holdsArray(field.type));
    case "tuple":
      return type.items.some(holdsArray);
    case "optional":
      return holdsArray(type.type);
  }
}

function planOfType(env: Env, node: Node, type: PlainType | undefined): ValuePlan {
  switch (type?.kind) {
    case undefined:
      return { kind: "element", type: "f64" };
    case "number":
      return type.cases === undefined ? { kind: "element", type: "f64" } : { kind: "text" };
    case "boolean":
      return { kind: "element", type: "bool" };
    case "record":
      return {
        kind: "record",
        fields: new Map(type.fields.map((field) => [field.name, planOfType(env, node, field.type)])),
      };
    case "tuple":
      return { kind: "tuple", items: type.items.map((item) => planOfType(env, node, item)) };
    case "optional":
      return {
        kind: "optional",
        value: planOfType(env, node, type.type),
        absence: type.absence,
        isMember: type.isMember,
      };
    case "array":
    case "matrix":
    case "list":
      return refuse(
        env,
        node,
        "the length of an array is fixed when it is created: declare it there, as new Float64Array(n), or by one expression: const y = c ? a : b.",
      );
  }
}
