import { type Box, edges } from "./axes.ts";
import type { MarkSpec } from "./chart-spec.ts";
import { round } from "./markers.ts";
import { element, type Markup } from "./markup.ts";
import type { AxisScale } from "./scale.ts";

const rowHeight = 15; // height of a label row, in pixels
const mostRows = 3;

const spaceOf = (label: string): number => 6.6 * label.length + 10; // approximate width of a label, in pixels

/**
 * A vertical mark and the position of its label. `row` counts the label rows above the plot, from the plot upwards;
 * undefined if the label does not fit.
 */
interface PlacedMark {
  readonly label: string;
  readonly at: number;
  readonly row: number | undefined;
  /** True if the label stands to the left of the line. */
  readonly isLeft: boolean;
}

/**
 * Arranges the labels of the visible marks along x in as few rows as possible, without overlap. Labels that do not fit
 * into three rows get no row. Returns the marks and the total height of the rows in pixels.
 */
export function markRows(
  marks: readonly MarkSpec[],
  x: AxisScale,
  box: Box,
): { readonly placed: readonly PlacedMark[]; readonly height: number } {
  const { left, right } = edges(box);
  const free = Array.from({ length: mostRows }, () => left);
  const seen = marks
    .flatMap((mark) => (mark.x === undefined ? [] : [{ label: mark.label, part: x.at(mark.x) }]))
    .filter(({ part }) => part >= 0 && part <= 1)
    .sort((a, b) => a.part - b.part);
  const placed = seen.map(({ label, part }): PlacedMark => {
    const at = left + part * box.width;
    const space = spaceOf(label);
    const isLeft = at + space > right + 12;
    const start = isLeft ? at - space : at;
    const row = label === "" ? -1 : free.findIndex((end) => start >= end - 1);
    if (row >= 0) free[row] = isLeft ? right + 1e3 : at + space;
    return { label, at, row: row < 0 ? undefined : row, isLeft };
  });
  return { placed, height: rowHeight * (1 + Math.max(-1, ...placed.map(({ row = -1 }) => row))) };
}

/**
 * Draws a dashed line with a label, or only a tooltip where the label does not fit, for each visible mark.
 *
 * @param name name of the vertical axis, which is above the plot on the left; labels that meet it are one row higher
 */
export function drawMarks(
  marks: readonly MarkSpec[],
  x: AxisScale,
  y: AxisScale,
  box: Box,
  name: string,
): Markup[] {
  const { left, right, top, bottom } = edges(box);
  const { placed } = markRows(marks, x, box);
  const last = Math.max(0, ...placed.map(({ row = 0 }) => row));
  const nameEnd = name === "" ? left : left + spaceOf(name);
  const meetsName = placed.some(
    ({ row, at, isLeft, label }) => row === last && (isLeft ? at - spaceOf(label) : at) < nameEnd,
  );
  const most = meetsName && name !== "" ? last + 1 : last;
  const across = placed.map(({ at, row = -1, label }) =>
    element(
      "line",
      {
        class: "mark",
        x1: round(at),
        x2: round(at),
        y1: row < 0 ? top : labelAt(top, most - row) - 10,
        y2: bottom,
      },
      element("title", {}, label),
    ),
  );
  const labels = placed.flatMap(({ label, at, row, isLeft }) =>
    row === undefined
      ? []
      : [
          element(
            "text",
            {
              class: "label strong",
              x: round(at + (isLeft ? -5 : 5)),
              y: labelAt(top, most - row),
              "text-anchor": isLeft ? "end" : "start",
            },
            label,
          ),
        ],
  );
  const level = marks.flatMap((mark) => {
    if (mark.y === undefined) return [];
    const at = round(bottom - y.at(mark.y) * box.height);
    if (!(at >= top && at <= bottom)) return [];
    return [
      element(
        "line",
        { class: "mark", x1: left, x2: right, y1: at, y2: at },
        element("title", {}, mark.label),
      ),
      ...(mark.label === ""
        ? []
        : [
            element("text", { class: "label strong", x: right, y: at - 5, "text-anchor": "end" }, mark.label),
          ]),
    ];
  });
  return [...level, ...across, ...labels];
}

/** Returns the baseline of a label row above the plot; row 0 is next to it. */
function labelAt(top: number, rowsAbove: number): number {
  return top - 5 - rowHeight * rowsAbove;
}
