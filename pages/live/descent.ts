// Runs of optimisers with adjustable settings, compiled once for all settings.
import { add, mul, norm, scan, type Tensor, tensor, valueAndGrad, zeros } from "downhill";
import { makeJitted as jit } from "../../src/engine/runtime/jitted.ts";
import { applyUpdates, type GeneralOptimizer } from "downhill/optim";
import * as random from "downhill/random";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";

/** A run of an optimiser. Entry t of each list is the state after t steps, up to the last finite state. */
export interface Descent {
  readonly points: readonly Point[];
  readonly values: readonly number[];
  /** Gradient norms at the points. */
  readonly gradientNorms: readonly number[];
  /** True if the run diverged: it became non-finite, or its value is far above that of the start. */
  readonly isLost: boolean;
}

/** Gaussian noise added to each gradient element, as a model of mini-batches: its standard deviation, and its seed. */
export interface GradientNoise {
  readonly deviation: number;
  readonly seed: number;
}

/** Settings as scalar tensors. */
type Scalars<S> = { readonly [K in keyof S]: Tensor };

const farAbove = 1e3; // multiple of the start's height above which a run counts as diverged

/**
 * Compiles a run with a fixed number of steps, as a function of the start and of the optimiser's settings.
 *
 * @param value function of a vector and of the settings
 * @param optimizer creates the optimiser from the settings, which are scalar tensors by name
 * @param steps number of steps, at least 1
 */
export function descentOf<S extends Readonly<Record<string, number>>>(
  value: (point: Tensor, settings: Scalars<S>) => Tensor,
  optimizer: (settings: Scalars<S>) => GeneralOptimizer<unknown>,
  steps: number,
): (start: Point, settings: S, noise?: GradientNoise) => Descent {
  const run = jit((start: Tensor, settings: Scalars<S>, noise: Tensor) => {
    const evaluate = valueAndGrad((point: Tensor) => value(point, settings));
    const { init, update } = optimizer(settings);
    const [, track] = scan(
      ({ x, state }: { x: Tensor; state: unknown }, extra: Tensor) => {
        const [height, slope] = evaluate(x);
        const { updates, state: next } = update(add(slope, extra), state, x);
        return [{ x: applyUpdates(x, updates), state: next }, [x, height, norm(slope)] as const] as const;
      },
      { x: start, state: init(start) },
      noise,
    );
    return track;
  });
  return (start, settings, { deviation, seed } = { deviation: 0, seed: 0 }) => {
    const shape = [steps + 1, start.length];
    const noise =
      deviation === 0
        ? zeros(shape, { dtype: "float64" })
        : mul(random.normal(random.key(seed), shape, { dtype: "float64" }), deviation);
    const scalars = Object.fromEntries(
      Object.entries(settings).map(([name, setting]) => [name, tensor(setting, { dtype: "float64" })]),
    ) as Scalars<S>;
    const [points, values, norms] = run(tensor([...start], { dtype: "float64" }), scalars, noise);
    return cut(points.tolist() as number[][], values.tolist() as number[], norms.tolist() as number[]);
  };
}

function cut(points: readonly Point[], values: readonly number[], gradientNorms: readonly number[]): Descent {
  const broken = values.findIndex(
    (value, t) => !Number.isFinite(value) || !points[t]!.every((x) => Number.isFinite(x)),
  );
  const end = broken < 0 ? values.length : Math.max(1, broken);
  const begin = values[0]!;
  return {
    points: points.slice(0, end),
    values: values.slice(0, end),
    gradientNorms: gradientNorms.slice(0, end),
    isLost:
      (broken >= 0 && values[end - 1]! > begin) || values[end - 1]! > farAbove * Math.max(Math.abs(begin), 1),
  };
}
