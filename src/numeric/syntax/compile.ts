import { tensor } from "../array/create.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { nameValue } from "../../engine/trace/index.ts";
import { assertNever, must } from "../../engine/util/assert-never.ts";
import type { TextDefinition, TextExpr } from "./ast.ts";
import { postOrder } from "./ast.ts";
import type { TextOptions } from "./check.ts";
import { checkStatements } from "./check.ts";
import { binaryFunction, constants, functions, negateFunction } from "./functions.ts";
import { freshNames } from "./names.ts";
import { parse } from "./parse.ts";
import { syntaxError } from "./span.ts";

/** A compiled text. */
export interface CompiledText {
  /**
   * The arguments of `evaluate`: names that the text declares (`x = ?`), or uses without defining them, in order of
   * appearance.
   */
  readonly inputs: readonly string[];
  /** Start values that the text gives to inputs; empty without `startValues`. */
  readonly starts: ReadonlyMap<string, number>;
  readonly statements: readonly NamedStatement[];
  /** Name of the result, which is the name of the last statement; `z` or another free letter if it has no name. */
  readonly outputName: string;
  /**
   * Computes the value of the last statement. Inside a trace the operations are recorded with the names of the text.
   *
   * @param inputs one tensor per input
   */
  evaluate(inputs: readonly Tensor[]): Tensor;
}

/** A named statement `name = value`; a value alone has the name of the result. */
export interface NamedStatement {
  readonly name: string;
  readonly value: TextExpr;
}

/**
 * Compiles a text of one or more statements, such as `z = x*y + sin(x)` or `x = ?; a = x*y; b = sin(x); a + b`, to a
 * function of the names that it declares or does not define.
 *
 * @throws DownhillError `syntax`, with a caret under the error: unparsable text, unknown functions, wrong numbers of
 * arguments, names defined twice or used before their definition.
 * @example
 * compileText("x*y + sin(x)").inputs; // ["x", "y"]
 */
export function compileText(text: string, options: TextOptions = {}): CompiledText {
  const parsed = parse(text);
  const last = parsed.at(-1);
  if (last === undefined) {
    throw syntaxError(
      text,
      { start: 0, end: 0 },
      "there is nothing to compute: write for example x*y + sin(x)",
    );
  }
  const { inputs, definitions, starts } = checkStatements(text, parsed, options);
  const outputName = last.name ?? freeName(namesOf(inputs, definitions));
  const statements = definitions.map(({ name, value }) => ({ name: name ?? outputName, value }));
  return {
    inputs,
    starts: new Map([...starts].map(([name, value]) => [name, numberOf(evaluateExpr(value, new Map()))])),
    statements,
    outputName,
    evaluate: (tensors) => evaluate(statements, inputs, tensors),
  };
}

function namesOf(inputs: readonly string[], definitions: readonly TextDefinition[]): Set<string> {
  return new Set([...inputs, ...definitions.flatMap(({ name }) => name ?? [])]);
}

function numberOf(value: TextValue): number {
  return typeof value === "number" ? value : value.item();
}

/** A free name for the result, from the end of the alphabet. Names of intermediate values start at the beginning. */
function freeName(taken: ReadonlySet<string>): string {
  return [..."zwvutrqp"].find((letter) => !taken.has(letter)) ?? freshNames(taken)();
}

type TextValue = Tensor | number;

function evaluate(
  statements: readonly NamedStatement[],
  inputs: readonly string[],
  tensors: readonly Tensor[],
): Tensor {
  const env = new Map<string, TextValue>(
    inputs.map((name, i) => [name, must(tensors[i], `the value of input ${name}`)]),
  );
  let result: TextValue = 0;
  let resultName = "";
  for (const { name, value } of statements) {
    result = evaluateExpr(value, env);
    resultName = name;
    // `y = x` gives a value a second name, and `c = 2` does not create a value in the program.
    if (typeof result !== "number" && value.kind !== "name") result = nameValue(result, name);
    env.set(name, result);
  }
  return typeof result === "number" ? nameValue(tensor(result), resultName) : result;
}

/** Evaluates subexpressions in post-order with a stack of values. Not recursive, because sums may be long. */
function evaluateExpr(expr: TextExpr, env: ReadonlyMap<string, TextValue>): TextValue {
  const stack: TextValue[] = [];
  for (const part of postOrder(expr)) {
    switch (part.kind) {
      case "number":
        stack.push(part.value);
        break;
      case "name":
        stack.push(must(env.get(part.name) ?? constants.get(part.name), `the value of ${part.name}`));
        break;
      case "negate": {
        const x = must(stack.pop(), "an operand");
        stack.push(typeof x === "number" ? -x : negateFunction(x));
        break;
      }
      case "binary": {
        const y = must(stack.pop(), "an operand");
        const x = must(stack.pop(), "an operand");
        stack.push(binaryFunction(part.operator)(x, y));
        break;
      }
      case "call": {
        const args = stack.splice(stack.length - part.args.length);
        stack.push(must(functions.get(part.name), part.name).apply(args));
        break;
      }
      default:
        assertNever(part, "evaluateExpr");
    }
  }
  return must(stack[0], "a value");
}
