import { internalError } from "../../../errors/index.ts";
import { assertNever, must } from "../../../util/assert-never.ts";
import { valueTypeBytes } from "./body.ts";
import type { Opcode, ValueType } from "./opcodes.ts";
import { opcodes, signatureOf } from "./opcodes.ts";
import type { WasmReader } from "./reader.ts";
import { makeReader } from "./reader.ts";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Names and types of the items that instructions refer to by index. */
export interface IndexSpaces {
  readonly functionName: (index: number) => string;
  readonly functionType: (index: number) => FunctionType;
  readonly localName: (index: number) => string;
}

/** Maximum characters per line, unless a single instruction needs more. */
export const lineLength = 120;

/**
 * Text of the instructions of a body, without the final `end`. Operands are nested in their instruction as long as they
 * fit on a line. Otherwise they precede it in execution order, as the format allows.
 */
export function instructionLines(code: Uint8Array, names: IndexSpaces): string[] {
  const reader = makeReader(code);
  const lines: string[] = [];
  const open: number[] = []; // numbers of the open labels
  let labels = 0;
  let waiting: OperandText[] = []; // values whose instructions have not been written to a line
  let indent = "    ";
  const write = (text: string): void => void lines.push(indent + text);
  /**
   * Writes lines for the values that are waiting to be used. The last `count` of them are operands of an instruction on
   * lanes of this shape.
   */
  const flush = (count = 0, shape = ""): void => {
    for (const [i, operand] of waiting.entries())
      write(bracketed(operand(i >= waiting.length - count ? shape : "")));
    waiting = [];
  };

  while (!reader.isAtEnd()) {
    const row = readOpcode(reader);
    if (row.name === "end" && open.length === 0) break;
    if (row.immediate === "block" || row.name === "end" || row.name === "else") {
      flush();
      if (row.name === "end") open.pop();
      indent = "  ".repeat(2 + open.length - (row.name === "else" ? 1 : 0));
      if (row.immediate === "block") open.push(labels++);
      write(phrase(row.name, immediateText(row, reader, names, open)));
      indent = "  ".repeat(2 + open.length);
      continue;
    }
    if (row.name === "v128.const") {
      const bytes = reader.take(16);
      waiting.push((shape) => phrase(row.name, vectorText(bytes, shape)));
      continue;
    }
    const start = reader.position();
    const { takes, gives } = effectOf(row, makeReader(code.subarray(start)), names);
    const head = phrase(
      row.name === "select_t" ? "select" : row.name,
      immediateText(row, reader, names, open),
    );
    const shape = shapeOf(row.name);
    const operands = waiting.slice(waiting.length - takes).map((operand) => bracketed(operand(shape)));
    const whole = [head, ...operands].join(" ");
    const isShort = operands.length === takes && indent.length + whole.length + 2 <= lineLength;
    if (isShort) waiting.length -= takes;
    if (isShort && gives) waiting.push(() => whole);
    else {
      flush(isShort ? 0 : takes, shape);
      write(isShort && takes > 0 ? bracketed(whole) : head);
    }
  }
  flush();
  return lines;
}

/**
 * Returns the text of a value as the operand of an instruction on lanes of the given shape (`f32x4`; empty if unknown).
 */
type OperandText = (shape: string) => string;

const bracketed = (text: string): string => `(${text})`;
const phrase = (name: string, rest: string): string => (rest === "" ? name : `${name} ${rest}`);

/** Lane shape of an instruction. */
function shapeOf(name: string): string {
  return /^[if]\d+x\d+/.exec(name)?.[0] ?? "";
}

/** Stack effect of an instruction: number of operands, and whether it has a result. */
interface StackEffect {
  readonly takes: number;
  readonly gives: boolean;
}

/** Stack effects of instructions with operands or results of any type. */
const effects: Readonly<Partial<Record<string, StackEffect>>> = {
  "local.get": { takes: 0, gives: true },
  "local.set": { takes: 1, gives: false },
  "local.tee": { takes: 1, gives: true },
  "global.get": { takes: 0, gives: true },
  "global.set": { takes: 1, gives: false },
  drop: { takes: 1, gives: false },
  select: { takes: 3, gives: true },
  select_t: { takes: 3, gives: true },
};

/** Stack effect of an instruction; `immediates` reads its immediates. */
function effectOf(row: Opcode, immediates: WasmReader, { functionType }: IndexSpaces): StackEffect {
  const effect = ({ params, results }: FunctionType): StackEffect => ({
    takes: params.length,
    gives: results.length > 0,
  });
  if (row.immediate === "function") return effect(functionType(immediates.unsigned()));
  return effects[row.name] ?? effect(signatureOf(row));
}

/** Text of the parameters and results of a function: ` (param $x f64) (result f64)`. */
export function signature({ params, results }: FunctionType, names: readonly string[]): string {
  const named = params.map((type, i) => ` (param ${names[i] === undefined ? "" : `${names[i]} `}${type})`);
  return `${named.join("")}${results.map((type) => ` (result ${type})`).join("")}`;
}

export function typeOfByte(byte: number): ValueType {
  const found = Object.entries(valueTypeBytes).find(([, code]) => code === byte);
  return must(found, `the value type ${byte}`)[0] as ValueType;
}

/** Reads a list in the binary format: its length, followed by its items. */
export function list<Item>(reader: WasmReader, read: () => Item): Item[] {
  return Array.from({ length: reader.unsigned() }, read);
}

let rows: ReadonlyMap<number, Opcode> | undefined;

/** Reads the next instruction's opcode and returns its table row. */
function readOpcode(reader: WasmReader): Opcode {
  rows ??= new Map(opcodes().map((row) => [row.code, row]));
  const first = reader.byte();
  const code = first < 0xfc ? first : first * 65_536 + reader.unsigned();
  return must(rows.get(code), `the instruction ${code.toString(16)}`);
}

/** Text of the immediates of an instruction; `open` are the numbers of the open labels. */
function immediateText(row: Opcode, reader: WasmReader, names: IndexSpaces, open: readonly number[]): string {
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
      return `$l${must(open[open.length - 1 - reader.unsigned()], "a label")}`;
    case "function":
      return names.functionName(reader.unsigned());
    case "type":
      return `(result ${list(reader, () => typeOfByte(reader.byte())).join(" ")})`;
    case "local":
      return names.localName(reader.unsigned());
    case "global":
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
      return numberText(reader.f32(), true);
    case "f64":
      return numberText(reader.f64());
    case "v128":
      throw internalError("constants of vectors are written with the instruction that takes them");
    case "lanes":
      return reader.take(16).join(" ");
    default:
      return assertNever(row.immediate, "immediateText");
  }
}

/** Number in the text format; for float32, with only the digits that identify it. */
function numberText(value: number, isSingle = false): string {
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (isSingle) {
    for (let digits = 1; digits <= 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === value) return `${short}`;
    }
  }
  return `${value}`;
}

/**
 * Vector constant in lanes of the requested shape if that shows all bits; otherwise in the shape that looks most like
 * numbers.
 */
function vectorText(bytes: Uint8Array, shape: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const words = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  const floats = [0, 4, 8, 12].map((at) => view.getFloat32(at, true));
  const doubles = [0, 8].map((at) => view.getFloat64(at, true));
  const inFloats = `f32x4 ${floats.map((x) => numberText(x, true)).join(" ")}`;
  const inDoubles = `f64x2 ${doubles.map((x) => numberText(x)).join(" ")}`;
  const inWords = `i32x4 ${words.map(wordText).join(" ")}`;
  const hasNan = floats.some(Number.isNaN); // a number does not show the bits of a NaN
  if (shape === "f32x4" && !hasNan) return inFloats;
  if (shape === "f64x2" && !doubles.some(Number.isNaN)) return inDoubles;
  if (shape.startsWith("i")) return inWords;
  const isPlain = (x: number): boolean => x === 0 || (Math.abs(x) > 1e-30 && Math.abs(x) < 1e30);
  const looksSingle = floats.every(isPlain) && floats.some((x) => x !== 0);
  const looksDouble = doubles.every(isPlain) && doubles.some((x) => x !== 0);
  // two float64 such as 1 and 1 also look like 0, 1.875, 0, 1.875: the shorter text is probably meant
  if (looksSingle && (!looksDouble || inFloats.length <= inDoubles.length)) return inFloats;
  return looksDouble ? inDoubles : inWords;
}

/** Word of 32 bits: small ones as decimal numbers, others (masks and bit patterns) in hexadecimal. */
function wordText(word: number): string {
  return word < 65_536 ? `${word}` : `0x${word.toString(16).padStart(8, "0")}`;
}
