import { internalError } from "../../../errors/index.ts";
import type { OpcodeName, ValueType } from "./opcodes.ts";
import { opcode, widthOf } from "./opcodes.ts";
import type { ByteWriter } from "./writer.ts";
import { makeWriter } from "./writer.ts";

/** The bytes of value types; 0x40 is the block type without a result. */
export const valueTypeBytes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** A place to branch to: the end of a block or an if, the start of a loop. */
export interface Label {
  /** How many constructs were open around it. */
  readonly depth: number;
}

/** What can be called: the index of a function. */
export interface Callable {
  readonly index: number;
}

/**
 * The code of one function, written straight to bytes in the order of execution: operands first, then what works on them.
 *
 * @example
 * const module = makeModule();
 * const square = module.function("square", { params: ["f64"], results: ["f64"], exported: true });
 * square.body.localGet(0);
 * square.body.localGet(0);
 * square.body.op("f64.mul");
 * const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
 * instance.exports.square(3); // 9
 */
export interface Body {
  /** A new local, initially zero; parameters come before all locals. The name is for readers of the text. */
  local(type: ValueType, name?: string): number;
  /** An instruction that needs nothing but its operands: `op("f32x4.add")`. */
  op(name: OpcodeName): void;
  localGet(index: number): void;
  localSet(index: number): void;
  localTee(index: number): void;
  globalGet(index: number): void;
  globalSet(index: number): void;
  /** A load or store, atomic or not, at `offset` bytes after the address on the stack; alignment is told as natural. */
  memory(name: OpcodeName, offset?: number): void;
  /** A load or store of one lane of a vector. */
  memoryLane(name: OpcodeName, lane: number, offset?: number): void;
  /** `extract_lane`, `replace_lane`. */
  lane(name: OpcodeName, lane: number): void;
  i32Const(value: number): void;
  i64Const(value: bigint): void;
  f32Const(value: number): void;
  f64Const(value: number): void;
  v128Const(bytes: ArrayLike<number>): void;
  /** `i8x16.shuffle`: lanes 0 to 15 are bytes of the first operand, 16 to 31 of the second. */
  shuffle(lanes: readonly number[]): void;
  /** Opens a block, loop or if, whose value (if any) is of type `result`; `end` closes it. */
  block(result?: ValueType): Label;
  loop(result?: ValueType): Label;
  if(result?: ValueType): Label;
  else(): void;
  end(): void;
  br(label: Label): void;
  brIf(label: Label): void;
  /** Branches to `labels[i]`, or to `otherwise` where i is no index of them. */
  brTable(labels: readonly Label[], otherwise: Label): void;
  return(): void;
  call(callee: Callable): void;
  /** Calls the function at an index of the table, which must have this type. */
  callIndirect(params: readonly ValueType[], results: readonly ValueType[]): void;
  /** Select of two operands of type `type` by an i32. */
  select(type: ValueType): void;
  memorySize(): void;
  memoryGrow(): void;
  memoryCopy(): void;
  memoryFill(): void;
  memoryInit(data: number): void;
  dataDrop(data: number): void;
  atomicFence(): void;
  /** How many blocks were opened, divided or closed so far: between two calls that give the same, code runs straight on. */
  readonly turnings: () => number;
  /** How many bytes of code there are so far: what decides whether a function is large. */
  readonly size: () => number;
  /** An empty piece of code with the locals of this one, written apart. It knows no labels but its own. */
  fragment(): Fragment;
  /** Puts in a finished piece of code. */
  append(fragment: Fragment): void;
}

/** Code that will be put into a body: what stands before a loop is often known only after the loop was written. */
export interface Fragment extends Body {
  readonly bytes: () => Uint8Array;
  /** The vectors in locals that the code has to do with, each with whether it is set before it is read. */
  readonly firstUses: () => ReadonlyMap<number, boolean>;
  /** A vector in a local that nothing ever sets, one for the function. */
  readonly zeroVector: () => number;
}

/** A body that can be put into a module. */
export interface WritableBody extends Body {
  readonly localNames: ReadonlyMap<number, string>;
  /** The locals and the code as the code section has them. */
  readonly finish: () => Uint8Array;
}

const alignments = new Map<OpcodeName, number>();

/** The natural alignment of a memory instruction, as the exponent of a power of two. */
function alignmentOf(name: OpcodeName): number {
  let alignment = alignments.get(name);
  if (alignment === undefined) alignments.set(name, (alignment = Math.log2(widthOf(opcode(name)))));
  return alignment;
}

/** Makes an empty body of a function with `paramCount` parameters; `typeIndex` gives the index of a function type. */
export function makeBody(
  paramCount: number,
  typeIndex: (params: readonly ValueType[], results: readonly ValueType[]) => number,
): WritableBody {
  const locals: ValueType[] = [];
  const localNames = new Map<number, string>();
  const local = (type: ValueType, name?: string): number => {
    const index = paramCount + locals.push(type) - 1;
    if (name !== undefined) localNames.set(index, name);
    return index;
  };
  let zero: number | undefined;
  const vectors: Vectors = {
    has: (index) => locals[index - paramCount] === "v128",
    zero: () => (zero ??= local("v128", "zero")),
  };
  const main = makeCode(local, typeIndex, vectors);
  return {
    ...main,
    localNames,
    finish() {
      const code = main.bytes();
      const out = makeWriter(code.length + 64);
      writeLocals(out, locals);
      out.bytes(code);
      out.byte(0x0b);
      return out.result();
    },
  };
}

/** The locals of a function that are vectors. */
interface Vectors {
  readonly has: (index: number) => boolean;
  /** One that nothing ever sets. */
  readonly zero: () => number;
}

function makeCode(
  local: Body["local"],
  typeIndex: (params: readonly ValueType[], results: readonly ValueType[]) => number,
  vectors: Vectors,
): Fragment {
  const code: ByteWriter = makeWriter(256);
  const firstUses = new Map<number, boolean>();
  let depth = 0;
  let turnings = 0;

  const op = (name: OpcodeName): void => {
    const { bytes } = opcode(name);
    if (bytes.length === 1) code.byte(bytes[0]!);
    else code.bytes(bytes);
  };
  const indexed = (name: OpcodeName, index: number): void => {
    op(name);
    code.unsigned(index);
  };
  const onLocal = (name: OpcodeName, index: number, isSet: boolean): void => {
    indexed(name, index);
    if (vectors.has(index) && !firstUses.has(index)) firstUses.set(index, isSet);
  };
  const memory = (name: OpcodeName, offset = 0): void => {
    op(name);
    code.unsigned(alignmentOf(name));
    code.unsigned(offset);
  };
  const open = (name: "block" | "loop" | "if", result: ValueType | undefined): Label => {
    op(name);
    code.byte(result === undefined ? 0x40 : valueTypeBytes[result]);
    turnings++;
    return { depth: depth++ };
  };
  const distance = (label: Label): number => {
    if (label.depth >= depth) throw internalError("a branch to a label that is closed");
    return depth - 1 - label.depth;
  };
  const sixteen = (name: OpcodeName, bytes: ArrayLike<number>): void => {
    if (bytes.length !== 16) throw internalError(`${name} takes 16 bytes, not ${bytes.length}`);
    op(name);
    code.bytes(bytes);
  };
  const withLane = (name: OpcodeName, lane: number): void => {
    op(name);
    code.byte(lane);
  };

  return {
    local,
    op,
    localGet: (index) => onLocal("local.get", index, false),
    localSet: (index) => onLocal("local.set", index, true),
    localTee: (index) => onLocal("local.tee", index, true),
    globalGet: (index) => indexed("global.get", index),
    globalSet: (index) => indexed("global.set", index),
    memory,
    memoryLane(name, lane, offset = 0) {
      memory(name, offset);
      code.byte(lane);
    },
    lane: withLane,
    i32Const(value) {
      op("i32.const");
      code.signed(value);
    },
    i64Const(value) {
      op("i64.const");
      code.signed64(value);
    },
    f32Const(value) {
      op("f32.const");
      code.f32(value);
    },
    f64Const(value) {
      op("f64.const");
      code.f64(value);
    },
    v128Const: (bytes) => sixteen("v128.const", bytes),
    shuffle: (lanes) => sixteen("i8x16.shuffle", lanes),
    block: (result) => open("block", result),
    loop: (result) => open("loop", result),
    if: (result) => open("if", result),
    else() {
      turnings++;
      op("else");
    },
    end() {
      turnings++;
      if (depth === 0) throw internalError("an end without a block");
      depth--;
      op("end");
    },
    br: (label) => indexed("br", distance(label)),
    brIf: (label) => indexed("br_if", distance(label)),
    brTable(labels, otherwise) {
      indexed("br_table", labels.length);
      for (const label of [...labels, otherwise]) code.unsigned(distance(label));
    },
    return: () => op("return"),
    call: (callee) => indexed("call", callee.index),
    callIndirect(params, results) {
      indexed("call_indirect", typeIndex(params, results));
      code.byte(0);
    },
    select(type) {
      op("select_t");
      code.byte(1);
      code.byte(valueTypeBytes[type]);
    },
    memorySize: () => withLane("memory.size", 0),
    memoryGrow: () => withLane("memory.grow", 0),
    memoryCopy() {
      op("memory.copy");
      code.byte(0);
      code.byte(0);
    },
    memoryFill: () => withLane("memory.fill", 0),
    memoryInit(data) {
      indexed("memory.init", data);
      code.byte(0);
    },
    dataDrop: (data) => indexed("data.drop", data),
    atomicFence: () => withLane("atomic.fence", 0),
    turnings: () => turnings,
    size: code.length,
    fragment: () => makeCode(local, typeIndex, vectors),
    append(fragment) {
      code.bytes(fragment.bytes());
      for (const [index, isSet] of fragment.firstUses())
        if (!firstUses.has(index)) firstUses.set(index, isSet);
    },
    firstUses: () => firstUses,
    zeroVector: vectors.zero,
    bytes() {
      if (depth !== 0) throw internalError(`a piece of code ends with ${depth} blocks open`);
      return code.result();
    },
  };
}

/** Locals as runs of one type. */
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
