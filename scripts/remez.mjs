/**
 * The best polynomial in the sense of the largest weighted error (Remez, second algorithm), in BigInt fixed point.
 *
 * @typedef {object} Fit
 * @property {(z: bigint, bits: number) => bigint} target the function to approximate
 * @property {(z: number) => number} weight factor by which an error at z counts
 * @property {number} from
 * @property {number} to
 * @property {number} degree
 * @property {boolean} [single] whether coefficients are float32
 */
import * as big from "./load-bigfloat.mjs";

const bits = 320;
const unit = big.one(bits);

/** @param {number} x */
const fixed = (x) => big.exactly(x, bits);

/** @param {readonly bigint[]} coefficients @param {bigint} z */
function horner(coefficients, z) {
  let sum = 0n;
  for (let i = coefficients.length - 1; i >= 0; i--)
    sum = big.mul(sum, z, bits) + /** @type {bigint} */ (coefficients[i]);
  return sum;
}

/** Solves a dense system by elimination with partial pivoting. @param {bigint[][]} rows each with its right side last */
function solve(rows) {
  const n = rows.length;
  const magnitude = (/** @type {bigint} */ x) => (x < 0n ? -x : x);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => /** @type {bigint} */ (rows[i]?.[j]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++)
      if (magnitude(at(i, column)) > magnitude(at(pivot, column))) pivot = i;
    [rows[column], rows[pivot]] = [
      /** @type {bigint[]} */ (rows[pivot]),
      /** @type {bigint[]} */ (rows[column]),
    ];
    for (let i = column + 1; i < n; i++) {
      const factor = big.div(at(i, column), at(column, column), bits);
      rows[i] = /** @type {bigint[]} */ (rows[i]).map((x, j) =>
        j < column ? x : x - big.mul(factor, at(column, j), bits),
      );
    }
  }
  /** @type {bigint[]} */
  const x = new Array(n).fill(0n);
  for (let i = n - 1; i >= 0; i--) {
    let rest = at(i, n);
    for (let j = i + 1; j < n; j++) rest -= big.mul(at(i, j), /** @type {bigint} */ (x[j]), bits);
    x[i] = big.div(rest, at(i, i), bits);
  }
  return x;
}

/** @typedef {{ z: number, fixedZ: bigint, target: bigint, weight: number }} Point */

/**
 * Grid on which the error is evaluated: Chebyshev points, dense at both ends, where extrema cluster.
 *
 * @param {Fit} fit
 * @returns {Point[]}
 */
function makeGrid(fit) {
  const { from, to, degree } = fit;
  const size = Math.max(600, 40 * (degree + 2));
  return Array.from({ length: size }, (_, i) => {
    const z = (from + to) / 2 - ((to - from) / 2) * Math.cos((Math.PI * i) / (size - 1));
    return { z, fixedZ: fixed(z), target: fit.target(fixed(z), bits), weight: fit.weight(z) };
  });
}

/**
 * A best approximation with real coefficients. The coefficients of `fixedPart` (lowest degrees first) are fixed.
 *
 * @param {Fit} fit
 * @param {readonly bigint[]} fixedPart
 * @param {readonly Point[]} points
 * @returns {{ coefficients: bigint[], error: number }}
 */
function remez({ degree }, fixedPart, points) {
  const given = fixedPart.length;
  const free = degree + 1 - given;
  const grid = points
    .filter(({ weight }) => weight !== 0)
    .map(({ fixedZ, target, weight }) => ({
      fixedZ,
      value: target - horner(fixedPart, fixedZ),
      weight,
    }));
  /** @type {number[]} */
  let nodes = Array.from({ length: free + 1 }, (_, i) => Math.round((i * (grid.length - 1)) / free));
  for (let round = 0; ; round++) {
    const rows = nodes.map((node, i) => {
      const { fixedZ, value, weight } = /** @type {(typeof grid)[0]} */ (grid[node]);
      const w = fixed(weight);
      /** @type {bigint[]} */
      const row = [];
      let power = unit;
      for (let j = 0; j <= degree; j++) {
        if (j >= given) row.push(big.mul(power, w, bits));
        power = big.mul(power, fixedZ, bits);
      }
      return [...row, i % 2 === 0 ? unit : -unit, big.mul(value, w, bits)];
    });
    const solution = solve(rows);
    const coefficients = [...fixedPart, ...solution.slice(0, free)];
    const freeOnly = [...fixedPart.map(() => 0n), ...solution.slice(0, free)];
    const errors = grid.map(
      ({ fixedZ, value, weight }) => big.toNumber(value - horner(freeOnly, fixedZ), bits) * weight,
    );
    const worst = Math.max(...errors.map(Math.abs));
    const levelled = Math.abs(big.toNumber(/** @type {bigint} */ (solution[free]), bits));
    if (worst <= levelled * 1.001 || round === 40) return { coefficients, error: worst };
    // The largest error of each run of one sign. If there are too many, the end with the smaller error is dropped.
    /** @type {number[]} */
    let extrema = [];
    errors.forEach((error, i) => {
      const last = extrema.at(-1);
      if (last === undefined || Math.sign(/** @type {number} */ (errors[last])) !== Math.sign(error))
        extrema.push(i);
      else if (Math.abs(error) > Math.abs(/** @type {number} */ (errors[last])))
        extrema[extrema.length - 1] = i;
    });
    const size = (/** @type {number | undefined} */ i) =>
      Math.abs(/** @type {number} */ (errors[/** @type {number} */ (i)]));
    while (extrema.length > free + 1) {
      if (size(extrema[0]) < size(extrema.at(-1))) extrema = extrema.slice(1);
      else extrema = extrema.slice(0, -1);
    }
    if (extrema.length < free + 1) return { coefficients, error: worst };
    nodes = extrema;
  }
}

/**
 * Finds a near-best polynomial with float64 (or float32) coefficients. It rounds each coefficient in turn and fits the
 * higher ones again to compensate for the error.
 *
 * @param {Fit} fit
 * @returns {{ coefficients: number[], error: number, ideal: number }}
 */
export function fitPolynomial(fit) {
  const points = makeGrid(fit);
  const round = (/** @type {bigint} */ c) => {
    const nearest = big.toNumber(c, bits);
    return fit.single === true ? Math.fround(nearest) : nearest;
  };
  const ideal = remez(fit, [], points);
  let current = ideal;
  // If 0 is inside the interval, later coefficients cannot compensate for errors near it.
  const rounds = fit.from < 0 ? 0 : fit.degree;
  for (let i = 0; i < rounds; i++) {
    const rounded = current.coefficients.slice(0, i + 1).map((c) => fixed(round(c)));
    current = remez(fit, rounded, points);
  }
  const coefficients = current.coefficients.map(round);
  const exactly = coefficients.map(fixed);
  const errors = points.map(({ fixedZ, target, weight }) => {
    return Math.abs(big.toNumber(target - horner(exactly, fixedZ), bits) * weight);
  });
  return { coefficients, error: Math.max(...errors), ideal: ideal.error };
}
