import type { ChartSpec } from "../../pictures/plot/chart-spec.ts";
import { element, type Markup, scrollable, writeMarkup } from "../../pictures/plot/markup.ts";
import { chartPlace, writePage } from "../../pictures/plot/page.ts";
import { extent } from "../../pictures/plot/scale.ts";
import { type ComparedCurve, type ComparedRun, curvesOf, differencesOf } from "./runs.ts";
import { type CompareRow, resultRows } from "./text.ts";

/**
 * Writes a self-contained page with the overlaid curves of the runs and tables of their results and differing settings.
 */
export function comparePage(runs: readonly ComparedRun[]): string {
  const names = runs.map(({ name }) => name);
  const title = `${names.length} runs: ${names.join(", ")}`;
  const differences = differencesOf(runs);
  const charts = curvesOf(runs)
    .filter((curve) => !isConstant(curve))
    .map((curve) =>
      element(
        "section",
        {},
        element(
          "h2",
          {},
          curve.values.size > 1 ? curve.title : `${curve.title} of ${names[[...curve.values.keys()][0]!]!}`,
        ),
        chartPlace({ spec: chartOf(curve, names), height: [180, 0.24] }),
      ),
    );
  const main = element(
    "main",
    {},
    element("p", { class: "over" }, "Comparison of runs"),
    element("h1", {}, names.join(", ")),
    element("div", { class: "figures", style: "margin-top:28px" }, ...charts),
    element(
      "div",
      { class: "figures", style: "margin-top:40px" },
      section("Differing settings", names, differences, "The runs have the same settings."),
      section("Results", names, resultRows(runs), ""),
    ),
  );
  return writePage({ title, body: writeMarkup(main), hasFigures: true });
}

/**
 * True if the curve is constant in every run and has more than one epoch, such as a fixed learning rate. The table of
 * results suffices then.
 */
function isConstant({ values }: ComparedCurve): boolean {
  return [...values.values()].every((all) => all.length > 1 && all.every((value) => value === all[0]));
}

/** Returns the chart of a curve, with one line for each run that has it, in the colour of the run. */
function chartOf({ title, unit, values }: ComparedCurve, names: readonly string[]): ChartSpec {
  const finite = [...values.values()].flat().filter(Number.isFinite);
  const [low, high] = extent(finite);
  return {
    title: `${title} over the epochs`,
    x: { label: "epoch", unit: "integer" },
    y: { label: "", unit, log: unit === "number" && low > 0 && high / low > 100, isFromZero: true },
    series: [...values].map(([run, all]) => ({
      name: names[run]!,
      x: all.map((_, i) => i + 1),
      y: all,
      colour: run,
    })),
  };
}

function section(title: string, names: readonly string[], rows: readonly CompareRow[], none: string): Markup {
  const head = element(
    "tr",
    {},
    element("td", {}, ""),
    ...names.map((name) => element("th", { scope: "col" }, name)),
  );
  const body = rows.map(([name, ...values]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...values.map((value) => element("td", {}, value)),
    ),
  );
  return element(
    "section",
    { class: "wide" },
    element("h2", {}, title),
    rows.length === 0
      ? element("p", { class: "caption" }, none)
      : element(
          "div",
          scrollable(title),
          element("table", { class: "rows" }, element("thead", {}, head), element("tbody", {}, ...body)),
        ),
  );
}
