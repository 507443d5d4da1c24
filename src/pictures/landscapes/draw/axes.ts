import { extent, linearScale, logScale, type Scale, showTick } from "../../../training/train/report/scale.ts";
import { element, type Markup } from "../../viz/markup.ts";
import { round } from "./palette.ts";

const letterWidth = 7.4; // of a digit of a mark
const endMargin = 16; // right of a plot
const labelLetter = 6; // of a name of an axis, about

/** A part of a drawing, in its units. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An axis for values; its ends are marks. */
export function scaleFor(values: readonly number[], log: boolean, count: number): Scale {
  const finite = values.filter((value) => Number.isFinite(value));
  const positive = finite.filter((value) => value > 0);
  if (log && positive.length > 0) {
    const scale = logScale(positive);
    const [low] = extent(positive);
    return { at: (value) => scale.at(Math.max(value, low * 1e-3)), ticks: scale.ticks };
  }
  return linearScale(finite, count);
}

/** An axis of equal ratios between two positive ends, which need not be round: marks at powers of ten, or at 2 and 5 times them too. */
export function logScaleBetween(from: number, to: number): Scale {
  const [low, high] = [Math.log10(from), Math.log10(to > from ? to : from * 10)];
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const parts = high - low < 2.5 ? [1, 2, 5] : [1];
  const ticks = powers
    .flatMap((power) => parts.map((part) => Number((part * 10 ** power).toPrecision(12))))
    .filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9));
  return { at: (value) => (Math.log10(value) - low) / (high - low), ticks };
}

/** An axis between two ends, which need not be round. */
export function scaleBetween(from: number, to: number, count: number): Scale {
  return linearScale([], count, [from, to]);
}

/** The frame of a plot with marks and names of its axes. */
export function drawAxes(
  box: Box,
  x: Scale,
  y: Scale,
  labels: { readonly x: string; readonly y: string },
  grid: boolean,
): Markup[] {
  const { left, right, top, bottom } = edges(box);
  return [
    ...y.ticks.flatMap((tick) => {
      const at = round(bottom - y.at(tick) * box.height);
      return [
        element("line", {
          class: grid ? "grid" : "axis",
          x1: grid ? left : left - 4,
          x2: grid ? right : left,
          y1: at,
          y2: at,
        }),
        element("text", { class: "tick", x: left - 8, y: at + 4, "text-anchor": "end" }, showTick(tick)),
      ];
    }),
    ...x.ticks.flatMap((tick) => {
      const at = round(left + x.at(tick) * box.width);
      const label = showTick(tick);
      // a long number at the end would be cut off
      const isCut = at + letterWidth * (label.length / 2) > right + endMargin;
      const place = isCut
        ? { x: right + endMargin, "text-anchor": "end" }
        : { x: at, "text-anchor": "middle" };
      return [
        element("line", { class: "axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
        element("text", { class: "tick", y: bottom + 18, ...place }, label),
      ];
    }),
    ...(grid ? [element("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom })] : []),
    drawLabel(labels.x, { x: round((left + right) / 2), y: bottom + 36, "text-anchor": "middle" }, box.width),
    drawLabel(labels.y, { x: left, y: top - 9, "text-anchor": "start" }, box.width),
  ];
}

/** The name of an axis; where it has no room, without what it says in parentheses, which then shows when it is pointed at. */
function drawLabel(label: string, place: Readonly<Record<string, string | number>>, room: number): Markup {
  const fits = labelLetter * label.length <= room;
  const shown = fits ? label : label.replace(/ \(.*\)$/, "");
  const whole = fits ? [] : [element("title", {}, label)];
  return element("text", { class: "label", ...place }, ...whole, shown);
}

/** The sides of a box. */
export function edges({ x, y, width, height }: Box): Record<"left" | "right" | "top" | "bottom", number> {
  return { left: x, right: x + width, top: y, bottom: y + height };
}
