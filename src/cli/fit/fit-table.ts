import { tensor } from "../../numeric/array/create.ts";
import { type CurveFit, fitCurve } from "../../numeric/optim/index.ts";
import type { Table } from "../../training/io/index.ts";
import { checkSizes, takeColumns } from "./columns.ts";
import type { ColumnTensors, FitFormula } from "./formula.ts";
import { endsOf } from "./numbers.ts";
import type { FitChart, FitReport, SolvedColumn } from "./report.ts";
import type { FitRequest } from "./command.ts";
import { type FitSettings, readBounds, readStart } from "./settings.ts";

/** A formula, the data to fit it to, and the settings. */
interface FitTask {
  readonly table: Table;
  readonly provenance: string | undefined;
  readonly formula: FitFormula;
  readonly request: Pick<FitRequest, "start" | "bounds" | "sigma" | "weights" | "absolute-sigma">;
  readonly settings: FitSettings;
}

/**
 * Fits a formula to the columns of a table and collects the report.
 *
 * @throws DownhillError as `takeColumns`, `readStart`, `readBounds` and `fitCurve`.
 */
export function fitTable({ table, provenance, formula, request, settings }: FitTask): FitReport {
  const { target, left, columns, parameters, model } = formula;
  const fitted = left?.columns ?? [target];
  const start = readStart(request.start, parameters);
  const bounds = readBounds(request.bounds, parameters);
  const more = [request.sigma, request.weights].filter((name) => name !== undefined);
  const data = takeColumns(table, [...new Set([...fitted, ...columns, ...more])], settings.missing);
  checkSizes(table.name, data, left === undefined ? [target, ...more] : more);
  const numbersOf = (name: string): Float64Array => data.columns.get(name)!;
  const y = left === undefined ? numbersOf(target) : left.values(table.name, data);

  // a formula without columns still needs the number of rows
  const over = columns.length === 0 ? fitted.slice(0, 1) : columns;
  const x = Object.fromEntries(over.map((name) => [name, numbersOf(name)]));
  const { loss, lossScale, level, starts, maxIterations } = settings;
  const fit = fitCurve<string, ColumnTensors>(model, x, y, {
    parameters,
    start,
    ...bounds,
    ...(request.sigma === undefined ? {} : { sigma: numbersOf(request.sigma) }),
    ...(request.weights === undefined ? {} : { weights: numbersOf(request.weights) }),
    ...(lossScale === undefined ? {} : { lossScale }),
    absoluteSigma: request["absolute-sigma"],
    loss,
    level,
    starts,
    maxIterations,
  });
  const drawing = drawingOf(formula, y, data.columns, fit);
  const solved = solvedFor(formula, data.columns, fit, drawing);
  return {
    formula,
    source: table.name,
    provenance,
    settings,
    data,
    fit,
    bounds,
    given: Object.keys(start),
    drawing,
    ...(solved === undefined ? {} : { solved }),
  };
}

const curvePoints = 1200;

/** Evenly spaced points of a curve between both ends. */
function evenly(low: number, high: number): Float64Array {
  return Float64Array.from({ length: curvePoints }, (_, i) => low + ((high - low) * i) / (curvePoints - 1));
}

function drawingOf(
  { target, left, columns, isOfColumns = false }: FitFormula,
  y: Float64Array,
  data: ReadonlyMap<string, Float64Array>,
  fit: CurveFit<string, ColumnTensors>,
): FitChart {
  const residuals = Float64Array.from(fit.residuals.data());
  const [only, ...others] = columns;
  if (only !== undefined && others.length === 0) {
    const x = data.get(only)!;
    const at = isOfColumns ? x : evenly(...endsOf(x));
    const { value, low: below, high: above } = fit.predict({ [only]: tensor(at) });
    const order = Uint32Array.from(at, (_, i) => i).sort((i, j) => at[i]! - at[j]!);
    const inOrder = (values: ArrayLike<number>): Float64Array => Float64Array.from(order, (i) => values[i]!);
    const [v, l, h] = [value, below, above].map((curve) => inOrder(curve.data()));
    const curve = { x: inOrder(at), value: v!, low: l!, high: h! };
    return { kind: "curve", xName: only, yName: target, x, y, residuals, curve };
  }
  if (only === undefined) {
    // a formula without columns is the same in every row
    const rows = Float64Array.from(y, (_, row) => row + 1);
    const { value, low, high } = fit.predict({ [left?.columns[0] ?? target]: y });
    const [v, l, h] = [value, low, high].map((line) => Float64Array.from(line.data()));
    const curve = { x: rows, value: v!, low: l!, high: h! };
    return { kind: "curve", xName: "row", yName: target, x: rows, y, residuals, curve };
  }
  // several columns: observed against fitted values, which a perfect fit puts on the diagonal
  const fitted = Float64Array.from(fit.fitted.data());
  const line = Float64Array.from(endsOf([...fitted, ...y]));
  return {
    kind: "observed",
    xName: `fitted ${target}`,
    yName: `${target} of the data`,
    x: fitted,
    y,
    residuals,
    curve: { x: line, value: line, low: line, high: line },
  };
}

/**
 * Fitted values, and the curve with its band, for the column that the left side is an invertible function of.
 * `undefined` if the left side is a name or has no known inverse.
 */
function solvedFor(
  { left }: FitFormula,
  data: ReadonlyMap<string, Float64Array>,
  fit: CurveFit<string, ColumnTensors>,
  { kind, curve }: FitChart,
): SolvedColumn | undefined {
  const inverse = left?.inverse;
  if (left === undefined || inverse === undefined) return undefined;
  const column = left.columns[0]!;
  const fitted = Float64Array.from(fit.fitted.data(), inverse);
  const [value, first, second] = [curve.value, curve.low, curve.high].map((line) => line.map(inverse));
  return {
    column,
    y: data.get(column)!,
    fitted,
    // a decreasing left side swaps the edges of the band
    curve:
      kind === "observed"
        ? undefined
        : {
            x: curve.x,
            value: value!,
            low: first!.map((low, i) => Math.min(low, second![i]!)),
            high: first!.map((low, i) => Math.max(low, second![i]!)),
          },
  };
}
