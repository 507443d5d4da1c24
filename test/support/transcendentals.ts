import * as math from "../../src/engine/kernel/math/index.ts";
import type { Procedure } from "../../src/engine/kernel/scalar.ts";
import * as big from "./bigfloat.ts";
import { digamma, logGamma } from "./biggamma.ts";
import type { Fixed } from "./bigfloat.ts";
import type { Draw } from "./sampling.ts";
import { between, exponents, near, positive, seeded } from "./sampling.ts";
import type { Reference } from "./ulp-error.ts";
import { errorAt } from "./ulp-error.ts";

/** A function, what it should be, and where to look. */
export interface Transcendental {
  readonly procedure: Procedure;
  readonly reference: Reference;
  /** Ways to draw the arguments, one tuple a region, used in turn. */
  readonly regions: readonly (readonly Draw[])[];
  /** Arguments that are known to be hard. */
  readonly hard?: readonly (readonly number[])[];
  /** Asserted bound, in ulps. */
  readonly bound: number;
}

const unary =
  (f: (x: Fixed, bits: number) => Fixed): Reference =>
  (bits, x) =>
    f(x, bits);

/** x^y for x > 0. The number of wrong bits of e^t equals the number of bits of t before the point. */
const pow: Reference = (bits, x, y) => {
  const extra = 64;
  const product = big.mul(big.log(x << BigInt(extra), bits + extra), y << BigInt(extra), bits + extra);
  return big.exp(product, bits + extra) >> BigInt(extra);
};

/** (x, y) to the angle of the point. */
const atan2: Reference = (bits, y, x) => {
  const half = big.pi(bits) >> 1n;
  const height = y < 0n ? -y : y;
  const width = x < 0n ? -x : x;
  const steep = height > width;
  const inner = steep
    ? half - big.atan(big.div(width, height, bits), bits)
    : big.atan(big.div(height, width, bits), bits);
  const angle = x < 0n ? 2n * half - inner : inner;
  return y < 0n ? -angle : angle;
};

/** sign(x) · f(|x|) */
const odd =
  (f: (x: Fixed, bits: number) => Fixed): Reference =>
  (bits, x) =>
    x < 0n ? -f(-x, bits) : f(x, bits);

const one = big.one;
const square = (x: Fixed, bits: number): Fixed => big.mul(x, x, bits);

export const transcendentals: readonly Transcendental[] = [
  {
    procedure: math.exp64,
    reference: unary(big.exp),
    regions: [[between(-1, 1)], [between(-746, 710)], [exponents(-60, 9)]],
    bound: 0.8,
  },
  {
    procedure: math.expm164,
    reference: unary(big.expm1),
    regions: [[between(-1, 1)], [between(-40, 100)], [exponents(-60, 9)]],
    bound: 0.75,
  },
  {
    procedure: math.log64,
    reference: unary(big.log),
    regions: [[between(0.5, 2)], [positive(exponents(-1074, 1023))], [positive(exponents(-10, 10))]],
    bound: 0.65,
  },
  {
    procedure: math.log1p64,
    reference: unary(big.log1p),
    regions: [[between(-1, 2)], [positive(exponents(-60, 1023))], [exponents(-60, -1)]],
    bound: 0.65,
  },
  {
    procedure: math.sin64,
    reference: unary(big.sin),
    regions: [[between(-4, 4)], [between(-1e5, 1e5)], [exponents(-60, 1023)], [near(Math.PI / 4, 1e5)]],
    hard: [[1e6], [6381956970095103 * 2 ** 797], [-6381956970095103 * 2 ** 797], [1e22]],
    bound: 0.8,
  },
  {
    procedure: math.cos64,
    reference: unary(big.cos),
    regions: [[between(-4, 4)], [between(-1e5, 1e5)], [exponents(-60, 1023)], [near(Math.PI / 4, 1e5)]],
    hard: [[1e6], [6381956970095103 * 2 ** 797], [1e22]],
    bound: 0.8,
  },
  {
    procedure: math.tan64,
    reference: unary(big.tan),
    regions: [[between(-4, 4)], [between(-1e5, 1e5)], [exponents(-60, 1023)], [near(Math.PI / 4, 1e5)]],
    hard: [[1e6], [6381956970095103 * 2 ** 797], [1e22]],
    bound: 0.95,
  },
  {
    procedure: math.sinh64,
    reference: unary(big.sinh),
    regions: [[between(-2, 2)], [between(-711, 711)], [exponents(-60, 9)]],
    bound: 0.72,
  },
  {
    procedure: math.cosh64,
    reference: unary(big.cosh),
    regions: [[between(-2, 2)], [between(-711, 711)], [exponents(-60, 9)]],
    bound: 0.68,
  },
  {
    procedure: math.tanh64,
    reference: unary(big.tanh),
    regions: [[between(-2, 2)], [between(-25, 25)], [exponents(-60, 9)]],
    bound: 1.01,
  },
  {
    procedure: math.pow64,
    reference: pow,
    regions: [
      [between(0, 10), between(-10, 10)],
      [between(0, 2), between(-400, 400)],
      [positive(exponents(-1074, 1023)), between(-2, 2)],
      [between(0.99, 1.01), between(-70000, 70000)],
    ],
    bound: 0.8,
  },
  {
    procedure: math.exp264,
    reference: unary((x, bits) => big.exp(big.mul(x, big.ln2(bits), bits), bits)),
    regions: [[between(-1, 1)], [between(-1075, 1024)], [exponents(-60, 9)]],
    bound: 0.8,
  },
  {
    procedure: math.log264,
    reference: unary((x, bits) => big.div(big.log(x, bits), big.ln2(bits), bits)),
    regions: [[between(0.5, 2)], [positive(exponents(-1074, 1023))], [positive(exponents(-10, 10))]],
    bound: 0.78,
  },
  {
    procedure: math.log1064,
    reference: unary((x, bits) => big.div(big.log(x, bits), big.log(10n * one(bits), bits), bits)),
    regions: [[between(0.5, 2)], [positive(exponents(-1074, 1023))], [positive(exponents(-10, 10))]],
    bound: 0.7,
  },
  {
    procedure: math.atan64,
    reference: unary(big.atan),
    regions: [[between(-1, 1)], [between(-20, 20)], [exponents(-60, 80)]],
    bound: 0.65,
  },
  {
    procedure: math.atan264,
    reference: atan2,
    regions: [
      [between(-1, 1), between(-1, 1)],
      [exponents(-300, 300), exponents(-300, 300)],
      [exponents(-10, 10), exponents(-10, 10)],
      [exponents(-1074, 1023), exponents(-1074, 1023)],
    ],
    bound: 0.68,
  },
  {
    procedure: math.asin64,
    reference: unary(big.asin),
    regions: [[between(-1, 1)], [between(-0.6, 0.6)], [between(0.99, 1)], [exponents(-60, -1)]],
    bound: 0.65,
  },
  {
    procedure: math.acos64,
    reference: unary(big.acos),
    regions: [[between(-1, 1)], [between(-0.6, 0.6)], [between(0.99, 1)], [exponents(-60, -1)]],
    bound: 0.65,
  },
  {
    procedure: math.asinh64,
    reference: odd((x, bits) => big.log(x + big.sqrt(square(x, bits) + one(bits), bits), bits)),
    regions: [[between(-1, 1)], [between(-20, 20)], [exponents(-40, 40)], [exponents(-60, 1023)]],
    bound: 0.68,
  },
  {
    procedure: math.acosh64,
    reference: unary((x, bits) => big.log(x + big.sqrt(square(x, bits) - one(bits), bits), bits)),
    regions: [
      [between(1, 2)],
      [between(1, 20)],
      [positive(exponents(1, 40))],
      [positive(exponents(1, 1023))],
    ],
    bound: 0.65,
  },
  {
    procedure: math.atanh64,
    reference: unary((x, bits) => big.log(big.div(one(bits) + x, one(bits) - x, bits), bits) >> 1n),
    regions: [[between(-1, 1)], [between(-0.2, 0.2)], [between(0.99, 1)], [exponents(-60, -1)]],
    bound: 0.6,
  },
  {
    procedure: math.cbrt64,
    reference: odd((x, bits) => big.exp(big.log(x, bits) / 3n, bits)),
    regions: [[between(-8, 8)], [exponents(-1074, 1023)]],
    bound: 0.51,
  },
  {
    procedure: math.hypot64,
    reference: (bits, x, y) => big.sqrt(square(x, bits) + square(y, bits), bits),
    regions: [
      [between(-1, 1), between(-1, 1)],
      [exponents(-20, 20), exponents(-20, 20)],
      [exponents(1000, 1023), exponents(1000, 1023)],
    ],
    bound: 0.51,
  },
  {
    procedure: math.erf64,
    reference: odd(big.erf),
    regions: [[between(-1, 1)], [between(-6, 6)], [exponents(-60, 2)]],
    bound: 0.8,
  },
  {
    procedure: math.erfc64,
    reference: unary((x, bits) => one(bits) - big.erf(x, bits)),
    regions: [[between(-1, 1)], [between(-6, 6)], [between(0.5, 8)], [between(0.5, 10)]],
    hard: [[26], [26.5], [27.2], [20.1]],
    bound: 0.88,
  },
  {
    procedure: math.sigmoid64,
    reference: unary((x, bits) => big.div(one(bits), one(bits) + big.exp(-x, bits), bits)),
    regions: [[between(-1, 1)], [between(-40, 40)], [between(-746, 1)], [exponents(-60, 9)]],
    bound: 0.8,
  },
  {
    procedure: math.softplus64,
    reference: unary((x, bits) => big.log1p(big.exp(x, bits), bits)),
    regions: [[between(-1, 1)], [between(-40, 40)], [between(-746, 1)], [exponents(-60, 9)]],
    bound: 0.8,
  },
  {
    procedure: math.lgamma64,
    reference: unary(logGamma),
    regions: [[between(0, 4)], [between(0, 40)], [positive(exponents(-60, 1000))], [between(0.5, 2.5)]],
    bound: 1.15,
  },
  {
    procedure: math.digamma64,
    reference: unary(digamma),
    regions: [[between(0, 4)], [between(0, 40)], [positive(exponents(-60, 1000))], [between(1.3, 1.6)]],
    bound: 2,
  },
];

/** The greatest error of `compute` over the hard arguments and `count` drawn ones, and where it is. */
export function measure(
  { reference, regions, hard }: Transcendental,
  compute: (...x: number[]) => number,
  count: number,
  seed = 1,
): { readonly samples: number; readonly ulps: number; readonly at: readonly number[] } {
  const random = seeded(seed);
  let ulps = 0;
  let at: readonly number[] = [];
  const drawn = Array.from({ length: count }, (_, i) =>
    regions[i % regions.length]!.map((draw) => draw(random)),
  );
  const all = [...(hard ?? []), ...drawn];
  for (const x of all) {
    const got = compute(...x);
    const error = errorAt(reference, got, ...x);
    if (!(error <= ulps)) [ulps, at] = [error, x];
  }
  return { samples: all.length, ulps, at };
}
