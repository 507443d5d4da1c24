// Size of the derivative of a composition as one formula, compared with the number of operations that the library
// traces.
import { tensor, valueAndGrad } from "downhill";
import type { Tensor } from "downhill";
import { assertNever } from "../../../src/engine/util/assert-never.ts";
import { operationsOf } from "../../live/operations.ts";
import { type CompiledText, compileText } from "../../../src/numeric/syntax/index.ts";
import { type TextExpr, postOrder, showExpr } from "../../../src/numeric/syntax/ast.ts";
import { TextError } from "../../../src/numeric/syntax/span.ts";
import { parse } from "../../../src/numeric/syntax/parse.ts";
import { traceText } from "../../../src/pictures/viz/index.ts";

/** Operation counts for one number of compositions. */
export interface Sizes {
  readonly times: number;
  /** Operations in the formula of the function, with every name expanded. */
  readonly formula: number;
  /** Operations in the formula of its derivative, with every name expanded. */
  readonly derivative: number;
  /** Equations that reverse mode traces for the value and the derivative together. */
  readonly automatic: number;
}

/** Lines with their differentials. Each name is defined by a formula over previous names. */
interface Rules {
  /** The inputs and their differentials. */
  readonly inputs: readonly (readonly [name: string, tangent: string])[];
  readonly result: string;
  readonly resultTangent: string;
  readonly lines: readonly (readonly [name: string, formula: TextExpr])[];
}

/**
 * Parses the formula that is composed with itself. It must have exactly one input.
 *
 * @throws Error if it has another number of names, or if its derivative cannot be written as a formula
 */
export function readStage(text: string): CompiledText {
  const compiled = compileText(text);
  if (compiled.inputs.length !== 1)
    throw new Error(
      `a formula of one name, such as 4*x*(1 - x): this one has ${compiled.inputs.join(", ") || "none"}`,
    );
  rulesOf(compiled);
  return compiled;
}

/** The lines of a formula and their differentials, from the rules of the library. */
function rulesOf(stage: CompiledText): Rules {
  const table = traceText(stage);
  const forward = table.forward[0]!.lines;
  const count = table.inputs.length;
  const lines = forward.slice(count).flatMap((line, i): [string, TextExpr][] => {
    const { expression } = table.program[i]!;
    return [
      [line.name, formulaOf(expression)],
      [line.tangent.name, formulaOf(line.tangent.expression)],
    ];
  });
  const last = forward.at(-1)!;
  return {
    inputs: forward.slice(0, count).map(({ name, tangent }) => [name, tangent.name]),
    result: last.name,
    resultTangent: last.tangent.name,
    lines,
  };
}

function formulaOf(text: string): TextExpr {
  const value = parse(text).at(0)?.value;
  if (value === undefined) throw new Error(`${text} is no formula`);
  return value;
}

/**
 * Sizes for each number of compositions from 1 to `most`. Computed without expanding the formulas, which may be too
 * large.
 */
export function sizesOf(stage: CompiledText, most: number): Sizes[] {
  const rules = rulesOf(stage);
  const [name, tangent] = rules.inputs[0]!;
  let [x, dx] = [0, 0];
  return Array.from({ length: most }, (_, i) => {
    const sizes = new Map([
      [name, x],
      [tangent, dx],
    ]);
    for (const [line, formula] of rules.lines) sizes.set(line, sizeOf(formula, sizes));
    x = sizes.get(rules.result)!;
    dx = sizes.get(rules.resultTangent)!;
    return { times: i + 1, formula: x, derivative: dx, automatic: recorded(stage, i + 1) };
  });
}

/**
 * Number of operations in the derivative of a text with respect to all inputs as one formula, with every name expanded.
 * `undefined` if the library's rule for a line cannot be written as a formula.
 */
export function writtenOut(text: CompiledText): number | undefined {
  try {
    const { lines, resultTangent } = rulesOf(text);
    const sizes = new Map<string, number>();
    for (const [name, formula] of lines) sizes.set(name, sizeOf(formula, sizes));
    return sizes.get(resultTangent) ?? 0;
  } catch (error) {
    if (error instanceof TextError) return undefined;
    throw error;
  }
}

/** Number of operations in a formula whose names are replaced by formulas of the given sizes. */
function sizeOf(formula: TextExpr, sizes: ReadonlyMap<string, number>): number {
  let size = 0;
  for (const part of postOrder(formula)) {
    switch (part.kind) {
      case "number":
        break;
      case "name":
        size += sizes.get(part.name) ?? 0;
        break;
      case "negate":
      case "binary":
      case "call":
        size += 1;
        break;
      default:
        assertNever(part, "sizeOf");
    }
  }
  return size;
}

/** Number of equations of the program that computes the value and the derivative. */
function recorded(stage: CompiledText, times: number): number {
  const f = (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < times; i++) y = stage.evaluate([y]);
    return y;
  };
  return operationsOf(valueAndGrad(f), [tensor(0.5)]);
}

/** The first characters of the derivative of a composition as one formula. */
export function derivativeText(stage: CompiledText, times: number, most: number): string {
  const rules = rulesOf(stage);
  const [input, tangent] = rules.inputs[0]!;
  let texts = new Map([
    [input, input],
    [tangent, "1"],
  ]);
  for (let i = 0; i < times; i++) {
    const next = new Map(texts);
    for (const [name, formula] of rules.lines) next.set(name, substituted(formula, next, most));
    texts = new Map([
      [input, next.get(rules.result)!],
      [tangent, next.get(rules.resultTangent)!],
    ]);
  }
  const text = texts.get(tangent)!;
  return text.length <= most ? text : `${text.slice(0, most)} …`;
}

/** Replaces the names in a formula by texts. Stops when `most` characters are available. */
function substituted(formula: TextExpr, texts: ReadonlyMap<string, string>, most: number): string {
  const shown = showExpr(formula).replace(/[\p{L}_][\p{L}\p{N}_]*/gu, (name) => {
    const text = texts.get(name);
    if (text === undefined) return name;
    return /^[\p{L}\p{N}_.]+$/u.test(text) ? text : `(${text})`;
  });
  return shown.slice(0, most + 1);
}
