// Probability densities of two numbers, defined by their energies: minus the logarithm, up to a constant.
import { add, div, logaddexp, mul, neg, sqrt, square, sub, type Tensor } from "downhill";

/** A density. `energy` works on numbers and on whole columns. */
export interface Target {
  readonly words: string;
  readonly energy: (x: Tensor, y: Tensor) => Tensor;
}

/** Energy of a Gaussian: half the squared deviation in units of the standard deviation. */
const gaussian = (away: Tensor, deviation: number): Tensor => mul(square(div(away, deviation)), 0.5);

const hump = (x: Tensor, y: Tensor, cx: number, cy: number): Tensor =>
  add(gaussian(sub(x, cx), 0.45), gaussian(sub(y, cy), 0.45));

export const targets = {
  narrow: {
    words: "narrow",
    energy: (x, y) => add(gaussian(add(x, y), 2.4), gaussian(sub(x, y), 0.3)),
  },
  banana: {
    words: "banana",
    energy: (x, y) => add(gaussian(x, 1.2), gaussian(sub(y, sub(mul(square(x), 0.6), 1.6)), 0.35)),
  },
  ring: {
    words: "ring",
    // The small number avoids the missing derivative of the length at 0.
    energy: (x, y) => gaussian(sub(sqrt(add(add(square(x), square(y)), 1e-6)), 2), 0.2),
  },
  humps: {
    words: "two humps",
    energy: (x, y) => neg(logaddexp(neg(hump(x, y, -1.7, -0.8)), neg(hump(x, y, 1.7, 0.8)))),
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;
