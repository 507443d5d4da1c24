import type { Expr, Procedure, ScalarType } from "../../../../kernel/scalar.ts";
import { assertNever } from "../../../../util/assert-never.ts";
import type { FunctionBody, Fragment } from "../../encode/body.ts";
import { loadConstant } from "../../engines/loaded-constants.ts";
import type { FunctionFrame } from "../frame.ts";

/** Bits of a lane. An int32 or a mask beside float64 values lies in lanes of 64 bits, of which an integer uses the low half. */
export type Width = 32 | 64;

/** A value for each lane: vectors of 128 bits, as many as the lanes need. */
export interface Vec {
  readonly type: ScalarType;
  readonly width: Width;
  /** Puts vector `k` on the stack. */
  readonly emit: (k: number) => void;
  /** Whether `emit` costs next to nothing, so that it may be called often. */
  readonly isPlain: boolean;
  /** Whether it lies in locals that nothing sets again, so that it needs no copy to be read later. */
  readonly isFinal?: boolean;
}

/** What a name stands for in code for several lanes. */
export type LaneBinding =
  /** One number in a local: that of lane 0, to which each lane adds `stride`. */
  | { readonly kind: "scalar"; readonly stride: number }
  /** An integer for each lane in a local of its own, for indices: local `name@lane`. */
  | { readonly kind: "lanes" }
  /** `regs` are the locals that it is set in, where it is set. */
  | { readonly kind: "vector"; readonly vec: Vec; readonly regs: readonly number[] };

/** A store that waits until all loads of the iteration were made: vectors are stored side by side. */
export interface PendingStore {
  readonly buffer: string;
  /** The `base` of the lanes that store. */
  readonly base: number;
  readonly flush: () => void;
  /** Of a store to every second element, from an address on: one to the elements between may follow. */
  readonly alternate?: {
    readonly index: Expr;
    readonly address: number;
    readonly offset: number;
    readonly value: Vec;
  };
}

/** A number that is the same for all iterations: the local that holds a vector of it. */
interface HoistedVector {
  readonly expr: Expr;
  readonly width: Width;
  readonly reg: number;
}

/** What is known of the loop that code for several lanes stands in. */
export interface VectorLoopContext {
  /** Code before the loop. */
  readonly before: Fragment;
  /** What is computed there, within each frame: another may use the same names. */
  readonly hoisted: Map<FunctionFrame["locals"], HoistedVector[]>;
  /** Buffers that the loop stores to. */
  readonly stored: ReadonlySet<string>;
  /**
   * Masks of the lanes that take rare branches, which are left out: an iteration in which there is any is done again, lane by lane.
   * `undefined` where such branches are written like others.
   */
  readonly rare: Vec[] | undefined;
  /** Whether vectors are stored so that no engine makes 256-bit stores of pairs (`separateStores`). */
  readonly isApart: boolean;
  /** Whether the iteration ends by clearing its vectors (`clearedVectors`). */
  readonly clears: boolean;
  /** Whether something was stored before the end of the iteration, so that it cannot be done again. */
  hasStored: boolean;
}

/** Locals of vectors; the first `used` hold something. */
export interface RegisterPool {
  readonly regs: number[];
  used: number;
}

/** Code for several lanes in the making. */
export interface LaneCode {
  readonly frame: FunctionFrame;
  /** How many lanes there are. */
  readonly count: 4 | 8 | 16;
  /** How many elements of the iteration come before those of these lanes: the index of the loop is that of the first of all. */
  readonly base: number;
  /** Whether all lanes have 32 bits, for want of float64. */
  readonly isNarrow: boolean;
  /** Every name that the code declares; others come from around the loop and are the same for all lanes and iterations. */
  readonly scope: Map<string, LaneBinding>;
  /** Locals that are set somewhere: each lane has its own. */
  readonly set: ReadonlySet<string>;
  /** Locals that indices are made of. */
  readonly indices: ReadonlySet<string>;
  /** Lanes that the code runs for; all if it is left out. */
  readonly mask: Vec | undefined;
  readonly pending: PendingStore[];
  readonly iteration: VectorLoopContext | undefined;
  /** Whether the code may be passed over, so that its loads must stay where they are. */
  readonly isConditional: boolean;
  /** Locals for what an expression is made of, used again by later statements. */
  readonly parts: RegisterPool;
  /** What procedures have been written into the code so far, in weight. */
  readonly inlined: { weight: number };
  /** Procedures that are being written. */
  readonly open: ReadonlySet<Procedure>;
}

export function bodyOf({ frame }: LaneCode): FunctionBody {
  return frame.body;
}

/** How many vectors hold all lanes. */
export function vectors({ count }: LaneCode, width: Width): number {
  return (count * width) / 128;
}

/** The lanes of a type by nature; integers and bools have none of their own beside float64. */
export function naturalWidth(type: ScalarType, { isNarrow }: Pick<LaneCode, "isNarrow">): Width {
  return isNarrow || type === "f32" ? 32 : 64;
}

/** How the instructions call vectors of a type. */
export function shapeOf(type: ScalarType): "f64x2" | "f32x4" | "i32x4" {
  return type === "f64" ? "f64x2" : type === "f32" ? "f32x4" : "i32x4";
}

/** A value in locals of its own. */
export function keep(vec: Vec, lanes: LaneCode): { readonly vec: Vec; readonly regs: readonly number[] } {
  const body = bodyOf(lanes);
  const regs = newRegs(lanes, vec.width);
  regs.forEach((reg, k) => {
    vec.emit(k);
    body.localSet(reg);
  });
  return { vec: { ...inRegs(vec.type, vec.width, regs, lanes), isFinal: true }, regs };
}

/** What a name stands for that is given a value in vectors; one that is set later has locals of its own. */
export function bindVec(vec: Vec, isSet: boolean, lanes: LaneCode): LaneBinding {
  if (!isSet) return { kind: "vector", vec: settled(vec, lanes), regs: [] };
  const { vec: kept, regs } = keep(vec, lanes);
  return { kind: "vector", vec: { ...kept, isFinal: false }, regs };
}

/** The value as it is now, for whoever reads it later. */
export function settled(vec: Vec, lanes: LaneCode): Vec {
  return vec.isFinal === true ? vec : keep(vec, lanes).vec;
}

export function newRegs(lanes: LaneCode, width: Width): number[] {
  return Array.from({ length: vectors(lanes, width) }, () => bodyOf(lanes).local("v128"));
}

/**
 * The value in locals until the statement that is being written ends. Operations that are written for all vectors before the
 * next one comes keep the processor busy while each waits for its own, and share the constants that they load.
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

/** The value that locals hold. */
export function inRegs(type: ScalarType, width: Width, regs: readonly number[], lanes: LaneCode): Vec {
  return { type, width, isPlain: true, emit: (k) => bodyOf(lanes).localGet(regs[k]!) };
}

/** The value, in locals unless it can be had often as it is. */
export function plain(vec: Vec, lanes: LaneCode): Vec {
  return vec.isPlain ? vec : keep(vec, lanes).vec;
}

/** A value made of vectors on the stack, one by one. */
export function made(type: ScalarType, width: Width, emit: (k: number) => void): Vec {
  return { type, width, isPlain: false, emit };
}

/** The same bits as another type. */
export function retyped(vec: Vec, type: ScalarType): Vec {
  return { ...vec, type };
}

const lowHalves = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** The value in lanes of this width; not for float64 and float32, which have one. */
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

/** Which vector a lane is in, and where: for values of 32 bits the lane of an i32x4 or f32x4, for float64 that of an f64x2. */
export function laneAt(
  type: ScalarType,
  width: Width,
  lane: number,
): { readonly k: number; readonly at: number } {
  if (width === 32) return { k: lane >> 2, at: lane & 3 };
  return { k: lane >> 1, at: type === "f64" ? lane & 1 : 2 * (lane & 1) };
}

/** Puts the number of one lane on the stack; `vec` is plain. */
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

/** A value whose lanes are computed one by one: `emit` puts the number of a lane on the stack. */
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

/** Whether each integer differs from 0. */
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

/** Copies the low half of each lane of 64 bits to its high half. */
export function spreadLow(body: FunctionBody): void {
  const x = body.local("v128");
  body.localTee(x);
  body.localGet(x);
  body.shuffle(lowTwice);
}

/** The mask of lanes that a condition holds for, among those that run. */
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

/** The lanes of either mask. */
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

/** Puts on the stack whether a mask has any lane. */
export function emitAny(mask: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  for (let k = 0; k < vectors(lanes, mask.width); k++) {
    mask.emit(k);
    if (k > 0) body.op("v128.or");
  }
  body.op("v128.any_true");
}

/** Puts on the stack whether a mask has all lanes. */
export function emitAll(mask: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  for (let k = 0; k < vectors(lanes, mask.width); k++) {
    mask.emit(k);
    if (k > 0) body.op("v128.and");
  }
  body.op("i32x4.all_true");
}

/** Sixteen bytes of one number again and again. */
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

/** The same number in all lanes, known now. */
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
