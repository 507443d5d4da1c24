import type { OperandPlan } from "./operands.ts";
import type { ContractMethod, ContractPlan } from "./plan.ts";
import type { ContractAxis } from "./shape.ts";
import { sizeOf } from "./shape.ts";

/** Prints a plan for people and tests: the product, the tiles, how operands are read, and how the work is divided. */
export function printContractPlan(plan: ContractPlan): string {
  const { vector, shape, rows, columns, sums, tileRows, tiles, edges, tileColumns, panels, tail } = plan;
  const product = `${vector.type} ${rows}×${columns}×${sums}`;
  const batch = plan.groups.length === 0 ? "" : ` · ${sizeOf(plan.groups)} groups ${axesText(plan.groups)}`;
  const marks = [
    shape.swapped && "swapped",
    vector.fused && "fused",
    plan.wide && "pairs",
    plan.dots && "dots",
    plan.shallow && "shallow",
  ].filter((mark) => mark !== false);
  return [
    `contract ${product}${batch}${marks.map((mark) => ` · ${mark}`).join("")}`,
    `  tile ${tileRows}×${tileColumns}: ${tiles} of rows${edges.length > 0 ? ` + ${edges.join(" + ")}` : ""}, ` +
      `${panels} of columns${tail > 0 ? ` + ${tail}` : ""}`,
    `  left ${operandText(plan.left)}`,
    `  right ${operandText(plan.right)}`,
    `  ${methodText(plan, plan.method)}`,
    `  ${plan.units} units, ${plan.workBytes} B of work memory`,
  ].join("\n");
}

function axesText(axes: readonly ContractAxis[]): string {
  return `[${axes.map(({ size }) => size).join(", ")}]`;
}

function operandText({ packed, walk, stride, sideBySide }: OperandPlan): string {
  const along = walk.kind === "table" ? "by table" : `${walk.bytes} B`;
  const across = stride === "table" ? "by table" : `${stride} B`;
  return `${packed ? "packed" : "in place"}: next summand ${along}, next line ${across}${sideBySide ? ", side by side" : ""}`;
}

function methodText(plan: ContractPlan, method: ContractMethod): string {
  switch (method.kind) {
    case "nothing":
      return "nothing to do";
    case "tiny":
      return "tiny: a loop over groups";
    case "stream":
      return (
        `stream: ${method.terms} rows at a time, ${method.pairs} pairs in ${method.parts} parts` +
        `${method.tail > 0 ? ` + ${method.tail} columns` : ""}${method.direct ? ", sums in out" : ""}`
      );
    case "blocks":
      return (
        `blocks: ${method.strips} strips of ${plan.stripPanels} panels${plan.keepsStrip ? ", kept" : ""}, ` +
        `${method.parts} parts of ${plan.partTiles} tiles, ${method.sumBlocks} of summands, ` +
        `${plan.blockTiles} tiles per block`
      );
  }
}
