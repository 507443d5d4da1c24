import { pageStyle } from "../../training/train/report/style.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { atWidths } from "../../pictures/viz/at-widths.ts";
import { element, escapeText, type Markup, scrollable, writeMarkup } from "../../pictures/viz/markup.ts";
import { drawPanels, panelStyle } from "./picture.ts";
import { figures, type FitReport, parameterRows, searchWords, warnings } from "./report.ts";
import { percent, residualWords, sourceWords } from "./text.ts";

/** The picture with tables on a page of its own: one file that loads nothing and runs no script. */
export function fitPage(report: FitReport): string {
  const { formula, provenance } = report;
  const charts = atWidths((width) => {
    const { drawn, height } = drawPanels(report, 0, width);
    const size = { viewBox: `0 0 ${width} ${height}` };
    return element("svg", { class: "fit", role: "img", "aria-label": formula.text, ...size }, ...drawn);
  });
  const noted = warnings(report);
  const style = [
    pageStyle,
    panelStyle,
    ".curves{max-width:920px;margin:28px 0 36px}",
    ".fit{display:block;width:100%;height:auto}",
    ".rows td.number{text-align:right;white-space:nowrap}",
    ".rows th.number{text-align:right}",
    "h1{font-size:24px}",
  ].join("\n");
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, "Curve fit"),
    element("h1", {}, formula.text),
    element("p", { class: "subtitle" }, sourceWords(report)),
    ...(noted.length === 0
      ? []
      : [
          element(
            "div",
            { class: "attention", style: "margin-top:22px" },
            ...noted.map((text) => element("p", {}, text)),
          ),
        ]),
    element("div", { class: "curves" }, charts, element("p", { class: "caption" }, residualWords(report))),
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
      element("section", {}, element("h2", {}, "Fit"), list(figures(report))),
      ...(formula.parameters.length > 1
        ? [element("section", {}, element("h2", {}, "Correlations"), correlations(report))]
        : []),
    ),
    ...(provenance === undefined ? [] : [element("footer", {}, `Data: ${provenance}`)]),
  );
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">`,
    `<title>${escapeText(formula.text)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    `<body>${writeMarkup(main)}</body>`,
    "</html>",
    "",
  ].join("\n");
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
