import type { AssignmentExpression, BlockStatement, Identifier, Node } from "../syntax/ast.ts";
import { eachUse, isFunction, usedNames } from "../syntax/walk.ts";
import type { NameBinding, Entity, ObjectIdentity } from "./entity.ts";
import type { Env } from "./env.ts";
import { refuse } from "./env.ts";
import { allRoots, isBorrowed } from "./sharing.ts";

/** True if no name refers to a value after `node`: the value is new, or `node` is the last use of its only name. */
export function isUnshared(env: Env, value: Entity, node: Node): boolean {
  if (isBorrowed(env, value)) return false;
  switch (value.kind) {
    case "scalar":
    case "text":
    case "function":
    case "global":
    case "nothing":
      return true;
    case "optional":
      return isUnshared(env, value.value, node);
    case "array":
      return value.fresh || isLastUse(env, value, node);
    case "record":
    case "tuple": {
      const parts = value.kind === "record" ? [...value.fields.values()] : value.items;
      return (
        (value.fresh && parts.every((part) => isUnshared(env, part, node))) || isLastUse(env, value, node)
      );
    }
  }
}

/** True if `node` assigns or appends the value of a local variable that is not read again before its next assignment. */
function isLastUse(env: Env, value: Entity, node: Node): boolean {
  const isPush = node.type === "CallExpression";
  if (!isPush && node.type !== "AssignmentExpression") return false;
  if (value.kind === "array" && value.places.length > 0) return false;
  const roots = allRoots(value);
  const source = isPush ? node : (node as AssignmentExpression).right;
  const owners = [...usedNames(source)].flatMap((name) => {
    const binding = env.scope.get(name);
    const isOwner = binding !== undefined && allRoots(binding.entity).some((root) => roots.includes(root));
    return isOwner ? [[name, binding] as const] : [];
  });
  const [owner, ...others] = owners;
  if (owner === undefined || others.length > 0 || !isDead(env, owner[0], owner[1], node)) return false;
  return roots.every((root) => !root.readOnly && isOnlyName(env, root, owner[0]));
}

/** True if no other name refers to the object. */
function isOnlyName(env: Env, root: ObjectIdentity, name: string): boolean {
  return env.unit.aliases.every(
    ({ name: other, binding }) => other === name || !allRoots(binding.entity).includes(root),
  );
}

/** True if a name is not read after `node`, nor in later iterations, before it is assigned again. */
function isDead(env: Env, name: string, { block }: NameBinding, node: Node): boolean {
  const owner = env.calls.at(-1)?.node;
  if (owner === undefined || block.start < owner.start || block.end > owner.end) return false;
  let isUsed = false;
  let isSetAgain = false;
  eachUse(block, (use, around) => {
    if (use.name !== name) return;
    if (around.some((outer) => outer !== block && isFunction(outer))) isUsed = true;
    if (use.start < node.end || isUsed || isSetAgain) return;
    if (isPlainTarget(use, around, node)) isSetAgain = true;
    else isUsed = true;
  });
  const loop = env.loops.at(-1);
  const isRepeated =
    loop !== undefined && block.start <= loop.start && loop.end <= block.end && block !== loop;
  return !isUsed && (isSetAgain || !isRepeated);
}

/** True if a use is the target of an assignment statement `name = …` that follows `node` in the same block. */
function isPlainTarget(use: Identifier, around: readonly Node[], node: Node): boolean {
  const [assigned, statement, block] = [around.at(-1), around.at(-2), around.at(-3)];
  if (assigned?.type !== "AssignmentExpression" || statement?.type !== "ExpressionStatement") return false;
  const { left, operator, right } = assigned as AssignmentExpression;
  let isRead = false;
  eachUse(right, ({ name }) => {
    isRead ||= name === use.name;
  });
  const siblings = block?.type === "BlockStatement" ? (block as BlockStatement).body : [];
  return (
    left === use &&
    operator === "=" &&
    !isRead &&
    siblings.some((stmt) => stmt.type === "ExpressionStatement" && stmt.expression === node)
  );
}

/** Throws for an assignment that replaces the contents of an object to which another live name refers. */
export function refuseAliases(env: Env, entity: Entity, node: Node, except?: string): void {
  const roots = allRoots(entity);
  for (const { name, binding } of env.unit.aliases) {
    const isOther =
      (name === undefined || name !== except) &&
      allRoots(binding.entity).some((root) => roots.includes(root));
    if (!isOther || holds(binding.entity, entity)) continue;
    if (name === undefined)
      return refuse(
        env,
        node,
        "this replaces the contents of an array or object that the same expression uses: do it in a separate statement.",
      );
    if (isDead(env, name, binding, node)) continue;
    refuse(
      env,
      node,
      `${name} refers to an array or object whose contents are replaced here, and would change with it. Copy it where ${name} is declared, ` +
        `or do not use ${name} after this line.`,
    );
  }
}

/** True if the array contains the row or object as an item, so that a change of the item also changes the array. */
function holds(array: Entity, item: Entity): boolean {
  if (array.kind !== "array") return false;
  if (item.kind === "array") return array.places.length < item.places.length;
  let { item: layout } = array.layout;
  while (layout.kind === "array") layout = layout.item;
  return layout.kind !== "element";
}
