/** A chart as data: curves and points over two axes. */
export interface ChartSpec {
  /** Title for screen readers and files. Not drawn. */
  readonly title: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly SeriesSpec[];
  /** Labelled positions on an axis. */
  readonly marks?: readonly MarkSpec[];
}

/** Label, scale and range of an axis. */
export interface AxisSpec {
  /** Name of the axis. Not drawn if empty. */
  readonly label: string;
  /** Whether the scale is logarithmic. Non-positive values are then omitted. Default: false. */
  readonly log?: boolean;
  /** The ends of the axis. Default: for x the least and the greatest value, for y round numbers around them. */
  readonly domain?: readonly [from: number, to: number];
  /**
   * Unit of the values. `percent` shows fractions as percentages; `integer` has tick marks at integers only. Default:
   * `number`.
   */
  readonly unit?: "number" | "percent" | "integer";
  /** True to start the axis at 0, unless the values are far from 0 compared with their spread. Default: false. */
  readonly isFromZero?: boolean;
}

/** Values of one quantity. `x`, `y`, `low` and `high` have equal lengths; non-finite values leave gaps. */
export interface SeriesSpec {
  /** Name in the legend. Series with equal names share a legend entry and are hidden together. */
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /**
   * Drawing style. Default: `line`, which marks its points if there are few. `stems` are dots with lines down to 0. A
   * `band` fills the area between `low` and `high`.
   */
  readonly draw?: "line" | "dots" | "dashes" | "steps" | "band" | "stems";
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /**
   * Index of the colour in the palette, or `ink` (the text colour) for a reference such as theory. Default: the index
   * of the name.
   */
  readonly colour?: number | "ink";
}

/** A dashed line across a chart, at a position on one of its axes. */
export type MarkSpec =
  | { readonly x: number; readonly y?: never; readonly label: string }
  | { readonly y: number; readonly x?: never; readonly label: string };

/** The part of a chart that the user has chosen to see, and the scales of its axes. */
export interface ChartView {
  /** Visible ranges of the axes. Default: the whole range of the chart. */
  readonly x?: readonly [from: number, to: number] | undefined;
  readonly y?: readonly [from: number, to: number] | undefined;
  /**
   * Scale that the user has chosen for the x axis (`isLogX`) and the y axis (`isLogY`): true for logarithmic, false for
   * linear. Default: the scale of the chart.
   */
  readonly isLogX?: boolean;
  readonly isLogY?: boolean;
  /** Names of the hidden series. */
  readonly hidden?: ReadonlySet<string>;
  /** Whether a legend is drawn above the plot. Default: true if the series have two or more distinct names. */
  readonly hasLegend?: boolean | undefined;
}

/** Size of a drawing, in CSS pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A legend entry: a name, the first series with this name, and its colour. */
export interface NamedSeries {
  readonly name: string;
  readonly series: SeriesSpec;
  readonly colour: number | "ink";
}

/** Returns the legend entries of a chart: one per distinct name of a series, in order. */
export function namesOf({ series }: ChartSpec): NamedSeries[] {
  const names = new Map<string, NamedSeries>();
  for (const one of series) {
    const { name, colour = names.size } = one;
    if (!names.has(name)) names.set(name, { name, series: one, colour });
  }
  return [...names.values()];
}

/** Returns the colour of each series. A series without a colour has that of the legend entry with its name. */
export function coloursOf(spec: ChartSpec): (number | "ink")[] {
  const named = new Map(namesOf(spec).map(({ name, colour }) => [name, colour]));
  return spec.series.map(({ name, colour }) => colour ?? named.get(name) ?? 0);
}
