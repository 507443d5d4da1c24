import { mean } from "../../numeric/array/reduce.ts";
import { stack } from "../../numeric/array/shape.ts";
import { tensor } from "../../numeric/array/create.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { applyUpdates, type Optimizer } from "../../numeric/optim/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { foldIn, type KeyWords } from "../../numeric/random/index.ts";
import { flatten, mapLeaves } from "../../engine/tree/index.ts";
import { valueAndGrad } from "../../engine/transforms/index.ts";
import { scan } from "../../engine/transforms/structured.ts";
import type { FitData } from "./batches.ts";
import { type AnyLoss, contextOf, type Loss, splitLoss } from "./loss.ts";
import { stateAfter } from "./model-state.ts";

/** Batches stacked along a new first axis, with the key and the step number of each. */
export interface StackedBatches<B> {
  readonly batch: B;
  readonly key: Tensor;
  readonly step: Tensor;
}

/** Parameters and optimiser state during training. */
export interface OptimizerRun<P, S> {
  readonly params: P;
  readonly state: S;
}

/**
 * Parameters and optimiser state after some training steps, and the mean loss on held-out batches before and after
 * these steps.
 */
export interface UnrolledHorizon<P, S> extends OptimizerRun<P, S> {
  readonly before: Tensor;
  readonly after: Tensor;
}

/**
 * Takes one training step per batch in `training`, as one differentiable loop. Returns the parameters and state it
 * reaches, and the mean loss on the batches `heldOut` before and after.
 */
export function runStretch<P, S, B>(
  loss: Loss<P, B>,
  optimizer: Optimizer<P, S>,
  start: OptimizerRun<P, S>,
  training: StackedBatches<B>,
  heldOut: StackedBatches<B>,
): UnrolledHorizon<P, S> {
  const lossOf = (params: P, { batch, key, step }: StackedBatches<B>, isTraining: boolean): Tensor => {
    const context = contextOf(key, step, isTraining, null);
    const result = splitLoss((loss as AnyLoss<P, B>)(params, batch, context));
    stateAfter(null, result.modelState, isTraining); // throws if the loss returns a state
    return result.loss;
  };
  const trainStep = (
    [params, state]: readonly [P, S],
    item: StackedBatches<B>,
  ): readonly [readonly [P, S], null] => {
    const objective = (p: P): Tensor => lossOf(p, item, true);
    const [, grads] = (valueAndGrad(objective) as (p: P) => [Tensor, P])(params);
    const step = optimizer.update(grads, state, params);
    return [[applyUpdates(params, step.updates), step.state], null];
  };
  const judge = (params: P): Tensor => {
    const judgeOne = (carry: Tensor, item: StackedBatches<B>): readonly [Tensor, Tensor] => [
      carry,
      lossOf(params, item, false),
    ];
    return mean(loop(judgeOne, tensor(0), heldOut)[1]);
  };
  const [[params, state]] = loop(trainStep, [start.params, start.state] as const, training);
  return { params, state, before: judge(start.params), after: judge(params) };
}

/** Calls `scan` with carries of any structure, which the types of `scan` do not allow. */
function loop<C, X, Y>(f: (carry: C, x: X) => readonly [C, Y], carry: C, xs: X): [C, Y] {
  return scan(f as never, carry as never, xs as never) as unknown as [C, Y];
}

/** Reads batches of one shape, epoch after epoch, and stacks them. */
export interface BatchReader<B> {
  /** Reads `count` batches and stacks them. */
  take(count: number): Promise<StackedBatches<B>>;
  /** Reads `stacks` stacks of `count` batches each. */
  takeSeveral(stacks: number, count: number): Promise<StackedBatches<B>[]>;
  close(): Promise<void>;
}

/**
 * Creates a reader of stacked batches. The first batch fixes the shapes and dtypes. Batches that differ, such as the
 * short last one of an epoch, are skipped. When reading, an epoch without a fitting batch is an error (`data`).
 */
export function batchReader<B>(operation: string, data: FitData<B>, key: KeyWords): BatchReader<B> {
  const batches = endless(operation, data);
  let step = 0;
  const reader: BatchReader<B> = {
    async take(count) {
      const taken: B[] = [];
      while (taken.length < count) {
        const next = await batches.next();
        if (next.done !== true) taken.push(next.value);
      }
      const steps = taken.map((_, i) => step + i);
      step += count;
      return {
        batch: mapLeaves(
          operation,
          (...leaves) => stack(leaves as Tensor[]),
          taken[0],
          ...taken.slice(1),
        ) as B,
        key: stack(steps.map((k) => tensor(foldIn(key, k)))),
        step: tensor(steps, { dtype: "int32" }),
      };
    },
    async takeSeveral(stacks, count) {
      const all: StackedBatches<B>[] = [];
      while (all.length < stacks) all.push(await reader.take(count));
      return all;
    },
    async close() {
      await batches.return(undefined);
    },
  };
  return reader;
}

async function* endless<B>(operation: string, data: FitData<B>): AsyncGenerator<B, undefined> {
  let shape: string | undefined;
  for (let epoch = 0; ; epoch++) {
    let count = 0;
    for await (const batch of "epoch" in data ? data.epoch(epoch) : data) {
      const read = mapLeaves(operation, (leaf) => asTensor(leaf, operation), batch) as B;
      const shapes = shapesOf(read, operation);
      shape ??= shapes;
      if (shapes !== shape) continue;
      count++;
      yield read;
    }
    if (count > 0) continue;
    const again = epoch === 0 ? "" : " An iterator can be read only once: pass dataset(…).batch(…).";
    throw new DownhillError("data", `${operation}: epoch ${epoch + 1} has no batch.${again}`);
  }
}

function shapesOf(batch: unknown, operation: string): string {
  return (flatten(batch, operation).leaves as Tensor[])
    .map(({ dtype, shape }) => `${dtype}[${shape.join()}]`)
    .join();
}
