import { existsSync, statSync } from "node:fs";
import { DownhillError } from "../../engine/errors/index.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import { readSafetensorsFile } from "../../training/io/index.ts";
import { networkIn, readTrainedRun } from "../export/saved.ts";
import { isLearnt } from "../train/learnt.ts";
import type { TablePreprocessing } from "../train/problem.ts";

/** A network of `downhill train` that predicts from the columns of a table. */
export interface TableModel {
  readonly params: MlpParams;
  /** Layer sizes of the network from inputs to outputs. */
  readonly sizes: readonly number[];
  readonly learnt: TablePreprocessing;
  /** The header setting with which the training table was read, if known. */
  readonly header: "auto" | false;
  readonly decimal: "auto" | "." | ",";
  readonly warnings: readonly string[];
}

/**
 * Reads the output of `downhill train`: the file of --save, or the folder of --checkpoint.
 *
 * @throws DownhillError `file` for a missing path; `data` for a file with other content, and for networks of images.
 */
export async function readTableModel(path: string): Promise<TableModel> {
  if (!existsSync(path))
    throw new DownhillError(
      "file",
      `${path}: there is no such file or folder. A network is written by downhill train … --save model.safetensors, or --checkpoint runs/a.`,
    );
  return statSync(path).isDirectory() ? ofRun(path) : ofFile(path);
}

async function ofRun(folder: string): Promise<TableModel> {
  const { learnt: params, sizes, table, source, warnings } = await readTrainedRun(folder);
  if (table === undefined) throw noTable(folder);
  const { header, decimal } =
    source.kind === "table" ? source : ({ header: "auto", decimal: "auto" } as const);
  return { params, sizes, learnt: table, header, decimal, warnings };
}

async function ofFile(path: string): Promise<TableModel> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const { task, classes, target, targetScale, inputs, network } = metadata;
  if (network === undefined || task === undefined) throw otherFile(path);
  if (inputs === undefined) throw noTable(path);
  const layers = Array.from({ length: tensors.size / 2 }, (_, i) => ({
    weight: tensors.get(`layers.${i}.weight`),
    bias: tensors.get(`layers.${i}.bias`),
  }));
  const params = networkIn({ layers });
  const learnt = parsed(() => ({
    inputs: JSON.parse(inputs) as unknown,
    task:
      task === "classification"
        ? { kind: task, classes: JSON.parse(classes!) as unknown }
        : { kind: task, target, scale: JSON.parse(targetScale!) as unknown },
  }));
  if (params === undefined || !isLearnt(learnt)) throw otherFile(path);
  const sizes = [params.layers[0]!.weight.shape[0]!, ...params.layers.map(({ bias }) => bias.shape[0]!)];
  const outputs = learnt.task.kind === "classification" ? learnt.task.classes.length : 1;
  if (sizes[0] !== learnt.inputs.names.length || sizes.at(-1) !== outputs) throw otherFile(path);
  return { params, sizes, learnt, header: "auto", decimal: "auto", warnings: [] };
}

function parsed(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function otherFile(path: string): DownhillError {
  return new DownhillError(
    "data",
    `${path}: it is not a file of downhill train --save, which has the parameters of a network and the preprocessing of its table.`,
  );
}

function noTable(path: string): DownhillError {
  return new DownhillError(
    "data",
    `${path}: this network predicts from the pixels of images, and downhill predict reads tables. downhill export writes it as an ONNX model.`,
  );
}
