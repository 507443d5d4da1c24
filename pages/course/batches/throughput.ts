// Items per second and memory of a training step, by batch size.
import { valueAndGrad } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, sgd } from "downhill/optim";
import * as random from "downhill/random";
import { measuredSizes, type Throughput } from "./orders.ts";
import { begin, images, type Images, networkLoss, type Params } from "./network.ts";

/**
 * Measures training steps of a small network for one batch size after another.
 *
 * @param milliseconds duration per size, after a first step that compiles
 */
export function* throughput(
  sizes: readonly number[] = measuredSizes,
  milliseconds = 120,
  clock: () => number = () => performance.now(),
): Generator<Throughput> {
  const optimizer = sgd({ learningRate: 0.1 });
  for (const batchSize of sizes) {
    const step = jit((params: Params, state: ReturnType<typeof optimizer.init>, batch: Images) => {
      const [, slope] = valueAndGrad((p: Params) => networkLoss(p, batch))(params);
      const { updates, state: next } = optimizer.update(slope, state, params);
      return { params: applyUpdates(params, updates), state: next };
    });
    const batch = images(0, batchSize);
    const weights = begin(random.key(0));
    let at = step(weights, optimizer.init(weights), batch);
    let steps = 0;
    const from = clock();
    let now = from;
    while (now - from < milliseconds) {
      at = step(at.params, at.state, batch);
      steps++;
      now = clock();
    }
    yield {
      batchSize,
      itemsPerSecond: (1000 * steps * batchSize) / (now - from),
      memoryBytes: step.stats().memoryBytes,
    };
  }
}
