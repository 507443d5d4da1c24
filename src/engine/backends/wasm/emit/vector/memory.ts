import { bytesPerElement } from "../../../../kernel/executable.ts";
import * as build from "../../../../kernel/build.ts";
import { copyExpr } from "../../../../kernel/copy.ts";
import { distance } from "../../../../codegen/affine.ts";
import type { Expr, ScalarType } from "../../../../kernel/scalar.ts";
import { internalError } from "../../../../errors/index.ts";
import { separateAddress } from "../../engines/separate-stores.ts";
import { bufferOf, emitAddress, emitTableAddress, isPositive } from "../frame.ts";
import { emitScalar, loadOf, storeOf } from "../scalar.ts";
import { dependence } from "./classify.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import {
  bodyOf,
  emitAll,
  extractLane,
  inRegs,
  keep,
  laneByLane,
  made,
  naturalWidth,
  newRegs,
  plain,
  settled,
  toWidth,
  vectors,
} from "./lanes.ts";

/** Name of the local that holds the value of an index for one lane. */
export function laneName(name: string, lane: number): string {
  return `${name}@${lane}`;
}

/** Scalar expression for the value of an expression in one lane. The expression must not read vectors. */
export function atLane(expr: Expr, lane: number, lanes: LaneCode): Expr {
  return copyExpr(expr, (part) => {
    if (part.kind !== "local") return undefined;
    const { name } = part;
    const binding = lanes.scope.get(name);
    if (binding === undefined) return undefined;
    if (binding.kind === "lanes") return build.local("i32", laneName(name, lane));
    if (binding.kind === "vector") throw internalError(`${name} is a vector`);
    const steps = binding.stride * (lanes.base + lane);
    if (steps === 0) return undefined;
    const type = lanes.frame.locals.get(name)?.type ?? "i32";
    return build.add(build.local(type, name), build.constant(type, typed(type, steps)));
  });
}

function typed(type: ScalarType, value: number): number {
  return type === "u32" ? value >>> 0 : value | 0;
}

/** Returns a function from a lane to the index of its access, as a scalar expression. */
function laneIndices(index: Expr, lanes: LaneCode, vecOf: (expr: Expr) => Vec): (lane: number) => Expr {
  if (dependence(index, lanes.scope).kind !== "varying") return (lane) => atLane(index, lane, lanes);
  const { frame } = lanes;
  const vec = plain(vecOf(index), lanes);
  return (lane) => {
    const local = frame.body.local("i32");
    const name = `@index${local}`;
    frame.locals.set(name, { type: "i32", index: local });
    extractLane(vec, lane, lanes);
    frame.body.localSet(local);
    return build.local("i32", name);
  };
}

/**
 * Returns a function that writes the address of a lane's element, less a byte offset, which it returns. If elements
 * have a fixed stride and all lanes are active, only the first address is computed, and the other lanes use offsets
 * from it.
 */
function laneAddresses(
  buffer: string,
  index: Expr,
  lanes: LaneCode,
  vecOf: (expr: Expr) => Vec,
): (lane: number) => number {
  const { frame, mask } = lanes;
  const body = bodyOf(lanes);
  const by = dependence(index, lanes.scope);
  if (mask !== undefined || by.kind !== "affine" || by.stride <= 0 || by.stride > mostFixedStep) {
    const indices = laneIndices(index, lanes, vecOf);
    return (lane) => emitAddress(frame, buffer, indices(lane), (x) => emitScalar(x, frame));
  }
  const bytes = by.stride * bytesPerElement[bufferOf(frame, buffer).type];
  const offset = emitRunAddress(buffer, index, lanes, by.stride);
  const address = body.local("i32");
  body.localSet(address);
  return (lane) => {
    body.localGet(address);
    return offset + lane * bytes;
  };
}

/** Maximum stride between lanes for which offsets are used; offsets must stay small compared with the memory. */
const mostFixedStep = 1024;

/** Writes code that runs only if the lane is active. */
function whereActive(mask: Vec | undefined, lane: number, lanes: LaneCode, write: () => void): void {
  if (mask === undefined) return write();
  extractLane(mask, lane, lanes);
  const body = bodyOf(lanes);
  body.if();
  write();
  body.end();
}

/** Loads the elements of a buffer at the indices of all lanes; inactive lanes read nothing. */
export function loadVec(
  expr: Expr & { kind: "load" },
  width: Width | undefined,
  lanes: LaneCode,
  vecOf: (expr: Expr) => Vec,
): Vec {
  const { mask } = lanes;
  const { buffer, index } = expr;
  flushBuffer(buffer, lanes);
  const by = dependence(index, lanes.scope);
  const isReal = expr.type === "f64" || expr.type === "f32";
  const wanted = isReal ? naturalWidth(expr.type, lanes) : (width ?? naturalWidth(expr.type, lanes));
  if (by.kind === "affine" && by.stride === 2 && mask === undefined && expr.type !== "bool")
    return alternateLoad(buffer, index, expr.type, wanted, lanes);
  if (!(by.kind === "affine" && by.stride === 1)) return gather(expr, wanted, lanes, vecOf);
  if (mask === undefined) return unitLoad(buffer, index, expr.type, wanted, lanes);
  const own = expr.type === "bool" ? wanted : expr.type === "f64" ? 64 : 32;
  const regs = newRegs(lanes, own);
  const body = bodyOf(lanes);
  const assign = (vec: Vec): void =>
    regs.forEach((reg, k) => {
      vec.emit(k);
      body.localSet(reg);
    });
  emitAll(mask, lanes);
  body.if();
  assign(unitLoad(buffer, index, expr.type, own, { ...lanes, mask: undefined }));
  body.else();
  assign(gather(expr, own, lanes, vecOf));
  body.end();
  return toWidth(
    inRegs(expr.type, own, regs, lanes),
    expr.type === "f64" || expr.type === "f32" ? own : wanted,
    lanes,
  );
}

/**
 * Pushes the address of contiguous elements, less the returned byte offset, like `emitAddress`. The number of elements
 * before the first lane is part of the offset only if the index is nonnegative. A negative index, which may be in range
 * for later lanes only, is computed as a whole.
 */
function emitRunAddress(buffer: string, index: Expr, lanes: LaneCode, stride = 1): number {
  const { frame, base } = lanes;
  const scalar = (x: Expr): void => emitScalar(x, frame);
  if (base === 0 || isPositive(index, frame))
    return (
      emitAddress(frame, buffer, index, scalar) +
      stride * base * bytesPerElement[bufferOf(frame, buffer).type]
    );
  return emitAddress(frame, buffer, atLane(index, 0, lanes), scalar);
}

/** Loads contiguous elements. */
function unitLoad(buffer: string, index: Expr, type: ScalarType, width: Width, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const offset = emitRunAddress(buffer, index, lanes);
  if (type === "bool") return loadMask(offset, width, lanes);
  const own: Width = type === "f64" ? 64 : 32;
  const count = vectors(lanes, own);
  if (count === 1) {
    body.memory("v128.load", offset);
    const reg = body.local("v128");
    body.localSet(reg);
    return toWidth(inRegs(type, own, [reg], lanes), width, lanes);
  }
  const address = body.local("i32");
  body.localSet(address);
  const loaded = keep(
    made(type, own, (k) => {
      body.localGet(address);
      body.memory("v128.load", offset + 16 * k);
    }),
    lanes,
  ).vec;
  return type === "f64" || type === "f32" ? loaded : toWidth(loaded, width, lanes);
}

type LoadExpr = Expr & { readonly kind: "load" };

/** True if an expression reads contiguous float32 as float64. */
export function isPromotedLoad(
  expr: Expr & { readonly kind: "convert" },
  { mask, scope }: LaneCode,
): expr is Expr & { readonly kind: "convert"; readonly x: LoadExpr } {
  const { type, x } = expr;
  if (type !== "f64" || x.type !== "f32" || x.kind !== "load" || mask !== undefined) return false;
  const by = dependence(x.index, scope);
  return by.kind === "affine" && by.stride === 1;
}

/**
 * Loads contiguous float32 as float64, two at a time, because reading the upper half of a vector would need a shuffle.
 */
export function promotedLoad({ buffer, index }: LoadExpr, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  flushBuffer(buffer, lanes);
  const offset = emitRunAddress(buffer, index, lanes);
  const address = body.local("i32");
  body.localSet(address);
  return keep(
    made("f64", 64, (k) => {
      body.localGet(address);
      body.memory("v128.load64_zero", offset + 8 * k);
      body.op("f64x2.promote_low_f32x4");
    }),
    lanes,
  ).vec;
}

/** Byte shuffle that selects scalars from two vectors, by their numbers in the concatenation of both. */
function scalarsOf(type: ScalarType, order: readonly number[]): number[] {
  const bytes = bytesPerElement[type];
  return order.flatMap((scalar) => Array.from({ length: bytes }, (_, i) => scalar * bytes + i));
}

/**
 * Loads every second element. The second vector is read so that it ends with the last element, because elements after
 * it may be out of range.
 */
function alternateLoad(buffer: string, index: Expr, type: ScalarType, width: Width, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const own: Width = type === "f64" ? 64 : 32;
  const count = 128 / own;
  const bytes = bytesPerElement[type];
  const offset = emitRunAddress(buffer, index, lanes, 2);
  const address = body.local("i32");
  body.localSet(address);
  const order = Array.from({ length: count }, (_, i) => (2 * i < count ? 2 * i : 2 * i + 1));
  const loaded = keep(
    made(type, own, (k) => {
      const start = offset + 2 * 16 * k;
      body.localGet(address);
      body.memory("v128.load", start);
      body.localGet(address);
      body.memory("v128.load", start + (count - 1) * bytes);
      body.shuffle(scalarsOf(type, order));
    }),
    lanes,
  ).vec;
  return type === "f64" || type === "f32" ? loaded : toWidth(loaded, width, lanes);
}

/** Loads bools, which are bytes of value 0 or 1, from the address on the stack, as a mask. */
function loadMask(offset: number, width: Width, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  body.memory(lanes.count === 8 ? "v128.load64_zero" : "v128.load32_zero", offset);
  body.op("i16x8.extend_low_i8x16_u");
  const words = body.local("v128");
  body.localSet(words);
  const mask = keep(
    made("bool", 32, (k) => {
      body.localGet(words);
      body.op(k === 0 ? "i32x4.extend_low_i16x8_u" : "i32x4.extend_high_i16x8_u");
      body.v128Const(new Uint8Array(16));
      body.op("i32x4.ne");
    }),
    lanes,
  ).vec;
  return toWidth(mask, width, lanes);
}

/** Loads elements at arbitrary indices. */
function gather(
  expr: Expr & { kind: "load" },
  width: Width,
  lanes: LaneCode,
  vecOf: (expr: Expr) => Vec,
): Vec {
  const body = bodyOf(lanes);
  const address = laneAddresses(expr.buffer, expr.index, lanes, vecOf);
  if (expr.type === "f64" && lanes.mask === undefined) return gatherPairs(address, lanes);
  const mask = lanes.mask && plain(lanes.mask, lanes);
  return laneByLane(
    expr.type,
    width,
    lanes,
    (lane) => body.memory(loadOf(expr.type), address(lane)),
    (lane, write) => whereActive(mask, lane, lanes, write),
  );
}

/** Loads float64 elements at arbitrary indices: two loads fill a vector, without separate lane instructions. */
function gatherPairs(address: (lane: number) => number, lanes: LaneCode): Vec {
  const body = bodyOf(lanes);
  const regs = newRegs(lanes, 64);
  regs.forEach((reg, k) => {
    body.memory("v128.load64_zero", address(2 * k));
    body.localSet(reg);
    const offset = address(2 * k + 1);
    body.localGet(reg);
    body.memoryLane("v128.load64_lane", 1, offset);
    body.localSet(reg);
  });
  return inRegs("f64", 64, regs, lanes);
}

/**
 * Reads the entries of a table at the indices of all lanes. Indices are clamped because inactive lanes may be out of
 * range.
 */
export function tableVec(
  expr: Expr & { kind: "table" },
  width: Width,
  lanes: LaneCode,
  vecOf: (expr: Expr) => Vec,
): Vec {
  const { frame } = lanes;
  const body = bodyOf(lanes);
  const { table } = expr;
  const last = build.i32(Math.max(0, table.values.length - 1));
  const clamped = build.min(build.max(expr.index, build.i32(0)), last);
  const indices = laneIndices(clamped, lanes, vecOf);
  const address = frame.unit.table(table);
  return laneByLane(expr.type, width, lanes, (lane) => {
    const offset = emitTableAddress(frame, table.type, address, indices(lane), (x) => emitScalar(x, frame));
    body.memory(loadOf(table.type), offset);
  });
}

/**
 * Stores for all lanes, or for the active ones. Without a mask, stores to contiguous or alternate elements wait in
 * `pending` until the loads of the iteration are done.
 */
export function storeVec(
  buffer: string,
  index: Expr,
  value: Vec,
  lanes: LaneCode,
  vecOf: (expr: Expr) => Vec,
): void {
  const { frame, mask } = lanes;
  const body = bodyOf(lanes);
  const { type } = bufferOf(frame, buffer);
  const by = dependence(index, lanes.scope);
  const own: Width = type === "f64" || type === "f32" ? value.width : type === "bool" ? value.width : 32;
  const kept = settled(type === "i32" || type === "u32" ? toWidth(value, own, lanes) : value, lanes);
  const stride = by.kind === "affine" && (by.stride === 1 || by.stride === 2) ? by.stride : undefined;
  const isAlternate = stride === 2 && mask === undefined && type !== "bool";
  if (isAlternate && joinAlternate(buffer, index, kept, lanes)) return;
  flushBuffer(buffer, lanes);
  if (stride !== 1 && !isAlternate) return scatter(buffer, index, kept, lanes, vecOf);
  const address = body.local("i32");
  const offset = emitRunAddress(buffer, index, lanes, stride);
  body.localSet(address);
  if (isAlternate) {
    const flush = (): void => alternateStore(type, address, offset, kept, lanes);
    const alternate = { index, address, offset, value: kept };
    lanes.pending.push({ buffer, base: lanes.base, flush, alternate });
    return;
  }
  const flush = (): void => unitStore(type, address, offset, kept, lanes);
  if (mask === undefined) {
    lanes.pending.push({ buffer, base: lanes.base, flush });
    return;
  }
  noteStore(lanes);
  emitAll(mask, lanes);
  body.if();
  flush();
  body.else();
  scatter(buffer, index, kept, lanes, vecOf);
  body.end();
}

/** Stores the lanes of a vector to every second element of memory, one lane at a time. */
function alternateStore(
  type: ScalarType,
  address: number,
  offset: number,
  value: Vec,
  lanes: LaneCode,
): void {
  const body = bodyOf(lanes);
  for (let lane = 0; lane < lanes.count; lane++) {
    body.localGet(address);
    extractLane(value, lane, lanes);
    body.memory(storeOf(type), offset + 2 * lane * bytesPerElement[type]);
  }
}

/**
 * Merges a store to every second element with a pending store to the preceding elements, so that together they are
 * contiguous. Returns true if there was such a pending store.
 */
function joinAlternate(buffer: string, index: Expr, odd: Vec, lanes: LaneCode): boolean {
  const before = lanes.pending.at(-1);
  const { alternate } = before ?? {};
  if (before?.buffer !== buffer || before.base !== lanes.base || alternate === undefined) return false;
  if (distance(alternate.index, index) !== 1) return false;
  const { address, offset, value: even } = alternate;
  const body = bodyOf(lanes);
  const { type, width } = odd;
  const half = 64 / width;
  const flush = (): void =>
    storeVectors(address, offset, 2 * vectors(lanes, width), lanes, (k) => {
      const first = k % 2 === 0 ? 0 : half;
      even.emit(k >> 1);
      odd.emit(k >> 1);
      body.shuffle(scalarsOf(type, Array.from({ length: 2 * half }, (_, i) => first + (i >> 1) + (i % 2) * 2 * half))); // prettier-ignore
    });
  lanes.pending.splice(-1, 1, { buffer, base: lanes.base, flush });
  return true;
}

function unitStore(type: ScalarType, address: number, offset: number, value: Vec, lanes: LaneCode): void {
  const body = bodyOf(lanes);
  if (type === "bool") {
    const mask = toWidth(value, 32, lanes);
    const bytes = body.local("v128");
    for (const k of [0, lanes.count === 8 ? 1 : 0]) mask.emit(k);
    body.op("i16x8.narrow_i32x4_s");
    body.v128Const(new Uint8Array(16));
    body.op("i8x16.narrow_i16x8_s");
    body.v128Const(new Uint8Array(16).fill(1));
    body.op("v128.and");
    body.localSet(bytes);
    body.localGet(address);
    body.localGet(bytes);
    return body.memoryLane(lanes.count === 8 ? "v128.store64_lane" : "v128.store32_lane", 0, offset);
  }
  storeVectors(address, offset, vectors(lanes, value.width), lanes, (k) => value.emit(k));
}

/**
 * Stores vectors contiguously. With `isApart`, every second vector is stored through a separate address, so that
 * engines do not merge it with the previous one.
 */
function storeVectors(
  address: number,
  offset: number,
  count: number,
  lanes: LaneCode,
  emit: (k: number) => void,
): void {
  const body = bodyOf(lanes);
  const isApart = lanes.iteration?.isApart === true && count > 1;
  const next = isApart ? separateAddress(body, address) : address;
  for (let k = 0; k < count; k++) {
    const isNext = isApart && k % 2 === 1;
    body.localGet(isNext ? next : address);
    emit(k);
    body.memory("v128.store", offset + 16 * (isNext ? k - 1 : k));
  }
}

function scatter(buffer: string, index: Expr, value: Vec, lanes: LaneCode, vecOf: (expr: Expr) => Vec): void {
  const { frame } = lanes;
  const body = bodyOf(lanes);
  const { type } = bufferOf(frame, buffer);
  noteStore(lanes);
  const address = laneAddresses(buffer, index, lanes, vecOf);
  const mask = lanes.mask && plain(lanes.mask, lanes);
  for (let lane = 0; lane < lanes.count; lane++) {
    whereActive(mask, lane, lanes, () => {
      const offset = address(lane);
      extractLane(value, lane, lanes);
      body.memory(storeOf(type), offset);
    });
  }
}

/** Writes all pending stores, before code that might read the stored elements or skip the stores. */
export function flushAll(lanes: LaneCode): void {
  if (lanes.pending.length > 0) noteStore(lanes);
  for (const { flush } of lanes.pending.splice(0)) flush();
}

/**
 * Writes all pending stores if one of them is to this buffer and of the current group of lanes. Stores of other groups,
 * for other elements of the iteration, may stay pending.
 */
export function flushBuffer(buffer: string, lanes: LaneCode): void {
  if (lanes.pending.some((store) => store.buffer === buffer && store.base === lanes.base)) flushAll(lanes);
}

function noteStore({ iteration }: LaneCode): void {
  if (iteration !== undefined) iteration.hasStored = true;
}
