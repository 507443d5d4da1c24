import type { OperandPlan } from "../../../../codegen/contract/operands.ts";
import { rowStride } from "../../../../codegen/contract/operands.ts";
import type { BlocksMethod, ContractPlan } from "../../../../codegen/contract/plan.ts";
import { isWholeTable, stripWidth, usesTable } from "../../../../codegen/contract/plan.ts";
import { sizeOf } from "../../../../codegen/contract/shape.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { FunctionBody } from "../../encode/body.ts";
import type { Integers } from "../../encode/integers.ts";
import { integersOf } from "../../encode/integers.ts";
import { writeSumBlock } from "./sum-block.ts";
import type { Odometer } from "./tables.ts";
import { makeOdometer, resetOdometer, writeTable } from "./tables.ts";
import type { Kernels, AddressLocals } from "./units.ts";
import { eachRun, findGroup, paramKept, paramWork } from "./units.ts";

/** State of the code generator for the function of a blocked contraction: its plan and its locals. */
export interface Driver {
  readonly body: FunctionBody;
  readonly int: Integers;
  readonly plan: ContractPlan;
  readonly method: BlocksMethod;
  readonly kernels: Kernels;
  /**
   * Locals for a run of units: `unit` contains the first unit, `position` the index of its part within the strip, and
   * `run` the number of units.
   */
  readonly unit: number;
  readonly position: number;
  readonly run: number;
  /** Locals with the addresses of the operands for the current group of products. */
  readonly places: AddressLocals;
  readonly strip: number;
  /**
   * Local with the quotient that remains while the number of a unit is decomposed into part, strip and group; also a
   * temporary.
   */
  readonly rest: number;
  /**
   * Locals with the number of whole panels of the current strip (`panels`) and the index of its first panel
   * (`firstPanel`).
   */
  readonly panels: number;
  readonly firstPanel: number;
  /**
   * Locals with the number of summands of the current block (`depth`), and with 0 for the first block and 1 for later
   * ones (`add`).
   */
  readonly depth: number;
  readonly add: number;
  /** Local with the address of the distance table of the block's summands. */
  readonly table: number;
  /**
   * Locals with the addresses of the operands at the start of the block of summands. The addresses of the right operand
   * and of `out` are also at the start of the strip.
   */
  readonly leftBlock: number;
  readonly rightBlock: number;
  readonly outStrip: number;
  /** Local with the address of the distance table of the strip's columns. */
  readonly columns: number;
  /**
   * Locals with the address of the packed columns of the block of summands, and with 1 if they are packed already
   * (`isPacked`).
   */
  readonly packedRight: number;
  readonly isPacked: number;
  /** Local with the number of tiles of the current block of rows. */
  readonly tiles: number;
}

function openDriver(body: FunctionBody, plan: ContractPlan, method: BlocksMethod, kernels: Kernels): Driver {
  const named = (name: string): number => body.local("i32", name);
  return {
    body,
    int: integersOf(body),
    plan,
    method,
    kernels,
    unit: named("unit"),
    position: named("position"),
    run: named("run"),
    places: { out: named("out_at"), left: named("left_at"), right: named("right_at") },
    strip: named("strip"),
    rest: named("rest"),
    panels: named("panels"),
    firstPanel: named("first_panel"),
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
}

/**
 * Writes the function of a contraction with strips of columns, blocks of summands and blocks of rows. It iterates over
 * runs of units, which are parts of one strip, and within each run over the blocks of summands.
 */
export function writeDriver(
  body: FunctionBody,
  plan: ContractPlan,
  method: BlocksMethod,
  kernels: Kernels,
): void {
  const driver = openDriver(body, plan, method, kernels);
  const { int } = driver;
  const { get } = int;
  const odometer = makeOdometer(body, usesTable(plan) ? plan.shape.sums : [], ["left", "right"]);
  writeTables(driver, odometer);
  if (plan.keepsStrip)
    int.when(int.isZero(get(paramKept)), () => int.store(get(paramWork), method.work.packedStrip, 0));
  eachRun(body, int, driver.unit, method.parts, driver.position, driver.run, () => {
    findStrip(driver);
    startSums(driver, odometer);
    writeSums(driver, odometer);
  });
}

/**
 * Writes the distance tables that stay constant for the whole call: the tables of packed columns and rows, and the
 * table of the summands if it covers all of them.
 */
function writeTables({ body, int, plan, method, table, rest }: Driver, odometer: Odometer): void {
  const { get, plus } = int;
  const { left, right, sums, vector } = plan;
  int.set(table, plus(get(paramWork), method.work.sumTable));
  if (usesTable(plan) && isWholeTable(plan)) {
    resetOdometer(int, odometer);
    writeTable(body, int, odometer, table, vector.bytes, sums);
  }
  const write = ({ packed, stride, axes }: OperandPlan, operand: "left" | "right", at: number): void => {
    if (!packed || stride !== "table") return;
    const own = makeOdometer(body, axes, [operand]);
    int.set(rest, plus(get(paramWork), at));
    resetOdometer(int, own);
    writeTable(body, int, own, rest, vector.bytes, sizeOf(axes));
  };
  write(right, "right", method.work.columnTable);
  write(left, "left", method.work.rowTable);
}

/**
 * Computes strip and group from the number of a unit, and determines whether the strip's columns are packed already.
 */
function findStrip({ body, int, plan, method, ...driver }: Driver): void {
  const { parts, strips, work } = method;
  const { get } = int;
  const { rest, strip, panels, firstPanel, places } = driver;
  int.set(rest, parts > 1 ? int.over(get(driver.unit), parts) : get(driver.unit));
  if (plan.keepsStrip) {
    const number = body.local("i32", "strip_number");
    int.set(number, int.plus(get(rest), 1));
    int.set(driver.isPacked, int.equal(int.load(get(paramWork), work.packedStrip), get(number)));
    int.store(get(paramWork), work.packedStrip, get(number));
  }
  if (strips > 1) {
    int.set(strip, int.modulo(get(rest), strips));
    int.set(rest, int.over(get(rest), strips));
  }
  findGroup(body, int, plan, rest, places);
  int.set(firstPanel, int.times(get(strip), plan.stripPanels));
  int.setMinimum(panels, plan.stripPanels, int.minus(plan.panels, get(firstPanel)));
}

/** Sets all locals to the state before the first block of summands of a strip. */
function startSums({ int, plan, method, ...driver }: Driver, odometer: Odometer): void {
  const { get, plus, times } = int;
  const { right, tileColumns } = plan;
  const { work, sumBlocks } = method;
  const { places, firstPanel, table } = driver;
  const panelsBefore = get(firstPanel);
  int.set(driver.outStrip, plus(get(places.out), times(panelsBefore, tileColumns * plan.outColumn)));
  if (right.stride === "table") {
    const entriesBefore = times(panelsBefore, 4 * tileColumns);
    int.set(driver.columns, plus(get(paramWork), entriesBefore, work.columnTable));
  }
  int.set(driver.rightBlock, plus(get(places.right), times(panelsBefore, tileColumns * rowStride(right))));
  int.set(driver.leftBlock, get(places.left));
  int.set(driver.add, 0);
  if (usesTable(plan) && (isWholeTable(plan) || sumBlocks > 1))
    int.set(table, plus(get(paramWork), work.sumTable));
  if (usesTable(plan) && !isWholeTable(plan)) resetOdometer(int, odometer);
  if (right.packed) int.set(driver.packedRight, plus(get(paramWork), work.right));
}

/** Writes the loop over the blocks of summands, which adds the products of each block to `out`. */
function writeSums(driver: Driver, odometer: Odometer): void {
  const { body, int, plan, method } = driver;
  const { vector, left, right } = plan;
  const remaining = body.local("i32", "remaining");
  int.set(remaining, plan.sums);
  const one = (): void => {
    int.setMinimum(driver.depth, contractBlock, int.get(remaining));
    if (usesTable(plan) && !isWholeTable(plan))
      writeTable(body, int, odometer, driver.table, vector.bytes, int.get(driver.depth));
    writeSumBlock(driver);
  };
  if (method.sumBlocks === 1) return one();
  const toNext = (): void => {
    int.advance(remaining, -contractBlock);
    if (left.walk.kind === "stride") int.advance(driver.leftBlock, left.walk.bytes * contractBlock);
    if (right.walk.kind === "stride") int.advance(driver.rightBlock, right.walk.bytes * contractBlock);
    if (usesTable(plan) && isWholeTable(plan)) int.advance(driver.table, 8 * contractBlock);
    if (plan.keepsStrip) int.advance(driver.packedRight, stripWidth(plan) * contractBlock * vector.bytes);
    int.set(driver.add, 1);
  };
  int.repeat(body.local("i32", "blocks_left"), method.sumBlocks, () => {
    one();
    toNext();
  });
}
