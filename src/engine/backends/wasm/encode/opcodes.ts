import { internalError } from "../../../errors/index.ts";
import { must } from "../../../util/assert-never.ts";

/** WebAssembly value types used here. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/**
 * Kind of immediates after the opcode: `block` a block type · `label` a depth · `function`, `local`, `global` an index
 * · `type` a list of value types · `memory` alignment and offset · `lane` a lane · `memoryLane` both · `i32` … `f64`,
 * `v128` a constant · `lanes` sixteen lanes.
 */
export type Immediate =
  | "none"
  | "block"
  | "label"
  | "function"
  | "type"
  | "local"
  | "global"
  | "memory"
  | "lane"
  | "memoryLane"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "v128"
  | "lanes";

/** Row of the table of instructions. */
export interface Opcode {
  readonly name: OpcodeName;
  /** Opcode as a number: 65,536 times the prefix byte (0 for codes without a prefix), plus the code after it. */
  readonly code: number;
  readonly immediate: Immediate;
  /** Stack effect in letters, or `?` if it is not fixed; see `signatureOf`. */
  readonly signature: string;
}

/**
 * Table of the instructions, in runs of consecutive codes. Each row: prefix byte (0 for none), first code, common start
 * of the names, rest of each name, stack signatures (one for all, or one each; `i I f F v` are i32, i64, f32, f64,
 * v128; `?` is not fixed), and immediates. Instructions that no code here uses are omitted: most of those on 64-bit
 * integers and on lanes of 8 and 16 bits. Source: WebAssembly core specification 2.0, section 5.4, and the proposals
 * "threads" and "relaxed SIMD".
 */
const runs = [
  [0, 0x00, "", "unreachable nop", ":", "none"],
  [0, 0x02, "", "block loop if", ": : i:", "block"],
  [0, 0x05, "", "else", ":", "none"],
  [0, 0x0b, "", "end", ":", "none"],
  [0, 0x0c, "", "br br_if", "? i:", "label"],
  [0, 0x0f, "", "return", "?", "none"],
  [0, 0x10, "", "call", "?", "function"],
  [0, 0x1a, "", "drop select", "?", "none"],
  [0, 0x1c, "", "select_t", "?", "type"],
  [0, 0x20, "local.", "get set tee", "?", "local"],
  [0, 0x23, "global.", "get set", "?", "global"],
  [0, 0x28, "", "i32.load i64.load f32.load f64.load", "i:i i:I i:f i:F", "memory"],
  [0, 0x2d, "i32.", "load8_u", "i:i", "memory"],
  [0, 0x36, "", "i32.store i64.store f32.store f64.store", "ii: iI: if: iF:", "memory"],
  [0, 0x3a, "i32.", "store8", "ii:", "memory"],
  [0, 0x41, "i32.", "const", ":i", "i32"],
  [0, 0x42, "i64.", "const", ":I", "i64"],
  [0, 0x43, "f32.", "const", ":f", "f32"],
  [0, 0x44, "f64.", "const", ":F", "f64"],
  [0, 0x45, "i32.", "eqz", "i:i", "none"],
  [0, 0x46, "i32.", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u", "ii:i", "none"],
  [0, 0x51, "i64.", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u", "II:i", "none"],
  [0, 0x5b, "f32.", "eq ne lt gt le ge", "ff:i", "none"],
  [0, 0x61, "f64.", "eq ne lt gt le ge", "FF:i", "none"],
  [0, 0x69, "i32.", "popcnt", "i:i", "none"],
  [0, 0x6a, "i32.", "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u", "ii:i", "none"],
  [0, 0x7c, "i64.", "add sub mul", "II:I", "none"],
  [0, 0x83, "i64.", "and or xor shl shr_s shr_u", "II:I", "none"],
  [0, 0x8b, "f32.", "abs neg ceil floor trunc nearest sqrt", "f:f", "none"],
  [0, 0x92, "f32.", "add sub mul div min max", "ff:f", "none"],
  [0, 0x99, "f64.", "abs neg ceil floor trunc nearest sqrt", "F:F", "none"],
  [0, 0xa0, "f64.", "add sub mul div min max", "FF:F", "none"],
  [0, 0xa7, "i32.", "wrap_i64", "I:i", "none"],
  [0, 0xad, "i64.", "extend_i32_u", "i:I", "none"],
  [
    0,
    0xb2,
    "f32.",
    "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64",
    "i:f i:f I:f I:f F:f",
    "none",
  ],
  [
    0,
    0xb7,
    "f64.",
    "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32",
    "i:F i:F I:F I:F f:F",
    "none",
  ],
  [
    0,
    0xbc,
    "",
    "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64",
    "f:i F:I i:f I:F",
    "none",
  ],
  [0xfc, 0x00, "i32.trunc_sat_", "f32_s f32_u f64_s f64_u", "f:i f:i F:i F:i", "none"],
  [0xfd, 0x00, "v128.", "load", "i:v", "memory"],
  [0xfd, 0x09, "v128.", "load32_splat load64_splat", "i:v", "memory"],
  [0xfd, 0x0b, "v128.", "store", "iv:", "memory"],
  [0xfd, 0x0c, "v128.", "const", ":v", "v128"],
  [0xfd, 0x0d, "i8x16.", "shuffle", "vv:v", "lanes"],
  [0xfd, 0x11, "", "i32x4.splat i64x2.splat f32x4.splat f64x2.splat", "i:v I:v f:v F:v", "none"],
  [0xfd, 0x1b, "i32x4.", "extract_lane replace_lane", "v:i vi:v", "lane"],
  [0xfd, 0x1d, "i64x2.", "extract_lane replace_lane", "v:I vI:v", "lane"],
  [0xfd, 0x1f, "f32x4.", "extract_lane replace_lane", "v:f vf:v", "lane"],
  [0xfd, 0x21, "f64x2.", "extract_lane replace_lane", "v:F vF:v", "lane"],
  [0xfd, 0x37, "i32x4.", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u", "vv:v", "none"],
  [0xfd, 0x41, "f32x4.", "eq ne lt gt le ge", "vv:v", "none"],
  [0xfd, 0x47, "f64x2.", "eq ne lt gt le ge", "vv:v", "none"],
  [
    0xfd,
    0x4d,
    "v128.",
    "not and andnot or xor bitselect any_true",
    "v:v vv:v vv:v vv:v vv:v vvv:v v:i",
    "none",
  ],
  [0xfd, 0x56, "v128.", "load32_lane load64_lane", "iv:v", "memoryLane"],
  [0xfd, 0x5a, "v128.", "store32_lane store64_lane", "iv:", "memoryLane"],
  [0xfd, 0x5c, "v128.", "load32_zero load64_zero", "i:v", "memory"],
  [0xfd, 0x5e, "", "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4", "v:v", "none"],
  [0xfd, 0x65, "i8x16.", "narrow_i16x8_s", "vv:v", "none"],
  [0xfd, 0x67, "f32x4.", "ceil floor trunc nearest", "v:v", "none"],
  [0xfd, 0x74, "f64x2.", "ceil floor", "v:v", "none"],
  [0xfd, 0x7a, "f64x2.", "trunc", "v:v", "none"],
  [0xfd, 0x85, "i16x8.", "narrow_i32x4_s", "vv:v", "none"],
  [0xfd, 0x89, "i16x8.", "extend_low_i8x16_u", "v:v", "none"],
  [0xfd, 0x94, "f64x2.", "nearest", "v:v", "none"],
  [0xfd, 0xa0, "i32x4.", "abs neg", "v:v", "none"],
  [0xfd, 0xa3, "i32x4.", "all_true", "v:i", "none"],
  [0xfd, 0xa9, "i32x4.extend_", "low_i16x8_u high_i16x8_u", "v:v", "none"],
  [0xfd, 0xab, "i32x4.", "shl shr_s shr_u add", "vi:v vi:v vi:v vv:v", "none"],
  [0xfd, 0xb1, "i32x4.", "sub", "vv:v", "none"],
  [0xfd, 0xb5, "i32x4.", "mul min_s min_u max_s max_u", "vv:v", "none"],
  [0xfd, 0xc0, "i64x2.", "abs neg", "v:v", "none"],
  [0xfd, 0xc7, "i64x2.extend_", "low_i32x4_s high_i32x4_s low_i32x4_u high_i32x4_u", "v:v", "none"],
  [0xfd, 0xcb, "i64x2.", "shl shr_s shr_u add", "vi:v vi:v vi:v vv:v", "none"],
  [0xfd, 0xd1, "i64x2.", "sub", "vv:v", "none"],
  [0xfd, 0xd5, "i64x2.", "mul eq ne", "vv:v", "none"],
  [0xfd, 0xe0, "f32x4.", "abs neg", "v:v", "none"],
  [
    0xfd,
    0xe3,
    "f32x4.",
    "sqrt add sub mul div min max pmin pmax",
    "v:v vv:v vv:v vv:v vv:v vv:v vv:v vv:v vv:v",
    "none",
  ],
  [0xfd, 0xec, "f64x2.", "abs neg", "v:v", "none"],
  [
    0xfd,
    0xef,
    "f64x2.",
    "sqrt add sub mul div min max pmin pmax",
    "v:v vv:v vv:v vv:v vv:v vv:v vv:v vv:v vv:v",
    "none",
  ],
  [
    0xfd,
    0xf8,
    "",
    "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u",
    "v:v",
    "none",
  ],
  [
    0xfd,
    0xfc,
    "",
    "i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u",
    "v:v",
    "none",
  ],
  [
    0xfd,
    0x105,
    "",
    "f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd",
    "vvv:v",
    "none",
  ],
  [0xfd, 0x10b, "", "i32x4.relaxed_laneselect i64x2.relaxed_laneselect", "vvv:v", "none"],
  [0xfe, 0x00, "memory.atomic.", "notify wait32 wait64", "ii:i iiI:i iII:i", "memory"],
  [0xfe, 0x10, "", "i32.atomic.load i64.atomic.load", "i:i i:I", "memory"],
  [0xfe, 0x17, "", "i32.atomic.store i64.atomic.store", "ii: iI:", "memory"],
  [0xfe, 0x1e, "i32.atomic.", "rmw.add", "ii:i", "memory"],
  [0xfe, 0x48, "", "i32.atomic.rmw.cmpxchg i64.atomic.rmw.cmpxchg", "iii:i iII:I", "memory"],
] as const;

type SplitWords<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? First | SplitWords<Rest>
  : Text;
type NamesOf<Run> = Run extends readonly [
  number,
  number,
  infer Start extends string,
  infer Rest extends string,
  string,
  string,
]
  ? `${Start}${SplitWords<Rest>}`
  : never;

/** Name of an instruction in the text format; `select_t` is the typed select. */
export type OpcodeName = NamesOf<(typeof runs)[number]>;

const valueTypes: Readonly<Record<string, ValueType>> = { i: "i32", I: "i64", f: "f32", F: "f64", v: "v128" };

/** Stack effect: operand and result types. Empty for instructions whose effect is not fixed. */
export function signatureOf({ signature }: Opcode): {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
} {
  const [params = "", results = ""] = signature.split(":");
  if (params === "?") return { params: [], results: [] };
  const typesOf = (letters: string): ValueType[] =>
    [...letters].map((letter) => must(valueTypes[letter], `the type ${letter}`));
  return { params: typesOf(params), results: typesOf(results) };
}

/**
 * Bytes that a memory instruction accesses, derived from its name: `i64.load8_s` 1, `v128.load8x8_s` 8, `f32.load` 4; 0
 * for other instructions.
 */
export function widthOf({ name, immediate }: Opcode): number {
  if (immediate !== "memory" && immediate !== "memoryLane") return 0;
  const access = /(?:load|store|rmw|wait)(\d*)(?:x(\d+))?/.exec(name);
  if (access?.[1]) return (Number(access[1]) * Number(access[2] ?? 1)) / 8;
  if (name.startsWith("i64") || name.startsWith("f64")) return 8;
  return name.startsWith("v128") ? 16 : 4;
}

let byName: ReadonlyMap<string, Opcode> | undefined;

function makeTable(): ReadonlyMap<string, Opcode> {
  const table = new Map<string, Opcode>();
  for (const [prefix, first, start, rest, signatures, immediate] of runs) {
    const each = signatures.split(" ");
    let code = first;
    for (const end of rest.split(" ")) {
      const name = start + end;
      const signature = each[each.length === 1 ? 0 : code - first] ?? "?";
      table.set(name, { name: name as OpcodeName, code: prefix * 65_536 + code, immediate, signature });
      code++;
    }
  }
  return table;
}

/** All instructions, in the order of their codes. */
export function opcodes(): readonly Opcode[] {
  return [...(byName ??= makeTable()).values()];
}

/** Instruction with a name. */
export function opcode(name: OpcodeName): Opcode {
  const found = (byName ??= makeTable()).get(name);
  if (found === undefined) throw internalError(`there is no instruction ${name}`);
  return found;
}
