import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, arithmetic, compare, number, not, select, truth } from "../draft/draft.ts";
import type {
  ArrayEntity,
  Entity,
  RecordEntity,
  ScalarEntity,
  TextEntity,
  TupleEntity,
} from "../entities/entity.ts";
import { absenceOf, describe, jointAbsence, nothing, optional, scalar, viewOf } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  at,
  atom,
  codeOf,
  isPresent,
  keep,
  newRoot,
  numberValue,
  refuse,
  textOf,
  whileUsed,
} from "../entities/env.ts";
import { arrayLength, itemAt, presentValue } from "../entities/plan.ts";
import type { Expression, Identifier, MemberExpression, Node, Property } from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";
import { constantOf } from "../syntax/constants.ts";
import { refuseLeftOut } from "./left-out.ts";
import { choose } from "./operators.ts";

/** Evaluates `x.name` or `x[i]`. */
export function member(env: Env, node: MemberExpression): Entity {
  const object = env.unit.elaborate.evaluate(env, node.object);
  return memberOf(env, node, presentValue(env, node, object, `(reading '${keyText(env, node)}')`));
}

function keyText(env: Env, { computed, property }: MemberExpression): string {
  return computed ? (constantKey(property) ?? textOf(env, property)) : (property as Identifier).name;
}

function memberOf(env: Env, node: MemberExpression, object: Entity): Entity {
  const name = node.computed ? constantKey(node.property) : (node.property as Identifier).name;
  if (typeof name === "string") return field(env, node, object, name);
  const index = whileUsed(env, object, () => env.unit.elaborate.evaluate(env, node.property));
  if (index.kind === "text" && object.kind === "record") return fieldByText(env, node, object, index);
  const place = numberValue(env, node.property, index);
  const read = env.maybeAbsent === node ? elementOrNothing : element;
  return read(env, node, object, place);
}

/**
 * Returns the field whose name is a string that may only be known at run time. In that case, all fields must be
 * numbers, numbers that may be absent, or objects with equal fields.
 */
function fieldByText(env: Env, node: MemberExpression, object: RecordEntity, text: TextEntity): Entity {
  const code = text.code.value;
  if (code.kind === "const") return field(env, node, object, env.unit.texts[code.value]!);
  const key = atom(env, code, "key");
  const parts = [...object.fields.values()];
  const codes = [...object.fields.keys()].map((name) => codeOf(env.unit, name));
  const areAll = text.cases?.every((one) => codes.includes(one)) === true;
  const [first] = parts;
  if (
    (first?.kind === "record" || first?.kind === "tuple") &&
    parts.every(({ kind }) => kind === first.kind)
  ) {
    const place = codes.reduceRight<RegionExpr>(
      (rest, one, k) => select(compare("equal", key, number(one)), number(k), rest),
      number(-1),
    );
    const kept = atom(env, place, "place");
    if (!areAll) {
      const message = `the name is not one of ${[...object.fields.keys()].join(", ")}`;
      const otherwise = { kind: "throw", message, error: "TypeError", at: at(env, node) } as const;
      const isNone = compare("less", kept, number(0));
      env.out.push({ kind: "if", condition: isNone, then: [otherwise], otherwise: [], at: at(env, node) });
    }
    return itemAmong(env, node, kept, parts);
  }
  let value: RegionExpr = number(NaN);
  let present: RegionExpr = truth(false);
  for (const [name, part] of [...object.fields].toReversed()) {
    if (part.kind === "function" || part.kind === "global")
      return refuse(env, node, `call the function where the name selects it, as in ${textOf(env, node)}(x).`);
    const inner = part.kind === "optional" ? part.value : part;
    if (inner.kind !== "scalar" || inner.value.type === "bool")
      return refuse(
        env,
        node,
        `${textOf(env, node)}: ${name} is ${describe(part)}, and a name that is not known selects among numbers: choose by if.`,
      );
    const isIt = compare("equal", key, number(codeOf(env.unit, name)));
    value = select(isIt, inner.value, value);
    present = select(isIt, isPresent(env, part), present);
  }
  const absences = parts.map(absenceOf);
  if (absences.every((absence) => absence === undefined)) return scalar(value);
  return optional(scalar(atom(env, present, "isPresent")), scalar(value), {
    absence: jointAbsence(...absences),
  });
}

/** Returns the key of `x["name"]`, or `undefined`. */
function constantKey(node: Expression): string | undefined {
  const key = unwrap(node);
  return key.type === "Literal" && typeof key.value === "string" ? key.value : undefined;
}

function field(env: Env, node: MemberExpression, object: Entity, name: string): Entity {
  if (object.kind === "global") return globalField(`${object.name}.${name}`);
  if (object.kind === "record") {
    const found = object.fields.get(name);
    if (found !== undefined) return found;
    if (!object.root.readOnly && !env.module.leftOut.has(name)) return nothing; // an object created in this function has exactly its initial fields
    const names = [...object.fields.keys()].join(", ");
    if (env.module.leftOut.has(name)) return refuseLeftOut(env, node, name);
    return refuse(
      env,
      node,
      `there is no field ${name} in ${textOf(env, node.object)}, which has: ${names}.`,
    );
  }
  if (name === "length" && object.kind === "array") return scalar(arrayLength(object));
  if (name === "length" && object.kind === "tuple") return scalar(number(object.items.length));
  if (object.kind === "array" || object.kind === "tuple")
    return refuse(
      env,
      node,
      `${name} of an array is not known here: use its length, its elements, and loops.`,
    );
  return refuse(env, node, `${textOf(env, node.object)} is ${describe(object)} and has no field ${name}.`);
}

function globalField(name: string): Entity {
  const constant = constantOf(name);
  return constant === undefined ? { kind: "global", name } : scalar(number(constant));
}

/**
 * Evaluates an expression whose absence the code around it handles, like the left side of `x[i] ?? 0` or the object of
 * `rows[i]?.length`. An element outside of its array is `undefined` there.
 */
export function evaluateMaybe(env: Env, node: Expression): Entity {
  return env.unit.elaborate.evaluate({ ...env, maybeAbsent: unwrap(node) }, node);
}

/** Element or item at an index; `undefined` if the object has none there. */
function elementOrNothing(env: Env, node: Node, object: Entity, place: RegionExpr): Entity {
  if (object.kind !== "array" && object.kind !== "tuple") return element(env, node, object, place);
  if (object.kind === "tuple" && place.kind === "const") return object.items[place.value] ?? nothing;
  const i = keep(env, place, "place");
  const length = object.kind === "array" ? arrayLength(object) : number(object.items.length);
  const isInside = and(
    and(compare("lessEqual", number(0), i), compare("less", i, length)),
    compare("equal", arithmetic("floor", i), i),
  );
  const isThere = atom(env, isInside, "isThere");
  if (object.kind === "array") return itemWhere(env, object, i, isThere);
  const then = (inner: Env): Entity => tupleItem(inner, node, object, i);
  return choose(env, { node, sides: [node, node], test: isThere, then, otherwise: () => nothing });
}

/** Item at an index that is in range where a condition holds; `undefined` elsewhere. */
export function itemWhere(env: Env, array: ArrayEntity, place: RegionExpr, isThere: RegionExpr): Entity {
  const item = itemAt(array, place);
  if (item.kind !== "scalar") return optional(scalar(isThere), item);
  const { value } = item;
  const missing = value.type === "bool" ? truth(false) : number(NaN);
  return optional(scalar(isThere), scalar(keep(env, select(isThere, value, missing), "found")));
}

/** Element or row of an array at a bounds-checked index, or the item of a tuple. */
export function element(env: Env, node: Node, object: Entity, place: RegionExpr): Entity {
  if (object.kind === "array") {
    const { item } = object.layout;
    const fixed = item.kind === "element" && object.count === undefined ? place : keep(env, place, "place");
    if (object.count !== undefined) guardCount(env, node, fixed, object.count);
    return viewOf(item, [...object.places, fixed], object.root, at(env, node));
  }
  if (object.kind === "tuple") return tupleItem(env, node, object, place);
  return refuse(
    env,
    node,
    `${textOf(env, node)}: only arrays have elements, and this is ${describe(object)}.`,
  );
}

/** Emits a check that an index is below the number of items of an array that grows. */
function guardCount(env: Env, node: Node, place: RegionExpr, count: RegionExpr): void {
  const message = "the index is beyond the items that the array has so far";
  const where = at(env, node);
  const then = [{ kind: "throw", message, at: where }] as const;
  env.out.push({ kind: "if", condition: not(compare("less", place, count)), then, otherwise: [], at: where });
}

function tupleItem(env: Env, node: Node, tuple: TupleEntity, place: RegionExpr): Entity {
  const { items } = tuple;
  if (place.kind === "const") {
    const item = items[place.value];
    const last = items.length - 1;
    const places =
      last < 0
        ? "the array is empty here. Give it a type if push fills it, as const ys: number[] = [], or make it with its length, as new Float64Array(n)."
        : `the indices are 0 to ${last}, got ${place.value}.`;
    return item ?? refuse(env, node, `${textOf(env, node)}: ${places}`);
  }
  // a short tuple is stored in locals, and the index selects one at run time
  const i = atom(env, place, "place");
  const isThere = and(
    and(compare("lessEqual", number(0), i), compare("less", i, number(items.length))),
    compare("equal", arithmetic("floor", i), i),
  );
  const message = `the index is not one of 0 to ${items.length - 1}`;
  const where = at(env, node);
  const otherwise = { kind: "throw", message, at: where } as const;
  env.out.push({ kind: "if", condition: not(isThere), then: [otherwise], otherwise: [], at: where });
  return itemAmong(env, node, i, items);
}

/** Selects an item of a tuple at an index known only at run time. All items must have the same structure. */
function itemAmong(env: Env, node: Node, place: RegionExpr, items: readonly Entity[]): Entity {
  const differ = (): never =>
    refuse(
      env,
      node,
      `${textOf(env, node)}: the items of this tuple ${items.some(({ kind }) => kind === "array") ? "are separate arrays" : "differ in kind"}, ` +
        `and need a constant index. Put them into one array, as number[][], or choose by if.`,
    );
  const [first] = items;
  if (first?.kind === "scalar") {
    const scalars = items.filter(
      (item): item is ScalarEntity => item.kind === "scalar" && item.value.type === first.value.type,
    );
    if (scalars.length < items.length) return differ();
    const value = scalars
      .map((item) => item.value)
      .reduceRight((rest, one, k) => select(compare("equal", place, number(k)), one, rest));
    return scalar(value, { kind: "item", place, items: scalars });
  }
  if (first?.kind === "tuple") {
    const { length } = first.items;
    const rows = items.filter((item) => item.kind === "tuple" && item.items.length === length);
    if (rows.length < items.length) return differ();
    const parts = first.items.map((_, k) =>
      itemAmong(
        env,
        node,
        place,
        rows.map((row) => (row as TupleEntity).items[k]!),
      ),
    );
    return { kind: "tuple", items: parts, root: newRoot(env, textOf(env, node)), fresh: false };
  }
  if (first?.kind === "record") {
    const fields = [...first.fields.keys()].map((name) => {
      const parts = items.flatMap((item) => (item.kind === "record" ? (item.fields.get(name) ?? []) : []));
      return parts.length < items.length ? differ() : ([name, itemAmong(env, node, place, parts)] as const);
    });
    return { kind: "record", fields: new Map(fields), root: newRoot(env, textOf(env, node)), fresh: false };
  }
  return differ();
}

/** Returns the item of an array or tuple at a constant index, for destructuring patterns such as `[a, b]`. */
export function itemNumber(env: Env, node: Node, whole: Entity, i: number): Entity {
  const object = presentValue(env, node, whole, `(reading '${i}')`);
  if (object.kind === "array" || object.kind === "tuple") return element(env, node, object, number(i));
  return refuse(env, node, `${describe(object)} cannot be destructured by index.`);
}

/**
 * Returns the field that a property of a destructuring pattern such as `{ a, b }` names. A missing field of an object
 * that the function has made is `undefined`; others are refused.
 */
export function fieldNamed(env: Env, node: Property, whole: Entity): Entity {
  const name = fieldName(node);
  if (name === undefined) return refuse(env, node, "a field must be named by a constant here.");
  const object = presentValue(env, node, whole, `(reading '${name}')`);
  const found = object.kind === "record" ? object.fields.get(name) : undefined;
  if (found !== undefined) return found;
  if (object.kind === "global") return globalField(`${object.name}.${name}`);
  if (name === "length" && object.kind === "array") return scalar(arrayLength(object));
  if (object.kind === "record" && !object.root.readOnly && !env.module.leftOut.has(name)) return nothing;
  if (env.module.leftOut.has(name)) return refuseLeftOut(env, node, name);
  return refuse(env, node, `there is no field ${name} in ${describe(object)}.`);
}

/** Returns the name of a property; `undefined` if it is computed from something that is not constant. */
export function fieldName({ key, computed }: Property): string | undefined {
  if (!computed && key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}
