import { DownhillError } from "../../engine/errors/index.ts";
import { encodeTable } from "../../training/data/encode-features.ts";
import { type FeatureEncoder, standardise } from "../../training/data/index.ts";
import { placeOf } from "../../training/data/table-fields.ts";
import type { Table } from "../../training/io/index.ts";
import { toJson } from "../shared/json.ts";
import { readAnyTable } from "../shared/read-table.ts";
import { notesInWords, readDecimal } from "../shared/table-words.ts";
import type { Terminal, TextOutput } from "../shared/terminal.ts";
import { optionError, readChoice } from "../shared/words.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";
import type { PredictRequest } from "./command.ts";
import { readTableModel, type TableModel } from "./model.ts";
import { type FailedRow, failedRows, type Prediction, predictionsOf } from "./predictions.ts";
import { showTable } from "./table.ts";

/**
 * Predicts the rows of a table and appends the predictions to their columns. The output file is written completely or
 * not at all. Returns the exit code, which is 1 if rows have no prediction because the output of the network is not
 * finite.
 */
export async function predictTable(request: PredictRequest, { stdout, stderr }: Terminal): Promise<number> {
  const unknown = readChoice("--unknown", request.unknown ?? "error", ["error", "none"]);
  const decimal = readDecimal(request.decimal);
  if (request.escape && request.json)
    throw optionError("--escape is for tables and does not apply to --json.");
  const out =
    request.out === undefined ? undefined : checkOutput(request.out, [request.model, request.table]);
  const model = await readTableModel(request.model);
  for (const warning of model.warnings) stderr.write(`warning: ${warning}\n`);
  const { encoder } = model.learnt.inputs;
  const table = await readAnyTable(request.table, {
    header: request.header ? model.header : false,
    decimal: decimal === "auto" ? model.decimal : decimal,
    text: encoder.columns.flatMap(({ kind, column }) => (kind === "category" ? [column] : [])),
    columns: encoder.columns.map(({ column }) => column),
  });
  for (const note of notesInWords(table, { hasCategories: false })) stderr.write(`note: ${note}\n`);
  const inputs = inputsOf(model, table, unknown);
  const results = predictionsOf(model, inputs, request.model);
  const failed = failedRows(model, table, inputs, results);
  const { task } = model.learnt;
  const classes = task.kind === "classification" ? task.classes : [];
  const text = request.json
    ? `${toJson(asJson(model, results, failed))}\n`
    : showTable(table, classes, results, request.escape);
  if (out === undefined) stdout.write(text);
  else await writeOutput(out, text);
  warnOf(failed, table, stderr);
  if (out !== undefined) {
    const some = failed.length === 0 ? "" : `${table.rows - failed.length} of `;
    stdout.write(`${out}: ${some}${table.rows} ${rowsInWords(table.rows)} predicted by ${request.model}\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** Computes the inputs of the network from a table, as float32 in row-major order. */
function inputsOf({ learnt }: TableModel, table: Table, unknown: "error" | "none"): Float32Array {
  const { encoder, scale } = learnt.inputs;
  const encoded = encodeTable(table, encoder, {
    repair: "Fill it in or remove the row; a network trained with --missing mean fills it in.",
    learnt: "when the network was trained",
  });
  const [first] = encoded.unknown;
  if (first !== undefined && unknown === "error") throw unknownCategory(table, encoder, first);
  return Float32Array.from(standardise(encoded.x, scale).data);
}

function unknownCategory(
  table: Table,
  encoder: FeatureEncoder,
  { row, column, value }: { readonly row: number; readonly column: string; readonly value: string },
): DownhillError {
  const rule = encoder.columns.find((one) => one.column === column);
  const known = rule?.kind === "category" ? rule.categories.filter((name) => name !== "") : [];
  const shown = known.slice(0, 12).map((name) => JSON.stringify(name));
  return new DownhillError(
    "data",
    `${table.name}: ${placeOf(table, row)}, column ${JSON.stringify(column)} is ${JSON.stringify(value)}, which the network has not learned: ` +
      `it knows ${shown.join(", ")}${known.length > shown.length ? ", …" : ""}. Correct it, or write --unknown none to treat it as none of them.`,
  );
}

/** Formats the results as JSON. Rows in `failed` have the prediction null and no probabilities. */
function asJson(
  { learnt: { task } }: TableModel,
  results: readonly Prediction[],
  failed: readonly FailedRow[],
): object {
  const predictions = results.map(({ predicted }) => predicted ?? null);
  if (task.kind === "regression") return { target: task.target, predictions, failed };
  return {
    classes: task.classes,
    predictions,
    probabilities: results.map(({ predicted, probabilities }) =>
      predicted === undefined ? null : probabilities,
    ),
    failed,
  };
}

const mostWarnings = 10; // rows

/** Reports the rows without a prediction on standard error. */
function warnOf(failed: readonly FailedRow[], table: Table, stderr: TextOutput): void {
  for (const { row, column, value } of failed.slice(0, mostWarnings)) {
    stderr.write(
      `warning: ${table.name}: ${placeOf(table, row - 1)}: the output of the network is not finite, and the prediction is left empty. ` +
        `Column ${JSON.stringify(column)} is furthest from what it was trained on: ${JSON.stringify(value)}.\n`,
    );
  }
  const more = failed.length - mostWarnings;
  if (more > 0)
    stderr.write(`warning: ${table.name}: the same applies to ${more} more ${rowsInWords(more)}.\n`);
}

function rowsInWords(count: number): string {
  return count === 1 ? "row" : "rows";
}
