import type { RegionExpr, RegionType } from "../../../engine/region/form/region.ts";
import { compare, isTrue, lengthOf, not, number, select } from "../draft/draft.ts";
import type { ArrayKind, NullAbsence } from "../form/form.ts";
import type { Node } from "../syntax/ast.ts";
import type {
  ArrayEntity,
  ArrayLayout,
  Entity,
  ValueLayout,
  OptionalEntity,
  PresentEntity,
  ObjectIdentity,
  ScalarEntity,
  ArrayStorage,
} from "./entity.ts";
import { absenceOf, describe, nothing, optional, scalar, showAbsence, storagesOf, viewOf } from "./entity.ts";
import type { Env, InsertionPoint } from "./env.ts";
import {
  assuming,
  at,
  atom,
  isPresent,
  letLocal,
  nested,
  nestedLoop,
  newRoot,
  refuse,
  textOf,
} from "./env.ts";
import { logWrite } from "./facts.ts";
import { axisLength, lengthAt } from "./lengths.ts";

/** Structure of a value with the lengths of its arrays, sufficient to allocate another value of the same kind. */
export type ValuePlan =
  | { readonly kind: "element"; readonly type: RegionType }
  | { readonly kind: "text" }
  | { readonly kind: "array"; readonly of: ArrayKind; readonly length: RegionExpr; readonly item: ValuePlan }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, ValuePlan> }
  | { readonly kind: "tuple"; readonly items: readonly ValuePlan[] }
  | {
      readonly kind: "optional";
      readonly value: ValuePlan;
      readonly absence?: NullAbsence | undefined;
      readonly isMember?: true | undefined;
    };

/** Returns the plan of a value; refuses functions and `undefined`. */
export function planOf(env: Env, node: Node, entity: Entity): ValuePlan {
  switch (entity.kind) {
    case "scalar":
      return { kind: "element", type: entity.value.type };
    case "text":
      return { kind: "text" };
    case "array": {
      const plan = planOfLayout(env, entity.layout, entity.places.length);
      return entity.count !== undefined && plan.kind === "array" ? { ...plan, length: entity.count } : plan;
    }
    case "record": {
      const fields = [...entity.fields].map(([name, field]) => [name, planOf(env, node, field)] as const);
      return { kind: "record", fields: new Map(fields) };
    }
    case "tuple":
      return { kind: "tuple", items: entity.items.map((item) => planOf(env, node, item)) };
    case "optional":
      return {
        kind: "optional",
        value: planOf(env, node, entity.value),
        absence: entity.absence,
        isMember: entity.isMember,
      };
    case "function":
    case "global":
      return refuse(
        env,
        node,
        `a function cannot be kept as a value here: call it where it is, or write it as a helper.`,
      );
    case "nothing":
      return refuse(env, node, `${textOf(env, node)} has no value.`);
  }
}

/** Plan of a value that may be absent. `absence` is the joint absence of all values that are stored in it. */
export function optionalPlan(plan: ValuePlan, absence: NullAbsence | undefined): ValuePlan {
  return { kind: "optional", value: plan.kind === "optional" ? plan.value : plan, absence };
}

function planOfLayout(env: Env, layout: ValueLayout, axis: number): ValuePlan {
  switch (layout.kind) {
    case "element":
      return { kind: "element", type: layout.storage.type };
    case "text":
      return { kind: "text" };
    case "array": {
      const length = axisLength(env, storagesOf(layout)[0]!, axis);
      return { kind: "array", of: layout.of, length, item: planOfLayout(env, layout.item, axis + 1) };
    }
    case "record": {
      const fields = [...layout.fields].map(
        ([name, field]) => [name, planOfLayout(env, field, axis)] as const,
      );
      return { kind: "record", fields: new Map(fields) };
    }
    case "tuple":
      return { kind: "tuple", items: layout.items.map((item) => planOfLayout(env, item, axis)) };
    case "optional":
      return {
        kind: "optional",
        value: planOfLayout(env, layout.value, axis),
        absence: layout.absence,
        isMember: layout.isMember,
      };
  }
}

/** The length of an array, as a number. */
export function arrayLength({ layout, places, count }: ArrayEntity): RegionExpr {
  return count ?? lengthOf(storagesOf(layout)[0]!.name, places.length);
}

/** True if two plans are known to have the same kinds of values and the same lengths. */
export function samePlan(a: ValuePlan, b: ValuePlan): boolean {
  return sameKind(a, b, true);
}

/** True if two plans have the same kinds of values. Without `lengths`, a tuple also matches an array of its items. */
export function sameKind(a: ValuePlan, b: ValuePlan, lengths: boolean): boolean {
  if (!lengths && a.kind === "tuple" && b.kind === "array")
    return a.items.every((item) => sameKind(item, b.item, lengths));
  if (!lengths && a.kind === "array" && b.kind === "tuple") return sameKind(b, a, lengths);
  if (a.kind === "optional") return sameKind(a.value, b.kind === "optional" ? b.value : b, lengths);
  if (b.kind === "optional") return sameKind(a, b.value, lengths);
  if (a.kind === "text") return b.kind === "text";
  if (a.kind === "element") return b.kind === "element" && isBoolean(a) === isBoolean(b);
  if (a.kind === "array")
    return (
      b.kind === "array" && (!lengths || sameExpr(a.length, b.length)) && sameKind(a.item, b.item, lengths)
    );
  if (a.kind === "record")
    return (
      b.kind === "record" &&
      fieldNames(a, b).every((name) => {
        const [field, other] = [a.fields.get(name), b.fields.get(name)];
        if (field === undefined || other === undefined)
          return !lengths || (field ?? other)!.kind === "optional";
        return sameKind(field, other, lengths);
      })
    );
  return (
    b.kind === "tuple" &&
    a.items.length === b.items.length &&
    a.items.every((item, i) => sameKind(item, b.items[i]!, lengths))
  );
}

type RecordPlan = ValuePlan & { readonly kind: "record" };

/** Names of the fields of both records, without duplicates. */
export function fieldNames(a: RecordPlan, b: RecordPlan): string[] {
  return [...new Set([...a.fields.keys(), ...b.fields.keys()])];
}

function isBoolean(plan: ValuePlan & { readonly kind: "element" }): boolean {
  return plan.type === "bool";
}

export function sameExpr(a: RegionExpr, b: RegionExpr): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Describes a plan for messages. */
function showPlan(plan: ValuePlan): string {
  switch (plan.kind) {
    case "element":
      return isBoolean(plan) ? "boolean" : "number";
    case "text":
      return "string";
    case "array":
      return `${showPlan(plan.item)}[]`;
    case "record":
      return `{ ${[...plan.fields].map(([name, field]) => `${name}: ${showPlan(field)}`).join(", ")} }`;
    case "tuple":
      return `[${plan.items.map(showPlan).join(", ")}]`;
    case "optional":
      return `${showPlan(plan.value)} | ${plan.absence === "either" ? "null | undefined" : (plan.absence ?? "undefined")}`;
  }
}

/**
 * Declares locals and arrays, all 0, for a value of the given plan. `place` is an earlier insertion point for the
 * declarations.
 */
export function makeRoom(
  env: Env,
  node: Node,
  plan: ValuePlan,
  label: string,
  place?: InsertionPoint,
  owner?: ObjectIdentity,
): PresentEntity | OptionalEntity {
  switch (plan.kind) {
    case "element":
      return letLocal(env, label, zeroOf(plan.type), {
        mutable: true,
        out: place?.out ?? env.out,
        ...(owner && { root: owner }),
      });
    case "text": {
      const code: ValuePlan = { kind: "element", type: "f64" };
      const room = makeRoom(env, node, code, label, place, owner) as ScalarEntity;
      if (room.value.kind === "local") env.unit.textNames.add(room.value.name);
      return { kind: "text", code: room };
    }
    case "array":
      return makeArray(env, node, plan, label, place);
    case "record": {
      const root = newRoot(env, label);
      const fields = [...plan.fields].map(
        ([name, field]) => [name, makeRoom(env, node, field, `${label}_${name}`, place, root)] as const,
      );
      return { kind: "record", fields: new Map(fields), root, fresh: true };
    }
    case "tuple": {
      const root = newRoot(env, label);
      const items = plan.items.map((item, i) => makeRoom(env, node, item, `${label}_${i}`, place, root));
      return { kind: "tuple", items, root, fresh: true };
    }
    case "optional": {
      const present: ValuePlan = { kind: "element", type: "bool" };
      return optional(
        makeRoom(env, node, present, `${label}_isPresent`, place, owner) as ScalarEntity,
        makeRoom(env, node, plan.value, label, place, owner),
        plan,
      );
    }
  }
}

function zeroOf(type: RegionType): RegionExpr {
  return { kind: "const", type: type === "bool" ? "bool" : "f64", value: 0 };
}

/** Declares an array, or one per leaf of its items. All elements are 0. */
export function makeArray(
  env: Env,
  node: Node,
  plan: ValuePlan & { readonly kind: "array" },
  label: string,
  place?: InsertionPoint,
): ArrayEntity {
  if (plan.of === "Uint8Array")
    return refuse(
      env,
      node,
      `${textOf(env, node)} makes a Uint8Array, which can only be read here. Copy its numbers first: const values = new Float64Array(bytes);`,
    );
  const root = newRoot(env, label);
  const out = place?.out ?? env.out;
  const blocks = place?.blocks ?? env.blocks;
  const lay = (inner: ValuePlan, name: string, dims: readonly RegionExpr[]): ValueLayout => {
    switch (inner.kind) {
      case "element": {
        const storage: ArrayStorage = {
          name: env.unit.names.fresh(name),
          type: inner.type,
          dims,
          root,
          blocks,
        };
        env.unit.dims.set(storage.name, dims);
        out.push({ kind: "array", name: storage.name, type: storage.type, dims, at: at(env, node) });
        return { kind: "element", storage };
      }
      case "text": {
        const code = lay({ kind: "element", type: "f64" }, name, dims);
        const { storage } = code as ValueLayout & { readonly kind: "element" };
        env.unit.textNames.add(storage.name);
        return { kind: "text", storage };
      }
      case "array": {
        const dim = lengthAt(env, node, inner.length, place);
        return { kind: "array", of: inner.of, item: lay(inner.item, name, [...dims, dim]) };
      }
      case "record": {
        const fields = [...inner.fields].map(
          ([key, field]) => [key, lay(field, `${name}_${key}`, dims)] as const,
        );
        return { kind: "record", fields: new Map(fields) };
      }
      case "tuple":
        return { kind: "tuple", items: inner.items.map((item, i) => lay(item, `${name}_${i}`, dims)) };
      case "optional": {
        const present = lay({ kind: "element", type: "bool" }, `${name}_isPresent`, dims);
        return {
          kind: "optional",
          present: (present as ValueLayout & { readonly kind: "element" }).storage,
          value: lay(inner.value, name, dims),
          absence: inner.absence,
          isMember: inner.isMember,
        };
      }
    }
  };
  const layout = lay(plan, label, []) as ArrayLayout;
  if (storagesOf(layout).length === 0)
    return refuse(env, node, "an array of objects without fields holds nothing.");
  return { kind: "array", layout, places: [], root, fresh: true };
}

/** Emits a loop over the indices of an array of `length`, in ascending order. */
export function eachPlace(
  env: Env,
  length: RegionExpr,
  wanted: string,
  body: (inner: Env, place: RegionExpr) => void,
  position?: number,
): void {
  const index = env.unit.names.fresh(wanted);
  const inner = nestedLoop(env, { index, from: number(0), to: length, step: 1, mayEnd: false });
  body(inner, { kind: "local", type: "f64", name: index });
  env.out.push({
    kind: "for",
    index,
    from: number(0),
    to: length,
    step: 1,
    body: inner.out.statements(),
    at: position,
  });
}

/**
 * Item of an array at an index. With `position`, the index is bounds-checked; without it, the index must be known to be
 * in range.
 */
export function itemAt(array: ArrayEntity, place: RegionExpr, position?: number): ReturnType<typeof viewOf> {
  return viewOf(array.layout.item, [...array.places, place], array.root, position);
}

/**
 * Emits code that copies `value` into `target`, storage of the same kind. The numbers of `value` must already be in
 * locals, because the target may overlap them. Arrays must have equal lengths; if this is not known at compile time,
 * the call checks it.
 */
export function copyInto(env: Env, node: Node, target: Entity, value: Entity): void {
  if (target.kind === "optional") return copyOptional(env, node, target, value);
  if (target.kind === "scalar" && value.kind === "scalar") {
    storeScalar(env, node, target, value.value);
    return;
  }
  if (target.kind === "text" && value.kind === "text") return copyInto(env, node, target.code, value.code);
  if (target.kind === "scalar" && value.kind === "optional" && value.isMember !== true)
    return refuseAbsent(env, node, value);
  if (value.kind === "optional") return copyInto(env, node, target, presentValue(env, node, value));
  if (target.kind === "record" && value.kind === "record") {
    const isKnown = [...value.fields.keys()].every((name) => target.fields.has(name));
    for (const [name, field] of target.fields) {
      const part = value.fields.get(name) ?? (field.kind === "optional" ? nothing : undefined);
      if (part === undefined || !isKnown) return refuseKind(env, node, target, value);
      if (part === nothing && env.module.leftOut.has(name))
        return refuse(
          env,
          node,
          `${name} may be any string in one of these objects: give both the same type, with the cases of ${name}.`,
        );
      copyInto(env, node, field, part);
    }
    return;
  }
  if (target.kind === "tuple" && value.kind === "tuple" && target.items.length === value.items.length) {
    for (const [i, item] of target.items.entries()) copyInto(env, node, item, value.items[i]!);
    return;
  }
  if (target.kind === "array" && value.kind === "array") {
    const [to, from] = [planOf(env, node, target), planOf(env, node, value)];
    if (!sameKind(to, from, false)) return refuseKind(env, node, target, value);
    if (!samePlan(to, from)) guardLengths(env, node, arrayLength(target), arrayLength(value));
    const position = at(env, node);
    eachPlace(
      env,
      arrayLength(value),
      "k",
      (inner, place) => copyInto(inner, node, itemAt(target, place), itemAt(value, place)),
      position,
    );
    return;
  }
  if (target.kind === "array" && value.kind === "tuple") {
    guardLengths(env, node, arrayLength(target), number(value.items.length));
    for (const [i, item] of value.items.entries()) copyInto(env, node, itemAt(target, number(i)), item);
    return;
  }
  if (target.kind === "tuple" && value.kind === "array") {
    const items = target.items.map((_, i) => `x[${i}]`).join(", ");
    guardLengths(
      env,
      node,
      number(target.items.length),
      arrayLength(value),
      `The variable has ${target.items.length} items: write [${items}], where x is the array.`,
    );
    for (const [i, item] of target.items.entries()) copyInto(env, node, item, itemAt(value, number(i)));
    return;
  }
  return refuseKind(env, node, target, value);
}

/** Refuses to store a value that may be `undefined` in a variable of numbers. */
export function refuseAbsent(env: Env, node: Node, value: Entity): never {
  return refuse(
    env,
    node,
    `${textOf(env, node)}: the value may be ${showAbsence(value)}. Give a default, as in x ?? 0, or give the variable the type number | ${showAbsence(value) === "null" ? "null" : "undefined"}.`,
  );
}

/**
 * Copies a value, or its absence. The contents are copied only if the value is present, since an absent array is empty.
 */
function copyOptional(env: Env, node: Node, target: OptionalEntity, value: Entity): void {
  const present = isPresent(env, value);
  const absence = absenceOf(value);
  if (absence !== undefined && target.absence !== "either" && absence !== absenceOf(target))
    return refuse(
      env,
      node,
      `${textOf(env, node)}: the variable or field is ${showAbsence(target)} where it has no value, and here it may be ${showAbsence(value)}. ` +
        `Use one of them, or give it a type with both: T | null | undefined.`,
    );
  storeScalar(env, node, target.present, present);
  if (value.kind === "nothing") return;
  const from = value.kind === "optional" ? value.value : value;
  if (present.kind === "const") {
    if (present.value !== 0) copyInto(env, node, target.value, from);
    return;
  }
  const inner = nested(assuming(env, present, true), new Set());
  copyInto(inner, node, target.value, from);
  env.out.push({
    kind: "if",
    condition: present,
    then: inner.out.statements(),
    otherwise: [],
    at: at(env, node),
  });
}

/**
 * Returns a value that must be present at its use, like the object of `x.name`. If it may be absent, emits a check that
 * ends the call with JavaScript's TypeError. `use` completes its message: "is not iterable" follows the text of the
 * value, and "(reading 'x')" follows "Cannot read properties of undefined".
 */
export function presentValue(
  env: Env,
  node: Node,
  entity: Entity,
  use?: string,
): Exclude<Entity, OptionalEntity> {
  if (entity.kind !== "optional") return entity;
  const present = isPresent(env, entity);
  if (isTrue(present)) return entity.value;
  const absence = showAbsence(entity);
  const message = use?.startsWith("(")
    ? `Cannot read properties of ${absence} ${use}`
    : `${textOf(env, node)} ${use ?? `is ${absence}`}`;
  const failed = { kind: "throw", message, error: "TypeError", at: at(env, node) } as const;
  env.out.push({ kind: "if", condition: not(present), then: [failed], otherwise: [], at: at(env, node) });
  return entity.value;
}

function refuseKind(env: Env, node: Node, target: Entity, value: Entity): never {
  const [to, from] = [target, value].map((entity) =>
    entity.kind === "function" || entity.kind === "global" || entity.kind === "nothing"
      ? describe(entity)
      : showPlan(planOf(env, node, entity)),
  );
  return refuse(env, node, `a variable that holds ${to} cannot be assigned ${from}: use another variable.`);
}

/** How to change a function that gives a variable an array of another length. */
const newArrayRepair =
  "Declare a new variable for the new array, as in const kept = x.filter(f). " +
  "If a condition decides, write const y = condition ? a : b. To append in a loop, write x.push(v).";

/** Emits a check that two arrays have the same length. `repair` is a sentence of its error. */
export function guardLengths(
  env: Env,
  node: Node,
  target: RegionExpr,
  value: RegionExpr,
  repair: string = newArrayRepair,
): void {
  const message = `an array is assigned the elements of an array of another length; arrays keep their length here. ${repair}`;
  const then = [{ kind: "throw", message, at: at(env, node) }] as const;
  env.out.push({
    kind: "if",
    condition: compare("notEqual", target, value),
    then,
    otherwise: [],
    at: at(env, node),
  });
}

/**
 * Emits the assignment of a value to the target of a scalar: a local, an element, or an item of a tuple. Refuses
 * targets that are read-only, and computed values.
 */
export function storeScalar(env: Env, node: Node, entity: ScalarEntity, value: RegionExpr): void {
  const { target, value: old } = entity;
  if (target === undefined)
    return refuse(
      env,
      node,
      `${textOf(env, node)} assigns to a computed value. Make it a variable, or an array, as ` +
        `new Float64Array(n).`,
    );
  if ((old.type === "bool") !== (value.type === "bool")) return refuseKind(env, node, entity, scalar(value));
  switch (target.kind) {
    case "local":
      if (!env.unit.mutable.has(target.name))
        return refuse(env, node, `${textOf(env, node)}: this field is taken for a constant; use a variable.`);
      env.out.push({ kind: "set", name: target.name, value, at: at(env, node) });
      logWrite(env.log, target.name);
      return;
    case "element": {
      const { storage, places } = target;
      if (storage.root.readOnly)
        return refuseReadOnly(
          env,
          node,
          storage.root,
          places.length > 1 ? "rows" : storage.isBytes === true ? "bytes" : "slice",
        );
      const kept = stored(value, storage.type);
      env.out.push({ kind: "store", array: storage.name, places, value: kept, at: target.at });
      return;
    }
    case "item": {
      const given = atom(env, value);
      for (const [k, item] of target.items.entries()) {
        const isHere = compare("equal", target.place, number(k));
        storeScalar(env, node, item, select(isHere, given, item.value));
      }
      return;
    }
    case "readOnly":
      return refuseReadOnly(env, node, target.root, target.isItem ? "items" : "spread");
  }
}

/** How to copy a read-only array that is written to, for messages. */
export function copyOfArray({ layout }: ArrayEntity): "slice" | "bytes" {
  return layout.of === "Uint8Array" ? "bytes" : "slice";
}

/** Refuses to write to a read-only object. */
export function refuseReadOnly(
  env: Env,
  node: Node,
  root: ObjectIdentity,
  how: "slice" | "bytes" | "rows" | "spread" | "items",
): never {
  const copies = {
    slice: `${root.label}.slice()`,
    bytes: `new Float64Array(${root.label})`,
    rows: `${root.label}.map((row) => row.slice())`,
    spread: `{ ...${root.label} }`,
    items: `[...${root.label}]`,
  };
  return refuse(
    env,
    node,
    `${textOf(env, node)} writes to ${root.label}, which comes from outside and is only read. Copy it first: const copy = ${copies[how]};`,
  );
}

/** Converts a number to the element type of an array, as JavaScript's typed arrays do. */
function stored(value: RegionExpr, type: RegionType): RegionExpr {
  if (type === "i32") {
    const whole: RegionExpr = { kind: "apply", type: "f64", function: "toInt32", args: [value] };
    return { kind: "convert", type, x: whole };
  }
  return type === value.type ? value : { kind: "convert", type, x: value };
}
