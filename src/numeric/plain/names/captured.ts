import { number, truth } from "../draft/draft.ts";
import type { Entity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { newRoot, refuse } from "../entities/env.ts";
import { parameterEntity } from "../entities/params.ts";
import type { ArrayKind, PlainType } from "../form/form.ts";
import { bitsOfNumbers, isBitOperator } from "../operations/bits.ts";
import { constantOf } from "../operations/math.ts";
import type { Expression, Identifier, Node, Property, TypeNode } from "../syntax/ast.ts";
import type { EnclosingNodes, Module, OuterBinding } from "../syntax/module.ts";
import { lookUp } from "../syntax/module.ts";
import { arrayOf, typeOf } from "../syntax/types.ts";
import { childrenOf, unwrap } from "../syntax/walk.ts";

/**
 * Entity of a name from outside of the marked function: a function, a constant, or a value read at each call and passed
 * as a hidden parameter. `undefined` for undeclared names. Refuses names whose declaration cannot be read, such as
 * imported ones.
 */
export function outsideEntity(env: Env, node: Identifier): Entity | undefined {
  const found = lookUp(node.name, env.module, env.around);
  if (found === undefined) return undefined;
  switch (found.kind) {
    case "function":
      return {
        kind: "function",
        node: found.node,
        module: found.module,
        scope: undefined,
        around: found.around,
      };
    case "global":
      return { kind: "global", name: found.name };
    case "enum":
      return enumEntity(env, node, found.node);
    case "unreadable":
      return refuse(env, node, `${node.name} is ${found.what}: ${found.repair}.`);
    case "variable":
      return variableEntity(env, node, found);
  }
}

type OuterVariable = OuterBinding & { readonly kind: "variable" };

function variableEntity(env: Env, node: Identifier, found: OuterVariable): Entity {
  const constant =
    found.fixed && found.init ? constantValue(found.init, found.module, found.around) : undefined;
  if (constant !== undefined)
    return scalar(typeof constant === "number" ? number(constant) : truth(constant));
  const { unit } = env;
  const known = unit.outside.get(found.declaration);
  if (known !== undefined) return known;
  const seen = lookUp(node.name, unit.module, unit.around);
  if (seen?.kind !== "variable" || seen.declaration !== found.declaration)
    return refuse(
      env,
      node,
      `${node.name} is not visible in the scope of the marked function: pass it to the helper as an argument.`,
    );
  const type = capturedType(env, node, found);
  const entity = parameterEntity(unit, node.name, type, node.name);
  unit.captured.push({ name: node.name, type });
  unit.outside.set(found.declaration, entity);
  return entity;
}

function capturedType(
  env: Env,
  node: Identifier,
  { annotation, init, module, around }: OuterVariable,
): PlainType {
  if (annotation !== undefined) return typeOf(annotation, module);
  const type = init && typeOfValue(init, module, around);
  return (
    type ??
    refuse(
      env,
      node,
      `the kind of value of ${node.name} cannot be seen where it is declared: give it a type there, as ${node.name}: number[], or ` +
        `hand it in as an argument.`,
    )
  );
}

const noMembers: ReadonlyMap<string, number> = new Map();

/**
 * Constant value of an expression as a number or boolean; `undefined` if it is not constant. `members` are the
 * preceding members of an enum.
 */
export function constantValue(
  node: Expression,
  module: Module,
  around: EnclosingNodes,
  members: ReadonlyMap<string, number> = noMembers,
): number | boolean | undefined {
  const inner = unwrap(node);
  const value = (part: Expression): number | boolean | undefined =>
    constantValue(part, module, around, members);
  switch (inner.type) {
    case "Literal":
      return typeof inner.value === "number" || typeof inner.value === "boolean" ? inner.value : undefined;
    case "UnaryExpression": {
      const x = value(inner.argument);
      if (inner.operator === "-" && typeof x === "number") return -x;
      return inner.operator === "!" && typeof x === "boolean" ? !x : undefined;
    }
    case "BinaryExpression":
      return arithmeticOf(inner.operator, value(inner.left), value(inner.right));
    case "MemberExpression": {
      const { object, property, computed } = inner;
      const isName = !computed && object.type === "Identifier" && property.type === "Identifier";
      return isName && lookUp(object.name, module, around) === undefined
        ? constantOf(`${object.name}.${property.name}`)
        : undefined;
    }
    case "CallExpression": {
      const callee = unwrap(inner.callee);
      const [x] = inner.arguments;
      const isRoot =
        callee.type === "MemberExpression" &&
        module.text.slice(callee.start, callee.end).replace(/\s/g, "") === "Math.sqrt";
      const given = isRoot && x !== undefined && x.type !== "SpreadElement" ? value(x) : undefined;
      return typeof given === "number" ? Math.sqrt(given) : undefined;
    }
    case "Identifier": {
      const member = members.get(inner.name);
      if (member !== undefined) return member;
      const found = lookUp(inner.name, module, around);
      if (found === undefined) return constantOf(inner.name);
      return found.kind === "variable" && found.fixed && found.init
        ? constantValue(found.init, found.module, found.around)
        : undefined;
    }
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "AssignmentExpression":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "SequenceExpression":
    case "UpdateExpression":
    case "TemplateLiteral":
    case "ArrayExpression":
    case "ObjectExpression":
    case "NewExpression":
    default:
      return undefined;
  }
}

function arithmeticOf(
  operator: string,
  x: number | boolean | undefined,
  y: number | boolean | undefined,
): number | undefined {
  if (typeof x !== "number" || typeof y !== "number") return undefined;
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "%":
      return x % y;
    default:
      return isBitOperator(operator) ? bitsOfNumbers(operator, x, y) : undefined; // powers differ in their last bits between engines
  }
}

const numeric = new Set(["+", "-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"]);
const typedArrays = new Set(["Float64Array", "Float32Array", "Int32Array"]);

/** Infers the type of an initialiser from its syntax; `undefined` if that is not possible. */
export function typeOfValue(node: Expression, module: Module, around: EnclosingNodes): PlainType | undefined {
  if (
    node.type === "TSAsExpression" ||
    node.type === "TSSatisfiesExpression" ||
    node.type === "TSTypeAssertion"
  ) {
    const isConst = module.text.slice(node.typeAnnotation!.start, node.typeAnnotation!.end) === "const";
    return isConst ? typeOfValue(node.expression, module, around) : typeOf(node.typeAnnotation!, module);
  }
  const inner = unwrap(node);
  const value = (part: Expression): PlainType | undefined => typeOfValue(part, module, around);
  switch (inner.type) {
    case "Literal":
      if (typeof inner.value === "number") return { kind: "number" };
      return typeof inner.value === "boolean" ? { kind: "boolean" } : undefined;
    case "UnaryExpression":
      return inner.operator === "!" ? { kind: "boolean" } : { kind: "number" };
    case "BinaryExpression":
      if (!numeric.has(inner.operator)) return { kind: "boolean" };
      return inner.operator !== "+" ||
        (value(inner.left)?.kind === "number" && value(inner.right)?.kind === "number")
        ? { kind: "number" }
        : undefined;
    case "ArrayExpression":
      return typeOfItems(
        inner.elements.map((item) => (item && item.type !== "SpreadElement" ? value(item) : undefined)),
      );
    case "ObjectExpression": {
      const fields = inner.properties.map((part) => {
        const type =
          part.type === "Property" && part.kind === "init" ? value(part.value as Expression) : undefined;
        return type && { name: nameOfKey((part as Property).key), type };
      });
      return fields.every((field) => field !== undefined) ? { kind: "record", fields } : undefined;
    }
    case "NewExpression":
      return inner.callee.type === "Identifier" && typedArrays.has(inner.callee.name)
        ? { kind: "array", of: inner.callee.name as ArrayKind }
        : undefined;
    case "CallExpression":
      return typeOfCall(inner, module, around);
    case "MemberExpression":
      return typeOfMember(inner, module, around);
    case "Identifier": {
      const found = lookUp(inner.name, module, around);
      if (found === undefined) return constantOf(inner.name) === undefined ? undefined : { kind: "number" };
      if (found.kind !== "variable") return undefined;
      if (found.annotation !== undefined) return typeOf(found.annotation, found.module);
      return found.init && typeOfValue(found.init, found.module, found.around);
    }
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "AssignmentExpression":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "SequenceExpression":
    case "UpdateExpression":
    case "TemplateLiteral":
    default:
      return undefined;
  }
}

function nameOfKey(key: Expression): string {
  return key.type === "Identifier" ? key.name : String((key as Node & { readonly value?: unknown }).value);
}

function typeOfItems(items: readonly (PlainType | undefined)[]): PlainType | undefined {
  const [first] = items;
  const isOne = items.every((item) => JSON.stringify(item) === JSON.stringify(first));
  return first !== undefined && isOne ? arrayOf(first) : undefined;
}

function typeOfCall(
  node: Expression & { readonly type: "CallExpression" },
  module: Module,
  around: EnclosingNodes,
): PlainType | undefined {
  const callee = unwrap(node.callee);
  if (callee.type === "Identifier") {
    const found = lookUp(callee.name, module, around);
    const returns: TypeNode | undefined =
      found?.kind === "function" ? found.node.returnType?.typeAnnotation : undefined;
    return returns && found?.kind === "function" ? typeOf(returns, found.module) : undefined;
  }
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier")
    return undefined;
  const { object, property } = callee;
  if (object.type === "Identifier" && object.name === "Math") return { kind: "number" };
  if (object.type === "Identifier" && typedArrays.has(object.name))
    return { kind: "array", of: object.name as ArrayKind };
  if (property.name === "slice") return typeOfValue(object, module, around);
  const isFilled =
    property.name === "fill" && /^(new )?Array\b/.test(module.text.slice(object.start, object.end));
  const [first] = node.arguments;
  const filling =
    first !== undefined && first.type !== "SpreadElement" ? typeOfValue(first, module, around) : undefined;
  return isFilled && filling ? arrayOf(filling) : undefined;
}

function typeOfMember(
  { object, property, computed }: Expression & { readonly type: "MemberExpression" },
  module: Module,
  around: EnclosingNodes,
): PlainType | undefined {
  if (!computed && property.type === "Identifier") {
    if (object.type === "Identifier" && constantOf(`${object.name}.${property.name}`) !== undefined)
      return { kind: "number" };
    if (property.name === "length") return { kind: "number" };
    const owner = typeOfValue(object, module, around);
    return owner?.kind === "record"
      ? owner.fields.find(({ name }) => name === property.name)?.type
      : undefined;
  }
  const array = typeOfValue(object, module, around);
  if (array?.kind === "array") return { kind: "number" };
  if (array?.kind === "matrix") return { kind: "array", of: "number[]" };
  return array?.kind === "list" ? array.item : undefined;
}

/** Returns a numeric enum as an object of constants. */
function enumEntity(env: Env, node: Identifier, declaration: Node): Entity {
  const fields = new Map<string, Entity>();
  const known = new Map<string, number>();
  let next = 0;
  const members = childrenOf(declaration).flatMap((child) =>
    child.type === "TSEnumMember" ? [child] : childrenOf(child).filter(({ type }) => type === "TSEnumMember"),
  );
  for (const member of members) {
    const { id, initializer } = member as Node & {
      readonly id: Identifier;
      readonly initializer?: Expression | null;
    };
    const value = initializer ? constantValue(initializer, env.module, [env.module.program], known) : next;
    if (typeof value !== "number")
      return refuse(env, node, `${node.name}.${id.name} is no number that is known here.`);
    fields.set(id.name, scalar(number(value)));
    known.set(id.name, value);
    next = value + 1;
  }
  return { kind: "record", fields, root: newRoot(env, node.name, true), fresh: false };
}
