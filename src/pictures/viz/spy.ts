import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import { SparseMatrix, SparsePattern } from "../../numeric/sparse/index.ts";
import { element, type Markup, writeMarkup } from "../plot/markup.ts";
import { plainFonts } from "../plot/palette.ts";
import { colourStyle } from "../plot/style.ts";

/** Options of `spySvg`. */
export interface SpySvgOptions {
  /** Text above the picture. Default: shape and number of entries. */
  readonly title?: string;
  /** Longer side of the matrix in CSS pixels. Default 480. */
  readonly size?: number;
}

/** Options of `spyText`. */
export interface SpyTextOptions {
  /** Largest number of characters per line, from 4. Default 60. */
  readonly columns?: number;
}

/** Number of entries in each cell of a grid over a matrix. */
interface DensityGrid {
  readonly rows: number;
  readonly columns: number;
  /** Number of entries of each cell, row by row. */
  readonly counts: Int32Array;
  /** Number of rows and of columns of the matrix that one cell covers, 1 or more. */
  readonly step: number;
}

/** Counts entries in square cells; the longer side of the matrix has at most `most` cells. */
function densityOf({ shape, rowPointers, columns: columnOf }: SparsePattern, most: number): DensityGrid {
  const [n, m] = shape;
  const step = Math.max(1, Math.ceil(Math.max(n, m) / most));
  const [rows, columns] = [Math.ceil(n / step), Math.ceil(m / step)];
  const counts = new Int32Array(rows * columns);
  for (let i = 0; i < n; i++) {
    const row = Math.floor(i / step) * columns;
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++)
      counts[row + Math.floor(columnOf[p]! / step)]!++;
  }
  return { rows, columns, counts, step };
}

function readPattern(operation: string, given: SparseMatrix | SparsePattern): SparsePattern {
  if (given instanceof SparseMatrix) return given.pattern;
  if (given instanceof SparsePattern) return given;
  throw new DownhillError(
    "dtype",
    `${operation}: expects a SparseMatrix or a SparsePattern; got ${typeof given}.`,
  );
}

function summaryOf({ shape, nnz }: SparsePattern): string {
  const share = nnz === 0 ? 0 : (100 * nnz) / (shape[0] * shape[1]);
  const number = (x: number): string => x.toLocaleString("en");
  return `${number(shape[0])} × ${number(shape[1])}, ${number(nnz)} ${nnz === 1 ? "entry" : "entries"} (${share.toPrecision(3)} %)`;
}

const levels = 5; // of density
const mostCells = 240;
const edge = 14;
const head = 30;

/**
 * Draws the positions of the entries of a matrix as an SVG picture, rows from the top. Of a large matrix it shows
 * cells, which are darker the more entries they have. The picture has its own background and follows the viewer's light
 * or dark mode.
 *
 * @throws DownhillError `dtype` for anything but a sparse matrix or pattern.
 */
export function spySvg(matrix: SparseMatrix | SparsePattern, options: SpySvgOptions = {}): string {
  if (arguments.length > 2) refuseExtra("spySvg", arguments, 2);
  checkOptions("spySvg", options, ["title", "size"]);
  const pattern = readPattern("spySvg", matrix);
  const size = checkInteger("spySvg", "size", options.size ?? 480, { from: 16, to: 10_000 });
  const title = options.title ?? summaryOf(pattern);
  const grid = densityOf(pattern, mostCells);
  const scale = size / Math.max(1, grid.rows, grid.columns);
  const [width, height] = [grid.columns * scale, grid.rows * scale];
  const whole = {
    width: Math.max(width + 2 * edge, 7.5 * title.length + 2 * edge),
    height: height + head + edge,
  };
  const drawing = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      role: "img",
      "aria-label": `Pattern of a matrix: ${summaryOf(pattern)}`,
      ...rounded(whole),
      viewBox: `0 0 ${round(whole.width)} ${round(whole.height)}`,
    },
    element("title", {}, summaryOf(pattern)),
    element(
      "style",
      {},
      `${colourStyle}\ntext{fill:var(--ink);font:13.5px ${plainFonts}}.cells{fill:var(--run-0)}`,
    ),
    element("rect", { width: "100%", height: "100%", fill: "var(--paper)" }),
    element("text", { x: edge, y: 20 }, title),
    element("rect", {
      x: edge,
      y: head,
      ...rounded({ width, height }),
      fill: "none",
      stroke: "var(--faint)",
    }),
    element(
      "g",
      { class: "cells", transform: `translate(${edge} ${head}) scale(${round(scale)})` },
      ...cellPaths(grid),
    ),
  );
  return `${writeMarkup(drawing)}\n`;
}

const round = (x: number): number => Number(x.toFixed(3));

function rounded({ width, height }: { readonly width: number; readonly height: number }): {
  readonly width: number;
  readonly height: number;
} {
  return { width: round(width), height: round(height) };
}

/** Draws one path per level of density. It consists of the runs of adjacent cells of that level in each row. */
function cellPaths({ rows, columns, counts }: DensityGrid): Markup[] {
  const largest = counts.reduce((most, count) => Math.max(most, count), 1);
  const levelOf = (count: number): number => Math.ceil(levels * Math.sqrt(count / largest));
  const paths = Array.from({ length: levels + 1 }, () => "");
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns;) {
      const level = levelOf(counts[i * columns + j]!);
      let end = j + 1;
      while (end < columns && levelOf(counts[i * columns + end]!) === level) end++;
      if (level > 0) paths[level] += `M${j} ${i}h${end - j}v1h${j - end}z`;
      j = end;
    }
  return paths.flatMap((path, level) =>
    path === "" ? [] : [element("path", { d: path, "fill-opacity": round(0.25 + (0.75 * level) / levels) })],
  );
}

/**
 * Shows the positions of the entries of a matrix as text for a terminal. A first line states shape and number of
 * entries. Below it is a frame of Braille characters; each one shows 4 × 2 cells, and a dot is a cell with entries.
 *
 * @throws DownhillError `dtype` for anything but a sparse matrix or pattern.
 * @example
 * const a = SparseMatrix.fromCoo({ shape: [4, 4], rows: [0, 1, 2, 3], columns: [0, 1, 2, 3], values: [1, 1, 1, 1] });
 * spyText(a).split("\n")[2]; // "│⠑⢄│"
 */
export function spyText(matrix: SparseMatrix | SparsePattern, options: SpyTextOptions = {}): string {
  if (arguments.length > 2) refuseExtra("spyText", arguments, 2);
  checkOptions("spyText", options, ["columns"]);
  const pattern = readPattern("spyText", matrix);
  const columns = checkInteger("spyText", "columns", options.columns ?? 60, { from: 4, to: 10_000 });
  const grid = densityOf(pattern, 2 * (columns - 2));
  const width = Math.ceil(grid.columns / 2);
  const lines = Array.from({ length: Math.ceil(grid.rows / 4) }, (_, i) => {
    const characters = Array.from({ length: width }, (_unused, j) => brailleAt(grid, 4 * i, 2 * j));
    return `│${characters.join("")}│`;
  });
  const bar = "─".repeat(width);
  return [summaryOf(pattern), `┌${bar}┐`, ...lines, `└${bar}┘`, ""].join("\n");
}

/** Bits of the dots of a Braille character, by row and column. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

function brailleAt({ rows, columns, counts }: DensityGrid, row: number, column: number): string {
  let bits = 0;
  for (let i = 0; i < 4 && row + i < rows; i++)
    for (let j = 0; j < 2 && column + j < columns; j++)
      if (counts[(row + i) * columns + column + j]! > 0) bits |= dots[i]![j]!;
  return String.fromCodePoint(0x2800 + bits);
}
