// A pole on a cart, and a small network that pushes the cart.
import {
  abs,
  add,
  cos,
  div,
  jit,
  less,
  logicalAnd,
  mul,
  scan,
  sigmoid,
  sin,
  square,
  stack,
  sub,
  tanh,
  type Tensor,
  tensor,
  where,
} from "downhill";
import { mlp, type MlpParams } from "downhill/nn";
import * as random from "downhill/random";

export const stepTime = 0.02; // seconds
export const horizon = 300; // maximum number of steps per episode
export const poleLength = 1; // metres
/** Limits of an episode: metres from the centre, and radians from upright. */
export const bounds = { place: 2.4, angle: 0.5 } as const;

/** The network: maps position, speed, angle and angular speed to the logit of a push to the right. */
export const net = mlp([4, 16, 1], { activation: tanh });

export function firstParams(seed: number): MlpParams {
  return net.init(random.key(seed));
}

/** Parameters as plain numbers, for messages between page and worker. */
export interface PlainParams {
  readonly layers: readonly { readonly weight: number[][]; readonly bias: number[] }[];
}

export function plain({ layers }: MlpParams): PlainParams {
  return {
    layers: layers.map(({ weight, bias }) => ({
      weight: weight.tolist() as number[][],
      bias: bias.tolist() as number[],
    })),
  };
}

export function tensorsOf({ layers }: PlainParams): MlpParams {
  return {
    layers: layers.map(({ weight, bias }) => ({
      weight: tensor(weight, { dtype: "float32" }),
      bias: tensor(bias, { dtype: "float32" }),
    })),
  };
}

/**
 * One step of carts, pushed by forces in newtons. The states are rows of position, speed, angle and angular speed.
 *
 * @see Barto, Sutton, Anderson, Neuronlike adaptive elements that can solve difficult learning control problems, IEEE
 * Transactions on Systems, Man, and Cybernetics 13, 1983: cart of 1 kg, pole of 0.1 kg, without friction.
 */
function push(states: Tensor, force: Tensor): Tensor {
  const [speed, angle, turning] = [1, 2, 3].map((i) => states.at(null, i)) as [Tensor, Tensor, Tensor];
  const [gravity, mass, poleMass, half] = [9.8, 1.1, 0.1, poleLength / 2];
  const swing = div(add(force, mul(poleMass * half, mul(square(turning), sin(angle)))), mass);
  const tilt = sub(mul(gravity, sin(angle)), mul(cos(angle), swing));
  const inertia = mul(half, sub(4 / 3, mul(poleMass / mass, square(cos(angle)))));
  const turn = div(tilt, inertia);
  const shove = sub(swing, mul((poleMass * half) / mass, mul(turn, cos(angle))));
  const rates = stack([speed, shove, turning, turn], { axis: 1 });
  return add(states, mul(stepTime, rates));
}

/** A batch of episodes, from the first step on. */
export interface Episodes {
  /** States before each step, [horizon, episodes, 4]. */
  readonly states: Tensor;
  /** Whether the push was to the right, [horizon, episodes]. */
  readonly isRight: Tensor;
  /** Whether the episode was still running before the step, [horizon, episodes]. */
  readonly isAlive: Tensor;
}

/**
 * Runs episodes from states [episodes, 4]. A push is to the right if the random number in `chances` [horizon, episodes]
 * is below its probability.
 */
export function play(params: MlpParams, starts: Tensor, chances: Tensor): Episodes {
  const [, [states, isRight, isAlive]] = scan(
    ({ state, alive }: { state: Tensor; alive: Tensor }, chance: Tensor) => {
      const right = less(chance, sigmoid(net.apply(params, state).at(null, 0)));
      const next = push(state, where(right, 10, -10));
      const isWithin = logicalAnd(
        less(abs(next.at(null, 0)), bounds.place),
        less(abs(next.at(null, 2)), bounds.angle),
      );
      // The state of a finished episode stays constant, so that its numbers cannot diverge.
      const kept = where(alive.reshape([-1, 1]), next, state);
      return [{ state: kept, alive: logicalAnd(alive, isWithin) }, [state, right, alive] as const] as const;
    },
    { state: starts, alive: less(abs(starts.at(null, 2)), bounds.angle) },
    chances,
  );
  return { states, isRight, isAlive };
}

const playOne = /* @__PURE__ */ jit((params: MlpParams, starts: Tensor, chances: Tensor) =>
  play(params, starts, chances),
);

/** State of one cart. */
export interface Moment {
  readonly place: number;
  readonly angle: number;
  readonly isRight: boolean;
}

/** One episode from a tilt in radians, until the pole falls. The network always takes the more likely action. */
export function episodeFrom(params: MlpParams, tilt: number): Moment[] {
  const { states, isRight, isAlive } = playOne(
    params,
    tensor([[0, 0, tilt, 0]], { dtype: "float32" }),
    tensor(
      Array.from({ length: horizon }, () => [0.5]),
      { dtype: "float32" },
    ),
  );
  const [rights, alive] = [isRight, isAlive].map((flags) => flags.tolist() as number[][]);
  return (states.tolist() as number[][][])
    .map(([state], t) => ({ place: state![0]!, angle: state![2]!, isRight: rights![t]![0] === 1 }))
    .filter((_, t) => t === 0 || alive![t]![0] === 1);
}
