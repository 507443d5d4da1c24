/** A chart as data: curves and points over two axes. */
export interface ChartSpec {
  /** Name of the chart for screen readers and files; it is not drawn. */
  readonly title: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly SeriesSpec[];
  /** Labelled positions on an axis. */
  readonly marks?: readonly MarkSpec[];
}

/** Quantity and scale of an axis. */
export interface AxisSpec {
  /** Label; not drawn if empty. */
  readonly label: string;
  /** Logarithmic scale. Values that are not positive are not drawn. */
  readonly log?: boolean;
  /** Ends of the axis. Default: the smallest and largest value along x, round numbers around the values along y. */
  readonly domain?: readonly [from: number, to: number];
  /** `percent` shows fractions as percentages, `integer` omits ticks between integers. Default: `number`. */
  readonly unit?: "number" | "percent" | "integer";
  /** Whether the axis starts at 0, unless the values are close together and far from it. Default: no. */
  readonly isFromZero?: boolean;
}

/** Values of one quantity. `x`, `y`, `low` and `high` have the same length; values that are not finite leave a gap. */
export interface SeriesSpec {
  /** Series with the same name share one legend entry and are hidden together. */
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /**
   * Drawing style. Default: `line`, which marks its points if there are few. `stems` are dots with lines down to 0; a
   * `band` fills the area between `low` and `high`.
   */
  readonly draw?: "line" | "dots" | "dashes" | "steps" | "band" | "stems";
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Index of the palette colour; `ink` for a reference such as a theoretical curve. Default: the index of the name. */
  readonly colour?: number | "ink";
}

/** A dashed line across a chart at a position of one axis. */
export type MarkSpec =
  | { readonly x: number; readonly y?: never; readonly label: string }
  | { readonly y: number; readonly x?: never; readonly label: string };

/** View of a chart: the options that the reader chose. */
export interface ChartView {
  /** Visible range of each axis; all by default. */
  readonly x?: readonly [from: number, to: number] | undefined;
  readonly y?: readonly [from: number, to: number] | undefined;
  /** Scale of each axis, instead of the one in its specification. */
  readonly isLogX?: boolean;
  readonly isLogY?: boolean;
  /** Names of hidden series. */
  readonly hidden?: ReadonlySet<string>;
  /** Whether the legend is drawn above the plot. Default: if there are two or more names. */
  readonly hasLegend?: boolean | undefined;
}

/** Size of a drawing in CSS pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A legend entry: a name, the first series with that name, and its colour. */
export interface NamedSeries {
  readonly name: string;
  readonly series: SeriesSpec;
  readonly colour: number | "ink";
}

/** Legend entries in order, one per name. */
export function namesOf({ series }: ChartSpec): NamedSeries[] {
  const names = new Map<string, NamedSeries>();
  for (const one of series) {
    const { name, colour = names.size } = one;
    if (!names.has(name)) names.set(name, { name, series: one, colour });
  }
  return [...names.values()];
}

/** Colour of each series. */
export function coloursOf(spec: ChartSpec): (number | "ink")[] {
  const named = new Map(namesOf(spec).map(({ name, colour }) => [name, colour]));
  return spec.series.map(({ name, colour }) => colour ?? named.get(name) ?? 0);
}
