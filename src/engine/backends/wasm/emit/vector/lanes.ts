import type { Expr, Procedure, ScalarType } from "../../../../kernel/scalar.ts";
import { assertNever } from "../../../../util/assert-never.ts";
import type { FunctionBody, Fragment } from "../../encode/body.ts";
import { loadConstant } from "../../engines/loaded-constants.ts";
import type { FunctionFrame } from "../frame.ts";

/**
 * Bits per lane. Where a loop contains float64 values, int32 values and masks use lanes of 64 bits, and an integer
 * occupies the low half of its lane.
 */
export type Width = 32 | 64;

/** A value for each lane, as the 128-bit vectors that together contain all lanes. */
export interface Vec {
  readonly type: ScalarType;
  readonly width: Width;
  /** Pushes vector `k` on the stack. */
  readonly emit: (k: number) => void;
  /** True if `emit` costs almost nothing, so that it may be called often. */
  readonly isPlain: boolean;
  /** True if the vectors are in locals that are never set again, so that no copy is needed to read them later. */
  readonly isFinal?: boolean;
}

/** Representation of a local of the kernel vocabulary in vectorised code. */
export type LaneBinding =
  /** Number in one local: the value of lane 0, to which each lane adds `stride` times its number. */
  | { readonly kind: "scalar"; readonly stride: number }
  /** One integer per lane, in separate locals named `name@lane`; used for indices. */
  | { readonly kind: "lanes" }
  /** Vectors. `regs` are the locals that assignments set. */
  | { readonly kind: "vector"; readonly vec: Vec; readonly regs: readonly number[] };

/** Store delayed until all loads of the iteration are done, so that vectors are stored contiguously. */
export interface PendingStore {
  readonly buffer: string;
  /** Number that `LaneCode.base` had at the store: how many elements precede the first of the lanes. */
  readonly base: number;
  readonly flush: () => void;
  /** Address for a store to every second element, in case a store to the elements between follows. */
  readonly alternate?: {
    readonly index: Expr;
    readonly address: number;
    readonly offset: number;
    readonly value: Vec;
  };
}

/** Loop-invariant number, and the local that holds the vector filled with it. */
interface HoistedVector {
  readonly expr: Expr;
  readonly width: Width;
  readonly reg: number;
}

/** Loop that contains vectorised code. */
export interface VectorLoopContext {
  /** Code before the loop. */
  readonly before: Fragment;
  /** Values computed in `before`, per set of locals of a frame, because frames may use the same names. */
  readonly hoisted: Map<FunctionFrame["locals"], HoistedVector[]>;
  /** Buffers that the loop stores to. */
  readonly stored: ReadonlySet<string>;
  /**
   * Masks of the lanes that take rare branches, which are left out: an iteration with any such lane is repeated lane by
   * lane. `undefined` if rare branches are written like others.
   */
  readonly rare: Vec[] | undefined;
  /**
   * True if vectors are stored in such a way that no engine merges pairs of stores into 256-bit stores
   * (`separateStores`).
   */
  readonly isApart: boolean;
  /** True if the iteration ends by setting its vector locals to zero (`clearedVectors`). */
  readonly clears: boolean;
  /** True if something was stored before the end of the iteration, so that the iteration cannot be repeated. */
  hasStored: boolean;
}

/** Vector locals that can be reused. The first `used` of them are in use. */
export interface RegisterPool {
  readonly regs: number[];
  used: number;
}

/** State of the code generator for vectorised code. */
export interface LaneCode {
  readonly frame: FunctionFrame;
  /** Number of lanes. */
  readonly count: 4 | 8 | 16;
  /**
   * Offset of lane 0 in the vector iteration, in elements. An iteration may process several groups of lanes; the loop
   * index is the index of the element at offset 0.
   */
  readonly base: number;
  /** True if all lanes have 32 bits, because the code does not use float64. */
  readonly isNarrow: boolean;
  /** Names that the code declares. Other names come from outside of the loop and are uniform and invariant. */
  readonly scope: Map<string, LaneBinding>;
  /** Locals that are assigned somewhere; each lane has its own value. */
  readonly set: ReadonlySet<string>;
  /** Locals that occur in the computation of indices. */
  readonly indices: ReadonlySet<string>;
  /** Mask of the active lanes; `undefined` if all lanes are active. */
  readonly mask: Vec | undefined;
  readonly pending: PendingStore[];
  readonly iteration: VectorLoopContext | undefined;
  /** True if the code may be skipped, so that its loads must not be moved. */
  readonly isConditional: boolean;
  /** Locals for intermediate values, which later statements reuse. */
  readonly parts: RegisterPool;
  /** Weight of the procedures inlined so far. */
  readonly inlined: { weight: number };
  /** Procedures that are being inlined at present. */
  readonly open: ReadonlySet<Procedure>;
}

export function bodyOf({ frame }: LaneCode): FunctionBody {
  return frame.body;
}

/** Number of vectors that hold all lanes. */
export function vectors({ count }: LaneCode, width: Width): number {
  return (count * width) / 128;
}

/** Lane width of a type. Integers and bools have the width of float64 where it is used. */
export function naturalWidth(type: ScalarType, { isNarrow }: Pick<LaneCode, "isNarrow">): Width {
  return isNarrow || type === "f32" ? 32 : 64;
}

/** Shape prefix of the instructions for vectors of a type. */
export function shapeOf(type: ScalarType): "f64x2" | "f32x4" | "i32x4" {
  return type === "f64" ? "f64x2" : type === "f32" ? "f32x4" : "i32x4";
}

/** Copies a value to new locals. */
export function keep(vec: Vec, lanes: LaneCode): { readonly vec: Vec; readonly regs: readonly number[] } {
  const body = bodyOf(lanes);
  const regs = newRegs(lanes, vec.width);
  regs.forEach((reg, k) => {
    vec.emit(k);
    body.localSet(reg);
  });
  return { vec: { ...inRegs(vec.type, vec.width, regs, lanes), isFinal: true }, regs };
}

/** Binding of a name to a vector value. A name that is assigned later gets locals of its own. */
export function bindVec(vec: Vec, isSet: boolean, lanes: LaneCode): LaneBinding {
  if (!isSet) return { kind: "vector", vec: settled(vec, lanes), regs: [] };
  const { vec: kept, regs } = keep(vec, lanes);
  return { kind: "vector", vec: { ...kept, isFinal: false }, regs };
}

/** The current value, copied to locals unless it can be read later without a copy. */
export function settled(vec: Vec, lanes: LaneCode): Vec {
  return vec.isFinal === true ? vec : keep(vec, lanes).vec;
}

export function newRegs(lanes: LaneCode, width: Width): number[] {
  const { body } = lanes.frame;
  return Array.from({ length: vectors(lanes, width) }, () => body.local("v128"));
}

/**
 * Copies a value to locals that are reused after the current statement, unless it is cheap to emit or a single vector.
 * Writing each operation for all vectors before the next operation hides latency and shares loaded constants.
 */
export function part(vec: Vec, lanes: LaneCode): Vec {
  const count = vectors(lanes, vec.width);
  if (vec.isPlain || count === 1) return vec;
  const body = bodyOf(lanes);
  const { parts } = lanes;
  const regs = Array.from({ length: count }, (_, k) => {
    vec.emit(k);
    const reg = (parts.regs[parts.used] ??= body.local("v128"));
    parts.used++;
    body.localSet(reg);
    return reg;
  });
  return inRegs(vec.type, vec.width, regs, lanes);
}

/** Value whose vectors are in the locals `regs`. */
export function inRegs(type: ScalarType, width: Width, regs: readonly number[], lanes: LaneCode): Vec {
  return { type, width, isPlain: true, emit: (k) => lanes.frame.body.localGet(regs[k]!) };
}

/** The value itself if it is cheap to emit repeatedly, otherwise a copy in locals. */
export function plain(vec: Vec, lanes: LaneCode): Vec {
  return vec.isPlain ? vec : keep(vec, lanes).vec;
}

/** Value whose vector `k` is pushed by `emit(k)`. */
export function made(type: ScalarType, width: Width, emit: (k: number) => void): Vec {
  return { type, width, isPlain: false, emit };
}

/** A value with the same bits and another type. */
export function retyped(vec: Vec, type: ScalarType): Vec {
  return { ...vec, type };
}

const lowHalves = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Converts a value to lanes of this width; not for float64 and float32, whose width is fixed. */
export function toWidth(vec: Vec, width: Width, lanes: LaneCode): Vec {
  if (vec.width === width) return vec;
  const body = bodyOf(lanes);
  if (width === 64) {
    const x = plain(vec, lanes);
    const sign = vec.type === "bool" ? "s" : "u"; // masks fill their lanes
    return made(vec.type, 64, (k) => {
      x.emit(k >> 1);
      body.op(`i64x2.extend_${k % 2 === 0 ? "low" : "high"}_i32x4_${sign}`);
    });
  }
  return made(vec.type, 32, (k) => {
    vec.emit(2 * k);
    vec.emit(2 * k + 1);
    body.shuffle(lowHalves);
  });
}

/**
 * Number `k` of the vector that contains a lane, and the lane's index in that vector: as in i32x4 or f32x4 for 32-bit
 * lanes, as in f64x2 for float64.
 */
export function laneAt(
  type: ScalarType,
  width: Width,
  lane: number,
): { readonly k: number; readonly at: number } {
  if (width === 32) return { k: lane >> 2, at: lane & 3 };
  return { k: lane >> 1, at: type === "f64" ? lane & 1 : 2 * (lane & 1) };
}

/** Pushes the number of one lane on the stack; `vec` must be plain. */
export function extractLane(vec: Vec, lane: number, lanes: LaneCode): void {
  const { k, at } = laneAt(vec.type, vec.width, lane);
  vec.emit(k);
  const body = bodyOf(lanes);
  body.lane(`${shapeOf(vec.type)}.extract_lane`, at);
  if (vec.type === "bool") {
    body.i32Const(1);
    body.op("i32.and");
  }
}

/** Value whose lanes are computed one by one: `emit` pushes the number of a lane on the stack. */
export function laneByLane(
  type: ScalarType,
  width: Width,
  lanes: LaneCode,
  emit: (lane: number) => void,
  active: (lane: number, write: () => void) => void = (_, write) => write(),
): Vec {
  const body = bodyOf(lanes);
  const regs = newRegs(lanes, width);
  for (const reg of regs) {
    body.v128Const(new Uint8Array(16));
    body.localSet(reg);
  }
  for (let lane = 0; lane < lanes.count; lane++) {
    const { k, at } = laneAt(type, width, lane);
    active(lane, () => {
      body.localGet(regs[k]!);
      emit(lane);
      body.lane(`${shapeOf(type)}.replace_lane`, at);
      body.localSet(regs[k]!);
    });
  }
  const bits = inRegs(type === "bool" ? "i32" : type, width, regs, lanes);
  return type === "bool" ? compareWithZero(bits, lanes) : bits;
}

/** Mask of the integers that differ from 0. */
function compareWithZero(vec: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  return made("bool", vec.width, (k) => {
    vec.emit(k);
    body.v128Const(new Uint8Array(16));
    body.op("i32x4.ne");
    if (vec.width === 64) spreadLow(body);
  });
}

const lowTwice = [0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11];

/** Copies the low half of each 64-bit lane to its high half. */
export function spreadLow(body: FunctionBody): void {
  const x = body.local("v128");
  body.localTee(x);
  body.localGet(x);
  body.shuffle(lowTwice);
}

/**
 * Mask of the lanes that are active in the mask `x` and for which the condition `y` holds; with `isOpposite`, for which
 * `y` does not hold. If `x` is undefined, all lanes are active.
 */
export function both(x: Vec | undefined, y: Vec, lanes: LaneCode, isOpposite = false): Vec {
  const body = bodyOf(lanes);
  if (x === undefined && !isOpposite) return plain(y, lanes);
  const width = y.width;
  const other = x === undefined ? undefined : toWidth(x, width, lanes);
  return keep(
    made("bool", width, (k) => {
      other?.emit(k);
      y.emit(k);
      if (other === undefined) return body.op("v128.not");
      body.op(isOpposite ? "v128.andnot" : "v128.and");
    }),
    lanes,
  ).vec;
}

/** Union of two masks. */
export function eitherMask(x: Vec, y: Vec, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const width: Width = x.width === 64 || y.width === 64 ? 64 : 32;
  const [a, b] = [toWidth(x, width, lanes), toWidth(y, width, lanes)];
  return made("bool", width, (k) => {
    a.emit(k);
    b.emit(k);
    body.op("v128.or");
  });
}

/** Pushes 1 if any lane of a mask is set, else 0. */
export function emitAny(mask: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  for (let k = 0; k < vectors(lanes, mask.width); k++) {
    mask.emit(k);
    if (k > 0) body.op("v128.or");
  }
  body.op("v128.any_true");
}

/** Pushes 1 if all lanes of a mask are set, else 0. */
export function emitAll(mask: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  for (let k = 0; k < vectors(lanes, mask.width); k++) {
    mask.emit(k);
    if (k > 0) body.op("v128.and");
  }
  body.op("i32x4.all_true");
}

/** Sixteen bytes filled with copies of one number. */
export function splatBytes(type: ScalarType, value: number): Uint8Array {
  switch (type) {
    case "f64":
      return new Uint8Array(new Float64Array(2).fill(value).buffer);
    case "f32":
      return new Uint8Array(new Float32Array(4).fill(value).buffer);
    case "bool":
      return new Uint8Array(16).fill(value === 0 ? 0 : 255);
    case "i32":
    case "u32":
      return new Uint8Array(new Int32Array(4).fill(value).buffer);
    default:
      return assertNever(type, "splatBytes");
  }
}

/** Constant in all lanes. */
export function constantVec(type: ScalarType, value: number, width: Width, lanes: LaneCode): Vec {
  const { unit } = lanes.frame;
  const body = bodyOf(lanes);
  const bytes = splatBytes(type, value);
  const isTrivial = bytes.every((byte) => byte === 0) || bytes.every((byte) => byte === 255);
  const { peepholes } = unit.settings;
  if (!peepholes.loadedConstants || isTrivial || lanes.iteration === undefined) {
    return { type, width, isPlain: true, emit: () => body.v128Const(bytes) };
  }
  const address = unit.constant(type, value);
  const emit = (k: number): void => loadConstant(body, address, k);
  if (peepholes.pairedConstants || vectors(lanes, width) === 1) return { type, width, isPlain: true, emit };
  let loaded: { readonly reg: number; readonly at: number } | undefined;
  return {
    type,
    width,
    isPlain: true,
    emit(k) {
      if (k > 0 && loaded?.at === body.turnings()) return body.localGet(loaded.reg);
      loaded = { reg: loaded?.reg ?? body.local("v128"), at: body.turnings() };
      emit(0);
      body.localTee(loaded.reg);
    },
  };
}
