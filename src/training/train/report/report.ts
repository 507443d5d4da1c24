import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { element, escapeText, type Markup, scrollable, writeMarkup } from "../../../pictures/plot/markup.ts";
import { chartPlace, writePage } from "../../../pictures/plot/page.ts";
import { linesChart, scatterChart } from "./charts.ts";
import { drawConfusion, isMap } from "./confusion.ts";
import type { DrawingFigure, Figure, LayersFigure, TableFigure, TrainingReport } from "./figures.ts";
import { drawImages } from "./images.ts";
import { reportStyle } from "./style.ts";

/**
 * Writes the report of a training run as a self-contained HTML page, which follows the reader's choice of light or
 * dark.
 *
 * All texts are escaped. Only the SVG of a `drawing` is inserted unchanged.
 *
 * @example
 * const page = trainingReport({
 *   title: "digits",
 *   results: [{ name: "test accuracy", value: "97.8 %" }],
 *   figures: [{ kind: "lines", title: "Loss", series: [{ name: "training", values: [1.2, 0.3, 0.1] }] }],
 *   settings: [["learning rate", "0.2"]],
 * });
 * page.startsWith("<!doctype html>"); // true
 */
export function trainingReport(report: TrainingReport): string {
  if (arguments.length > 1) refuseExtra("trainingReport", arguments, 1);
  const { title, subtitle, results, notes = [], figures, settings, command, provenance } = report;
  const head = [
    element("p", { class: "over" }, "Training report"),
    element("h1", {}, title),
    ...(subtitle === undefined ? [] : [element("p", { class: "subtitle" }, subtitle)]),
    element("dl", { class: "results" }, "", ...results.map(drawResult)),
    ...(notes.length === 0
      ? []
      : [element("div", { class: "attention" }, ...notes.map((note) => element("p", {}, note)))]),
  ];
  const main = [
    ...head.map(writeMarkup),
    '<div class="figures">',
    ...figures.map(writeFigure),
    writeMarkup(drawSettings(settings, command)),
    "</div>",
    ...(provenance === undefined ? [] : [writeMarkup(element("footer", {}, `Data: ${provenance}`))]),
  ];
  return writePage({
    title: `${title}: training report`,
    body: `<main>${main.join("\n")}</main>`,
    style: reportStyle,
    hasFigures: figures.length > 0,
  });
}

function drawResult({ name, value, note }: TrainingReport["results"][number]): Markup {
  const small = note === undefined ? [] : [element("span", { class: "note" }, note)];
  return element("div", {}, element("dt", {}, name), element("dd", {}, value, ...small));
}

function writeFigure(figure: Figure): string {
  const { title, caption, kind } = figure;
  const heading = element("h2", {}, title);
  const about = caption === undefined ? [] : [element("p", { class: "caption" }, caption)];
  switch (kind) {
    case "lines": // The caption comes last, so that charts side by side are aligned.
      return writeMarkup(element("section", {}, heading, ...drawFigure(figure), ...about));
    case "images":
    case "layers":
      return writeMarkup(element("section", { class: "wide" }, heading, ...about, ...drawFigure(figure)));
    case "confusion": {
      const place = isMap(figure.classes) ? { class: "wide" } : {};
      return writeMarkup(element("section", place, heading, ...about, ...drawFigure(figure)));
    }
    case "scatter":
    case "table":
      return writeMarkup(element("section", {}, heading, ...about, ...drawFigure(figure)));
    case "drawing": {
      // The drawing is already SVG, so it must not be escaped.
      const head = [heading, ...about].map(writeMarkup).join("");
      return `<section class="wide">${head}<div class="drawing scroll" data-share="${escapeText(title)}"${widthOf(figure.svg)} tabindex="0" role="group" aria-label="${escapeText(title)}">${figure.svg}</div></section>`;
    }
    default:
      return kind satisfies never;
  }
}

/** Returns the width of a drawing as a style attribute, which limits its shrinking so that its text stays legible. */
function widthOf(svg: string): string {
  const width = /^<svg\b[^>]*\swidth="(\d+(?:\.\d+)?)"/.exec(svg)?.[1];
  return width === undefined ? "" : ` style="--width:${width}px"`;
}

function drawFigure(figure: Exclude<Figure, DrawingFigure>): Markup[] {
  switch (figure.kind) {
    case "lines":
      return [chartPlace(linesChart(figure))];
    case "layers":
      return [shared(figure, drawLayers(figure))];
    case "confusion":
      return [shared(figure, ...drawConfusion(figure))];
    case "images":
      return [shared(figure, drawImages(figure))];
    case "scatter":
      return [element("div", { class: "square" }, chartPlace(scatterChart(figure)))];
    case "table":
      return [shared(figure, drawTable(figure))];
    default:
      return figure satisfies never;
  }
}

/** Frames a figure that is not a chart, so that the script of the page adds a Share button. */
function shared({ title }: Figure, ...drawn: readonly Markup[]): Markup {
  return element("div", { "data-share": title }, ...drawn);
}

function drawLayers({ layers }: LayersFigure): Markup {
  const boxes = layers.map(({ name, lines }) =>
    element("li", {}, element("b", {}, name), ...lines.map((line) => element("span", {}, line))),
  );
  return element("ol", { class: "layers" }, "", ...boxes);
}

function drawTable({ title, head, rows }: TableFigure): Markup {
  // The class keeps a number and its unit on one line.
  const cells = (tag: string, texts: readonly string[]): Markup =>
    element(
      "tr",
      {},
      "",
      ...texts.map((text) => element(tag, isQuantity(text) ? { class: "quantity" } : {}, text)),
    );
  const body = rows.map((row) => cells("td", row));
  const table = element(
    "table",
    { class: "rows" },
    element("thead", {}, cells("th", head)),
    element("tbody", {}, "", ...body),
  );
  return element("div", scrollable(title), table);
}

/** True for a number with or without a unit, such as `97.8 %`. */
function isQuantity(text: string): boolean {
  return /^[-−]?[\d.,]+(?:e[-−+]?\d+)?(?:\s\S{1,3})?$/.test(text);
}

/** Encloses each option of a command, such as `--hidden`, so that lines do not break after its hyphens. */
function wholeWords(commands: string): (Markup | string)[] {
  return commands
    .split(/((?<=\s)--\S{1,30}(?=\s|$))/)
    .map((part, i) => (i % 2 === 0 ? part : element("span", { class: "whole" }, part)));
}

function drawSettings(settings: TrainingReport["settings"], command: TrainingReport["command"]): Markup {
  const commands = command === undefined ? [] : typeof command === "string" ? [command] : command;
  const again = `To repeat this run bit by bit${commands.length > 1 ? ", run these commands one after the other in a new folder" : ""}:`;
  return element(
    "section",
    { class: "wide" },
    element("h2", {}, "Settings"),
    element(
      "dl",
      { class: "settings" },
      "",
      ...settings.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    ),
    ...(commands.length === 0
      ? []
      : [element("p", { class: "caption" }, again), element("pre", {}, ...wholeWords(commands.join("\n")))]),
  );
}
