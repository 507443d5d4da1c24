import type { RegionExpr } from "../../engine/region/region.ts";
import type {
  AssignmentExpression,
  BlockStatement,
  Expression,
  Identifier,
  Node,
  Pattern,
  UpdateExpression,
} from "./ast.ts";
import { fieldNamed, itemNumber } from "./access.ts";
import { arithmetic, number } from "./draft.ts";
import type { ArrayEntity, Binding, Entity, Root, ScalarEntity } from "./entity.ts";
import { describe, nothing, scalar, storagesOf } from "./entity.ts";
import type { Env } from "./env.ts";
import { at, atom, frozen, keep, letLocal, numberValue, refuse, scalarValue, textOf } from "./env.ts";
import { power } from "./operators.ts";
import { allRoots, borrow, noteWrite, readAll, rootsOf } from "./sharing.ts";
import { copyInto, planOf, refuseReadOnly, samePlan, storeScalar } from "./plan.ts";
import { eachUse, isFunction, rootOf, unwrap } from "./walk.ts";

/** An assignment; its value is what was assigned, where that `isUsed`. */
export function assignment(env: Env, node: AssignmentExpression, isUsed: boolean): Entity {
  const target = unwrap(node.left);
  if (node.operator !== "=") return compoundAssignment(env, node, target, isUsed);
  const right = unwrap(node.right);
  if (target.type === "ArrayPattern" && right.type === "ArrayExpression") {
    const names = exchanged(target.elements, right.elements);
    if (names !== undefined && swapVariables(env, names[0], names[1], node)) return nothing;
  }
  if (target.type === "ArrayPattern" || target.type === "ObjectPattern") {
    const value = readAll(env, env.unit.elaborate.evaluate(env, node.right));
    assignPattern(env, target, value, node);
    return value;
  }
  const reference = target.type === "MemberExpression" ? env.unit.elaborate.evaluate(env, target) : undefined;
  const place = env.out.reserve();
  const before = env.out.size;
  const value = env.unit.elaborate.evaluate(env, node.right);
  if (reference === undefined) return assignVariable(env, target, value, node);
  return assignMember(
    env,
    env.out.size > before ? frozen(env, reference, place) : reference,
    value,
    node,
    isUsed,
  );
}

/** Gives a value to a field or element, or exchanges a whole row or object that is one. */
function assignMember(env: Env, reference: Entity, value: Entity, node: Node, isUsed: boolean): Entity {
  if (reference.kind === "scalar") {
    const given = scalarValue(env, node, value);
    const kept = isUsed ? keep(env, given) : given;
    noteWrite(reference);
    storeScalar(env, node, reference, kept);
    return scalar(kept);
  }
  const root = rootsOf(reference).find(({ readOnly }) => readOnly);
  if (root !== undefined)
    return refuseReadOnly(env, node, root, reference.kind === "array" ? "slice" : "spread");
  if (!isUnshared(env, value, node)) borrow(env, [...allRoots(reference), ...allRoots(value)], node);
  refuseAliases(env, reference, node, rootOf((node as AssignmentExpression).left));
  for (const written of allRoots(reference)) written.written = true;
  copyInto(env, node, reference, readAll(env, value));
  return nothing;
}

function variableOf(env: Env, target: Node): Binding {
  if (target.type !== "Identifier")
    return refuse(env, target, `${textOf(env, target)} cannot be assigned to.`);
  const { name } = target as Identifier;
  const binding = env.scope.get(name);
  if (binding === undefined)
    return refuse(
      env,
      target,
      `${name} is outside of the marked function, which only reads it: return the value instead.`,
    );
  return binding.isConst ? refuse(env, target, `${name} is a constant.`) : binding;
}

function assignVariable(env: Env, target: Node, value: Entity, node: Node): Entity {
  const { entity } = variableOf(env, target);
  const { name } = target as Identifier;
  if (entity.kind === "scalar") {
    storeScalar(env, node, entity, scalarValue(env, node, value));
    return entity;
  }
  if (entity.kind === "function")
    return refuse(
      env,
      node,
      `${name} is a function and cannot be exchanged: choose between functions by if.`,
    );
  refuseAliases(env, entity, node, name);
  if (entity.kind === "array" && value.kind === "array" && canSwap(env, entity, value, node)) {
    swapArrays(env, entity, value, node);
    return entity;
  }
  if (!isUnshared(env, value, node)) borrow(env, [...allRoots(entity), ...allRoots(value)], node);
  copyInto(env, node, entity, readAll(env, value));
  return entity;
}

/** Whether an array can take the elements of another by an exchange, since nobody needs those any more. */
function canSwap(env: Env, target: ArrayEntity, value: ArrayEntity, node: Node): boolean {
  if (value.root.readOnly || target.places.length + value.places.length > 0 || target.root === value.root)
    return false;
  const isOpen = storagesOf(value.layout).every(({ blocks }) =>
    blocks.every((block) => env.blocks.includes(block)),
  );
  return (
    isOpen && isUnshared(env, value, node) && samePlan(planOf(env, node, target), planOf(env, node, value))
  );
}

function swapArrays(env: Env, x: ArrayEntity, y: ArrayEntity, node: Node): void {
  const others = storagesOf(y.layout);
  for (const [i, { name }] of storagesOf(x.layout).entries())
    env.out.push({ kind: "swap", x: name, y: others[i]!.name, at: at(env, node) });
}

/** Whether nothing refers to a value but the expression that it comes from. */
function isUnshared(env: Env, value: Entity, node: Node): boolean {
  switch (value.kind) {
    case "scalar":
    case "function":
    case "global":
    case "nothing":
      return true;
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

/** Whether `node` gives on a variable of this function that is not used again before it gets another value. */
function isLastUse(env: Env, value: Entity, node: Node): boolean {
  const right =
    node.type === "AssignmentExpression" ? unwrap((node as AssignmentExpression).right) : undefined;
  if (right?.type !== "Identifier") return false;
  const binding = env.scope.get(right.name);
  if (binding === undefined || !isDead(env, right.name, binding, node)) return false;
  const isRow = value.kind === "array" && value.places.length > 0;
  return !isRow && allRoots(value).every((root) => !root.readOnly && isOnlyName(env, root, right.name));
}

/** Whether no other name refers to a root. */
function isOnlyName(env: Env, root: Root, name: string): boolean {
  return env.unit.aliases.every(
    ({ name: other, binding }) => other === name || !allRoots(binding.entity).includes(root),
  );
}

/** Whether a name is not used behind `node`, in later iterations neither, but to be given another value. */
function isDead(env: Env, name: string, { block }: Binding, node: Node): boolean {
  const owner = env.calls.at(-1);
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

/** Whether a use is the target of `name = …` among the statements that follow `node` in its block. */
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

/** Refuses to give other contents to what another name refers to. */
function refuseAliases(env: Env, entity: Entity, node: Node, except?: string): void {
  const roots = allRoots(entity);
  for (const { name, binding } of env.unit.aliases) {
    const isOther = name !== except && allRoots(binding.entity).some((root) => roots.includes(root));
    if (!isOther || holds(binding.entity, entity) || isDead(env, name, binding, node)) continue;
    refuse(
      env,
      node,
      `${name} refers to what gets other contents here and would change with it. Copy it where ${name} is declared, or use ` +
        `${name} no more behind this line.`,
    );
  }
}

/** Whether an array has the row or object among its items: it is to see the change. */
function holds(array: Entity, item: Entity): boolean {
  if (array.kind !== "array") return false;
  if (item.kind === "array") return array.places.length < item.places.length;
  let { item: layout } = array.layout;
  while (layout.kind === "array") layout = layout.item;
  return layout.kind !== "element";
}

/** The two names of `[a, b] = [b, a]`. */
function exchanged(
  targets: readonly (Pattern | null)[],
  values: readonly (Node | null)[],
): readonly [string, string] | undefined {
  if (targets.length !== 2 || values.length !== 2) return undefined;
  const names = [...targets, ...values].map((node) => {
    const inner = node && unwrap(node);
    return inner?.type === "Identifier" ? (inner as Identifier).name : undefined;
  });
  const [a, b, c, d] = names;
  return a !== undefined && b !== undefined && a === d && b === c ? [a, b] : undefined;
}

/** Exchanges the elements of two array variables; false where they are none. */
export function swapVariables(env: Env, a: string, b: string, node: Node): boolean {
  const [x, y] = [env.scope.get(a)?.entity, env.scope.get(b)?.entity];
  if (x?.kind !== "array" || y?.kind !== "array") return false;
  const isWhole = x.places.length + y.places.length === 0 && !x.root.readOnly && !y.root.readOnly;
  if (!isWhole || x.root === y.root || !samePlan(planOf(env, node, x), planOf(env, node, y)))
    return refuse(
      env,
      node,
      `${a} and ${b} can be exchanged only where both are arrays of this function, made with the same length (as in ` +
        `new Float64Array(n) for both).`,
    );
  refuseAliases(env, x, node, a);
  refuseAliases(env, y, node, b);
  swapArrays(env, x, y, node);
  return true;
}

/** Gives the parts of a value to the targets of a pattern. */
function assignPattern(env: Env, pattern: Pattern, value: Entity, node: Node): void {
  const target = unwrap(pattern);
  if (target.type === "ArrayPattern") {
    for (const [i, part] of target.elements.entries())
      if (part !== null) assignPattern(env, part, readAll(env, itemNumber(env, part, value, i)), node);
  } else if (target.type === "ObjectPattern") {
    for (const part of target.properties) {
      if (part.type === "RestElement")
        return refuse(env, part, "only fields by their names can be taken out here.");
      assignPattern(env, part.value as Pattern, fieldNamed(env, part, value), node);
    }
  } else if (target.type === "MemberExpression") {
    assignMember(env, env.unit.elaborate.evaluate(env, target), value, node, false);
  } else {
    assignVariable(env, target, value, node);
  }
}

const operators: Readonly<Record<string, string>> = {
  "+=": "add",
  "-=": "sub",
  "*=": "mul",
  "/=": "div",
  "%=": "rem",
};

function compoundAssignment(env: Env, node: AssignmentExpression, target: Node, isUsed: boolean): Entity {
  const operator = operators[node.operator];
  if (operator === undefined && node.operator !== "**=")
    return refuse(
      env,
      node,
      `${node.operator} is outside of what can be differentiated: write the assignment out.`,
    );
  const reference = referenceTo(env, target);
  const place = env.out.reserve();
  const before = env.out.size;
  const y = numberValue(env, node.right, env.unit.elaborate.evaluate(env, node.right));
  // the old value is read before the other side is computed, and the place is the one of before
  const held = env.out.size > before ? (frozen(env, reference, place) as ScalarEntity) : reference;
  const x = numberValue(env, target, held);
  return update(
    env,
    held,
    operator === undefined ? power(env, x, y) : arithmetic(operator, x, y),
    node,
    isUsed,
  );
}

/** `i++` and its like: their value is that of before where the operator stands behind. */
export function updateExpression(env: Env, node: UpdateExpression, isUsed: boolean): Entity {
  const target = unwrap(node.argument);
  const reference = referenceTo(env, target);
  const value = numberValue(env, target, reference);
  const isOldUsed = isUsed && !node.prefix;
  const old = isOldUsed ? letLocal(env, "t", value).value : value;
  const changed = update(
    env,
    reference,
    arithmetic(node.operator === "++" ? "add" : "sub", old, number(1)),
    node,
    isUsed,
  );
  return isOldUsed ? scalar(old) : changed;
}

/** The variable, field or element that an operator changes. */
function referenceTo(env: Env, target: Node): ScalarEntity {
  const entity =
    target.type === "MemberExpression"
      ? env.unit.elaborate.evaluate(env, target as Expression)
      : variableOf(env, target).entity;
  return entity.kind === "scalar"
    ? entity
    : refuse(env, target, `${textOf(env, target)} is ${describe(entity)}.`);
}

function update(env: Env, reference: ScalarEntity, value: RegionExpr, node: Node, isUsed: boolean): Entity {
  const isElement = reference.target?.kind === "element";
  const given = isUsed && isElement ? atom(env, value) : value;
  noteWrite(reference);
  storeScalar(env, node, reference, given);
  return isElement
    ? scalar(given)
    : scalar(reference.target?.kind === "local" ? localOf(reference, given) : given);
}

function localOf({ target }: ScalarEntity, value: RegionExpr): RegionExpr {
  return target?.kind === "local" ? { kind: "local", type: value.type, name: target.name } : value;
}
