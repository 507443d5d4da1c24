// REINFORCE: actions that led to long episodes become more likely.
import {
  add,
  div,
  grad,
  jit,
  logSigmoid,
  mul,
  neg,
  scan,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
  zerosLike,
} from "downhill";
import type { MlpParams } from "downhill/nn";
import { adam, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";
import { type Episodes, firstParams, horizon, net, plain, type PlainParams, play } from "./cart.ts";

/** Settings of a training run. */
export interface TrainingOrder {
  readonly seed: number;
  readonly rate: number;
  readonly updates: number;
  readonly episodes: number;
}

/** An update, with the mean length in steps of the episodes before it. */
export interface Update {
  readonly update: number;
  readonly steps: number;
  readonly params: PlainParams;
}

const discount = 0.99; // discount per step
const startSpread = { others: 0.05, angle: 0.2 };

/**
 * Normalised advantages: discounted number of remaining steps, minus its mean over the episodes at that step, divided
 * by the standard deviation.
 */
function advantages(isAlive: Tensor): Tensor {
  const alive = isAlive.astype("float32");
  const [, returns] = scan(
    (later: Tensor, now: Tensor) => {
      const total = add(now, mul(discount, later));
      return [total, total] as const;
    },
    zerosLike(alive.at(0)),
    alive,
    { reverse: true },
  );
  const count = sum(alive);
  const expected = div(
    sum(returns, { axis: 1, keepdims: true }),
    add(sum(alive, { axis: 1, keepdims: true }), 1e-6),
  );
  const better = mul(alive, sub(returns, expected));
  return div(better, sqrt(add(div(sum(square(better)), count), 1e-6)));
}

/** Surrogate loss whose negative gradient is the policy gradient. */
function surrogate(params: MlpParams, { states, isRight }: Episodes, weights: Tensor): Tensor {
  const logits = net.apply(params, states).at(null, null, 0);
  const logProbability = where(isRight, logSigmoid(logits), logSigmoid(neg(logits)));
  return neg(sum(mul(logProbability, weights)));
}

/** Trains the network by policy gradients, and calls `tell` after every update. */
export async function train(
  { seed, rate, updates, episodes }: TrainingOrder,
  tell: (update: Update) => void,
): Promise<void> {
  const { init, update } = adam({ learningRate: rate });
  const improve = jit(
    (params: MlpParams, state: ReturnType<typeof init>, starts: Tensor, chances: Tensor) => {
      const seen = play(params, starts, chances);
      const weights = div(advantages(seen.isAlive), sum(where(seen.isAlive, 1, 0)));
      const slope = grad((p: MlpParams) => surrogate(p, seen, weights))(params);
      const step = update(slope, state, params);
      const steps = div(sum(where(seen.isAlive, 1, 0)), starts.shape[0]!);
      return [applyUpdates(params, step.updates), step.state, steps] as const;
    },
  );
  let params = firstParams(seed);
  let state = init(params);
  const spread = [startSpread.others, startSpread.others, startSpread.angle, startSpread.others];
  for (let i = 0; i < updates; i++) {
    const [forStarts, forChances] = random.split(random.foldIn(random.key(seed), i));
    const starts = mul(random.uniform(forStarts, [episodes, 4], { minval: -1, maxval: 1 }), spread);
    const chances = random.uniform(forChances, [horizon, episodes]);
    const [next, nextState, steps] = improve(params, state, starts, chances);
    tell({ update: i, steps: steps.item(), params: plain(params) });
    [params, state] = [next, nextState];
  }
}
