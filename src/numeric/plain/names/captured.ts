import { number, truth } from "../draft/draft.ts";
import type { Entity } from "../entities/entity.ts";
import { scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { newRoot, refuse, textConstant } from "../entities/env.ts";
import { parameterEntity, withCodes } from "../entities/params.ts";
import type { PlainType } from "../form/form.ts";
import { adviceForClass } from "../operations/classes.ts";
import { bitsOfNumbers, isBitOperator } from "../operations/bits.ts";
import { isMathFunction } from "../operations/math.ts";
import { constantOf } from "../syntax/constants.ts";
import type {
  Expression,
  Identifier,
  MemberExpression,
  NewExpression,
  Node,
  Property,
} from "../syntax/ast.ts";
import type { EnclosingNodes, Module, OuterBinding } from "../syntax/module.ts";
import { lookUp, memberOf, methodsOf } from "../syntax/module.ts";
import { typeOfVariable } from "../syntax/types.ts";
import { childrenOf, isFunction, unwrap } from "../syntax/walk.ts";

/**
 * Entity of a name from outside of the marked function: a function, a constant, or a value read at each call and passed
 * as a hidden parameter. `undefined` for undeclared names. Refuses names whose declaration cannot be read, such as
 * imported ones.
 */
export function outsideEntity(env: Env, node: Identifier): Entity | undefined {
  const found = lookUp(node.name, env.module, env.around);
  return found && entityOf(env, node, node.name, found);
}

/** Entity of `H.f` for a namespace `H`, or of a static member `C.f` of a class; `undefined` for other members. */
export function outsideMember(env: Env, node: MemberExpression): Entity | undefined {
  const { object, computed } = node;
  const property = node.property as Node & { readonly name?: string };
  const isPrivate = property.type === "PrivateIdentifier";
  if (computed || object.type !== "Identifier" || (property.type !== "Identifier" && !isPrivate))
    return undefined;
  const key = `${isPrivate ? "#" : ""}${property.name}`;
  if (env.scope.get(object.name) !== undefined) return undefined;
  const owner = lookUp(object.name, env.module, env.around);
  if (owner?.kind !== "namespace" && owner?.kind !== "class") return undefined;
  const found = memberOf(owner, key);
  if (found === undefined)
    return refuse(
      env,
      node,
      owner.kind === "class"
        ? `${object.name} has no static member ${key}: only static methods and constants of classes can be used here.`
        : `${object.name} does not export ${key}.`,
    );
  const name = `${object.name}.${key}`;
  if (owner.kind === "class" && found.kind === "variable" && !found.fixed)
    return refuse(env, node, `${name} may be assigned to: declare it as static readonly ${key}.`);
  return entityOf(env, node, name, found);
}

function entityOf(env: Env, node: Expression, name: string, found: OuterBinding): Entity {
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
      return enumEntity(env, node, name, found);
    case "namespace":
    case "class":
      return { kind: "global", name };
    case "unreadable":
      return refuse(env, node, `${name} is ${found.what}: ${found.repair}.`);
    case "variable":
      return variableEntity(env, node, name, found);
  }
}

type OuterVariable = OuterBinding & { readonly kind: "variable" };

function variableEntity(env: Env, node: Expression, name: string, found: OuterVariable): Entity {
  const text = found.fixed && found.init ? unwrap(found.init) : undefined;
  if (text?.type === "Literal" && typeof text.value === "string") return textConstant(env, text.value);
  const constant =
    found.fixed && found.init ? constantValue(found.init, found.module, found.around) : undefined;
  if (constant !== undefined)
    return scalar(typeof constant === "number" ? number(constant) : truth(constant));
  const made = found.fixed && found.init ? objectOutside(env, name, found.init, found) : undefined;
  if (made !== undefined) return made;
  const { unit } = env;
  const known = unit.outside.get(found.declaration);
  if (known !== undefined) return known;
  const seen = lookUp(name, unit.module, unit.around);
  if (seen?.kind !== "variable" || seen.declaration !== found.declaration)
    return refuse(
      env,
      node,
      `${name} is not visible in the scope of the marked function: pass it to the helper as an argument, or make its parts constants, ` +
        "as in { a: 1 } as const.",
    );
  const type = withCodes(unit, capturedType(env, node, name, found));
  const entity = parameterEntity(unit, name, type, name);
  unit.captured.push({ name, type });
  unit.outside.set(found.declaration, entity);
  return entity;
}

/**
 * Entity of an outside variable that is a new instance of a class without state, or an object of functions. `as const`
 * makes the other fields of an object constants. `undefined` for other variables.
 */
function objectOutside(
  env: Env,
  label: string,
  given: Expression,
  { module, around }: Pick<OuterVariable, "module" | "around">,
): Entity | undefined {
  const init = unwrap(given);
  if (init.type === "NewExpression") return newInstance({ ...env, module, around }, init);
  if (init.type !== "ObjectExpression") return undefined;
  const { typeAnnotation } = given as Expression & { readonly typeAnnotation?: Node };
  const isConst =
    typeAnnotation !== undefined && module.text.slice(typeAnnotation.start, typeAnnotation.end) === "const";
  const fields = new Map<string, Entity>();
  let areFunctions = false;
  for (const part of init.properties) {
    const name = part.type === "Property" && part.kind === "init" ? nameOfProperty(part) : undefined;
    if (part.type !== "Property" || name === undefined) return undefined;
    const value = unwrap(part.value as Expression);
    const called = isFunction(value) ? undefined : calledBy(value, module, around);
    areFunctions ||= isFunction(value) || called !== undefined;
    const constant = isConst ? constantValue(value, module, around) : undefined;
    if (isFunction(value))
      fields.set(name, { kind: "function", node: value, module, scope: undefined, around });
    else if (called !== undefined) fields.set(name, called);
    else if (constant !== undefined)
      fields.set(name, scalar(typeof constant === "number" ? number(constant) : truth(constant)));
    else if (isConst && value.type === "Literal" && typeof value.value === "string")
      fields.set(name, textConstant(env, value.value));
    else if (isConst) return undefined;
  }
  if (!isConst && !areFunctions) return undefined;
  return { kind: "record", fields, root: newRoot(env, label, true), fresh: false };
}

/** The function to which a name or `Math.name` refers, as in `{ relu, tanh: Math.tanh }`; `undefined` for other values. */
function calledBy(node: Expression, module: Module, around: EnclosingNodes): Entity | undefined {
  if (node.type === "Identifier") {
    const found = lookUp(node.name, module, around);
    if (found?.kind !== "function") return undefined;
    return {
      kind: "function",
      node: found.node,
      module: found.module,
      scope: undefined,
      around: found.around,
    };
  }
  if (node.type !== "MemberExpression" || node.computed || node.object.type !== "Identifier")
    return undefined;
  const name = `${node.object.name}.${(node.property as Identifier).name}`;
  const isOfMath = node.object.name === "Math" && lookUp("Math", module, around) === undefined;
  return isOfMath && isMathFunction(name) ? { kind: "global", name } : undefined;
}

function nameOfProperty({ key, computed }: Property): string | undefined {
  if (key.type === "Identifier" && !computed) return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** Entity of `new C()` for a class without state: its methods. `undefined` for other classes. */
export function newInstance(env: Env, { callee, arguments: args }: NewExpression): Entity | undefined {
  if (callee.type !== "Identifier" || args.length > 0 || env.scope.get(callee.name) !== undefined)
    return undefined;
  const owner = lookUp(callee.name, env.module, env.around);
  const methods = owner?.kind === "class" ? methodsOf(owner) : undefined;
  if (owner?.kind !== "class" || methods === undefined) return undefined;
  const { module, around } = owner;
  const fields = [...methods].map(
    ([name, node]) => [name, { kind: "function", node, module, scope: undefined, around } as const] as const,
  );
  return { kind: "record", fields: new Map(fields), root: newRoot(env, callee.name, true), fresh: false };
}

function capturedType(
  env: Env,
  node: Expression,
  name: string,
  { annotation, init, module, around }: OuterVariable,
): PlainType {
  return (
    typeOfVariable(annotation, init, module, around) ??
    refuse(
      env,
      node,
      madeOfClass(name, init) ??
        `the kind of value of ${name} cannot be seen where it is declared: give it a type there, as ${name}: number[], or ` +
          `hand it in as an argument.`,
    )
  );
}

/** Message for a variable that holds a `Map`, a `Set` or instances of a class; `undefined` for others. */
function madeOfClass(name: string, init: Expression | undefined): string | undefined {
  const value = init && unwrap(init);
  const [first] = value?.type === "ArrayExpression" ? value.elements : [];
  const made = first && first.type !== "SpreadElement" ? unwrap(first) : value;
  if (made?.type !== "NewExpression" || made.callee.type !== "Identifier") return undefined;
  return `${name}: ${adviceForClass(made.callee.name)}`;
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

/**
 * Result of an arithmetic or bit operator on two numbers; `undefined` for other operands and operators, and for powers,
 * whose last bits differ between engines.
 */
export function arithmeticOf(
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

/** Returns an enum of numbers and strings as an object of constants. */
function enumEntity(
  env: Env,
  node: Expression,
  name: string,
  { node: declaration, module }: OuterBinding & { readonly kind: "enum" },
): Entity {
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
    const text = initializer && unwrap(initializer);
    if (text?.type === "Literal" && typeof text.value === "string") {
      fields.set(id.name, textConstant(env, text.value));
      continue;
    }
    const value = initializer ? constantValue(initializer, module, [module.program], known) : next;
    if (typeof value !== "number")
      return refuse(env, node, `${name}.${id.name} is no number that is known here.`);
    fields.set(id.name, scalar(number(value)));
    known.set(id.name, value);
    next = value + 1;
  }
  return { kind: "record", fields, root: newRoot(env, name, true), fresh: false };
}
