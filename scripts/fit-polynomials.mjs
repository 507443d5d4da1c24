// Derives the coefficients of src/kernel/math/coefficients.ts and prints that file.
//   node scripts/fit-polynomials.mjs            prints
//   node scripts/fit-polynomials.mjs --write    writes
import { writeFileSync } from "node:fs";
import * as big from "./load-bigfloat.mjs";
import { fitPolynomial } from "./remez.mjs";

/** @typedef {import("./remez.mjs").Fit} Fit */

/** @param {bigint} x @param {number} n */
const timesPowerOfTwo = (x, n) => (n >= 0 ? x << BigInt(n) : x >> BigInt(-n));

/**
 * Work with extra digits: near 0 the quotients below cancel.
 * @param {(z: bigint, bits: number) => bigint} f
 * @returns {(z: bigint, bits: number) => bigint}
 */
const withMoreBits = (f) => (z, bits) => {
  const more = 200;
  return f(timesPowerOfTwo(z, more), bits + more) >> BigInt(more);
};

/** @param {bigint} z @param {number} bits */
const rootOf = (z, bits) => big.sqrt(z, bits);

/** @type {readonly (Fit & { name: string, says: string })[]} */
const fits = [
  {
    name: "sinhTail",
    says: "sinh r = r + r³ · P(r²) for |r| ≤ ½ ln 2",
    target: withMoreBits((z, bits) => {
      const r = rootOf(z, bits);
      return big.div(big.div(big.sinh(r, bits), r, bits) - big.one(bits), z, bits);
    }),
    weight: (z) => z,
    from: 1e-9,
    to: 0.1202,
    degree: 4,
  },
  {
    name: "coshTail",
    says: "cosh r = 1 + r²/2 + r⁴ · P(r²) for |r| ≤ ½ ln 2",
    target: withMoreBits((z, bits) => {
      const rest = big.cosh(rootOf(z, bits), bits) - big.one(bits) - (z >> 1n);
      return big.div(rest, big.mul(z, z, bits), bits);
    }),
    weight: (z) => z * z,
    from: 1e-9,
    to: 0.1202,
    degree: 4,
  },
  {
    name: "logTail",
    says: "ln((1 + s) / (1 − s)) = 2s + s³ · P(s²) for |s| ≤ 3 − 2√2",
    target: withMoreBits((z, bits) => {
      const s = rootOf(z, bits);
      const one = big.one(bits);
      return big.div(big.div(big.log(big.div(one + s, one - s, bits), bits), s, bits) - 2n * one, z, bits);
    }),
    weight: (z) => z,
    from: 1e-9,
    to: 0.02944,
    degree: 6,
  },
  {
    name: "longLogTail",
    says: "ln((1 + s) / (1 − s)) = ⅔ s · (3 + s² + s⁴ · P(s²)) for |s| ≤ 3 − 2√2",
    target: withMoreBits((z, bits) => {
      const s = rootOf(z, bits);
      const one = big.one(bits);
      const threeHalves = (3n * big.div(big.log(big.div(one + s, one - s, bits), bits), s, bits)) >> 1n;
      return big.div(threeHalves - 3n * one - z, big.mul(z, z, bits), bits);
    }),
    weight: (z) => (z * z) / 3,
    from: 1e-9,
    to: 0.02944,
    degree: 7,
  },
  {
    name: "sinTail",
    says: "sin r = r + r³ · P(r²) for |r| ≤ π/4",
    target: withMoreBits((z, bits) => {
      const r = rootOf(z, bits);
      return big.div(big.div(big.sin(r, bits), r, bits) - big.one(bits), z, bits);
    }),
    weight: (z) => z,
    from: 1e-9,
    to: 0.617,
    degree: 5,
  },
  {
    name: "cosTail",
    says: "cos r = 1 − r²/2 + r⁴ · P(r²) for |r| ≤ π/4",
    target: withMoreBits((z, bits) => {
      const rest = big.cos(rootOf(z, bits), bits) - big.one(bits) + (z >> 1n);
      return big.div(rest, big.mul(z, z, bits), bits);
    }),
    weight: (z) => z * z,
    from: 1e-9,
    to: 0.617,
    degree: 5,
  },
];

let text = `// Made by \`node scripts/fit-polynomials.mjs --write\`; do not edit.\n`;
for (const fit of fits) {
  const { coefficients, error, ideal } = fitPolynomial(fit);
  const log2 = Math.log2(error).toFixed(1);
  console.error(`${fit.name}: error 2^${log2} (with real coefficients 2^${Math.log2(ideal).toFixed(1)})`);
  text += `\n/** ${fit.says}; error of the form 2^${log2}. */\n`;
  text += `export const ${fit.name}: readonly number[] = [\n${coefficients.map((c) => `  ${c},\n`).join("")}];\n`;
}
if (process.argv.includes("--write"))
  writeFileSync(new URL("../src/kernel/math/coefficients.ts", import.meta.url), text);
else process.stdout.write(text);
