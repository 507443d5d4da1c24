// The state that adaptive methods keep for each coordinate, step by step, on the bowl ½(x² + κy²).
import { add, div, grad, mul, scan, square, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { adagrad, adam, applyUpdates, type GeneralOptimizer, rmsprop } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/** The methods of this chapter. */
export const methodNames = ["adagrad", "rmsprop", "adam"] as const;

export type MethodName = (typeof methodNames)[number];

export const methodWords: Readonly<Record<MethodName, string>> = {
  adagrad: "Adagrad",
  rmsprop: "RMSProp",
  adam: "Adam",
};

/** Number of steps per run. */
export const memorySteps = 80;

/** Decay of RMSProp's mean square. The default, 0.99, forgets too slowly for a run of this length. */
export const alpha = 0.9;
/** Decay of Adam's mean and mean square: its defaults. */
export const betas = { mean: 0.9, square: 0.999 } as const;

/** A run with the state of its method. Entry t of each list belongs to step t + 1 and has one number per coordinate. */
export interface Remembered {
  /** Points before the first step and after each step. */
  readonly points: readonly Point[];
  readonly gradients: readonly Point[];
  /** Divisor of the step: the root of the accumulated squared gradients. */
  readonly sizes: readonly Point[];
  /** Dividend of the step: the gradient, or Adam's mean of gradients. */
  readonly directions: readonly Point[];
  /** Change of the point in each step. */
  readonly steps: readonly Point[];
}

/** A method, and how to read dividend and squared divisor from its state. */
interface Method {
  readonly make: (rate: Tensor) => GeneralOptimizer<unknown>;
  readonly read: (
    state: unknown,
    gradient: Tensor,
  ) => { readonly direction: Tensor; readonly square: Tensor };
}

const methods: Readonly<Record<MethodName, Method>> = {
  adagrad: {
    make: (learningRate) => adagrad({ learningRate }),
    read: (state, gradient) => ({
      direction: gradient,
      square: (state as { readonly sumOfSquares: Tensor }).sumOfSquares,
    }),
  },
  rmsprop: {
    make: (learningRate) => rmsprop({ learningRate, alpha }),
    read: (state, gradient) => ({
      direction: gradient,
      square: (state as { readonly meanSquare: Tensor }).meanSquare,
    }),
  },
  adam: {
    make: (learningRate) => adam({ learningRate, beta1: betas.mean, beta2: betas.square }),
    read(state) {
      const { mean, meanSquare, step } = state as Readonly<Record<"mean" | "meanSquare" | "step", Tensor>>;
      const corrected = (sum: Tensor, beta: number): Tensor =>
        div(sum, tensor(1).sub(tensor(beta).pow(step.astype("float64"))));
      return { direction: corrected(mean, betas.mean), square: corrected(meanSquare, betas.square) };
    },
  },
};

type Run = (start: Point, settings: { readonly rate: number; readonly kappa: number }) => Remembered;

/** Returns a function that runs a method and records its state, compiled once. */
export function rememberedBy(name: MethodName): Run {
  const { make, read } = methods[name];
  const run = jit((start: Tensor, rate: Tensor, kappa: Tensor) => {
    const { init, update } = make(rate);
    const slopeAt = grad((point: Tensor) =>
      div(add(square(point.at(0)), mul(kappa, square(point.at(1)))), 2),
    );
    const [, track] = scan(
      ({ x, state }: { x: Tensor; state: unknown }) => {
        const gradient = slopeAt(x);
        const { updates, state: next } = update(gradient, state, x);
        const { direction, square: kept } = read(next, gradient);
        const seen = [x, gradient, kept.sqrt(), direction, updates] as const;
        return [{ x: applyUpdates(x, updates), state: next }, seen] as const;
      },
      { x: start, state: init(start) },
      null,
      { length: memorySteps + 1 },
    );
    return track;
  });
  return (start, { rate, kappa }) => {
    const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });
    const track = run(tensor([...start], { dtype: "float64" }), scalar(rate), scalar(kappa));
    const [points, gradients, sizes, directions, steps] = track.map((list) => list.tolist() as number[][]);
    const taken = (list: readonly Point[] | undefined): readonly Point[] => list!.slice(0, memorySteps);
    return {
      points: points!,
      gradients: taken(gradients),
      sizes: taken(sizes),
      directions: taken(directions),
      steps: taken(steps),
    };
  };
}
