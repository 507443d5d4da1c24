import { dataset } from "../../training/data/index.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { applyUpdates, type GeneralOptimizer } from "../../numeric/optim/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { grad } from "../../engine/transforms/index.ts";
import { flatten } from "../../engine/tree/index.ts";

/** A run in a comparison by `compareBatches`: its batch size, optimiser and data. */
export interface BatchRacer<B> {
  readonly name: string;
  /**
   * Items per step, from 1 to the number of items. `"full"` uses all items in each step (gradient descent). Items left
   * over at the end of an epoch are skipped.
   */
  readonly batchSize: number | "full";
  readonly optimizer: GeneralOptimizer<unknown>;
  /** Separate training data for this run. Default: the data of the comparison. */
  readonly data?: B;
}

/** Options of `compareBatches`. */
export interface CompareBatchesOptions<P, B> {
  /** Function that returns the mean loss of a batch. */
  readonly loss: (params: P, batch: B) => Tensor;
  readonly params: P;
  /** All items, as named arrays whose first axis counts the items. */
  readonly data: B;
  readonly racers: readonly BatchRacer<B>[];
  /** Number of passes over the data per run. Default 10. */
  readonly epochs?: number;
  /** Seed of the shuffling, which differs in each epoch. Default 0. */
  readonly seed?: number;
  /** Returns the current time in milliseconds, used for `seconds` of the result. Default `performance.now`. */
  readonly clock?: () => number;
}

/**
 * Result of a run of `compareBatches`. Entry k of each list is the value after k epochs; entry 0 is the value at the
 * start.
 */
export interface BatchRun {
  readonly name: string;
  readonly batchSize: number;
  /** Total number of items processed so far. */
  readonly items: readonly number[];
  /** Total number of steps so far. */
  readonly steps: readonly number[];
  /** Total seconds spent in steps so far, without data loading, loss evaluation and compilation. */
  readonly seconds: readonly number[];
  /** Loss over all items of `data`, the data set of the comparison, after each epoch. */
  readonly losses: readonly number[];
  readonly itemsPerSecond: number;
}

/**
 * Trains the same model with several batch sizes, from the same parameters on the same data, and measures the loss over
 * all items after each epoch. Everything except the times is reproducible.
 *
 * @throws DownhillError `option`, `range` or `data` for invalid options.
 * @example
 * const data = { x: tensor([0, 1, 2, 3]), y: tensor([1, 3, 5, 7]) };
 * const runs = await compareBatches({
 *   loss: (p, { x, y }) => meanSquaredError(add(mul(x, p.slope), p.shift), y),
 *   params: { slope: tensor(0), shift: tensor(0) },
 *   data,
 *   racers: [
 *     { name: "GD", batchSize: "full", optimizer: sgd({ learningRate: 0.05 }) },
 *     { name: "SGD", batchSize: 1, optimizer: sgd({ learningRate: 0.05 }) },
 *   ],
 *   epochs: 5,
 * });
 * runs.map(({ steps }) => steps.at(-1)); // [5, 20]
 */
export async function compareBatches<P, B extends object>(
  options: CompareBatchesOptions<P, B>,
): Promise<BatchRun[]> {
  if (arguments.length > 1) refuseExtra("compareBatches", arguments, 1);
  const { loss, params, data, racers, epochs, seed, clock } = checked(options);
  const whole = jit((p: P, batch: B) => loss(p, batch)) as unknown as (p: P, batch: B) => Tensor;
  const runs: BatchRun[] = [];
  for (const racer of racers) {
    const own = racer.data ?? data;
    const n = countItems(own);
    const batchSize = racer.batchSize === "full" ? n : racer.batchSize;
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > n) {
      throw new DownhillError(
        "range",
        `compareBatches: the batchSize of ${racer.name} must be an integer from 1 to ${n}, or "full"; got ${String(racer.batchSize)}.`,
      );
    }
    const step = makeStep(loss, racer.optimizer);
    const batches = dataset(own as never)
      .shuffle({ seed, when: "each-epoch" })
      .batch(batchSize, { dropLast: true });
    let at = { params, state: racer.optimizer.init(params) };
    const record = {
      items: [0],
      steps: [0],
      seconds: [0],
      losses: [whole(params, data).item()],
    };
    let [items, steps, seconds] = [0, 0, 0];
    let isWarm = false;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for await (const batch of batches) {
        if (!isWarm) step(at.params, at.state, batch as B); // compiles before the timed steps
        isWarm = true;
        const before = clock();
        at = step(at.params, at.state, batch as B);
        seconds += (clock() - before) / 1000;
        items += batchSize;
        steps++;
      }
      record.items.push(items);
      record.steps.push(steps);
      record.seconds.push(seconds);
      record.losses.push(whole(at.params, data).item());
    }
    runs.push({ name: racer.name, batchSize, ...record, itemsPerSecond: items / seconds });
  }
  return runs;
}

type UpdateFunction<P, B> = (
  params: P,
  state: unknown,
  batch: B,
) => { readonly params: P; readonly state: unknown };

function makeStep<P, B>(
  loss: (params: P, batch: B) => Tensor,
  optimizer: GeneralOptimizer<unknown>,
): UpdateFunction<P, B> {
  return jit((params: P, state: unknown, batch: B) => {
    const slope = (grad((p: P) => loss(p, batch)) as (p: P) => P)(params);
    const { updates, state: next } = optimizer.update(slope, state, params);
    return { params: applyUpdates(params, updates), state: next };
  }) as UpdateFunction<P, B>;
}

function countItems(data: unknown): number {
  const sizes = flatten(data, "compareBatches").leaves.map((leaf) => (leaf as Tensor).shape?.[0] ?? 0);
  if (sizes.length > 0 && sizes.every((size) => size === sizes[0] && size > 0)) return sizes[0]!;
  throw new DownhillError(
    "data",
    `compareBatches: data must be tensors whose first axis counts the items; first axes here: ${sizes.join(", ") || "none"}.`,
  );
}

function checked<P, B>(options: CompareBatchesOptions<P, B>): Required<CompareBatchesOptions<P, B>> {
  const name = "compareBatches";
  checkNeededOptions(name, options, ["loss", "params", "data", "racers", "epochs", "seed", "clock"]);
  const { loss, params, data, racers, epochs = 10, seed = 0, clock = () => performance.now() } = options;
  if (typeof loss !== "function") {
    throw new DownhillError("option", `${name}: loss must be a function (params, batch) => a scalar tensor.`);
  }
  if (!Array.isArray(racers) || racers.length === 0) {
    throw new DownhillError("option", `${name}: racers must be an array of { name, batchSize, optimizer }.`);
  }
  if (!Number.isInteger(epochs) || epochs < 1) {
    throw new DownhillError(
      "range",
      `${name}: epochs must be an integer of 1 or more, got ${String(epochs)}.`,
    );
  }
  return { loss, params, data, racers, epochs, seed, clock };
}
