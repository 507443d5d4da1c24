import * as double from "../../src/engine/kernel/math/index.ts";
import * as single from "../../src/engine/kernel/math/single/index.ts";
import type { Procedure } from "../../src/engine/kernel/scalar.ts";
import { seeded } from "./sampling.ts";

/** A float32 function and its reference. */
export interface Single {
  readonly procedure: Procedure;
  /** The same function in float64, which is 500 million times as accurate. */
  readonly reference: Procedure;
  readonly from: number;
  readonly to: number;
  /** Asserted bound, in ulps. */
  readonly bound: number;
}

export const singles: readonly Single[] = [
  { procedure: single.exp32, reference: double.exp64, from: -103.9, to: 88.7, bound: 0.9 },
  { procedure: single.log32, reference: double.log64, from: 2 ** -149, to: 3.4e38, bound: 0.85 },
  { procedure: single.sin32, reference: double.sin64, from: -3.4e38, to: 3.4e38, bound: 0.87 },
  { procedure: single.cos32, reference: double.cos64, from: -3.4e38, to: 3.4e38, bound: 0.87 },
  { procedure: single.tanh32, reference: double.tanh64, from: -3.4e38, to: 3.4e38, bound: 1 },
  { procedure: single.softplus32, reference: double.softplus64, from: -103, to: 3.4e38, bound: 0.95 },
  { procedure: single.sigmoid32, reference: double.sigmoid64, from: -103, to: 3.4e38, bound: 0.95 },
  { procedure: single.erf32, reference: double.erf64, from: -3.4e38, to: 3.4e38, bound: 0.9 },
  { procedure: single.erfc32, reference: double.erfc64, from: -3.4e38, to: 10.05, bound: 1 },
  { procedure: single.exp232, reference: double.exp264, from: -149, to: 127.99, bound: 0.9 },
  { procedure: single.expm132, reference: double.expm164, from: -3.4e38, to: 88.7, bound: 1 },
  { procedure: single.log1p32, reference: double.log1p64, from: -0.9999999, to: 3.4e38, bound: 1 },
  { procedure: single.log232, reference: double.log264, from: 2 ** -149, to: 3.4e38, bound: 1 },
  { procedure: single.log1032, reference: double.log1064, from: 2 ** -149, to: 3.4e38, bound: 1 },
  { procedure: single.tan32, reference: double.tan64, from: -3.4e38, to: 3.4e38, bound: 1 },
  { procedure: single.sinh32, reference: double.sinh64, from: -89.4, to: 89.4, bound: 1 },
  { procedure: single.cosh32, reference: double.cosh64, from: -89.4, to: 89.4, bound: 1 },
  { procedure: single.asin32, reference: double.asin64, from: -1, to: 1, bound: 1 },
  { procedure: single.acos32, reference: double.acos64, from: -1, to: 1, bound: 0.8 },
  { procedure: single.atan32, reference: double.atan64, from: -3.4e38, to: 3.4e38, bound: 0.8 },
  { procedure: single.atanh32, reference: double.atanh64, from: -1, to: 1, bound: 1 },
  { procedure: single.asinh32, reference: double.asinh64, from: -3.4e38, to: 3.4e38, bound: 1 },
  { procedure: single.acosh32, reference: double.acosh64, from: 1.0000001, to: 3.4e38, bound: 1 },
  { procedure: single.cbrt32, reference: double.cbrt64, from: -3.4e38, to: 3.4e38, bound: 0.6 },
];

/** Error of `got` in ulps of float32 at `exact`. */
function ulps(got: number, exact: number): number {
  const size = Math.abs(exact);
  const unit = size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
  return Math.abs(got - exact) / unit;
}

type Compute = (x: number) => number;

/** The greatest error over every `stride`-th of all float32 numbers and 100,000 drawn ones, and where it is. */
export function measureSingle(
  { from, to }: Single,
  compute: Compute,
  exact: Compute,
  stride: number,
): { readonly samples: number; readonly ulps: number; readonly at: number } {
  const words = new Int32Array(1);
  const floats = new Float32Array(words.buffer);
  let [worst, at, samples] = [0, 0, 0];
  const look = (x: number): void => {
    if (!(x >= from && x <= to)) return;
    samples++;
    const error = ulps(compute(x), exact(x));
    if (!(error <= worst)) [worst, at] = [error, x];
  };
  for (let bits = 0; bits < 2 ** 32; bits += stride) {
    words[0] = bits | 0;
    look(floats[0]!);
  }
  const random = seeded(3);
  for (let i = 0; i < 100_000; i++) look(Math.fround((random() - 0.5) * (i % 2 === 0 ? 4 : 40)));
  return { samples, ulps: worst, at };
}

/** A float32 function of two numbers. */
export type SingleOfTwo = Pick<Single, "procedure" | "reference" | "bound">;

export const singlesOfTwo: readonly SingleOfTwo[] = [
  { procedure: single.atan232, reference: double.atan264, bound: 1 },
];

/** Largest error over the drawn pairs: numbers of all sizes, of similar size, and nearly equal ones. */
export function measureSingleOfTwo(
  compute: (x: number, y: number) => number,
  exact: (x: number, y: number) => number,
  count: number,
): { readonly samples: number; readonly ulps: number; readonly at: readonly number[] } {
  const words = new Int32Array(2);
  const floats = new Float32Array(words.buffer);
  const random = seeded(4);
  let [worst, samples] = [0, 0];
  let at: readonly number[] = [];
  for (let i = 0; i < count; i++) {
    words.set([Math.floor(random() * 2 ** 32) | 0, Math.floor(random() * 2 ** 32) | 0]);
    const kind = i % 3;
    const x = kind === 0 ? floats[0]! : Math.fround(random() * 4 - 2);
    const drawn = random();
    const y = kind === 0 ? floats[1]! : Math.fround(kind === 1 ? drawn * 4 - 2 : x * (0.95 + drawn / 10));
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    samples++;
    const error = ulps(compute(x, y), exact(x, y));
    if (!(error <= worst)) [worst, at] = [error, [x, y]];
  }
  return { samples, ulps: worst, at };
}
