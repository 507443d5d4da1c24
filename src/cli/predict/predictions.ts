import { DownhillError } from "../../engine/errors/index.ts";
import { jit } from "../../engine/runtime/jit.ts";
import { tensor } from "../../numeric/array/create.ts";
import { sizeOfRule } from "../../training/data/encode-features.ts";
import { columnOf, type Table } from "../../training/io/index.ts";
import { networkOf } from "../train/model.ts";
import type { TableModel } from "./model.ts";

/** The prediction of a row: a number, or a class with the probabilities of all classes. */
export interface Prediction {
  /** Predicted number or class; `undefined` if the output of the network is not finite. */
  readonly predicted: number | string | undefined;
  /** Probability of each class, for a prediction of classes. */
  readonly probabilities: readonly number[];
}

const predictedAtOnce = 512; // rows

/**
 * Applies the network to its inputs, which are float32 in row-major order.
 *
 * @throws DownhillError `data` for a network whose parameters are not finite.
 */
export function predictionsOf(
  { params, sizes, learnt }: TableModel,
  inputs: Float32Array,
  model: string,
): readonly Prediction[] {
  const { task } = learnt;
  if (!params.layers.every(({ weight, bias }) => [weight, bias].every((one) => areFinite(one.data()))))
    throw new DownhillError(
      "data",
      `${model}: the network has parameters that are not finite, so it cannot predict. Train again, with a lower learning rate.`,
    );
  const output = jit(networkOf(sizes, task.kind).output);
  const [width, outputs] = [sizes[0]!, sizes.at(-1)!];
  const all: Prediction[] = [];
  for (let from = 0; from < inputs.length; from += predictedAtOnce * width) {
    const part = inputs.slice(from, from + predictedAtOnce * width);
    const values = output(params, tensor(part, { shape: [part.length / width, width] })).data();
    for (let at = 0; at < values.length; at += outputs) {
      const row = Array.from(values.slice(at, at + outputs), shortened);
      if (!areFinite(row)) all.push({ predicted: undefined, probabilities: [] });
      else if (task.kind === "regression") {
        const [mean, std] = [task.scale.mean[0]!, task.scale.std[0]!];
        all.push({ predicted: shortened(values[at]! * std + mean), probabilities: [] });
      } else all.push({ predicted: task.classes[row.indexOf(Math.max(...row))]!, probabilities: row });
    }
  }
  return all;
}

/** A row without a prediction, and the column whose value is furthest from those of the training data. */
export interface FailedRow {
  /** Number of the row, counted from 1. */
  readonly row: number;
  /** Line in the file, counted from 1, if known. */
  readonly line?: number;
  readonly column: string;
  readonly value: number | string;
}

/** Returns the rows for which the output of the network is not finite. */
export function failedRows(
  { learnt }: TableModel,
  table: Table,
  inputs: Float32Array,
  predictions: readonly Prediction[],
): readonly FailedRow[] {
  /** Column of each input of the network. */
  const columns = learnt.inputs.encoder.columns.flatMap((rule) =>
    new Array<string>(sizeOfRule(rule)).fill(rule.column),
  );
  return predictions.flatMap(({ predicted }, row) => {
    if (predicted !== undefined) return [];
    const sizes = Array.from(inputs.subarray(row * columns.length, (row + 1) * columns.length), sizeOf);
    const column = columns[sizes.indexOf(Math.max(...sizes))]!;
    const line = table.lines?.[row];
    const value = columnOf(table, column).values[row]!;
    return [{ row: row + 1, ...(line === undefined ? {} : { line }), column, value }];
  });
}

/**
 * Returns the distance of a standardised input from the mean of the training data. NaN, which results from two
 * infinities, counts as infinite.
 */
function sizeOf(input: number): number {
  return Number.isNaN(input) ? Infinity : Math.abs(input);
}

function areFinite(values: ArrayLike<number>): boolean {
  return Array.from(values).every(Number.isFinite);
}

/** Rounds a float32 number to 7 significant digits, which is about what it holds. */
function shortened(x: number): number {
  return Number(x.toPrecision(7));
}
