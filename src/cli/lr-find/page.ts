import type { ChartSpec } from "../../pictures/plot/chart-spec.ts";
import { element, type Markup, writeMarkup } from "../../pictures/plot/markup.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { chartPlace, writePage } from "../../pictures/plot/page.ts";
import { type PictureChart, drawPicture } from "../../pictures/plot/picture.ts";
import { roundScale } from "../../pictures/plot/scale.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { highestDrawn } from "./axes.ts";
import type { RangeTestReport } from "./found.ts";
import { conclusions } from "./text.ts";

const digits = 3;
const title = "Learning rate range test";

/** The curve as a standalone picture that follows the reader's light or dark colour scheme. */
export function rangePicture(found: RangeTestReport): Markup {
  const notes = [found.about, ...conclusions(found).map(([name, value]) => `${name.trim()}: ${value}`)];
  return drawPicture({ heading: title, notes, charts: [rangeChart(found)] });
}

/** Writes a page with the picture of a range test and its conclusions. */
export function rangePage(found: RangeTestReport): string {
  const { about, next, program } = found;
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
  const page = writePage({ title, body: writeMarkup(main), hasFigures: true });
  return program === undefined ? page : withProgram(page, program);
}

/**
 * Returns the chart of a range test: losses as dots, their average as a line, and the rates found. The axis ends
 * slightly above the first loss; triangles at its edge mark losses beyond it.
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
