import { internalError } from "../../errors/index.ts";
import type { ContractPlan, WorkLayout } from "./plan.ts";
import { printContractPlan } from "./print.ts";
import { sizeOf } from "./shape.ts";

/**
 * Checks that a plan computes each element exactly once: tiles and panels cover the rows and columns, parts cover the
 * tiles, and regions of work memory do not overlap.
 * @throws DownhillError `internal` with the printed plan.
 */
export function checkContractPlan(plan: ContractPlan): void {
  const holds = (isTrue: boolean, what: string): void => {
    if (!isTrue) throw internalError(`invalid plan: ${what}:\n${printContractPlan(plan)}`);
  };
  const { shape, method, rows, columns, sums, tiles, tileRows, panels, tileColumns, tail } = plan;
  const all = [shape.groups, shape.rows, shape.columns].reduce((size, axes) => size * sizeOf(axes), 1);
  holds(sizeOf(plan.groups) * rows * columns === all, "groups, rows and columns do not match those of out");
  holds(sizeOf(shape.sums) === sums, "the number of summands does not match the shape");
  if (method.kind === "nothing") {
    holds(all === 0 && plan.units === 0, "elements are missing");
    return;
  }
  const edgeRows = plan.edges.reduce((total, height) => total + height, 0);
  holds(tiles * tileRows + edgeRows === rows, "tiles do not cover the rows");
  holds(panels * tileColumns + tail === columns, "panels do not cover the columns");
  const groups = sizeOf(plan.groups);
  if (method.kind === "tiny") holds(plan.units === groups, "units and groups differ in number");
  if (method.kind === "stream") {
    const perPair = (columns - method.tail) / Math.max(1, method.pairs);
    holds(perPair === 2 * plan.vector.count, "pairs do not cover the columns");
    holds(
      method.parts * method.partPairs >= method.pairs && (method.parts - 1) * method.partPairs < method.pairs,
      "parts do not cover the pairs",
    );
    holds(plan.units === groups * method.parts, "units and parts differ in number");
  }
  if (method.kind === "blocks") {
    const { parts, strips } = method;
    holds(strips * plan.stripPanels >= panels, "strips do not cover the panels");
    holds(parts * plan.partTiles >= tiles, "parts do not cover the tiles");
    holds(plan.units === groups * strips * parts, "units and parts differ in number");
    holds(isApart(method.work), "work memory overlaps");
    holds(plan.workBytes === method.work.bytes, "work memory has the wrong size");
  }
}

/** True if the regions of the work memory are aligned and do not overlap. */
function isApart({
  packedStrip,
  sumTable,
  columnTable,
  rowTable,
  right,
  left,
  scratch,
  bytes,
}: WorkLayout): boolean {
  const starts = [packedStrip, sumTable, columnTable, rowTable, right, left, scratch, bytes];
  return starts.every((start, i) => start % 4 === 0 && (i === 0 || start >= starts[i - 1]!));
}
