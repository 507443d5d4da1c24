// What the page asks of the worker, and what it answers: plain data.
import type { PageData } from "../../src/pictures/viz/page-data.ts";
import type { ContourMap } from "../live/contour-map.ts";
import type { ChartSpec } from "../live/chart.tsx";
import type { MapTrail } from "../live/landscape.tsx";
import type { Problem, ProgramInput } from "../live/program.ts";

/** What can be seen of a program. */
export const views = ["trace", "plot", "descent", "code", "fit"] as const;
export type View = (typeof views)[number];

/** In what the derivatives are written. */
export const languages = ["javascript", "webassembly"] as const;
export type Language = (typeof languages)[number];

/** Values by the names of inputs, as they were typed. */
export type Texts = Readonly<Record<string, string>>;

/** From where to where a number is looked at. */
export type Range = readonly [from: number, to: number];

export interface Question {
  readonly text: string;
  /** What was typed for inputs; the others have the values that they start with. */
  readonly typed: Texts;
  readonly view: View;
  /** The numbers that plots go along and that descents move, by their names: those of two at most. Empty: the first ones. */
  readonly along: readonly string[];
  /** Ranges that were chosen, by the names of numbers. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** As they were written; empty: four usual ones, with rates by the curvature at the start. */
  readonly optimizers: string;
  /** Of a descent: 1 or more. */
  readonly steps: number;
  readonly language: Language;
  /** Data for a fit, as they were pasted. */
  readonly data: string;
  /** The column that the program is to give; "" for the one that is left over. */
  readonly target: string;
}

/** A number that has a derivative, with its derivative where the program could be run. */
export interface NumberInput {
  readonly name: string;
  readonly value: number;
  readonly derivative: number | undefined;
  /** From where to where it is looked at and dragged. */
  readonly range: Range;
}

/** A run of an optimiser, as a line of a table. */
export interface RunRow {
  readonly name: string;
  readonly steps: number;
  readonly value: number;
  readonly end: string;
}

/** An estimate, as a line of a table. */
export interface EstimateRow {
  readonly name: string;
  readonly value: string;
  readonly error: string;
  readonly interval: string;
  /** All digits, for the field of the input. */
  readonly exact: number;
  readonly note: string;
}

/** What a view shows. */
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
      /** The optimisers of the runs, as text. */
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
      /** The optimisers of the runs, as text. */
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
      /** Sentences on how well it fits, and on what was left out. */
      readonly notes: readonly string[];
      readonly columns: readonly string[];
      readonly target: string;
    };

/** Fields beside which a problem may stand. */
export type FieldName = "optimizers" | "steps" | "data" | "view";

export interface Answer {
  /** The question's text and view, by which it is known what is answered. */
  readonly text: string;
  readonly view: View;
  readonly isPlain: boolean;
  /** The program in one line; "" where the text cannot be read. */
  readonly title: string;
  readonly inputs: readonly ProgramInput[];
  /** The values that the text itself gives to inputs. */
  readonly starts: Texts;
  readonly numbers: readonly NumberInput[];
  readonly value: number | undefined;
  /** What is wrong with the text; `undefined` where nothing is. */
  readonly problem: Problem | undefined;
  /** What is wrong with what was typed, by the names of inputs. */
  readonly valueProblems: Texts;
  /** What is wrong with what the view was given, and beside which field it stands. */
  readonly viewProblem: { readonly field: FieldName; readonly message: string } | undefined;
  /** What the view shows, where everything could be read. */
  readonly shown: Shown | undefined;
}
