import { depthBytes, rowStride } from "../../../../codegen/contract/operands.ts";
import type { BlocksMethod, ContractPlan, WorkLayout } from "../../../../codegen/contract/plan.ts";
import { isWholeTable, stripWidth, usesTable } from "../../../../codegen/contract/plan.ts";
import type { Axis } from "../../../../codegen/contract/shape.ts";
import { sizeOf } from "../../../../codegen/contract/shape.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { Body, Callable, Label } from "../../encode/body.ts";
import type { Term } from "./emit.ts";
import { advance, minimum, repeat, scale, setSum, sum, whenEqual, whenLast } from "./emit.ts";
import { makeOdometer, resetOdometer, writeTable } from "./tables.ts";
import type { Kernels } from "./units.ts";
import { eachRun, findGroup, paramKept, paramWork } from "./units.ts";

/** Writes the function of a contraction that has blocks of rows, strips of columns and blocks of summands. */
export function writeDriver(body: Body, plan: ContractPlan, method: BlocksMethod, kernels: Kernels): void {
  const { vector, left, right, sums, tileColumns } = plan;
  const { parts, strips, sumBlocks, work } = method;
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
    parts,
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
    packedRight: named("packed_right"),
    isPacked: named("is_packed"),
    tiles: named("tiles"),
  };

  const hasTable = usesTable(plan);
  const odometer = makeOdometer(body, hasTable ? plan.shape.sums : [], ["left", "right"]);
  const isWhole = isWholeTable(plan);
  setSum(body, state.table, paramWork, work.sumTable);
  if (hasTable && isWhole) {
    resetOdometer(body, odometer);
    writeTable(body, odometer, state.table, vector.bytes, () => body.i32Const(sums));
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
    writeTable(body, own, rest, vector.bytes, () => body.i32Const(sizeOf(axes)));
  };
  operandTable(right.packed, right.stride, right.axes, "right", work.columnTable);
  operandTable(left.packed, left.stride, left.axes, "left", work.rowTable);

  if (plan.keepsStrip) {
    body.localGet(paramKept);
    body.op("i32.eqz");
    body.if();
    body.localGet(paramWork);
    body.i32Const(0);
    body.memory("i32.store", work.packedStrip);
    body.end();
  }
  eachRun(body, unit, parts, position, run, () => {
    body.localGet(unit);
    if (parts > 1) {
      body.i32Const(parts);
      body.op("i32.div_u");
    }
    body.localSet(rest);
    if (plan.keepsStrip) {
      const number = named("strip_number");
      setSum(body, number, rest, 1);
      body.localGet(paramWork);
      body.memory("i32.load", work.packedStrip);
      body.localGet(number);
      body.op("i32.eq");
      body.localSet(state.isPacked);
      body.localGet(paramWork);
      body.localGet(number);
      body.memory("i32.store", work.packedStrip);
    }
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
    if (hasTable && (isWhole || sumBlocks > 1)) setSum(body, state.table, paramWork, work.sumTable);
    if (hasTable && !isWhole) resetOdometer(body, odometer);
    if (right.packed) setSum(body, state.packedRight, paramWork, work.right);

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
      if (hasTable && !isWhole)
        writeTable(body, odometer, state.table, vector.bytes, () => body.localGet(state.depth));
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
        if (hasTable && isWhole) advance(body, state.table, 8 * contractBlock);
        if (plan.keepsStrip)
          advance(body, state.packedRight, stripWidth(plan) * contractBlock * vector.bytes);
        body.i32Const(1);
        body.localSet(state.add);
      },
    );
  });
}

/** Locals of a driver, and what it is made for. */
interface DriverState {
  readonly body: Body;
  readonly plan: ContractPlan;
  readonly kernels: Kernels;
  readonly work: WorkLayout;
  /** Parts of a strip, and strips of a group. */
  readonly parts: number;
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
  /** Where the packed columns of the block of summands are, or go, and whether they are there already. */
  readonly packedRight: number;
  readonly isPacked: number;
  /** Tiles of the block of rows. */
  readonly tiles: number;
}

/** The parts `position` … `position + run` − 1 of one strip and one block of summands, by blocks of rows. */
function oneSumBlock(state: DriverState, position: number, run: number): void {
  const { body, plan, kernels, work, parts, strips, packedRight } = state;
  const { vector, left, right, tileRows, tileColumns, tail } = plan;
  const named = (name: string): number => body.local("i32", name);
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
    body.localGet(state.depth);
    scale(body, tileColumns * vector.bytes);
    body.localSet(panelBytes);
    body.localGet(packedRight);
    body.localGet(state.panels);
    body.localGet(panelBytes);
    body.op("i32.mul");
    body.op("i32.add");
    body.localSet(tailAt);
    if (plan.keepsStrip) {
      body.localGet(state.isPacked);
      body.op("i32.eqz");
      body.if();
    }
    if (plan.panels > 0)
      callPack(kernels.packRight(tileColumns), () => body.localGet(state.rightBlock), packedRight, () => body.localGet(state.panels), () => body.localGet(state.columns)); // prettier-ignore
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
    if (plan.keepsStrip) body.end();
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
  const nextTile = named("next_tile");
  const endTile = named("end_tile");
  const edgeLeft = edges.map(() => named("edge_left"));
  const edgeOut = edges.map(() => named("edge_out"));
  const right1 = named("right_panel");

  // Where there are no whole tiles, one block has the edges.
  const isOneBlock = parts === 1 && plan.blockTiles >= plan.tiles;
  const whenLastBlock = (inner: () => void): void =>
    isOneBlock ? inner() : whenEqual(body, nextTile, plan.tiles, inner);
  let again: Label | undefined;
  if (isOneBlock) {
    body.i32Const(plan.tiles);
    body.localSet(state.tiles);
  } else {
    const startOf = (to: number, ...terms: readonly Term[]): void => {
      sum(body, position, ...terms);
      scale(body, plan.partTiles);
      body.localSet(to);
    };
    startOf(firstTile);
    startOf(nextTile, [run, 1]);
    minimum(body, endTile, () => body.localGet(nextTile), () => body.i32Const(plan.tiles)); // prettier-ignore
    again = body.loop();
    minimum(body, state.tiles, () => body.i32Const(plan.blockTiles), () => sum(body, endTile, [firstTile, -1])); // prettier-ignore
    setSum(body, nextTile, firstTile, [state.tiles, 1]);
  }
  const toNextBlock = (): void => {
    if (again === undefined) return;
    body.localGet(nextTile);
    body.localTee(firstTile);
    body.localGet(endTile);
    body.op("i32.lt_u");
    body.brIf(again);
    body.end();
  };
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
        scale(body, vector.bytes);
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
    const panelStep = tileColumns * (right.packed ? depthBytes(plan) : rowStride(right));
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
        advance(body, leftAt, height * (left.packed ? depthBytes(plan) : leftStride));
        advance(body, outAt, height * plan.outRow);
      });
    if (plan.tiles > 0) along(tileRows, leftRow, outRow, () => body.localGet(state.tiles));
    if (edges.length > 0)
      whenLastBlock(() =>
        edges.forEach(({ height, count }, i) =>
          along(height, edgeLeft[i] ?? 0, edgeOut[i] ?? 0, () => body.i32Const(count)),
        ),
      );
    return toNextBlock();
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
  toNextBlock();
}
