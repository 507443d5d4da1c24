import { element, type Markup, scrollable, writeMarkup } from "../../pictures/plot/markup.ts";
import { withProgram } from "../../pictures/plot/document.ts";
import { chartPlace, writePage } from "../../pictures/plot/page.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { fitCharts } from "./charts.ts";
import { fitProgram } from "./program.ts";
import {
  constraintRows,
  figures,
  type FitReport,
  multiplierWords,
  parameterRows,
  searchWords,
  warnings,
} from "./report.ts";
import { percent, residualWords, sourceWords } from "./text.ts";

/** Writes a self-contained page with the charts of a fit and tables of its parameters, figures and correlations. */
export function fitPage(report: FitReport): string {
  const { formula, provenance } = report;
  const noted = warnings(report);
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, "Curve fit"),
    element("h1", {}, formula.text),
    element("p", { class: "subtitle" }, sourceWords(report)),
    ...(noted.length === 0
      ? []
      : [element("div", { class: "attention" }, ...noted.map((text) => element("p", {}, text)))]),
    element(
      "div",
      { class: "curves" },
      ...fitCharts(report).flatMap((chart) => [element("h2", {}, chart.title ?? ""), chartPlace(chart)]),
      element("p", { class: "caption" }, residualWords(report)),
    ),
    element(
      "div",
      { class: "figures" },
      element(
        "section",
        { class: "wide" },
        element("h2", {}, "Parameters"),
        parameterTable(report),
        element("p", { class: "caption" }, searchWords(report)),
      ),
      ...(report.constraints.length === 0 ? [] : [constraintSection(report)]),
      element("section", {}, element("h2", {}, "Fit"), list(figures(report))),
      ...(formula.parameters.length > 1
        ? [element("section", {}, element("h2", {}, "Correlations"), correlations(report))]
        : []),
    ),
    ...(provenance === undefined ? [] : [element("footer", {}, `Data: ${provenance}`)]),
  );
  const page = writePage({
    title: formula.text,
    body: writeMarkup(main),
    style: "h1{font-size:24px}",
    hasFigures: true,
  });
  const program = fitProgram(report);
  return program === undefined ? page : withProgram(page, program);
}

function table(
  label: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: (i: number) => boolean,
): Markup {
  const row = (tag: "td" | "th", cells: readonly string[]): Markup =>
    element(
      "tr",
      {},
      ...cells.map((cell, i) =>
        element(cell === "" ? "td" : tag, numbers(i) ? { class: "number" } : {}, cell),
      ),
    );
  return element(
    "div",
    scrollable(label),
    element("table", { class: "rows" }, row("th", head), ...rows.map((cells) => row("td", cells))),
  );
}

function parameterTable(report: FitReport): Markup {
  const rows = parameterRows(report);
  const isRemarked = rows.some(({ remark }) => remark !== "");
  return table(
    "Parameters",
    [
      "parameter",
      "value",
      "standard error",
      `${percent(report.settings.level)} interval`,
      ...(isRemarked ? [""] : []),
    ],
    rows.map(({ name, value, error, interval, remark }) => [
      name,
      value,
      error,
      interval,
      ...(isRemarked ? [remark] : []),
    ]),
    (i) => i > 0 && i < 4,
  );
}

function constraintSection(report: FitReport): Markup {
  const rows = constraintRows(report);
  const words = multiplierWords(report);
  return element(
    "section",
    { class: "wide" },
    element("h2", {}, "Constraints"),
    table("Constraints", ["constraint", "value", "multiplier", ""], rows, (i) => i > 0 && i < 3),
    ...(words === "" ? [] : [element("p", { class: "caption" }, words)]),
  );
}

function correlations({ formula, fit }: FitReport): Markup {
  const { parameters } = formula;
  const all = fit.correlation.data();
  const n = parameters.length;
  return table(
    "Correlations",
    ["", ...parameters],
    parameters.map((name, i) => [
      name,
      ...parameters.map((_, j) => {
        const c = all[i * n + j]!;
        return Number.isNaN(c) ? "–" : showNumber(Number(c.toFixed(3)), 3);
      }),
    ]),
    (i) => i > 0,
  );
}

function list(pairs: readonly (readonly [string, string])[]): Markup {
  return element(
    "dl",
    { class: "settings" },
    "",
    ...pairs.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}
