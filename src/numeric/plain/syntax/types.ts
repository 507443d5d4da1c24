import { assertNever } from "../../../engine/util/assert-never.ts";
import type { ArrayKind, PlainType } from "../form/form.ts";
import type {
  Expression,
  Identifier,
  InterfaceDeclaration,
  Literal,
  MappedType,
  Node,
  ObjectPattern,
  Property,
  TypeDeclaration,
  TypeMember,
  TypeNode,
} from "./ast.ts";
import { constantOf } from "./constants.ts";
import { enumTexts, isUnread, withArguments } from "./declared-types.ts";
import { arrayOf, nullableType, optionalType, textType, type TypedField, union } from "./joint-types.ts";
import type { EnclosingNodes, Module } from "./module.ts";
import { importedFrom, lookUp, namespaceOf, typeNamed } from "./module.ts";
import { PlainError } from "./refuse.ts";
import {
  accepted,
  entriesAdvice,
  notAType,
  openFields,
  optionalItem,
  strings,
  textOf,
  unreadType,
} from "./type-messages.ts";
import { isFunction, unwrap, walk } from "./walk.ts";

const typedArrays: ReadonlySet<string> = new Set([
  "Float64Array",
  "Float32Array",
  "Int32Array",
  "Uint8Array",
]);

/**
 * Converts a type annotation to the type of a plain value. Interfaces and type aliases are resolved.
 *
 * @throws PlainError for types that have no derivative and set no size: strings, `any`, classes, …
 */
export function typeOf(node: TypeNode, module: Module, depth = 0): PlainType {
  const refuse = (what: string, where: Node = node): never => {
    throw new PlainError(module, where, what);
  };
  if (depth > 20)
    return refuse(`a type that contains itself has no fixed shape; a function may take ${accepted}.`);
  const inner = (type: TypeNode): PlainType => typeOf(type, module, depth + 1);
  switch (node.type) {
    case "TSNumberKeyword":
      return { kind: "number" };
    case "TSBooleanKeyword":
      return { kind: "boolean" };
    case "TSLiteralType":
      return typeOfLiteral(node.literal) ?? refuse(strings);
    case "TSArrayType":
      return arrayOf(inner(node.elementType));
    case "TSTupleType":
      return { kind: "tuple", items: node.elementTypes.map((item) => inner(item)) };
    case "TSNamedTupleMember":
      return node.optional === true ? refuse(optionalItem) : inner(node.elementType);
    case "TSTypeOperator":
      if (node.operator === "keyof")
        return textType(fieldNames(node, module) ?? refuse(notAType(module, node)));
      return node.operator === "readonly" ? inner(node.typeAnnotation) : refuse(notAType(module, node));
    case "TSParenthesizedType":
      return inner(node.typeAnnotation);
    case "TSTypeLiteral":
      return { kind: "record", fields: fieldsOf(node.members, module, depth) };
    case "TSIntersectionType":
      return {
        kind: "record",
        fields: node.types.flatMap((type) => fieldsOfRecord(inner(type), type, module)),
      };
    case "TSUnionType": {
      const types = node.types.filter(
        ({ type }) => type !== "TSUndefinedKeyword" && type !== "TSNullKeyword",
      );
      const joined = union(types.map((type) => inner(type))) ?? refuse(notAType(module, node));
      if (types.length === node.types.length) return joined;
      const isNull = node.types.some(({ type }) => type === "TSNullKeyword");
      const isBoth = isNull && node.types.some(({ type }) => type === "TSUndefinedKeyword");
      return isNull ? nullableType(joined, isBoth) : optionalType(joined);
    }
    case "TSIndexedAccessType":
      return typeOfIndexed(node, module, depth) ?? refuse(notAType(module, node));
    case "TSTypeQuery":
      return typeOfName(node.exprName, module) ?? refuse(notAType(module, node));
    case "TSMappedType":
      return mappedType(node, module, depth) ?? refuse(notAType(module, node));
    case "TSTypeReference":
      return named(node, module, depth);
    case "TSAnyKeyword":
      return refuse(`any says nothing about the value: give its type, one of ${accepted}.`);
    case "TSStringKeyword":
      return refuse(strings);
    case "TSUndefinedKeyword":
    case "TSNullKeyword":
    case "TSFunctionType":
    case "TSTemplateLiteralType":
    default:
      return refuse(notAType(module, node));
  }
}

/** Type of `T["a"]`, `T[keyof T]` and `T[number]`; `undefined` for others. */
function typeOfIndexed(
  { objectType, indexType }: TypeNode & { readonly type: "TSIndexedAccessType" },
  module: Module,
  depth: number,
): PlainType | undefined {
  const owner = typeOf(objectType, module, depth + 1);
  if (indexType.type === "TSNumberKeyword") {
    if (owner.kind === "list") return owner.item;
    if (owner.kind === "matrix") return { kind: "array", of: "number[]" };
    return owner.kind === "array" ? { kind: "number" } : undefined;
  }
  const names = owner.kind === "record" ? fieldNames(indexType, module) : undefined;
  const types = names?.map(
    (name) => fieldsOfRecord(owner, objectType, module).find((one) => one.name === name)?.type,
  );
  return types?.every((type) => type !== undefined) === true ? union(types) : undefined;
}

/** Type of the annotation `typeof name`, which is the type of that variable. */
function typeOfName(name: Node, module: Module): PlainType | undefined {
  return name.type === "Identifier" ? typeOfValue(name as Identifier, module, [module.program]) : undefined;
}

function typeOfLiteral(node: Expression): PlainType | undefined {
  const value = node.type === "UnaryExpression" ? node.argument : node;
  if (value.type !== "Literal") return undefined;
  if (typeof value.value === "number") return { kind: "number" };
  if (typeof value.value === "string") return textType([value.value]);
  return typeof value.value === "boolean" ? { kind: "boolean" } : undefined;
}

function named(
  node: TypeNode & { readonly type: "TSTypeReference" },
  module: Module,
  depth: number,
): PlainType {
  const { left, right } = node.typeName;
  const space = left?.name === undefined ? undefined : namespaceOf(left.name, module);
  if (space !== undefined && right?.name !== undefined) {
    const inside = typeNamed(right.name, space);
    if (inside !== undefined) return typeOfDeclaration(inside.declaration, inside.module, depth);
  }
  const { name = left?.name ?? "" } = node.typeName;
  const given = (node.typeArguments ?? node.typeParameters)?.params ?? [];
  const [argument, keys] = given;
  if (typedArrays.has(name)) return { kind: "array", of: name as ArrayKind };
  if (name === "Record") return recordType(node, module, depth);
  if (name === "Map" || name === "Set") {
    const isOfNumbers = argument?.type === "TSNumberKeyword";
    const message = isOfNumbers ? entriesAdvice(name) : openFields;
    throw new PlainError(module, node, `${textOf(module, node)} ${message}`);
  }
  if (argument !== undefined && genericNames.has(name)) {
    const inner = typeOf(argument, module, depth + 1);
    if (name === "Readonly") return inner;
    if (name === "NonNullable") return inner.kind === "optional" ? inner.type : inner;
    if ((name === "Pick" || name === "Omit") && keys !== undefined)
      return chosenFields(inner, keys, node, module, name);
    if (name === "Partial" || name === "Required") return withFields(inner, node, module, name);
    const array =
      name === "Array" || name === "ReadonlyArray" || name === "ArrayLike" ? arrayOf(inner) : undefined;
    if (array !== undefined)
      return array.kind === "array" && name === "ArrayLike" ? { ...array, of: "any" } : array;
  }
  const found = typeNamed(name, module);
  const from = found === undefined ? importedFrom(name, module) : undefined;
  if (from !== undefined && module.imported(from) === undefined)
    throw new PlainError(module, node, unreadType(name, from));
  const inside = found && withArguments(found, given, module);
  if (inside === undefined) throw new PlainError(module, node, notAType(module, node));
  return typeOfDeclaration(inside.declaration, inside.module, depth);
}

/** Generic types of the language that are known here. */
const genericNames: ReadonlySet<string> = new Set([
  "Readonly",
  "NonNullable",
  "Pick",
  "Omit",
  "Partial",
  "Required",
  "Array",
  "ReadonlyArray",
  "ArrayLike",
]);

/** Type of `{ [K in Keys]: T }`; `undefined` unless the keys are known. */
function mappedType(node: MappedType, module: Module, depth: number): PlainType | undefined {
  const { typeParameter, key, typeAnnotation, optional } = node;
  const constraint = typeParameter?.constraint ?? node.constraint;
  const name = typeParameter?.name ?? key?.name;
  const names = constraint && !node.nameType ? fieldNames(constraint, module) : undefined;
  if (names === undefined || name === undefined || constraint === undefined || !typeAnnotation)
    return undefined;
  const isOfFields = constraint.type === "TSTypeOperator" && constraint.typeAnnotation.type !== "TSTypeQuery";
  const owner = isOfFields ? typeOf(constraint.typeAnnotation, module, depth + 1) : undefined;
  const fields = names.map((field) => {
    const literal = { type: "Literal", value: field, raw: JSON.stringify(field) };
    const { start, end } = constraint;
    const bound = {
      type: "TSLiteralType",
      literal: { ...literal, start, end } as Literal,
      start,
      end,
    } as const;
    const inner = new Map(module.typeArguments).set(name, { node: bound, module });
    const type = typeOf(typeAnnotation, { ...module, typeArguments: inner }, depth + 1);
    const present = type.kind === "optional" ? type.type : type;
    if (optional === "-") return { name: field, type: present };
    const own = owner?.kind === "record" ? owner.fields.find((one) => one.name === field) : undefined;
    const mayLack = optional === true || optional === "+" || own?.type.kind === "optional";
    return { name: field, type: mayLack ? optionalType(type) : type };
  });
  return { kind: "record", fields };
}

/** Type of a record such as `Record<"a" | "b", number>`. Throws unless its keys are string literals. */
function recordType(
  node: TypeNode & { readonly type: "TSTypeReference" },
  module: Module,
  depth: number,
): PlainType {
  const [key, value] = (node.typeArguments ?? node.typeParameters)?.params ?? [];
  const names = key && fieldNames(key, module);
  if (names === undefined || value === undefined)
    throw new PlainError(module, node, `${textOf(module, node)} ${openFields}`);
  const type = typeOf(value, module, depth + 1);
  return { kind: "record", fields: names.map((name) => ({ name, type })) };
}

/**
 * Returns the keys that a type contains: string literals, unions and aliases of them, enums of strings, `keyof T`,
 * `T["kind"]`. `undefined` for other types.
 */
function fieldNames(node: TypeNode, module: Module): string[] | undefined {
  if (node.type === "TSLiteralType")
    return node.literal.type === "Literal" && typeof node.literal.value === "string"
      ? [node.literal.value]
      : undefined;
  if (node.type === "TSParenthesizedType") return fieldNames(node.typeAnnotation, module);
  if (node.type === "TSUnionType") {
    const parts = node.types.map((part) => fieldNames(part, module));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  if (node.type === "TSTypeOperator") {
    const listed = node.operator === "keyof" ? namesOfValue(node.typeAnnotation, module) : undefined;
    if (listed !== undefined) return listed;
    const owner = node.operator === "keyof" ? typeOf(node.typeAnnotation, module) : undefined;
    return owner?.kind === "record" ? owner.fields.map(({ name }) => name) : undefined;
  }
  if (node.type === "TSIndexedAccessType") {
    const type = typeOfIndexed(node, module, 0);
    return type?.kind === "number" ? type.cases?.map(({ text }) => text) : undefined;
  }
  if (node.type !== "TSTypeReference" || node.typeName.name === undefined) return undefined;
  const found = typeNamed(node.typeName.name, module);
  if (found?.declaration.type === "TSTypeAliasDeclaration")
    return fieldNames(found.declaration.typeAnnotation, found.module);
  const texts = found?.declaration.type === "TSEnumDeclaration" ? enumTexts(found.declaration) : [];
  return texts.length > 0 ? texts : undefined;
}

/** Names of the fields of an object literal, whatever their values, for `typeof object`; `undefined` for other types. */
function namesOfValue(node: TypeNode, module: Module): string[] | undefined {
  if (node.type === "TSParenthesizedType") return namesOfValue(node.typeAnnotation, module);
  if (node.type !== "TSTypeQuery" || node.exprName.type !== "Identifier") return undefined;
  const found = lookUp((node.exprName as Identifier).name, module, [module.program]);
  if (found?.kind === "enum") {
    const members: string[] = [];
    walk(found.node, (one) => {
      if (one.type === "TSEnumMember")
        members.push(nameOfKey((one as Node & { readonly id: Identifier }).id));
    });
    return members;
  }
  const init = found?.kind === "variable" && found.fixed && found.init ? unwrap(found.init) : undefined;
  if (init?.type !== "ObjectExpression") return undefined;
  const names = init.properties.map((part) =>
    part.type === "Property" && !part.computed ? nameOfKey(part.key) : undefined,
  );
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** Applies `Pick` or `Omit` to a record type. */
function chosenFields(
  type: PlainType,
  keys: TypeNode,
  node: Node,
  module: Module,
  name: "Pick" | "Omit",
): PlainType {
  const names = fieldNames(keys, module);
  if (names === undefined) throw new PlainError(module, node, notAType(module, node));
  const fields = fieldsOfRecord(type, node, module);
  return {
    kind: "record",
    fields: fields.filter((field) => names.includes(field.name) === (name === "Pick")),
  };
}

/** Applies `Partial` or `Required` to a record type. */
function withFields(type: PlainType, node: Node, module: Module, name: "Partial" | "Required"): PlainType {
  const fields = fieldsOfRecord(type, node, module).map((field) => {
    const present = field.type.kind === "optional" ? field.type.type : field.type;
    return { name: field.name, type: name === "Partial" ? optionalType(present) : present };
  });
  return { kind: "record", fields };
}

function typeOfDeclaration(declaration: TypeDeclaration, module: Module, depth: number): PlainType {
  switch (declaration.type) {
    case "TSTypeAliasDeclaration":
      return typeOf(declaration.typeAnnotation, module, depth + 1);
    case "TSInterfaceDeclaration":
      return { kind: "record", fields: fieldsOfInterface(declaration, module, depth) };
    case "TSEnumDeclaration": {
      const texts = enumTexts(declaration);
      return texts.length > 0 ? textType(texts) : { kind: "number" };
    }
    default:
      return assertNever(declaration, "typeOfDeclaration");
  }
}

function fieldsOfInterface(node: InterfaceDeclaration, module: Module, depth: number): TypedField[] {
  const own = fieldsOf(node.body.body, module, depth);
  const inherited = (node.extends ?? []).flatMap((base) => {
    const parent =
      base.expression.type === "Identifier" ? typeNamed(base.expression.name, module) : undefined;
    const given = (base.typeArguments ?? base.typeParameters)?.params ?? [];
    const found = parent && withArguments(parent, given, module);
    if (found === undefined) throw new PlainError(module, base, notAType(module, base));
    return fieldsOfRecord(typeOfDeclaration(found.declaration, found.module, depth + 1), base, module);
  });
  return [...inherited.filter(({ name }) => own.every((field) => field.name !== name)), ...own];
}

function fieldsOfRecord(type: PlainType, node: Node, module: Module): readonly TypedField[] {
  if (type.kind === "record") return type.fields;
  throw new PlainError(module, node, notAType(module, node));
}

function fieldsOf(members: readonly TypeMember[], module: Module, depth: number): TypedField[] {
  return members.flatMap((member) => {
    const { key, typeAnnotation } = member;
    if (member.type === "TSIndexSignature")
      throw new PlainError(module, member, `${textOf(module, member)} ${openFields}`);
    if (member.type !== "TSPropertySignature" || !typeAnnotation)
      throw new PlainError(module, member, notAType(module, member));
    if (isUnread(typeAnnotation.typeAnnotation, module)) {
      module.leftOut.add(nameOfKey(key));
      return [];
    }
    const type = typeOf(typeAnnotation.typeAnnotation, module, depth + 1);
    return [{ name: nameOfKey(key), type: member.optional === true ? optionalType(type) : type }];
  });
}

/**
 * True for types with any number of fields: `Record<string, T>`, `{ [name: string]: T }`, and aliases of them. The
 * fields of a value are those of its initialiser.
 */
export function hasOpenFields(node: TypeNode, module: Module, depth = 0): boolean {
  if (node.type === "TSParenthesizedType") return hasOpenFields(node.typeAnnotation, module, depth);
  if (node.type === "TSTypeLiteral") return node.members.some(({ type }) => type === "TSIndexSignature");
  if (node.type !== "TSTypeReference" || node.typeName.name === undefined || depth > 20) return false;
  const { name } = node.typeName;
  const [argument] = (node.typeArguments ?? node.typeParameters)?.params ?? [];
  if (name === "Record") return argument !== undefined && fieldNames(argument, module) === undefined;
  if (argument !== undefined)
    return (name === "Readonly" || name === "Partial") && hasOpenFields(argument, module, depth + 1);
  const found = typeNamed(name, module);
  if (found?.declaration.type === "TSInterfaceDeclaration")
    return found.declaration.body.body.some(({ type }) => type === "TSIndexSignature");
  return found?.declaration.type === "TSTypeAliasDeclaration"
    ? hasOpenFields(found.declaration.typeAnnotation, found.module, depth + 1)
    : false;
}

/** Type of an outside variable by its annotation, or by its initialiser, if that lists the fields that the type leaves open. */
export function typeOfVariable(
  annotation: TypeNode | undefined,
  init: Expression | undefined,
  module: Module,
  around: EnclosingNodes,
): PlainType | undefined {
  const shown = (): PlainType | undefined => init && typeOfValue(init, module, around);
  if (annotation === undefined) return shown();
  return (hasOpenFields(annotation, module) ? shown() : undefined) ?? typeOf(annotation, module);
}

const numeric = new Set(["+", "-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"]);

/** Infers the type of an initialiser from its syntax; `undefined` if that is not possible. */
export function typeOfValue(node: Expression, module: Module, around: EnclosingNodes): PlainType | undefined {
  if (
    node.type === "TSAsExpression" ||
    node.type === "TSSatisfiesExpression" ||
    node.type === "TSTypeAssertion"
  ) {
    const isConst = module.text.slice(node.typeAnnotation!.start, node.typeAnnotation!.end) === "const";
    const shown =
      isConst || node.type === "TSSatisfiesExpression"
        ? typeOfValue(node.expression, module, around)
        : undefined;
    return shown ?? (isConst ? undefined : typeOf(node.typeAnnotation!, module));
  }
  const inner = unwrap(node);
  const value = (part: Expression): PlainType | undefined => typeOfValue(part, module, around);
  switch (inner.type) {
    case "Literal":
      if (typeof inner.value === "number") return { kind: "number" };
      if (typeof inner.value === "string") return textType([inner.value]);
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
      return typeOfVariable(found.annotation, found.init, found.module, found.around);
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

/**
 * Type of a parameter `{ rate = 0.1, steps = 5 }` without an annotation. A field with a default is optional; others have
 * the types that the default of the whole parameter shows. `undefined` if the type of a field cannot be inferred.
 */
export function typeOfPattern(
  { properties }: ObjectPattern,
  shown: PlainType | undefined,
  module: Module,
  around: EnclosingNodes,
): PlainType | undefined {
  if (shown !== undefined && shown.kind !== "record") return undefined;
  const own = shown?.fields ?? [];
  const missing = properties.map((part) => {
    const name = part.type === "Property" ? nameOfKey(part.key) : "";
    if (own.some((field) => field.name === name)) return [];
    if (part.type !== "Property" || part.value.type !== "AssignmentPattern") return undefined;
    const type = typeOfValue(part.value.right, module, around);
    return type && [{ name, type: optionalType(type) }];
  });
  if (!missing.every((part) => part !== undefined)) return undefined;
  return { kind: "record", fields: [...own, ...missing.flat()] };
}

function nameOfKey(key: Expression): string {
  return key.type === "Identifier" ? key.name : String((key as Node & { readonly value?: unknown }).value);
}

function typeOfItems(items: readonly (PlainType | undefined)[]): PlainType | undefined {
  const item = items.length > 0 && items.every((type) => type !== undefined) ? union(items) : undefined;
  return item && arrayOf(item);
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
  if (object.type === "Identifier" && object.name === "Array" && property.name === "from") {
    const [, each] = node.arguments;
    const made =
      each !== undefined && isFunction(each) && each.body.type !== "BlockStatement" ? each.body : undefined;
    const item = made && typeOfValue(made, module, around);
    return item && arrayOf(item);
  }
  if (object.type === "Identifier" && object.name === "Object" && property.name === "freeze") {
    const [frozen] = node.arguments;
    return frozen === undefined || frozen.type === "SpreadElement"
      ? undefined
      : typeOfValue(frozen, module, around);
  }
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
