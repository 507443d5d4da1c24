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

/** Where a buffer begins: at an address known now, or at one that a local of the function holds, or at the sum of both. */
export interface BufferAddress {
  readonly type: ScalarType;
  /** In elements. */
  readonly size: SizeExpr;
  readonly address: number | undefined;
  readonly local: number | undefined;
  /** Memory that holds an address to be added: in place of a local where a function would have too many. */
  readonly slot?: number;
}

/** Memory that holds a local of the vocabulary: at a fixed address, or at one that counts from the thread's spill base. */
export interface MemoryLocal {
  readonly address: number;
  readonly isOwn: boolean;
}

/** A function in the making: its code, its locals and the buffers that it can reach. */
export interface FunctionFrame {
  readonly unit: ModuleContext;
  readonly body: FunctionBody;
  /** The buffers by name. */
  readonly buffers: ReadonlyMap<string, BufferAddress>;
  /** Locals of the vocabulary as locals of the function. */
  readonly locals: Map<string, { readonly type: ScalarType; readonly index: number }>;
  /** Locals that are read where they are in memory, since a function can have only so many. Nothing sets them. */
  readonly residents: ReadonlyMap<string, MemoryLocal>;
  /** What is known of integer locals. */
  readonly ranges: Map<string, IntegerInterval>;
  /** Integer locals that are never set again and not negative where they are part of a valid index. */
  readonly nonNegative: Set<string>;
  /** Integer locals that hold the same number whenever they are read. */
  readonly constants: Map<string, number>;
  /** What the indices of loops are less than. */
  readonly ends: Map<string, Expr>;
  /** Whose code this is: parts of one routine or procedure hand locals to one another in memory. */
  readonly owner: object;
  /** Whether this is the inside of a loop that is a function of its own. */
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

/** What was decided of the statements of this function. */
export function plansOf({ unit, isKernel }: FunctionFrame): StatementPlans {
  return isKernel ? unit.plan.inside : unit.plan.outside;
}

/** The index of a local; declared here if it is new. */
export function localIndex(frame: FunctionFrame, name: string, type: ScalarType): number {
  const known = frame.locals.get(name);
  if (known !== undefined) return known.index;
  const index = frame.body.local(valueTypeOf(type), name);
  frame.locals.set(name, { type, index });
  return index;
}

/** True if a local is read from memory. */
export function isResident({ residents, locals }: FunctionFrame, name: string): boolean {
  return residents.has(name) && !locals.has(name);
}

/** A local of the function for a moment. */
export function scratch(frame: FunctionFrame, type: ValueType): number {
  return frame.body.local(type);
}

/**
 * Puts on the stack where the next `chunk` iterations between two locals end: the lesser of from + chunk and to, or where they go
 * backwards the greater of to − chunk and from. The sum may be past all numbers; differences do not overflow as uint32.
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

/** Operations that give no negative numbers of others. */
const keepsSign: ReadonlySet<BinaryOp> = new Set(["add", "mul", "div", "rem", "min"]);

/** Whether an integer expression that is a valid index, or part of one, is known not to be negative. */
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

/** Notes where the index of a loop lies. */
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

/** Notes what is known of an integer local that is never set again. */
export function noteLet(
  { name, value }: { readonly name: string; readonly value: Expr },
  frame: FunctionFrame,
): void {
  if (value.type === "i32" && isPositive(value, frame)) frame.nonNegative.add(name);
}

/** Where an integer expression lies, wrapped or not. */
export function rangeOf(expr: Expr, { ranges }: FunctionFrame): IntegerInterval {
  return must(rangeIn(expr, ranges), "the range of an integer");
}

/** Whether an index is known to lie in the buffer. */
export function isInside(buffer: string, index: Expr, frame: FunctionFrame): boolean {
  const { low, high } = rangeOf(index, frame);
  if (low < 0) return false;
  const { size } = bufferOf(frame, buffer);
  const known = constantSize(size);
  if (known !== undefined) return high < known;
  const end = index.kind === "local" ? frame.ends.get(index.name) : undefined;
  return end !== undefined && sameExpr(end, sizeExpr(size)); // what sizes are made of is never set
}

/** The number that an integer expression is, where that is known. */
function constantOf(expr: Expr, { constants }: FunctionFrame): number | undefined {
  if (expr.kind === "const") return expr.value;
  return expr.kind === "local" ? constants.get(expr.name) : undefined;
}

/** An index in two parts, of which memory instructions add the constant. */
interface SplitIndex {
  /** `undefined` for 0. */
  readonly rest: Expr | undefined;
  readonly constant: number;
}

/** Elements that memory instructions add at most: engines check an address by itself where more is added than their guard regions hold. */
const mostAdded = 1 << 16;

/** What is left of an index without the constants that are added to it, where leaving them out cannot make it negative. */
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
 * Puts the address of an element on the stack, less the returned offset in bytes, which memory instructions add.
 * `emit` writes the code of an integer expression.
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

/** index · size */
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

/** The address of element 0 of a table in memory, as a buffer of its own. */
export function emitTableAddress(
  frame: FunctionFrame,
  type: ScalarType,
  address: number,
  index: Expr,
  emit: (expr: Expr) => void,
): number {
  return emitPlace(frame.body, { type, size: 0, address, local: undefined }, splitIndex(index, frame), emit);
}
