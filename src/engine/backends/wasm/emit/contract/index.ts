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

/** A contraction as a function of the module. */
export interface ContractFunction extends Callable {
  /**
   * How many parts the work has. `from` and `to` count these: a call does the parts from … to − 1, and any split of
   * 0 … units into calls, in any order or at once, gives the same bits. Cheapest are few long runs.
   */
  readonly units: number;
  /** Bytes of work memory that each call needs to itself. */
  readonly workBytes: number;
}

/** The functions that contractions of one module share: those of equal ones, and the kernels of others. */
export type ContractCache = Map<string, Callable & Partial<ContractFunction>>;

/**
 * Adds to a module what computes a `contract` statement: the function
 * `(out, left, right, work, from, to, kept)`, all i32. The first three are the addresses in bytes of the operands' first elements (their
 * offsets included), `work` is that of at least `workBytes` bytes (a multiple of 16) which nothing else uses during the call.
 * `kept` tells, by 1, that the call before with this work memory did other parts of the same work; it may always be 0.
 * The module must have imported its memory.
 *
 * With `target.relaxed` off, `out` gets the bits of the plain loops that the statement means (`expandContract`). Nothing outside the operands is
 * read.
 *
 * @example
 * ```text
 * const module = makeModule();
 * module.importMemory("env", "memory", { initial: 1 });
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

/** The functions of tiles and panels that a plan needs, each added to the module when it is asked for first. */
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
 * Whether columns lie side by side if the last one of a panel is as far from the first as then it must be: where the most inner
 * axis is no shorter than a panel, this goes on to another run at most once, and a run follows no other at once.
 */
function hasRuns({ axes }: OperandPlan, side: "left" | "right", columns: number): boolean {
  const inner = axes.at(-1);
  return inner?.[side] === 1 && inner.size >= columns;
}

function stepOf({ walk }: OperandPlan): number {
  return walk.kind === "stride" ? walk.bytes : 0;
}

/** Vectors of partial sums a column, so that there are eight or so: that many additions can be under way. */
function dotVectors(columns: number): number {
  return columns > 4 ? 1 : columns > 2 ? 2 : columns > 1 ? 4 : 8;
}

/** The greatest power of two up to a block that divides the number of summands of each block. */
function greatestPower(sums: number): number {
  let power = 1;
  while (power < contractBlock && sums % (2 * power) === 0) power *= 2; // of 0: a block
  return power;
}
