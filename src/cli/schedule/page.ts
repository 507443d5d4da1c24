import { element, type Markup, scrollable, writeMarkup } from "../../pictures/plot/markup.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { chartPlace, writePage } from "../../pictures/plot/page.ts";
import { type PictureChart, drawPicture } from "../../pictures/plot/picture.ts";
import { showTick } from "../../pictures/plot/scale.ts";
import { thinned } from "../../pictures/plot/thinned.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { withImports } from "../shared/program-text.ts";
import { type ScheduleCurve, describe, showOptions, tableSteps } from "./text.ts";

const digits = 6;

/** The curves of a schedule as a self-contained SVG picture that follows the reader's light or dark colour scheme. */
export function schedulePicture(curve: ScheduleCurve): Markup {
  return drawPicture({
    heading: curve.name,
    notes: [curve.description, showOptions(curve.options), describe(curve)],
    charts: scheduleCharts(curve),
  });
}

/** Writes a self-contained page with the charts of a schedule and tables of its steps and options. */
export function schedulePage(curve: ScheduleCurve): string {
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, "Learning-rate schedule"),
    element("h1", {}, curve.name),
    element("p", { class: "subtitle" }, curve.description),
    element(
      "div",
      { class: "curves" },
      ...scheduleCharts(curve).flatMap((chart) => [element("h2", {}, chart.title ?? ""), chartPlace(chart)]),
      element("p", { class: "caption" }, describe(curve)),
    ),
    element(
      "div",
      { class: "figures" },
      element("section", {}, element("h2", {}, curve.unit === "step" ? "Steps" : "Epochs"), stepTable(curve)),
      element("section", {}, element("h2", {}, "Options"), optionList(curve)),
    ),
  );
  const page = writePage({
    title: `${curve.name}: ${curve.description}`,
    body: writeMarkup(main),
    hasFigures: true,
  });
  return withProgram(page, scheduleProgram(curve));
}

/** A program that prints the rate, and the momentum if there is one, of each step. */
function scheduleProgram({ code, momentumCode, rates, unit }: ScheduleCurve): string {
  const isMomentum = momentumCode !== undefined;
  return withImports(`
const rate = ${code};
${isMomentum ? `const momentum = ${momentumCode};\n` : ""}for (let ${unit} = 0; ${unit} < ${rates.length}; ${unit}++) {
  console.log(${unit}, rate(${unit})${isMomentum ? `, momentum(${unit})` : ""});
}
`);
}

function scheduleCharts({ name, rates, momentum, log, unit }: ScheduleCurve): PictureChart[] {
  const steps = rates.map((_, t) => t);
  const x = { label: unit, unit: "integer" } as const;
  const rate: PictureChart = {
    title: "Rate",
    spec: {
      title: `${name}: rate`,
      x,
      y: { label: "", log, isFromZero: true },
      series: [{ name: "rate", ...thinned(steps, rates) }],
    },
    height: [180, 0.21],
  };
  if (momentum === undefined) return [rate];
  const beside: PictureChart = {
    title: "Momentum",
    spec: {
      title: `${name}: momentum`,
      x,
      y: { label: "", isFromZero: true },
      series: [{ name: "momentum", ...thinned(steps, momentum), colour: 1 }],
    },
    height: [150, 0.08],
  };
  return [rate, beside];
}

function stepTable({ rates, momentum, unit }: ScheduleCurve): Markup {
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

function optionList({ options }: ScheduleCurve): Markup {
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
