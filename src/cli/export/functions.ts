import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import { applyUpdates } from "../../numeric/optim/index.ts";
import { splitLoss } from "../../training/train/loss.ts";
import { valueAndGrad } from "../../engine/transforms/index.ts";
import { flatten, leafPaths } from "../../engine/tree/index.ts";
import { optionError } from "../shared/words.ts";
import { optimizerOf } from "../train/method.ts";
import { networkOf } from "../train/model.ts";
import {
  type Encoding,
  featuresOf,
  type ItemInput,
  type ModelOutput,
  placeholder,
  predictionOf,
  targetOf,
} from "./inputs.ts";
import type { TrainedRun } from "./saved.ts";

/** Names of the functions of a run that can be exported. */
export const exports = ["predictions", "loss", "gradient", "step"] as const;
export type Export = (typeof exports)[number];

/** A function of a run in the form that `toOnnx` takes, with notes on its inputs and outputs. */
export interface ExportedFunction {
  readonly f: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  /** Tensors that the model stores instead of taking them as inputs, by input name. */
  readonly values: Readonly<Record<string, Tensor>>;
  /** Names of the leaves of `args` (`inputs`) and of the results of `f` (`outputs`), in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Descriptions of the inputs with one item per row (`items`), and of the results other than parameters and gradients
   * (`results`).
   */
  readonly items: readonly ItemInput[];
  readonly results: readonly ModelOutput[];
  /** Notes on the function for the user of the model. */
  readonly notes: readonly string[];
}

/** Makes the requested function of a run for the given number of items. */
export function exportedFunction(what: Export, run: TrainedRun, items: number): ExportedFunction {
  switch (what) {
    case "predictions":
      return predictions(run, items);
    case "loss":
      return loss(run, items);
    case "gradient":
      return gradient(run, items);
    case "step":
      return step(run, items);
    default:
      return what satisfies never;
  }
}

function predictions(run: TrainedRun, items: number): ExportedFunction {
  const features = featuresOf(run);
  const { outputs, decode } = predictionOf(run);
  const { output } = networkOf(run.sizes, kindOf(run));
  return {
    f: (params: MlpParams, ...columns: readonly Tensor[]) => decode(output(params, features.encode(columns))),
    ...ofLearnt(run, features.inputs, outputs, items),
  };
}

function loss(run: TrainedRun, items: number): ExportedFunction {
  const { data, lossOf } = labelled(run);
  const mean: ModelOutput = { name: "loss", about: "the mean over the items" };
  const share: ModelOutput = { name: "accuracy", about: "the share of items with the correct class" };
  return {
    f(params: MlpParams, ...columns: readonly Tensor[]) {
      const { loss: value, metrics } = splitLoss(lossOf(params, columns));
      return [value, ...Object.values(metrics)];
    },
    ...ofLearnt(run, data, kindOf(run) === "regression" ? [mean] : [mean, share], items),
  };
}

/**
 * Returns all but `f` of a function whose inputs are items. The model stores the learned parameters instead of taking
 * them as inputs.
 */
function ofLearnt(
  run: TrainedRun,
  data: readonly ItemInput[],
  outputs: readonly ModelOutput[],
  items: number,
): Omit<ExportedFunction, "f"> {
  const { learnt, bestEpoch } = run;
  const params = namesIn(learnt, "params");
  const inputs = [...params, ...data.map(({ name }) => name)];
  const { leaves } = flatten(learnt, "export");
  // a column may have the same name as a result
  const results = outputs.map((result) => ({ ...result, name: otherThan(inputs, result.name) }));
  return {
    args: [learnt, ...placeholders(data, items)],
    values: Object.fromEntries(params.map((name, i) => [name, leaves[i] as Tensor])),
    inputs,
    outputs: results.map(({ name }) => name),
    items: data,
    results,
    notes: bestEpoch === undefined ? [] : [`the parameters are those of epoch ${bestEpoch}, the best`],
  };
}

const startNote =
  "start values: the newest checkpoint-….safetensors of the folder has tensors of these names";

function gradient(run: TrainedRun, items: number): ExportedFunction {
  const { data, lossOf } = labelled(run);
  const params = namesIn(run.last, "params");
  const grads = namesIn(run.last, "gradient");
  return {
    f(p: MlpParams, ...columns: readonly Tensor[]) {
      const [value, slopes] = valueAndGrad((q: MlpParams) => splitLoss(lossOf(q, columns)).loss)(p);
      return [value, slopes];
    },
    args: [run.last, ...placeholders(data, items)],
    values: {},
    inputs: [...params, ...data.map(({ name }) => name)],
    outputs: ["loss", ...grads],
    items: data,
    results: [{ name: "loss", about: "the mean over the items" }],
    notes: [startNote],
  };
}

/**
 * Makes the function of one training step of the run. Its outputs `out.NAME` are the inputs `NAME` of the next step,
 * except `out.loss`.
 *
 * @throws DownhillError `option` if the run sums the gradients of several batches, `data` if it does not tell how many
 *   batches an epoch has.
 */
function step(run: TrainedRun, items: number): ExportedFunction {
  const { settings, items: all, batches } = run;
  const { method, accumulate, augmentation, epochs } = settings;
  if (accumulate > 1)
    throw optionError(
      `--what step: a step of this run takes the gradients of ${accumulate} batches. Write --what gradient, and sum them.`,
    );
  if (all === null || batches === null)
    throw new DownhillError("data", `${run.folder} does not tell how many batches an epoch of the run has.`);
  const optimizer = optimizerOf(method, { steps: batches * epochs, stepsPerEpoch: batches });
  const { data, lossOf } = labelled(run);
  const state = optimizer.init(run.last);
  const params = namesIn(run.last, "params");
  const states = namesIn(state, "state");
  return {
    f(p: MlpParams, s: unknown, ...columns: readonly Tensor[]) {
      const evaluate = valueAndGrad((q: MlpParams) => splitLoss(lossOf(q, columns)).loss);
      const [value, slopes] = evaluate(p);
      const next = optimizer.update(slopes, s, p, { value, valueAndGrad: evaluate });
      return [value, applyUpdates(p, next.updates), next.state];
    },
    args: [run.last, state, ...placeholders(data, items)],
    values: {},
    inputs: [...params, ...states, ...data.map(({ name }) => name)],
    outputs: ["out.loss", ...[...params, ...states].map((name) => `out.${name}`)],
    items: data,
    results: [{ name: "out.loss", about: "the mean over the items, before the step" }],
    notes: [
      startNote,
      "outputs that begin with out. are inputs of the next step",
      ...(augmentation === undefined ? [] : ["the random changes of --augment are not part of it"]),
      ...(method.plateau === undefined ? [] : ["the lowering of the rate by --plateau is not part of it"]),
    ],
  };
}

/**
 * Returns the inputs of a loss (columns of items, then their targets), and a function that computes the loss of a
 * network on their values.
 */
function labelled(run: TrainedRun): {
  readonly data: readonly ItemInput[];
  readonly lossOf: (params: MlpParams, columns: readonly Tensor[]) => unknown;
} {
  const [features, target]: readonly Encoding[] = [featuresOf(run), targetOf(run)];
  const network = networkOf(run.sizes, kindOf(run));
  const count = features!.inputs.length;
  const names = features!.inputs.map(({ name }) => name);
  const targets = target!.inputs.map((input) => ({ ...input, name: otherThan(names, input.name) }));
  return {
    data: [...features!.inputs, ...targets],
    lossOf(params, columns) {
      const [x, y] = [features!.encode(columns.slice(0, count)), target!.encode(columns.slice(count))];
      return network.loss(params, { x, y }, undefined as never); // none of these losses depends on keys or steps
    },
  };
}

function kindOf({ table }: TrainedRun): "classification" | "regression" {
  return table?.task.kind ?? "classification";
}

function placeholders(inputs: readonly ItemInput[], items: number): Tensor[] {
  return inputs.map((input) => placeholder(input, items));
}

/** Returns the names of the leaves of a tree of parameters, as in checkpoints. */
function namesIn(tree: unknown, root: string): string[] {
  return leafPaths(flatten(tree, "export").def, root);
}

/** Returns a name that is not in `names`: the name itself, or the name with a suffix. */
function otherThan(names: readonly string[], name: string): string {
  return names.includes(name) ? otherThan(names, `${name}_2`) : name;
}
