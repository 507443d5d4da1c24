import type { ChartSpec, SeriesSpec } from "./chart-spec.ts";
import { element, type Markup, scrollable } from "./markup.ts";
import { typesetNumber } from "./number-text.ts";

const mostRows = 200; // of the table; the CSV file contains all rows

/** The numbers of a chart as a table. Cells without a finite number are undefined. */
interface ChartTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/**
 * Creates a scrollable table of a chart's numbers. If the x values of all series occur in that of the longest one,
 * there is one row per x, else one row per point. A table of more than 200 rows is thinned to every second, third, …
 * row, as a caption states.
 */
export function chartTable(spec: ChartSpec): Markup {
  const { head, rows } = rowsOf(spec);
  const every = Math.ceil(rows.length / mostRows);
  const shown = rows.filter((_, i) => i % every === 0);
  const cell = (value: string | number | undefined): string =>
    typeof value === "number" ? typesetNumber(value) : (value ?? "");
  const caption =
    every === 1
      ? []
      : [element("caption", {}, `One row in ${every} of ${rows.length.toLocaleString("en")}.`)];
  return element(
    "div",
    scrollable(`${spec.title}: values`),
    element(
      "table",
      { class: "rows" },
      ...caption,
      element(
        "thead",
        {},
        element("tr", {}, "", ...head.map((text) => element("th", { scope: "col" }, text))),
      ),
      element(
        "tbody",
        {},
        "",
        ...shown.map((row) => element("tr", {}, ...row.map((value) => element("td", {}, cell(value))))),
      ),
    ),
  );
}

/**
 * Returns all numbers of a chart as comma-separated values with full precision, in the rows of {@link chartTable}
 * without thinning.
 */
export function chartCsv(spec: ChartSpec): string {
  const { head, rows } = rowsOf(spec);
  const cell = (value: string | number | undefined): string => {
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function rowsOf(spec: ChartSpec): ChartTable {
  const { x, series } = spec;
  const xName = x.label === "" ? "x" : x.label;
  const longest = series.reduce<SeriesSpec | undefined>(
    (most, one) => (most === undefined || one.x.length > most.x.length ? one : most),
    undefined,
  );
  const places = new Map(Array.from(longest?.x ?? [], (at, i) => [at, i] as const));
  const isShared = series.every((one) => isRising(one.x) && Array.from(one.x).every((at) => places.has(at)));
  return isShared ? sharedRows(xName, series, [...places.keys()]) : pointRows(xName, spec);
}

function isRising(x: ArrayLike<number>): boolean {
  for (let i = 0; i < x.length; i++) if (!(i === 0 ? Number.isFinite(x[0]) : x[i]! > x[i - 1]!)) return false;
  return true;
}

/** Creates a table with one row per x value and one column per series (two for a band). */
function sharedRows(xName: string, series: readonly SeriesSpec[], xs: readonly number[]): ChartTable {
  const columns = series.flatMap(({ name, x, y, draw, low = [], high = [] }) => {
    const column = (
      head: string,
      values: ArrayLike<number>,
    ): readonly [string, ReadonlyMap<number, number>] => [
      head,
      new Map(Array.from(x, (at, i) => [at, values[i]!] as const)),
    ];
    return draw === "band" ? [column(`${name}, from`, low), column(`${name}, to`, high)] : [column(name, y)];
  });
  return {
    head: [xName, ...columns.map(([head]) => head)],
    rows: xs.map((at) => [at, ...columns.map(([, values]) => known(values.get(at)))]),
  };
}

/** Creates a table with one row per point, with the name of its series. */
function pointRows(xName: string, { y: { label }, series }: ChartSpec): ChartTable {
  const hasBand = series.some(({ draw }) => draw === "band");
  return {
    head: ["series", xName, label === "" ? "y" : label, ...(hasBand ? ["from", "to"] : [])],
    rows: series.flatMap(({ name, x, y, draw, low = [], high = [] }) =>
      Array.from(x, (at, i) => [
        name,
        known(at),
        draw === "band" ? undefined : known(y[i]),
        ...(hasBand ? [known(low[i]), known(high[i])] : []),
      ]),
    ),
  };
}

function known(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
