import { cells } from "../../engine/util/cells.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import type { Paint } from "../shared/style.ts";
import { percent } from "../train/output.ts";
import { type ComparedCurve, type ComparedRun, curvesOf, differencesOf } from "./runs.ts";

/** A row of a table: its label, and one cell per run. */
export type CompareRow = readonly [name: string, ...cells: string[]];

/**
 * Returns the rows of the table of results: epochs, steps, seconds, and the final value of each curve, with the best
 * epoch for held-out data.
 */
export function resultRows(runs: readonly ComparedRun[]): CompareRow[] {
  const seconds = ({ history }: ComparedRun): number =>
    history.reduce((sum, record) => sum + record.seconds, 0);
  return [
    ["epochs", ...runs.map(({ history }) => String(history.length))],
    ["steps", ...runs.map(({ steps }) => steps.toLocaleString("en"))],
    ["seconds", ...runs.map((run) => showNumber(seconds(run), 3))],
    ...curvesOf(runs).map((curve): CompareRow => [
      curve.title.toLowerCase(),
      ...runs.map((_, i) => endOf(curve, i)),
    ]),
  ];
}

/**
 * Formats the last value of a curve in one run; `–` for a run without the curve. For losses and percentages, it adds
 * the best value (lowest loss, highest percentage) if that is another one.
 */
function endOf({ title, unit, values }: ComparedCurve, run: number): string {
  const all = values.get(run);
  if (all === undefined) return "–";
  const show = (value: number): string => (unit === "percent" ? percent(value) : showNumber(value, 4));
  const last = all.at(-1)!;
  const shown = Number.isFinite(last) ? show(last) : "–";
  const isLoss = title.endsWith("loss");
  if (!isLoss && unit !== "percent") return shown;
  const finite = all.filter(Number.isFinite);
  const best = finite.reduce((a, b) => (isLoss ? Math.min(a, b) : Math.max(a, b)));
  return best === last ? shown : `${shown} (best ${show(best)} in epoch ${all.indexOf(best) + 1})`;
}

/** Shows the results and differences of the runs as tables for a terminal or a file. */
export function showComparison(runs: readonly ComparedRun[], paint: Paint): string {
  const differences = differencesOf(runs);
  const head: CompareRow = ["", ...runs.map(({ name }) => name)];
  return [
    ...table([head, ...resultRows(runs)], paint),
    "",
    ...(differences.length === 0
      ? [paint("dim", "The runs have the same settings.")]
      : [paint("bold", "Differing settings"), ...table([head, ...differences], paint)]),
    "",
  ].join("\n");
}

function table(rows: readonly CompareRow[], paint: Paint): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => cells(row[i]!))));
  return rows.map((row, line) =>
    row
      .map((cell, i) => {
        const text = line === 0 ? paint("bold", cell) : i === 0 ? paint("dim", cell) : cell;
        return i === row.length - 1 ? text : text + " ".repeat(widths[i]! - cells(cell));
      })
      .join("  ")
      .trimEnd(),
  );
}
