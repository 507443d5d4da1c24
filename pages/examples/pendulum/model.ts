// Identification of a pendulum: its length, damping and initial angle from measured angles, through the equation of
// motion.
import {
  add,
  concatenate,
  div,
  jit,
  linspace,
  mul,
  neg,
  sin,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  vmap,
} from "downhill";
import { curveFitter, odeint } from "downhill/optim";
import * as random from "downhill/random";

/** Length in metres, damping in 1/s, and angle in radians at time 0, when the pendulum is released. */
export interface Pendulum {
  readonly length: number;
  readonly damping: number;
  readonly angle: number;
}

export const parameters = ["length", "damping", "angle"] as const;
type Unknown = Readonly<Record<keyof Pendulum, Tensor>>;

/** Force law: proportional to the sine of the angle (exact) or to the angle. */
export type Law = "sine" | "small";

const gravity = 9.81; // m/s²
/** Duration in seconds. */
export const duration = 8;
/** Start of the searches, except for the length. */
const guess = { damping: 0.2, angle: 1 };

interface Motion {
  readonly angle: Tensor;
  readonly speed: Tensor;
}

const laws: Readonly<Record<Law, (angle: Tensor) => Tensor>> = { sine: sin, small: (angle) => angle };

/** Angles at the given times, which start at 0. */
function angles(law: Law, times: Tensor, { length, damping, angle }: Unknown): Tensor {
  const motion = (now: Motion, _: Tensor, l: Tensor, c: Tensor): Motion => ({
    angle: now.speed,
    speed: neg(add(mul(div(gravity, l), laws[law](now.angle)), mul(c, now.speed))),
  });
  const { angle: path } = odeint(
    motion,
    { angle, speed: tensor(0) },
    concatenate([[0], times]), // the measurements may start later
    { args: [length, damping], rtol: 1e-6, atol: 1e-6, maxSteps: 512 },
  );
  return path.slice(1);
}

const swings = jit((times: Tensor, pendulum: Unknown) => angles("sine", times, pendulum));

/** Measured angles in radians at times in seconds. */
export interface Measured {
  readonly times: readonly number[];
  readonly angles: readonly number[];
}

/** The given number of angles at equally spaced times, with normal errors drawn from a seed. */
export function measure(
  pendulum: Pendulum,
  { count, noise, seed }: { readonly count: number; readonly noise: number; readonly seed: number },
): Measured {
  const times = linspace(duration / count, duration, count);
  const errors = random.normal(random.key(seed), [count], { dtype: "float64" });
  return {
    times: times.tolist() as number[],
    angles: add(trueAngles(times, pendulum), mul(noise, errors)).tolist() as number[],
  };
}

function trueAngles(times: Tensor, { length, damping, angle }: Pendulum): Tensor {
  return swings(times, { length: tensor(length), damping: tensor(damping), angle: tensor(angle) });
}

const grid = linspace(0, duration, 161);

/** Angles of a pendulum at the times of the drawing. */
export function swing(pendulum: Pendulum): number[] {
  return trueAngles(grid, pendulum).tolist() as number[];
}

/** Result of an identification. */
export interface Identified {
  readonly found: Pendulum;
  readonly errors: Pendulum;
  readonly iterations: number;
  /** Root mean square residual, in radians. */
  readonly left: number;
  readonly grid: readonly number[];
  readonly angles: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const low = { length: 0.1, damping: 0, angle: -3.1 };
const high = { length: 8, damping: 3, angle: 3.1 };

const makeFitter = (law: Law, length: number) =>
  curveFitter((times: Tensor, unknown: Unknown) => angles(law, times, unknown), {
    parameters,
    start: { ...guess, length },
    low,
    high,
  });
const fitters = new Map<string, ReturnType<typeof makeFitter>>();

/** Fits a pendulum to measurements, starting from a length. */
export function identify(measured: Measured, law: Law, from: number): Identified {
  const key = `${law} ${from}`;
  const fitter = fitters.get(key) ?? makeFitter(law, from);
  fitters.set(key, fitter);
  const fit = fitter(tensor(measured.times), tensor(measured.angles));
  const band = fit.predict(grid);
  return {
    found: fit.params,
    errors: fit.standardErrors,
    iterations: fit.iterations,
    left: Math.sqrt(fit.sumOfSquares / measured.times.length),
    grid: grid.tolist() as number[],
    angles: band.value.tolist() as number[],
    low: band.low.tolist() as number[],
    high: band.high.tolist() as number[],
  };
}

const misfits = jit(
  vmap(
    (length: Tensor, times: Tensor, measured: Tensor, damping: Tensor, angle: Tensor) =>
      sum(square(sub(angles("sine", times, { length, damping, angle }), measured))),
    { inAxes: [0, null, null, null, null] },
  ),
);

/** Lengths at which the sum of squares is drawn. */
export const lengths: readonly number[] = Array.from({ length: 118 }, (_, i) => 0.3 * 1.02 ** i);

/** Sum of squared residuals at each of `lengths`, with the damping and initial angle of a pendulum. */
export function sumsOfSquares({ times, angles: measured }: Measured, { damping, angle }: Pendulum): number[] {
  return misfits(
    tensor(lengths),
    tensor(times),
    tensor(measured),
    tensor(damping),
    tensor(angle),
  ).tolist() as number[];
}
