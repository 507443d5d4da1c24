import type { OperandPlan } from "../../../../codegen/contract/operands.ts";
import { rowStride } from "../../../../codegen/contract/operands.ts";
import type { ContractPlan } from "../../../../codegen/contract/plan.ts";
import { isPairing, paddedColumns, planContract } from "../../../../codegen/contract/plan.ts";
import type { ContractTarget } from "../../../../codegen/contract/target.ts";
import type { Contract } from "../../../../kernel/scalar.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { Callable } from "../../encode/body.ts";
import type { ModuleBuilder } from "../../encode/module.ts";
import { writeDriver } from "./driver.ts";
import type { Pack } from "./pack.ts";
import { addPack } from "./pack.ts";
import { lanesOf } from "./lanes.ts";
import { addFlush, addStream, writeStream } from "./stream.ts";
import type { Tile } from "./tile.ts";
import { addTile } from "./tile.ts";
import { writeTiny } from "./tiny.ts";
import type { Kernels } from "./units.ts";
import { contractParams } from "./units.ts";

/** Function of the module that computes a contraction. */
export interface ContractFunction extends Callable {
  /**
   * Number of parts of the work. A call computes the parts from `from` to `to` − 1. Any division of 0 … units into
   * calls, in any order or in parallel, yields the same bits. Few long runs are the fastest.
   */
  readonly units: number;
  /** Bytes of work memory that a call of the function needs. */
  readonly workBytes: number;
}

/** Functions that the contractions of one module share, by key: functions of equal contractions, and kernels. */
export type ContractCache = Map<string, Callable & Partial<ContractFunction>>;

/**
 * Adds to a module the function `(out, left, right, work, from, to, kept)` that computes a `contract` statement. All
 * parameters are i32. The first three are the byte addresses of the operands' first elements (offsets included). `work`
 * is the address of at least `workBytes` bytes (a multiple of 16) that nothing else uses during the call. `kept` is 1
 * if the previous call with this work memory computed other parts of the same work; it may always be 0. The module must
 * have imported its memory.
 *
 * With `target.relaxed` off, `out` has the bits of the plain loops that the statement stands for (`expandContract`). No
 * memory outside of the operands is read.
 * @example
 * ```text
 * const module = makeModule();
 * module.importMemory("env", "memory", { initial: 1, maximum: 1 });
 * const product = addContract(module, new Map(), "product", statement, { relaxed: false, manyRegisters: false, wide: false, partProducts: Infinity });
 * // in a body: addresses, then
 * body.i32Const(0);
 * body.i32Const(product.units);
 * body.i32Const(0);
 * body.call(product);
 * ```
 */
export function addContract(
  module: ModuleBuilder,
  cache: ContractCache,
  name: string,
  { type, dims, accumulate }: Pick<Contract<number>, "type" | "dims" | "accumulate">,
  target: ContractTarget,
): ContractFunction {
  const key = `contract ${JSON.stringify([type, dims, accumulate, target])}`;
  const { index, units, workBytes } = cache.get(key) ?? {};
  if (index !== undefined && units !== undefined && workBytes !== undefined)
    return { index, units, workBytes };
  const made = writeContract(module, cache, name, { type, dims, accumulate }, target);
  cache.set(key, made);
  return made;
}

function writeContract(
  module: ModuleBuilder,
  cache: ContractCache,
  name: string,
  statement: Pick<Contract<number>, "type" | "dims" | "accumulate">,
  target: ContractTarget,
): ContractFunction {
  const plan = planContract(statement, target);
  const { method, units, workBytes } = plan;
  const kernels = makeKernels(module, cache, plan, statement.accumulate);
  const { body, index } = module.function(name, {
    params: contractParams.map(() => "i32"),
    paramNames: contractParams,
  });
  switch (method.kind) {
    case "nothing":
      break;
    case "tiny":
      writeTiny(body, plan, kernels);
      break;
    case "stream":
      writeStream(body, plan, method, kernels, statement.accumulate);
      break;
    case "blocks":
      writeDriver(body, plan, method, kernels);
      break;
  }
  return { index, units, workBytes };
}

/** Functions of tiles and panels that a plan needs, each added to the module on first use. */
function makeKernels(
  module: ModuleBuilder,
  cache: ContractCache,
  plan: ContractPlan,
  accumulate: boolean,
): Kernels {
  const { left, right, sums } = plan;
  const lanes = lanesOf(plan.vector);
  const isOneBlock = sums <= contractBlock;
  const count = {
    sums: isOneBlock ? sums : sums % contractBlock === 0 ? contractBlock : ("any" as const),
    multipleOf: greatestPower(sums),
  };
  const cached = (kind: string, spec: object, label: string, make: (name: string) => Callable): Callable => {
    const key = `${kind} ${lanes.type} ${lanes.fused} ${JSON.stringify(spec)}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const made = make(`${label}.${cache.size}`);
    cache.set(key, made);
    return made;
  };
  const pack = (side: "left" | "right", columns: number, padded: number): Callable => {
    const operand = plan[side];
    const spec: Omit<Pack, "lanes"> = {
      ...count,
      columns,
      padded,
      column: columns === 1 && operand.stride !== "table" ? lanes.bytes : operand.stride,
      walk: operand.walk,
      sideBySide: operand.sideBySide,
      runs: operand.stride === "table" && hasRuns(operand, side, columns),
    };
    return cached("pack", spec, `pack_${side}_${columns}`, (name) =>
      addPack(module, name, { ...spec, lanes }),
    );
  };
  return {
    tile(rows, columns, step) {
      const padded = paddedColumns(plan, columns);
      const isScattered = plan.outColumn !== lanes.bytes;
      const leftStride = left.packed ? lanes.bytes : rowStride(left);
      const indices = Array.from({ length: rows }, (_, i) => i);
      const spec: Omit<Tile, "lanes"> = {
        ...count,
        rows,
        columns,
        leftRows: indices.map((i) => i * leftStride),
        left: left.packed ? { kind: "stride", bytes: rows * lanes.bytes } : left.walk,
        rightColumn: right.packed || columns === 1 ? lanes.bytes : rowStride(right),
        right: right.packed ? { kind: "stride", bytes: padded * lanes.bytes } : right.walk,
        outRows: indices.map((i) => i * plan.outRow),
        outColumn: plan.outColumn,
        ...(right.packed && { padded }),
        viaScratch: isPairing(plan, columns) && (isScattered || columns % (2 * lanes.count) !== 0),
        ...(plan.dots && { across: dotVectors(columns) }),
        step: step ?? {
          left: left.packed ? undefined : rows * leftStride,
          right: 0,
          out: rows * plan.outRow,
        },
        store: accumulate ? "add" : isOneBlock ? "set" : "either",
      };
      return cached("tile", spec, `tile_${rows}x${columns}`, (name) =>
        addTile(module, name, { ...spec, lanes }),
      );
    },
    packLeft: (rows) => pack("left", rows, rows),
    stream(terms, first) {
      const spec = { terms, first, left: stepOf(left), right: stepOf(right) };
      return cached("stream", spec, `stream_${terms}`, (name) => addStream(module, name, { ...spec, lanes }));
    },
    flush: () => cached("flush", {}, "flush", (name) => addFlush(module, name, lanes)),
    packRight: (columns) => pack("right", columns, paddedColumns(plan, columns)),
  };
}

/**
 * True if the columns of a panel are contiguous whenever the distance from the first to the last column equals that of
 * contiguous columns. This holds if the innermost axis is at least as long as a panel: a panel then extends over at
 * most two contiguous runs, and runs are not adjacent.
 */
function hasRuns({ axes }: OperandPlan, side: "left" | "right", columns: number): boolean {
  const inner = axes.at(-1);
  return inner?.[side] === 1 && inner.size >= columns;
}

function stepOf({ walk }: OperandPlan): number {
  return walk.kind === "stride" ? walk.bytes : 0;
}

/**
 * Number of vectors over which the partial sums of a column are spread, so that about eight additions run at the same
 * time.
 */
function dotVectors(columns: number): number {
  return columns > 4 ? 1 : columns > 2 ? 2 : columns > 1 ? 4 : 8;
}

/** Largest power of two, up to the block size, that divides the number of summands of each block. */
function greatestPower(sums: number): number {
  let power = 1;
  while (power < contractBlock && sums % (2 * power) === 0) power *= 2; // of 0: a block
  return power;
}
