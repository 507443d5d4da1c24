import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { arithmetic, number } from "../draft/draft.ts";
import { isUnshared, refuseAliases } from "../entities/aliases.ts";
import type { ArrayEntity, NameBinding, Entity, PresentEntity, ScalarEntity } from "../entities/entity.ts";
import { describe, nothing, scalar, storagesOf } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  atom,
  frozen,
  keep,
  letLocal,
  numberValue,
  refuse,
  scalarValue,
  textOf,
  whileUsed,
} from "../entities/env.ts";
import {
  copyInto,
  makeRoom,
  planOf,
  presentValue,
  refuseAbsent,
  refuseReadOnly,
  samePlan,
  storeScalar,
} from "../entities/plan.ts";
import { allRoots, borrow, noteWrite, readAll, rootsOf } from "../entities/sharing.ts";
import { fieldNamed, itemNumber } from "../operations/access.ts";
import { bitwise, isBitOperator } from "../operations/bits.ts";
import { power } from "../operations/operators.ts";
import type {
  AssignmentExpression,
  Expression,
  Identifier,
  LogicalExpression,
  Node,
  Pattern,
  UpdateExpression,
} from "../syntax/ast.ts";
import { rootOf, unwrap } from "../syntax/walk.ts";
import { permutation, swapArrays } from "./exchange.ts";
import { learnStorage } from "./unset.ts";

/** Elaborates an assignment. Returns the assigned value if `isUsed`. */
export function assignment(env: Env, node: AssignmentExpression, isUsed: boolean): Entity {
  const target = unwrap(node.left);
  if (node.operator !== "=") return compoundAssignment(env, node, target, isUsed);
  const right = unwrap(node.right);
  if (target.type === "ArrayPattern" && right.type === "ArrayExpression") {
    if (permutation(env, target.elements, right.elements, node)) return nothing;
  }
  if (target.type === "ArrayPattern" || target.type === "ObjectPattern") {
    const value = detached(env, env.unit.elaborate.evaluate(env, node.right), node);
    assignPattern(env, target, value, node);
    return value;
  }
  const reference = target.type === "MemberExpression" ? env.unit.elaborate.evaluate(env, target) : undefined;
  const place = env.out.reserve();
  const before = env.out.size;
  const value = whileUsed(env, reference ?? nothing, () => env.unit.elaborate.evaluate(env, node.right));
  if (reference === undefined) return assignVariable(env, target, value, node);
  return assignMember(
    env,
    env.out.size > before ? frozen(env, reference, place) : reference,
    value,
    node,
    isUsed,
  );
}

/** Returns the value in a form that stays unchanged while the targets of a pattern are assigned. */
function detached(env: Env, value: Entity, node: Node): Entity {
  switch (value.kind) {
    case "array": {
      if (value.fresh) return value;
      const copy = makeRoom(env, node, planOf(env, node, value), value.root.label);
      borrow(env, [value.root, ...allRoots(copy)], node);
      copyInto(env, node, copy, value);
      return copy;
    }
    case "record": {
      const fields = [...value.fields].map(([name, part]) => [name, detached(env, part, node)] as const);
      return { ...value, fields: new Map(fields) };
    }
    case "tuple":
      return { ...value, items: value.items.map((item) => detached(env, item, node)) };
    case "optional":
      return { ...value, value: detached(env, value.value, node) as PresentEntity };
    case "scalar":
    case "text":
    case "function":
    case "global":
    case "nothing":
      return readAll(env, value);
  }
}

/** Advice about how to copy a read-only value, by its kind, for error messages. */
const copyOf: Partial<Record<Entity["kind"], "spread" | "items">> = { record: "spread", tuple: "items" };

/** Assigns to a field or element. If the target is a whole row or object, copies the value into it. */
function assignMember(env: Env, reference: Entity, value: Entity, node: Node, isUsed: boolean): Entity {
  if (reference.kind === "scalar") {
    const given = scalarValue(env, node, value);
    const kept = isUsed ? keep(env, given) : given;
    noteWrite(reference);
    storeScalar(env, node, reference, kept);
    return scalar(kept);
  }
  if (reference.kind === "text") {
    noteWrite(reference.code);
    copyInto(env, node, reference, readAll(env, value));
    return value;
  }
  const root = rootsOf(reference).find(({ readOnly }) => readOnly);
  if (root !== undefined) return refuseReadOnly(env, node, root, copyOf[reference.kind] ?? "slice");
  if (!isUnshared(env, value, node)) borrow(env, [...allRoots(reference), ...allRoots(value)], node);
  refuseAliases(env, reference, node, rootOf((node as AssignmentExpression).left));
  for (const written of allRoots(reference)) written.written = true;
  copyInto(env, node, reference, readAll(env, value));
  return nothing;
}

function variableOf(env: Env, target: Node): NameBinding {
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
  if (entity.kind === "nothing" && entity.unknown !== undefined) {
    learnStorage(env, node, entity.unknown, value);
    return value;
  }
  if (entity.kind === "scalar") {
    if (value.kind === "optional" && value.value.kind === "scalar" && value.isMember !== true)
      return refuseAbsent(env, node, value);
    const given = value.kind === "optional" ? presentValue(env, node, value) : value;
    storeScalar(env, node, entity, scalarValue(env, node, given));
    return entity;
  }
  if (entity.kind === "text") {
    copyInto(env, node, entity, readAll(env, value));
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

/**
 * True if an array can receive the elements of another one by a swap, because the other array is not used afterwards.
 */
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

/** Assigns the parts of a value to the targets of a pattern. */
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

const logicalOperators = { "&&=": "&&", "||=": "||", "??=": "??" } as const;

function isLogical(operator: string): operator is keyof typeof logicalOperators {
  return Object.hasOwn(logicalOperators, operator);
}

function compoundAssignment(env: Env, node: AssignmentExpression, target: Node, isUsed: boolean): Entity {
  if (isLogical(node.operator) && target.type === "Identifier") {
    // assigning a variable to itself has no effect; only for elements and fields could a difference be observed
    const left = target as Identifier;
    const operator = logicalOperators[node.operator];
    const right: LogicalExpression = { ...node, type: "LogicalExpression", operator, left };
    return assignment(env, { ...node, operator: "=", right }, isUsed);
  }
  const operator = operators[node.operator];
  const bits = node.operator.slice(0, -1);
  if (operator === undefined && node.operator !== "**=" && !isBitOperator(bits))
    return refuse(
      env,
      node,
      `${node.operator} is outside of what can be differentiated: write the assignment out.`,
    );
  const reference = referenceTo(env, target);
  const place = env.out.reserve();
  const before = env.out.size;
  const right = whileUsed(env, reference, () => env.unit.elaborate.evaluate(env, node.right));
  const y = numberValue(env, node.right, right);
  // the old value and the index are evaluated before the right side
  const held = env.out.size > before ? (frozen(env, reference, place) as ScalarEntity) : reference;
  const x = numberValue(env, target, held);
  const value = isBitOperator(bits)
    ? bitwise(env, bits, x, y)
    : operator === undefined
      ? power(env, x, y)
      : arithmetic(operator, x, y);
  return update(env, held, value, node, isUsed);
}

/** Elaborates `i++`, `--i` and so on. Returns the new value, or the old one for a postfix operator if `isUsed`. */
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

/** Returns the variable, field or element that an operator updates. */
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
  const isElement = reference.target?.kind === "element" || reference.target?.kind === "item";
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
