// The swing-up of a pendulum with limited torque: optimal control by collocation, under constraints.
import { add, concatenate, mul, neg, sin, slice, square, sub, sum, type Tensor } from "downhill";
import { atMost, type ConstrainedResult, equality, solver } from "downhill/optim";

/** Limits of a swing-up. */
export interface Limits {
  /** Time in seconds. */
  readonly horizon: number;
  /** Largest torque per moment of inertia, in rad/s². */
  readonly torque: number;
  /** Largest speed in rad/s. */
  readonly speed: number;
}

/** A planned motion, or the best that was found where no motion obeys the limits. */
export interface Motion {
  readonly times: readonly number[];
  /** Angles from the hanging position in radians, speeds, and torques. */
  readonly angles: readonly number[];
  readonly speeds: readonly number[];
  readonly torques: readonly number[];
  /** Integral of the squared torque. */
  readonly cost: number;
  /** Multiplier of the limit of the torque at each time: above 0 where the limit is active. */
  readonly prices: readonly number[];
  readonly isSolved: boolean;
  readonly reason: string;
  readonly violation: number;
  readonly iterations: number;
}

export const gravity = 9.81; // per length of 1 m, in 1/s²
const pieces = 30;
const n = pieces + 1;

interface Plan {
  readonly angle: Tensor;
  readonly speed: Tensor;
  readonly torque: Tensor;
}

const later = (x: Tensor): Tensor => slice(x, [1, n]);
const earlier = (x: Tensor): Tensor => slice(x, [0, pieces]);
const change = (x: Tensor): Tensor => sub(later(x), earlier(x));
const both = (x: Tensor): Tensor => add(later(x), earlier(x));

/** Equation of motion by the trapezoidal rule, and the positions at both ends. */
const motion = ({ angle, speed, torque }: Plan, step: Tensor): Tensor => {
  const acceleration = sub(torque, mul(gravity, sin(angle)));
  return concatenate([
    sub(change(angle), mul(mul(0.5, step), both(speed))),
    sub(change(speed), mul(mul(0.5, step), both(acceleration))),
    slice(angle, [0, 1]),
    slice(speed, [0, 1]),
    sub(slice(angle, [pieces, n]), Math.PI),
    slice(speed, [pieces, n]),
  ]);
};
const torques = ({ torque }: Plan, _step: Tensor, most: Tensor): Tensor =>
  concatenate([sub(torque, most), sub(neg(torque), most)]);
const speeds = ({ speed }: Plan, _step: Tensor, _most: Tensor, fastest: Tensor): Tensor =>
  concatenate([sub(speed, fastest), sub(neg(speed), fastest)]);

/** Integral of the squared torque, by the trapezoidal rule. */
const effort = ({ torque }: Plan, step: Tensor, _most: Tensor, _fastest: Tensor): Tensor =>
  mul(mul(0.5, step), add(sum(square(earlier(torque))), sum(square(later(torque)))));

const constraints = [
  equality(motion, 0, { name: "motion" }),
  atMost(torques, 0, { name: "torque" }),
  atMost(speeds, 0, { name: "speed" }),
];
const plan = solver(effort, { constraints, maxIterations: 100 });

/** The latest solution, from which `followSwing` starts. */
let latest: Found | undefined;
const followed = solver(effort, { constraints, maxIterations: 12, warmStart: () => latest });

/** Numbers of swings from which the search starts. If none leads to a motion, it also starts from `lastSwings`. */
const swings = [1, 2];
const lastSwings = 3;

/** Plans a motion from hanging to upright: the one of least effort that searches from several swings find. */
export function swingUp({ horizon, torque, speed }: Limits): Motion {
  const search = (k: number): Found => plan(startOf(k, horizon), horizon / pieces, torque, speed);
  const first = swings.map(search).reduce(better);
  const best = first.converged ? first : better(first, search(lastSwings));
  if (best.converged) latest = best;
  return described(best, horizon);
}

/**
 * Plans a motion near the one found last, for limits that have changed a little: one short search, while a hand drags.
 */
export function followSwing({ horizon, torque, speed }: Limits): Motion {
  if (latest === undefined) return swingUp({ horizon, torque, speed });
  const found = followed(startOf(1, horizon), horizon / pieces, torque, speed);
  if (found.converged) latest = found;
  return described(found, horizon);
}

/** Initial guess for the search: a motion that swings k times, ever wider. */
function startOf(k: number, horizon: number): { angle: number[]; speed: number[]; torque: number[] } {
  const angle = Array.from({ length: n }, (_, i) => {
    const share = i / pieces;
    return Math.PI * share * Math.cos(k * Math.PI * (1 - share));
  });
  const step = horizon / pieces;
  const speed = angle.map((_, i) => {
    const [from, to] = [Math.max(0, i - 1), Math.min(pieces, i + 1)];
    return (angle[to]! - angle[from]!) / ((to - from) * step);
  });
  return { angle, speed, torque: new Array<number>(n).fill(0) };
}

type Found = ConstrainedResult<Plan>;

function better(a: Found, b: Found): Found {
  if (a.converged !== b.converged) return a.converged ? a : b;
  if (!a.converged) return b.violation < a.violation ? b : a;
  return b.value < a.value ? b : a;
}

function described(found: Found, horizon: number): Motion {
  const { angle, speed, torque } = found.params;
  const forces = (found.multipliers.constraints[1] as Tensor).tolist() as number[];
  return {
    times: Array.from({ length: n }, (_, i) => (horizon * i) / pieces),
    angles: angle.tolist() as number[],
    speeds: speed.tolist() as number[],
    torques: torque.tolist() as number[],
    cost: found.value,
    prices: Array.from({ length: n }, (_, i) => forces[i]! + forces[n + i]!),
    isSolved: found.converged,
    reason: found.reason,
    violation: found.violation,
    iterations: found.iterations,
  };
}
