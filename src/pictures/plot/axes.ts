import { element, type Markup } from "./markup.ts";
import { round } from "./markers.ts";
import { type AxisScale, tickWriter } from "./scale.ts";

const letterWidth = 7.4; // pixels per digit of a tick label
const endMargin = 16; // right of a plot
const labelLetter = 6; // approximate pixels per letter of an axis name

/** A rectangle in a drawing, in drawing units. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Name of an axis and format of its tick labels. */
export interface AxisText {
  /** Name of the axis. Not drawn if empty. */
  readonly label: string;
  /** Formats the value of a tick mark. Default: {@link tickWriter}. */
  readonly show?: (value: number) => string;
}

/** Returns the coordinates of the edges of a box; y grows downwards. */
export function edges({ x, y, width, height }: Box): Record<"left" | "right" | "top" | "bottom", number> {
  return { left: x, right: x + width, top: y, bottom: y + height };
}

/** Returns the width in pixels of the tick labels of a vertical axis, with spacing. */
export function marginOf(ticks: readonly string[]): number {
  return Math.ceil(Math.max(20, ...ticks.map((text) => text.length * letterWidth)) + 12);
}

/** Draws the axes of a plot with tick marks and names. The name of y is above the axis, the name of x below. */
export function drawAxes(
  box: Box,
  x: AxisScale,
  y: AxisScale,
  texts: { readonly x: AxisText; readonly y: AxisText },
  hasGrid: boolean,
): Markup[] {
  const { left, right, top, bottom } = edges(box);
  const { show: showX = tickWriter(x.ticks) } = texts.x;
  const { show: showY = tickWriter(y.ticks) } = texts.y;
  return [
    ...y.ticks.flatMap((tick) => {
      const at = round(bottom - y.at(tick) * box.height);
      return [
        element("line", {
          class: hasGrid ? "grid" : "axis",
          x1: hasGrid ? left : left - 4,
          x2: hasGrid ? right : left,
          y1: at,
          y2: at,
        }),
        element("text", { class: "tick", x: left - 8, y: at + 4, "text-anchor": "end" }, showY(tick)),
      ];
    }),
    ...x.ticks.flatMap((tick) => {
      const at = round(left + x.at(tick) * box.width);
      const label = showX(tick);
      // A long number at the end would be cut off.
      const isCut = at + letterWidth * (label.length / 2) > right + endMargin;
      const place = isCut
        ? { x: right + endMargin, "text-anchor": "end" }
        : { x: at, "text-anchor": "middle" };
      return [
        element("line", { class: "axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
        element("text", { class: "tick", y: bottom + 18, ...place }, label),
      ];
    }),
    ...(hasGrid ? [element("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom })] : []),
    ...drawName(
      texts.x.label,
      { x: round((left + right) / 2), y: bottom + 36, "text-anchor": "middle" },
      box.width,
    ),
    ...drawName(texts.y.label, { x: left, y: top - 9, "text-anchor": "start" }, box.width),
  ];
}

/**
 * Draws the name of an axis. If it does not fit, the part in parentheses is omitted and the full name becomes a
 * tooltip.
 */
function drawName(
  label: string,
  place: Readonly<Record<string, string | number>>,
  room: number,
): readonly Markup[] {
  if (label === "") return [];
  const fits = labelLetter * label.length <= room;
  const shown = fits ? label : label.replace(/ \(.*\)$/, "");
  const whole = fits ? [] : [element("title", {}, label)];
  return [element("text", { class: "label", ...place }, ...whole, shown)];
}
