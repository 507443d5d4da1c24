import type { Opcode, ValueType } from "../opcodes.ts";
import { fusedMultiplyAdd } from "./exact.ts";

/**
 * Expected results of each instruction that only computes, from the text of the specification: integer arithmetic on
 * BigInt, float arithmetic on numbers. Values are byte arrays.
 */
export type Value = Uint8Array;

/** Results that the specification allows (each lane must equal that lane of one of them), or `trap`. */
export type Expected = readonly Value[] | "trap";

export interface Shape {
  readonly float: boolean;
  readonly bits: number;
}

const shapes: Readonly<Record<string, Shape>> = {
  i32: { float: false, bits: 32 },
  i64: { float: false, bits: 64 },
  f32: { float: true, bits: 32 },
  f64: { float: true, bits: 64 },
  i8x16: { float: false, bits: 8 },
  i16x8: { float: false, bits: 16 },
  i32x4: { float: false, bits: 32 },
  i64x2: { float: false, bits: 64 },
  f32x4: { float: true, bits: 32 },
  f64x2: { float: true, bits: 64 },
  v128: { float: false, bits: 64 },
};

export function shapeOf(name: string): Shape {
  const shape = shapes[name];
  if (!shape) throw new Error(`no shape ${name}`);
  return shape;
}

const viewOf = (value: Value): DataView => new DataView(value.buffer, value.byteOffset, value.byteLength);

/** Lanes of a value as unsigned integers. */
export function unsignedLanes(value: Value, bits: number): bigint[] {
  const view = viewOf(value);
  return Array.from({ length: (value.length * 8) / bits }, (_, i) => {
    let lane = 0n;
    for (let b = bits / 8 - 1; b >= 0; b--) lane = (lane << 8n) | BigInt(view.getUint8((i * bits) / 8 + b));
    return lane;
  });
}

function signedLanes(value: Value, bits: number): bigint[] {
  return unsignedLanes(value, bits).map((lane) => BigInt.asIntN(bits, lane));
}

export function floatLanes(value: Value, bits: number): number[] {
  const view = viewOf(value);
  return Array.from({ length: (value.length * 8) / bits }, (_, i) =>
    bits === 32 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
  );
}

/** Bytes of lanes that hold integers, taken modulo 2^bits. */
export function ofIntegers(lanes: readonly bigint[], bits: number): Value {
  const bytes = new Uint8Array((lanes.length * bits) / 8);
  for (const [i, lane] of lanes.entries()) {
    for (let b = 0; b < bits / 8; b++)
      bytes[(i * bits) / 8 + b] = Number((BigInt.asUintN(bits, lane) >> BigInt(8 * b)) & 255n);
  }
  return bytes;
}

export function ofFloats(lanes: readonly number[], bits: number): Value {
  const bytes = new Uint8Array((lanes.length * bits) / 8);
  const view = viewOf(bytes);
  for (const [i, lane] of lanes.entries())
    if (bits === 32) view.setFloat32(4 * i, lane, true);
    else view.setFloat64(8 * i, lane, true);
  return bytes;
}

const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
const saturated = (x: bigint, bits: number, signed: boolean): bigint =>
  signed
    ? clamp(x, -(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n)
    : clamp(x, 0n, (1n << BigInt(bits)) - 1n);

/** Integer operation on one lane. `x` and `y` are signed or unsigned as the name of the operation says. */
function integerBinary(op: string, bits: number, x: bigint, y: bigint, signed: boolean): bigint {
  const count = BigInt.asUintN(bits, y) % BigInt(bits);
  const unsigned = BigInt.asUintN(bits, x);
  switch (op) {
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "and":
      return x & y;
    case "or":
      return x | y;
    case "xor":
      return x ^ y;
    case "shl":
      return x << count;
    case "shr_s":
    case "shr_u":
      return x >> count;
    case "rotl":
      return (unsigned << count) | (unsigned >> (BigInt(bits) - count));
    case "rotr":
      return (unsigned >> count) | (unsigned << (BigInt(bits) - count));
    case "div_s":
    case "div_u":
      return x / y;
    case "rem_s":
    case "rem_u":
      return x % y;
    case "min_s":
    case "min_u":
      return x < y ? x : y;
    case "max_s":
    case "max_u":
      return x > y ? x : y;
    case "add_sat_s":
    case "add_sat_u":
      return saturated(x + y, bits, signed);
    case "sub_sat_s":
    case "sub_sat_u":
      return saturated(x - y, bits, signed);
    case "avgr_u":
      return (x + y + 1n) >> 1n;
    case "q15mulr_sat_s":
      return saturated((x * y + 0x4000n) >> 15n, 16, true);
    default:
      throw new Error(`no reference of the integer operation ${op}`);
  }
}

function integerUnary(op: string, bits: number, x: bigint): bigint {
  const text = BigInt.asUintN(bits, x).toString(2).padStart(bits, "0");
  switch (op) {
    case "clz":
      return BigInt(text.indexOf("1") < 0 ? bits : text.indexOf("1"));
    case "ctz":
      return BigInt(text.includes("1") ? bits - 1 - text.lastIndexOf("1") : bits);
    case "popcnt":
      return BigInt(text.replaceAll("0", "").length);
    case "abs":
      return x < 0n ? -x : x;
    case "neg":
      return -x;
    case "extend8_s":
      return BigInt.asIntN(8, x);
    case "extend16_s":
      return BigInt.asIntN(16, x);
    case "extend32_s":
      return BigInt.asIntN(32, x);
    default:
      throw new Error(`no reference of the integer operation ${op}`);
  }
}

function compare(op: string, x: bigint | number, y: bigint | number): boolean {
  switch (op.slice(0, 2)) {
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "lt":
      return x < y;
    case "gt":
      return x > y;
    case "le":
      return x <= y;
    case "ge":
      return x >= y;
    default:
      throw new Error(`no reference of the comparison ${op}`);
  }
}

/** Rounds to the nearest integer, ties to even, and keeps the sign of zero. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const below = Math.floor(x);
  const rest = x - below;
  const value = rest < 0.5 ? below : rest > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
  return value === 0 && (x < 0 || Object.is(x, -0)) ? -0 : value;
}

const floatUnary: Readonly<Record<string, (x: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest,
  sqrt: Math.sqrt,
};

const floatBinary: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: Math.min,
  max: Math.max,
  pmin: (x, y) => (y < x ? y : x),
  pmax: (x, y) => (x < y ? y : x),
};

/** Truncates a float to an integer, saturating, NaN to 0. `traps`: the non-saturating instruction traps. */
function truncated(x: number, bits: number, signed: boolean): { value: bigint; traps: boolean } {
  if (Number.isNaN(x)) return { value: 0n, traps: true };
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) : 2 ** bits;
  const whole = Math.trunc(x);
  if (whole >= low && whole < high) return { value: BigInt(whole), traps: false };
  return { value: saturated(whole < low ? -(1n << 70n) : 1n << 70n, bits, signed), traps: true };
}

const comparisons = /^(eq|ne|lt|gt|le|ge)(_[su])?$/;
const bitwise = /^v128\.(not|and|andnot|or|xor|bitselect|any_true)$/;

/** Results that the specification allows for an instruction computing from operands of fixed types only. */
export function expected(row: Opcode, operands: readonly Value[], lane: number): Expected {
  const [shapeName = "", op = ""] = row.name.split(".");
  if (bitwise.test(row.name)) return [bits128(op, operands)];
  const special = specialOf(shapeName, op, operands, lane);
  if (special) return special;
  const shape = shapeOf(shapeName);
  const isVector = shapeName.includes("x");
  const { bits } = shape;
  if (shape.float) return floatResult(op, bits, operands, isVector);
  return integerResult(op, bits, operands, isVector);
}

function bits128(op: string, operands: readonly Value[]): Value {
  const [x = 0n, y = 0n, mask = 0n] = operands.map((value) => unsignedLanes(value, 128)[0] ?? 0n);
  switch (op) {
    case "not":
      return ofIntegers([~x], 128);
    case "and":
      return ofIntegers([x & y], 128);
    case "andnot":
      return ofIntegers([x & ~y], 128);
    case "or":
      return ofIntegers([x | y], 128);
    case "xor":
      return ofIntegers([x ^ y], 128);
    case "bitselect":
      return ofIntegers([(x & mask) | (y & ~mask)], 128);
    default:
      return ofIntegers([x === 0n ? 0n : 1n], 32); // any_true
  }
}

function floatResult(op: string, bits: number, operands: readonly Value[], isVector: boolean): Expected {
  const [x = [], y = []] = operands.map((value) => floatLanes(value, bits));
  const [xBits = [], yBits = []] = operands.map((value) => unsignedLanes(value, bits));
  const sign = 1n << BigInt(bits - 1);
  if (op === "abs") return [ofIntegers(xBits.map((lane) => lane & ~sign), bits)]; // prettier-ignore
  if (op === "neg") return [ofIntegers(xBits.map((lane) => lane ^ sign), bits)]; // prettier-ignore
  if (op === "copysign")
    return [
      ofIntegers(
        xBits.map((lane, i) => (lane & ~sign) | ((yBits[i] ?? 0n) & sign)),
        bits,
      ),
    ];
  if (comparisons.test(op)) {
    const truth = x.map((lane, i) => compare(op, lane, y[i] ?? 0));
    return [isVector ? ofIntegers(truth.map((is) => (is ? -1n : 0n)), bits) : ofIntegers([truth[0] ? 1n : 0n], 32)]; // prettier-ignore
  }
  const unary = floatUnary[op];
  if (unary) return [ofFloats(x.map(unary), bits)];
  const binary = floatBinary[op];
  if (binary) return [ofFloats(x.map((lane, i) => binary(lane, y[i] ?? 0)), bits)]; // prettier-ignore
  throw new Error(`no reference of the float operation ${op}`);
}

function integerResult(op: string, bits: number, operands: readonly Value[], isVector: boolean): Expected {
  const signed = !op.endsWith("_u");
  const lanesOf = (value: Value): bigint[] =>
    signed ? signedLanes(value, bits) : unsignedLanes(value, bits);
  const isShift = isVector && /^sh[lr]/.test(op);
  const x = lanesOf(operands[0] ?? new Uint8Array(0));
  const second = operands[1];
  const y =
    second === undefined ? [] : isShift ? x.map(() => signedLanes(second, 32)[0] ?? 0n) : lanesOf(second);
  if (op === "eqz") return [ofIntegers([x[0] === 0n ? 1n : 0n], 32)];
  if (op === "all_true") return [ofIntegers([x.every((lane) => lane !== 0n) ? 1n : 0n], 32)];
  if (op === "bitmask")
    return [ofIntegers([x.reduce((mask, lane, i) => mask | (lane < 0n ? 1n << BigInt(i) : 0n), 0n)], 32)];
  if (comparisons.test(op)) {
    const truth = x.map((lane, i) => compare(op, lane, y[i] ?? 0n));
    return [isVector ? ofIntegers(truth.map((is) => (is ? -1n : 0n)), bits) : ofIntegers([truth[0] ? 1n : 0n], 32)]; // prettier-ignore
  }
  if (/^(div|rem)_/.test(op)) {
    const least = -(1n << BigInt(bits - 1));
    if (y[0] === 0n || (op === "div_s" && x[0] === least && y[0] === -1n)) return "trap";
  }
  if (second === undefined) return [ofIntegers(x.map((lane) => integerUnary(op, bits, lane)), bits)]; // prettier-ignore
  return [
    ofIntegers(
      x.map((lane, i) => integerBinary(op, bits, lane, y[i] ?? 0n, signed)),
      bits,
    ),
  ];
}

/** Results of conversions, lane accesses and other instructions that mix shapes; `undefined` for all others. */
function specialOf(
  shapeName: string,
  op: string,
  operands: readonly Value[],
  lane: number,
): Expected | undefined {
  const [a = new Uint8Array(0), b = new Uint8Array(0), c = new Uint8Array(0)] = operands;
  const signed = !/_u(_zero)?$/.test(op);
  const read = (value: Value, bits: number): bigint[] =>
    signed ? signedLanes(value, bits) : unsignedLanes(value, bits);
  const from = /([if])(\d+)(?:x(\d+))?(?:_[su])?(?:_zero)?$/.exec(op);
  const fromBits = Number(from?.[2] ?? 0);
  const isVector = shapeName.includes("x");
  const { bits } = isVector || shapeName !== "v128" ? shapeOf(shapeName) : { bits: 0 };

  if (op.startsWith("reinterpret_")) return [a];
  if (op === "wrap_i64") return [a.slice(0, 4)];
  if (op.startsWith("extend_i32")) return [ofIntegers(read(a, 32), 64)];
  if (op.startsWith("demote_f64x2") || op.startsWith("demote_f64")) {
    const lanes = ofFloats(floatLanes(a, 64), 32);
    return [isVector ? new Uint8Array([...lanes, ...new Uint8Array(8)]) : lanes];
  }
  if (op.startsWith("promote_")) return [ofFloats(floatLanes(isVector ? a.slice(0, 8) : a, 32), 64)];
  if (op.startsWith("convert_")) {
    const source = op.startsWith("convert_low") ? a.slice(0, 8) : a;
    return [ofFloats(read(source, fromBits).map((x) => toFloat(x, bits)), bits)]; // prettier-ignore
  }
  if (/^(relaxed_)?trunc_/.test(op)) {
    const each = floatLanes(a, fromBits).map((x) => truncated(x, bits, signed));
    if (!isVector && !op.includes("sat") && each.some(({ traps }) => traps)) return "trap";
    const lanes = each.map(({ value }) => value);
    const zeros = op.endsWith("_zero") ? [0n, 0n] : [];
    const saturating = ofIntegers([...lanes, ...zeros], bits);
    if (!op.startsWith("relaxed")) return [saturating];
    // Where the trapping instruction would trap, the least int32 or the greatest uint32 is also allowed.
    const marked = each.map(({ value, traps }) =>
      traps ? (signed ? -(1n << 31n) : (1n << 32n) - 1n) : value,
    );
    return [saturating, ofIntegers([...marked, ...zeros], bits)];
  }
  if (op === "splat") return [repeat(shapeOf(shapeName).float ? a : a.slice(0, bits / 8))];
  if (op.startsWith("extract_lane")) {
    const one = read(a, bits)[lane] ?? 0n;
    return [ofIntegers([one], Math.max(bits, 32))];
  }
  if (op === "replace_lane") {
    const out = a.slice();
    out.set(b.slice(0, bits / 8), (lane * bits) / 8);
    return [out];
  }
  if (op.startsWith("narrow_"))
    return [ofIntegers([...signedLanes(a, fromBits), ...signedLanes(b, fromBits)].map((x) => saturated(x, bits, signed)), bits)]; // prettier-ignore
  if (/^ext(end|mul)_(low|high)/.test(op)) {
    const half = (value: Value): bigint[] =>
      read(op.includes("low") ? value.slice(0, 8) : value.slice(8), fromBits);
    const y = op.startsWith("extmul") ? half(b) : [];
    return [ofIntegers(half(a).map((x, i) => x * (y[i] ?? 1n)), bits)]; // prettier-ignore
  }
  if (op.startsWith("extadd_pairwise")) return [ofIntegers(pairSums(read(a, fromBits)), bits)];
  if (op === "dot_i16x8_s")
    return [ofIntegers(pairSums(products(signedLanes(a, 16), signedLanes(b, 16))), 32)];
  if (op === "swizzle" || op === "relaxed_swizzle") {
    const strict = Uint8Array.from(b, (index) => a[index] ?? 0);
    if (op === "swizzle") return [strict];
    return [strict, Uint8Array.from(b, (index) => (index < 128 ? (a[index & 15] ?? 0) : 0))];
  }
  if (op === "relaxed_madd" || op === "relaxed_nmadd") {
    const [x = [], y = [], z = []] = operands.map((value) => floatLanes(value, bits));
    const sign = op === "relaxed_madd" ? 1 : -1;
    const round = (value: number): number => (bits === 32 ? Math.fround(value) : value);
    const type = bits === 32 ? "f32" : "f64";
    const twice = x.map((lane, i) => round(sign * lane * (y[i] ?? 0)) + (z[i] ?? 0));
    const once = x.map((lane, i) => fusedMultiplyAdd(sign * lane, y[i] ?? 0, z[i] ?? 0, type));
    return [ofFloats(twice, bits), ofFloats(once, bits)];
  }
  if (op === "relaxed_laneselect") {
    const bitwiseChoice = bits128("bitselect", operands);
    // The top bit of a lane, or (16-bit lanes on x86) of each byte, may select the whole.
    const byTop = (width: number): Value =>
      ofIntegers(
        signedLanes(c, width).map(
          (mask, i) => (mask < 0n ? unsignedLanes(a, width) : unsignedLanes(b, width))[i] ?? 0n,
        ),
        width,
      );
    return [bitwiseChoice, byTop(bits), byTop(8)];
  }
  if (op === "relaxed_min" || op === "relaxed_max") {
    const choose = op === "relaxed_min" ? Math.min : Math.max;
    const x = floatLanes(a, bits);
    const y = floatLanes(b, bits);
    const strict = x.map((lane, i) => choose(lane, y[i] ?? 0));
    const either = x.map((lane, i) => {
      const other = y[i] ?? 0;
      return Number.isNaN(lane) || Number.isNaN(other) || (lane === 0 && other === 0); // either operand is allowed here
    });
    const pick = (side: readonly number[]): Value => ofFloats(strict.map((lane, i) => (either[i] ? (side[i] ?? 0) : lane)), bits); // prettier-ignore
    return [ofFloats(strict, bits), pick(x), pick(y)];
  }
  if (op === "relaxed_q15mulr_s") {
    const exact = products(signedLanes(a, 16), signedLanes(b, 16)).map((x) => (x + 0x4000n) >> 15n);
    return [ofIntegers(exact.map((x) => saturated(x, 16, true)), 16), ofIntegers(exact, 16)]; // prettier-ignore
  }
  if (op === "relaxed_dot_i8x16_i7x16_s") {
    // Uses only what all engines agree on: bytes of the second operand below 128.
    const pairs = pairSums(products(signedLanes(a, 8), unsignedLanes(b, 8)));
    return [
      ofIntegers(pairs, 16),
      ofIntegers(
        pairs.map((x) => saturated(x, 16, true)),
        16,
      ),
    ];
  }
  return undefined;
}

/** Converts an integer to a float, rounded once. */
function toFloat(x: bigint, bits: number): number {
  if (bits === 64) return Number(x);
  // Above 2^53 a conversion via float64 would round twice: keep 32 digits, the last one sticky.
  const size = x < 0n ? -x : x;
  const drop = BigInt(Math.max(0, size.toString(2).length - 32));
  const sticky = size & ((1n << drop) - 1n) ? 1n : 0n;
  const value = Math.fround(Number((size >> drop) | sticky)) * 2 ** Number(drop);
  return x < 0n ? -value : value;
}

const repeat = (bytes: Value): Value =>
  Uint8Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length] ?? 0);
const products = (x: readonly bigint[], y: readonly bigint[]): bigint[] =>
  x.map((lane, i) => lane * (y[i] ?? 0n));
const pairSums = (x: readonly bigint[]): bigint[] =>
  Array.from({ length: x.length / 2 }, (_, i) => (x[2 * i] ?? 0n) + (x[2 * i + 1] ?? 0n));

/** Size of a value of that type in bytes. */
export function sizeOf(type: ValueType): number {
  return type === "v128" ? 16 : type === "i64" || type === "f64" ? 8 : 4;
}
