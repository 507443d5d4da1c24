import { extent, showTick } from "../../pictures/plot/scale.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { drawChart } from "../shared/chart.ts";
import type { CommandEntry } from "../help.ts";
import type { ScheduleOptionValue } from "./reader.ts";
import type { Paint } from "../shared/style.ts";
import { wrap } from "../shared/wrap.ts";

/** A schedule with the rates that were computed for its steps, and the way of drawing it. */
export interface ScheduleCurve {
  readonly name: string;
  readonly description: string;
  readonly options: ReadonlyMap<string, ScheduleOptionValue>;
  /** The rate of each step, from step 0. */
  readonly rates: readonly number[];
  readonly momentum?: readonly number[];
  /** True if rates are drawn on a logarithmic axis. */
  readonly log: boolean;
  /** Unit of the horizontal axis. */
  readonly unit: "step" | "epoch";
  /** Expressions of TypeScript that make the schedules of the rate and of the momentum. */
  readonly code: string;
  readonly momentumCode: string | undefined;
}

const widest = 100; // size of a chart in cells
const digits = 6;

/** Shows heading, chart and table for a terminal or a file. */
export function showCurve(curve: ScheduleCurve, paint: Paint, columns: number | undefined): string {
  const { rates, momentum, log, unit } = curve;
  const width = Math.min(widest, columns ?? 80);
  const heading = (text: string): string => paint("bold", text);
  return [
    ...wrap(`${heading(`${curve.name}:`)} ${curve.description}`, width),
    ...wrap(showOptions(curve.options), width).map((line) => paint("dim", line)),
    "",
    heading("Rate"),
    ...drawChart({ values: rates, columns: width, lines: 13, log, unit }),
    ...wrap(describe(curve), width),
    ...(momentum === undefined
      ? []
      : ["", heading("Momentum"), ...drawChart({ values: momentum, columns: width, lines: 7, unit })]),
    "",
    ...table(curve, width, paint),
    "",
  ].join("\n");
}

/** Formats options as `from 0.1, to 0, length 100`. */
export function showOptions(options: ReadonlyMap<string, ScheduleOptionValue>): string {
  const show = (value: ScheduleOptionValue): string => {
    if (typeof value === "string") return /[\s;]/.test(value) ? JSON.stringify(value) : value;
    if (typeof value === "number") return showNumber(value, digits);
    const shown = value.slice(0, 12).map((item) => showNumber(item, digits));
    return `${shown.join(",")}${value.length > 12 ? ",…" : ""}`;
  };
  return [...options].map(([name, value]) => `${name} ${show(value)}`).join(", ");
}

/** Describes the first, last and extreme rates. */
export function describe({ rates, unit }: ScheduleCurve): string {
  const [low, high] = extent(rates);
  const show = (value: number): string => showNumber(value, 4);
  const at = (value: number): string => `${show(value)} at ${unit} ${rates.indexOf(value)}`;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const ends = `first ${show(rates[0]!)}, last ${show(rates.at(-1)!)}`;
  return `${rates.length.toLocaleString("en")} ${rates.length === 1 ? unit : `${unit}s`}: ${ends}, highest ${at(high)}, lowest ${at(low)}, mean ${show(mean)}`;
}

const mostRows = 24;

/** Returns the steps that a table lists: all if there are few; otherwise the first, the last and round ones. */
export function tableSteps(n: number): number[] {
  if (n <= mostRows) return Array.from({ length: n }, (_, t) => t);
  const rough = n / 20;
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough)!;
  const steps = Array.from({ length: Math.ceil((n - 1) / every) }, (_, i) => i * every);
  return [...steps, n - 1];
}

function table({ rates, momentum, unit }: ScheduleCurve, width: number, paint: Paint): string[] {
  const head = [unit, "rate", ...(momentum === undefined ? [] : ["momentum"])];
  const rows = tableSteps(rates.length).map((t) => [
    showTick(t),
    showNumber(rates[t]!, digits),
    ...(momentum === undefined ? [] : [showNumber(momentum[t]!, digits)]),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(widths[i]!)).join("  ");
  const block = widths.reduce((sum, cell) => sum + cell, 2 * (head.length - 1));
  const gap = 5;
  const blocks = Math.max(
    1,
    Math.min(Math.floor((width + gap) / (block + gap)), Math.ceil(rows.length / 4), 3),
  );
  const height = Math.ceil(rows.length / blocks);
  const used = Math.ceil(rows.length / height);
  const between = " ".repeat(gap);
  const heads = Array.from({ length: used }, () => line(head)).join(between);
  return [
    paint("dim", heads),
    ...Array.from({ length: height }, (_, i) =>
      Array.from({ length: used }, (_, b) => rows[b * height + i])
        .filter((row) => row !== undefined)
        .map(line)
        .join(between),
    ),
  ];
}

/** Returns the text that `downhill schedule` prints if its arguments name no schedule. */
export function showList(
  kinds: ReadonlyMap<string, Pick<CommandEntry, "description">>,
  paint: Paint,
): string {
  const width = Math.max(...[...kinds.keys()].map((name) => name.length));
  return [
    paint("bold", "Schedules"),
    ...[...kinds].map(
      ([name, { description }]) =>
        `  ${paint("cyan", name)}${" ".repeat(width - name.length)}  ${description}`,
    ),
    "",
    "downhill schedule <name> draws one; downhill schedule --help lists the options.",
    "",
  ].join("\n");
}
