import { linearScale, roundScale, type AxisScale, tickWriter } from "../../pictures/plot/scale.ts";
import type { Paint } from "../shared/style.ts";
import { endsOf } from "./numbers.ts";

/** Points and a curve to draw in a terminal, and the size of the drawing. */
export interface Plot {
  readonly points: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> };
  /** Drawn as a line; x increases. */
  readonly line: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> } | undefined;
  /** Width in cells of the whole drawing, and height in lines of the plot area. */
  readonly columns: number;
  readonly lines: number;
  readonly xName: string;
}

// Bits of the dots of a braille cell, by column and line: https://www.unicode.org/charts/PDF/U2800.pdf
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Draws the points in the default colour, the line in cyan, and both axes, as lines of text. */
export function drawPlot({ points, line, columns, lines, xName }: Plot, paint: Paint): string[] {
  const finite = (values: ArrayLike<number>): number[] => Array.from(values).filter(Number.isFinite);
  const values = [...finite(points.y), ...(line === undefined ? [] : finite(line.y))];
  const yScale = roundScale(values, Math.max(3, Math.floor(lines / 2.2))); // round ends close to the data
  const ends = endsOf(points.x);
  const marks = new Map<number, string>();
  const show = tickWriter(yScale.ticks);
  for (const tick of yScale.ticks) {
    const row = Math.round((1 - yScale.at(tick)) * (lines - 1));
    if (!marks.has(row)) marks.set(row, show(tick));
  }
  const margin = Math.max(...[...marks.values()].map((mark) => mark.length)) + 1;
  const width = Math.max(2, columns - margin - 1);
  const xScale = linearScale(...ends, Math.max(1, Math.floor(width / 12)));

  const drawn = grid(lines, width);
  const seen = grid(lines, width);
  const place = (x: number, y: number): readonly [number, number] => [
    Math.round(xScale.at(x) * (2 * width - 1)),
    Math.round((1 - yScale.at(y)) * 4 * (lines - 1) + 1.5),
  ];
  if (line !== undefined) {
    let before: readonly [number, number] | undefined;
    for (let i = 0; i < line.x.length; i++) {
      const isFinite = Number.isFinite(line.y[i]!);
      const here = isFinite ? place(line.x[i]!, line.y[i]!) : undefined;
      if (here !== undefined) stroke(drawn, before ?? here, here);
      before = here;
    }
  }
  for (let i = 0; i < points.x.length; i++) dot(seen, ...place(points.x[i]!, points.y[i]!));

  const isSparse = points.x.length <= 2 * width; // otherwise single points cannot be told apart
  const rows = Array.from({ length: lines }, (_, row) => {
    let text = "";
    for (let column = 0; column < width; column++) {
      const [curve, data] = [drawn[row]![column]!, seen[row]![column]!];
      if (data !== 0 && (isSparse || curve === 0)) text += isSparse ? "●" : braille(data);
      else text += curve === 0 ? " " : paint("cyan", braille(curve | data));
    }
    const mark = marks.get(row) ?? "";
    return `${mark.padStart(margin - 1)} ${mark === "" ? "│" : "┤"}${text}`.trimEnd();
  });
  return [...rows, ...xAxis(xScale, width, margin, xName)];
}

function grid(lines: number, width: number): Uint8Array[] {
  return Array.from({ length: lines }, () => new Uint8Array(width));
}

function braille(cell: number): string {
  return String.fromCodePoint(0x2800 + cell);
}

function dot(cells: readonly Uint8Array[], x: number, y: number): void {
  const row = cells[y >> 2];
  if (row === undefined || x < 0 || x >> 1 >= row.length) return;
  row[x >> 1]! |= dots[x & 1]![y & 3]!;
}

function stroke(
  cells: readonly Uint8Array[],
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): void {
  const n = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0));
  for (let i = 0; i <= n; i++) {
    dot(cells, Math.round(x0 + ((x1 - x0) * i) / n), Math.round(y0 + ((y1 - y0) * i) / n));
  }
}

function xAxis({ at, ticks }: AxisScale, width: number, margin: number, name: string): string[] {
  const line = Array.from({ length: width }, () => "─");
  let labels = "";
  const show = tickWriter(ticks);
  for (const tick of ticks) {
    const column = Math.round(at(tick) * (width - 1));
    if (column < 0 || column >= width) continue;
    line[column] = "┬";
    const label = show(tick);
    const start = Math.min(width - label.length, Math.max(0, column - Math.floor(label.length / 2)));
    if (start > labels.length || (start === 0 && labels === "")) labels = labels.padEnd(start) + label;
  }
  const isRoom = labels.length + 2 + name.length <= width;
  const left = " ".repeat(margin);
  return [
    `${left}└${line.join("")}`,
    `${left} ${isRoom ? labels.padEnd(width - name.length) + name : labels}`,
    ...(isRoom ? [] : [`${left} ${name.padStart(width)}`]),
  ];
}
