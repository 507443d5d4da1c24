// Momentum on the bowl ½(x² + κy²): runs and their theory.
import { abs, add, div, log, max, mul, scan, square, sub, type Tensor, tensor, vmap } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, sgd } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { predictedError } from "../../../src/pictures/landscapes/presets/momentum.ts";
import { type Descent, descentOf } from "../../live/descent.ts";

/** Settings chosen by the reader. */
export interface Settings {
  /** Learning rate η. */
  readonly rate: number;
  /** Momentum β. */
  readonly beta: number;
  /** Condition number κ: the curvature along y; the curvature along x is 1. */
  readonly kappa: number;
}

/** Number of drawn steps. */
export const drawnSteps = 120;

/** Steps between which the rate of convergence is measured. */
export const measured = { from: 160, to: 400 } as const;

/** The bowl. Its gradient is (x, κy). */
function height(point: Tensor, kappa: Tensor): Tensor {
  return div(add(square(point.at(0)), mul(kappa, square(point.at(1)))), 2);
}

/** A run of `sgd` with momentum on the bowl. */
export const descend: (start: Point, settings: Settings & Record<string, number>) => Descent =
  /* @__PURE__ */ descentOf<Settings & Record<string, number>>(
    (point, { kappa }) => height(point, kappa),
    ({ rate, beta }) => sgd({ learningRate: rate, momentum: beta }),
    drawnSteps,
  );

/** Theoretical distance from the minimum after t steps, from the solved recurrence of each coordinate. */
export function predictedDistance(start: Point, { rate, beta, kappa }: Settings, t: number): number {
  const method = { name: "", options: { learningRate: rate, momentum: beta }, factor: 0, formula: "" };
  const [x, y] = start as readonly [number, number];
  return Math.hypot(x * predictedError(method, 1, t), y * predictedError(method, kappa, t));
}

/**
 * Asymptotic factor by which a step multiplies an error along curvature λ: the larger root of r² − (1 + β − ηλ)r + β =
 * 0. Complex roots have absolute value √β.
 */
function factorAlong({ rate, beta }: Pick<Settings, "rate" | "beta">, lambda: number): number {
  const half = (1 + beta - rate * lambda) / 2;
  const squared = half * half - beta;
  return squared < 0 ? Math.sqrt(beta) : Math.abs(half) + Math.sqrt(squared);
}

/** Asymptotic factor on the bowl: that of the slower direction. Above 1 the run diverges. */
export function factorOf({ rate, beta, kappa }: Settings): number {
  return Math.max(factorAlong({ rate, beta }, 1), factorAlong({ rate, beta }, kappa));
}

/** The rate above which momentum diverges: 2(1 + β)/κ. */
export function rateLimit({ beta, kappa }: Pick<Settings, "beta" | "kappa">): number {
  return (2 * (1 + beta)) / kappa;
}

/** The rate and the β that minimise the factor on the bowl. */
export function bestSettings(kappa: number): Pick<Settings, "rate" | "beta"> {
  const root = Math.sqrt(kappa);
  return { rate: (2 / (1 + root)) ** 2, beta: ((root - 1) / (root + 1)) ** 2 };
}

/** The best β at a rate: (1 − √η)², which gives the flat direction a double root. */
export function bestBeta(rate: number): number {
  return (1 - Math.sqrt(rate)) ** 2;
}

/** The best rate without momentum. */
export function bestPlainRate(kappa: number): number {
  return 2 / (1 + kappa);
}

const sweep = /* @__PURE__ */ jit((start: Tensor, betas: Tensor, rate: Tensor, kappa: Tensor) =>
  vmap((beta: Tensor) => {
    const optimizer = sgd({ learningRate: rate, momentum: beta });
    const slopes = kappa
      .sub(1)
      .mul(tensor([0, 1], { dtype: "float64" }))
      .add(1);
    const advance = (length: number, begin: { x: Tensor; state: unknown }) =>
      scan(
        ({ x, state }: { x: Tensor; state: unknown }) => {
          const { updates, state: next } = optimizer.update(mul(slopes, x), state as never, x);
          return [{ x: applyUpdates(x, updates), state: next }, null] as const;
        },
        begin,
        null,
        { length },
      )[0];
    const early = advance(measured.from, { x: start, state: optimizer.init(start) });
    const late = advance(measured.to - measured.from, early);
    return sub(log(max(abs(late.x))), log(max(abs(early.x))));
  })(betas),
);

const headroom = 1e100; // runs are linear in their start; from here they can shrink for 400 steps without underflow

/** Measured factor per step for several β: the ratio of the distances at two steps, to the power of 1/steps. */
export function measuredFactors(betas: readonly number[], { rate, kappa }: Settings, start: Point): number[] {
  const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });
  const logs = sweep(
    tensor(
      start.map((x) => x * headroom),
      { dtype: "float64" },
    ),
    tensor([...betas], { dtype: "float64" }),
    scalar(rate),
    scalar(kappa),
  );
  return (logs.tolist() as number[]).map((one) => Math.exp(one / (measured.to - measured.from)));
}

/** Number of steps until the distance has shrunk to a fraction of its initial value; `undefined` if more than 5,000. */
export function stepsTo(part: number, start: Point, settings: Settings): number | undefined {
  const goal = part * Math.hypot(...start);
  for (let t = 1; t <= 5000; t++) if (predictedDistance(start, settings, t) <= goal) return t;
  return undefined;
}
