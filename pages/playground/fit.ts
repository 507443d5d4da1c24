// Fits the program to pasted data. Inputs that are not columns are the parameters.
import { DownhillError } from "../../src/engine/errors/index.ts";
import { namesOf } from "../../src/cli/fit/columns.ts";
import { fitTable } from "../../src/cli/fit/fit-table.ts";
import type { FitFormula } from "../../src/cli/fit/formula.ts";
import { fitProgram, formulaCode } from "../../src/cli/fit/program.ts";
import { plainModel } from "../../src/cli/fit/plain.ts";
import { figures, type FitReport, parameterRows, warnings } from "../../src/cli/fit/report.ts";
import { plainOf } from "../../src/engine/transforms/plain.ts";
import { compileText } from "../../src/numeric/syntax/index.ts";
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { readTable, type Table } from "../../src/training/io/csv.ts";
import { problemOf, type Program } from "../live/program.ts";
import type { Readable } from "./answer.ts";
import { madeTable } from "./made-data.ts";
import { madeData, type Question, type Shown } from "./question.ts";
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
const needed =
  "A fit needs a column and a parameter: write a program of at least two numbers, as in a*exp(-b*x), and paste a table.";
const request = {
  start: undefined,
  bounds: undefined,
  where: undefined,
  sigma: undefined,
  weights: undefined,
  "absolute-sigma": false,
};

/** The fit with its data as a program; `undefined` if a program cannot contain its model. */
export async function fitProgramOf(readable: Readable, question: Question): Promise<string | undefined> {
  return fitProgram((await reportOf(readable, question)).report);
}

interface ProgramFit {
  readonly report: FitReport;
  readonly columns: readonly string[];
  readonly made: string | undefined;
}

async function reportOf(readable: Readable, { data, target }: Question): Promise<ProgramFit> {
  const { program } = readable;
  const made = data === madeData ? madeTable(readable) : undefined;
  if (data === madeData && made === undefined) throw new ViewError("data", needed);
  const { table, columns } = readData(made ?? data);
  const formula = modelOf(program, columns, target);
  try {
    const report = await fitTable({ table, provenance: undefined, formula, request, settings });
    return { report, columns, made };
  } catch (error) {
    throw new ViewError("data", wordsOf(error), error);
  }
}

/** The fit, as tables and charts. */
export async function fitOf(readable: Readable, question: Question): Promise<Shown> {
  const { report, columns, made } = await reportOf(readable, question);
  const { fit, drawing, formula } = report;
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
    made,
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
      return plainModel({ form: program.form, overTensors }, wanted, source, columns, program.text);
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
    code: formulaCode(compiled, program.text, { columns, data }),
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
