import { DownhillError } from "../../engine/errors/index.ts";
import { functionOf } from "./call/attach.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { writtenValue } from "./names/written.ts";
import type { EnclosingNodes, Module, ModuleOptions } from "./syntax/module.ts";
import { factoryOf, markedFunctions, parseModule } from "./syntax/module.ts";
import { loadParser } from "./syntax/parser.ts";

export interface CompileOptions extends Partial<ModuleOptions> {
  /**
   * Values of variables outside of the functions, by name. Constant numbers, arrays and objects that the text defines
   * may be omitted. Classes of errors are also passed here: without its class, a thrown error only has the name of the
   * class.
   */
  readonly captured?: Readonly<Record<string, unknown>>;
}

/**
 * Compiles the marked functions of a TypeScript or JavaScript text. The result contains them by name, as functions of
 * numbers that `grad` and the other transforms accept. A function that returns a marked function becomes a function
 * with the same name, whose arguments are the values that the marked function reads. The text itself is never run, so
 * that this also works in pages that forbid `eval`.
 *
 * Without `parse` in the options, acorn and its TypeScript plugin are loaded.
 *
 * @throws PlainError for code outside of the differentiable language, and for text that is not TypeScript;
 * DownhillError `plain` if no function is marked, or the value of a variable outside is not known.
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
  const marked = markedFunctions(module.program).flatMap((one) => {
    const factory = factoryOf(one);
    const name = one.name ?? factory?.name;
    return name === undefined ? [] : [{ one, name, factory }];
  });
  if (marked.length === 0)
    throw new DownhillError(
      "plain",
      `${module.file}: no function is marked: write "use ad"; as the first line of its body.`,
    );
  const functions = marked.map(({ one, name, factory }) => {
    const form = elaborate(module, one);
    const errors = (form.errors ?? []).map((error) => options.captured?.[error]);
    const make = (args: readonly unknown[]): unknown => {
      const values = form.captured.map((outside) => {
        const i = factory?.params.indexOf(outside.name) ?? -1;
        return i < 0 ? outsideValue(outside.name, module, one.around, options.captured) : () => args[i];
      });
      return functionOf(form, () => [...values.map((value) => value()), ...errors]);
    };
    return [name, factory === undefined ? make([]) : (...args: readonly unknown[]) => make(args)] as const;
  });
  return Object.fromEntries(functions) as F;
}

/**
 * Returns a function that reads a variable outside of the functions: from `given`, or else from its constant definition
 * in the text. Throws `plain` if it is in neither.
 */
function outsideValue(
  name: string,
  module: Module,
  around: EnclosingNodes,
  given: CompileOptions["captured"] = {},
): () => unknown {
  if (Object.hasOwn(given, name)) return () => given[name];
  const value = writtenValue(name, module, around);
  if (value === undefined)
    throw new DownhillError(
      "plain",
      `compile: the value of ${name} is not known, since the text is not run: give it as captured: { ${name}: … }.`,
    );
  return () => value;
}
