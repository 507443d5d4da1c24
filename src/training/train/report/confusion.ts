import { element, type Markup, scrollable } from "../../../pictures/plot/markup.ts";
import type { ConfusionFigure } from "./figures.ts";

const mostInMatrix = 30; // classes; of more, the pairs most confused are listed
const mostPairs = 20;

/** The matrix of a few classes, each row tinted by the share of its items. */
export function drawConfusion({ title, classes, counts }: ConfusionFigure): Markup {
  if (classes.length > mostInMatrix) return listPairs(classes, counts);
  const totals = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const head = element(
    "tr",
    {},
    element("td", {}, ""),
    ...classes.map((name) => element("th", { scope: "col" }, name)),
  );
  const rows = counts.map((row, actual) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, classes[actual]!),
      ...row.map((count, predicted) => {
        const share = count / Math.max(1, totals[actual]!);
        // the root keeps single mistakes visible
        const strength = count === 0 ? 0 : 0.12 + 0.88 * Math.sqrt(share);
        const isStrong = strength > 0.62;
        // between these two parts neither light nor dark digits can be read
        const tint = isStrong ? 0.8 + 0.2 * ((strength - 0.62) / 0.38) : (0.55 * strength) / 0.62;
        const kind = count === 0 ? "none" : actual === predicted ? "right" : "wrong";
        return element(
          "td",
          {
            class: `${kind}${isStrong ? " strong" : ""}`,
            style: `--tint:${Math.round(tint * 100)}%`,
            title: `${count} of ${totals[actual]!} of class ${classes[actual]!} were taken for ${classes[predicted]!}`,
          },
          count === 0 ? "·" : String(count),
        );
      }),
    ),
  );
  return element(
    "div",
    scrollable(title),
    element("table", { class: "confusion" }, element("thead", {}, head), element("tbody", {}, ...rows)),
  );
}

function listPairs(classes: readonly string[], counts: readonly (readonly number[])[]): Markup {
  const pairs = counts
    .flatMap((row, actual) => row.map((count, predicted) => ({ actual, predicted, count })))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, mostPairs);
  const cells = (tag: string, texts: readonly string[]): Markup =>
    element("tr", {}, ...texts.map((text) => element(tag, {}, text)));
  return element(
    "table",
    { class: "rows" },
    element("thead", {}, cells("th", ["actual", "taken for", "times"])),
    element(
      "tbody",
      {},
      ...pairs.map(({ actual, predicted, count }) =>
        cells("td", [classes[actual]!, classes[predicted]!, String(count)]),
      ),
    ),
  );
}
