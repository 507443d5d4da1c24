import { DownhillError } from "../../engine/errors/index.ts";
import { anyBatch } from "../../training/onnx/any-batch.ts";
import { toOnnx } from "../../training/onnx/to-onnx.ts";
import { version } from "../../engine/util/version.ts";
import { toJson } from "../shared/json.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { counted, optionError, readChoice, readCount } from "../shared/words.ts";
import { checkOutput, writeOutput } from "../shared/write-file.ts";
import type { ExportRequest } from "./command.ts";
import { exportedFunction, exports, type ExportedFunction } from "./functions.ts";
import type { ItemInput } from "./inputs.ts";
import { readTrainedRun, type TrainedRun } from "./saved.ts";

const someItems = 2; // for a model with any number of items

/** Writes a run as a model and describes its inputs and outputs. */
export async function exportRun(
  { run: folder, ...request }: ExportRequest,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const what = readChoice("--what", request.what ?? "predictions", exports);
  const batch = request.batch === undefined ? undefined : readCount("--batch", request.batch);
  const out = checkOutput(request.out ?? "model.onnx", [folder]);
  const run = await readTrainedRun(folder);
  for (const warning of run.warnings) stderr.write(`warning: ${warning}\n`);
  const made = exportedFunction(what, run, batch ?? someItems);
  const metadata = {
    made_by: `downhill ${version}, downhill export --what ${what}`,
    ...metadataOf(run, made),
  };
  const model = modelOf(made, batch === undefined, metadata);
  await writeOutput(out, model);
  const { items, results, notes } = made;
  if (request.json) {
    const { step, epoch } = run;
    const about = { file: out, bytes: model.length, what, step, epoch, batch: batch ?? null };
    stdout.write(`${toJson({ ...about, inputs: items, outputs: results, notes, metadata })}\n`);
    return;
  }
  const paint = paintFor(stdout);
  const size = batch === undefined ? "any number of items" : counted(batch, "item");
  const lines = [
    `${paint("bold", out)}: ${what} of ${folder} (${dataOf(run)}, after epoch ${run.epoch}), for ${size}; ${Math.ceil(model.length / 1024)} KB`,
    ...items.map(
      (item) => `  in   ${paint("cyan", item.name)} ${typeOf(item)}: ${item.about}${listOf(item.categories)}`,
    ),
    ...results.map(
      ({ name, about, categories }) => `  out  ${paint("cyan", name)}: ${about}${listOf(categories)}`,
    ),
    ...notes.map((note) => `  ${note}`),
  ];
  stdout.write(`${lines.join("\n")}\n`);
}

function modelOf(
  { f, args, values, inputs, outputs, items }: ExportedFunction,
  isAny: boolean,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const names = items.map(({ name }) => name);
  try {
    return toOnnx(f, args as never, {
      values,
      inputs,
      outputs,
      metadata,
      ...(isAny && { batch: anyBatch(...names) }),
    });
  } catch (error) {
    if (!(isAny && error instanceof DownhillError && error.code === "shape")) throw error;
    throw optionError(
      `${error.message.replace(/ Omit batch for.*$/s, "")} Set the number of items with --batch N.`,
    );
  }
}

/** Returns the metadata of the model for its user. They are plain text, and lists as JSON. */
function metadataOf(run: TrainedRun, { items, results }: ExportedFunction): Record<string, string> {
  const { commands, step, epoch, bestEpoch } = run;
  return {
    data: dataOf(run),
    ...(commands.length === 0 ? {} : { command: commands.join("\n") }),
    epoch: String(bestEpoch ?? epoch),
    step: String(step),
    inputs: JSON.stringify(items),
    outputs: JSON.stringify(results),
  };
}

function dataOf({ source }: TrainedRun): string {
  switch (source.kind) {
    case "digits":
      return "digits";
    case "set":
      return source.name;
    case "table":
      return source.file;
    case "images":
      return source.images;
    default:
      return source satisfies never;
  }
}

function typeOf({ dtype, item }: ItemInput): string {
  return `${dtype}[${["items", ...item].join(", ")}]`;
}

/**
 * Describes the first categories for the user; empty without categories. The metadata of the model contain all of them.
 */
function listOf(categories: readonly string[] | undefined): string {
  if (categories === undefined) return "";
  const shown = categories.slice(0, 12).map((name) => (name === "" ? "(missing)" : name));
  return ` (${shown.join(", ")}${categories.length > shown.length ? ", …" : ""})`;
}
