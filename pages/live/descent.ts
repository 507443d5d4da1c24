// Runs of optimisers whose settings are dragged: compiled once, not for each number.
import { add, mul, norm, scan, type Tensor, tensor, valueAndGrad, zeros } from "downhill";
import { makeJitted as jit } from "../../src/engine/runtime/jitted.ts";
import { applyUpdates, type GeneralOptimizer } from "downhill/optim";
import * as random from "downhill/random";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";

/** A run. Entry t of each list is the state after t steps, up to the last whose numbers are finite. */
export interface Descent {
  readonly points: readonly Point[];
  readonly values: readonly number[];
  /** The lengths of the gradients there. */
  readonly gradientNorms: readonly number[];
  /** Whether it left for good: its numbers ended, or its value is far above that of the start. */
  readonly isLost: boolean;
}

/** Gaussian noise that is added to each element of each gradient, as mini-batches do: its standard deviation, and its seed. */
export interface GradientNoise {
  readonly deviation: number;
  readonly seed: number;
}

/** Settings as scalars of the engine. */
type Scalars<S> = { readonly [K in keyof S]: Tensor };

const farAbove = 1e3; // times the height of the start, from where no run returns

/**
 * A compiled run of so many steps: a function of the start and of the optimiser's settings.
 *
 * @param value a function of a vector, which may depend on the settings too
 * @param optimizer made from the settings, which are scalars by their names
 * @param steps 1 or more
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
