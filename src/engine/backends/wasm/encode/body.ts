import { internalError } from "../../../errors/index.ts";
import { append } from "../../../util/append.ts";
import type { OpcodeName, ValueType } from "./opcodes.ts";
import { opcode, widthOf } from "./opcodes.ts";
import type { ByteWriter } from "./writer.ts";
import { makeWriter } from "./writer.ts";

/** Byte that encodes each value type. As the type of a block, 0x40 stands for no result. */
export const valueTypeBytes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** A branch target: the end of a block or `if`, or the start of a loop. */
export interface Label {
  /** Number of constructs that are open around the label. */
  readonly depth: number;
}

/** Function that code can call. `index` is its index in the WebAssembly module. */
export interface Callable {
  readonly index: number;
}

/**
 * Code of one function, written directly as bytes in execution order: operands first, then the instruction.
 * @example
 * const module = makeModule();
 * const square = module.function("square", { params: ["f64"], results: ["f64"], exported: true });
 * square.body.localGet(0);
 * square.body.localGet(0);
 * square.body.op("f64.mul");
 * const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
 * instance.exports.square(3); // 9
 */
export interface FunctionBody {
  /**
   * Adds a local, initially zero, and returns its index. Parameters precede all locals. The name appears in the text of
   * the module.
   */
  local(type: ValueType, name?: string): number;
  /**
   * Calls `write`, after which later code may reuse the vector locals that it added and did not name. Short lists of
   * locals matter: V8's baseline compiler takes time proportional to their number at every branch. Does nothing else in
   * a fragment, because its code may be placed before code that was written earlier.
   */
  reusingVectors(write: () => void): void;
  /** Writes an instruction without immediates: `op("f32x4.add")`. */
  op(name: OpcodeName): void;
  localGet(index: number): void;
  localSet(index: number): void;
  localTee(index: number): void;
  globalGet(index: number): void;
  globalSet(index: number): void;
  /**
   * Writes a load or store, atomic or not, at `offset` bytes after the address on the stack. The alignment is encoded
   * as natural.
   */
  memory(name: OpcodeName, offset?: number): void;
  /** Writes a load or store of one lane of a vector. */
  memoryLane(name: OpcodeName, lane: number, offset?: number): void;
  /** Writes `extract_lane` or `replace_lane` of a vector shape for the given lane. */
  lane(name: OpcodeName, lane: number): void;
  i32Const(value: number): void;
  i64Const(value: bigint): void;
  f32Const(value: number): void;
  f64Const(value: number): void;
  v128Const(bytes: ArrayLike<number>): void;
  /** Writes `i8x16.shuffle`: lanes 0 to 15 are bytes of the first operand, 16 to 31 of the second. */
  shuffle(lanes: readonly number[]): void;
  /** Opens a block, loop or if, whose value (if any) has the type `result`; `end` closes it. */
  block(result?: ValueType): Label;
  loop(result?: ValueType): Label;
  if(result?: ValueType): Label;
  else(): void;
  end(): void;
  br(label: Label): void;
  brIf(label: Label): void;
  return(): void;
  call(callee: Callable): void;
  /** Selects one of two operands of type `type` by an i32. */
  select(type: ValueType): void;
  /**
   * Number of times that a block was opened, divided or closed so far. If two calls return the same number, the code
   * between them is straight-line.
   */
  readonly turnings: () => number;
  /**
   * Creates an empty piece of code that uses the locals of this body but is written separately. It has only its own
   * labels.
   */
  fragment(): Fragment;
  /** Appends a piece of code that was written separately. */
  append(fragment: Fragment): void;
}

/**
 * Piece of code that will be appended to a body, because the code before a loop is often known only after the loop was
 * written.
 */
export interface Fragment extends FunctionBody {
  readonly bytes: () => Uint8Array;
  /** Vector locals that the code uses. The value is true if the code sets the local before it reads it. */
  readonly firstUses: () => ReadonlyMap<number, boolean>;
  /** Index of a vector local that is never set, shared by the function. */
  readonly zeroVector: () => number;
}

/** Body that can be put into a module. */
export interface WritableBody extends FunctionBody {
  readonly localNames: ReadonlyMap<number, string>;
  /** Locals and code in the format of the code section. */
  readonly finish: () => Uint8Array;
}

// Codes and alignments by instruction, looked up without a call, because an instruction is mostly written before the
// JavaScript engine has compiled this code.
const codes = new Map<OpcodeName, number>();
const alignments = new Map<OpcodeName, number>();

function codeOf(name: OpcodeName): number {
  const { code } = opcode(name);
  codes.set(name, code);
  return code;
}

/** Natural alignment of a memory instruction, as the exponent of a power of two. */
function alignmentOf(name: OpcodeName): number {
  const alignment = Math.log2(widthOf(opcode(name)));
  alignments.set(name, alignment);
  return alignment;
}

type TypeIndex = (params: readonly ValueType[], results: readonly ValueType[]) => number;

/**
 * Creates an empty body of a function with `paramCount` parameters. `typeIndex` returns the index of a function type.
 */
export function makeBody(paramCount: number, typeIndex: TypeIndex): WritableBody {
  return new CodeFragment(new Locals(paramCount), typeIndex, false);
}

/** Locals of a function, shared by all pieces of its code. */
class Locals {
  readonly types: ValueType[] = [];
  readonly names = new Map<number, string>();
  /** True at the indices of vector locals. */
  readonly areVectors: boolean[] = [];
  // every other instruction accesses a local, so these codes are looked up once
  readonly getCode = opcode("local.get").code;
  readonly setCode = opcode("local.set").code;
  readonly teeCode = opcode("local.tee").code;
  private readonly paramCount: number;
  private zeroVector: number | undefined;
  /** Vector locals that later code may reuse, and those in use that will be free when the current code ends. */
  private readonly freeVectors: number[] = [];
  private vectorsInUse: number[] | undefined;

  constructor(paramCount: number) {
    this.paramCount = paramCount;
  }

  add(type: ValueType, name?: string): number {
    const isReusable = type === "v128" && name === undefined && this.vectorsInUse !== undefined;
    const index =
      (isReusable ? this.freeVectors.pop() : undefined) ?? this.paramCount + this.types.push(type) - 1;
    if (isReusable) this.vectorsInUse!.push(index);
    if (name !== undefined) this.names.set(index, name);
    this.areVectors[index] = type === "v128";
    return index;
  }

  reusingVectors(write: () => void): void {
    const outer = this.vectorsInUse;
    const own: number[] = [];
    this.vectorsInUse = own;
    write();
    this.vectorsInUse = outer;
    append(this.freeVectors, own.reverse()); // the next code takes them in the same order
  }

  /** Returns the index of a vector local that is never set, and therefore zero. */
  zero(): number {
    return (this.zeroVector ??= this.add("v128", "zero"));
  }
}

/** Piece of code, or all of a function. It is a class because there are many pieces, and each has all methods. */
class CodeFragment implements Fragment, WritableBody {
  private readonly locals: Locals;
  private readonly typeIndex: TypeIndex;
  private readonly isFragment: boolean;
  private readonly code = makeWriter(256);
  private readonly uses = new Map<number, boolean>();
  private depth = 0;
  private turned = 0;

  constructor(locals: Locals, typeIndex: TypeIndex, isFragment: boolean) {
    this.locals = locals;
    this.typeIndex = typeIndex;
    this.isFragment = isFragment;
  }

  local(type: ValueType, name?: string): number {
    return this.locals.add(type, name);
  }
  reusingVectors(write: () => void): void {
    if (this.isFragment) write();
    else this.locals.reusingVectors(write);
  }

  op(name: OpcodeName): void {
    this.code.opcode(codes.get(name) ?? codeOf(name));
  }

  private indexed(name: OpcodeName, index: number): void {
    this.code.opcode(codes.get(name) ?? codeOf(name), index);
  }

  localGet(index: number): void {
    this.code.opcode(this.locals.getCode, index);
    if (this.locals.areVectors[index] === true && !this.uses.has(index)) this.uses.set(index, false);
  }
  localSet(index: number): void {
    this.code.opcode(this.locals.setCode, index);
    if (this.locals.areVectors[index] === true && !this.uses.has(index)) this.uses.set(index, true);
  }
  localTee(index: number): void {
    this.code.opcode(this.locals.teeCode, index);
    if (this.locals.areVectors[index] === true && !this.uses.has(index)) this.uses.set(index, true);
  }
  globalGet(index: number): void {
    this.indexed("global.get", index);
  }
  globalSet(index: number): void {
    this.indexed("global.set", index);
  }

  memory(name: OpcodeName, offset = 0): void {
    this.indexed(name, alignments.get(name) ?? alignmentOf(name));
    this.code.unsigned(offset);
  }
  memoryLane(name: OpcodeName, lane: number, offset = 0): void {
    this.memory(name, offset);
    this.code.byte(lane);
  }
  lane(name: OpcodeName, lane: number): void {
    this.op(name);
    this.code.byte(lane);
  }

  i32Const(value: number): void {
    this.op("i32.const");
    this.code.signed(value);
  }
  i64Const(value: bigint): void {
    this.op("i64.const");
    this.code.signed64(value);
  }
  f32Const(value: number): void {
    this.op("f32.const");
    this.code.f32(value);
  }
  f64Const(value: number): void {
    this.op("f64.const");
    this.code.f64(value);
  }
  private sixteen(name: OpcodeName, bytes: ArrayLike<number>): void {
    if (bytes.length !== 16) throw internalError(`${name} takes 16 bytes, not ${bytes.length}`);
    this.op(name);
    this.code.bytes(bytes);
  }
  v128Const(bytes: ArrayLike<number>): void {
    this.sixteen("v128.const", bytes);
  }
  shuffle(lanes: readonly number[]): void {
    this.sixteen("i8x16.shuffle", lanes);
  }

  private open(name: "block" | "loop" | "if", result: ValueType | undefined): Label {
    this.op(name);
    this.code.byte(result === undefined ? 0x40 : valueTypeBytes[result]);
    this.turned++;
    return { depth: this.depth++ };
  }
  block(result?: ValueType): Label {
    return this.open("block", result);
  }
  loop(result?: ValueType): Label {
    return this.open("loop", result);
  }
  if(result?: ValueType): Label {
    return this.open("if", result);
  }
  else(): void {
    this.turned++;
    this.op("else");
  }
  end(): void {
    this.turned++;
    if (this.depth === 0) throw internalError("an end without a block");
    this.depth--;
    this.op("end");
  }

  private distance(label: Label): number {
    if (label.depth >= this.depth) throw internalError("a branch to a label that is closed");
    return this.depth - 1 - label.depth;
  }
  br(label: Label): void {
    this.indexed("br", this.distance(label));
  }
  brIf(label: Label): void {
    this.indexed("br_if", this.distance(label));
  }
  return(): void {
    this.op("return");
  }
  call(callee: Callable): void {
    this.indexed("call", callee.index);
  }
  select(type: ValueType): void {
    this.op("select_t");
    this.code.byte(1);
    this.code.byte(valueTypeBytes[type]);
  }

  turnings(): number {
    return this.turned;
  }
  fragment(): Fragment {
    return new CodeFragment(this.locals, this.typeIndex, true);
  }
  append(fragment: Fragment): void {
    this.code.bytes(fragment.bytes());
    for (const [index, isSet] of fragment.firstUses()) if (!this.uses.has(index)) this.uses.set(index, isSet);
  }
  firstUses(): ReadonlyMap<number, boolean> {
    return this.uses;
  }
  zeroVector(): number {
    return this.locals.zero();
  }
  bytes(): Uint8Array {
    if (this.depth !== 0) throw internalError(`a piece of code ends with ${this.depth} blocks open`);
    return this.code.result();
  }

  get localNames(): ReadonlyMap<number, string> {
    return this.locals.names;
  }
  finish(): Uint8Array {
    const code = this.bytes();
    const out = makeWriter(code.length + 64);
    writeLocals(out, this.locals.types);
    out.bytes(code);
    out.byte(0x0b);
    return out.result();
  }
}

/** Encodes locals as runs of one type. */
function writeLocals(out: ByteWriter, locals: readonly ValueType[]): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.unsigned(runs.length);
  for (const { type, count } of runs) {
    out.unsigned(count);
    out.byte(valueTypeBytes[type]);
  }
}
