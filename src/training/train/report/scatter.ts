import { marksFor } from "../../../pictures/viz/at-widths.ts";
import { element, type Markup } from "../../../pictures/viz/markup.ts";
import type { ScatterFigure } from "./figures.ts";
import { linearScale, showTick } from "./scale.ts";

const margin = { left: 84, right: 30, top: 12, bottom: 44 };
const mostPoints = 1500;
const largest = 434; // pixels: the square needs no more

/** Points over a square, both axes alike, as a drawing of so many CSS pixels. */
export function drawScatter({ title, xLabel, yLabel, points }: ScatterFigure, room: number): Markup {
  const width = Math.min(room, largest);
  const side = width - margin.left - margin.right;
  const height = margin.top + side + margin.bottom;
  const every = Math.ceil(points.length / mostPoints);
  const shown = points.filter((_, i) => i % every === 0);
  const scale = linearScale(points.flat(), marksFor(side, 5));
  const x = (value: number): number => Math.round((margin.left + scale.at(value) * side) * 10) / 10;
  const y = (value: number): number => Math.round((margin.top + (1 - scale.at(value)) * side) * 10) / 10;
  const [low, high] = [scale.ticks[0]!, scale.ticks.at(-1)!];
  return element(
    "svg",
    {
      class: "chart square",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${title}: ${yLabel} against ${xLabel}`,
    },
    ...scale.ticks.flatMap((tick) => [
      element("line", { class: "grid", x1: margin.left, x2: margin.left + side, y1: y(tick), y2: y(tick) }),
      element(
        "text",
        { class: "tick", x: margin.left - 8, y: y(tick) + 4, "text-anchor": "end" },
        showTick(tick),
      ),
      element(
        "text",
        { class: "tick", x: x(tick), y: margin.top + side + 17, "text-anchor": "middle" },
        showTick(tick),
      ),
    ]),
    element("line", { class: "same", x1: x(low), y1: y(low), x2: x(high), y2: y(high) }),
    element(
      "text",
      { class: "tick", x: margin.left + side / 2, y: height - 6, "text-anchor": "middle" },
      xLabel,
    ),
    element(
      "text",
      {
        class: "tick",
        x: 12,
        y: margin.top + side / 2,
        "text-anchor": "middle",
        transform: `rotate(-90 12 ${margin.top + side / 2})`,
      },
      yLabel,
    ),
    element(
      "g",
      { class: "dots" },
      ...shown
        .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b))
        .map(([a, b]) => element("circle", { cx: x(a), cy: y(b), r: 2.6 })),
    ),
  );
}
