import type { Block } from "../build.ts";
import { add, constant, div, eq, f64, mul, mulAdd, select, sqrt, sub } from "../build.ts";
import type { Expr } from "../scalar.ts";

/** Number represented as the unevaluated sum `high + low`, with about 106 bits. */
export interface DoubleDouble {
  readonly high: Expr;
  readonly low: Expr;
}

/**
 * Computes x − count · step, as one fused operation if the target has one. The product must be exact, so that the bits
 * do not depend on this.
 */
export function lessMultiple(x: Expr, count: Expr, step: number): Expr {
  return mulAdd(count, constant(x.type, -step), x);
}

/** Computes x + y exactly, for any x and y (Knuth). Declares `name` and `nameLow`. */
export function twoSum(block: Block, name: string, x: Expr, y: Expr): DoubleDouble {
  const high = block.let(name, add(x, y));
  const part = block.let(`${name}Part`, sub(high, x));
  const low = block.let(`${name}Low`, add(sub(x, sub(high, part)), sub(y, part)));
  return { high, low };
}

/** Computes x + y exactly if |x| >= |y| or x = 0 (Dekker). */
export function fastTwoSum(block: Block, name: string, x: Expr, y: Expr): DoubleDouble {
  const high = block.let(name, add(x, y));
  return { high, low: block.let(`${name}Low`, add(sub(x, high), y)) };
}

/** Computes x − y exactly if |x| >= |y| or x = 0. */
export function fastTwoDifference(block: Block, name: string, x: Expr, y: Expr): DoubleDouble {
  const high = block.let(name, sub(x, y));
  return { high, low: block.let(`${name}Low`, sub(sub(x, high), y)) };
}

/** Splits x into a sum of two numbers of at most 26 bits each (Veltkamp); |x| < 2^996. */
export function split(block: Block, name: string, x: Expr): DoubleDouble {
  const scaled = block.let(`${name}Scaled`, mul(x, f64(134217729))); // 2^27 + 1
  const high = block.let(`${name}Head`, sub(scaled, sub(scaled, x)));
  return { high, low: block.let(`${name}Rest`, sub(x, high)) };
}

/** Computes x · y exactly, barring overflow and underflow (Dekker); `x` and `y` are locals. */
export function twoProduct(
  block: Block,
  name: string,
  x: Expr,
  y: Expr,
  xSplit: DoubleDouble,
  ySplit: DoubleDouble,
): DoubleDouble {
  const high = block.let(name, mul(x, y));
  const { high: a, low: b } = xSplit;
  const { high: c, low: d } = ySplit;
  const low = add(add(add(sub(mul(a, c), high), mul(a, d)), mul(b, c)), mul(b, d));
  return { high, low: block.let(`${name}Low`, low) };
}

/** Computes x² exactly, barring overflow and underflow. Declares names that begin with `name`. */
export function squareOf(block: Block, name: string, x: Expr): DoubleDouble {
  const pieces = split(block, `${name}Of`, x);
  return twoProduct(block, name, x, x, pieces, pieces);
}

/** Computes x · y to almost 106 bits. Declares names that begin with `name`. */
export function productOfPairs(block: Block, name: string, x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const xPieces = split(block, `${name}X`, x.high);
  const yPieces = split(block, `${name}Y`, y.high);
  const { high, low } = twoProduct(block, `${name}Head`, x.high, y.high, xPieces, yPieces);
  return fastTwoSum(block, name, high, add(low, add(mul(x.high, y.low), mul(x.low, y.high))));
}

/** Computes √x for x ≥ 0 to almost 106 bits. Declares names that begin with `name`. */
export function sqrtOfPair(block: Block, name: string, x: DoubleDouble): DoubleDouble {
  const high = block.let(name, sqrt(x.high));
  const back = squareOf(block, `${name}Back`, high);
  const rest = add(sub(sub(x.high, back.high), back.low), x.low);
  const low = select(eq(high, f64(0)), f64(0), div(rest, mul(f64(2), high)));
  return { high, low: block.let(`${name}Low`, low) };
}

/**
 * Computes above / below to almost 106 bits, for 2^−1000 < |below| < 2^1000. Declares names that begin with `name`.
 * Uses one division and computes its remainder exactly, because a second division would take as long as all other
 * operations.
 */
export function quotientOfPairs(
  block: Block,
  name: string,
  above: DoubleDouble,
  below: DoubleDouble,
): DoubleDouble {
  const inverse = block.let(`${name}Inverse`, div(f64(1), below.high));
  const high = block.let(name, mul(above.high, inverse));
  const back = twoProduct(
    block,
    `${name}Back`,
    high,
    below.high,
    split(block, name, high),
    split(block, `${name}Below`, below.high),
  );
  const rest = sub(add(sub(sub(above.high, back.high), back.low), above.low), mul(high, below.low));
  return { high, low: block.let(`${name}Low`, mul(rest, inverse)) };
}

/** c₀ + c₁ z + c₂ z² + …, by Horner's rule. */
export function horner(coefficients: readonly Expr[], z: Expr): Expr {
  return coefficients.reduceRight((sum, coefficient) => mulAdd(z, sum, coefficient));
}

/**
 * Evaluates c₀ + c₁ z + c₂ z² + … by Estrin's rule: pairs c₀ + c₁ z first, then pairs of pairs with z², and finally
 * Horner's rule. Independent operations halve the time, for one more product per level. Declares the powers of `z`, a
 * local, by names that begin with `name`.
 */
export function polynomial(block: Block, name: string, coefficients: readonly number[], z: Expr): Expr {
  let terms = coefficients.map(f64);
  let power = z;
  for (let exponent = 2; terms.length > 3; exponent *= 2) {
    terms = terms.flatMap((term, i) => {
      const next = terms[i + 1];
      return i % 2 === 1 ? [] : [next === undefined ? term : mulAdd(power, next, term)];
    });
    power = block.let(`${name}Power${exponent}`, mul(power, power));
  }
  return horner(terms, power);
}

/** Evaluates c₀ + c₁ z + c₂ z² + … by even and odd powers, in two independent chains; `square` is z². */
export function polynomialInTwo(coefficients: readonly number[], z: Expr, square: Expr): Expr {
  const row = (parity: number): Expr =>
    horner(coefficients.filter((_, i) => i % 2 === parity).map(f64), square);
  return mulAdd(z, row(1), row(0));
}
