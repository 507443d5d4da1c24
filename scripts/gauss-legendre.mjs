// The Gauss-Legendre rule, in BigInt fixed point.
import * as big from "./load-bigfloat.mjs";

const bits = 200;
const unit = big.one(bits);

/**
 * The Legendre polynomial of this degree and its derivative at x.
 * @param {number} degree @param {bigint} x
 */
function legendre(degree, x) {
  let [before, value] = [unit, x];
  for (let k = 1; k < degree; k++) {
    // (k + 1) Pₖ₊₁ = (2k + 1) x Pₖ − k Pₖ₋₁
    const next = (BigInt(2 * k + 1) * big.mul(x, value, bits) - BigInt(k) * before) / BigInt(k + 1);
    [before, value] = [value, next];
  }
  // (x² − 1) P′ = n (x P − Pₙ₋₁)
  const slope = big.div(
    BigInt(degree) * (big.mul(x, value, bits) - before),
    big.mul(x, x, bits) - unit,
    bits,
  );
  return { value, slope };
}

/** Nodes and weights for integrals from 0 to 1, exact for polynomials of degree 2n − 1. @param {number} n */
export function gaussLegendre(n) {
  const nodes = [];
  const weights = [];
  for (let i = n; i >= 1; i--) {
    let x = big.exactly(Math.cos((Math.PI * (i - 0.25)) / (n + 0.5)), bits);
    for (let step = 0; step < 5; step++) {
      const { value, slope } = legendre(n, x);
      x -= big.div(value, slope, bits);
    }
    const { slope } = legendre(n, x);
    // on [−1, 1] the weight is 2 / ((1 − x²) P′²)
    const below = big.mul(unit - big.mul(x, x, bits), big.mul(slope, slope, bits), bits);
    nodes.push(big.toNumber((unit + x) >> 1n, bits));
    weights.push(big.toNumber(big.div(unit, below, bits), bits));
  }
  return { nodes, weights };
}
