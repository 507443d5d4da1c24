import { existsSync, readFileSync } from "node:fs";
import { co2 } from "../../training/data/index.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Table } from "../../training/io/index.ts";
import { onInterrupt } from "../shared/interrupt.ts";
import { toJson } from "../shared/json.ts";
import { readRunnable } from "../shared/plain-file.ts";
import { readAnyTable } from "../shared/read-table.ts";
import { pictureFormatter } from "../shared/picture/formatter.ts";
import { columnsOf, paintFor } from "../shared/style.ts";
import { inWordsOfTables, readDecimal } from "../shared/table-words.ts";
import type { Terminal } from "../shared/terminal.ts";
import { checkOutput, type OutputFile, writeOutput } from "../shared/write-file.ts";
import { namesOf } from "./columns.ts";
import { fitTable } from "./fit-table.ts";
import { type FitFormula, readFormula } from "./formula.ts";
import { readLeftSide } from "./left-side.ts";
import { fitPage } from "./page.ts";
import { fitPicture } from "./charts.ts";
import { plainModel } from "./plain.ts";
import { plainModelText } from "./plain-text.ts";
import type { FitReport } from "./report.ts";
import type { FitRequest } from "./command.ts";
import { type FitSettings, readSettings } from "./settings.ts";
import { showFit } from "./text.ts";

/**
 * Fits the formula and writes the requested output. Returns the exit code: 0 if the fit converged, otherwise 1. The first
 * Ctrl-C ends the search, and the output describes the best parameters so far; the exit code is then that of the signal.
 */
export async function runFit(
  request: FitRequest,
  { stdout: stream, stderr }: Pick<Terminal, "stdout" | "stderr">,
): Promise<number> {
  const settings = readSettings(request); // reports a bad path before any work
  const { json } = request;
  const draw =
    request.out === undefined
      ? undefined
      : await pictureFormatter("--out", request.out, { picture: fitPicture, page: fitPage });
  const inputs = [request.data, plainModelText(request.formula)?.target.file];
  const out = request.out === undefined ? undefined : checkOutput(request.out, inputs);
  const interruption = onInterrupt(() => {
    stderr.write("Stopping after this iteration; Ctrl-C again quits at once.\n");
  });
  const report = await fitReport(request, settings, out, interruption.signal).finally(() => {
    interruption.dispose();
  });
  if (out !== undefined && draw !== undefined) await writeOutput(out, await draw(report));
  if (json) stream.write(`${toJson(asJson(report))}\n`);
  else {
    const paint = paintFor(stream);
    stream.write(showFit(report, paint, columnsOf(stream)));
    if (out !== undefined) stream.write(`\n${paint("dim", "Picture written to")} ${out}\n`);
  }
  return interruption.exitCode() ?? (report.fit.converged ? 0 : 1);
}

/** Reads the data, fits the formula and collects the report. */
export async function fitReport(
  request: FitRequest,
  settings: FitSettings = readSettings(request),
  out?: OutputFile,
  signal?: AbortSignal,
): Promise<FitReport> {
  const { table, provenance } = await loadTable(request);
  const formula = await readModel(request.formula, table, out);
  try {
    return await fitTable({ table, provenance, formula, request, settings, signal });
  } catch (error) {
    throw error instanceof DownhillError && error.message.startsWith("fitCurve: ")
      ? inWordsOfOptions(error, table.name)
      : error;
  }
}

/** Reads the model of a text: a function in a file, or a formula. */
async function readModel(text: string, table: Table, out: OutputFile | undefined): Promise<FitFormula> {
  const named = plainModelText(text);
  const names = namesOf(table);
  if (named === undefined) return readFormula(text, table.name, names);
  const { target, left } = named;
  const side =
    left === undefined || names.includes(left) || isName(left) ? left : readLeftSide(left, table.name, names);
  return plainModel(
    await readRunnable(target, [out]),
    side,
    table.name,
    names,
    readFileSync(target.file, "utf8"),
  );
}

function isName(text: string): boolean {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(text);
}

async function loadTable({
  data: name,
  header,
  decimal,
}: FitRequest): Promise<{ readonly table: Table; readonly provenance: string | undefined }> {
  if (name === "co2") {
    const { year, co2: values, adjusted, count: rows, provenance } = co2();
    const columns = { year, co2: values, adjusted };
    const table: Table = {
      name,
      rows,
      columns: Object.entries(columns).map(([column, numbers]) => ({
        kind: "number",
        name: column,
        values: numbers,
      })),
    };
    return { table, provenance };
  }
  if (/^\w+$/.test(name) && !existsSync(name)) {
    throw new DownhillError("file", `${name}: there is no such file, and the only built-in data set is co2.`);
  }
  try {
    return {
      table: await readAnyTable(name, { header: header ? "auto" : false, decimal: readDecimal(decimal) }),
      provenance: undefined,
    };
  } catch (error) {
    throw error instanceof DownhillError ? inWordsOfTables(error, { hasCategories: false }) : error;
  }
}

/** Rewords advice about function options in terms of command-line options. */
function inWordsOfOptions({ message, code }: DownhillError, source: string): DownhillError {
  return new DownhillError(
    code === "range" ? "data" : code,
    message
      .replace(/^fitCurve: /, `${source}: `)
      .replace(
        "Give start values, or bounds that keep it finite.",
        "Give a start, as in --start a=1, or --bounds that keep it finite.",
      ),
  );
}

function asJson(report: FitReport): object {
  const { formula, source, settings, data, fit } = report;
  return {
    formula: formula.text,
    data: source,
    rows: data.rows,
    target: formula.target,
    columns: formula.columns,
    parameters: Object.fromEntries(
      formula.parameters.map((name) => [
        name,
        {
          value: fit.params[name],
          standardError: fit.standardErrors[name],
          interval: fit.intervals[name],
          start: fit.start[name],
          atBound: fit.atBound.includes(name),
          determined: !fit.undetermined.includes(name),
        },
      ]),
    ),
    ...(report.constraints.length === 0
      ? {}
      : {
          constraints: report.constraints.map(({ text, value, low, high, multiplier, isActive }) => ({
            constraint: text,
            value,
            low,
            high,
            multiplier,
            active: isActive,
          })),
        }),
    level: settings.level,
    rSquared: fit.rSquared,
    sumOfSquares: fit.sumOfSquares,
    degreesOfFreedom: fit.degreesOfFreedom,
    reducedChiSquared: fit.reducedChiSquared,
    covariance: fit.covariance.tolist(),
    correlation: fit.correlation.tolist(),
    loss: settings.loss,
    lossScale: fit.lossScale,
    starts: fit.starts,
    reason: fit.reason,
    converged: fit.converged,
    message: fit.message,
    iterations: fit.iterations,
    evaluations: fit.evaluations,
    notes: [...formula.notes, ...data.notes],
    fitted: fit.fitted.tolist(),
    ...(report.solved === undefined
      ? {}
      : { solved: { column: report.solved.column, fitted: [...report.solved.fitted] } }),
    residuals: fit.residuals.tolist(),
  };
}
