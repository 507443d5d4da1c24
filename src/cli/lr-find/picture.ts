import type { LrRange } from "../../training/train/index.ts";
import { showTick } from "../../training/train/report/scale.ts";
import { pageStyle } from "../../training/train/report/style.ts";
import { atWidths, spacedMarks } from "../../pictures/viz/at-widths.ts";
import { element, type Markup, writeMarkup } from "../../pictures/viz/markup.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { valueScale } from "../shared/chart.ts";
import { panelStyle, pictureStyle, wholePage } from "../shared/page.ts";
import { clipLosses, rateScale } from "./axes.ts";
import type { Found } from "./run.ts";
import { conclusions } from "./text.ts";

const pictureWidth = 760;
const plotHeight = 380;
const margin = { left: 66, right: 18, top: 48, bottom: 46 };
const digits = 3;

const rangeStyle = `
.raw circle{fill:var(--soft);opacity:.55}
.mark line{stroke:var(--second);stroke-width:1.5;stroke-dasharray:4 3}
.mark text{fill:var(--second);font-size:12px;font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
`.trim();
const title = "Learning rate range test";

/** The curve as an SVG picture that stands alone and follows the reader's choice of light or dark. */
export function rangePicture(found: Found): string {
  const lines = [found.about, ...conclusions(found).map(([name, value]) => `${name.trim()}: ${value}`)];
  const notes = lines.flatMap(linesOf);
  const top = 50 + 18 * notes.length;
  const whole = {
    width: pictureWidth,
    height: top + plotHeight,
    viewBox: `0 0 ${pictureWidth} ${top + plotHeight}`,
  };
  const svg = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", class: "chart", role: "img", "aria-label": title, ...whole },
    element("title", {}, title),
    element("style", {}, `${pictureStyle}\n${panelStyle}\n${rangeStyle}`),
    element("rect", { class: "paper", width: pictureWidth, height: top + plotHeight }),
    element("text", { class: "head", x: 18, y: 32 }, title),
    ...notes.map((line, i) => element("text", { class: "note", x: 18, y: 54 + 18 * i }, line)),
    plot(found, top, pictureWidth, plotHeight),
  );
  return `${writeMarkup(svg)}\n`;
}

/** The picture with its conclusions on a page of its own. */
export function rangePage(found: Found): string {
  const { about, next } = found;
  const chart = atWidths((width) => {
    const height = Math.round(200 + 0.24 * width);
    const size = { viewBox: `0 0 ${width} ${height}` };
    return element(
      "svg",
      { class: "chart", role: "img", "aria-label": title, ...size },
      plot(found, 0, width, height),
    );
  });
  const style = `${pageStyle}\n${panelStyle}\n${rangeStyle}\n.curves{max-width:900px;margin:28px 0 36px}`;
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, title),
    element("h1", {}, "Which learning rate?"),
    element("p", { class: "subtitle" }, about),
    element("div", { class: "curves" }, chart),
    element(
      "div",
      { class: "figures" },
      element(
        "section",
        {},
        element("h2", {}, "What it says"),
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
  return wholePage(title, style, main);
}

/** Losses as dots, their average as a line, and the rates that were found. */
function plot({ range, isLinear }: Found, top: number, width: number, height: number): Markup {
  const { rates, losses, smoothed, suggestion } = range;
  const right = width - margin.right;
  const bottom = top + height - margin.bottom;
  const xs = rateScale(range, isLinear);
  const [dots, line] = [clipLosses(range, losses), clipLosses(range, smoothed)];
  const ys = valueScale([...dots, ...line], false, 5);
  const x = (rate: number): number => round(margin.left + xs.at(rate) * (right - margin.left));
  const y = (loss: number): number => round(bottom - ys.at(loss) * (bottom - top - margin.top));
  const text = (className: string, x0: number, y0: number, anchor: string, words: string): Markup =>
    element("text", { class: className, x: x0, y: y0, "text-anchor": anchor }, words);
  return element(
    "g",
    {},
    text("panel", margin.left, top + 16, "start", "Loss"),
    ...ys.ticks.flatMap((tick) => [
      element("line", { class: "grid", x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }),
      text("tick", margin.left - 9, y(tick) + 4, "end", showTick(tick)),
    ]),
    element("line", { class: "axis", x1: margin.left, x2: right, y1: bottom, y2: bottom }),
    ...spacedMarks(xs.ticks, right - margin.left).flatMap((tick) => [
      element("line", { class: "axis", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }),
      text("tick", x(tick), bottom + 18, "middle", showTick(tick)),
    ]),
    text("tick", (margin.left + right) / 2, bottom + 36, "middle", "learning rate"),
    element(
      "g",
      { class: "raw" },
      ...dots.map((loss, t) =>
        element(
          "circle",
          { cx: x(rates[t]!), cy: y(loss), r: 2.2 },
          element(
            "title",
            {},
            `rate ${showNumber(rates[t]!, digits)}: loss ${showNumber(losses[t]!, digits)}`,
          ),
        ),
      ),
    ),
    element(
      "g",
      { class: "series series-1" },
      element("path", {
        d: line.map((loss, t) => `${t === 0 ? "M" : "L"}${x(rates[t]!)},${y(loss)}`).join(""),
      }),
    ),
    ...(suggestion === null ? [] : marks(suggestion, x, top + margin.top, bottom)),
  );
}

/** The rates that were found, their labels at three heights so that none lies on another. */
function marks(
  { base, steepest, max }: NonNullable<LrRange["suggestion"]>,
  x: (rate: number) => number,
  top: number,
  bottom: number,
): Markup[] {
  const all = [
    ["base", base],
    ["steepest", steepest],
    ["max", max],
  ] as const;
  const lines = all.map(([, rate], i) =>
    element("line", { x1: x(rate), x2: x(rate), y1: top - 18 + 15 * i, y2: bottom }),
  );
  const labels = all.map(([name, rate], i) =>
    element(
      "text",
      { x: x(rate) - 5, y: top - 10 + 15 * i, "text-anchor": "end" },
      `${name} ${showNumber(rate, digits)}`,
    ),
  );
  return [element("g", { class: "mark" }, ...lines, ...labels)];
}

/** A text in lines of a length that fits the picture. */
function linesOf(text: string): string[] {
  return text.match(/.{1,96}(?:\s|$)|\S{1,96}/g) ?? [];
}

/** To a tenth of a unit: finer is not seen. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
