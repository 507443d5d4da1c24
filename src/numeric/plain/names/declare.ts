import { compare, number } from "../draft/draft.ts";
import { copied, settled } from "../entities/copies.ts";
import type {
  NameBinding,
  Entity,
  FunctionEntity,
  ObjectIdentity,
  ScalarEntity,
  TupleEntity,
} from "../entities/entity.ts";
import { nothing } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, frozen, isReassigned, isStable, letLocal, newRoot, refuse, textOf } from "../entities/env.ts";
import { arrayLength, presentValue } from "../entities/plan.ts";
import { isFresh } from "../entities/sharing.ts";
import { fieldName, fieldNamed, itemNumber } from "../operations/access.ts";
import { itemsFrom, makeTupleArray } from "../operations/arrays.ts";
import { choose, withDefault } from "../operations/operators.ts";
import type {
  CallExpression,
  Expression,
  FunctionNode,
  Identifier,
  MemberExpression,
  Node,
  Pattern,
} from "../syntax/ast.ts";
import { isOnlyDefaulted } from "../syntax/defaults.ts";
import { lookUp } from "../syntax/module.ts";
import { optionalType } from "../syntax/joint-types.ts";
import { typeOf } from "../syntax/types.ts";
import { eachUse, isFunction, pushedNames, targetsOf, unwrap, walk } from "../syntax/walk.ts";
import { unset } from "./unset.ts";

/** Properties of the names that a declaration introduces. */
export interface DeclarationMode {
  readonly isConst: boolean;
  /** True for parameters, which may refer to the argument without a local of their own. */
  readonly isParameter?: boolean;
}

/** Binds the names of a pattern to a value or its parts. A value of kind `nothing` was omitted by the caller. */
export function declare(env: Env, pattern: Pattern, value: Entity, node: Node, how: DeclarationMode): void {
  switch (pattern.type) {
    case "Identifier":
      bind(env, pattern, value, node, how);
      return;
    case "AssignmentPattern": {
      const hint = pattern.left.type === "Identifier" ? pattern.left.name : undefined;
      declare(env, pattern.left, withDefault({ ...env, hint }, pattern, value, pattern.right), node, how);
      return;
    }
    case "ArrayPattern":
      for (const [i, part] of pattern.elements.entries()) {
        if (part === null) continue;
        if (part.type === "RestElement") declare(env, part.argument, restOf(env, part, value, i), node, how);
        else if (part.type === "AssignmentPattern")
          declare(env, part, itemOrNothing(env, part, value, i), node, how);
        else declare(env, part, itemNumber(env, part, value, i), node, how);
      }
      return;
    case "ObjectPattern":
      for (const part of pattern.properties) {
        if (part.type === "RestElement") {
          const taken = pattern.properties.flatMap((other) =>
            other.type === "Property" ? [fieldName(other)] : [],
          );
          declare(env, part.argument, fieldsBut(env, part, value, taken), node, how);
        } else declare(env, part.value as Pattern, fieldNamed(env, part, value), node, how);
      }
      return;
    case "RestElement":
    case "MemberExpression":
    case "ParenthesizedExpression":
    case "ChainExpression":
    case "TSNonNullExpression":
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSTypeAssertion":
    case "TSInstantiationExpression":
      return refuse(env, pattern, `${textOf(env, pattern)} is no name that can be declared here.`);
  }
}

/** Returns item `i` of a value, for a pattern with a default; `undefined` beyond the end of the value. */
function itemOrNothing(env: Env, node: Node, whole: Entity, i: number): Entity {
  const value = presentValue(env, node, whole, `(reading '${i}')`);
  if (value.kind === "tuple") return value.items[i] ?? nothing;
  if (value.kind !== "array") return itemNumber(env, node, value, i);
  return choose(env, {
    node,
    sides: [node, node],
    test: compare("less", number(i), arrayLength(value)),
    then: (inner) => itemNumber(inner, node, value, i),
    otherwise: () => nothing,
  });
}

/**
 * Refuses a default that refers to its own parameter or a later one, which have no value yet.
 *
 * @throws PlainError
 */
export function refuseLaterNames(env: Env, { params }: FunctionNode, i: number): void {
  const param = params[i]!;
  if (param.type !== "AssignmentPattern") return;
  const later = new Set<string>();
  for (const other of params.slice(i))
    targetsOf(other, (target) => {
      if (target.type === "Identifier") later.add((target as Identifier).name);
    });
  eachUse(param.right, (use, around) => {
    if (later.has(use.name) && !around.some(isFunction))
      refuse(
        env,
        use,
        `${use.name} has no value yet: a default may use the parameters before it. Move ${use.name} to the front.`,
      );
  });
}

function restOf(env: Env, node: Node, value: Entity, from: number): Entity {
  if (value.kind === "array") return itemsFrom(env, node, value, from);
  if (value.kind !== "tuple")
    return refuse(env, node, "only arrays have further items: take out fields by their names.");
  return { kind: "tuple", items: value.items.slice(from), root: newRoot(env, "[…]"), fresh: true };
}

function fieldsBut(env: Env, node: Node, value: Entity, taken: readonly (string | undefined)[]): Entity {
  if (value.kind !== "record") return refuse(env, node, "only an object has other fields.");
  const fields = [...value.fields].filter(([name]) => !taken.includes(name));
  return { kind: "record", fields: new Map(fields), root: newRoot(env, "{…}"), fresh: true };
}

function bind(env: Env, id: Identifier, value: Entity, node: Node, how: DeclarationMode): void {
  const block = env.scope.node;
  const isDefaulted = how.isParameter === true && isOnlyDefaulted(block, id.name);
  const reassigned = !how.isConst && isReassigned(block, id.name) && !isDefaulted;
  const entity = held(env, id, value, node, reassigned, how);
  const binding: NameBinding = {
    entity,
    block,
    reassigned,
    isConst: how.isConst && how.isParameter !== true,
  };
  env.scope.set(id.name, binding);
  if ("root" in entity || entity.kind === "optional") env.unit.aliases.push({ name: id.name, binding });
}

/** Returns the entity to which a declaration binds a name: a local, a copy, or the value itself. */
function held(
  env: Env,
  id: Identifier,
  given: Entity,
  node: Node,
  reassigned: boolean,
  how: DeclarationMode,
): Entity {
  const { name } = id;
  const isTuple = id.typeAnnotation?.typeAnnotation.type === "TSTupleType";
  const value =
    given.kind === "tuple" &&
    given.fresh &&
    !isTuple &&
    !(given.items.length === 0 && pushedNames(env.scope.node).has(name)) &&
    (isUsedAsArray(env, name, env.scope.node, isNested(given)) || isOpenUnion(env, given))
      ? makeTupleArray(env, node, given, name)
      : given;
  switch (value.kind) {
    case "scalar":
      if (how.isParameter === true && !reassigned && isStable(env, value.value))
        return { ...value, target: undefined };
      return letLocal(env, name, value.value, { mutable: reassigned, at: at(env, node) });
    case "text": {
      const code = held(env, id, value.code, node, reassigned, how) as ScalarEntity;
      if (value.code.value.kind === "const" && !reassigned) return value;
      if (code.value.kind === "local") env.unit.textNames.add(code.value.name);
      return { kind: "text", code, cases: reassigned ? undefined : value.cases };
    }
    case "array":
    case "record":
    case "tuple":
      if (reassigned && !isWholeFresh(value)) return copied(env, name, value, node);
      return value.fresh ? owned(env, name, value, node, reassigned) : value;
    case "optional":
      if (reassigned) return copied(env, name, value, node);
      return settled(frozen(env, value, env.out));
    case "function":
      if (reassigned)
        return refuse(
          env,
          node,
          `${name} is a function and cannot be exchanged: choose between functions by if.`,
        );
      return value;
    case "global":
      return value;
    case "nothing": {
      if (value.unknown !== undefined) return value;
      const annotation = id.typeAnnotation?.typeAnnotation;
      if (how.isParameter === true && reassigned && annotation !== undefined)
        return copied(env, name, unset(env, node, optionalType(typeOf(annotation, env.module))), node);
      // callbacks often have an unused first parameter
      return how.isParameter === true || (how.isConst && isUndefined(node))
        ? value
        : refuse(env, node, `${textOf(env, node)} has no value.`);
    }
  }
}

/**
 * True if a declaration has an initialiser other than a call. Only then may its value be `undefined`; a call without a
 * result is refused.
 */
function isUndefined(node: Node): boolean {
  const { init } = node as Node & { readonly init?: Expression | null };
  return init !== undefined && init !== null && unwrap(init).type !== "CallExpression";
}

function isWholeFresh(value: Entity): boolean {
  return isFresh(value) && (value.kind !== "array" || value.places.length === 0);
}

/** Converts the fields of a new object to locals. Objects in it that another name refers to stay as they are. */
function owned(env: Env, name: string, value: Entity, node: Node, reassigned: boolean): Entity {
  if (value.kind === "optional") {
    const isSame = !reassigned || value.present.value.kind !== "const";
    return isSame ? settled(frozen(env, value, env.out)) : copied(env, name, value, node);
  }
  if (value.kind === "record" && value.fresh) {
    const { root } = value;
    const fields = [...value.fields].map(([key, field]) => {
      const mutable = reassigned || mayBeAssigned(env, key);
      return [key, ownedPart(env, `${name}_${key}`, field, node, root, mutable)] as const;
    });
    return { kind: "record", fields: new Map(fields), root, fresh: false };
  }
  if (value.kind === "tuple" && value.fresh) {
    const { root } = value;
    const mutable = reassigned || mayBeAssigned(env, undefined);
    const items = value.items.map((item, i) => ownedPart(env, `${name}_${i}`, item, node, root, mutable));
    return { kind: "tuple", items, root, fresh: false };
  }
  return settled(value);
}

function ownedPart(
  env: Env,
  name: string,
  part: Entity,
  node: Node,
  root: ObjectIdentity,
  mutable: boolean,
): Entity {
  if (part.kind === "text") {
    const isKnown = !mutable && part.code.value.kind === "const";
    if (isKnown) return part;
    const code = ownedPart(env, name, part.code, node, root, mutable) as ScalarEntity;
    if (code.value.kind === "local") env.unit.textNames.add(code.value.name);
    return { kind: "text", code };
  }
  if (part.kind !== "scalar") return owned(env, name, part, node, mutable);
  return letLocal(env, name, part.value, { mutable, root, at: at(env, node) });
}

const fieldsAssigned = new WeakMap<Node, Set<string>>();

/**
 * True if the module of the code or that of the marked function assigns to a field of this name, or to a computed or
 * unnamed field.
 */
export function mayBeAssigned(env: Env, key: string | undefined): boolean {
  return [env.module, env.unit.module].some(({ program }) => {
    let names = fieldsAssigned.get(program);
    if (names === undefined) fieldsAssigned.set(program, (names = assignedFields(program)));
    return names.has("[]") || (key !== undefined && names.has(key));
  });
}

/** Names of the assigned fields of a program. `[]` represents whole objects and items of tuples. */
function assignedFields(program: Node): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const targets: Node[] = [];
    const { left, argument } = node as Node & { readonly left?: Pattern; readonly argument?: Node };
    if (node.type === "AssignmentExpression") targetsOf(left!, (target) => targets.push(target));
    if (node.type === "UpdateExpression") targets.push(unwrap(argument!));
    for (const target of targets) {
      if (target.type !== "MemberExpression") continue;
      const { computed, property } = target as MemberExpression;
      names.add(computed ? "[]" : (property as Identifier).name);
    }
  });
  return names;
}

/** True if items of a literal list are objects with different fields, and the program might exchange them. */
function isOpenUnion(env: Env, { items }: Entity & { readonly kind: "tuple" }): boolean {
  const fieldsOf = (item: Entity): string =>
    item.kind === "record" ? [...item.fields.keys()].toSorted().join() : "";
  return items.some((item) => fieldsOf(item) !== fieldsOf(items[0]!)) && mayBeAssigned(env, undefined);
}

/**
 * True if a name for a literal `[a, b, c]` is used as an array: with unknown indices, array methods or loops. If false,
 * the items can be locals.
 */
function isUsedAsArray(env: Env, name: string, block: Node, nested: boolean, depth = 0): boolean {
  let isArray = false;
  eachUse(block, (use, around) => {
    if (use.name !== name || isArray) return;
    const parent = around.at(-1);
    isArray = parent !== undefined && !isTupleUse(env, use, parent, around, nested, depth);
  });
  return isArray;
}

function isTupleUse(
  env: Env,
  use: Node,
  parent: Node,
  around: readonly Node[],
  nested: boolean,
  depth: number,
): boolean {
  switch (parent.type) {
    case "MemberExpression": {
      const { object, property, computed } = parent as MemberExpression;
      if (object !== use) return property === use;
      if (!computed)
        return (property as Identifier).name === "length" && around.at(-2)?.type !== "CallExpression";
      const key = unwrap(property);
      if (key.type !== "Literal" || typeof key.value !== "number") return false;
      const outer = around.at(-2);
      return !nested || (outer !== undefined && isRowUse(parent, outer));
    }
    case "VariableDeclarator": {
      const { id, init } = parent as Node & { readonly id: Node; readonly init: Node };
      return id === use || (init === use && id.type === "ArrayPattern");
    }
    case "AssignmentExpression": {
      const { left, right } = parent as Node & { readonly left: Node; readonly right: Node };
      return left === use || (right === use && left.type === "ArrayPattern");
    }
    case "ArrayPattern":
    case "ReturnStatement":
      return true;
    case "CallExpression":
      return isTupleArgument(env, use, parent as CallExpression, depth);
    default:
      return isFunction(parent); // the name is declared as a parameter
  }
}

function isNested({ items }: TupleEntity): boolean {
  return items.some(({ kind }) => kind === "tuple" || kind === "array");
}

/** True if a row of a literal is only destructured or accessed at known indices. */
function isRowUse(row: Node, parent: Node): boolean {
  if (parent.type === "VariableDeclarator") {
    const { id, init } = parent as Node & { readonly id: Node; readonly init: Node };
    return init === row && id.type === "ArrayPattern";
  }
  if (parent.type !== "MemberExpression") return false;
  const { object, property, computed } = parent as MemberExpression;
  const key = unwrap(property);
  return object === row && computed && key.type === "Literal" && typeof key.value === "number";
}

/** True if the called function also uses the argument as a tuple. */
function isTupleArgument(
  env: Env,
  use: Node,
  { callee, arguments: args }: CallExpression,
  depth: number,
): boolean {
  const called = unwrap(callee);
  const i = args.indexOf(use as Expression);
  if (called.type !== "Identifier" || i < 0 || depth > 4) return false;
  const local = env.scope.get(called.name)?.entity;
  const outside = local === undefined ? lookUp(called.name, env.module, env.around) : undefined;
  const found: Pick<FunctionEntity, "node"> | undefined =
    local?.kind === "function" ? local : outside?.kind === "function" ? outside : undefined;
  const param = found?.node.params[i];
  if (param === undefined) return false;
  if (param.type === "ArrayPattern") return true;
  if (param.type !== "Identifier") return false;
  if (param.typeAnnotation?.typeAnnotation.type === "TSTupleType") return true;
  return !isUsedAsArray(env, param.name, found!.node, false, depth + 1);
}
