import {
  linearScale,
  roundLogScale,
  type AxisScale,
  scaleFromZero,
  tickWriter,
} from "../../pictures/plot/scale.ts";

/** A curve to draw as text for a terminal. */
export interface Chart {
  /** Values of the curve, one per step, beginning with step 0. */
  readonly values: readonly number[];
  /** Width of the whole drawing in cells. */
  readonly columns: number;
  /** Height of the plot area in lines. */
  readonly lines: number;
  /** True if values are drawn on a logarithmic axis. */
  readonly log?: boolean;
  /** Unit that the horizontal axis counts. */
  readonly unit: string;
  /** Marks of the horizontal axis. Default: round steps. */
  readonly marks?: readonly AxisMark[];
}

/** A mark of an axis. */
export interface AxisMark {
  /** Position of the mark, from 0 at the left end to 1 at the right end. */
  readonly at: number;
  readonly label: string;
}

/**
 * Returns the axis of the values of a curve. On a logarithmic axis, values that are not positive are at its lower end.
 */
function valueScale(values: readonly number[], log: boolean, marks: number): AxisScale {
  if (!log) return scaleFromZero(values, marks);
  const scale = roundLogScale(values);
  return { ...scale, at: (value) => (value > 0 ? scale.at(value) : 0) };
}

// Bits of the dots of a braille cell, by column and line: https://www.unicode.org/charts/PDF/U2800.pdf
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Draws the curve in braille with both axes, as lines of text. */
export function drawChart({ values, columns, lines, log = false, unit, marks: below }: Chart): string[] {
  const scale = valueScale(values, log, Math.max(2, Math.floor(lines / 3)));
  const marks = new Map<number, string>();
  const show = tickWriter(scale.ticks);
  for (const tick of scale.ticks) {
    const line = Math.round((1 - scale.at(tick)) * (lines - 1));
    if (!marks.has(line)) marks.set(line, show(tick));
  }
  const margin = Math.max(...[...marks.values()].map((mark) => mark.length)) + 1;
  const width = Math.max(2, columns - margin - 1);
  const grid = plot(values, scale, width, lines);
  const rows = grid.map((row, i) => {
    const mark = marks.get(i) ?? "";
    return `${mark.padStart(margin - 1)} ${mark === "" ? "│" : "┤"}${row}`.trimEnd();
  });
  return [...rows, ...axis(below ?? stepMarks(values.length, width), margin, width, unit)];
}

/** Draws the curve as cells of braille characters. */
function plot(values: readonly number[], scale: AxisScale, width: number, lines: number): string[] {
  const cells = Array.from({ length: lines }, () => new Uint8Array(width));
  const last = Math.max(1, values.length - 1);
  const place = (value: number, step: number): readonly [x: number, y: number] => [
    Math.round((step / last) * (2 * width - 1)),
    // the middle row of dots of a mark's line is the position of the mark
    Math.round((1 - Math.min(1, Math.max(0, scale.at(value)))) * 4 * (lines - 1) + 1.5),
  ];
  const dot = (x: number, y: number): void => {
    const row = cells[Math.min(lines - 1, y >> 2)]!;
    row[x >> 1]! |= dots[x & 1]![y & 3]!;
  };
  let before: readonly [number, number] | undefined;
  values.forEach((value, step) => {
    const here = place(value, step);
    const [x0, y0] = before ?? here;
    const [dx, dy] = [here[0] - x0, here[1] - y0];
    const n = Math.max(1, Math.abs(dx), Math.abs(dy));
    for (let i = 0; i <= n; i++) dot(Math.round(x0 + (dx * i) / n), Math.round(y0 + (dy * i) / n));
    before = here;
  });
  return cells.map((row) =>
    Array.from(row, (cell) => (cell === 0 ? " " : String.fromCodePoint(0x2800 + cell))).join(""),
  );
}

/** Returns marks of the horizontal axis at round numbers of steps. */
function stepMarks(n: number, width: number): AxisMark[] {
  const last = Math.max(1, n - 1);
  const { at, ticks } = linearScale(0, last, Math.max(1, Math.floor(width / 10)));
  const show = tickWriter(ticks);
  return ticks.filter(Number.isInteger).map((tick) => ({ at: at(tick), label: show(tick) }));
}

/** Draws the horizontal axis with its marks, as lines of text. */
function axis(marks: readonly AxisMark[], margin: number, width: number, unit: string): string[] {
  const line = Array.from({ length: width }, () => "─");
  let labels = "";
  for (const { at, label } of marks) {
    const column = Math.round(at * (width - 1));
    line[column] = "┬";
    const start = Math.min(width - label.length, Math.max(0, column - Math.floor(label.length / 2)));
    if (start > labels.length || (start === 0 && labels === "")) labels = labels.padEnd(start) + label;
  }
  if (labels.length + 2 + unit.length <= width) labels = labels.padEnd(width - unit.length) + unit;
  const left = " ".repeat(margin);
  return [`${left}└${line.join("")}`, `${left} ${labels}`];
}
