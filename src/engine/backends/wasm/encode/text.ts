import { must } from "../../../util/assert-never.ts";
import type { FunctionType } from "./instruction-text.ts";
import { instructionLines, lineLength, list, signature, typeOfByte } from "./instruction-text.ts";
import type { ValueType } from "./opcodes.ts";
import type { WasmReader } from "./reader.ts";
import { makeReader } from "./reader.ts";

/** Contents of the sections of a module, as far as the text format shows them. */
interface Sections {
  readonly name: string | undefined;
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type indices of the functions that the module defines. */
  readonly functions: readonly number[];
  readonly globals: readonly string[];
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
  readonly bodies: readonly Uint8Array[];
  readonly functionNames: ReadonlyMap<number, string>;
  readonly localNames: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

interface Import {
  readonly from: string;
  readonly name: string;
  /** Index of the import's type if it is a function; `memory` is set if it is a memory. */
  readonly type: number | undefined;
  /** Limits of an imported memory in the text format; `undefined` if the import is not a memory. */
  readonly memory: string | undefined;
}

/**
 * Converts a module written by this library to the text format of WebAssembly: one expression per line if it fits,
 * blocks indented, functions and locals by name. Only the numbering of types is lost: assembling the text yields the
 * same bytes.
 */
export function moduleText(bytes: Uint8Array): string {
  const sections = readSections(bytes);
  const importedFunctions = sections.imports.filter(({ type }) => type !== undefined);
  const exportsOf = (kind: number, index: number): string =>
    sections.exports
      .filter((one) => one.kind === kind && one.index === index)
      .map(({ name }) => ` (export ${quote(name)})`)
      .join("");
  const called = [...importedFunctions.map(({ type }) => type!), ...sections.functions];
  const context = {
    functionName: (index: number): string => functionName(sections, index),
    functionType: (index: number): FunctionType =>
      must(sections.types[must(called[index], "a function")], "a type"),
  };
  const lines: string[] = [`(module${sections.name === undefined ? "" : ` ${identifier(sections.name)}`}`];
  let imported = 0;
  for (const { from, name, type, memory } of sections.imports) {
    const what =
      type === undefined
        ? `(memory ${must(memory, "the limits of a memory")})`
        : `(func ${functionName(sections, imported++)}${signature(must(sections.types[type], "a type"), [])})`;
    lines.push(`  (import ${quote(from)} ${quote(name)} ${what})`);
  }
  for (const [i, global] of sections.globals.entries()) lines.push(`  (global${exportsOf(3, i)} ${global})`);
  for (const [i, body] of sections.bodies.entries()) {
    const index = importedFunctions.length + i;
    const type = must(sections.types[must(sections.functions[i], "a function")], "a type");
    const names = identifiers(sections.localNames.get(index) ?? new Map<number, string>());
    const locals = readLocals(body);
    const name = (local: number): string => names.get(local) ?? `$${local}`;
    const head = signature(type, names.size > 0 ? type.params.map((_, local) => name(local)) : []);
    lines.push(`  (func ${functionName(sections, index)}${exportsOf(0, index)}${head}`);
    lines.push(
      ...filled(locals.types.map((local, j) => `(local ${name(type.params.length + j)} ${local})`)),
      ...instructionLines(locals.code, { ...context, localName: name }),
      "  )",
    );
  }
  return `${[...lines, ")"].join("\n")}\n`;
}

/** Joins words to lines, each as long as the line length allows. */
function filled(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < lineLength)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines;
}

/** Converts a name to an identifier of the text format; characters that it does not allow become `_`. */
function identifier(name: string): string {
  return `$${name.replaceAll(/[^\w!#$%&'*+./:<=>?@\\^`|~-]/g, "_") || "_"}`;
}

function functionName({ functionNames }: Sections, index: number): string {
  return must(functionNames.get(index), "the name of a function");
}

/** Converts names to identifiers, with an index appended to duplicates. */
function identifiers(names: ReadonlyMap<number, string>): Map<number, string> {
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(
    Array.from(names, ([i, name]) => [i, identifier(counts.get(name) === 1 ? name : `${name}.${i}`)]),
  );
}

function quote(text: string): string {
  const shown = Array.from(new TextEncoder().encode(text), (byte) =>
    byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
      ? String.fromCodePoint(byte)
      : `\\${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${shown.join("")}"`;
}

function readSections(bytes: Uint8Array): Sections {
  const reader = makeReader(bytes);
  reader.take(8);
  let name: string | undefined;
  let functions: readonly number[] = [];
  let types: readonly FunctionType[] = [];
  let imports: readonly Import[] = [];
  let globals: readonly string[] = [];
  let exports: Sections["exports"] = [];
  let bodies: readonly Uint8Array[] = [];
  let functionNames = new Map<number, string>();
  let localNames = new Map<number, ReadonlyMap<number, string>>();
  const readNames = (from: WasmReader): Map<number, string> =>
    new Map(list(from, () => [from.unsigned(), from.text()] as const));
  while (!reader.isAtEnd()) {
    const id = reader.byte();
    const part = makeReader(reader.take(reader.unsigned()));
    if (id === 1) types = list(part, () => readType(part));
    if (id === 2) imports = list(part, () => readImport(part));
    if (id === 3) functions = list(part, part.unsigned);
    if (id === 6) globals = list(part, () => readGlobal(part));
    if (id === 7)
      exports = list(part, () => ({ name: part.text(), kind: part.byte(), index: part.unsigned() }));
    if (id === 10) bodies = list(part, () => part.take(part.unsigned()));
    if (id === 0 && part.text() === "name") {
      while (!part.isAtEnd()) {
        const kind = part.byte();
        const names = makeReader(part.take(part.unsigned()));
        if (kind === 0) name = names.text();
        if (kind === 1) functionNames = identifiers(readNames(names));
        if (kind === 2)
          localNames = new Map(list(names, () => [names.unsigned(), readNames(names)] as const));
      }
    }
  }
  return {
    name,
    types,
    imports,
    functions,
    globals,
    exports,
    bodies,
    functionNames,
    localNames,
  };
}

function readType(part: WasmReader): FunctionType {
  part.byte();
  const params = list(part, () => typeOfByte(part.byte()));
  return { params, results: list(part, () => typeOfByte(part.byte())) };
}

function readImport(part: WasmReader): Import {
  const from = part.text();
  const name = part.text();
  if (part.byte() === 0) return { from, name, type: part.unsigned(), memory: undefined };
  const flags = part.byte();
  const limits = Array.from({ length: (flags & 1) + 1 }, part.unsigned);
  return { from, name, type: undefined, memory: [...limits, ...(flags & 2 ? ["shared"] : [])].join(" ") };
}

function readGlobal(part: WasmReader): string {
  part.take(3); // the type i32, mutable, and the code of i32.const
  const value = part.signed();
  part.byte();
  return `(mut i32) (i32.const ${value})`;
}

function readLocals(body: Uint8Array): { types: readonly ValueType[]; code: Uint8Array } {
  const reader = makeReader(body);
  const runs = list(reader, () => ({ count: reader.unsigned(), type: typeOfByte(reader.byte()) }));
  const types = runs.flatMap(({ count, type }) => Array.from({ length: count }, () => type));
  return { types, code: body.subarray(reader.position()) };
}
