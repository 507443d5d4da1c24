import * as array from "../array/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { assertNever, must } from "../../engine/util/assert-never.ts";
import type { BinaryOperator } from "./ast.ts";

/** A function that a text such as `x*y + sin(x)` may call. */
export interface TextFunction {
  /** Minimum and maximum number of arguments. */
  readonly least: number;
  readonly most: number;
  /** Example call, for messages: `atan2(y, x)`. */
  readonly usage: string;
  /** True if the first argument is a comparison, which selects between the others. */
  readonly chooses?: boolean;
  apply(args: readonly TensorLike[]): Tensor;
}

/** Constants that a text may name, with their values. */
export const constants: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["π", Math.PI],
  ["e", Math.E],
  ["inf", Infinity],
]);

function chooseBetween([condition, a, b]: readonly TensorLike[]): Tensor {
  return array.where(must(condition, "an argument"), must(a, "an argument"), must(b, "an argument"));
}

type UnaryFunction = (x: TensorLike) => Tensor;
type BinaryFunction = (x: TensorLike, y: TensorLike) => Tensor;

function unary(name: string, f: UnaryFunction): [string, TextFunction] {
  return [name, { least: 1, most: 1, usage: `${name}(x)`, apply: ([x]) => f(must(x, "an argument")) }];
}

function binary(name: string, f: BinaryFunction, usage: string): [string, TextFunction] {
  return [
    name,
    { least: 2, most: 2, usage, apply: ([x, y]) => f(must(x, "an argument"), must(y, "an argument")) },
  ];
}

/** Creates a function of two or more arguments that applies a binary function from left to right. */
function folded(name: string, f: BinaryFunction): [string, TextFunction] {
  const apply: TextFunction["apply"] = ([first, second, ...rest]) =>
    rest.reduce<Tensor>((x, y) => f(x, y), f(must(first, "an argument"), must(second, "an argument")));
  return [name, { least: 2, most: Infinity, usage: `${name}(x, y, …)`, apply }];
}

/** The functions that a text may call: names of the library and some common mathematical ones. */
export const functions: ReadonlyMap<string, TextFunction> = /* @__PURE__ */ listFunctions();

function listFunctions(): Map<string, TextFunction> {
  return new Map([
    // common functions first, because they are preferred in suggestions for misspelt names
    unary("sin", array.sin),
    unary("cos", array.cos),
    unary("tan", array.tan),
    unary("exp", array.exp),
    unary("log", array.log),
    unary("ln", array.log),
    unary("sqrt", array.sqrt),
    unary("abs", array.abs),
    binary("pow", array.pow, "pow(x, y)"),
    folded("max", array.maximum),
    folded("min", array.minimum),
    unary("tanh", array.tanh),
    unary("sigmoid", array.sigmoid),
    unary("relu", (x) => array.where(array.lessEqual(x, 0), 0, x)), // derivative 0 at 0; NaN stays NaN
    unary("acos", array.acos),
    unary("acosh", array.acosh),
    unary("asin", array.asin),
    unary("asinh", array.asinh),
    unary("atan", array.atan),
    binary("atan2", array.atan2, "atan2(y, x)"),
    unary("atanh", array.atanh),
    unary("cbrt", array.cbrt),
    unary("ceil", array.ceil),
    unary("cosh", array.cosh),
    unary("erf", array.erf),
    unary("erfc", array.erfc),
    unary("exp2", array.exp2),
    unary("expm1", array.expm1),
    unary("floor", array.floor),
    binary("hypot", array.hypot, "hypot(x, y)"),
    unary("log10", array.log10),
    unary("log1p", array.log1p),
    unary("log2", array.log2),
    unary("round", array.round),
    unary("sign", array.sign),
    unary("sinh", array.sinh),
    unary("softplus", array.softplus),
    unary("square", array.square),
    unary("trunc", array.trunc),
    ["where", { least: 3, most: 3, usage: "where(condition, a, b)", chooses: true, apply: chooseBetween }],
  ]);
}

/** Returns the array function that computes a binary operator. */
export function binaryFunction(operator: BinaryOperator): BinaryFunction {
  switch (operator) {
    case "+":
      return array.add;
    case "-":
      return array.sub;
    case "*":
      return array.mul;
    case "/":
      return array.div;
    case "%":
      return array.rem;
    case "^":
      return array.pow;
    case "<":
      return array.less;
    case "<=":
      return array.lessEqual;
    case ">":
      return array.greater;
    case ">=":
      return array.greaterEqual;
    case "==":
      return array.equal;
    case "!=":
      return array.notEqual;
    default:
      return assertNever(operator, "binaryFunction");
  }
}

/** The array function that computes the unary minus. */
export const negateFunction: UnaryFunction = array.neg;
