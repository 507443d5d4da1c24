import type { ChartSpec } from "../../pictures/plot/chart-spec.ts";
import { element, writeMarkup } from "../../pictures/plot/markup.ts";
import { chartPlace, writePage } from "../../pictures/plot/page.ts";
import { type PictureChart, writePicture } from "../../pictures/plot/picture.ts";
import { roundScale } from "../../pictures/plot/scale.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { highestDrawn } from "./axes.ts";
import type { RangeTestReport } from "./found.ts";
import { conclusions } from "./text.ts";

const digits = 3;
const title = "Learning rate range test";

/** The curve as a self-contained SVG picture that follows the reader's light or dark colour scheme. */
export function rangePicture(found: RangeTestReport): string {
  const notes = [found.about, ...conclusions(found).map(([name, value]) => `${name.trim()}: ${value}`)];
  return writePicture({ heading: title, notes, charts: [rangeChart(found)] });
}

/** A page with the picture and its conclusions. */
export function rangePage(found: RangeTestReport): string {
  const { about, next } = found;
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, title),
    element("h1", {}, "Which learning rate?"),
    element("p", { class: "subtitle" }, about),
    element("div", { class: "curves" }, chartPlace(rangeChart(found))),
    element(
      "div",
      { class: "figures" },
      element(
        "section",
        {},
        element("h2", {}, "Conclusions"),
        element(
          "dl",
          { class: "settings" },
          ...conclusions(found).flatMap(([name, value]) => [
            element("dt", {}, name.trim()),
            element("dd", {}, value),
          ]),
        ),
      ),
      ...(next === undefined
        ? []
        : [element("section", {}, element("h2", {}, "To train between them"), element("pre", {}, next))]),
    ),
  );
  return writePage({ title, body: writeMarkup(main), hasCharts: true });
}

/**
 * Losses as dots, their average as a line, and the rates found. The axis ends slightly above the first loss; triangles
 * at its edge mark losses beyond it.
 */
function rangeChart({ range, isLinear }: RangeTestReport): PictureChart {
  const { rates, losses, smoothed, suggestion } = range;
  const top = highestDrawn(range);
  const inside = [...losses, ...smoothed].filter((loss) => loss <= top);
  const spec: ChartSpec = {
    title,
    x: { label: "learning rate", log: !isLinear && rates.length > 1 },
    y: { label: "loss", domain: roundScale([Math.min(0, ...inside), top], 5).ends },
    series: [
      { name: "loss of a batch", x: rates, y: losses, draw: "dots", colour: "ink" },
      { name: "averaged", x: rates, y: smoothed, colour: 0 },
    ],
    marks:
      suggestion === null
        ? []
        : (["base", "steepest", "max"] as const).map((name) => ({
            x: suggestion[name],
            label: `${name} ${showNumber(suggestion[name], digits)}`,
          })),
  };
  return { spec, height: [210, 0.26] };
}
