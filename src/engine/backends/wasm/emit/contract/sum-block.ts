import { depthBytes, rowStride } from "../../../../codegen/contract/operands.ts";
import type { Callable } from "../../encode/body.ts";
import type { IntCode } from "../../encode/integers.ts";
import type { Driver } from "./driver.ts";
import { paramWork, whenLast } from "./units.ts";

/**
 * Tiles of one height for the edge rows, which follow the whole tiles of the last block: `count` tiles, preceded by
 * `before` edge rows in other tiles.
 */
interface EdgeTiles {
  readonly height: number;
  readonly count: number;
  readonly before: number;
  /** Locals with the addresses of the rows of these tiles in the left operand and in `out`. */
  readonly left: number;
  readonly out: number;
}

/** Locals with addresses and counts for the rows of one block of summands. */
interface RowLocals {
  /**
   * Locals with tile numbers: the first whole tile of the block of rows, the first tile after the block, and the end of
   * the unit's tiles.
   */
  readonly firstTile: number;
  readonly nextTile: number;
  readonly endTile: number;
  readonly left: number;
  readonly out: number;
  readonly packedLeft: number;
  readonly rowTable: number;
  readonly edges: readonly EdgeTiles[];
  /** Writes code that only runs in the last block of rows, which contains the edges. */
  readonly whenLastBlock: (inner: () => void) => void;
}

/**
 * Locals for the right operand as the tiles of a strip read it: bytes per panel, and address of the columns after the
 * whole panels.
 */
interface ColumnPanels {
  readonly panelBytes: number;
  readonly tailAt: number;
}

/**
 * Writes code for the parts `position` … `position + run` − 1 of one strip and one block of summands, in blocks of
 * rows.
 */
export function writeSumBlock(driver: Driver): void {
  const { plan } = driver;
  const columns = findColumns(driver);
  const rows = openRows(driver);
  const panel = driver.body.local("i32", "right_panel");
  eachBlockOfRows(driver, rows, () => {
    findRows(driver, rows);
    if (plan.left.packed) packRows(driver, rows);
    if (plan.shallow) multiplyByRows(driver, rows, columns);
    else multiplyByColumns(driver, rows, columns, panel);
  });
}

function callPack(
  { body, int, depth, table }: Driver,
  kernel: Callable,
  source: IntCode,
  target: number,
  count: IntCode,
  distances: IntCode,
): void {
  int.put(source);
  body.localGet(target);
  int.put(count);
  body.localGet(depth);
  body.localGet(table);
  int.put(distances);
  body.call(kernel);
}

function callTile(
  driver: Driver,
  kernel: Callable,
  left: number,
  right: number,
  out: number,
  count: IntCode,
): void {
  const { body, int, depth, table, add, method } = driver;
  for (const local of [left, right, out]) body.localGet(local);
  int.put(count);
  for (const local of [depth, table, add]) body.localGet(local);
  int.put(int.plus(int.get(paramWork), method.work.scratch));
  body.call(kernel);
}

function whenLastStrip({ int, strip, method }: Driver, inner: () => void): void {
  whenLast(int, strip, method.strips, inner);
}

/** Locates the columns of the strip, and packs them if the plan requires it and they are not packed yet. */
function findColumns(driver: Driver): ColumnPanels {
  const { body, int, plan, packedRight, panels, rightBlock } = driver;
  const { get } = int;
  const { right, tileColumns, vector } = plan;
  const panelBytes = body.local("i32", "panel_bytes");
  const tailAt = body.local("i32", "tail_at");
  if (right.packed) {
    int.set(panelBytes, int.times(get(driver.depth), tileColumns * vector.bytes));
  } else {
    int.set(packedRight, get(rightBlock));
    int.set(panelBytes, tileColumns * rowStride(right));
  }
  int.set(tailAt, int.plus(get(packedRight), int.times(get(panels), get(panelBytes))));
  if (right.packed && plan.keepsStrip)
    int.when(int.isZero(get(driver.isPacked)), () => packColumns(driver, tailAt));
  else if (right.packed) packColumns(driver, tailAt);
  return { panelBytes, tailAt };
}

function packColumns(driver: Driver, tailAt: number): void {
  const { int, plan, kernels, packedRight, panels, rightBlock, columns } = driver;
  const { get, plus, times } = int;
  const { right, tileColumns, tail } = plan;
  if (plan.panels > 0)
    callPack(driver, kernels.packRight(tileColumns), get(rightBlock), packedRight, get(panels), get(columns));
  if (tail === 0) return;
  whenLastStrip(driver, () =>
    callPack(
      driver,
      kernels.packRight(tail),
      plus(get(rightBlock), times(get(panels), tileColumns * rowStride(right))),
      tailAt,
      1,
      plus(get(columns), times(get(panels), 4 * tileColumns)),
    ),
  );
}

function openRows({ body, int, plan, method }: Driver): RowLocals {
  const named = (name: string): number => body.local("i32", name);
  const [left, out] = [named("left_row"), named("out_row")];
  const [packedLeft, rowTable] = [named("packed_left"), named("row_table")];
  const [firstTile, nextTile, endTile] = [named("first_tile"), named("next_tile"), named("end_tile")];
  const heights = [...new Set(plan.edges)];
  const edgeLeft = heights.map(() => named("edge_left"));
  const edgeOut = heights.map(() => named("edge_out"));
  let before = 0;
  const edges = heights.map((height, i): EdgeTiles => {
    const count = plan.edges.filter((one) => one === height).length;
    const edge = { height, count, before, left: edgeLeft[i]!, out: edgeOut[i]! };
    before += height * count;
    return edge;
  });
  return {
    firstTile,
    nextTile,
    endTile,
    left,
    out,
    packedLeft,
    rowTable,
    edges,
    whenLastBlock(inner) {
      if (method.isOneBlock) inner();
      else int.when(int.equal(int.get(nextTile), plan.tiles), inner);
    },
  };
}

/** Writes the loop over the blocks of rows of a unit's parts. Without whole tiles, a single block contains all rows. */
function eachBlockOfRows(
  driver: Driver,
  { firstTile, nextTile, endTile }: RowLocals,
  inner: () => void,
): void {
  const { body, int, plan, method, position, run, tiles } = driver;
  const { get, plus, times } = int;
  if (method.isOneBlock) {
    int.set(tiles, plan.tiles);
    return inner();
  }
  int.set(firstTile, times(get(position), plan.partTiles));
  int.set(nextTile, times(plus(get(position), get(run)), plan.partTiles));
  int.setMinimum(endTile, get(nextTile), plan.tiles);
  const block = (): void => {
    int.setMinimum(tiles, plan.blockTiles, plus(get(endTile), times(get(firstTile), -1)));
    int.set(nextTile, plus(get(firstTile), get(tiles)));
    inner();
    body.localGet(nextTile);
  };
  return int.doWhile(
    block,
    int.below(() => body.localTee(firstTile), get(endTile)),
  );
}

/** Computes the addresses of the rows of a block, and those of the rows after its last whole tile. */
function findRows({ int, plan, method, leftBlock, outStrip, tiles }: Driver, rows: RowLocals): void {
  const { get, plus, times } = int;
  const { left, tileRows, outRow } = plan;
  const leftRow = rowStride(left);
  const first = get(rows.firstTile);
  int.set(rows.left, plus(get(leftBlock), times(first, tileRows * leftRow)));
  int.set(rows.out, plus(get(outStrip), times(first, tileRows * outRow)));
  if (left.packed && left.stride === "table")
    int.set(rows.rowTable, plus(get(paramWork), times(first, 4 * tileRows), method.work.rowTable));
  for (const edge of rows.edges) {
    int.set(edge.out, plus(get(rows.out), times(get(tiles), tileRows * outRow), edge.before * outRow));
    int.set(edge.left, plus(get(rows.left), times(get(tiles), tileRows * leftRow), edge.before * leftRow));
  }
}

/** Packs the rows of a block, which are then read from the packed memory. */
function packRows(driver: Driver, rows: RowLocals): void {
  const { body, int, plan, method, kernels, tiles } = driver;
  const { get, plus, times } = int;
  const { tileRows, vector } = plan;
  const { packedLeft, rowTable } = rows;
  int.set(packedLeft, plus(get(paramWork), method.work.left));
  if (plan.tiles > 0)
    callPack(driver, kernels.packLeft(tileRows), get(rows.left), packedLeft, get(tiles), get(rowTable));
  rows.whenLastBlock(() => {
    for (const { height, count, before, left } of rows.edges) {
      const target = body.local("i32", "edge_packed");
      const rowsBefore = plus(times(get(tiles), tileRows), before);
      const bytesBefore = times(times(rowsBefore, get(driver.depth)), vector.bytes);
      int.set(target, plus(get(packedLeft), bytesBefore));
      const distances = plus(get(rowTable), times(get(tiles), 4 * tileRows), 4 * before);
      callPack(driver, kernels.packLeft(height), get(left), target, count, distances);
      int.set(left, get(target));
    }
  });
  int.set(rows.left, get(packedLeft));
}

/** Multiplies along the rows of `out`, tile after tile, for short sums. */
function multiplyByRows(driver: Driver, rows: RowLocals, { tailAt }: ColumnPanels): void {
  const { body, int, plan, kernels, panels, packedRight, tiles } = driver;
  const { get, plus, times } = int;
  const { left, right, tileRows, tileColumns, tail, outColumn } = plan;
  const panelStep = tileColumns * (right.packed ? depthBytes(plan) : rowStride(right));
  const rowStep = left.packed ? depthBytes(plan) : rowStride(left);
  const tailOut = body.local("i32", "tail_out");
  const along = (height: number, leftAt: number, outAt: number, count: IntCode): void =>
    int.repeat(body.local("i32", "tiles_left"), count, () => {
      const step = { left: 0, right: panelStep, out: tileColumns * outColumn };
      callTile(driver, kernels.tile(height, tileColumns, step), leftAt, packedRight, outAt, get(panels));
      if (tail > 0)
        whenLastStrip(driver, () => {
          int.set(tailOut, plus(get(outAt), times(get(panels), tileColumns * outColumn)));
          callTile(driver, kernels.tile(height, tail), leftAt, tailAt, tailOut, 1);
        });
      int.advance(leftAt, height * rowStep);
      int.advance(outAt, height * plan.outRow);
    });
  if (plan.tiles > 0) along(tileRows, rows.left, rows.out, get(tiles));
  if (rows.edges.length > 0)
    rows.whenLastBlock(() => {
      for (const { height, count, ...edge } of rows.edges) along(height, edge.left, edge.out, count);
    });
}

/** Multiplies down the columns of `out`, panel after panel: all tiles of a panel, then those of the next panel. */
function multiplyByColumns(
  driver: Driver,
  rows: RowLocals,
  { panelBytes, tailAt }: ColumnPanels,
  panel: number,
): void {
  const { body, int, plan, kernels, panels, packedRight, tiles } = driver;
  const { get } = int;
  const { tileRows, tileColumns, tail } = plan;
  const down = (columns: number, rightAt: number): void => {
    const call = (height: number, leftAt: number, outAt: number, count: IntCode): void =>
      callTile(driver, kernels.tile(height, columns), leftAt, rightAt, outAt, count);
    if (plan.tiles > 0) call(tileRows, rows.left, rows.out, get(tiles));
    if (rows.edges.length === 0) return;
    rows.whenLastBlock(() => {
      for (const { height, count, left, out } of rows.edges) call(height, left, out, count);
    });
  };
  if (plan.panels > 0) {
    int.set(panel, get(packedRight));
    int.repeat(body.local("i32", "panels_left"), get(panels), () => {
      down(tileColumns, panel);
      int.advance(panel, get(panelBytes));
      for (const local of [rows.out, ...rows.edges.map(({ out }) => out)])
        int.advance(local, tileColumns * plan.outColumn);
    });
  }
  if (tail > 0) whenLastStrip(driver, () => down(tail, tailAt));
}
