import type { Device } from "../../engine/runtime/index.ts";
import { key } from "../../numeric/random/index.ts";
import { evaluatorAt, type ModelSnapshot } from "./evaluate.ts";
import type { checkedOptions } from "./fit-options.ts";
import type { TrainingLoopOptions } from "./loop.ts";
import type { AnyLoss } from "./loss.ts";
import type { Ranks } from "./parallel/ranks.ts";
import { makeSharding } from "./parallel/sharding.ts";
import { makeStepper } from "./step.ts";

/** Options of a run, its loss, its initial model and its ranks. */
interface RunParts<P, S, B> extends ReturnType<typeof checkedOptions<P, S, B, unknown>> {
  readonly loss: AnyLoss<P, B>;
  readonly start: ModelSnapshot<P>;
  readonly ranks: Ranks;
}

/** Creates the parts of a training loop that compute on a device; undefined for the processor. */
export function equip<P, S, B>(
  {
    loss,
    start,
    ranks,
    seed,
    shards,
    world,
    reduce,
    data,
    validation,
    watch,
    divergence: rule,
    ...rest
  }: RunParts<P, S, B>,
  device: Device | undefined,
): Pick<
  TrainingLoopOptions<P, S, B>,
  "device" | "sharding" | "ownData" | "stepper" | "validate" | "divergence"
> {
  const { optimizer, accumulate, reduction, gradientNorms: hasNorms } = rest;
  const sharding = makeSharding(shards, ranks, world, reduce, device);
  const { data: ownData, partsOf } = sharding.own(data);
  const isScaled = watch.plateau !== undefined;
  const summing = { accumulate, reduction, isScaled, hasNorms, sharding, partsOf };
  const stepper = makeStepper<P, S, B>({ loss, optimizer, key: key(seed), ...summing, device });
  const measure = evaluatorAt<P, B>(loss, reduction, sharding, device);
  const validate: TrainingLoopOptions<P, S, B>["validate"] =
    validation && (async (model) => (await measure(model, validation, { epoch: 0, step: 0 })).evaluation);
  const divergence = rule && { rule, start, measure };
  return { device, sharding, ownData, stepper, validate, divergence };
}
