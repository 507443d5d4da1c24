import type { Node } from "../syntax/ast.ts";
import type { Entity, PresentEntity } from "./entity.ts";
import type { Env } from "./env.ts";
import { copyInto, makeRoom, planOf } from "./plan.ts";
import { noteCopy, readAll } from "./sharing.ts";

/**
 * Copies a value into storage for a variable that is reassigned later, where JavaScript would share the original.
 * Compilation fails if the original or the copy is written to, unless the value is fresh; see `borrow`.
 */
export function copied(env: Env, name: string, value: Entity, node: Node): Entity {
  const room = makeRoom(env, node, planOf(env, node, value), name);
  noteCopy(env, value, room, node);
  copyInto(env, node, room, readAll(env, value));
  return settled(room);
}

/** Returns the entity without its `fresh` and `isZero` flags, because a name refers to it now and it may change. */
export function settled(entity: Entity): Entity {
  if (entity.kind === "record") {
    const fields = [...entity.fields].map(([name, field]) => [name, settled(field)] as const);
    return { ...entity, fields: new Map(fields), fresh: false };
  }
  if (entity.kind === "tuple") return { ...entity, items: entity.items.map(settled), fresh: false };
  if (entity.kind === "optional") return { ...entity, value: settled(entity.value) as PresentEntity };
  return entity.kind === "array" ? { ...entity, fresh: false, isZero: false } : entity;
}
