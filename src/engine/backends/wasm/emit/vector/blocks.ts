import { bytesPerElement } from "../../../../kernel/executable.ts";
import * as build from "../../../../kernel/build.ts";
import type { Expr, Reduce, Stmt } from "../../../../kernel/scalar.ts";
import { reduceLanes } from "../../../../kernel/scalar.ts";
import { walkBlock } from "../../../../kernel/walk.ts";
import type { Fragment } from "../../encode/body.ts";
import type { BufferPlace, Frame } from "../frame.ts";
import type { Bounds, For, IterationCode } from "./loop.ts";
import { hasRare, runIterations } from "./loop.ts";
import { isBestVectorised } from "./nest.ts";

/** Values that are computed before they are folded: they lie in the first-level cache until then. */
const blockLength = 256;

/** Operations a value from which on vectors of 256 bits gain more than it costs to store and read it. */
const manyOperations = 12;

/**
 * A fold that goes by blocks: a loop computes the values of a block and stores them, and then they are folded. Such a loop
 * leaves rare branches out and is what engines look for that make 256-bit operations of pairs of vectors: they begin at stores.
 */
export interface Blocks {
  /** The loop that computes the values of the indices from `at` to `stop`. */
  readonly code: Fragment;
  readonly at: number;
  readonly stop: number;
  /** Where the value of index 0 would lie, and the bytes of one. */
  readonly origin: number;
  readonly bytes: number;
  /** The fold of the stored values, and the frame that knows their place. */
  readonly fold: Reduce;
  readonly frame: Frame;
}

/** Writes the loop of a fold whose values are worth it; `element` is the value before it is made wider. */
export function openBlocks(
  stmt: Reduce,
  element: Expr,
  frame: Frame,
  writeLoop: (stmt: For, bounds: Bounds, frame: Frame) => boolean,
): Blocks | undefined {
  const { type } = element;
  const value: Stmt = { kind: "let", name: "@value", value: element };
  if (type === "bool" || !isWorthBlocks([...stmt.body, value], frame)) return undefined;
  const { body } = frame;
  const buffer = "@values";
  const [origin, at, stop] = [body.local("i32", "values"), body.local("i32"), body.local("i32")];
  const place: BufferPlace = { type, size: 0, address: undefined, local: origin };
  const code = body.fragment();
  const inner: Frame = { ...frame, buffers: new Map([...frame.buffers, [buffer, place]]) };
  const loop: For = {
    kind: "for",
    index: stmt.index,
    from: stmt.from,
    to: stmt.to,
    reverse: false,
    independent: true,
    body: [...stmt.body, { kind: "store", buffer, index: build.local("i32", stmt.index), value: element }],
  };
  if (!isBestVectorised(loop)) return undefined;
  if (!writeLoop(loop, { from: at, to: stop, multipleOf: reduceLanes }, { ...inner, body: code }))
    return undefined;
  const stored = build.load(type, buffer, build.local("i32", stmt.index));
  const fold: Reduce = { ...stmt, body: [], value: build.convert(stmt.value.type, stored) };
  return { code, at, stop, origin, bytes: bytesPerElement[type], fold, frame: inner };
}

/** Whether values should be stored before they are folded. */
function isWorthBlocks(block: readonly Stmt[], { unit }: Frame): boolean {
  let hasLoops = false;
  let operations = 0;
  walkBlock(block, {
    stmt: ({ kind }) => {
      if (kind === "for" || kind === "while" || kind === "reduce" || kind === "contract") hasLoops = true;
    },
    expr: ({ kind, type }) => {
      if (kind === "call") operations += manyOperations;
      else if (kind === "mulAdd") operations += 2;
      else if (kind !== "const" && kind !== "local" && kind !== "load" && type !== "i32") operations++;
    },
  });
  if (hasLoops) return false;
  return hasRare(block) || (unit.settings.wide && operations >= manyOperations);
}

/** Goes from `index` to `end` by blocks; `iterations` fold the stored values. There are `count` in all, where that is known. */
export function emitBlocks(
  { code, at, stop, origin, bytes }: Blocks,
  iterations: IterationCode,
  end: number,
  index: number,
  { body, unit }: Frame,
  count: number | undefined,
): void {
  const isOne = count !== undefined && count < blockLength + reduceLanes;
  body.localGet(index);
  body.localGet(end);
  body.op("i32.lt_s");
  body.if();
  const again = isOne ? undefined : body.loop();
  body.localGet(index);
  body.localSet(at);
  if (isOne) {
    body.localGet(end);
  } else {
    // the lesser of end and at + blockLength, which may be past all numbers
    body.localGet(at);
    body.i32Const(blockLength);
    body.op("i32.add");
    body.localGet(end);
    body.localGet(end);
    body.localGet(at);
    body.op("i32.sub");
    body.i32Const(blockLength);
    body.op("i32.gt_u");
    body.select("i32");
  }
  body.localSet(stop);
  unit.pushSpillBase(body);
  body.i32Const(unit.spillSlot(unit, "values of a block", blockLength * 8));
  body.op("i32.add");
  body.localGet(at);
  body.i32Const(Math.log2(bytes));
  body.op("i32.shl");
  body.op("i32.sub");
  body.localSet(origin);
  body.append(code);
  body.localGet(at);
  body.localSet(index);
  runIterations(body, iterations, stop, index, reduceLanes);
  if (again !== undefined) {
    body.localGet(index);
    body.localGet(end);
    body.op("i32.lt_s");
    body.brIf(again);
    body.end();
  }
  body.end();
}
