import { number, truth } from "../draft/draft.ts";
import type { Entity, RecordEntity } from "../entities/entity.ts";
import { describe, nothing, nullValue, optional, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  inOrder,
  isPresent,
  newRoot,
  refuse,
  scalarValue,
  shallow,
  textConstant,
  textOf,
} from "../entities/env.ts";
import { partsNow } from "../entities/sharing.ts";
import { assignment, updateExpression } from "../names/assign.ts";
import { newInstance, outsideEntity, outsideMember } from "../names/captured.ts";
import { fieldName, itemNumber, member } from "../operations/access.ts";
import type { LiteralPart } from "../operations/arrays.ts";
import { concatenation, construct } from "../operations/arrays.ts";
import { constantOf } from "../syntax/constants.ts";
import { binary, choose, conditional, isPart, logical, unary } from "../operations/operators.ts";
import type {
  ArrayExpression,
  Expression,
  FunctionNode,
  Identifier,
  Literal,
  Node,
  ObjectExpression,
} from "../syntax/ast.ts";
import { typeOf } from "../syntax/types.ts";
import { unwrap, walk } from "../syntax/walk.ts";
import { callExpression } from "./calls.ts";
import { chain } from "./chain.ts";

/**
 * Evaluates an expression to an entity and emits its statements to `env.out`. If the surrounding conditions decide
 * whether an optional value is present, the result is no longer optional.
 */
export function evaluate(env: Env, node: Expression): Entity {
  env.unit.current = { node, module: env.module };
  const linked = env.links.size === 0 ? undefined : env.links.get(node);
  const entity = linked ?? evaluated(env, node);
  if (entity.kind === "scalar" && entity.target === undefined) {
    const value = shallow(env, entity.value);
    return value === entity.value ? entity : { ...entity, value };
  }
  if (entity.kind !== "optional") return entity;
  const present = isPresent(env, entity);
  if (present.kind !== "const") return entity;
  return present.value === 0 ? { ...entity, present: scalar(present) } : entity.value;
}

function evaluated(env: Env, node: Expression): Entity {
  switch (node.type) {
    case "Literal":
      return literal(env, node);
    case "Identifier":
      return identifier(env, node);
    case "TSNonNullExpression": {
      const entity = evaluate(env, node.expression);
      const isNumber = entity.kind === "optional" && entity.value.kind === "scalar";
      return isNumber ? scalar(scalarValue(env, node, entity)) : entity;
    }
    case "ParenthesizedExpression":
    case "TSSatisfiesExpression":
    case "TSInstantiationExpression":
    case "ChainExpression":
      return evaluate(env, node.expression);
    case "TSAsExpression":
    case "TSTypeAssertion":
      if (node.typeAnnotation?.type === "TSAnyKeyword") typeOf(node.typeAnnotation, env.module);
      return evaluate(env, node.expression);
    case "UnaryExpression":
      return unary(env, node);
    case "BinaryExpression":
      return binary(env, node);
    case "LogicalExpression":
      return logical(env, node);
    case "ConditionalExpression":
      return conditional(env, node);
    case "MemberExpression":
      return outsideMember(env, node) ?? chain(env, node, (inner) => member(inner, node));
    case "AssignmentExpression":
      return assignment(env, node, true);
    case "UpdateExpression":
      return updateExpression(env, node, true);
    case "SequenceExpression": {
      for (const expression of node.expressions.slice(0, -1)) effect(env, expression);
      return evaluate(env, node.expressions.at(-1)!);
    }
    case "ObjectExpression":
      return objectLiteral(env, node);
    case "ArrayExpression":
      return arrayLiteral(env, node);
    case "CallExpression":
      return chain(env, node, (inner) => callExpression(inner, node));
    case "NewExpression":
      return newInstance(env, node) ?? construct(env, node);
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return functionEntity(env, node);
    case "TemplateLiteral":
      if (node.expressions.length === 0) return textConstant(env, node.quasis[0]?.value.cooked ?? "");
      return refuse(env, node, strings);
    default:
      return refuseOther(env, node);
  }
}

const strings = "strings can only be compared here: give each case a string of its own.";

const otherNodes: Readonly<Record<string, string>> = {
  AwaitExpression:
    "await waits for something outside; a function of numbers is computed at once. Await before the call.",
  YieldExpression: "generators give values one by one; return an array.",
  ThisExpression:
    "this is an object from outside: pass what is needed of it as an argument. Make a method that needs no object static, and call it by the name of its class.",
  ClassExpression: "classes are outside of what can be differentiated: use functions and objects of numbers.",
  TaggedTemplateExpression: strings,
  ImportExpression: "import() waits for a module: import at the head of the file.",
};

function refuseOther(env: Env, node: Node): never {
  return refuse(
    env,
    node,
    otherNodes[node.type] ?? `${textOf(env, node)} is outside of what can be differentiated.`,
  );
}

/** Evaluates an expression only for its side effects. */
export function effect(env: Env, given: Expression): void {
  const node = unwrap(given);
  if (node.type === "AssignmentExpression") assignment(env, node, false);
  else if (node.type === "UpdateExpression") updateExpression(env, node, false);
  else if (node.type === "SequenceExpression")
    for (const expression of node.expressions) effect(env, expression);
  else if (node.type === "UnaryExpression" && node.operator === "void") effect(env, node.argument);
  else evaluate(env, node);
}

function literal(env: Env, node: Literal): Entity {
  const { value } = node;
  if (typeof value === "number") return scalar(number(value));
  if (typeof value === "boolean") return scalar(truth(value));
  if (typeof value === "string") return textConstant(env, value);
  if (value === null && node.raw === "null") return nullValue;
  return refuse(
    env,
    node,
    `${textOf(env, node)} cannot be computed with here: only numbers and booleans can.`,
  );
}

function identifier(env: Env, node: Identifier): Entity {
  const { name } = node;
  const binding = env.scope.get(name);
  if (binding !== undefined) return binding.entity;
  const outside = outsideEntity(env, node);
  if (outside !== undefined) return outside;
  const constant = constantOf(name);
  if (constant !== undefined) return scalar(number(constant));
  if (name === "undefined") return nothing;
  if (name === "arguments") return refuse(env, node, "arguments has no fixed shape: name the parameters.");
  return { kind: "global", name };
}

function functionEntity(env: Env, node: FunctionNode): Entity {
  return { kind: "function", node, module: env.module, scope: env.scope, around: env.around };
}

function objectLiteral(env: Env, node: ObjectExpression): Entity {
  const values = inOrder(env, node.properties, (inner, part) => {
    if (part.type === "SpreadElement") return partsNow(inner, evaluate(inner, part.argument));
    if (part.kind !== "init")
      return refuse(env, part, "objects of numbers have no accessors here: write a function beside them.");
    return evaluate(inner, part.value as Expression);
  });
  const fields = new Map<string, Entity>();
  for (const [i, part] of node.properties.entries()) {
    const value = values[i]!;
    if (part.type === "SpreadElement") {
      if (value.kind === "nothing") continue;
      if (value.kind === "optional" && value.value.kind === "record") {
        for (const [name, field] of value.value.fields) {
          const own = isPart(field) ? optional(value.present, field) : field; // spreading null adds no fields either
          fields.set(name, spreadField(env, part, own, fields.get(name)));
        }
        continue;
      }
      if (value.kind !== "record")
        return refuse(
          env,
          part,
          `${textOf(env, part.argument)} is ${describe(value)}: only objects can be spread here.`,
        );
      for (const [name, field] of value.fields)
        fields.set(name, spreadField(env, part, field, fields.get(name)));
      continue;
    }
    const name = fieldName(part);
    if (name === undefined) return refuse(env, part, "a field must be named by a constant here.");
    if (!isLeftOut(env, name, value)) fields.set(name, value);
  }
  const record: RecordEntity = { kind: "record", fields, root: newRoot(env, "{…}"), fresh: true };
  return record;
}

/** True for a string of a field that types leave out (`name: string`), also if it is among others or absent. */
function isLeftOut({ module }: Env, name: string, value: Entity): boolean {
  if (!module.leftOut.has(name)) return false;
  const holdsText = (entity: Entity): boolean => {
    if (entity.kind === "tuple") return entity.items.every(holdsText);
    if (entity.kind === "record") return [...entity.fields.values()].every(holdsText);
    if (entity.kind === "array") return entity.layout.item.kind === "text";
    return entity.kind === "optional"
      ? holdsText(entity.value)
      : entity.kind === "text" || entity.kind === "nothing";
  };
  return holdsText(value);
}

/**
 * Value of a field after a spread (`{ ...p }`). If the field is absent at run time, the field `before` of the earlier
 * properties remains. Without such a field, the result is optional too.
 */
function spreadField(env: Env, node: Node, field: Entity, before: Entity | undefined): Entity {
  if (field.kind !== "optional" || field.absence === "null" || before === undefined) return field;
  return choose(env, {
    node,
    sides: [node, node],
    test: isPresent(env, field),
    then: () => field.value,
    otherwise: () => before,
  });
}

/** True if the evaluation of an expression may have side effects on values that other expressions read. */
function mayWrite(node: Node | null): boolean {
  let found = false;
  const writing = ["CallExpression", "AssignmentExpression", "UpdateExpression"];
  if (node !== null)
    walk(node, ({ type }) => {
      found ||= writing.includes(type);
    });
  return found;
}

function arrayLiteral(env: Env, node: ArrayExpression): Entity {
  const parts = inOrder(env, node.elements, (inner, part, i) => {
    if (part === null) return refuse(env, node, "an array with holes holds undefined: write each element.");
    if (part.type !== "SpreadElement") return evaluate(inner, part);
    const value = partsNow(inner, evaluate(inner, part.argument));
    // a spread array is copied if a later element may write to it
    const isCopied = value.kind === "array" && node.elements.slice(i + 1).some(mayWrite);
    return isCopied ? inner.unit.elaborate.method(inner, node, value, "slice", []) : value;
  });
  const [only] = node.elements;
  if (node.elements.length === 1 && only?.type === "SpreadElement") {
    const [array] = parts;
    if (array!.kind === "array" && array!.layout.of === "number[]")
      return env.unit.elaborate.method(env, node, array!, "slice", []);
  }
  const flat = parts.flatMap((value, i): LiteralPart[] => {
    const element = node.elements[i]!;
    if (element.type !== "SpreadElement") return [{ node: element, value, isSpread: false }];
    if (value.kind !== "tuple") return [{ node: element, value, isSpread: true }];
    const items = value.items.map((_, k) => itemNumber(env, element, value, k));
    return items.map((item) => ({ node: element, value: item, isSpread: false }));
  });
  const spread = flat.find(({ isSpread }) => isSpread);
  if (spread === undefined)
    return { kind: "tuple", items: flat.map(({ value }) => value), root: newRoot(env, "[…]"), fresh: true };
  for (const { node: element, value, isSpread } of flat)
    if (isSpread && value.kind !== "array")
      return refuse(
        env,
        element,
        `${textOf(env, element)}: only arrays can be spread here, and this is ${describe(value)}.`,
      );
  return concatenation(env, node, flat);
}
