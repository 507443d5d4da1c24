import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import type { Complex } from "./complex.ts";
import { product } from "./complex.ts";

/** Sign of the exponent: −1 for `Σ x_j e^(−2πijk/n)`, 1 for the opposite angles; neither has a factor 1/n. */
export type ExponentSign = 1 | -1;

/**
 * Number of adjacent transforms that suffice to fill the lanes of vector instructions. With fewer, long transforms are
 * split, and short ones are moved next to each other in memory.
 */
const enoughLanes = 8;
/**
 * Shortest transform that is split. The halves of shorter ones would be too short to fill the lanes of vector
 * instructions.
 */
const leastSplit = 64;

const both = (x: Complex, f: (part: Complex["re"]) => Complex["re"]): Complex => ({
  re: f(x.re),
  im: f(x.im),
});

/** Transforms along an axis of any length. */
export function transform(x: Complex, axis: number, sign: ExponentSign): Complex {
  const { shape } = x.re.type;
  const n = shape[axis]!;
  if (n < 2 || sizeOf(shape) === 0) return x;
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const asRows = both(x, (part) => p.reshape(part, [outer, n, inner]));
  return both(ofRows(asRows, sign), (part) => p.reshape(part, shape));
}

/** Transforms along the second of the three axes of x. */
function ofRows(x: Complex, sign: ExponentSign): Complex {
  const [outer, n, inner] = x.re.type.shape as readonly [number, number, number];
  if (p.radicesOf(n) === undefined) return chirp(x, sign);
  if (inner < enoughLanes && n >= leastSplit) return split(x, sign);
  if (inner < enoughLanes && outer >= enoughLanes) {
    const beside = both(x, (part) => p.permute(part, [1, 0, 2]));
    return both(direct(beside, 0, sign), (part) => p.permute(part, [1, 0, 2]));
  }
  return direct(x, 1, sign);
}

function direct(x: Complex, axis: number, sign: ExponentSign): Complex {
  const [re, im] = p.fourier(x.re, x.im, { sign, axis });
  return { re, im };
}

/** Constant array of the twiddle factors e^(±2πik/n) for the multiples k. */
function factors(
  x: Complex,
  shape: readonly number[],
  n: number,
  multiples: readonly number[],
  sign: ExponentSign,
): Complex {
  const type = arrayType(x.re.dtype, [multiples.length]);
  const [cos, sin] = p.turns(type, n, sign > 0 ? multiples : multiples.map((j) => -j));
  return both({ re: cos, im: sin }, (part) => p.reshape(part, shape));
}

/**
 * Factor d of n at which a transform of n elements is split into transforms of d and of n/d elements. Together these
 * need the fewest passes; among equals, d is closest to √n. If possible, both d and n/d are at least `enoughLanes`.
 */
function splitOf(n: number): number {
  const passes = (d: number): number => p.radicesOf(d)!.length + p.radicesOf(n / d)!.length;
  const distance = (d: number): number => Math.abs(Math.log(n / (d * d)));
  const divisors = range(2, Math.floor(Math.sqrt(n)) + 1).flatMap((d) => (n % d === 0 ? [d, n / d] : []));
  const wide = divisors.filter((d) => Math.min(d, n / d) >= enoughLanes);
  return (wide.length > 0 ? wide : divisors).reduce((best, d) =>
    passes(d) < passes(best) || (passes(d) === passes(best) && distance(d) < distance(best)) ? d : best,
  );
}

/**
 * Splits a long transform into two column transforms of a matrix with twiddle factors between them, so that many
 * transforms are adjacent in memory.
 *
 * @see Bailey, FFTs in external or hierarchical memory, Journal of Supercomputing 4, 1990: the four steps.
 */
function split(x: Complex, sign: ExponentSign): Complex {
  const [outer, n, inner] = x.re.type.shape as readonly [number, number, number];
  const rows = splitOf(n);
  const columns = n / rows;
  const matrix = both(x, (part) => p.reshape(part, [outer, rows, columns * inner]));
  const first = both(direct(matrix, 1, sign), (part) => p.reshape(part, [outer, rows, columns, inner]));
  const multiples = range(0, rows).flatMap((k) => range(0, columns).map((j) => k * j));
  const turns = both(factors(x, [rows, columns], n, multiples, sign), (part) =>
    p.broadcast(part, [outer, rows, columns, inner], [1, 2]),
  );
  const turned = both(product(first, turns), (part) => p.permute(part, [0, 2, 1, 3]));
  const crossed = both(turned, (part) => p.reshape(part, [outer, columns, rows * inner]));
  return both(direct(crossed, 1, sign), (part) => p.reshape(part, [outer, n, inner]));
}

/**
 * Computes a transform of any length as a convolution with a chirp, e^(πij²/n), by transforms whose length is a power
 * of 2, because jk is (j² + k² − (k − j)²) / 2.
 *
 * @see Bluestein, A linear filtering approach to the computation of the discrete Fourier transform, 1970.
 */
function chirp(x: Complex, sign: ExponentSign): Complex {
  const [outer, n, inner] = x.re.type.shape as readonly [number, number, number];
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const squares = range(0, n).map((j) => squareModulo(j, 2 * n));
  const wave = both(factors(x, [n], 2 * n, squares, sign), (part) =>
    p.broadcast(part, [outer, n, inner], [1]),
  );
  // the opposite chirp at the indices −(n − 1) … n − 1, negative ones at the end
  const there = range(0, size).map((j) => Math.min(j, size - j)).map((j) => (j < n ? j : undefined)); // prettier-ignore
  const filter = factors(x, [size], 2 * n, there.map((j) => (j === undefined ? 0 : squareModulo(j, 2 * n))), sign === 1 ? -1 : 1); // prettier-ignore
  const mask = p.fromFlat(filter.re.type, there.map((j) => (j === undefined ? 0 : 1))); // prettier-ignore
  const kept = both(filter, (part) => p.mul(part, mask));
  const spectrum = both(transform(kept, 0, -1), (part) => p.broadcast(part, [outer, size, inner], [1]));
  const padded = both(product(x, wave), (part) =>
    p.pad(part, { low: [0, 0, 0], high: [0, size - n, 0], interior: [0, 0, 0] }),
  );
  const convolved = transform(product(transform(padded, 1, -1), spectrum), 1, 1);
  const out = both(convolved, (part) => p.scale(p.part(part, 1, 0, n), 1 / size));
  return product(out, wave);
}

/** j² modulo m, also if j² is not exact as a float64. */
function squareModulo(j: number, m: number): number {
  return j < 2 ** 26 ? (j * j) % m : Number((BigInt(j) * BigInt(j)) % BigInt(m));
}
