// Two differential equations that are hard for plain solvers: a stiff reaction, and a ball with events.
import { add, jvp, mul, stack, sub, tensor, type Tensor } from "downhill";
import { type OdeSolution, solveOde } from "downhill/optim";

/** Duration of the reaction, in seconds. */
export const reactionTime = 400;

/** Names of the three substances, in the order of the results. */
export const substances = ["bromous acid", "bromide", "cerium"] as const;

/** An addition to the reaction at a time: the bromide is multiplied by a factor. */
export interface Poke {
  readonly time: number;
  readonly factor: number;
}

/** Integration method of the page. */
export type ReactionMethod = "auto" | "dopri5" | "radau";

/** Result of an integration of the reaction. */
export interface Reaction {
  readonly times: readonly number[];
  /** Concentrations by substance, at `times`. */
  readonly concentrations: readonly (readonly number[])[];
  readonly steps: number;
  readonly evaluations: number;
  /** Last time that was reached, and true if it is the last one. */
  readonly reached: number;
  readonly isWhole: boolean;
  /** Median of the step lengths, and the shortest. */
  readonly usual: number;
  readonly shortest: number;
}

/** The Oregonator: an oscillating reaction of Belousov and Zhabotinsky (Field and Noyes 1974). */
function oregonator(y: Tensor): Tensor {
  const [acid, bromide, cerium] = [y.at(0), y.at(1), y.at(2)];
  return stack([
    mul(77.27, add(bromide, mul(acid, sub(sub(1, mul(8.375e-6, acid)), bromide)))),
    mul(1 / 77.27, sub(cerium, mul(add(1, acid), bromide))),
    mul(0.161, sub(acid, cerium)),
  ]);
}

const mostSteps = 20_000;
const mostPoints = 2000;

/**
 * Solves the reaction, with one substance multiplied by a factor at some time. Explicit methods end at 20,000 steps.
 */
export function react({ time, factor }: Poke, method: ReactionMethod): Reaction {
  const poke = {
    when: (_: Tensor, t: Tensor): Tensor => sub(t, time),
    reset: (y: Tensor): Tensor => mul(y, [1, factor, 1]),
  };
  const s = solveOde(oregonator, [1, 2, 3], [0, reactionTime], {
    method,
    atol: 1e-8,
    maxSteps: mostSteps,
    events: factor === 1 ? [] : [poke],
  });
  const ends = s.t.tolist() as number[];
  const every = Math.ceil(ends.length / mostPoints);
  const times = ends.filter((_, i) => i % every === 0);
  const values = s.y.tolist() as number[][];
  const lengths = ends
    .slice(1)
    .map((end, i) => end - ends[i]!)
    .filter((length) => length > 0)
    .sort((a, b) => a - b);
  return {
    times,
    concentrations: substances.map((_, k) =>
      values.filter((_row, i) => i % every === 0).map((row) => row[k]!),
    ),
    steps: s.stats.steps,
    evaluations: s.stats.evaluations,
    reached: ends.at(-1)!,
    isWhole: s.converged,
    usual: lengths[lengths.length >> 1]!,
    shortest: lengths[0]!,
  };
}

/** Duration of the flight, in seconds. */
export const flightTime = 3;

/** A ball: the height in metres from which it falls, and the part of its speed that a bounce leaves. */
export interface Ball {
  readonly height: number;
  readonly bounciness: number;
}

/** A flight with bounces. */
export interface Flight {
  readonly times: readonly number[];
  readonly heights: readonly number[];
  /** Times of the first bounces. */
  readonly bounces: readonly number[];
  /** Derivatives of these times with respect to the height, in seconds per metre. */
  readonly later: readonly number[];
}

const gravity = 9.81; // m/s²
/** Number of times at which the flight is drawn. */
const drawn = 301;
const mostBounces = 8;

interface Motion {
  readonly x: Tensor;
  readonly v: Tensor;
}

/** Solves the motion of a ball. It ends early if the bounces follow each other too closely. */
function fly(height: Tensor, bounciness: Tensor, until = flightTime): OdeSolution<Motion> {
  const bounce = {
    when: ({ x }: Motion): Tensor => x,
    direction: -1,
    reset: ({ v }: Motion, _: Tensor, part: Tensor): Motion => ({ x: tensor(0), v: mul(mul(-1, part), v) }),
  } as const;
  const fall = ({ v }: Motion): Motion => ({ x: v, v: tensor(-gravity) });
  const start: Motion = { x: height, v: tensor(0) };
  return solveOde<Motion, [Tensor]>(fall, start, [0, until], { events: [bounce], args: [bounciness] });
}

/**
 * Computes the flight of a ball: its heights, the times of its first bounces, and their derivatives with respect to the
 * initial height.
 */
export function flight({ height, bounciness }: Ball): Flight {
  const s = fly(tensor(height), tensor(bounciness));
  const reached = (s.t.tolist() as number[]).at(-1)!;
  const times = Array.from({ length: drawn }, (_, i) => (flightTime * i) / (drawn - 1));
  const all = s.events.map(({ t }) => t.item());
  const bounces = all.slice(0, mostBounces);
  // later bounces may be too slow for a derivative
  const until = ((bounces.at(-1) ?? 0) + (all[mostBounces] ?? flightTime)) / 2;
  const slopes = (): Tensor =>
    jvp(
      (from: Tensor) => stack(fly(from, tensor(bounciness), until).events.map(({ t }) => t)),
      [height],
      [1],
    )[1];
  return {
    times,
    heights: s.at(times.map((t) => Math.min(t, reached))).x.tolist() as number[],
    bounces,
    later: bounces.length === 0 ? [] : (slopes().tolist() as number[]),
  };
}
