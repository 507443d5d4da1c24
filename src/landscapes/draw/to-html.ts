import { refuseExtra } from "../../errors/arguments.ts";
import { element, escapeText, jsonForPage, type Markup, writeMarkup } from "../../viz/markup.ts";
import { stepControls } from "../../viz/step-controls.ts";
import type { LossSlice } from "../loss-slice.ts";
import { pageRace, type PageRace } from "../page-data.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "../page.generated.ts";
import type { Race } from "../race.ts";
import type { Study, StudyFigure } from "../study.ts";
import { cellsOf, legendOf, linesPart, type Part, raceParts, sliceParts } from "./figure.ts";
import { swatch } from "./palette.ts";
import { asStudy, mapCaption, raceSubtitle, showHeight, tableHead, tableRow } from "./words.ts";

/**
 * A study, a race or a slice of a loss as a page: races are played and scrubbed, runs shown and hidden. One file that loads
 * nothing and works offline, in light and dark; it forbids itself anything else by its content security policy.
 *
 * Keys: ← and → step (with Shift by ten), Home and End jump, the space bar plays.
 *
 * @example
 * const page = landscapeHtml(race(findLandscape("bowl"), { adam: adam({ learningRate: 0.1 }) }));
 * page.startsWith("<!doctype html>"); // true
 */
export function landscapeHtml(shown: Study | Race | LossSlice): string {
  if (arguments.length > 1) refuseExtra("landscapeHtml", arguments, 1);
  const study = asStudy(shown);
  const races: PageRace[] = [];
  const sections = study.figures.map((figure, i) => sectionOf(figure, `f${i}`, races));
  const policy = `default-src 'none'; script-src '${pageScriptHash}'; style-src '${pageStyleHash}'; base-uri 'none'; form-action 'none'`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(study.title)}</title>`,
    `<style>${pageStyle}</style>`,
    "</head>",
    "<body>",
    writeMarkup(headerOf(study)),
    ...(races.length === 0 ? [] : [controls()]),
    "<main>",
    ...sections.map(writeMarkup),
    "</main>",
    ...(races.length === 0 ? [] : [keys]),
    `<script type="application/json" id="data">${jsonForPage(races)}</script>`,
    `<script>${pageScript}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Buttons, slider, count and speed. */
function controls(): string {
  return `<div id="controls"><div>
${stepControls}
<select id="speed" aria-label="Speed"><option value="0.25">¼ speed</option><option value="0.5">½ speed</option><option value="1" selected>usual speed</option><option value="3">3 × speed</option></select>
</div></div>
<noscript><p class="claim">Playing needs JavaScript; the pictures are complete without it.</p></noscript>`;
}

const keys =
  "<footer><kbd>←</kbd> <kbd>→</kbd> step, with <kbd>Shift</kbd> by ten; <kbd>Home</kbd> <kbd>End</kbd> jump; <kbd>space</kbd> plays.</footer>";

function headerOf({ title, claim, findings }: Study): Markup {
  return element(
    "header",
    {},
    element("h1", {}, title),
    ...(claim === "" ? [] : [element("p", { class: "claim" }, claim)]),
    ...(findings.length === 0
      ? []
      : [element("ul", { class: "findings" }, ...findings.map((finding) => element("li", {}, finding)))]),
  );
}

function sectionOf(figure: StudyFigure, id: string, races: PageRace[]): Markup {
  const { title, note } = figure;
  return element(
    "section",
    { id },
    ...(title === "" ? [] : [element("h2", {}, title)]),
    ...bodyOf(figure, id, races),
    ...(note === undefined ? [] : [element("p", { class: "soft below" }, note)]),
  );
}

function bodyOf(figure: StudyFigure, id: string, races: PageRace[]): Markup[] {
  switch (figure.kind) {
    case "race": {
      const { race } = figure;
      const parts = raceParts(race, id);
      const { map, chart } = parts;
      const isBounded = Number.isFinite(race.lowest);
      races.push(
        pageRace(id, race, parts, (value) => showHeight(isBounded ? value - race.lowest : value, isBounded)),
      );
      const { y, height } = chart.box;
      const cursor = element("line", {
        class: "cursor",
        x1: chart.left + race.steps * chart.perStep,
        x2: chart.left + race.steps * chart.perStep,
        y1: y,
        y2: y + height,
      });
      const caption = mapCaption(race, map.caption);
      return [
        element("p", { class: "soft" }, raceSubtitle(race)),
        element(
          "div",
          { class: "pair" },
          drawing(map, "map", `Runs of ${race.runs.length} optimisers on ${race.landscape.formula}`),
          drawing({ ...chart, markup: [...chart.markup, cursor] }, "curves", "Values by step"),
        ),
        ...(caption === "" ? [] : [element("p", { class: "soft below" }, caption)]),
        raceTable(race),
      ];
    }
    case "lines":
      return [
        element(
          "div",
          { class: "lines" },
          drawing(linesPart(figure, id), "plot", figure.title),
          element(
            "ul",
            { class: "legend" },
            ...legendOf(figure).map((line) => element("li", {}, sign(line.swatch), line.series.name)),
          ),
        ),
      ];
    case "slice": {
      const { map, chart } = sliceParts(figure, id);
      return [
        element(
          "div",
          { class: "pair" },
          drawing(map, "map", "A slice of the loss with the path of training"),
          ...(chart === undefined ? [] : [drawing(chart, "plot", "Loss along the path")]),
        ),
        element("p", { class: "soft below" }, map.caption),
      ];
    }
    case "table":
      return [
        tableOf(
          figure.head,
          cellsOf(figure).map((row) => row.map((cell) => [cell])),
        ),
      ];
    default:
      return figure satisfies never;
  }
}

function drawing({ width, height, markup }: Part, kind: string, label: string): Markup {
  return element(
    "svg",
    { class: `dl ${kind}`, role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}` },
    ...markup,
  );
}

function sign(mark: Markup): Markup {
  return element("svg", { class: "dl swatch", viewBox: "0 -8 30 16", "aria-hidden": "true" }, mark);
}

/** The table of a race, with a box that shows a run and its value at the step that is shown. */
function raceTable(race: Race): Markup {
  const head = tableHead(race);
  const [name, ended, height, ...others] = head as [string, string, string, ...string[]];
  const rows = race.runs.map((run, i) => {
    const [, how, last, ...steps] = tableRow(race, run) as [string, string, string, ...string[]];
    const box = element("input", {
      type: "checkbox",
      checked: "",
      "data-shows": i,
      "aria-label": `Show ${run.name}`,
    });
    return [
      [element("label", {}, box, sign(swatch(i)), run.name)],
      [element("span", { "data-value": i }, last)],
      [how],
      [last],
      ...steps.map((cell) => [cell]),
    ];
  });
  return tableOf([name, `${height} at the step`, ended, `${height} at the end`, ...others], rows);
}

function tableOf(
  head: readonly string[],
  rows: readonly (readonly (readonly (Markup | string)[])[])[],
): Markup {
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head.map((cell) => element("th", { scope: "col" }, cell)))),
      element(
        "tbody",
        {},
        ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, ...cell)))),
      ),
    ),
  );
}
