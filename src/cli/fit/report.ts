import type { ConstrainedReason, CurveFit, StopReason } from "../../numeric/optim/index.ts";
import { type FitRows, farValue } from "./columns.ts";
import type { ColumnTensors, FitFormula } from "./formula.ts";
import type { WrittenConstraint } from "../shared/where.ts";
import { withError } from "./numbers.ts";
import type { FitSettings } from "./settings.ts";
import { showNumber } from "../../pictures/viz/index.ts";

/** All data from which the report of a fit is written. */
export interface FitReport {
  readonly formula: FitFormula;
  /** Name of the data source. */
  readonly source: string;
  readonly provenance: string | undefined;
  readonly settings: FitSettings;
  readonly data: FitRows;
  readonly fit: Omit<CurveFit<string, ColumnTensors>, "reason"> & {
    readonly reason: StopReason | ConstrainedReason;
  };
  /** The constraints of the option --where. */
  readonly constraints: readonly FittedConstraint[];
  readonly bounds: {
    readonly low: Readonly<Record<string, number>>;
    readonly high: Readonly<Record<string, number>>;
  };
  /** The start values, constraints and columns of errors that the user gave. */
  readonly asked: {
    readonly start: Readonly<Record<string, number>>;
    readonly where: readonly WrittenConstraint[];
    readonly sigma: string | undefined;
    readonly weights: string | undefined;
    readonly isSigmaAbsolute: boolean;
  };
  /**
   * Numbers of the chart: data and fit against the only column or against the row, or observed against fitted values.
   */
  readonly drawing: FitChart;
  /** Data and curve for the column that the left side was solved for, if its inverse is known. */
  readonly solved?: SolvedColumn;
}

/** A constraint at the result of a fit. */
export interface FittedConstraint {
  readonly text: string;
  readonly low: number;
  readonly high: number;
  readonly value: number;
  /** Change of the minimised sum per unit by which the limit is lowered. */
  readonly multiplier: number;
  readonly isActive: boolean;
}

/** A column that the left side of a formula was solved for. */
export interface SolvedColumn {
  readonly column: string;
  readonly y: Float64Array;
  readonly fitted: Float64Array;
  /** The curve with its band, if it is drawn against a column. */
  readonly curve: ConfidenceCurve | undefined;
}

/** Points, the curve through them, and the residuals. */
export interface FitChart {
  readonly kind: "curve" | "observed";
  readonly xName: string;
  readonly yName: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly residuals: Float64Array;
  /** The curve with its confidence band; x increases. */
  readonly curve: ConfidenceCurve;
}

/** A curve with its confidence band, from `low` to `high` at each `x`. */
export interface ConfidenceCurve {
  readonly x: Float64Array;
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** A parameter as shown in tables. */
export interface ParameterRow {
  readonly name: string;
  readonly value: string;
  readonly error: string;
  readonly interval: string;
  readonly remark: string;
}

/** The parameters as rows of a table. */
export function parameterRows({ formula, fit, bounds, constraints }: FitReport): ParameterRow[] {
  return formula.parameters.map((name) => {
    const [value, error] = withError(fit.params[name]!, fit.standardErrors[name]!);
    const ends = fit.intervals[name]!;
    const isKnown = ends.every(Number.isFinite);
    const remark = fit.undetermined.includes(name)
      ? "not determined by the data"
      : fit.atBound.includes(name)
        ? `at its bound ${isNearest(fit.params[name]!, bounds.low[name], bounds.high[name]) ? "below" : "above"}`
        : constraints.length > 0 && Number.isNaN(fit.standardErrors[name]!) && fit.degreesOfFreedom > 0
          ? "set by the constraints"
          : fit.standardErrors[name]! > Math.abs(fit.params[name]!)
            ? "the error is larger than the value"
            : "";
    const shown = ends.map((end) => withError(end, fit.standardErrors[name]!)[0]);
    return { name, value, error, interval: isKnown ? shown.join(" … ") : "–", remark };
  });
}

/** True if a value is closer to its lower limit than to its upper one. Searches under constraints end next to a limit. */
function isNearest(value: number, low = -Infinity, high = Infinity): boolean {
  return value - low <= high - value;
}

/** The constraints as rows of a table: text, value, multiplier, and a remark on active ones. */
export function constraintRows({ constraints }: FitReport): (readonly [string, string, string, string])[] {
  return constraints.map(({ text, value, multiplier, isActive }) => [
    text,
    showNumber(Number(value.toPrecision(6)), 6),
    isActive ? showNumber(multiplier, 4) : "0",
    isActive ? "active" : "",
  ]);
}

/** Explains the multipliers of active constraints; empty without them. */
export function multiplierWords({ constraints, settings }: FitReport): string {
  if (!constraints.some(({ isActive }) => isActive)) return "";
  const sum = settings.loss === "squares" ? "Σ r²" : "Σ ρ";
  return `The multiplier is the fall of ${sum} per unit by which a limit is raised.`;
}

/**
 * Returns names and values of the figures that describe a fit: R², the minimised sum, reduced χ² and others; `–` for
 * figures that cannot be computed.
 */
export function figures({ fit, data, settings }: FitReport): (readonly [name: string, value: string])[] {
  const isRobust = settings.loss !== "squares";
  const sum = isRobust ? "Σ ρ" : "Σ r²";
  return [
    ["R²", showNumber(Number(fit.rSquared.toFixed(12)), 6)],
    [sum, showNumber(fit.sumOfSquares, 6)],
    ["rows", data.rows.toLocaleString("en")],
    ["degrees of freedom", String(fit.degreesOfFreedom)],
    ["reduced χ²", Number.isNaN(fit.reducedChiSquared) ? "–" : showNumber(fit.reducedChiSquared, 6)],
    ["residual error", fit.degreesOfFreedom > 0 ? showNumber(Math.sqrt(fit.reducedChiSquared), 6) : "–"],
    ...(fit.lossScale === null ? [] : [[`scale of ${settings.loss}`, showNumber(fit.lossScale, 4)] as const]),
  ];
}

/** Returns the pairs of parameters whose correlation is at least 0.9 or at most −0.9, the strongest first. */
export function closePairs({
  formula,
  fit,
}: FitReport): { readonly pair: string; readonly correlation: number }[] {
  const n = formula.parameters.length;
  const correlations = fit.correlation.data();
  return formula.parameters
    .flatMap((first, i) =>
      formula.parameters.slice(i + 1).map((second, k) => ({
        pair: `${first}, ${second}`,
        correlation: correlations[i * n + i + 1 + k]!,
      })),
    )
    .filter(({ correlation }) => Math.abs(correlation) >= 0.9)
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation));
}

/** Returns warnings that the fit may be unreliable, as sentences. */
export function warnings(report: FitReport): string[] {
  const { fit, data, formula, drawing } = report;
  const { undetermined, atBound } = fit;
  const names = undetermined.join(", ");
  const alike = neighbours(drawing);
  return [
    ...(undetermined.length === 1
      ? [`The data do not determine ${names}: the curve is the same whatever it is. Leave it out or fix it.`]
      : undetermined.length > 1
        ? [
            `The data do not determine ${names} separately: they can change together without changing the curve. Replace them by the combination that the formula needs, or fix one with --bounds ${undetermined[0]!}=1:1.`,
          ]
        : []),
    ...(fit.degreesOfFreedom === 0
      ? ["There are as many parameters as rows, so the errors cannot be estimated."]
      : []),
    ...(fit.converged ? [] : [`The fit did not converge. ${stops.get(fit.reason) ?? fit.message}`]),
    ...(atBound.length > 0
      ? [`${atBound.join(", ")} ${atBound.length === 1 ? "is" : "are"} at a bound, without an error.`]
      : []),
    ...(alike !== undefined && alike > 0.5 && data.rows >= 20 && undetermined.length === 0
      ? [
          `Neighbouring residuals are similar (correlation ${alike.toFixed(2)}): the formula lacks a term, and the errors are too small.`,
        ]
      : []),
    ...farNotes(fit, formula, data),
    ...formula.notes,
  ];
}

/**
 * Returns notes on columns whose numbers are too large or small to compute the errors of parameters. Empty if all
 * errors are positive and finite.
 */
function farNotes(
  { standardErrors }: FitReport["fit"],
  { columns }: FitReport["formula"],
  data: FitReport["data"],
): string[] {
  if (Object.values(standardErrors).every((error) => Number.isFinite(error) && error > 0)) return [];
  return columns.flatMap((column) => {
    const far = farValue(data, column);
    if (far === undefined) return [];
    return [
      `${column} is ${far.value} in ${far.where}: squares of such numbers cannot be summed, so errors are wrong. Write (${column}/${far.value}) in the formula, or correct it.`,
    ];
  });
}

/**
 * Returns the correlation of successive residuals, in order of x. `undefined` if all residuals are 0, or if fewer than
 * half of the x are distinct.
 */
function neighbours({ x, residuals }: FitChart): number | undefined {
  const order = Array.from(x.keys()).sort((a, b) => x[a]! - x[b]!);
  const r = order.map((i) => residuals[i]!);
  const total = r.reduce((sum, ri) => sum + ri * ri, 0);
  if (!(total > 0) || new Set(x).size < x.length / 2) return undefined;
  return r.slice(1).reduce((sum, ri, i) => sum + ri * r[i]!, 0) / total;
}

/** Describes in words how the best fit was searched for. */
export function searchWords({ fit, asked, formula }: FitReport): string {
  const { followed, agreed } = fit.starts;
  const looked =
    Object.keys(asked.start).length === formula.parameters.length
      ? "From the given start"
      : followed === 1
        ? "From one start"
        : `${agreed} of ${followed} starts led here`;
  const iterations = `${fit.iterations.toLocaleString("en")} ${fit.iterations === 1 ? "iteration" : "iterations"}`;
  return `${looked}, after ${iterations} in all. ${stops.get(fit.reason) ?? fit.message}`;
}

const stops: ReadonlyMap<StopReason | ConstrainedReason, string> = new Map<
  StopReason | ConstrainedReason,
  string
>([
  ["gradient", "It stopped because no change of the parameters lowers the sum."],
  ["value", "It stopped because the sum hardly falls any more."],
  ["step", "It stopped because the parameters hardly move any more."],
  ["precision", "It stopped because rounding hides any further gain."],
  ["iterations", "It stopped at --max-iterations before it converged."],
  ["aborted", "Ctrl-C ended the search; these are the best parameters so far."],
  ["solved", "It stopped because no change of the parameters that the constraints allow lowers the sum."],
]);
