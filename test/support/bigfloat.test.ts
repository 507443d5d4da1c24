import { describe, expect, it } from "vitest";
import { digamma, logGamma } from "./biggamma.ts";
import * as big from "./bigfloat.ts";
import type { Fixed } from "./bigfloat.ts";
import { ulpError } from "./ulp-error.ts";

/** The first 40 decimal places, truncated. */
function decimals(x: Fixed, bits: number): string {
  const magnitude = x < 0n ? -x : x;
  const scaled = ((magnitude * 10n ** 40n) >> BigInt(bits)).toString().padStart(41, "0");
  return `${x < 0n ? "-" : ""}${scaled.slice(0, -40)}.${scaled.slice(-40)}`;
}

const number =
  (x: number): ((bits: number) => Fixed) =>
  (bits) =>
    big.exactly(x, bits);

// Digits as another arbitrary-precision library (mpmath) prints them.
const known: readonly [string, (bits: number) => Fixed, string][] = [
  ["π", big.pi, "3.1415926535897932384626433832795028841971"],
  ["ln 2", big.ln2, "0.6931471805599453094172321214581765680755"],
  ["e", (b) => big.exp(number(1)(b), b), "2.7182818284590452353602874713526624977572"],
  ["√e − 1", (b) => big.expm1(number(0.5)(b), b), "0.6487212707001281468486507878141635716537"],
  ["ln 10", (b) => big.log(number(10)(b), b), "2.3025850929940456840179914546843642076011"],
  ["sin 1", (b) => big.sin(number(1)(b), b), "0.8414709848078965066525023216302989996225"],
  ["cos 1", (b) => big.cos(number(1)(b), b), "0.5403023058681397174009366074429766037323"],
  ["tan 1", (b) => big.tan(number(1)(b), b), "1.5574077246549022305069748074583601730872"],
  ["sin 2^100", (b) => big.sin(number(2 ** 100)(b), b), "-0.8721836054182673097807197782134705593243"],
  ["atan 3", (b) => big.atan(number(3)(b), b), "1.2490457723982544258299170772810901230778"],
  ["asin ½", (b) => big.asin(number(0.5)(b), b), "0.5235987755982988730771072305465838140328"],
  ["acos ¼", (b) => big.acos(number(0.25)(b), b), "1.3181160716528179657456642546460404698463"],
  ["sinh 1", (b) => big.sinh(number(1)(b), b), "1.1752011936438014568823818505956008151557"],
  ["tanh 2", (b) => big.tanh(number(2)(b), b), "0.9640275800758168839464137241009231502550"],
  ["erf 1", (b) => big.erf(number(1)(b), b), "0.8427007929497148693412206350826092592960"],
  ["erfc 5", (b) => big.one(b) - big.erf(number(5)(b), b), "0.0000000000015374597944280348501883434853"],
  ["ln Γ(¼)", (b) => logGamma(number(0.25)(b), b), "1.2880225246980774573706104402197172959253"],
  ["ln |Γ(−2.5)|", (b) => logGamma(number(-2.5)(b), b), "-0.0562437164976740506725945300976542841229"],
  ["ψ(¼)", (b) => digamma(number(0.25)(b), b), "-4.2274535333762654080895301460966835773672"],
  ["ψ(−2.5)", (b) => digamma(number(-2.5)(b), b), "1.1031566406452431872256903336679110994735"],
];

describe("the reference for transcendental functions", () => {
  it.each(known)("has 40 correct decimal places of %s", (_, compute, digits) => {
    expect(decimals(compute(200), 200)).toBe(digits);
  });

  it.each(known)("gives the same for %s at more bits", (_, compute) => {
    const difference = compute(200) - (compute(900) >> 700n);
    expect(difference < 64n && difference > -64n).toBe(true);
  });

  it("reads and rounds float64 numbers, ties to even and subnormal ones included", () => {
    for (const x of [0, 1, -1.5, 5e-324, 2 ** -1022, Number.MAX_VALUE, Math.PI, -1e-310]) {
      expect(big.toNumber(big.exactly(x, 1100), 1100)).toBe(x);
    }
    expect(big.toNumber(big.exactly(1, 60) + (1n << 7n), 60)).toBe(1);
    expect(big.toNumber(big.exactly(1, 60) + (1n << 7n) + 1n, 60)).toBe(1 + 2 ** -52);
    expect(big.toNumber(big.exactly(1, 60) + (3n << 7n), 60)).toBe(1 + 2 ** -51);
    expect(big.toNumber(3n, 1075)).toBe(1e-323);
    expect(big.toNumber(1n, 1075)).toBe(0);
  });

  it("measures errors in ulps of the exact value", () => {
    const third = big.one(200) / 3n;
    expect(ulpError(1 / 3, third, 200)).toBeCloseTo(1 / 3, 9);
    expect(ulpError(1 / 3 + 2 ** -54, third, 200)).toBeCloseTo(2 / 3, 9);
    expect(ulpError(5e-324, 0n, 1200)).toBe(1);
    expect(ulpError(Infinity, 1n << 1224n, 200)).toBe(0);
    expect(ulpError(Infinity, third, 200)).toBe(Infinity);
    expect(ulpError(NaN, third, 200)).toBe(Infinity);
  });
});
