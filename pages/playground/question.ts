// Questions of the page to the worker, and its answers, as plain data.
import type { PageData } from "../../src/pictures/viz/page-data.ts";
import type { ContourMap } from "../live/contour-map.ts";
import type { ChartSpec } from "../live/chart.tsx";
import type { MapTrail } from "../live/landscape.tsx";
import type { Problem, ProgramInput } from "../live/program.ts";

/** The views of a program. */
/** Stands for data of a fit that are computed from the program. */
export const madeData = "made";

export const views = ["trace", "plot", "descent", "code", "fit"] as const;
export type View = (typeof views)[number];

/** Languages of the derivative code. */
export const languages = ["javascript", "webassembly"] as const;
export type Language = (typeof languages)[number];

/** Typed values by input name. */
export type Texts = Readonly<Record<string, string>>;

/** Range of a number. */
export type Range = readonly [from: number, to: number];

export interface Question {
  readonly text: string;
  /** Typed values of inputs. Other inputs have their initial values. */
  readonly typed: Texts;
  readonly view: View;
  /** Names of the numbers along which plots and descents vary, at most two. Empty: the first ones. */
  readonly along: readonly string[];
  /** Chosen ranges by number name. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** Optimisers as typed. Empty: four common ones, with rates selected by the curvature at the start. */
  readonly optimizers: string;
  /** Number of steps of a descent, at least 1. */
  readonly steps: number;
  readonly language: Language;
  /** Pasted data of a fit, or `madeData`. */
  readonly data: string;
  /** The column that the program models; empty for the column that is not an input. */
  readonly target: string;
}

/** A number that has a derivative, with its derivative if the program could be run. */
export interface NumberInput {
  readonly name: string;
  readonly value: number;
  readonly derivative: number | undefined;
  /** Range in plots and of the slider. */
  readonly range: Range;
}

/** A run of an optimiser, as a row of a table. */
export interface RunRow {
  readonly name: string;
  readonly steps: number;
  readonly value: number;
  readonly end: string;
}

/** An estimate, as a row of a table. */
export interface EstimateRow {
  readonly name: string;
  readonly value: string;
  readonly error: string;
  readonly interval: string;
  /** The value with all digits, for the field of the input. */
  readonly exact: number;
  readonly note: string;
}

/** Content of a view. */
export type Shown =
  | { readonly view: "trace"; readonly data: PageData }
  | {
      readonly view: "plot";
      readonly kind: "curve";
      readonly chart: ChartSpec;
      readonly along: readonly [string];
    }
  | {
      readonly view: "plot";
      readonly kind: "map";
      readonly map: ContourMap;
      readonly along: readonly [string, string];
    }
  | {
      readonly view: "descent";
      readonly kind: "curve";
      readonly chart: ChartSpec;
      readonly progress: ChartSpec;
      readonly runs: readonly RunRow[];
      /** Optimisers of the runs, as text. */
      readonly optimizers: string;
      readonly along: readonly [string];
    }
  | {
      readonly view: "descent";
      readonly kind: "map";
      readonly map: ContourMap;
      readonly trails: readonly MapTrail[];
      readonly progress: ChartSpec;
      readonly runs: readonly RunRow[];
      /** Optimisers of the runs, as text. */
      readonly optimizers: string;
      readonly along: readonly [string, string];
    }
  | { readonly view: "code"; readonly language: Language; readonly text: string }
  | {
      readonly view: "fit";
      readonly title: string;
      readonly curve: ChartSpec;
      readonly residuals: ChartSpec;
      readonly estimates: readonly EstimateRow[];
      /** Sentences about the quality of the fit, and about omitted data. */
      readonly notes: readonly string[];
      readonly columns: readonly string[];
      readonly target: string;
      /** The data that were computed from the program; `undefined` for pasted data. */
      readonly made: string | undefined;
    };

/** Fields that may have a fault. */
export type FieldName = "optimizers" | "steps" | "data" | "view";

export interface Answer {
  /** Text and view of the question to which the answer belongs. */
  readonly text: string;
  readonly view: View;
  readonly isPlain: boolean;
  /** The program in one line; empty if the text is invalid. */
  readonly title: string;
  readonly inputs: readonly ProgramInput[];
  /** Values that the text itself assigns to inputs. */
  readonly starts: Texts;
  readonly numbers: readonly NumberInput[];
  readonly value: number | undefined;
  /** Fault of the text; `undefined` if there is none. */
  readonly problem: Problem | undefined;
  /** Faults of the typed values, by input name. */
  readonly valueProblems: Texts;
  /** Fault of the view's settings, and the field that shows it. */
  readonly viewProblem: { readonly field: FieldName; readonly message: string } | undefined;
  /** Content of the view, if everything was valid. */
  readonly shown: Shown | undefined;
}
