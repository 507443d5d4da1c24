import { tensor } from "../../numeric/array/create.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { between, fitCurveAsync, type FitCurveOptions } from "../../numeric/optim/index.ts";
import { readWhere, type WrittenConstraint } from "../shared/where.ts";
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
  readonly request: Pick<FitRequest, "start" | "bounds" | "where" | "sigma" | "weights" | "absolute-sigma">;
  readonly settings: FitSettings;
  /** Ends the search; the report then has the best parameters so far. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fits a formula to the columns of a table and collects the report.
 *
 * @throws DownhillError as `takeColumns`, `readStart`, `readBounds` and `fitCurve`.
 */
export async function fitTable(task: FitTask): Promise<FitReport> {
  const { table, provenance, formula, request, settings, signal } = task;
  const { target, left, columns, parameters, model } = formula;
  const fitted = left?.columns ?? [target];
  const start = readStart(request.start, parameters);
  const bounds = readBounds(request.bounds, parameters);
  const where = readWhere(request.where, {
    noun: "parameter",
    names: parameters,
    explain: (name) =>
      table.columns.some((column) => column.name === name)
        ? ` It is a column, and has another value in each row: write a number instead.`
        : undefined,
  });
  const more = [request.sigma, request.weights].filter((name) => name !== undefined);
  const data = takeColumns(table, [...new Set([...fitted, ...columns, ...more])], settings.missing);
  checkSizes(table.name, data, left === undefined ? [target, ...more] : more);
  const numbersOf = (name: string): Float64Array => data.columns.get(name)!;
  const y = left === undefined ? numbersOf(target) : left.values(table.name, data);

  // a formula without columns still needs the number of rows
  const over = columns.length === 0 ? fitted.slice(0, 1) : columns;
  const x = Object.fromEntries(over.map((name) => [name, numbersOf(name)]));
  const { loss, lossScale, level, starts, maxIterations } = settings;
  const options = {
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
    ...(signal === undefined ? {} : { signal }),
  };
  const { fit, constraints } = await fitWhere(where, options, model, x, y);
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
    asked: {
      start,
      where,
      sigma: request.sigma,
      weights: request.weights,
      isSigmaAbsolute: request["absolute-sigma"],
    },
    constraints,
    drawing,
    ...(solved === undefined ? {} : { solved }),
  };
}

/** Fits with the constraints of the user, and describes them at the result. */
async function fitWhere(
  where: readonly WrittenConstraint[],
  options: FitCurveOptions,
  model: FitFormula["model"],
  x: Readonly<Record<string, Float64Array>>,
  y: Float64Array,
): Promise<Pick<FitReport, "fit" | "constraints">> {
  if (where.length === 0)
    return { fit: await fitCurveAsync<string, ColumnTensors>(model, x, y, options), constraints: [] };
  const constraints = where.map(({ text, low, high, value }) => between(value, low, high, { name: text }));
  const fit = await fitCurveAsync<string, ColumnTensors>(model, x, y, { ...options, constraints });
  const params = Object.fromEntries(Object.entries(fit.params).map(([name, p]) => [name, tensor(p)]));
  return {
    fit,
    constraints: where.map(({ text, low, high, value }, k) => ({
      text,
      low,
      high,
      value: value(params).item(),
      multiplier: (fit.multipliers.constraints[k] as Tensor).item(),
      isActive: fit.active.includes(text),
    })),
  };
}

const curvePoints = 1200;

/** Returns evenly spaced numbers from `low` to `high`, at which the curve is drawn. */
function evenly(low: number, high: number): Float64Array {
  return Float64Array.from({ length: curvePoints }, (_, i) => low + ((high - low) * i) / (curvePoints - 1));
}

function drawingOf(
  { target, left, columns, isOfColumns = false }: FitFormula,
  y: Float64Array,
  data: ReadonlyMap<string, Float64Array>,
  fit: FitReport["fit"],
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
 * Returns the fitted values, and the curve with its band, for the only column on the left side, by the inverse of that
 * side. `undefined` if the left side is a name or has no known inverse.
 */
function solvedFor(
  { left }: FitFormula,
  data: ReadonlyMap<string, Float64Array>,
  fit: FitReport["fit"],
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
