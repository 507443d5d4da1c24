import type { Expression, Identifier, SpreadElement } from "../syntax/ast.ts";
import type { EnclosingNodes, Module } from "../syntax/module.ts";
import { lookUp } from "../syntax/module.ts";
import { unwrap } from "../syntax/walk.ts";
import { arithmeticOf, constantValue } from "./captured.ts";

/**
 * Value of an outside variable whose initialiser is constant: a number or boolean, or an array, typed array or object
 * of these. `undefined` if the value is only known at run time, as for calls and reassigned variables.
 */
export function writtenValue(name: string, module: Module, around: EnclosingNodes): unknown {
  const found = lookUp(name, module, around);
  return found?.kind === "variable" && found.fixed && found.init
    ? writtenOut(found.init, found.module, found.around)
    : undefined;
}

/**
 * Value of an expression made of literals and constants: a number, a string, null, or an array, typed array or object of
 * them; `undefined` for other expressions.
 */
function writtenOut(given: Expression, module: Module, around: EnclosingNodes): unknown {
  const node = unwrap(given);
  const inner = (part: Expression): unknown => writtenOut(part, module, around);
  const constant = constantValue(node, module, around) ?? computed(node, inner);
  if (constant !== undefined) return constant;
  if (node.type === "Literal" && (typeof node.value === "string" || node.raw === "null")) return node.value;
  if (node.type === "Identifier") return writtenValue(node.name, module, around);
  if (node.type === "MemberExpression" && !node.computed) {
    const owner = inner(node.object) as Readonly<Record<string, unknown>> | undefined;
    return owner?.[(node.property as Identifier).name];
  }
  if (node.type === "ArrayExpression") {
    const items = node.elements.map((item) =>
      item && item.type !== "SpreadElement" ? inner(item) : undefined,
    );
    return items.includes(undefined) ? undefined : items;
  }
  if (node.type === "ObjectExpression") {
    const fields = node.properties.map((part): readonly [string, unknown] => {
      if (part.type !== "Property" || part.key.type !== "Identifier") return ["", undefined];
      return [part.key.name, inner(part.value as Expression)];
    });
    return fields.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(fields);
  }
  if (node.type === "NewExpression" && node.callee.type === "Identifier") {
    const [argument] = node.arguments;
    const of = argument && argument.type !== "SpreadElement" ? inner(argument) : undefined;
    return of === undefined ? undefined : typedArray(node.callee.name, of);
  }
  return node.type === "CallExpression" ? typedCall(node, inner) : undefined;
}

/**
 * Number computed from values in the source text as the engine computes it: `Math.log(2 * Math.PI)`, `a ** b`,
 * `xs.length`. `undefined` for other expressions.
 */
function computed(node: Expression, inner: (part: Expression) => unknown): number | undefined {
  const given = (part: Expression | SpreadElement): number => {
    const value = part.type === "SpreadElement" ? undefined : inner(part);
    return typeof value === "number" ? value : NaN;
  };
  const isKnown = (part: Expression | SpreadElement): boolean =>
    part.type !== "SpreadElement" && typeof inner(part) === "number";
  if (node.type === "UnaryExpression" && node.operator === "-" && isKnown(node.argument))
    return -given(node.argument);
  if (node.type === "BinaryExpression" && isKnown(node.left) && isKnown(node.right)) {
    const [x, y] = [given(node.left), given(node.right)];
    return node.operator === "**" ? x ** y : arithmeticOf(node.operator, x, y);
  }
  const callee = node.type === "CallExpression" ? unwrap(node.callee) : undefined;
  if (node.type === "CallExpression" && callee?.type === "MemberExpression") {
    const { object, property } = callee;
    const name =
      object.type === "Identifier" && object.name === "Math" ? (property as Identifier).name : "random";
    const apply = (Math as unknown as Readonly<Record<string, unknown>>)[name];
    if (name !== "random" && typeof apply === "function" && node.arguments.every(isKnown))
      return (apply as (...xs: readonly number[]) => number)(...node.arguments.map(given));
  }
  return undefined;
}

/** Value of `Float64Array.of(1, 2)`, `Float64Array.from([1, 2])` or `Object.freeze(x)`, if its parts are literals. */
function typedCall(
  { callee, arguments: args }: Expression & { readonly type: "CallExpression" },
  inner: (part: Expression) => unknown,
): unknown {
  if (callee.type !== "MemberExpression" || callee.computed || callee.object.type !== "Identifier")
    return undefined;
  const given = args.map((arg) => (arg.type === "SpreadElement" ? undefined : inner(arg)));
  if (given.includes(undefined) || callee.property.type !== "Identifier") return undefined;
  if (callee.object.name === "Object" && callee.property.name === "freeze") return given[0];
  if (callee.property.name === "of") return typedArray(callee.object.name, given);
  const isList = callee.property.name === "from" && given.length === 1 && typeof given[0] === "object";
  return isList ? typedArray(callee.object.name, given[0]) : undefined;
}

function typedArray(name: string, of: unknown): unknown {
  const values = of as number & number[];
  if (name === "Float64Array") return new Float64Array(values);
  if (name === "Float32Array") return new Float32Array(values);
  return name === "Int32Array" ? new Int32Array(values) : undefined;
}
