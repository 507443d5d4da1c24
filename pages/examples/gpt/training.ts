// Training a small GPT, from any step on.
import { add, arange, expandDims, jit, slice, type Tensor, tensor, valueAndGrad } from "downhill";
import { softmaxCrossEntropy } from "downhill/nn";
import { adam, type AdamState, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";
import { firstParams, type GptParams, scoresOf, type Sizes } from "./model.ts";
import { arraysOf, type SentArrays, withArrays } from "../../live/arrays.ts";
import type { Numbered } from "./text.ts";

/** Characters of a step: as many whole contexts as fit. */
export const charactersAStep = 512;

const heldOutContexts = 16; // at most, of which the loss is measured
const between = 400; // milliseconds from one report to the next

/** What a training has come to, to be sent and to go on from. */
export interface Snapshot {
  /** Steps that were made. */
  readonly step: number;
  readonly params: SentArrays;
  /** What Adam keeps. */
  readonly state: SentArrays;
}

/** What a training is to do. */
export interface TrainingOrder {
  readonly text: Numbered;
  readonly sizes: Sizes;
  readonly seed: number;
  readonly rate: number;
  /** Steps to make. */
  readonly steps: number;
  /** Where to go on; left out, from the beginning. */
  readonly from?: Snapshot;
}

/** How a training gets on. Losses are means in nats a character. */
export interface Report {
  /** Of the steps since the last report, each before its update. */
  readonly loss: number;
  /** On what is held out, after the last of them. */
  readonly heldOut: number;
  readonly snapshot: Snapshot;
}

/** The contexts of a text [n] that begin at some places, with the character behind each: [starts, context + 1]. */
function contextsAt(text: Tensor, starts: Tensor, context: number): Tensor {
  return text.at(add(expandDims(starts, 1), arange(0, context + 1, 1, { dtype: "int32" })));
}

/** The mean loss of what comes after each character of contexts. */
function lossOf(params: GptParams, contexts: Tensor, heads: number): Tensor {
  const length = contexts.shape[1]!;
  const scores = scoresOf(params, slice(contexts, null, [0, length - 1]), heads);
  return softmaxCrossEntropy(scores, slice(contexts, null, [1, length]));
}

const lossAt = /* @__PURE__ */ jit(lossOf, { staticArgnums: 2 });

/** A step: the loss of contexts that the key draws, and what its gradient makes of the parameters. */
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

/** The parameters of a snapshot. */
export function paramsOf(sizes: Sizes, { params }: Snapshot): GptParams {
  return withArrays(firstParams(sizes, 0), params);
}

/**
 * Trains, and tells from time to time how it gets on: after the first step, about twice a second, and after the last one.
 *
 * @throws Error where the loss is no longer a number
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

/** Contexts of what is held out, evenly apart. */
function heldOutOf({ numbers, learned }: Numbered, context: number): Tensor {
  const room = numbers.length - learned - (context + 1);
  const count = Math.min(heldOutContexts, 1 + Math.floor(room / context));
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * room) / Math.max(1, count - 1)));
  return contextsAt(tensor(numbers.slice(learned)), tensor(Int32Array.from(starts)), context);
}
