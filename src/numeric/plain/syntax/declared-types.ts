// What declarations of types say, apart from the types themselves.
import type { Expression, Node, TypeMember, TypeNode } from "./ast.ts";
import type { Module } from "./module.ts";
import { typeNamed } from "./module.ts";
import { unwrap, walk } from "./walk.ts";

/**
 * Declaration whose type parameters stand for the given types, or for their defaults. `undefined` if there are too many
 * or too few.
 */
export function withArguments(
  found: NonNullable<ReturnType<typeof typeNamed>>,
  given: readonly TypeNode[],
  module: Module,
): typeof found | undefined {
  const { declaration } = found;
  const params = (declaration.type !== "TSEnumDeclaration" && declaration.typeParameters?.params) || [];
  if (given.length > params.length) return undefined;
  const bound = new Map(found.module.typeArguments);
  let inner = found.module;
  for (const [i, { name, default: other }] of params.entries()) {
    const node = given[i] ?? other;
    if (!node) return undefined;
    bound.set(typeof name === "string" ? name : name.name, { node, module: given[i] ? module : inner });
    inner = { ...found.module, typeArguments: new Map(bound) };
  }
  return { declaration, module: inner };
}

/**
 * True for the type of a field that the function cannot read, and that is left out: any string, arrays of strings,
 * functions, dates, and objects of
 * these.
 */
export function isUnread(node: TypeNode, module: Module, depth = 0): boolean {
  const inner = (type: TypeNode): boolean => isUnread(type, module, depth + 1);
  switch (node.type) {
    case "TSStringKeyword":
    case "TSTemplateLiteralType":
    case "TSFunctionType":
      return true;
    case "TSParenthesizedType":
    case "TSTypeOperator":
      return node.type === "TSTypeOperator" && node.operator === "keyof" ? false : inner(node.typeAnnotation);
    case "TSArrayType":
      return inner(node.elementType);
    case "TSTypeLiteral":
      return areUnread(node.members, module, depth);
    case "TSUnionType": {
      const types = node.types.filter(
        ({ type }) => type !== "TSUndefinedKeyword" && type !== "TSNullKeyword",
      );
      return types.length > 0 && types.every(inner);
    }
    case "TSTypeReference": {
      const { name = "" } = node.typeName;
      const [argument] = (node.typeArguments ?? node.typeParameters)?.params ?? [];
      if (name === "Date") return true;
      if (argument !== undefined) return /^(Readonly|Readonly?Array|Array)$/.test(name) && inner(argument);
      const found = depth > 20 ? undefined : typeNamed(name, module);
      const declaration = found?.declaration;
      if (declaration?.type === "TSInterfaceDeclaration" && !declaration.extends?.length)
        return areUnread(declaration.body.body, found!.module, depth);
      return declaration?.type === "TSTypeAliasDeclaration"
        ? isUnread(declaration.typeAnnotation, found!.module, depth + 1)
        : false;
    }
    case "TSAnyKeyword":
    case "TSBooleanKeyword":
    case "TSIndexedAccessType":
    case "TSIntersectionType":
    case "TSLiteralType":
    case "TSMappedType":
    case "TSNamedTupleMember":
    case "TSNullKeyword":
    case "TSNumberKeyword":
    case "TSTupleType":
    case "TSTypeQuery":
    case "TSUndefinedKeyword":
    default:
      return false;
  }
}

/** True for the members of a type of objects all of whose fields are left out. */
function areUnread(members: readonly TypeMember[], module: Module, depth: number): boolean {
  return (
    members.length > 0 &&
    members.every(
      ({ type, typeAnnotation }) =>
        type === "TSPropertySignature" &&
        typeAnnotation &&
        isUnread(typeAnnotation.typeAnnotation, module, depth + 1),
    )
  );
}

/** Strings of the members of an enum. */
export function enumTexts(declaration: Node): string[] {
  const texts: string[] = [];
  walk(declaration, (node) => {
    const { initializer } = node as Node & { readonly initializer?: Expression | null };
    const value = node.type === "TSEnumMember" && initializer ? unwrap(initializer) : undefined;
    if (value?.type === "Literal" && typeof value.value === "string") texts.push(value.value);
  });
  return texts;
}
