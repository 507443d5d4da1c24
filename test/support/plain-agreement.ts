// Runs plain functions as JavaScript and as regions, with the same text, arguments and results.
import { transformSync } from "esbuild";
import { parseSync } from "oxc-parser";
import { elaborate } from "../../src/numeric/plain/elaborate/elaborate.ts";
import type { PlainForm, PlainType } from "../../src/numeric/plain/form/form.ts";
import type { Node } from "../../src/numeric/plain/syntax/ast.ts";
import type { Module, ModuleOptions } from "../../src/numeric/plain/syntax/module.ts";
import { parseModule } from "../../src/numeric/plain/syntax/module.ts";
import type { RegionArray, RegionCounts, RegionValue } from "./evaluate-region.ts";
import { evaluateRegion } from "./evaluate-region.ts";

/** The parser used by build tools. */
export function oxc(text: string, file: string): Node {
  const { program, errors } = parseSync(/\.[cm]?[jt]s$/.test(file) ? file : `${file}.ts`, text);
  if (errors.length > 0) throw new SyntaxError(errors[0]!.message);
  return program;
}

export function moduleFrom(text: string, options: Partial<ModuleOptions> = {}): Module {
  return parseModule(text, { parse: oxc, file: "example.ts", ...options });
}

/** Cache of texts without types, because stripping them is slow. */
const javascriptOf = new Map<string, string>();

/** Exports of a module, run by the engine that runs the tests. */
export function exportsOf(text: string): Exports {
  let code = javascriptOf.get(text);
  if (code === undefined) {
    code = transformSync(text, { loader: "ts", format: "cjs", target: "es2022" }).code;
    javascriptOf.set(text, code);
  }
  return runModule(code);
}

type Exports = Record<string, (...args: unknown[]) => unknown>;

/** Exports of a CommonJS module. */
function runModule(code: string): Exports {
  const exported: { exports: Exports } = { exports: {} };
  // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval, typescript/no-unsafe-call
  new Function("module", "exports", code)(exported, exported.exports);
  return exported.exports;
}

/** The values of a region's parameters for the arguments of a plain function. */
function regionArguments(form: PlainForm, args: readonly unknown[]): RegionValue[] {
  const types = [...form.params, ...form.captured].map(({ type }) => type);
  return types.flatMap((type, i) => leavesOf(type, args[i]));
}

function leavesOf(type: PlainType, value: unknown): RegionValue[] {
  switch (type.kind) {
    case "number":
      return [type.cases?.find(({ text }) => text === value)?.code ?? Number(value)];
    case "boolean":
      return [Number(value)];
    case "record":
      return type.fields.flatMap((field) =>
        leavesOf(field.type, (value as Record<string, unknown>)[field.name]),
      );
    case "tuple":
      return type.items.flatMap((item, i) => leavesOf(item, (value as unknown[])[i]));
    case "array":
      return [{ data: value as number[], dims: [(value as number[]).length] }];
    case "matrix":
      return stack(
        (value as number[][]).map((row) => [{ data: row, dims: [row.length] }]),
        1,
      );
    case "list":
      return stack(
        (value as unknown[]).map((item) => leavesOf(type.item, item)),
        leavesOf(type.item, emptyOf(type.item)).length,
      );
    case "optional":
      return [
        (value ?? undefined) === undefined ? 0 : 1,
        ...leavesOf(type.type, value ?? emptyOf(type.type)),
      ];
  }
}

/** An empty value of a type, for the leaves of empty lists. */
function emptyOf(type: PlainType): unknown {
  switch (type.kind) {
    case "number":
    case "boolean":
      return 0;
    case "record":
      return Object.fromEntries(type.fields.map((field) => [field.name, emptyOf(field.type)]));
    case "tuple":
      return type.items.map(emptyOf);
    case "array":
    case "matrix":
    case "list":
      return [];
    case "optional":
      return undefined;
  }
}

/** Stacks the leaves of items along a new first axis. */
function stack(items: readonly (readonly RegionValue[])[], leaves: number): RegionValue[] {
  return Array.from({ length: leaves }, (_, k): RegionArray => {
    const parts = items.map((item) => item[k]!);
    const dims = parts[0] !== undefined && typeof parts[0] === "object" ? parts[0].dims : [];
    return {
      data: parts.flatMap((part) => (typeof part === "number" ? [part] : Array.from(part.data))),
      dims: [items.length, ...dims],
    };
  });
}

/** Converts the results of a region to a value of the plain function: numbers, booleans, arrays and objects. */
function plainResult(type: PlainType, results: RegionValue[]): unknown {
  switch (type.kind) {
    case "number":
      return results.shift();
    case "boolean":
      return results.shift() === 1;
    case "record":
      return Object.fromEntries(type.fields.map((field) => [field.name, plainResult(field.type, results)]));
    case "tuple":
      return type.items.map((item) => plainResult(item, results));
    case "array":
    case "matrix":
    case "list": {
      const leaves = leavesOf(
        type.kind === "list" ? type.item : { kind: "number" },
        emptyOf(type.kind === "list" ? type.item : { kind: "number" }),
      ).length;
      const own = results.splice(0, leaves) as RegionArray[];
      return unstack(type, own);
    }
    case "optional":
      return results.shift() === 0 ? undefined : plainResult(type.type, results);
  }
}

function unstack(type: PlainType, arrays: readonly RegionArray[]): unknown {
  const [n = 0, ...rest] = arrays[0]?.dims ?? [];
  return Array.from({ length: n }, (_, i) => {
    const parts = arrays.map(({ data, dims: [, ...inner] }): RegionValue => {
      const size = inner.reduce((all, dim) => all * dim, 1);
      const part = Array.from(data).slice(i * size, (i + 1) * size);
      return inner.length === 0 ? part[0]! : { data: part, dims: inner };
    });
    if (type.kind === "list") return plainResult(type.item, parts);
    return rest.length === 0 ? parts[0] : unstack({ kind: "array", of: "number[]" }, parts as RegionArray[]);
  });
}

/** Converts typed arrays to lists of numbers, as in results of `plainResult`. */
export function listed(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(listed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, listed(field)]));
}

export interface Agreement {
  readonly form: PlainForm;
  readonly counts: RegionCounts;
  /** Result of JavaScript, with lists for arrays. */
  readonly expected: unknown;
  readonly actual: unknown;
}

interface Both extends Partial<ModuleOptions> {
  readonly name?: string;
  readonly captured?: readonly unknown[];
  /** The text without types, if available. */
  readonly javascript?: string;
}

/** The marked function `name` of a text, as JavaScript and as a region. */
export function bothWays(
  text: string,
  { name, captured = [], javascript, ...options }: Both = {},
): (args: readonly unknown[]) => Agreement {
  const form = elaborate(moduleFrom(text, options), name);
  const exported = javascript === undefined ? exportsOf(text) : runModule(javascript);
  const f = exported[name ?? form.region.name]!;
  return (args) => {
    const region = evaluateRegion(form.region, regionArguments(form, [...args, ...captured]));
    const actual = plainResult(form.result, [...region.results]);
    const copies = args.map((arg) => (typeof arg === "object" ? structuredClone(arg) : arg));
    return { form, counts: region.counts, expected: listed(f(...copies)), actual };
  };
}

/** Runs the marked function `name` as JavaScript and as a region. */
export function runBothWays(text: string, args: readonly unknown[], options: Both = {}): Agreement {
  return bothWays(text, options)(args);
}
