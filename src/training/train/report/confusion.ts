import { element, type Markup, scrollable } from "../../../pictures/plot/markup.ts";
import type { ConfusionFigure } from "./figures.ts";

const mostInMatrix = 30; // classes; larger matrices are drawn as a map
const mostPairs = 20;

/**
 * Draws the confusion matrix, each row tinted by the share of its items: a table, or a map if there are many classes.
 */
export function drawConfusion({ title, classes, counts }: ConfusionFigure): Markup[] {
  if (!isMap(classes)) return [drawMatrix(title, classes, counts)];
  const pairs = element("div", {}, ...listPairs(classes, counts));
  return [element("div", { class: "map-and-pairs" }, drawMap(title, classes, counts), pairs)];
}

/** True if a matrix of these classes is drawn as a map, which needs the whole width of a page. */
export function isMap(classes: readonly string[]): boolean {
  return classes.length > mostInMatrix;
}

function drawMatrix(
  title: string,
  classes: readonly string[],
  counts: readonly (readonly number[])[],
): Markup {
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
        // The square root keeps single mistakes visible.
        const strength = count === 0 ? 0 : 0.12 + 0.88 * Math.sqrt(share);
        const isStrong = strength > 0.62;
        // Between these two ranges of tint, neither light nor dark digits are legible.
        const tint = isStrong ? 0.8 + 0.2 * ((strength - 0.62) / 0.38) : (0.55 * strength) / 0.62;
        const kind = count === 0 ? "none" : actual === predicted ? "right" : "wrong";
        return element(
          "td",
          {
            class: `${kind}${isStrong ? " strong" : ""}`,
            style: `--tint:${Math.round(tint * 100)}%`,
            title: countWords(classes, actual, predicted, count, totals[actual]!),
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

const mapSize = 640; // size of a map in pixels, unless its cells would become too small
const leastCell = 3; // smallest cell, in pixels
const labelEvery = 13; // pixels from one label to the next
const longestLabel = 16; // characters

/** Draws the matrix of many classes as a map: one cell per pair that occurs, tinted like a cell of the table. */
function drawMap(title: string, classes: readonly string[], counts: readonly (readonly number[])[]): Markup {
  const n = classes.length;
  const cell = Math.max(leastCell, Math.floor(mapSize / n));
  const every = Math.ceil(labelEvery / cell);
  const labels = classes.map((name) =>
    name.length > longestLabel ? `${name.slice(0, longestLabel - 1)}…` : name,
  );
  const shown = labels.flatMap((label, i) => (i % every === 0 ? [{ label, at: (i + 0.5) * cell }] : []));
  const left = 10 + 6.6 * Math.max(...shown.map(({ label }) => label.length));
  const size = n * cell;
  const cells = counts.flatMap((row, actual) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.flatMap((count, predicted) =>
      count === 0 ? [] : [mapCell({ classes, cell, actual, predicted, count, total })],
    );
  });
  const [width, height] = [Math.ceil(left + size + 8), Math.ceil(left + size + 8)];
  const picture = element(
    "svg",
    {
      class: "confusion-map",
      role: "img",
      "aria-label": `${title}: ${n} classes`,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
    },
    element("rect", { class: "ground", x: left, y: left, width: size, height: size }),
    ...shown.flatMap(({ label, at }) => [
      element("text", { x: left - 5, y: left + at + 4, "text-anchor": "end" }, label),
      element("text", { transform: `translate(${left + at + 4} ${left - 5}) rotate(-90)` }, label),
    ]),
    element("g", { transform: `translate(${left} ${left})` }, ...cells),
  );
  return element("div", scrollable(title), picture);
}

function mapCell({
  classes,
  cell,
  actual,
  predicted,
  count,
  total,
}: {
  readonly classes: readonly string[];
  readonly cell: number;
  readonly actual: number;
  readonly predicted: number;
  readonly count: number;
  readonly total: number;
}): Markup {
  const tint = 0.25 + 0.75 * Math.sqrt(count / total); // The square root keeps single mistakes visible.
  return element(
    "rect",
    {
      class: actual === predicted ? "right" : "wrong",
      x: predicted * cell,
      y: actual * cell,
      width: cell,
      height: cell,
      style: `--tint:${Math.round(tint * 100)}%`,
    },
    element("title", {}, countWords(classes, actual, predicted, count, total)),
  );
}

function countWords(
  classes: readonly string[],
  actual: number,
  predicted: number,
  count: number,
  total: number,
): string {
  return `${count} of ${total} of class ${classes[actual]!} were predicted as ${classes[predicted]!}`;
}

/** Lists the pairs of classes that were confused most often; empty if no classes were confused. */
function listPairs(classes: readonly string[], counts: readonly (readonly number[])[]): Markup[] {
  const pairs = counts
    .flatMap((row, actual) => row.map((count, predicted) => ({ actual, predicted, count })))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
  if (pairs.length === 0) return [];
  const shown = pairs.slice(0, mostPairs);
  const cells = (tag: string, texts: readonly string[]): Markup =>
    element("tr", {}, ...texts.map((text) => element(tag, {}, text)));
  return [
    element(
      "p",
      { class: "caption" },
      shown.length < pairs.length
        ? `The ${shown.length} most frequent of ${pairs.length} confused pairs.`
        : "The confused pairs, the most frequent first.",
    ),
    element(
      "table",
      { class: "rows" },
      element("thead", {}, cells("th", ["actual", "taken for", "times"])),
      element(
        "tbody",
        {},
        ...shown.map(({ actual, predicted, count }) =>
          cells("td", [classes[actual]!, classes[predicted]!, String(count)]),
        ),
      ),
    ),
  ];
}
