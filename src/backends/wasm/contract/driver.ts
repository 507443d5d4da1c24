import { contractBlock } from "../../../kernel/scalar.ts";
import type { Body, Callable } from "../body.ts";
import { advance, minimum, repeat, scale, setSum, sum, whenLast } from "./emit.ts";
import type { Plan } from "./plan.ts";
import { paddedColumns, roundUp, rowStride } from "./plan.ts";
import type { Axis } from "./shape.ts";
import { sizeOf } from "./shape.ts";
import { makeOdometer, resetOdometer, writeTable } from "./tables.ts";
import type { Kernels, Written } from "./units.ts";
import { eachRun, findGroup, paramWork } from "./units.ts";

/** Whether the table of the walk through the summands holds all of them, and not those of one block. */
const wholeTable = 32768;

/** Where things are in the work memory. */
function layoutWork(plan: Plan): {
  readonly sumTable: number;
  readonly columnTable: number;
  readonly rowTable: number;
  readonly right: number;
  readonly left: number;
  readonly scratch: number;
  readonly bytes: number;
} {
  let bytes = 0;
  const take = (size: number): number => (bytes += roundUp(size, 64)) - roundUp(size, 64);
  const { lanes, left, right, sums } = plan;
  const depth = Math.min(sums, contractBlock) * lanes.bytes;
  const usesTable = left.walk.kind === "table" || right.walk.kind === "table";
  const edgeRows = plan.edges.reduce((rows, height) => rows + height, 0);
  const width = plan.stripPanels * plan.tileColumns + paddedColumns(plan, plan.tail);
  const tallest = Math.max(plan.tileRows, ...plan.edges);
  return {
    sumTable: take(usesTable ? 8 * (sums <= wholeTable ? sums : contractBlock) : 0),
    columnTable: take(right.packed && right.stride === "table" ? 4 * plan.columns : 0),
    rowTable: take(left.packed && left.stride === "table" ? 4 * plan.rows : 0),
    right: take(right.packed ? width * depth : 0),
    left: take(left.packed ? (plan.blockTiles * plan.tileRows + edgeRows) * depth : 0),
    scratch: take(
      plan.wide ? tallest * paddedColumns(plan, Math.max(plan.tileColumns, plan.tail)) * lanes.bytes : 0,
    ),
    bytes,
  };
}

/** Writes the function of a contraction that has blocks of rows, strips of columns and blocks of summands. */
export function writeDriver(body: Body, plan: Plan, kernels: Kernels): Written {
  const { lanes, left, right, sums, tileColumns } = plan;
  const work = layoutWork(plan);
  const blocks = Math.max(1, Math.ceil(plan.tiles / plan.blockTiles));
  const strips = Math.max(1, Math.ceil(plan.panels / plan.stripPanels));
  const sumBlocks = Math.max(1, Math.ceil(sums / contractBlock));
  const named = (name: string): number => body.local("i32", name);
  const unit = named("unit");
  const position = named("position");
  const run = named("run");
  const places = { out: named("out_at"), left: named("left_at"), right: named("right_at") };
  const strip = named("strip");
  const rest = named("rest");
  const state: DriverState = {
    body,
    plan,
    kernels,
    work,
    blocks,
    strips,
    panels: named("panels"),
    firstPanel: named("first_panel"),
    strip,
    depth: named("depth"),
    add: named("add"),
    table: named("table"),
    leftBlock: named("left_block"),
    rightBlock: named("right_block"),
    outStrip: named("out_strip"),
    columns: named("columns"),
    block: named("block"),
    tiles: named("tiles"),
  };

  const usesTable = left.walk.kind === "table" || right.walk.kind === "table";
  const odometer = makeOdometer(body, usesTable ? plan.shape.sums : [], ["left", "right"]);
  const isWholeTable = sums <= wholeTable;
  setSum(body, state.table, paramWork, work.sumTable);
  if (usesTable && isWholeTable) {
    resetOdometer(body, odometer);
    writeTable(body, odometer, state.table, lanes.bytes, () => body.i32Const(sums));
  }
  const operandTable = (
    packed: boolean,
    stride: number | "table",
    axes: readonly Axis[],
    operand: "left" | "right",
    at: number,
  ): void => {
    if (!packed || stride !== "table") return;
    const own = makeOdometer(body, axes, [operand]);
    setSum(body, rest, paramWork, at);
    resetOdometer(body, own);
    writeTable(body, own, rest, lanes.bytes, () => body.i32Const(sizeOf(axes)));
  };
  operandTable(right.packed, right.stride, right.axes, "right", work.columnTable);
  operandTable(left.packed, left.stride, left.axes, "left", work.rowTable);

  eachRun(body, unit, blocks, position, run, () => {
    body.localGet(unit);
    if (blocks > 1) {
      body.i32Const(blocks);
      body.op("i32.div_u");
    }
    body.localSet(rest);
    if (strips > 1) {
      body.localGet(rest);
      body.i32Const(strips);
      body.op("i32.rem_u");
      body.localSet(strip);
      body.localGet(rest);
      body.i32Const(strips);
      body.op("i32.div_u");
      body.localSet(rest);
    }
    findGroup(body, plan, rest, places);
    body.localGet(strip);
    scale(body, plan.stripPanels);
    body.localSet(state.firstPanel);
    minimum(
      body,
      state.panels,
      () => body.i32Const(plan.stripPanels),
      () => {
        body.i32Const(plan.panels);
        body.localGet(state.firstPanel);
        body.op("i32.sub");
      },
    );
    setSum(body, state.outStrip, places.out, [state.firstPanel, tileColumns * plan.outColumn]);
    if (right.stride === "table") {
      setSum(body, state.columns, paramWork, work.columnTable, [state.firstPanel, 4 * tileColumns]);
      body.localGet(places.right);
    } else {
      sum(body, places.right, [state.firstPanel, tileColumns * right.stride]);
    }
    body.localSet(state.rightBlock);
    body.localGet(places.left);
    body.localSet(state.leftBlock);
    body.i32Const(0);
    body.localSet(state.add);
    if (usesTable && (isWholeTable || sumBlocks > 1)) setSum(body, state.table, paramWork, work.sumTable);
    if (usesTable && !isWholeTable) resetOdometer(body, odometer);

    const remaining = named("remaining");
    body.i32Const(sums);
    body.localSet(remaining);
    const oneBlock = (): void => {
      minimum(
        body,
        state.depth,
        () => body.i32Const(contractBlock),
        () => body.localGet(remaining),
      );
      if (usesTable && !isWholeTable)
        writeTable(body, odometer, state.table, lanes.bytes, () => body.localGet(state.depth));
      oneSumBlock(state, position, run);
    };
    if (sumBlocks === 1) return oneBlock();
    repeat(
      body,
      named("blocks_left"),
      () => body.i32Const(sumBlocks),
      false,
      () => {
        oneBlock();
        advance(body, remaining, -contractBlock);
        if (left.walk.kind === "stride") advance(body, state.leftBlock, left.walk.bytes * contractBlock);
        if (right.walk.kind === "stride") advance(body, state.rightBlock, right.walk.bytes * contractBlock);
        if (usesTable && isWholeTable) advance(body, state.table, 8 * contractBlock);
        body.i32Const(1);
        body.localSet(state.add);
      },
    );
  });
  return { units: sizeOf(plan.groups) * strips * blocks, workBytes: work.bytes };
}

/** Locals of a driver, and what it is made for. */
interface DriverState {
  readonly body: Body;
  readonly plan: Plan;
  readonly kernels: Kernels;
  readonly work: ReturnType<typeof layoutWork>;
  readonly blocks: number;
  readonly strips: number;
  /** How many whole panels the strip has, and which is the first. */
  readonly panels: number;
  readonly firstPanel: number;
  readonly strip: number;
  /** Summands of the block, and whether it is not the first. */
  readonly depth: number;
  readonly add: number;
  readonly table: number;
  /** The operands at the start of the block of summands; the right one and `out` also at the start of the strip. */
  readonly leftBlock: number;
  readonly rightBlock: number;
  readonly outStrip: number;
  /** The distances of the columns of the strip. */
  readonly columns: number;
  readonly block: number;
  readonly tiles: number;
}

/** All rows `position` … `position + run` − 1 (in blocks) of one strip and one block of summands. */
function oneSumBlock(state: DriverState, position: number, run: number): void {
  const { body, plan, kernels, work, blocks, strips } = state;
  const { lanes, left, right, tileRows, tileColumns, tail } = plan;
  const named = (name: string): number => body.local("i32", name);
  const packedRight = named("packed_right");
  const panelBytes = named("panel_bytes");
  const tailAt = named("tail_at");
  const whenLastStrip = (inner: () => void): void => whenLast(body, state.strip, strips, inner);
  const callPack = (
    kernel: Callable,
    source: () => void,
    target: number,
    count: () => void,
    table: () => void,
  ): void => {
    source();
    body.localGet(target);
    count();
    body.localGet(state.depth);
    body.localGet(state.table);
    table();
    body.call(kernel);
  };

  if (right.packed) {
    setSum(body, packedRight, paramWork, work.right);
    body.localGet(state.depth);
    scale(body, tileColumns * lanes.bytes);
    body.localSet(panelBytes);
    if (plan.panels > 0)
      callPack(kernels.packRight(tileColumns), () => body.localGet(state.rightBlock), packedRight, () => body.localGet(state.panels), () => body.localGet(state.columns)); // prettier-ignore
    body.localGet(packedRight);
    body.localGet(state.panels);
    body.localGet(panelBytes);
    body.op("i32.mul");
    body.op("i32.add");
    body.localSet(tailAt);
    if (tail > 0)
      whenLastStrip(() =>
        callPack(
          kernels.packRight(tail),
          () => sum(body, state.rightBlock, [state.panels, tileColumns * rowStride(right)]),
          tailAt,
          () => body.i32Const(1),
          () => sum(body, state.columns, [state.panels, 4 * tileColumns]),
        ),
      );
  } else {
    body.localGet(state.rightBlock);
    body.localSet(packedRight);
    body.i32Const(tileColumns * rowStride(right));
    body.localSet(panelBytes);
    body.localGet(packedRight);
    body.localGet(state.panels);
    body.localGet(panelBytes);
    body.op("i32.mul");
    body.op("i32.add");
    body.localSet(tailAt);
  }

  const edges = [...new Set(plan.edges)].map((height) => ({
    height,
    count: plan.edges.filter((one) => one === height).length,
  }));
  const leftStride = rowStride(left);
  const leftRow = named("left_row");
  const outRow = named("out_row");
  const packedLeft = named("packed_left");
  const rowTable = named("row_table");
  const firstTile = named("first_tile");
  const edgeLeft = edges.map(() => named("edge_left"));
  const edgeOut = edges.map(() => named("edge_out"));
  const right1 = named("right_panel");

  body.localGet(position);
  body.localSet(state.block);
  repeat(
    body,
    named("blocks_left"),
    () => body.localGet(run),
    false,
    () => {
      const whenLastBlock = (inner: () => void): void => whenLast(body, state.block, blocks, inner);
      body.localGet(state.block);
      scale(body, plan.blockTiles);
      body.localSet(firstTile);
      minimum(
        body,
        state.tiles,
        () => body.i32Const(plan.blockTiles),
        () => {
          body.i32Const(plan.tiles);
          body.localGet(firstTile);
          body.op("i32.sub");
        },
      );
      setSum(body, leftRow, state.leftBlock, [firstTile, tileRows * leftStride]);
      setSum(body, outRow, state.outStrip, [firstTile, tileRows * plan.outRow]);
      if (left.packed && left.stride === "table")
        setSum(body, rowTable, paramWork, work.rowTable, [firstTile, 4 * tileRows]);
      // Rows after the whole tiles of the last block.
      let before = 0;
      edges.forEach(({ height, count }, i) => {
        setSum(body, edgeOut[i] ?? 0, outRow, [state.tiles, tileRows * plan.outRow], before * plan.outRow);
        setSum(body, edgeLeft[i] ?? 0, leftRow, [state.tiles, tileRows * leftStride], before * leftStride);
        before += height * count;
      });
      if (left.packed) {
        setSum(body, packedLeft, paramWork, work.left);
        if (plan.tiles > 0)
        callPack(kernels.packLeft(tileRows), () => body.localGet(leftRow), packedLeft, () => body.localGet(state.tiles), () => body.localGet(rowTable)); // prettier-ignore
        whenLastBlock(() => {
          let rows = 0;
          edges.forEach(({ height, count }, i) => {
            const source = edgeLeft[i] ?? 0;
            const target = named("edge_packed");
            body.localGet(packedLeft);
            body.localGet(state.tiles);
            scale(body, tileRows);
            body.i32Const(rows);
            body.op("i32.add");
            body.localGet(state.depth);
            body.op("i32.mul");
            scale(body, lanes.bytes);
            body.op("i32.add");
            body.localSet(target);
            const first = rows;
            callPack(
              kernels.packLeft(height),
              () => body.localGet(source),
              target,
              () => body.i32Const(count),
              () => sum(body, rowTable, [state.tiles, 4 * tileRows], 4 * first),
            );
            body.localGet(target);
            body.localSet(source);
            rows += height * count;
          });
        });
        body.localGet(packedLeft);
        body.localSet(leftRow);
      }
      const callTile = (
        kernel: Callable,
        leftAt: number,
        rightAt: number,
        outAt: number,
        count: () => void,
      ): void => {
        for (const local of [leftAt, rightAt, outAt]) body.localGet(local);
        count();
        for (const local of [state.depth, state.table, state.add]) body.localGet(local);
        sum(body, paramWork, work.scratch);
        body.call(kernel);
      };
      if (plan.shallow) {
        const depth = Math.min(plan.sums, contractBlock);
        const panelStep = tileColumns * (right.packed ? depth * lanes.bytes : rowStride(right));
        const tailOut = named("tail_out");
        /** All columns of some rows, tile after tile. */
        const along = (height: number, leftAt: number, outAt: number, count: () => void): void =>
          repeat(body, named("tiles_left"), count, false, () => {
            const step = { left: 0, right: panelStep, out: tileColumns * plan.outColumn };
            const kernel = kernels.tile(height, tileColumns, step);
            callTile(kernel, leftAt, packedRight, outAt, () => body.localGet(state.panels));
            if (tail > 0)
              whenLastStrip(() => {
                setSum(body, tailOut, outAt, [state.panels, tileColumns * plan.outColumn]);
                callTile(kernels.tile(height, tail), leftAt, tailAt, tailOut, () => body.i32Const(1));
              });
            advance(body, leftAt, height * (left.packed ? depth * lanes.bytes : leftStride));
            advance(body, outAt, height * plan.outRow);
          });
        if (plan.tiles > 0) along(tileRows, leftRow, outRow, () => body.localGet(state.tiles));
        if (edges.length > 0)
          whenLastBlock(() =>
            edges.forEach(({ height, count }, i) =>
              along(height, edgeLeft[i] ?? 0, edgeOut[i] ?? 0, () => body.i32Const(count)),
            ),
          );
        advance(body, state.block, 1);
        return;
      }
      const column = (columns: number, rightAt: number): void => {
        const call = (height: number, leftAt: number, outAt: number, count: () => void): void =>
          callTile(kernels.tile(height, columns), leftAt, rightAt, outAt, count);
        if (plan.tiles > 0) call(tileRows, leftRow, outRow, () => body.localGet(state.tiles));
        if (edges.length === 0) return;
        whenLastBlock(() =>
          edges.forEach(({ height, count }, i) =>
            call(height, edgeLeft[i] ?? 0, edgeOut[i] ?? 0, () => body.i32Const(count)),
          ),
        );
      };
      if (plan.panels > 0) {
        body.localGet(packedRight);
        body.localSet(right1);
        repeat(
          body,
          named("panels_left"),
          () => body.localGet(state.panels),
          false,
          () => {
            column(tileColumns, right1);
            setSum(body, right1, right1, [panelBytes, 1]);
            for (const local of [outRow, ...edgeOut]) advance(body, local, tileColumns * plan.outColumn);
          },
        );
      }
      if (tail > 0) whenLastStrip(() => column(tail, tailAt));
      advance(body, state.block, 1);
    },
  );
}
