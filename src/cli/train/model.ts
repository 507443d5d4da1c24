import { reshape } from "../../numeric/array/shape.ts";
import { softmax, sum } from "../../numeric/array/reduce.ts";
import { tensor, zeros } from "../../numeric/array/create.ts";
import { mul } from "../../numeric/array/elementwise.ts";
import { type Batches, dataset } from "../../training/data/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  accuracy,
  meanSquaredError,
  mlp,
  type MlpParams,
  softmaxCrossEntropy,
} from "../../numeric/nn/index.ts";
import { optimize } from "../../engine/passes/index.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import type { Loss } from "../../training/train/index.ts";
import { grad } from "../../engine/transforms/index.ts";
import { makeProgram } from "../../engine/transforms/make-program.ts";
import { toSvg, traceTable } from "../../pictures/viz/index.ts";
import type { DataPart, LearningProblem } from "./data.ts";
import type { LearningTask } from "./problem.ts";

/** Inputs of some items, and their targets. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** A network to train on a learning problem: its initial parameters, and functions of its parameters. */
export interface TrainableNetwork {
  /** Layer sizes from the inputs to the outputs. */
  readonly sizes: readonly number[];
  readonly start: MlpParams;
  /**
   * Returns the initial parameters of the trial run with this number. They differ from `start` for every number, 0
   * included.
   */
  startOf(number: number): MlpParams;
  readonly loss: Loss<MlpParams, Batch>;
  /** The probabilities of the classes, or the standardised prediction, of each item of a part in row-major order. */
  predict(params: MlpParams, part: DataPart): Float32Array;
  /**
   * The importance of the inputs for some rows: the derivative by each input of the difference of two class scores, in
   * row-major order. Only for networks with classes.
   */
  weigh(params: MlpParams, rows: readonly ClassPair[]): Float32Array;
  /** The dependency graph of the loss of one item, as SVG. */
  graph(): string;
}

/** The inputs of an item, and two classes whose scores for the item are compared. */
export interface ClassPair {
  readonly inputs: Float32Array;
  readonly taken: number;
  readonly actual: number;
}

const predictedAtOnce = 512; // items
const mostDrawn = 30; // nodes of the graph in a report; in larger graphs, lines without a name are folded

/** Loss and output of a network of `downhill train`, as functions of its parameters. */
export interface Network {
  readonly loss: Loss<MlpParams, Batch>;
  /** The probabilities of the classes, or the standardised predictions as `[items, 1]`. */
  readonly output: (params: MlpParams, x: Tensor) => Tensor;
}

/** Makes the network with layers of these sizes, from inputs to outputs. */
export function networkOf(sizes: readonly number[], kind: LearningTask["kind"]): Network {
  const { apply } = mlp([...sizes]);
  if (kind === "regression") {
    return {
      loss: (params, { x, y }) => meanSquaredError(reshape(apply(params, x), y.shape), y),
      output: apply,
    };
  }
  return {
    loss(params, { x, y }) {
      const scores = apply(params, x);
      return { loss: softmaxCrossEntropy(scores, y), metrics: { accuracy: accuracy(scores, y) } };
    },
    output: (params, x) => softmax(apply(params, x)),
  };
}

/** Makes the network with these hidden layers; the seed determines its initial parameters. */
export function makeModel(
  { task, train }: LearningProblem,
  hidden: readonly number[],
  seed: number,
): TrainableNetwork {
  const inputs = train.x.shape[1]!;
  const outputs = task.kind === "classification" ? task.classes.length : 1;
  const { sizes, init, apply } = mlp([inputs, ...hidden, outputs]);
  const keyOfStart = foldIn(key(seed), 2 ** 32 - 1); // lower numbers are used for the classes of the split and for epochs
  const start = init(keyOfStart);
  const network = networkOf(sizes, task.kind);
  const output = jit(network.output) as Network["output"];

  return {
    sizes,
    start,
    startOf: (number) => init(foldIn(keyOfStart, number)),
    loss: network.loss,
    predict(params, part) {
      const all = new Float32Array(part.rows.length * outputs);
      let at = 0;
      for (const { x } of batchesOf(part, predictedAtOnce)) {
        const values = output(params, x).data();
        all.set(values, at);
        at += values.length;
      }
      return all;
    },
    weigh(params, rows) {
      const x = tensor(Float32Array.from(rows.flatMap(({ inputs: row }) => [...row])), {
        shape: [rows.length, inputs],
        dtype: "float32",
      });
      const signs = new Float32Array(rows.length * outputs);
      rows.forEach(({ taken, actual }, i) => {
        signs[i * outputs + taken]! += 1;
        signs[i * outputs + actual]! -= 1;
      });
      const by = tensor(signs, { shape: [rows.length, outputs], dtype: "float32" });
      const margin = (at: Tensor): Tensor => sum(mul(apply(params, at), by));
      return grad(margin)(x).data() as Float32Array;
    },
    graph() {
      const itemLoss = (params: MlpParams, x: Tensor, y: Tensor): Tensor =>
        task.kind === "classification"
          ? softmaxCrossEntropy(apply(params, x), y)
          : meanSquaredError(reshape(apply(params, x), []), y);
      const x = zeros([inputs], { dtype: "float32" });
      const y = zeros([], { dtype: task.kind === "classification" ? "int32" : "float32" });
      const program = optimize(makeProgram(itemLoss)(start, x, y));
      const layers = start.layers.flatMap((_, i) => [`W${i + 1}`, `b${i + 1}`]);
      const names = [...layers, "x", task.kind === "classification" ? "label" : "y"];
      return toSvg(traceTable(program, { names, wrt: layers }), { maxNodes: mostDrawn });
    },
  };
}

/** Returns the batches of a part, in order. */
export function batchesOf({ x, y }: DataPart, size: number): Batches<Batch> {
  return dataset({ x, y }).batch(size);
}
