// Runs programs of learners: JavaScript modules that import from the library by name.
import { attachForm, elaborate, markedFunctions, type Parse, parseModule } from "downhill/plain";
import { writtenValue } from "../../../src/numeric/plain/names/written.ts";
import { AsyncFunction, importStatement } from "./syntax.ts";

/** Exports of a module, by name. */
type Exports = Readonly<Record<string, unknown>>;

/** Modules that a program may import, loaded on demand. */
const modules: Readonly<Record<string, () => Promise<Exports>>> = {
  downhill: () => import("downhill"),
  "downhill/data": () => import("downhill/data"),
  "downhill/linalg": () => import("downhill/linalg"),
  "downhill/nn": () => import("downhill/nn"),
  "downhill/optim": () => import("downhill/optim"),
  "downhill/random": () => import("downhill/random"),
  "downhill/train": () => import("downhill/train"),
};

/** Global names that a program sees as `undefined`, because it must not leave the page. */
const hidden = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "importScripts", "postMessage"];

export interface CodeOptions {
  /** Names that the program defines at its top level. */
  readonly names?: readonly string[];
  /** Receives each line that the program prints. */
  readonly print?: (line: string) => void;
  /** Called when the modules are loaded, before the first statement. */
  readonly begin?: () => void;
  /** Syntax tree of the text, needed if the text has types or functions marked `"use ad"`. */
  readonly tree?: ReturnType<Parse>;
}

/** Most lines that a program may print. */
export const mostLines = 200;

/**
 * Runs a program and returns the values of the requested names.
 *
 * @throws SyntaxError for a text that is not JavaScript; Error for an unknown module and for a missing name; and the error
 * that the program throws
 */
export async function runCode(
  text: string,
  { names = [], print = () => {}, begin = () => {}, tree }: CodeOptions,
): Promise<Exports> {
  const loaded: Record<string, Exports> = {};
  for (const { groups } of text.matchAll(importStatement)) {
    const from = groups!["from"]!;
    const load = Object.hasOwn(modules, from) ? modules[from] : undefined;
    if (load === undefined)
      throw new Error(`There is no module "${from}" here. There are ${Object.keys(modules).join(", ")}.`);
    loaded[from] = await load();
    for (const name of namesIn(groups!["names"] ?? ""))
      if (!(name in loaded[from])) throw new Error(`The module "${from}" has no ${name}.`);
  }
  const marked = tree === undefined ? [] : marksOf(text, tree);
  const code = tree === undefined ? text : withoutTypes(text, tree);
  const body = [
    code.replaceAll(importStatement, (...found) => declarationOf(found.at(-1) as ImportGroups)),
    `return { ${names.map((name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`).join(", ")} };`,
  ].join("\n");
  // The functions that are marked are hoisted, so that they are attached before the first statement.
  const attach = `"use strict"; attach({ ${marked.map(({ name }) => name).join(", ")} });\n`;
  const run = new AsyncFunction("modules", "console", "attach", ...hidden, attach + body);
  begin();
  const found = (await run(loaded, consoleFor(print), (functions: Record<string, () => unknown>) => {
    for (const { name, form, values } of marked) attachForm(functions[name]!, form, () => values);
  })) as Exports;
  const missing = names.find((name) => found[name] === undefined);
  if (missing !== undefined) throw missingName(missing);
  return found;
}

/** Error for code without a name that the caller needs. */
export function missingName(name: string): Error {
  return new Error(
    `Your code has no function ${name}. Keep its first line and its name, or press “Start again”.`,
  );
}

type ImportGroups = Readonly<Record<string, string | undefined>>;

function declarationOf({ names, all, from }: ImportGroups): string {
  const module = `modules[${JSON.stringify(from)}]`;
  if (all !== undefined) return `const ${all} = ${module};`;
  return `const {${(names ?? "").replaceAll(/\s+as\s+/g, ": ")}} = ${module};`;
}

/** Imported names of `a, b as c`. */
function namesIn(list: string): string[] {
  return list.split(",").flatMap((part) => part.trim().split(/\s+as\s+/)[0] || []);
}

/** Compiled forms of the functions marked `"use ad"`, with the values of the constants that they read. */
function marksOf(
  text: string,
  tree: ReturnType<Parse>,
): { readonly name: string; readonly form: ReturnType<typeof elaborate>; readonly values: unknown[] }[] {
  const module = parseModule(text, { parse: () => tree, file: "program.js" });
  return markedFunctions(module.program).flatMap((one) => {
    if (one.name === undefined) return [];
    const form = elaborate(module, one);
    const values = form.captured.map(({ name }) => writtenValue(name, module, one.around));
    return [{ name: one.name, form, values }];
  });
}

/** Nodes of a syntax tree, as far as this file reads them. */
interface TypedNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly expression?: { readonly end: number };
}

/** Nodes that are types as a whole. */
const typeNodes = new Set([
  "TSTypeAnnotation",
  "TSTypeAliasDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeParameterDeclaration",
  "TSTypeParameterInstantiation",
]);
/** Expressions that end with a type or with `!`. */
const typedExpressions = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"]);

/** Replaces the types of TypeScript by spaces, so that positions in messages stay right. */
function withoutTypes(text: string, tree: unknown): string {
  const letters = Array.from({ length: text.length }, (_, i) => text[i]!); // UTF-16 units, as positions count them
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (letters[i] !== "\n") letters[i] = " ";
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== "object" || value === null) return;
    const node = value as TypedNode;
    if (typeNodes.has(node.type)) return blank(node.start, node.end);
    if (typedExpressions.has(node.type)) blank(node.expression!.end, node.end);
    Object.values(value).forEach(visit);
  };
  visit(tree);
  return letters.join("");
}

/** A console that prints at most {@link mostLines} lines. */
function consoleFor(print: (line: string) => void): Pick<Console, "log" | "warn" | "error" | "info"> {
  let count = 0;
  const log = (...parts: unknown[]): void => {
    count += 1;
    if (count <= mostLines) print(parts.map(shown).join(" "));
    else if (count === mostLines + 1) print(`(more than ${mostLines} lines)`);
  };
  return { log, warn: log, error: log, info: log };
}

/** Text of a printed value: that of `console.log` for numbers, texts and arrays of them. */
export function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[ ${value.map(shown).join(", ")} ]`;
  if (ArrayBuffer.isView(value) && "length" in value) return shown(Array.from(value as Float64Array));
  if (typeof value === "function") return `[function ${value.name}]`;
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return `{ ${Object.entries(value)
      .map(([name, one]) => `${name}: ${shown(one)}`)
      .join(", ")} }`;
  return Object.is(value, -0) ? "-0" : String(value);
}
