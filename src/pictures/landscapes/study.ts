import type { LossSlice } from "./loss-slice.ts";
import type { Race } from "./race.ts";

/** What a study shows: a claim about optimisers, figures, and what was found in them. */
export interface Study {
  /** What it is called on the command line. */
  readonly name: string;
  readonly title: string;
  /** What the figures are to show, in a sentence or two. */
  readonly claim: string;
  /** What was found, with numbers, a sentence each. */
  readonly findings: readonly string[];
  readonly figures: readonly StudyFigure[];
}

/** A part of a study that is drawn. */
export type StudyFigure = RaceFigure | PlotFigure | StudyTable | SliceFigure;

/** A race: its paths over the contours, its values by step, and the table of steps. */
export interface RaceFigure {
  readonly kind: "race";
  readonly title: string;
  readonly race: Race;
  /** What to look for. */
  readonly note?: string;
}

/** Curves or dots over two axes. */
export interface PlotFigure {
  readonly kind: "lines";
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly PlotSeries[];
  /** Places on the x axis that have a name. */
  readonly marks?: readonly { readonly x: number; readonly text: string }[];
  readonly note?: string;
}

/** What an axis measures. */
export interface Axis {
  readonly label: string;
  /** Equal ratios apart. Default: equal differences. */
  readonly log?: boolean;
}

/** Points of a curve. */
export interface PlotSeries {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Measured values as a line or as dots, theory as dashes. */
  readonly style: "line" | "dots" | "dashes";
  /** The place of its colour among those of the figure. Default: its place among the series. */
  readonly colour?: number;
}

/** A table. */
export interface StudyTable {
  readonly kind: "table";
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

/** A slice of a loss. */
export interface SliceFigure {
  readonly kind: "slice";
  readonly title: string;
  readonly slice: LossSlice;
  readonly note?: string;
}
