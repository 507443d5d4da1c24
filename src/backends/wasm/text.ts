import { assertNever, must } from "../../util/assert-never.ts";
import { valueTypeBytes } from "./body.ts";
import type { Opcode, ValueType } from "./opcodes.ts";
import { opcodes } from "./opcodes.ts";
import type { ByteReader } from "./reader.ts";
import { makeReader } from "./reader.ts";

interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What the sections of a module say, as far as its text shows it. */
interface Sections {
  readonly name: string | undefined;
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Types of the module's own functions. */
  readonly functions: readonly number[];
  readonly table: readonly number[] | undefined;
  readonly globals: readonly string[];
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
  readonly bodies: readonly Uint8Array[];
  readonly data: readonly { readonly address: number | undefined; readonly bytes: Uint8Array }[];
  readonly functionNames: ReadonlyMap<number, string>;
  readonly localNames: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

interface Import {
  readonly from: string;
  readonly name: string;
  /** The index of the type, for a function. */
  readonly type: number | undefined;
  /** The limits as the text has them, for a memory. */
  readonly memory: string | undefined;
}

/**
 * A module of ours in the text format of WebAssembly: one instruction a line, blocks indented, functions and locals under their
 * names. It is what is left of a module when the numbering of types is taken away; assembled again it gives the same bytes.
 */
export function moduleText(bytes: Uint8Array): string {
  const sections = readSections(bytes);
  const importedFunctions = sections.imports.filter(({ type }) => type !== undefined);
  const exportsOf = (kind: number, index: number): string =>
    sections.exports
      .filter((one) => one.kind === kind && one.index === index)
      .map(({ name }) => ` (export ${quote(name)})`)
      .join("");
  const lines: string[] = [`(module${sections.name === undefined ? "" : ` ${identifier(sections.name)}`}`];
  let imported = 0;
  for (const { from, name, type, memory } of sections.imports) {
    const what =
      type === undefined
        ? `(memory ${memory ?? ""})`
        : `(func ${functionName(sections, imported++)}${signature(must(sections.types[type], "a type"), [])})`;
    lines.push(`  (import ${quote(from)} ${quote(name)} ${what})`);
  }
  if (sections.table) {
    const names = sections.table.map((index) => functionName(sections, index));
    lines.push(`  (table${exportsOf(1, 0)} funcref (elem ${names.join(" ")}))`);
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
    for (const [j, local] of locals.types.entries())
      lines.push(`    (local ${name(type.params.length + j)} ${local})`);
    lines.push(...instructions(locals.code, sections, name), "  )");
  }
  for (const { address, bytes: content } of sections.data)
    lines.push(`  (data ${address === undefined ? "" : `(i32.const ${address}) `}${quoteBytes(content)})`);
  return `${[...lines, ")"].join("\n")}\n`;
}

function signature({ params, results }: FunctionType, names: readonly string[]): string {
  const named = params.map((type, i) => ` (param ${names[i] === undefined ? "" : `${names[i]} `}${type})`);
  return `${named.join("")}${results.map((type) => ` (result ${type})`).join("")}`;
}

/** A name as an identifier of the text format; characters that it does not allow become `_`. */
function identifier(name: string): string {
  return `$${name.replaceAll(/[^\w!#$%&'*+./:<=>?@\\^`|~-]/g, "_") || "_"}`;
}

function functionName({ functionNames }: Sections, index: number): string {
  return functionNames.get(index) ?? `${index}`;
}

/** Names as identifiers; where several have the same one, their numbers are added. */
function identifiers(names: ReadonlyMap<number, string>): Map<number, string> {
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(
    Array.from(names, ([i, name]) => [i, identifier(counts.get(name) === 1 ? name : `${name}.${i}`)]),
  );
}

function quote(text: string): string {
  return quoteBytes(new TextEncoder().encode(text));
}

function quoteBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes, (byte) =>
    byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
      ? String.fromCodePoint(byte)
      : `\\${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${shown.join("")}"`;
}

function typeOfByte(byte: number): ValueType {
  const found = Object.entries(valueTypeBytes).find(([, code]) => code === byte);
  return must(found, `the value type ${byte}`)[0] as ValueType;
}

function list<Item>(reader: ByteReader, read: () => Item): Item[] {
  return Array.from({ length: reader.unsigned() }, read);
}

function readSections(bytes: Uint8Array): Sections {
  const reader = makeReader(bytes);
  reader.take(8);
  let name: string | undefined;
  let functions: readonly number[] = [];
  let table: readonly number[] | undefined;
  let types: readonly FunctionType[] = [];
  let imports: readonly Import[] = [];
  let globals: readonly string[] = [];
  let exports: Sections["exports"] = [];
  let bodies: readonly Uint8Array[] = [];
  let data: Sections["data"] = [];
  let functionNames = new Map<number, string>();
  let localNames = new Map<number, ReadonlyMap<number, string>>();
  const readNames = (from: ByteReader): Map<number, string> =>
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
    if (id === 9)
      [table] = list(part, () => {
        part.take(4); // a flag, and index 0 as a constant expression
        return list(part, part.unsigned);
      });
    if (id === 10) bodies = list(part, () => part.take(part.unsigned()));
    if (id === 11) data = list(part, () => readData(part));
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
    table,
    globals,
    exports,
    bodies,
    data,
    functionNames,
    localNames,
  };
}

function readType(part: ByteReader): FunctionType {
  part.byte();
  const params = list(part, () => typeOfByte(part.byte()));
  return { params, results: list(part, () => typeOfByte(part.byte())) };
}

function readImport(part: ByteReader): Import {
  const from = part.text();
  const name = part.text();
  if (part.byte() === 0) return { from, name, type: part.unsigned(), memory: undefined };
  const flags = part.byte();
  const limits = Array.from({ length: (flags & 1) + 1 }, part.unsigned);
  return { from, name, type: undefined, memory: [...limits, ...(flags & 2 ? ["shared"] : [])].join(" ") };
}

function readGlobal(part: ByteReader): string {
  const type = typeOfByte(part.byte());
  const isMutable = part.byte() === 1;
  part.byte();
  const value = type === "i32" ? `${part.signed()}` : float(part.f64());
  part.byte();
  return `${isMutable ? `(mut ${type})` : type} (${type}.const ${value})`;
}

function readData(part: ByteReader): { address: number | undefined; bytes: Uint8Array } {
  let address: number | undefined;
  if (part.byte() === 0) {
    part.byte();
    address = part.signed();
    part.byte();
  }
  return { address, bytes: part.take(part.unsigned()) };
}

function readLocals(body: Uint8Array): { types: readonly ValueType[]; code: Uint8Array } {
  const reader = makeReader(body);
  const runs = list(reader, () => ({ count: reader.unsigned(), type: typeOfByte(reader.byte()) }));
  const types = runs.flatMap(({ count, type }) => Array.from({ length: count }, () => type));
  return { types, code: body.subarray(reader.position()) };
}

let rows: ReadonlyMap<number, Opcode> | undefined;

/** The row of the instruction that starts here. */
function readOpcode(reader: ByteReader): Opcode {
  const key = (bytes: readonly number[]): number => bytes.reduce((value, byte) => value * 256 + byte, 0);
  rows ??= new Map(opcodes().map((row) => [key(row.bytes), row]));
  const bytes = [reader.byte()];
  if (must(bytes[0], "a byte") >= 0xfc) {
    do bytes.push(reader.byte());
    while (must(bytes.at(-1), "a byte") >= 128);
  }
  return must(rows.get(key(bytes)), `the instruction ${bytes.join(" ")}`);
}

/** The lines of a body, without the `end` that closes it. */
function instructions(code: Uint8Array, sections: Sections, name: (local: number) => string): string[] {
  const reader = makeReader(code);
  const lines: string[] = [];
  const open: number[] = [];
  let labels = 0;
  while (!reader.isAtEnd()) {
    const row = readOpcode(reader);
    if (row.name === "end" && open.length === 0) break;
    if (row.name === "end") open.pop();
    const indent = "  ".repeat(2 + open.length - (row.name === "else" ? 1 : 0));
    if (row.immediate === "block") open.push(labels++);
    const rest = immediateText(row, reader, sections, name, open);
    lines.push(`${indent}${row.name === "select_t" ? "select" : row.name}${rest === "" ? "" : ` ${rest}`}`);
  }
  return lines;
}

/** What follows the name of an instruction; `open` are the numbers of the labels that can be branched to. */
function immediateText(
  row: Opcode,
  reader: ByteReader,
  sections: Sections,
  name: (local: number) => string,
  open: readonly number[],
): string {
  const label = (): string => `$l${must(open[open.length - 1 - reader.unsigned()], "a label")}`;
  const place = (): string => {
    reader.unsigned(); // always the natural alignment
    const offset = reader.unsigned();
    return offset === 0 ? "" : `offset=${offset}`;
  };
  switch (row.immediate) {
    case "none":
      return "";
    case "block": {
      const result = reader.byte();
      return `$l${must(open.at(-1), "a label")}${result === 0x40 ? "" : ` (result ${typeOfByte(result)})`}`;
    }
    case "label":
      return label();
    case "labels":
      return Array.from({ length: reader.unsigned() + 1 }, label).join(" ");
    case "function":
      return functionName(sections, reader.unsigned());
    case "indirect": {
      const type = must(sections.types[reader.unsigned()], "a type");
      reader.byte();
      return signature(type, []).trim();
    }
    case "type":
      return `(result ${list(reader, () => typeOfByte(reader.byte())).join(" ")})`;
    case "local":
      return name(reader.unsigned());
    case "global":
    case "data":
      return `${reader.unsigned()}`;
    case "memory":
      return place();
    case "memoryLane":
      return `${place()} ${reader.byte()}`.trim();
    case "lane":
      return `${reader.byte()}`;
    case "i32":
      return `${reader.signed()}`;
    case "i64":
      return `${reader.signed64()}`;
    case "f32":
      return float(reader.f32());
    case "f64":
      return float(reader.f64());
    case "v128":
      return vector(reader.take(16));
    case "lanes":
      return reader.take(16).join(" ");
    case "zero":
      reader.byte();
      return "";
    case "zeros":
      reader.take(2);
      return "";
    case "dataZero": {
      const index = reader.unsigned();
      reader.byte();
      return `${index}`;
    }
    default:
      return assertNever(row.immediate, "immediateText");
  }
}

function float(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  return `${value}`.replace("Infinity", "inf");
}

/** A vector as four float32 or two float64 where these are plain numbers, else as four words. */
function vector(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const floats = [0, 4, 8, 12].map((at) => view.getFloat32(at, true));
  const doubles = [0, 8].map((at) => view.getFloat64(at, true));
  const isPlain = (x: number): boolean => x === 0 || (Math.abs(x) > 1e-30 && Math.abs(x) < 1e30);
  const isShort = (x: number): boolean => isPlain(x) && Math.fround(Number(x.toPrecision(9))) === x;
  if (floats.every(isShort) && floats.some((x) => x !== 0)) {
    // Two float64 such as 1 and 1 look like 0, 1.875, 0, 1.875 too; the shorter text is the meant one.
    const asDoubles = doubles.map(float).join(" ");
    const asFloats = floats.map(float).join(" ");
    if (!doubles.every(isPlain) || asFloats.length <= asDoubles.length) return `f32x4 ${asFloats}`;
  }
  if (doubles.every(isPlain) && doubles.some((x) => x !== 0)) return `f64x2 ${doubles.map(float).join(" ")}`;
  const words = [0, 4, 8, 12].map((at) => `0x${view.getUint32(at, true).toString(16).padStart(8, "0")}`);
  return `i32x4 ${words.join(" ")}`;
}
