import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { atWidths } from "../../plot/at-widths.ts";
import { runSign } from "../../plot/markers.ts";
import { writeDocument } from "../../plot/document.ts";
import { element, type Markup, scrollable, writeMarkup } from "../../plot/markup.ts";
import { chartPlace, chartScript } from "../../plot/page.ts";
import { stepControls } from "../../viz/step-controls.ts";
import type { LossSlice } from "../loss-slice.ts";
import { pageRace, type PageRuns, pageSlice } from "../page-data.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "../page.generated.ts";
import type { Race } from "../race.ts";
import type { Study, StudyFigure } from "../study.ts";
import {
  besideMap,
  cellsOf,
  linesHeight,
  type FigurePart,
  raceMapPart,
  type RaceMapPart,
  sliceMapPart,
  valuePart,
  type ValuePart,
} from "./figure.ts";
import { sceneOf, sliceCaption, sliceHills } from "./map.ts";
import { linesChart, pathChart } from "./value-chart.ts";
import type { RaceRegion } from "../region.ts";
import {
  asStudy,
  constraintHead,
  constraintRows,
  mapCaption,
  raceSubtitle,
  regionWords,
  showHeight,
  tableHead,
  tableRow,
} from "./words.ts";

/**
 * Creates a page of a study, a race or a loss slice, in which runs and training paths can be played, stepped through,
 * shown and hidden. The page is one file that works offline, in light and dark mode; its content security policy
 * forbids loading anything else.
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
  const moved: PageRuns[] = [];
  const sections = study.figures.map((figure, i) => sectionOf(figure, `f${i}`, moved));
  return writeDocument({
    title: study.title,
    style: pageStyle,
    styleHash: pageStyleHash,
    body: [
      writeMarkup(headerOf(study)),
      ...(moved.length === 0 ? [] : [controls()]),
      "<main>",
      ...sections.map(writeMarkup),
      "</main>",
      ...(moved.length === 0 ? [] : [keys]),
    ].join("\n"),
    data: { id: "data", value: moved },
    scripts: [chartScript, { text: pageScript, hash: pageScriptHash }],
  });
}

/** Returns the HTML of the buttons, slider, counter and speed selection. */
function controls(): string {
  return `<section id="controls" aria-label="Steps"><div>
${stepControls}
<select id="speed" aria-label="Speed"><option value="0.25">¼ speed</option><option value="0.5">½ speed</option><option value="1" selected>usual speed</option><option value="3">3 × speed</option></select>
</div></section>
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

function sectionOf(figure: StudyFigure, id: string, moved: PageRuns[]): Markup {
  const { title, note } = figure;
  return element(
    "section",
    { id },
    ...(title === "" ? [] : [element("h2", {}, title)]),
    ...bodyOf(figure, id, moved),
    ...(note === undefined ? [] : [element("p", { class: "soft below" }, note)]),
  );
}

/** Draws a figure. The data that the page needs to animate it are appended to `moved`. */
function bodyOf(figure: StudyFigure, id: string, moved: PageRuns[]): Markup[] {
  switch (figure.kind) {
    case "race": {
      const { race } = figure;
      const scene = sceneOf(race);
      const maps = new Map<string, RaceMapPart>();
      const charts = new Map<string, ValuePart>();
      const drawMap = (width: number, i: number): Markup => {
        const name = `${id}-map-${i}`;
        const part = raceMapPart(race, scene, width, name);
        maps.set(name, part);
        return drawing(
          part,
          "map",
          `Runs of ${race.runs.length} optimisers on ${race.landscape.formula}`,
          name,
        );
      };
      const drawChart = (width: number, i: number): Markup => {
        const name = `${id}-curves-${i}`;
        const part = valuePart(race, width);
        charts.set(name, part);
        const cursor = drawCursor(part, race.steps);
        return drawing({ ...part, markup: [...part.markup, cursor] }, "curves", "Values by step", name);
      };
      const pair = element("div", { class: "pair" }, atWidths(drawMap), atWidths(drawChart));
      const isBounded = Number.isFinite(race.lowest);
      moved.push(
        pageRace(id, race, maps, charts, (value) =>
          showHeight(isBounded ? value - race.lowest : value, isBounded),
        ),
      );
      const caption = mapCaption(race, scene.hills?.text ?? "");
      return [
        element("p", { class: "soft" }, raceSubtitle(race)),
        pair,
        ...(caption === "" ? [] : [element("p", { class: "soft below" }, caption)]),
        raceTable(race),
        ...(race.region === undefined ? [] : regionParts(race.region)),
      ];
    }
    case "lines":
      return [chartPlace({ spec: linesChart(figure), height: linesHeight })];
    case "slice": {
      const { slice } = figure;
      const hills = sliceHills(slice);
      const maps = new Map<string, RaceMapPart>();
      const drawMap = (width: number, i: number): Markup => {
        const name = `${id}-map-${i}`;
        const part = sliceMapPart(figure, hills, width, name);
        maps.set(name, part);
        return drawing(part, "map", "A slice of the loss with the path of training", name);
      };
      const map = atWidths(drawMap);
      const path = pathChart(slice);
      if (path !== undefined) moved.push(pageSlice(id, slice, maps, (value) => showHeight(value, false)));
      return [
        element(
          "div",
          { class: "pair" },
          map,
          ...(path === undefined ? [] : [chartPlace({ spec: path, height: besideMap })]),
        ),
        element("p", { class: "soft below" }, sliceCaption(hills, slice)),
      ];
    }
    case "table":
      return [
        tableOf(
          figure.title,
          figure.head,
          cellsOf(figure).map((row) => row.map((cell) => [cell])),
        ),
      ];
    default:
      return figure satisfies never;
  }
}

function drawing({ width, height, markup }: FigurePart, kind: string, label: string, id?: string): Markup {
  const named = id === undefined ? {} : { id };
  return element(
    "svg",
    {
      ...named,
      class: `dh-chart dl ${kind}`,
      role: "img",
      "aria-label": label,
      viewBox: `0 0 ${width} ${height}`,
    },
    ...markup,
  );
}

/** Draws the vertical line that marks the current step in a chart. */
function drawCursor({ left, perStep, box: { y, height } }: ValuePart, steps: number): Markup {
  const x = left + steps * perStep;
  return element("line", { class: "cursor", x1: x, x2: x, y1: y, y2: y + height });
}

function sign(mark: Markup): Markup {
  return element("svg", { class: "dh-chart swatch", viewBox: "0 -8 30 16", "aria-hidden": "true" }, mark);
}

/** Describes the solution under constraints, with a table of their multipliers. */
function regionParts(region: RaceRegion): Markup[] {
  const rows = constraintRows(region).map((row) => row.map((cell) => [cell]));
  return [element("p", {}, regionWords(region)), tableOf("The constraints", constraintHead, rows)];
}

/** Creates the table of a race. Each row has a checkbox that shows the run, and its value at the current step. */
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
      [element("label", {}, box, sign(runSign(i)), run.name)],
      [element("span", { "data-value": i }, last)],
      [how],
      [last],
      ...steps.map((cell) => [cell]),
    ];
  });
  const heads = [name, `${height} at the step`, ended, `${height} at the end`, ...others];
  return tableOf("The runs", heads, rows);
}

function tableOf(
  label: string,
  head: readonly string[],
  rows: readonly (readonly (readonly (Markup | string)[])[])[],
): Markup {
  return element(
    "div",
    scrollable(label),
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
