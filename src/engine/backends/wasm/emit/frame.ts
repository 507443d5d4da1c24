import type { StatementPlans } from "../../../codegen/plan.ts";
import * as build from "../../../kernel/build.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import type { BinaryOp, Expr, ScalarType, SizeExpr } from "../../../kernel/scalar.ts";
import type { IntegerInterval } from "../../../kernel/range.ts";
import { rangeOf as rangeIn } from "../../../kernel/settle.ts";
import { sameExpr } from "../../../kernel/same-expr.ts";
import { constantSize, sizeExpr } from "../../../kernel/sizes.ts";
import { internalError } from "../../../errors/index.ts";
import { must } from "../../../util/assert-never.ts";
import type { FunctionBody } from "../encode/body.ts";
import type { ValueType } from "../encode/opcodes.ts";
import type { ModuleContext } from "./unit.ts";
import { valueTypeOf } from "./unit.ts";

/** Start of a buffer in memory: a constant address, an address in a local of the function, or the sum of both. */
export interface BufferAddress {
  readonly type: ScalarType;
  /** Number of elements. */
  readonly size: SizeExpr;
  readonly address: number | undefined;
  readonly local: number | undefined;
  /**
   * Address of a memory word that holds an address to be added. Used instead of a local if a function would have too
   * many locals.
   */
  readonly slot?: number;
}

/**
 * Memory that holds a local of the vocabulary, at a fixed address or, with `isOwn`, relative to the thread's spill
 * base.
 */
export interface MemoryLocal {
  readonly address: number;
  readonly isOwn: boolean;
}

/** State of a function being written: its code, its locals and the buffers it can access. */
export interface FunctionFrame {
  readonly unit: ModuleContext;
  readonly body: FunctionBody;
  /** Buffers by name. */
  readonly buffers: ReadonlyMap<string, BufferAddress>;
  /** Locals of the kernel vocabulary, with the type and the index of the local of the function that holds each. */
  readonly locals: Map<string, { readonly type: ScalarType; readonly index: number }>;
  /** Locals that are accessed in memory, because the number of locals of a function is limited. */
  readonly residents: ReadonlyMap<string, MemoryLocal>;
  /** Known ranges of integer locals. */
  readonly ranges: Map<string, IntegerInterval>;
  /** Immutable integer locals that are nonnegative wherever they are part of a valid index. */
  readonly nonNegative: Set<string>;
  /** Integer locals whose value is always the same known number. */
  readonly constants: Map<string, number>;
  /** Exclusive upper bounds of loop indices. */
  readonly ends: Map<string, Expr>;
  /** Routine or procedure that the code belongs to. Its functions exchange locals through memory. */
  readonly owner: object;
  /** True in the function of an independent loop (a kernel). Loops in it do not become functions. */
  readonly isKernel: boolean;
}

export function openFrame(
  unit: ModuleContext,
  body: FunctionBody,
  owner: object,
  buffers: ReadonlyMap<string, BufferAddress> = new Map(),
  isKernel = false,
  residents: ReadonlyMap<string, MemoryLocal> = new Map(),
): FunctionFrame {
  const known = {
    locals: new Map(),
    ranges: new Map(),
    nonNegative: new Set<string>(),
    constants: new Map(),
  };
  return { unit, body, owner, buffers, isKernel, residents, ...known, ends: new Map() };
}

/** Plans for the statements of this function. */
export function plansOf({ unit, isKernel }: FunctionFrame): StatementPlans {
  return isKernel ? unit.plan.inside : unit.plan.outside;
}

/** Index of a local, which is declared on first use. */
export function localIndex(frame: FunctionFrame, name: string, type: ScalarType): number {
  const known = frame.locals.get(name);
  if (known !== undefined) return known.index;
  const index = frame.body.local(valueTypeOf(type), name);
  frame.locals.set(name, { type, index });
  return index;
}

/** True if a local is accessed in memory. */
export function isResident({ residents, locals }: FunctionFrame, name: string): boolean {
  return residents.has(name) && !locals.has(name);
}

/** Adds a temporary local to the function. */
export function scratch(frame: FunctionFrame, type: ValueType): number {
  return frame.body.local(type);
}

/**
 * Pushes the end of the next `chunk` iterations between two locals: min(from + chunk, to), or in reverse max(to −
 * chunk, from). The sum may overflow; differences do not overflow as uint32.
 */
export function pushNextBound(
  body: FunctionBody,
  from: number,
  to: number,
  chunk: number,
  isReverse = false,
): void {
  const [moved, end] = isReverse ? [to, from] : [from, to];
  body.localGet(moved);
  body.i32Const(isReverse ? -chunk : chunk);
  body.op("i32.add");
  body.localGet(end);
  body.localGet(to);
  body.localGet(from);
  body.op("i32.sub");
  body.i32Const(chunk);
  body.op("i32.gt_u");
  body.select("i32");
}

export function bufferOf(frame: FunctionFrame, name: string): BufferAddress {
  const found = frame.buffers.get(name);
  if (found === undefined) throw internalError(`there is no buffer ${JSON.stringify(name)}`);
  return found;
}

/** Operations whose integer result is nonnegative if both operands are. */
const keepsSign: ReadonlySet<BinaryOp> = new Set(["add", "mul", "div", "rem", "min"]);

/** True if an integer expression, used as a valid index or part of one, is known to be nonnegative. */
export function isPositive(expr: Expr, frame: FunctionFrame): boolean {
  if (expr.kind === "const") return expr.value >= 0;
  if (expr.kind === "local")
    return frame.nonNegative.has(expr.name) || (frame.ranges.get(expr.name)?.low ?? -1) >= 0;
  if (expr.kind === "convert") return expr.x.type === "bool";
  if (expr.kind !== "binary" && expr.kind !== "select") return false;
  const [x, y] = [isPositive(expr.x, frame), isPositive(expr.y, frame)];
  if (expr.kind === "select") return x && y;
  if (expr.op === "sub") return x && constantOf(expr.y, frame) === 0;
  if (expr.op === "and" || expr.op === "max") return x || y;
  return x && y && keepsSign.has(expr.op);
}

/** Records the range of a loop index in the facts of the frame. */
export function noteIndex(
  loop: { readonly index: string; readonly from: Expr; readonly to: Expr },
  frame: FunctionFrame,
): void {
  const [from, to] = [rangeOf(loop.from, frame), rangeOf(loop.to, frame)];
  frame.ranges.set(loop.index, {
    low: isPositive(loop.from, frame) ? Math.max(0, from.low) : from.low,
    high: to.high - 1,
  });
  frame.ends.set(loop.index, loop.to);
}

/** Records what is known about an immutable integer local in the facts of the frame. */
export function noteLet(
  { name, value }: { readonly name: string; readonly value: Expr },
  frame: FunctionFrame,
): void {
  if (value.type === "i32" && isPositive(value, frame)) frame.nonNegative.add(name);
}

/** Range of an integer expression; the range of its type if it may wrap. */
export function rangeOf(expr: Expr, { ranges }: FunctionFrame): IntegerInterval {
  return must(rangeIn(expr, ranges), "the range of an integer");
}

/** True if an index is known to be within the buffer. */
export function isInside(buffer: string, index: Expr, frame: FunctionFrame): boolean {
  const { low, high } = rangeOf(index, frame);
  if (low < 0) return false;
  const { size } = bufferOf(frame, buffer);
  const known = constantSize(size);
  if (known !== undefined) return high < known;
  const end = index.kind === "local" ? frame.ends.get(index.name) : undefined;
  return end !== undefined && sameExpr(end, sizeExpr(size)); // the locals in size expressions are never set
}

/** Value of an integer expression, if it is known. */
function constantOf(expr: Expr, { constants }: FunctionFrame): number | undefined {
  if (expr.kind === "const") return expr.value;
  return expr.kind === "local" ? constants.get(expr.name) : undefined;
}

/** Index split into an expression and a constant that memory instructions add. */
interface SplitIndex {
  /** The index without the constant; `undefined` if nothing else is left. */
  readonly rest: Expr | undefined;
  readonly constant: number;
}

/**
 * Maximum number of elements to which memory instructions apply a constant offset. With a larger offset than their
 * guard regions cover, engines check each address explicitly.
 */
const mostAdded = 1 << 16;

/** Splits off the constants added to an index, if the rest cannot become negative. */
function splitIndex(index: Expr, frame: FunctionFrame): SplitIndex {
  const known = constantOf(index, frame);
  if (known !== undefined && known >= 0) return { rest: undefined, constant: known };
  const whole: SplitIndex = { rest: index, constant: 0 };
  if (index.kind !== "binary" || !isPositive(index.x, frame)) return whole;
  const { op, x, y } = index;
  if (op === "sub" && constantOf(y, frame) === 0) return splitIndex(x, frame);
  if (!isPositive(y, frame)) return whole;
  if (op === "add") {
    const [a, b] = [splitIndex(x, frame), splitIndex(y, frame)];
    const constant = a.constant + b.constant;
    const rest = a.rest && b.rest ? build.add(a.rest, b.rest) : (a.rest ?? b.rest);
    return constant > mostAdded && rest !== undefined ? whole : { rest, constant };
  }
  if (op !== "mul" || y.kind !== "const") return whole;
  const { rest, constant } = splitIndex(x, frame);
  const added = constant * y.value;
  return added > mostAdded ? whole : { rest: rest && build.mul(rest, y), constant: added };
}

/**
 * Pushes the address of an element on the stack, less the returned byte offset, which memory instructions add. `emit`
 * writes the code of an integer expression.
 */
export function emitAddress(
  frame: FunctionFrame,
  buffer: string,
  index: Expr,
  emit: (expr: Expr) => void,
): number {
  const { body } = frame;
  const place = bufferOf(frame, buffer);
  return emitPlace(body, place, splitIndex(index, frame), emit);
}

function emitPlace(
  body: FunctionBody,
  place: BufferAddress,
  { rest, constant }: SplitIndex,
  emit: (expr: Expr) => void,
): number {
  const size = bytesPerElement[place.type];
  const isMoved = place.local !== undefined || place.slot !== undefined;
  if (place.local !== undefined) body.localGet(place.local);
  else if (place.slot !== undefined) {
    body.i32Const(0);
    body.memory("i32.load", place.slot);
  }
  if (rest !== undefined) {
    emitBytes(body, rest, size, emit);
    if (isMoved) body.op("i32.add");
  } else if (!isMoved) {
    body.i32Const(0);
  }
  return (place.address ?? 0) + constant * size;
}

/** Writes index · size, the byte offset of an element. */
function emitBytes(body: FunctionBody, index: Expr, size: number, emit: (expr: Expr) => void): void {
  if (index.kind === "binary" && index.op === "mul" && index.y.kind === "const") {
    emit(index.x);
    return times(body, Math.imul(index.y.value, size));
  }
  emit(index);
  times(body, size);
}

function times(body: FunctionBody, factor: number): void {
  if (factor === 1) return;
  const shift = Math.log2(factor);
  if (factor > 0 && Number.isInteger(shift)) {
    body.i32Const(shift);
    body.op("i32.shl");
  } else {
    body.i32Const(factor);
    body.op("i32.mul");
  }
}

/** Pushes the address of an element of a table in memory, less the returned byte offset. */
export function emitTableAddress(
  frame: FunctionFrame,
  type: ScalarType,
  address: number,
  index: Expr,
  emit: (expr: Expr) => void,
): number {
  return emitPlace(frame.body, { type, size: 0, address, local: undefined }, splitIndex(index, frame), emit);
}
