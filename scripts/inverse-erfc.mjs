// The functions that the polynomials of erfinv and erfcinv approximate.
import * as big from "./load-bigfloat.mjs";

/**
 * The x > 0 with erfc x = e^−w, to 40 bits, by Newton's method in the logarithm.
 * @param {number} w
 */
export function inverseOfErfc(w) {
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
