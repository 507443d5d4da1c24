import { DownhillError } from "../../engine/errors/index.ts";
import { tensor } from "../../numeric/array/create.ts";
import { jit } from "../../engine/runtime/jit.ts";
import { encodeTable } from "../../training/data/encode-features.ts";
import { type FeatureEncoder, standardise } from "../../training/data/index.ts";
import type { Table } from "../../training/io/index.ts";
import { toJson } from "../shared/json.ts";
import { readAnyTable } from "../shared/read-table.ts";
import { readDecimal } from "../shared/table-words.ts";
import type { Terminal } from "../shared/terminal.ts";
import { readChoice } from "../shared/words.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";
import { networkOf } from "../train/model.ts";
import { readTableModel, type TableModel } from "./model.ts";

/** What `downhill predict` was asked for, as it was written. */
export interface PredictRequest {
  readonly model: string;
  readonly table: string;
  readonly out: string | undefined;
  readonly unknown: string | undefined;
  readonly decimal: string | undefined;
  readonly noHeader: boolean;
  readonly json: boolean;
}

const predictedAtOnce = 512; // rows

/** Predicts the rows of a table and writes them, all or none, with the predictions behind their own columns. */
export async function predictTable(request: PredictRequest, { stdout, stderr }: Terminal): Promise<void> {
  const unknown = readChoice("--unknown", request.unknown ?? "error", ["error", "none"]);
  const decimal = readDecimal(request.decimal);
  const out =
    request.out === undefined ? undefined : checkOutput(request.out, [request.model, request.table]);
  const model = await readTableModel(request.model);
  for (const warning of model.warnings) stderr.write(`warning: ${warning}\n`);
  const { encoder } = model.learnt.inputs;
  const table = await readAnyTable(request.table, {
    header: request.noHeader ? false : model.header,
    decimal: decimal === "auto" ? model.decimal : decimal,
    text: encoder.columns.flatMap(({ kind, column }) => (kind === "category" ? [column] : [])),
    columns: encoder.columns.map(({ column }) => column),
  });
  const results = predictionsOf(model, inputsOf(model, table, unknown));
  const text = request.json ? `${toJson(asJson(model, results))}\n` : asTable(model, table, results);
  if (out === undefined) {
    stdout.write(text);
    return;
  }
  await writeOutput(out, text);
  stdout.write(`${out}: ${table.rows} ${table.rows === 1 ? "row" : "rows"} predicted by ${request.model}\n`);
}

/** The inputs of the network, float32 row by row. */
function inputsOf({ learnt }: TableModel, table: Table, unknown: "error" | "none"): Float32Array {
  const { encoder, scale } = learnt.inputs;
  const encoded = encodeTable(table, encoder, {
    repair: "Fill it in or take the row out; a network that is trained with --missing mean fills it in.",
    learnt: "where the network was trained",
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
  const line = table.lines?.[row];
  return new DownhillError(
    "data",
    `${table.name}: ${line === undefined ? `row ${row + 1}` : `line ${line}`}, column ${JSON.stringify(column)} is ${JSON.stringify(value)}, which the network has not learnt: ` +
      `it knows ${shown.join(", ")}${known.length > shown.length ? ", …" : ""}. Correct it, or write --unknown none, by which it counts as none of them.`,
  );
}

/** A prediction a row: a number, or a class with the probabilities of all. */
interface Prediction {
  readonly predicted: number | string;
  readonly probabilities: readonly number[];
}

function predictionsOf({ params, sizes, learnt }: TableModel, inputs: Float32Array): Prediction[] {
  const { task } = learnt;
  const output = jit(networkOf(sizes, task.kind).output);
  const [width, outputs] = [sizes[0]!, sizes.at(-1)!];
  const all: Prediction[] = [];
  for (let from = 0; from < inputs.length; from += predictedAtOnce * width) {
    const part = inputs.slice(from, from + predictedAtOnce * width);
    const values = output(params, tensor(part, { shape: [part.length / width, width] })).data();
    for (let at = 0; at < values.length; at += outputs) {
      const row = Array.from(values.slice(at, at + outputs), shortened);
      if (task.kind === "regression") {
        const [mean, std] = [task.scale.mean[0]!, task.scale.std[0]!];
        all.push({ predicted: shortened(values[at]! * std + mean), probabilities: [] });
      } else all.push({ predicted: task.classes[row.indexOf(Math.max(...row))]!, probabilities: row });
    }
  }
  return all;
}

/** A float32 in the digits that it has. */
function shortened(x: number): number {
  return Number(x.toPrecision(7));
}

function asJson({ learnt: { task } }: TableModel, results: readonly Prediction[]): object {
  const predictions = results.map(({ predicted }) => predicted);
  if (task.kind === "regression") return { target: task.target, predictions };
  return {
    classes: task.classes,
    predictions,
    probabilities: results.map(({ probabilities }) => probabilities),
  };
}

/** The table as separated text with the columns `predicted` and, of classes, `probability CLASS` behind its own. */
function asTable({ learnt: { task } }: TableModel, table: Table, results: readonly Prediction[]): string {
  const own = table.columns.map(({ name }) => name);
  const classes = task.kind === "classification" ? task.classes : [];
  const added = ["predicted", ...classes.map((name) => `probability ${name}`)].map((name) =>
    otherThan(own, name),
  );
  const lines = [[...own, ...added].map(cell).join(",")];
  results.forEach(({ predicted, probabilities }, row) => {
    const before = table.columns.map(({ values }) => values[row]!);
    lines.push([...before, predicted, ...probabilities].map(cell).join(","));
  });
  return `${lines.join("\n")}\n`;
}

function cell(value: number | string): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  return /[",\n\r]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
}

/** A name, or one like it that no column has. */
function otherThan(names: readonly string[], name: string): string {
  return names.includes(name) ? otherThan(names, `${name} 2`) : name;
}
