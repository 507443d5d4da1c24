import { foldIn, key } from "../../random/index.ts";
import { uniformNow } from "../../random/at-once.ts";
import type { BoxBounds } from "../minimize/walls.ts";

/** A point with the value of the function, ∞ if it is NaN, and the violation of the constraints. */
export interface Member {
  readonly x: Float64Array;
  readonly value: number;
  readonly violation: number;
}

/** A search that yields its population after each generation. */
export type PopulationSearch = Generator<readonly Member[], never, void>;

/** Random numbers of one seed. */
export interface RandomSource {
  /** A number between 0 and 1, excluding 1. */
  readonly uniform: () => number;
  readonly normal: () => number;
  /** An integer from 0, below the bound. */
  readonly below: (bound: number) => number;
}

const blockSize = 4096;

/** Random numbers that depend on the seed and the number of a stream alone. */
export function randomSource(seed: number, stream: number): RandomSource {
  const words = foldIn(key(seed), stream);
  let [block, next, count] = [new Float64Array(0), 0, 0];
  const uniform = (): number => {
    if (next === block.length) {
      block = uniformNow(foldIn(words, count++), blockSize) as Float64Array<ArrayBuffer>;
      next = 0;
    }
    return block[next++]!;
  };
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: (bound) => Math.floor(uniform() * bound),
  };
}

/** Points within bounds, in a Latin hypercube: each coordinate has one point in each of `count` equal intervals. */
export function spreadPoints(count: number, { low, high }: BoxBounds, random: RandomSource): Float64Array[] {
  const points = Array.from({ length: count }, () => new Float64Array(low.length));
  for (let k = 0; k < low.length; k++) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    points.forEach((point, i) => {
      const share = (order[i]! + random.uniform()) / count;
      point[k] = Math.min(high[k]!, low[k]! + (high[k]! - low[k]!) * share);
    });
  }
  return points;
}

/**
 * True if a is better than b: violations above the tolerance count first, and the smaller one is better; else the smaller
 * value.
 *
 * @see Deb, An efficient constraint handling method for genetic algorithms, 2000.
 */
export function isBetter(a: Member, b: Member, tolerance: number): boolean {
  const [first, second] = [Math.max(a.violation, tolerance), Math.max(b.violation, tolerance)];
  return first === second ? a.value < b.value : first < second;
}
