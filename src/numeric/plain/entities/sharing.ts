import type { Node } from "../syntax/ast.ts";
import type { Entity, PresentEntity, ObjectIdentity, ScalarEntity } from "./entity.ts";
import { scalar } from "./entity.ts";
import type { Env } from "./env.ts";
import { frozen, keep, newRoot, ownersOf } from "./env.ts";

/** Identity of the object of an entity, as a list; empty for scalars. */
export function rootsOf(entity: Entity): ObjectIdentity[] {
  if (entity.kind === "optional") return rootsOf(entity.value);
  return entity.kind === "array" || entity.kind === "record" || entity.kind === "tuple" ? [entity.root] : [];
}

/**
 * Identities of the objects of an entity and all its parts, including every object that an index may select at run
 * time.
 */
export function allRoots(entity: Entity): ObjectIdentity[] {
  if (entity.kind === "scalar") return entity.target?.kind === "item" ? ownersOf(entity) : [];
  if (entity.kind === "optional") return [...allRoots(entity.present), ...allRoots(entity.value)];
  const parts =
    entity.kind === "record" ? [...entity.fields.values()] : entity.kind === "tuple" ? entity.items : [];
  return [...rootsOf(entity), ...parts.flatMap(allRoots)];
}

/** Reads all numbers of a value now, so that later assignments do not change the result. Arrays are not copied. */
export function readAll(env: Env, entity: Entity): Entity {
  switch (entity.kind) {
    case "record": {
      const fields = [...entity.fields].map(([name, part]) => [name, readAll(env, part)] as const);
      return { ...entity, fields: new Map(fields) };
    }
    case "tuple":
      return { ...entity, items: entity.items.map((item) => readAll(env, item)) };
    case "scalar":
      return scalar(keep(env, entity.value));
    case "text":
      return { ...entity, code: scalar(keep(env, entity.code.value)) };
    case "optional": {
      const present = readAll(env, entity.present) as ScalarEntity;
      return { ...entity, present, value: readAll(env, entity.value) as PresentEntity };
    }
    case "array":
    case "function":
    case "global":
    case "nothing":
      return frozen(env, entity, env.out);
  }
}

/**
 * Returns a copy of an object or tuple, for a spread. Its scalars are the present ones, so that later assignments to
 * the source do not change the copy.
 */
export function partsNow(env: Env, entity: Entity): Entity {
  const part = (inner: Entity): Entity => {
    if (inner.kind === "optional" && inner.value.kind === "scalar")
      return { ...inner, present: scalar(inner.present.value), value: scalar(inner.value.value) };
    if (inner.kind === "text") return { kind: "text", code: scalar(inner.code.value) };
    return inner.kind === "scalar" ? scalar(inner.value) : inner;
  };
  if (entity.kind === "optional")
    return {
      ...entity,
      present: scalar(entity.present.value),
      value: partsNow(env, entity.value) as PresentEntity,
    };
  if (entity.kind === "record") {
    const fields = [...entity.fields].map(([name, inner]) => [name, part(inner)] as const);
    return { kind: "record", fields: new Map(fields), root: newRoot(env, entity.root.label), fresh: true };
  }
  if (entity.kind !== "tuple") return entity;
  return { kind: "tuple", items: entity.items.map(part), root: newRoot(env, entity.root.label), fresh: true };
}

/** Marks the objects that an assignment to the scalar may change as written. */
export function noteWrite({ target }: ScalarEntity): void {
  if (target?.kind === "element") target.storage.root.written = true;
  if (target?.kind === "local" && target.root !== undefined) target.root.written = true;
  if (target?.kind === "item") for (const item of target.items) noteWrite(item);
}

/** True if nothing refers to any part of a value yet. */
export function isFresh(value: Entity): boolean {
  switch (value.kind) {
    case "array":
      return value.fresh;
    case "record":
      return value.fresh && [...value.fields.values()].every(isFresh);
    case "tuple":
      return value.fresh && value.items.every(isFresh);
    case "optional":
      return isFresh(value.value);
    case "scalar":
    case "text":
    case "function":
    case "global":
    case "nothing":
      return true;
  }
}

/**
 * Registers a copy that replaces a second reference to an object. Compilation fails at the end if any of the objects is
 * written to. With `items`, only the items of two arrays are shared, so that both arrays may be reordered.
 */
export function borrow(
  env: Env,
  roots: readonly ObjectIdentity[],
  node: Node,
  of: "whole" | "items" = "whole",
): void {
  env.unit.copies.push({ roots, env, node, of });
}

/** Registers a copy of a value, unless the original was the only reference to its contents. */
export function noteCopy(env: Env, value: Entity, copy: Entity, node: Node): void {
  if (!isFresh(value) || isBorrowed(env, value)) borrow(env, [...allRoots(value), ...allRoots(copy)], node);
}

/** True if a part of a value is a registered copy, or the original of one. */
export function isBorrowed({ unit }: Env, value: Entity): boolean {
  if (unit.copies.length === 0) return false;
  const roots = allRoots(value);
  return roots.length > 0 && unit.copies.some((copy) => copy.roots.some((root) => roots.includes(root)));
}
