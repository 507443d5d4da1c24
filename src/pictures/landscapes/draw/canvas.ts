import { type AxisScale, tickWriter } from "../../plot/scale.ts";
import { cells } from "../../../engine/util/cells.ts";

/** Role of a piece of text, which determines its colour: a heading, background text (`soft`), or the index of a run. */
export type TextRole = "head" | "soft" | number;

/** Styles a piece of text, for example with terminal colours. */
export type TextPaint = (role: TextRole, text: string) => string;

interface CanvasCell {
  readonly text: string;
  readonly role: TextRole | undefined;
}

/** A rectangular grid of characters to draw on. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  /** Sets a character. Positions outside the canvas are ignored. */
  put(column: number, row: number, text: string, role?: TextRole): void;
  /**
   * Draws a straight line of characters between two positions, both included. A line of 100,000 characters or more, or
   * with a position that is not finite, is not drawn.
   */
  line(from: readonly [number, number], to: readonly [number, number], text: string, role?: TextRole): void;
  /** Returns the rows from the top, styled by `paint`. */
  lines(paint: TextPaint): string[];
}

/** Creates an empty canvas. */
export function makeCanvas(columns: number, rows: number): Canvas {
  const empty: CanvasCell = { text: " ", role: undefined };
  const grid = Array.from({ length: rows }, () => Array.from({ length: columns }, () => empty));
  const put: Canvas["put"] = (column, row, text, role) => {
    if (column < 0 || column >= columns || row < 0 || row >= rows) return;
    grid[row]![column] = { text, role };
  };
  return {
    columns,
    rows,
    put,
    line([x0, y0], [x1, y1], text, role) {
      const n = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
      if (!(n < 1e5)) return; // far outside
      for (let i = 0; i <= n; i++) {
        put(Math.round(x0 + ((x1 - x0) * i) / n), Math.round(y0 + ((y1 - y0) * i) / n), text, role);
      }
    },
    lines: (paint) =>
      grid.map((row) => {
        let line = "";
        for (let i = 0; i < row.length;) {
          const { role } = row[i]!;
          let run = "";
          for (; i < row.length && row[i]!.role === role; i++) run += row[i]!.text;
          line += role === undefined ? run : paint(role, run);
        }
        return line;
      }),
  };
}

/** Returns the lines of a canvas with the y axis on its left, the x axis below it, and their ticks and labels. */
export function withAxes(
  canvas: Canvas,
  paint: TextPaint,
  x: AxisScale,
  y: AxisScale,
  labels: { readonly x: string; readonly y: string },
): string[] {
  const marks = new Map<number, string>();
  const [showX, showY] = [tickWriter(x.ticks), tickWriter(y.ticks)];
  for (const tick of y.ticks) {
    const row = Math.round((1 - y.at(tick)) * (canvas.rows - 1));
    if (row >= 0 && row < canvas.rows && !marks.has(row)) marks.set(row, showY(tick));
  }
  const margin = Math.max(1, ...[...marks.values()].map((mark) => mark.length)) + 1;
  const rows = canvas.lines(paint).map((line, row) => {
    const mark = marks.get(row) ?? "";
    return `${paint("soft", `${mark.padStart(margin - 1)} ${mark === "" ? "│" : "┤"}`)}${line}`;
  });
  const axis = Array.from({ length: canvas.columns }, () => "─");
  let under = "";
  for (const tick of x.ticks) {
    const column = Math.round(x.at(tick) * (canvas.columns - 1));
    if (column < 0 || column >= canvas.columns) continue;
    axis[column] = "┬";
    const label = showX(tick);
    const start = Math.min(canvas.columns - label.length, Math.max(0, column - Math.floor(label.length / 2)));
    if (start > under.length || (start === 0 && under === "")) under = under.padEnd(start) + label;
  }
  const left = " ".repeat(margin);
  return [
    paint("soft", `${left}${labels.y}`),
    ...rows,
    paint("soft", `${left}└${axis.join("")}`),
    paint("soft", `${left} ${under}`),
    paint(
      "soft",
      `${left} ${" ".repeat(Math.max(0, Math.floor((canvas.columns - cells(labels.x)) / 2)))}${labels.x}`,
    ),
  ];
}

/**
 * Pads the cells of a table to columns of equal width: the first column is aligned to the left, all others to the
 * right. Returns one line per row.
 */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => cells(row[i] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const gap = " ".repeat(widths[i]! - cells(cell));
        return i === 0 ? cell + gap : gap + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Wraps a text into lines of at most `columns` terminal cells. A longer word has a line of its own. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && cells(line) + 1 + cells(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
