import type { BinaryOp, ScalarType, UnaryOp } from "../../../../kernel/scalar.ts";
import { isFloat } from "../../../../kernel/scalar.ts";
import { assertNever } from "../../../../util/assert-never.ts";
import { helper } from "../helpers.ts";
import { internalError } from "../../../../errors/index.ts";
import type { OpcodeName } from "../../encode/opcodes.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import {
  bodyOf,
  constantVec,
  extractLane,
  laneByLane,
  made,
  plain,
  retyped,
  shapeOf,
  spreadLow,
  toWidth,
} from "./lanes.ts";

const highToLow = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const lowPair = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/** Applies an instruction to each vector. */
function each(
  type: ScalarType,
  width: Width,
  op: OpcodeName,
  lanes: LaneCode,
  ...operands: readonly Vec[]
): Vec {
  return made(type, width, (k) => {
    for (const operand of operands) operand.emit(k);
    bodyOf(lanes).op(op);
  });
}

/** Applies an operation to each lane. */
export function unaryVec(op: UnaryOp, x: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const { type, width } = x;
  switch (op) {
    case "neg":
      if (type === "f64" && lanes.frame.unit.settings.peepholes.signFlips)
        return each(type, width, "v128.xor", lanes, x, constantVec(type, -0, width, lanes));
      return each(type, width, `${shapeOf(type)}.neg`, lanes, x);
    case "abs":
      return type === "u32" ? x : each(type, width, `${shapeOf(type)}.abs`, lanes, x);
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
    case "nearest":
      return each(type, width, `${type === "f64" ? "f64x2" : "f32x4"}.${op}`, lanes, x);
    case "not":
      return each("bool", width, "v128.not", lanes, x);
    case "highWord":
      return made("i32", 64, (k) => {
        x.emit(k);
        body.i32Const(32);
        body.op("i64x2.shr_u");
      });
    case "lowWord":
    case "bitsOf":
      return retyped(x, "i32");
    case "fromBits":
      return retyped(toWidth(x, 32, lanes), "f32");
    default:
      return assertNever(op, "unaryVec");
  }
}

/** The larger of the lane widths of two values, to which both are converted. */
function commonWidth(x: Vec, y: Vec): Width {
  return x.width === 64 || y.width === 64 ? 64 : 32;
}

/**
 * Applies an operation to two values of one type, lane by lane. Integer divisions, remainders and shifts, for which
 * there are no vector instructions with these operands, are computed separately for each lane.
 */
export function binaryVec(op: BinaryOp, left: Vec, right: Vec, lanes: LaneCode): Vec {
  const { type } = left;
  const body = bodyOf(lanes);
  if (op === "fromWords") return fromWords(left, right, lanes);
  const width = commonWidth(left, right);
  const [x, y] = [toWidth(left, width, lanes), toWidth(right, width, lanes)];
  const shape = shapeOf(type);
  const sign = type === "u32" ? "u" : "s";
  if (type === "bool") return maskOperation(op, x, y, lanes);
  switch (op) {
    case "add":
    case "sub":
    case "mul":
      return each(type, width, `${shape}.${op}`, lanes, x, y);
    case "div":
      if (isFloat(type)) return each(type, width, `${type === "f64" ? "f64x2" : "f32x4"}.div`, lanes, x, y);
      return onEachLane(x, y, lanes, () =>
        body.call(helper(type === "u32" ? "divU" : "divS", lanes.frame.unit)),
      );
    case "rem":
      if (isFloat(type)) return remainder(x, y, lanes);
      return onEachLane(x, y, lanes, () =>
        body.call(helper(type === "u32" ? "remU" : "remS", lanes.frame.unit)),
      );
    case "min":
    case "max":
      if (isFloat(type)) return each(type, width, `${type === "f64" ? "f64x2" : "f32x4"}.${op}`, lanes, x, y);
      return each(type, width, `i32x4.${op}_${sign}`, lanes, x, y);
    case "and":
    case "or":
    case "xor":
      return each(type, width, `v128.${op}`, lanes, x, y);
    case "shl":
      return onEachLane(x, y, lanes, () => body.op("i32.shl"));
    case "shr":
      return onEachLane(x, y, lanes, () => body.op(`i32.shr_${sign}`));
    case "eq":
    case "ne":
      return comparison(`${shape}.${op}`, x, y, lanes);
    case "lt":
    case "le":
      if (isFloat(type)) return comparison(`${type === "f64" ? "f64x2" : "f32x4"}.${op}`, x, y, lanes);
      return comparison(`i32x4.${op}_${sign}`, x, y, lanes);
    default:
      return assertNever(op, "binaryVec");
  }
}

/** Comparison whose result is a mask that fills the lanes. */
function comparison(op: OpcodeName, x: Vec, y: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  return made("bool", x.width, (k) => {
    x.emit(k);
    y.emit(k);
    body.op(op);
    if (x.width === 64 && x.type !== "f64") spreadLow(body);
  });
}

/** Operation on bools, which are masks: 0 or all bits. */
function maskOperation(op: BinaryOp, x: Vec, y: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const { width } = x;
  if (op === "and" || op === "or" || op === "xor") return each("bool", width, `v128.${op}`, lanes, x, y);
  if (op === "ne") return each("bool", width, "v128.xor", lanes, x, y);
  if (op === "lt") return each("bool", width, "v128.andnot", lanes, y, x);
  if (op === "eq") {
    return made("bool", width, (k) => {
      x.emit(k);
      y.emit(k);
      body.op("v128.xor");
      body.op("v128.not");
    });
  }
  if (op !== "le") throw internalError(`"${op}" of two bools`);
  return made("bool", width, (k) => {
    x.emit(k);
    body.op("v128.not");
    y.emit(k);
    body.op("v128.or");
  });
}

function fromWords(high: Vec, low: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const [x, y] = [toWidth(high, 64, lanes), toWidth(low, 64, lanes)];
  const mask = lowBits(lanes);
  return made("f64", 64, (k) => {
    x.emit(k);
    body.i32Const(32);
    body.op("i64x2.shl");
    y.emit(k);
    mask.emit(k);
    body.op("v128.and");
    body.op("v128.or");
  });
}

/** Float64 values whose high words are those of `high`, shifted left by `shift`, and whose low words are 0. */
export function fromHighWords(high: Vec, lanes: LaneCode, shift: number): Vec {
  const body = bodyOf(lanes);
  const x = toWidth(high, 64, lanes);
  return made("f64", 64, (k) => {
    x.emit(k);
    body.i32Const(shift);
    body.op("i64x2.shl");
  });
}

/** Shifts all lanes by the same count, which `emitCount` pushes. */
export function shiftVec(op: "shl" | "shr", x: Vec, emitCount: () => void, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  return made(x.type, x.width, (k) => {
    x.emit(k);
    emitCount();
    body.op(op === "shl" ? "i32x4.shl" : x.type === "u32" ? "i32x4.shr_u" : "i32x4.shr_s");
  });
}

function onEachLane(left: Vec, right: Vec, lanes: LaneCode, emit: () => void): Vec {
  const [x, y] = [plain(left, lanes), plain(right, lanes)];
  return laneByLane(x.type, x.width, lanes, (lane) => {
    extractLane(x, lane, lanes);
    extractLane(y, lane, lanes);
    emit();
  });
}

function remainder(left: Vec, right: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const [x, y] = [plain(left, lanes), plain(right, lanes)];
  const isSingle = x.type === "f32";
  return laneByLane(x.type, x.width, lanes, (lane) => {
    for (const operand of [x, y]) {
      extractLane(operand, lane, lanes);
      if (isSingle) body.op("f64.promote_f32");
    }
    body.call(lanes.frame.unit.remainder());
    if (isSingle) body.op("f32.demote_f64");
  });
}

/** x · y + z, rounded once if `relaxed` is set. */
export function mulAddVec(x: Vec, y: Vec, z: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const shape = x.type === "f64" ? "f64x2" : "f32x4";
  return made(x.type, x.width, (k) => {
    x.emit(k);
    y.emit(k);
    if (lanes.frame.unit.settings.relaxed) {
      z.emit(k);
      return body.op(`${shape}.relaxed_madd`);
    }
    body.op(`${shape}.mul`);
    z.emit(k);
    body.op(`${shape}.add`);
  });
}

/** The lanes of x where the mask is set, and the lanes of y elsewhere. */
export function chooseVec(mask: Vec, x: Vec, y: Vec, lanes: LaneCode): Vec {
  // masks fill their lanes, so every allowed engine behaviour yields the same result; x86 needs one instruction instead
  // of three
  const { relaxed } = lanes.frame.unit.settings;
  const shape = x.width === 64 ? "i64x2" : "i32x4";
  const op = relaxed ? (`${shape}.relaxed_laneselect` as const) : "v128.bitselect";
  return each(x.type, x.width, op, lanes, x, y, toWidth(mask, x.width, lanes));
}

/** The lanes of x where the mask is set, or with `isOpposite` where it is not set; 0 elsewhere. */
export function whereVec(mask: Vec, x: Vec, isOpposite: boolean, lanes: LaneCode): Vec {
  const op = isOpposite ? "v128.andnot" : "v128.and";
  return each(x.type, x.width, op, lanes, x, toWidth(mask, x.width, lanes));
}

/** Converts each lane to another type. */
export function convertVec(to: ScalarType, x: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const from = x.type;
  if (from === to) return x;
  if (from === "bool") return fromMask(to, x, lanes);
  if (to === "bool") return binaryVec("ne", x, constantVec(from, 0, x.width, lanes), lanes);
  const sign = (from === "f64" || from === "f32" ? to : from) === "u32" ? "u" : "s";
  switch (to) {
    case "f64":
      if (from === "f32") {
        const single = plain(x, lanes);
        return made("f64", 64, (k) => {
          emitHalf(single, k, lanes);
          body.op("f64x2.promote_low_f32x4");
        });
      }
      if (x.width === 32) {
        const integer = plain(x, lanes);
        return made("f64", 64, (k) => {
          emitHalf(integer, k, lanes);
          body.op(`f64x2.convert_low_i32x4_${sign}`);
        });
      }
      return fromLowWords(x, sign, lanes);
    case "f32":
      if (from === "f64") {
        return made("f32", 32, (k) => {
          for (const half of [2 * k, 2 * k + 1]) {
            x.emit(half);
            body.op("f32x4.demote_f64x2_zero");
          }
          body.shuffle(lowPair);
        });
      }
      return each("f32", 32, `f32x4.convert_i32x4_${sign}`, lanes, toWidth(x, 32, lanes));
    case "i32":
    case "u32":
      if (from === "f32") return each(to, 32, `i32x4.trunc_sat_f32x4_${sign}`, lanes, x);
      if (from === "f64") {
        return made(to, 64, (k) => {
          x.emit(k);
          body.op(`i32x4.trunc_sat_f64x2_${sign}_zero`);
          body.op("i64x2.extend_low_i32x4_u");
        });
      }
      return retyped(x, to);
    default:
      return assertNever(to, "convertVec");
  }
}

/**
 * Converts integers in the low halves of lanes to float64. It inserts them into the fraction of 2^52 (int32 values plus
 * 2^31) and subtracts this offset. The conversion is exact and stays within the lane.
 */
function fromLowWords(x: Vec, sign: "s" | "u", lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const low = lowBits(lanes);
  const offset = constantVec("f64", sign === "s" ? 2 ** 52 + 2 ** 31 : 2 ** 52, 64, lanes);
  return made("f64", 64, (k) => {
    x.emit(k);
    low.emit(k);
    body.op("v128.and");
    offset.emit(k);
    body.op("v128.xor");
    offset.emit(k);
    body.op("f64x2.sub");
  });
}

/** Lanes with all ones in the low half and zeros in the high half: the bits of the float64 (2^32 − 1) · 2^−1074. */
function lowBits(lanes: LaneCode): Vec {
  return constantVec("f64", (2 ** 32 - 1) * 2 ** -1074, 64, lanes);
}

/** Moves lanes 2k and 2k + 1 of a 32-bit value to the low half of a vector. */
function emitHalf(x: Vec, k: number, lanes: LaneCode): void {
  x.emit(k >> 1);
  if (k % 2 === 1) shuffleTop(highToLow, lanes);
}

/** Shuffles the bytes of the vector on the stack. */
function shuffleTop(order: readonly number[], lanes: LaneCode): void {
  const body = bodyOf(lanes);
  const x = body.local("v128");
  body.localTee(x);
  body.localGet(x);
  body.shuffle(order);
}

/** Converts a mask to numbers: 1 in the lanes where it is set, 0 elsewhere. */
function fromMask(to: ScalarType, mask: Vec, lanes: LaneCode): Vec {
  const width: Width = to === "f64" ? 64 : to === "f32" ? 32 : mask.width;
  return each(to, width, "v128.and", lanes, toWidth(mask, width, lanes), constantVec(to, 1, width, lanes));
}
