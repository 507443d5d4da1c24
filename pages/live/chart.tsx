// Charts in live pages.
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { legendOf, linesPart } from "../../src/pictures/landscapes/draw/figure.ts";
import type { LinesFigure, Series } from "../../src/pictures/landscapes/study.ts";
import { element } from "../../src/pictures/viz/markup.ts";
import { Drawing } from "./drawing.tsx";
import { shortNumber } from "./fields.tsx";
import { useWidth } from "./width.ts";

/** What an axis of a chart measures. */
export interface AxisSpec {
  readonly label: string;
  readonly log?: boolean;
}

/** Values of one thing; `x` and `y` are equally long. */
export interface SeriesSpec {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Default: a line. */
  readonly draw?: "line" | "dots" | "dashes";
  /** The place of its colour in the palette. Default: its place among the series. */
  readonly colour?: number;
}

/** A chart as data. */
export interface ChartSpec {
  readonly title: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly SeriesSpec[];
  /** Dashed lines across, at a place of an axis. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

function figureOf({ title, x, y, series, marks = [] }: ChartSpec): LinesFigure {
  return {
    kind: "lines",
    title,
    x,
    y,
    series: series.map((one, i): Series => ({
      name: one.name,
      x: Array.from(one.x),
      y: Array.from(one.y),
      style: one.draw ?? "line",
      colour: one.colour ?? i,
    })),
    marks: marks.map((mark) => ({ x: mark.x, text: mark.label })),
  };
}

/** A chart as wide as its place, with its numbers in a table that opens. */
export function Chart({ spec }: { readonly spec: ChartSpec }): JSX.Element {
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const id = useId();
  const isOpen = useSignal(false);
  const figure = figureOf(spec);
  const part = useComputed(() => linesPart(figure, width.value, id)).value;
  const drawn = element(
    "svg",
    {
      class: "dl",
      width: part.width,
      height: part.height,
      viewBox: `0 0 ${part.width} ${part.height}`,
      role: "img",
      "aria-label": spec.title,
    },
    ...part.markup,
  );
  return (
    <div ref={ref} class="chart">
      <Drawing of={drawn} />
      {spec.series.length > 1 && (
        <ul class="chart-legend">
          {legendOf(figure).map(({ series, swatch }) => (
            <li>
              <svg class="dl" width="30" height="12" viewBox="0 -6 30 12" aria-hidden="true">
                <Drawing of={swatch} />
              </svg>
              {series.name}
            </li>
          ))}
        </ul>
      )}
      <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
        <summary>The numbers</summary>
        {isOpen.value && <Numbers spec={spec} />}
      </details>
    </div>
  );
}

function Numbers({ spec }: { readonly spec: ChartSpec }): JSX.Element {
  return (
    <div class="scroll-x" role="group" tabIndex={0} aria-label={`${spec.title}: numbers`}>
      <table class="plain">
        <thead>
          <tr>
            <th>series</th>
            <th>{spec.x.label}</th>
            <th>{spec.y.label}</th>
          </tr>
        </thead>
        <tbody>
          {spec.series.flatMap((series) =>
            Array.from(series.x, (x, i) => (
              <tr>
                <td>{series.name}</td>
                <td>{shortNumber(x)}</td>
                <td>{shortNumber(series.y[i]!)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
