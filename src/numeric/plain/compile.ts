import { DownhillError } from "../../engine/errors/index.ts";
import type { Expression } from "./ast.ts";
import { functionOf } from "./call/attach.ts";
import { constantValue } from "./captured.ts";
import { elaborate } from "./elaborate.ts";
import type { Around, Module, ModuleOptions } from "./module.ts";
import { lookUp, markedFunctions, parseModule } from "./module.ts";
import { loadParser } from "./parser.ts";
import { unwrap } from "./walk.ts";

export interface CompileOptions extends Partial<ModuleOptions> {
  /**
   * Values of variables outside of the functions, by their names. Numbers, arrays and objects that the text writes out need not be
   * given.
   */
  readonly captured?: Readonly<Record<string, unknown>>;
}

/**
 * The marked functions of a text in TypeScript, or JavaScript, by their names: functions of numbers that `grad` and the other
 * transforms take. The text itself is never run, so that pages that forbid `eval` can do it too.
 *
 * Without `parse` in the options acorn and its TypeScript plugin are loaded.
 *
 * @throws PlainError for what is outside of the language that can be differentiated, and for text that is no TypeScript;
 * DownhillError `plain` where no function is marked, or the value of a variable outside is not known.
 * @example
 * const { loss } = await compile('export function loss(x: number) { "use ad"; return Math.sin(x) ** 2; }');
 * grad(loss)(1); // 0.909297…
 */
export async function compile<F = Readonly<Record<string, (...args: unknown[]) => number>>>(
  text: string,
  options: CompileOptions = {},
): Promise<F> {
  const parse = options.parse ?? (await loadParser());
  const module = parseModule(text, { ...options, parse });
  const marked = markedFunctions(module.program).filter(({ name }) => name !== undefined);
  if (marked.length === 0)
    throw new DownhillError(
      "plain",
      `${module.file}: no function is marked: write "use ad"; as the first line of its body.`,
    );
  const functions = marked.map((one) => {
    const form = elaborate(module, one);
    const values = form.captured.map(({ name }) => outsideValue(name, module, one.around, options.captured));
    return [one.name, functionOf(form, () => values.map((value) => value()))] as const;
  });
  return Object.fromEntries(functions) as F;
}

/** How a value from outside of a function is had at each call. */
function outsideValue(
  name: string,
  module: Module,
  around: Around,
  given: CompileOptions["captured"] = {},
): () => unknown {
  if (Object.hasOwn(given, name)) return () => given[name];
  const found = lookUp(name, module, around);
  const value =
    found?.kind === "variable" && found.init ? writtenOut(found.init, found.module, found.around) : undefined;
  if (value === undefined)
    throw new DownhillError(
      "plain",
      `compile: the value of ${name} is not known, since the text is not run: give it as captured: { ${name}: … }.`,
    );
  return () => value;
}

/** The value of an expression that is written out: numbers, arrays and objects of them. */
function writtenOut(given: Expression, module: Module, around: Around): unknown {
  const node = unwrap(given);
  const inner = (part: Expression): unknown => writtenOut(part, module, around);
  const constant = constantValue(node, module, around);
  if (constant !== undefined) return constant;
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
  return undefined;
}

function typedArray(name: string, of: unknown): unknown {
  const values = of as number & number[];
  if (name === "Float64Array") return new Float64Array(values);
  if (name === "Float32Array") return new Float32Array(values);
  return name === "Int32Array" ? new Int32Array(values) : undefined;
}
