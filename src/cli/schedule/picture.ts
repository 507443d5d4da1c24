import { linearScale, type Scale, showTick } from "../../training/train/report/scale.ts";
import { pageStyle } from "../../training/train/report/style.ts";
import { atWidths, marksFor } from "../../pictures/viz/at-widths.ts";
import { element, type Markup, scrollable, writeMarkup } from "../../pictures/viz/markup.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { valueScale } from "../shared/chart.ts";
import { panelStyle, pictureStyle, wholePage } from "../shared/page.ts";
import { type Curve, describe, showOptions, tableSteps } from "./text.ts";

const pictureWidth = 760;
const margin = { left: 66, right: 18, top: 36, bottom: 42 };
const mostMarked = 80; // steps; with more, single ones are not marked
const digits = 6;

interface Panel {
  readonly title: string;
  readonly values: readonly number[];
  readonly scale: Scale;
  readonly height: number;
}

function panelsOf({ rates, momentum, log }: Curve, width: number): Panel[] {
  return [
    {
      title: "Rate",
      values: rates,
      scale: valueScale(rates, log, 5),
      height: Math.round(180 + 0.21 * width),
    },
    ...(momentum === undefined
      ? []
      : [
          {
            title: "Momentum",
            values: momentum,
            scale: valueScale(momentum, false, 3),
            height: Math.round(150 + 0.08 * width),
          },
        ]),
  ];
}

/** The curves of a schedule as an SVG picture that stands alone and follows the reader's choice of light or dark. */
export function schedulePicture(curve: Curve): string {
  const notes = [...linesOf(showOptions(curve.options)), ...linesOf(describe(curve))];
  const top = 52 + 18 * notes.length;
  const { drawn, height } = drawPanels(curve, top, pictureWidth);
  const whole = { width: pictureWidth, height, viewBox: `0 0 ${pictureWidth} ${height}` };
  const title = `${curve.name}: ${curve.description}`;
  const svg = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", class: "chart", role: "img", "aria-label": title, ...whole },
    element("title", {}, title),
    element("style", {}, `${pictureStyle}\n${panelStyle}`),
    element("rect", { class: "paper", width: pictureWidth, height }),
    element("text", { class: "head", x: 18, y: 32 }, curve.name),
    ...notes.map((line, i) => element("text", { class: "note", x: 18, y: 54 + 18 * i }, line)),
    ...drawn,
  );
  return `${writeMarkup(svg)}\n`;
}

/** The picture with a table on a page of its own: one file that loads nothing and runs no script. */
export function schedulePage(curve: Curve): string {
  const title = `${curve.name}: ${curve.description}`;
  const charts = atWidths((width) => {
    const { drawn, height } = drawPanels(curve, 0, width);
    const size = { viewBox: `0 0 ${width} ${height}` };
    return element("svg", { class: "chart", role: "img", "aria-label": title, ...size }, ...drawn);
  });
  const style = `${pageStyle}\n${panelStyle}\n.curves{max-width:900px;margin:28px 0 36px}`;
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, "Learning-rate schedule"),
    element("h1", {}, curve.name),
    element("p", { class: "subtitle" }, curve.description),
    element("div", { class: "curves" }, charts, element("p", { class: "caption" }, describe(curve))),
    element(
      "div",
      { class: "figures" },
      element("section", {}, element("h2", {}, curve.unit === "step" ? "Steps" : "Epochs"), stepTable(curve)),
      element("section", {}, element("h2", {}, "Options"), optionList(curve)),
    ),
  );
  return wholePage(title, style, main);
}

function stepTable({ rates, momentum, unit }: Curve): Markup {
  const head = [unit, "rate", ...(momentum === undefined ? [] : ["momentum"])];
  const row = (tag: "td" | "th", cells: readonly string[]): Markup =>
    element("tr", {}, ...cells.map((cell) => element(tag, {}, cell)));
  return element(
    "div",
    scrollable(unit === "step" ? "Rates by step" : "Rates by epoch"),
    element(
      "table",
      { class: "rows" },
      row("th", head),
      ...tableSteps(rates.length).map((t) =>
        row("td", [
          showTick(t),
          showNumber(rates[t]!, digits),
          ...(momentum === undefined ? [] : [showNumber(momentum[t]!, digits)]),
        ]),
      ),
    ),
  );
}

function optionList({ options }: Curve): Markup {
  return element(
    "dl",
    { class: "settings" },
    "",
    ...[...options].flatMap(([name, value]) => [
      element("dt", {}, name),
      element("dd", {}, showOptions(new Map([["", value]])).trim()),
    ]),
  );
}

/** The panels below each other, from `top` down and so many CSS pixels wide. */
function drawPanels(
  curve: Curve,
  top: number,
  width: number,
): { readonly drawn: readonly Markup[]; readonly height: number } {
  let y = top;
  const drawn = panelsOf(curve, width).map((panel, i) => {
    const one = drawPanel(panel, curve.unit, i, y, width);
    y += panel.height;
    return one;
  });
  return { drawn, height: y };
}

function drawPanel(
  { title, values, scale, height }: Panel,
  unit: string,
  i: number,
  top: number,
  width: number,
): Markup {
  const plotWidth = width - margin.left - margin.right;
  const last = Math.max(1, values.length - 1);
  const plotHeight = height - margin.top - margin.bottom;
  const bottom = top + margin.top + plotHeight;
  const steps = linearScale([], marksFor(plotWidth, 8), [0, last]);
  const x = (step: number): number => round(margin.left + steps.at(step) * plotWidth);
  const y = (value: number): number => round(bottom - scale.at(value) * plotHeight);
  const right = width - margin.right;
  return element(
    "g",
    {},
    element("text", { class: "panel", x: margin.left, y: top + 20 }, title),
    ...scale.ticks.flatMap((tick) => [
      element("line", { class: "grid", x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }),
      element(
        "text",
        { class: "tick", x: margin.left - 9, y: y(tick) + 4, "text-anchor": "end" },
        showTick(tick),
      ),
    ]),
    element("line", { class: "axis", x1: margin.left, x2: right, y1: bottom, y2: bottom }),
    ...steps.ticks
      .filter(Number.isInteger)
      .flatMap((tick) => [
        element("line", { class: "axis", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }),
        element(
          "text",
          { class: "tick", x: x(tick), y: bottom + 18, "text-anchor": "middle" },
          showTick(tick),
        ),
      ]),
    element(
      "text",
      { class: "tick", x: margin.left + plotWidth / 2, y: bottom + 34, "text-anchor": "middle" },
      unit,
    ),
    element(
      "g",
      { class: `series series-${i + 1}` },
      element("path", {
        d: outline(values, plotWidth)
          .map(([step, value], k) => `${k === 0 ? "M" : "L"}${x(step)},${y(value)}`)
          .join(""),
      }),
      ...(values.length > mostMarked
        ? []
        : values.map((value, step) =>
            element(
              "circle",
              { cx: x(step), cy: y(value), r: 2.6 },
              element("title", {}, `${unit} ${step}: ${showNumber(value, digits)}`),
            ),
          )),
    ),
  );
}

/** The points of a curve; of very many, the least and the greatest in each column that can be told apart. */
function outline(values: readonly number[], plotWidth: number): (readonly [step: number, value: number])[] {
  const columns = 2 * plotWidth;
  if (values.length <= 2 * columns) return values.map((value, step) => [step, value]);
  const points: (readonly [number, number])[] = [];
  for (let column = 0; column < columns; column++) {
    const first = Math.floor((column * values.length) / columns);
    const end = Math.floor(((column + 1) * values.length) / columns);
    let [low, high] = [first, first];
    for (let step = first; step < end; step++) {
      if (values[step]! < values[low]!) low = step;
      if (values[step]! > values[high]!) high = step;
    }
    for (const step of [...new Set([first, low, high, end - 1])].sort((a, b) => a - b)) {
      points.push([step, values[step]!]);
    }
  }
  return points;
}

/** A text in lines of a length that fits the picture. */
function linesOf(text: string): string[] {
  return text.match(/.{1,96}(?:\s|$)|\S{1,96}/g) ?? [];
}

/** To a tenth of a unit: finer is not seen. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
