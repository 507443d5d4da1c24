// Trains a small GPT, starting at any step.
import { add, arange, expandDims, jit, slice, type Tensor, tensor, valueAndGrad } from "downhill";
import { softmaxCrossEntropy } from "downhill/nn";
import { adam, type AdamState, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";
import { firstParams, type GptParams, scoresOf, type Sizes } from "./model.ts";
import { arraysOf, type SentArrays, withArrays } from "../../live/arrays.ts";
import type { Numbered } from "./text.ts";

/** Characters per step, rounded down to complete contexts. */
export const charactersAStep = 512;

const heldOutContexts = 16; // maximum number of held-out contexts in the loss
const between = 400; // milliseconds between reports

/** State of a training run, to be sent or resumed. */
export interface Snapshot {
  /** Number of completed steps. */
  readonly step: number;
  readonly params: SentArrays;
  /** State of Adam. */
  readonly state: SentArrays;
}

/** Settings of a training run. */
export interface TrainingOrder {
  readonly text: Numbered;
  readonly sizes: Sizes;
  readonly seed: number;
  readonly rate: number;
  /** Number of steps. */
  readonly steps: number;
  /** Snapshot to resume from. Default: the initial parameters. */
  readonly from?: Snapshot;
}

/** Progress of a training run. Losses are means in nats per character. */
export interface Report {
  /** Mean loss of the steps since the last report, each evaluated before its update. */
  readonly loss: number;
  /** Loss on the held-out text after the last of these steps. */
  readonly heldOut: number;
  readonly snapshot: Snapshot;
}

/**
 * Contexts of a text [n] that start at the given positions, each with the following character: [starts, context + 1].
 */
function contextsAt(text: Tensor, starts: Tensor, context: number): Tensor {
  return text.at(add(expandDims(starts, 1), arange(0, context + 1, 1, { dtype: "int32" })));
}

/** Mean loss of the predictions after each character of contexts. */
function lossOf(params: GptParams, contexts: Tensor, heads: number): Tensor {
  const length = contexts.shape[1]!;
  const scores = scoresOf(params, slice(contexts, null, [0, length - 1]), heads);
  return softmaxCrossEntropy(scores, slice(contexts, null, [1, length]));
}

const lossAt = /* @__PURE__ */ jit(lossOf, { staticArgnums: 2 });

/** One training step: the loss of contexts drawn with the key, and the updated parameters. */
const improve = /* @__PURE__ */ jit(
  (
    params: GptParams,
    state: AdamState<GptParams>,
    text: Tensor,
    key: Tensor,
    rate: Tensor,
    heads: number,
    context: number,
  ) => {
    const count = Math.max(1, Math.floor(charactersAStep / context));
    const starts = random.randint(key, [count], 0, text.shape[0]! - context);
    const contexts = contextsAt(text, starts, context);
    const [loss, slope] = valueAndGrad((p: GptParams) => lossOf(p, contexts, heads))(params);
    const step = adam({ learningRate: rate }).update(slope, state, params);
    return [applyUpdates(params, step.updates), step.state, loss] as const;
  },
  { staticArgnums: [5, 6] },
);

/** Restores the parameters of a snapshot. */
export function paramsOf(sizes: Sizes, { params }: Snapshot): GptParams {
  return withArrays(firstParams(sizes, 0), params);
}

/**
 * Trains and reports progress after the first step, about twice per second, and after the last step.
 *
 * @throws Error if the loss becomes non-finite
 */
export async function train(order: TrainingOrder, tell: (report: Report) => void): Promise<void> {
  const { sizes, seed, from, rate, steps, text } = order;
  const { heads, context } = sizes;
  const learned = tensor(text.numbers.slice(0, text.learned));
  const heldOut = heldOutOf(text, context);
  let params = from === undefined ? firstParams(sizes, seed) : paramsOf(sizes, from);
  let state = adam().init(params);
  if (from !== undefined) state = withArrays(state, from.state);
  const begun = from?.step ?? 0;
  const batches = random.foldIn(random.key(seed), 1);
  const eta = tensor(rate, { dtype: "float32" });
  let [total, count, last] = [0, 0, performance.now()];
  for (let step = begun + 1; step <= begun + steps; step++) {
    const key = random.keys(random.foldIn(batches, step), 1).at(0);
    const [next, nextState, loss] = improve(params, state, learned, key, eta, heads, context);
    total += loss.item();
    count++;
    if (!Number.isFinite(total))
      throw new Error(
        `At step ${step} the loss is no longer a number: the learning rate is too high. Choose a lower one, and start again.`,
      );
    [params, state] = [next, nextState];
    if (step > 1 && step < begun + steps && performance.now() - last < between) continue;
    tell({
      loss: total / count,
      heldOut: lossAt(params, heldOut, heads).item(),
      snapshot: { step, params: arraysOf(params), state: arraysOf(state) },
    });
    [total, count, last] = [0, 0, performance.now()];
  }
}

/** Evenly spaced contexts of the held-out text. */
function heldOutOf({ numbers, learned }: Numbered, context: number): Tensor {
  const room = numbers.length - learned - (context + 1);
  const count = Math.min(heldOutContexts, 1 + Math.floor(room / context));
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * room) / Math.max(1, count - 1)));
  return contextsAt(tensor(numbers.slice(learned)), tensor(Int32Array.from(starts)), context);
}
