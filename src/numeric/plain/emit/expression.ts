import type { ExprText } from "../../../engine/kernel/code.ts";
import { callCode, conditional, infix, literal, prefix, primary } from "../../../engine/kernel/code.ts";
import { arithmeticOperators } from "../../../engine/region/index.ts";
import type { PositionIndex, RegionExpr, RegionLoad } from "../../../engine/region/form/region.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import type { ModuleHelper } from "./helpers.ts";
import type { TextCodes } from "./texts.ts";

/** Code that accesses an array of the region. */
export interface ArrayText {
  element(places: readonly ExprText[]): ExprText;
  length(axis: number): ExprText;
  /** True for a list that grows when elements are stored. Elements that were never stored are 0. */
  readonly isGrowable?: boolean;
  /** True if the elements are JavaScript's booleans; a typed array holds 0 and 1 instead. */
  readonly isBoolean?: boolean;
}

/** Context for generating the code of expressions. */
export interface ExpressionScope {
  /** Returns the name that a scalar of the region has in the code. */
  local(name: string): string;
  array(name: string): ArrayText;
  /** Returns the name of a helper, and adds the helper to the module. */
  helper(name: ModuleHelper): string;
  /** Returns the name of a library function, and adds its code to the module. */
  procedure(name: string, types: readonly RegionExpr["type"][]): string;
  /** Returns a position in the source as a literal, for error messages. */
  where(at: PositionIndex): ExprText;
  /** Values that are codes of strings. */
  readonly texts: TextCodes;
  /** True if results must have the same bits on every engine; false to call the functions of `Math` directly. */
  readonly isExact: boolean;
}

const logicalOperators: Readonly<Record<string, string>> = {
  bitwiseAnd: "&&",
  bitwiseOr: "||",
  bitwiseXor: "!==",
  equal: "===",
  notEqual: "!==",
};

const bitOperators: Readonly<Record<string, string>> = {
  bitwiseAnd: "&",
  bitwiseOr: "|",
  bitwiseXor: "^",
};

/** Functions of `Math`, by the name of the function of the region, whose results have the same bits on every engine. */
const exactFunctions: Readonly<Record<string, string>> = {
  abs: "Math.abs",
  sqrt: "Math.sqrt",
  sign: "Math.sign",
  floor: "Math.floor",
  ceil: "Math.ceil",
  trunc: "Math.trunc",
  maximum: "Math.max",
  minimum: "Math.min",
};

/**
 * Functions of the region that call the function of `Math` with the same name. Their last bits may differ between
 * engines.
 */
const ownFunctions: ReadonlySet<string> = /* @__PURE__ */ (() =>
  new Set(
    "exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt atan2 pow".split(
      " ",
    ),
  ))();

const helpers: Readonly<Record<string, ModuleHelper>> = {
  round: "roundEven",
  strongMul: "strongMul",
  strongMulBoth: "strongMulBoth",
  strongDiv: "strongDiv",
};

/** Generates JavaScript for an expression. Truth values are booleans. */
export function expressionCode(expr: RegionExpr, scope: ExpressionScope): ExprText {
  switch (expr.kind) {
    case "const":
      return constantCode(expr);
    case "local":
      return primary(scope.local(expr.name));
    case "load":
      return loadCode(expr, scope);
    case "length":
      return scope.array(expr.array).length(expr.axis);
    case "apply":
      // rounding an exact float64 result to float32 equals a float32 operation
      return expr.type === "f32" ? callCode("Math.fround", applyCode(expr, scope)) : applyCode(expr, scope);
    case "convert":
      return convertCode(expr, scope);
    case "select":
      return conditional(
        expressionCode(expr.condition, scope),
        expressionCode(expr.x, scope),
        expressionCode(expr.y, scope),
      );
    default:
      return assertNever(expr, "expressionCode");
  }
}

/** Generates JavaScript for the value of a local or array: a string where that holds codes of strings. */
export function valueCode(name: string, expr: RegionExpr, scope: ExpressionScope): ExprText {
  return scope.texts.holds(name) ? textCode(expr, scope) : expressionCode(expr, scope);
}

/** Generates JavaScript for an expression whose value is the code of a string: the string. */
function textCode(expr: RegionExpr, scope: ExpressionScope): ExprText {
  if (expr.kind === "const") {
    const text = scope.texts.textOf(expr.value);
    return primary(text === undefined ? "undefined" : JSON.stringify(text));
  }
  if (expr.kind === "convert") return textCode(expr.x, scope);
  if (expr.kind === "select")
    return conditional(
      expressionCode(expr.condition, scope),
      textCode(expr.x, scope),
      textCode(expr.y, scope),
    );
  if (expr.kind !== "load") return expressionCode(expr, scope);
  return scope.array(expr.array).element(placeCodes(expr.array, expr.places, expr.at, scope));
}

function constantCode({ type, value }: RegionExpr & { readonly kind: "const" }): ExprText {
  if (type === "bool") return primary(value === 0 ? "false" : "true");
  return value === -Infinity ? prefix("-", primary("Infinity")) : literal(value);
}

function loadCode({ type, array, places, at }: RegionLoad, scope: ExpressionScope): ExprText {
  const text = scope.array(array);
  const element = text.element(placeCodes(array, places, at, scope));
  const value =
    text.isGrowable === true ? primary(`(${element.text} ?? ${type === "bool" ? "false" : "0"})`) : element;
  const isNumber = text.isGrowable !== true && text.isBoolean !== true;
  return type === "bool" && isNumber ? infix(value, "!==", literal(0)) : value;
}

/**
 * Returns the code of the indices of an element. It checks each index against the bounds, unless `at` is `undefined`:
 * the indices are then known to be in range.
 */
export function placeCodes(
  array: string,
  places: readonly RegionExpr[],
  at: PositionIndex | undefined,
  scope: ExpressionScope,
): ExprText[] {
  const codes = places.map((place) => expressionCode(place, scope));
  if (at === undefined) return codes;
  return codes.map((code, axis) =>
    callCode(scope.helper("place"), code, scope.array(array).length(axis), scope.where(at)),
  );
}

function applyCode(expr: RegionExpr & { readonly kind: "apply" }, scope: ExpressionScope): ExprText {
  const { function: name, args, type } = expr;
  if ((name === "equal" || name === "notEqual") && args.some((arg) => scope.texts.isCode(arg))) {
    const [left, right] = args.map((arg) => textCode(arg, scope));
    return infix(left!, name === "equal" ? "===" : "!==", right!);
  }
  const codes = args.map((arg) => expressionCode(arg, scope));
  const [x, y] = codes;
  if (args[0]!.type === "bool" && Object.hasOwn(logicalOperators, name))
    return infix(x!, logicalOperators[name]!, y!);
  if (type === "i32" && Object.hasOwn(bitOperators, name)) return infix(x!, bitOperators[name]!, y!);
  if (name === "div" && type === "i32") return callCode("Math.trunc", infix(x!, "/", y!));
  if (Object.hasOwn(arithmeticOperators, name)) return infix(x!, arithmeticOperators[name]!, y!);
  if (name === "neg") return prefix("-", x!);
  if (name === "stopGradient") return x!;
  if (Object.hasOwn(exactFunctions, name)) return callCode(exactFunctions[name]!, ...codes);
  if (Object.hasOwn(helpers, name)) return callCode(scope.helper(helpers[name]!), ...codes);
  const exponent = args[1];
  if (name === "pow" && exponent?.kind === "const" && exponent.value === 2) {
    const base = x!.level === "primary" ? x!.text : `(${x!.text})`;
    return { text: `${base} ** 2`, level: "multiplicative", operator: "**" };
  }
  if (ownFunctions.has(name) && !scope.isExact) return callCode(`Math.${name}`, ...codes);
  return callCode(
    scope.procedure(
      name,
      args.map((arg) => arg.type),
    ),
    ...codes,
  );
}

function convertCode(
  { type, x }: RegionExpr & { readonly kind: "convert" },
  scope: ExpressionScope,
): ExprText {
  const code = expressionCode(x, scope);
  const number = x.type === "bool" ? conditional(code, literal(1), literal(0)) : code;
  switch (type) {
    case "f64":
      return number;
    case "f32":
      return callCode("Math.fround", number);
    case "i32":
      return x.type === "i32" || x.type === "bool" ? number : callCode(scope.helper("toInteger"), code);
    case "bool":
      return x.type === "bool" ? code : infix(code, "!==", literal(0));
    default:
      return assertNever(type, "convertCode");
  }
}
