/** A chart: curves and points over two axes, as data. */
export interface ChartSpec {
  /** Names the chart for screen readers and for files; it is not drawn. */
  readonly title: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly SeriesSpec[];
  /** Places on an axis that have a name. */
  readonly marks?: readonly MarkSpec[];
}

/** What an axis measures, and how. */
export interface AxisSpec {
  /** Its name; none is drawn where it is empty. */
  readonly label: string;
  /** Equal ratios apart instead of equal differences. Values that are not positive have no place then. */
  readonly log?: boolean;
  /** The ends. Default: along x the least and the greatest value, along y round numbers around them. */
  readonly domain?: readonly [from: number, to: number];
  /** Shares are written as percentages; whole numbers have no marks between them. Default: `number`. */
  readonly unit?: "number" | "percent" | "integer";
  /** The axis begins at 0, unless the values lie close together, far from it. Default: no. */
  readonly isFromZero?: boolean;
}

/** Values of one thing. `x`, `y`, `low` and `high` are equally long; what is not finite leaves a gap. */
export interface SeriesSpec {
  /** Series of one name have one place in the legend and are hidden together. */
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /**
   * How it is drawn. Default: `line`, whose points are marked where there are few. `stems` are dots with lines down to 0, a
   * `band` lies between `low` and `high`.
   */
  readonly draw?: "line" | "dots" | "dashes" | "steps" | "band" | "stems";
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** The place of its colour among those of the palette; `ink` for what is compared with, as theory. Default: its place among the names. */
  readonly colour?: number | "ink";
}

/** A dashed line across a chart, at a place of one of its axes. */
export type MarkSpec =
  | { readonly x: number; readonly y?: never; readonly label: string }
  | { readonly y: number; readonly x?: never; readonly label: string };

/** What of a chart is shown, and how: what its reader chose. */
export interface ChartView {
  /** The parts of the axes that are seen, instead of all. */
  readonly x?: readonly [from: number, to: number] | undefined;
  readonly y?: readonly [from: number, to: number] | undefined;
  /** Instead of what the axes say themselves. */
  readonly isLogX?: boolean;
  readonly isLogY?: boolean;
  /** Names of series that are not drawn. */
  readonly hidden?: ReadonlySet<string>;
  /** Whether the names of the series stand above the plot. Default: where there are two or more. */
  readonly hasLegend?: boolean | undefined;
}

/** The size of a drawing, in CSS pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A name of a legend: the first series that has it stands for all, and its colour. */
export interface NamedSeries {
  readonly name: string;
  readonly series: SeriesSpec;
  readonly colour: number | "ink";
}

/** The names of the series in their order, each once. */
export function namesOf({ series }: ChartSpec): NamedSeries[] {
  const names = new Map<string, NamedSeries>();
  for (const one of series) {
    const { name, colour = names.size } = one;
    if (!names.has(name)) names.set(name, { name, series: one, colour });
  }
  return [...names.values()];
}

/** The colour of each series. */
export function coloursOf(spec: ChartSpec): (number | "ink")[] {
  const named = new Map(namesOf(spec).map(({ name, colour }) => [name, colour]));
  return spec.series.map(({ name, colour }) => colour ?? named.get(name) ?? 0);
}
