import { existsSync, statSync } from "node:fs";
import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import { readSavedRun, type SavedRun } from "../../training/train/checkpoint/codec.ts";
import { checkpointFolder } from "../../training/train/index.ts";
import { quote } from "../shared/words.ts";
import { requestOfWords } from "../train/command.ts";
import { kindOf } from "../train/defaults.ts";
import { formerLearnt } from "../train/learnt.ts";
import type { TablePreprocessing } from "../train/problem.ts";
import { repetitionOf, wordsOfStretch } from "../train/run-history.ts";
import { readSettings, type TrainingSettings } from "../train/settings.ts";
import { readSource, type DataSource } from "../train/source.ts";

/** A run of `downhill train` as read from its folder. */
export interface TrainedRun extends Pick<SavedRun, "step" | "epoch" | "items" | "batches"> {
  readonly folder: string;
  readonly source: DataSource;
  readonly settings: TrainingSettings;
  /**
   * The parameters at the end of the run, and the learned parameters: those of the best epoch if items were held out.
   */
  readonly last: MlpParams;
  readonly learnt: MlpParams;
  /** The epoch of `learnt` if it is not the last one. */
  readonly bestEpoch: number | undefined;
  /** Layer sizes of the network from inputs to outputs. */
  readonly sizes: readonly number[];
  /** The conversion of table columns to inputs; `undefined` for images. */
  readonly table: TablePreprocessing | undefined;
  /** The commands that reproduce the run. */
  readonly commands: readonly string[];
  /** Warnings about damaged or missing files of the run. */
  readonly warnings: readonly string[];
}

/**
 * Reads the run in a folder of checkpoints.
 *
 * @throws DownhillError `file` if the folder has no run; `data` for a run that is damaged or of another program.
 */
export async function readTrainedRun(folder: string): Promise<TrainedRun> {
  if (!existsSync(folder)) throw noRun(folder, "there is no such folder");
  if (!statSync(folder).isDirectory()) throw noRun(folder, "this is a file, not the folder of a run");
  const { checkpoint, warnings } = await checkpointFolder(folder).load();
  if (checkpoint === undefined) throw noRun(folder, "there is no checkpoint in it");
  const saved = readSavedRun(checkpoint);
  const { step, epoch, batch, items, batches, stretches, best } = saved;
  const words = stretches.map((stretch) => wordsOfStretch(stretch)).findLast((one) => one !== undefined);
  if (words === undefined) throw otherRun(folder, "it was made by a program, or by an earlier version");
  const [last, learnt] = [
    networkIn(saved.params),
    networkIn(best === undefined ? saved.params : best.params),
  ];
  if (last === undefined || learnt === undefined)
    throw otherRun(folder, "its parameters are not those of a network of downhill train");
  const request = requestOfWords(words.slice(2));
  const source = readSource(request);
  const end = { epoch, batch, stretches, isStopped: false, batchCount: batches ?? 1 };
  const sizes = [last.layers[0]!.weight.shape[0]!, ...last.layers.map(({ bias }) => bias.shape[0]!)];
  const table = source.kind === "table" || source.kind === "set" ? tableOf(folder, sizes) : undefined;
  return {
    folder,
    step,
    epoch,
    items,
    batches,
    source,
    last,
    learnt,
    sizes,
    table,
    warnings,
    settings: readSettings(request, kindOf(source)),
    bestEpoch: best?.epoch,
    commands: repetitionOf(words, end, folder).commands,
  };
}

/**
 * Returns the preprocessing that the run learned from its table; `undefined` for images. It must fit the network of the
 * run.
 */
function tableOf(folder: string, sizes: readonly number[]): TablePreprocessing {
  const table = formerLearnt(folder);
  const outputs = table?.task.kind === "classification" ? table.task.classes.length : 1;
  if (table !== undefined && table.inputs.names.length === sizes[0] && outputs === sizes.at(-1)) return table;
  const what =
    table === undefined
      ? "lacks inputs.json, which tells"
      : "has an inputs.json of another run, which does not tell";
  throw new DownhillError(
    "data",
    `${folder} ${what} how the columns of the table become the inputs of the network. Train again, in another folder.`,
  );
}

/** Returns the parameters if they are those of a chain of dense layers, otherwise `undefined`. */
export function networkIn(params: unknown): MlpParams | undefined {
  const layers: unknown = (params as { readonly layers?: unknown } | null)?.layers;
  if (!Array.isArray(layers) || layers.length === 0) return undefined;
  let width: number | undefined;
  for (const layer of layers as readonly Partial<MlpParams["layers"][number]>[]) {
    const { weight, bias } = layer ?? {};
    if (!(weight instanceof Tensor && bias instanceof Tensor)) return undefined;
    const [inputs, outputs, ...more] = weight.shape;
    const fits = more.length === 0 && bias.shape.length === 1 && bias.shape[0] === outputs;
    if (!fits || (width !== undefined && inputs !== width)) return undefined;
    width = outputs;
  }
  return params as MlpParams;
}

function noRun(folder: string, why: string): DownhillError {
  return new DownhillError(
    "file",
    `${folder}: ${why}. A run is saved by downhill train … --checkpoint ${quote(folder)}.`,
  );
}

function otherRun(folder: string, why: string): DownhillError {
  return new DownhillError(
    "data",
    `${folder}: ${why}, and only networks of downhill train are known. ` +
      "A program writes its own with toOnnx of downhill/onnx; checkpointParams of downhill/train gives the parameters.",
  );
}
