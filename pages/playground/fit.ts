// Fits the program to pasted data. Inputs that are not columns are the parameters.
import { DownhillError } from "../../src/engine/errors/index.ts";
import { namesOf } from "../../src/cli/fit/columns.ts";
import { fitTable } from "../../src/cli/fit/fit-table.ts";
import type { FitFormula } from "../../src/cli/fit/formula.ts";
import { plainModel } from "../../src/cli/fit/plain.ts";
import { figures, type FitReport, parameterRows, warnings } from "../../src/cli/fit/report.ts";
import { plainOf } from "../../src/engine/transforms/plain.ts";
import { compileText } from "../../src/numeric/syntax/index.ts";
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { readTable, type Table } from "../../src/training/io/csv.ts";
import { problemOf, type Program } from "../live/program.ts";
import type { Readable } from "./answer.ts";
import type { Question, Shown } from "./question.ts";
import { ViewError } from "./view-error.ts";

const source = "the data";
const settings = {
  loss: "squares",
  lossScale: undefined,
  level: 0.95,
  starts: 8,
  maxIterations: 200,
  missing: "skip",
} as const;
const request = {
  start: undefined,
  bounds: undefined,
  sigma: undefined,
  weights: undefined,
  "absolute-sigma": false,
};

/** The fit, as tables and charts. */
export function fitOf({ program }: Readable, { data, target }: Question): Shown {
  const { table, columns } = readData(data);
  const formula = modelOf(program, columns, target);
  let report: FitReport;
  try {
    report = fitTable({ table, provenance: undefined, formula, request, settings });
  } catch (error) {
    throw new ViewError("data", wordsOf(error), error);
  }
  const { fit, drawing } = report;
  const rows = parameterRows(report);
  return {
    view: "fit",
    title: formula.text,
    curve: curveOf(report),
    residuals: {
      title: "Residuals",
      x: { label: drawing.xName },
      y: { label: `${formula.target} less the fit` },
      series: [{ name: "residual", x: drawing.x, y: drawing.residuals, draw: "stems", colour: 0 }],
      marks: [{ y: 0, label: "" }],
    },
    estimates: rows.map(({ name, value, error, interval, remark }) => ({
      name,
      value,
      error,
      interval,
      exact: fit.params[name]!,
      note: remark,
    })),
    notes: [
      figures(report)
        .map(([name, value]) => `${name} ${value}`)
        .join(" · "),
      ...warnings(report),
      ...report.data.notes,
    ],
    columns,
    target: formula.target,
  };
}

/** Parses the table, and the names of its columns in programs. */
function readData(text: string): { readonly table: Table; readonly columns: readonly string[] } {
  if (text.trim() === "")
    throw new ViewError(
      "data",
      "There are no data: paste a table with the names of its columns in the first line.",
    );
  try {
    const table = readTable(text, { name: source, missing: "keep" });
    if (table.columns.every(({ kind }) => kind !== "number"))
      throw new ViewError("data", "There is no column of numbers: these are no data.");
    return { table, columns: namesOf(table) };
  } catch (error) {
    throw error instanceof ViewError ? error : new ViewError("data", wordsOf(error), error);
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof DownhillError)) throw error;
  return problemOf(error).message.replace(/^fitCurve: /, "");
}

/** The program as a model of the chosen column, or of the column that is not an input. */
function modelOf(program: Program, columns: readonly string[], chosen: string): FitFormula {
  const wanted = columns.includes(chosen) ? chosen : undefined;
  if (program.kind === "plain") {
    const overTensors = plainOf(program.call)!.overTensors as (...args: unknown[]) => unknown;
    try {
      return plainModel({ form: program.form, overTensors }, wanted, source, columns);
    } catch (error) {
      throw new ViewError("data", wordsOf(error).replace(/^fit: /, ""), error);
    }
  }
  const compiled = compileText(program.text, { names: columns, startValues: true });
  const { inputs, outputName } = compiled;
  const free = columns.filter((name) => !inputs.includes(name));
  const target =
    wanted ?? (columns.includes(outputName) ? outputName : free.includes("y") ? "y" : free.at(-1));
  const list = `The columns are ${columns.join(", ")}.`;
  if (target === undefined)
    throw new ViewError("data", `The program reads all columns, so that none is left to fit. ${list}`);
  if (inputs.includes(target))
    throw new ViewError("data", `The program computes ${target} from ${target} itself. ${list}`);
  const data = inputs.filter((name) => columns.includes(name));
  const parameters = inputs.filter((name) => !columns.includes(name));
  if (parameters.length === 0)
    throw new ViewError("data", "All inputs are columns: an input whose name is no column is a parameter.");
  if (data.length === 0 && parameters.length > 1)
    throw new ViewError(
      "data",
      `The program reads no column, so ${parameters.join(", ")} would all be parameters. ${list}`,
    );
  return {
    model: (x, params) => compiled.evaluate(inputs.map((name) => x[name] ?? params[name]!)),
    text: `${target} = ${program.title.replace(/^[^=;]+= (?=[^;]*$)/, "")}`,
    target,
    columns: data,
    parameters,
    notes: [],
  };
}

function curveOf({ drawing, formula }: FitReport): ChartSpec {
  const { x, y, curve, xName, yName, kind } = drawing;
  return {
    title: formula.text,
    x: { label: xName },
    y: { label: yName },
    series: [
      {
        name: "95 % band",
        x: curve.x,
        y: curve.value,
        low: curve.low,
        high: curve.high,
        draw: "band",
        colour: 1,
      },
      { name: kind === "curve" ? "fit" : "equal", x: curve.x, y: curve.value, colour: 1 },
      { name: "data", x, y, draw: "dots", colour: 0 },
    ],
  };
}
