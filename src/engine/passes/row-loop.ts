import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Shape } from "../util/shape.ts";
import { notBatched, notDifferentiated } from "./compiled-only.ts";
import { sizeOf } from "../util/shape.ts";

/**
 * Maximum rows per block, and minimum number of blocks. The rows of a block are computed one after the other with the
 * same temporaries, which thus take at most a sixteenth of the memory for all rows. Blocks may run in parallel, so
 * there should be many.
 */
const [mostRowsOfBlock, fewestBlocks] = [16, 16];

/**
 * Parameters of a loop over rows. A row of an operand is its slice at one index of the leading axes. `body` computes
 * one row of each result from the operands that are the same for all rows and one row of each other operand.
 */
interface RowLoopParams {
  readonly body: Program;
  /** Number of leading operands that are the same for all rows. */
  readonly consts: number;
  /** Sizes of the leading axes, which index the rows. */
  readonly rows: Shape;
}

/** Number of blocks of rows and number of rows per block; the last block may have fewer. */
function blocksOf(rows: Shape): { readonly blocks: number; readonly perBlock: number } {
  const count = sizeOf(rows);
  const perBlock = Math.max(1, Math.min(mostRowsOfBlock, Math.floor(count / fewestBlocks)));
  return { blocks: Math.ceil(count / perBlock), perBlock };
}

const rowLoopPrim: Primitive<RowLoopParams> = /* @__PURE__ */ builtIn<RowLoopParams>({
  name: "rowLoop",
  typeOf: (_, { body, rows }) => body.outs.map(({ type }) => withShape(type, [...rows, ...type.shape])),
  derivative: notDifferentiated,
  batch: notBatched,
  lowering: {
    kind: "loops",
    programs: ({ body, consts, rows }) => [
      {
        program: body,
        ins: body.ins.map((_, index) => ({ of: "operand", index, isPart: index >= consts })),
        outs: body.outs.map((_, index) => ({ of: "result", index, isPart: true })),
        copies: blocksOf(rows).blocks,
      },
    ],
    emit: emitRows,
  },
});

/** Writes an outer loop over independent blocks and an inner loop over the rows of a block. */
function emitRows({ block, fresh, write }: LowerContext, { rows }: RowLoopParams): void {
  const count = sizeOf(rows);
  const { blocks, perBlock } = blocksOf(rows);
  block.forEach(fresh("block"), k.i32(0), k.i32(blocks), (outer, b) => {
    if (perBlock === 1) return void write(outer, 0, b, b);
    const from = outer.let(fresh("from"), k.mul(b, k.i32(perBlock)));
    const isWhole = count % perBlock === 0;
    const left = isWhole ? k.i32(perBlock) : k.min(k.i32(perBlock), k.sub(k.i32(count), from));
    outer.for(fresh("r"), k.i32(0), left, (inner, r) => {
      const row = inner.let(fresh("row"), k.add(from, r));
      write(inner, 0, row, b);
    });
  });
}

/** Equation of a loop that computes the results row by row; `body` takes the constants first. */
export function rowLoopEquation(
  rows: Shape,
  body: Program,
  consts: readonly Var[],
  xs: readonly Var[],
  outs: readonly Var[],
): Equation {
  const params: RowLoopParams = { body, consts: consts.length, rows };
  return { prim: rowLoopPrim, params, ins: [...consts, ...xs], outs };
}
