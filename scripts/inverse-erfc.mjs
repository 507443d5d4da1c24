// The functions that the polynomials of erfinv and erfcinv approximate.
import * as big from "./load-bigfloat.mjs";

/**
 * The x > 0 with erfc x = e^−w, to 40 bits, by Newton's method in the logarithm.
 * @param {number} w
 */
function inverseOfErfc(w) {
  const bits = 200 + Math.ceil(3 * w);
  let x = Math.sqrt(Math.max(w - 0.5, 0.2));
  for (let step = 0; step < 60; step++) {
    const erfc = big.one(bits) - big.erf(big.exactly(x, bits), bits);
    const log = big.toNumber(big.log(erfc, bits), bits);
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x - log);
    const change = (log + w) / slope;
    x += change;
    if (Math.abs(change) < 1e-13 * x) break;
  }
  return x;
}

/**
 * The quotient erf⁻¹(y) / y − 1 for y² = z, to all bits, by Newton's method.
 * @param {bigint} z @param {number} bits
 */
function inverseOfErf(z, bits) {
  const unit = big.one(bits);
  const rootOfPi = big.sqrt(big.pi(bits), bits);
  if (big.toNumber(z, bits) < 1e-80) return rootOfPi / 2n - unit;
  const y = big.sqrt(z, bits);
  let x = big.exactly(inverseOfErfc(-Math.log1p(-big.toNumber(y, bits))), bits);
  for (let step = 0; step < 4; step++) {
    const slope = big.div(2n * big.exp(-big.mul(x, x, bits), bits), rootOfPi, bits);
    x -= big.div(big.erf(x, bits) - y, slope, bits);
  }
  return big.div(x, y, bits) - unit;
}

/**
 * The x > 0 with erfc x = e^−w, to 150 bits or more, by Newton's method in the logarithm.
 * @param {bigint} w @param {number} bits
 */
function inverseOfErfcAt(w, bits) {
  const size = big.toNumber(w, bits);
  const more = Math.ceil(3 * size);
  const wide = bits + more;
  const rootOfPi = big.sqrt(big.pi(wide), wide);
  let x = big.exactly(inverseOfErfc(size), wide);
  for (let step = 0; step < 2; step++) {
    const erfc = big.one(wide) - big.erf(x, wide);
    const rise = big.log(erfc, wide) + (w << BigInt(more));
    const slope = big.div(2n * big.exp(-big.mul(x, x, wide), wide), big.mul(rootOfPi, erfc, wide), wide);
    x += big.div(rise, slope, wide);
  }
  return x >> BigInt(more);
}

/** @type {readonly ({ name: string, says: string } & import("./remez.mjs").Fit)[]} */
export const inverseFits = [
  {
    name: "erfinvMiddle",
    says: "erf⁻¹ y = y + y · P(y² − 0.32) for |y| ≤ 0.8",
    target: (t, bits) => inverseOfErf(t + big.div(8n * big.one(bits), 25n * big.one(bits), bits), bits),
    weight: () => 1.13,
    from: -0.32,
    to: 0.32001,
    degree: 27,
  },
  {
    name: "erfcinvTail",
    says: "erfc⁻¹ q = √w + P((√w − 5/2) / (√w + 5/2)), w = −ln q, for 1.4e−11 ≤ q ≤ 0.2001, relatively",
    target: (t, bits) => {
      const unit = big.one(bits);
      const root = big.div(5n * (unit + t), 2n * (unit - t), bits);
      return inverseOfErfcAt(big.mul(root, root, bits), bits) - root;
    },
    weight: (t) => 1.4 / ((2.5 * (1 + t)) / (1 - t)),
    from: -0.3268,
    to: 0.3334,
    degree: 20,
  },
  {
    name: "erfcinvStart",
    says: "erfc⁻¹ q = √w + P((√w − 3) / (√w + 3)), w = −ln q, for 5e−324 ≤ q ≤ 0.26, relatively",
    target: (t, bits) => {
      const root = (3 * (1 + big.toNumber(t, bits))) / (1 - big.toNumber(t, bits));
      return big.exactly(inverseOfErfc(root * root) - root, bits);
    },
    weight: (t) => 1 / ((3 * (1 + t)) / (1 - t)),
    from: -0.4426,
    to: 0.8021,
    degree: 10,
  },
];
