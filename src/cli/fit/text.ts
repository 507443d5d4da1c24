import { showNumber } from "../../pictures/viz/index.ts";
import { visible } from "../help.ts";
import type { Paint } from "../shared/style.ts";
import { wrap } from "../shared/wrap.ts";
import { drawPlot } from "./plot.ts";
import {
  closePairs,
  constraintRows,
  figures,
  type FitReport,
  multiplierWords,
  parameterRows,
  searchWords,
  warnings,
} from "./report.ts";
import { counted } from "../shared/words.ts";

const widest = 100; // size of a drawing in cells

/** Shows the fit for a terminal or a file. */
export function showFit(report: FitReport, paint: Paint, columns: number | undefined): string {
  const { formula, drawing, settings } = report;
  const width = Math.max(40, Math.min(widest, columns ?? 80));
  const heading = (text: string): string => paint("bold", text);
  const noted = warnings(report).flatMap((text) =>
    wrap(text, width - 2).map((line, i) => (i === 0 ? `${paint("yellow", "!")} ${line}` : `  ${line}`)),
  );
  const pairs = closePairs(report);
  const { curve } = drawing;
  return [
    ...wrap(formula.text, width).map(heading),
    ...wrap(sourceWords(report), width).map((line) => paint("dim", line)),
    "",
    ...parameterTable(report, paint),
    "",
    ...constraintTable(report, paint, width),
    ...flow(
      figures(report).map(([name, value]) => `${paint("dim", name)} ${value}`),
      width,
    ),
    ...(pairs.length === 0
      ? []
      : flow(
          pairs.map(({ pair, correlation }, i) =>
            i === 0
              ? `${paint("dim", "correlation of")} ${pair} ${correlation.toFixed(3)}`
              : `${pair} ${correlation.toFixed(3)}`,
          ),
          width,
        )),
    ...wrap(searchWords(report), width).map((line) => paint("dim", line)),
    ...(noted.length === 0 ? [] : ["", ...noted]),
    "",
    `${heading(`${drawing.yName} against ${drawing.xName}`)}  ● data  ${paint("cyan", "⠒⠒")} ${drawing.kind === "curve" ? "fit" : "equal"}`,
    ...drawPlot(
      {
        points: { x: drawing.x, y: drawing.y },
        line: { x: curve.x, y: curve.value },
        columns: width,
        lines: 17,
        xName: drawing.xName,
      },
      paint,
    ),
    "",
    heading("Residuals"),
    ...drawPlot(
      {
        points: { x: drawing.x, y: drawing.residuals },
        line: { x: [curve.x[0]!, curve.x.at(-1)!], y: [0, 0] },
        columns: width,
        lines: 7,
        xName: drawing.xName,
      },
      paint,
    ),
    ...wrap(residualWords(report), width),
    ...(settings.loss === "squares"
      ? []
      : wrap(`Errors are approximate: ${settings.loss} counts large residuals less.`, width)),
    "",
  ].join("\n");
}

function parameterTable(report: FitReport, paint: Paint): string[] {
  const rows = parameterRows(report);
  return table(
    ["parameter", "value", "error", `${percent(report.settings.level)} interval`],
    rows.map(({ name, value, error, interval }) => [name, value, error, interval]),
    rows.map(({ remark }) => remark),
    paint,
  );
}

/** The constraints with their multipliers; nothing without them. */
function constraintTable(report: FitReport, paint: Paint, width: number): string[] {
  const rows = constraintRows(report);
  if (rows.length === 0) return [];
  const words = multiplierWords(report);
  return [
    ...table(
      ["constraint", "value", "multiplier"],
      rows.map((row) => row.slice(0, 3)),
      rows.map((row) => row[3]),
      paint,
    ),
    ...(words === "" ? [] : wrap(words, width).map((line) => paint("dim", line))),
    "",
  ];
}

function table(
  head: readonly string[],
  cells: readonly (readonly string[])[],
  remarks: readonly string[],
  paint: Paint,
): string[] {
  const widths = head.map((title, i) => Math.max(visible(title), ...cells.map((row) => visible(row[i]!))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const gap = " ".repeat(widths[i]! - visible(cell));
        return i === 0 ? cell + gap : gap + cell;
      })
      .join("  ");
  return [
    paint("dim", line(head)),
    ...cells.map((row, i) => {
      const remark = remarks[i]!;
      return remark === "" ? line(row) : `${line(row)}  ${paint("yellow", remark)}`;
    }),
  ];
}

/** Formats a fraction as a percentage: `95 %`. */
export function percent(level: number): string {
  return `${Number((level * 100).toPrecision(6))} %`;
}

/** Describes the fitted data. */
export function sourceWords({ source, data }: FitReport): string {
  return [`${source}: ${counted(data.rows, "row")}.`, ...data.notes].join(" ");
}

/** Describes the size of the residuals and the row of the largest. */
export function residualWords({ drawing, data, formula }: FitReport): string {
  const { residuals } = drawing;
  const sorted = Float64Array.from(residuals).sort();
  const at = (part: number): string => showNumber(sorted[Math.round(part * (sorted.length - 1))]!, 3);
  const far = residuals.reduce((best, r, i) => (Math.abs(r) > Math.abs(residuals[best]!) ? i : best), 0);
  const where = data.lines === undefined ? `row ${far + 1}` : `line ${data.lines[far]!}`;
  return `${formula.target} less the fit: from ${at(0)} over quartiles ${at(0.25)}, ${at(0.5)}, ${at(0.75)} to ${at(1)}; the largest in ${where}.`;
}

/** Lays out parts side by side, with the largest number per line that fits. */
function flow(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && visible(last) + 3 + visible(part) <= width) {
      lines[lines.length - 1] = `${last}   ${part}`;
    } else lines.push(part);
  }
  return lines;
}
