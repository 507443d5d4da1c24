import { argmax } from "../../numeric/array/reduce.ts";
import { arange, zeros } from "../../numeric/array/create.ts";
import { add, div, equal, isNaN, mul, sub, where } from "../../numeric/array/elementwise.ts";
import { concatenate, expandDims, reshape } from "../../numeric/array/shape.ts";
import type { FeatureRule } from "../../training/data/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { convert } from "../../engine/prims/index.ts";
import type { Inputs, LearningTask } from "../train/problem.ts";
import type { TrainedRun } from "./saved.ts";

/** An input of the model with one item per row of its first axis. */
export interface ItemInput {
  readonly name: string;
  readonly dtype: DType;
  /** Shape of an item. */
  readonly item: readonly number[];
  /** Description of the content for the metadata of the model. */
  readonly about: string;
  /** For an input of categories: the meaning of each integer, beginning with 0. */
  readonly categories?: readonly string[];
}

/** Inputs of the exported model, and their conversion to the inputs of the network. */
export interface Encoding {
  readonly inputs: readonly ItemInput[];
  readonly encode: (values: readonly Tensor[]) => Tensor;
}

/**
 * Returns the encoding of the inputs of a prediction: of the pixels of an image, or of the raw columns of the table.
 */
export function featuresOf({ table, sizes }: TrainedRun): Encoding {
  if (table !== undefined) return columnsOf(table.inputs);
  const about = "the pixels of an image, row by row, from 0 to 1: bytes divided by 255";
  return {
    inputs: [{ name: "pixels", dtype: "float32", item: [sizes[0]!], about }],
    encode: ([pixels]) => pixels!,
  };
}

function columnsOf({ encoder, scale }: Inputs): Encoding {
  let first = 0;
  const parts = encoder.columns.map((rule) => {
    const [mean, std] = [scale.mean[first]!, scale.std[first]!];
    first += rule.kind === "category" ? rule.categories.length : rule.indicator === true ? 2 : 1;
    return rule.kind === "category" ? categoryOf(rule) : numberOf(rule, mean, std);
  });
  return {
    inputs: parts.map(({ input }) => input),
    encode: (values) => concatenate(parts.flatMap(({ encode }, i) => encode(values[i]!)), { axis: 1 }), // prettier-ignore
  };
}

interface ColumnEncoding {
  readonly input: ItemInput;
  /** Converts a column of n numbers to inputs of shape [n, 1] or more. */
  readonly encode: (x: Tensor) => readonly Tensor[];
}

/**
 * Encodes a column of numbers: fills in missing ones if the rule has `fill`, and standardises. With `indicator` it adds
 * an input that is 1 where the number was missing. Values are float32 only after they are standardised.
 */
function numberOf(
  { column, fill, indicator }: FeatureRule & { kind: "number" },
  mean: number,
  std: number,
): ColumnEncoding {
  const about = fill === undefined ? "a number" : `a number; NaN if it is missing: replaced by ${fill}`;
  return {
    input: { name: column, dtype: "float64", item: [], about },
    encode(x) {
      const known = fill === undefined ? x : where(isNaN(x), fill, x);
      const scaled = asInput(div(sub(known, mean), std));
      return indicator === true ? [scaled, asInput(isNaN(x))] : [scaled];
    },
  };
}

function categoryOf({ column, categories, missing }: FeatureRule & { kind: "category" }): ColumnEncoding {
  const none = categories.includes("") || missing === "error" ? "" : ", a missing one too";
  const about = `the index of the category, from 0; −1 for any other${none}`;
  return {
    input: { name: column, dtype: "int32", item: [], about, categories },
    encode: (x) => [
      convert(equal(expandDims(x, 1), arange(0, categories.length, 1, { dtype: "int32" })), "float32"),
    ],
  };
}

function asInput(x: Tensor): Tensor {
  return expandDims(convert(x, "float32"), 1);
}

/** Returns the encoding of the target of the network, which is an input of a loss. */
export function targetOf({ table, source, sizes }: TrainedRun): Encoding {
  const task = table?.task;
  if (task?.kind === "regression") {
    const { mean, std } = task.scale;
    const input: ItemInput = {
      name: task.target,
      dtype: "float64",
      item: [],
      about: "the number to predict",
    };
    return {
      inputs: [input],
      encode: ([y]) => convert(div(sub(y!, mean[0]!), std[0]!), "float32"),
    };
  }
  const categories = classesOf(task, sizes);
  const name = source.kind === "table" ? source.target : "label";
  const about = "the index of the correct class, from 0";
  return { inputs: [{ name, dtype: "int32", item: [], about, categories }], encode: ([y]) => y! };
}

/** Returns the names of the classes of a run. Those of images are `0`, `1`, … */
function classesOf(task: LearningTask | undefined, sizes: readonly number[]): readonly string[] {
  if (task?.kind === "classification") return task.classes;
  return Array.from({ length: sizes.at(-1)! }, (_, i) => String(i));
}

/** A result of the exported model. */
export interface ModelOutput {
  readonly name: string;
  readonly about: string;
  readonly categories?: readonly string[];
}

/** Converts the outputs of a network for the user: probabilities and the class, or a number in units of the target. */
export function predictionOf({ table, sizes }: TrainedRun): {
  readonly outputs: readonly ModelOutput[];
  readonly decode: (output: Tensor) => readonly Tensor[];
} {
  const task = table?.task;
  if (task?.kind === "regression") {
    const { mean, std } = task.scale;
    return {
      outputs: [{ name: task.target, about: "the prediction" }],
      decode: (z) => [add(mul(convert(reshape(z, [-1]), "float64"), std[0]!), mean[0]!)],
    };
  }
  const categories = classesOf(task, sizes);
  return {
    outputs: [
      { name: "probabilities", about: "of the classes", categories },
      { name: "class", about: "the index of the most probable class", categories },
    ],
    decode: (p) => [p, argmax(p, { axis: 1 })],
  };
}

/** Returns a placeholder for an input with the given number of items, from which shapes and dtypes are traced. */
export function placeholder({ dtype, item }: ItemInput, items: number): Tensor {
  return zeros([items, ...item], { dtype });
}
