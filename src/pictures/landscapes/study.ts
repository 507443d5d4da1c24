import type { LossSlice } from "./loss-slice.ts";
import type { Race } from "./race.ts";

/** A study: a claim about optimisers, with figures and findings. */
export interface Study {
  /** Name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Statement that the figures support, in a sentence or two. */
  readonly claim: string;
  /** Numerical findings, one sentence each. */
  readonly findings: readonly string[];
  readonly figures: readonly StudyFigure[];
}

/** A figure or table of a study. */
export type StudyFigure = RaceFigure | PlotFigure | StudyTable | SliceFigure;

/** Figure of a race: its paths over the contours, its values by step, and the table of its runs. */
export interface RaceFigure {
  readonly kind: "race";
  readonly title: string;
  readonly race: Race;
  /** Hint for the reader. */
  readonly note?: string;
}

/** Figure of curves or dots over two axes. */
export interface PlotFigure {
  readonly kind: "lines";
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly PlotSeries[];
  /** Labelled positions on the x axis. */
  readonly marks?: readonly { readonly x: number; readonly text: string }[];
  readonly note?: string;
}

/** Label and scale of an axis. */
export interface Axis {
  readonly label: string;
  /** Whether the scale is logarithmic. Default: linear. */
  readonly log?: boolean;
}

/** Points of a curve: its x and y values, name and style. */
export interface PlotSeries {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** `line` or `dots` for measured values, `dashes` for theory. */
  readonly style: "line" | "dots" | "dashes";
  /** Index of the colour in the palette. Default: the index of the series. */
  readonly colour?: number;
}

/** A table with headings and rows. */
export interface StudyTable {
  readonly kind: "table";
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

/** Figure of a loss slice, with the path of its training run. */
export interface SliceFigure {
  readonly kind: "slice";
  readonly title: string;
  readonly slice: LossSlice;
  readonly note?: string;
}
