import { describe, expect, it } from "vitest";
import { digamma, logGamma } from "../../../../test/support/biggamma.ts";
import { exactly, toNumber } from "../../../../test/support/bigfloat.ts";
import { seeded } from "../../../../test/support/sampling.ts";
import { bitsFor } from "../../../../test/support/ulp-error.ts";
import { jsBackend } from "../../backends/js/index.ts";
import { checkProcedure } from "../check.ts";
import type { Procedure } from "../scalar.ts";
import * as math from "./index.ts";

const procedures = new Map(Object.values(math).map((each): [string, Procedure] => [each.name, each]));
const compiled = new Map([...procedures].map(([name, each]) => [name, jsBackend.compileProcedure(each)]));
const call = (name: string, ...x: number[]): number => compiled.get(name)!(...x);

const inf = Infinity;
const tiny = 5e-324;
const pi = Math.PI;

/** [name, arguments, value], where only these bits are right. */
const exact: readonly [string, readonly number[], number][] = [
  ["exp", [0], 1],
  ["exp", [-0], 1],
  ["exp", [inf], inf],
  ["exp", [-inf], 0],
  ["exp", [709.782712893384], 1.7976931348622732e308],
  ["exp", [709.7827128933841], inf],
  ["exp", [-745.1332191019411], tiny],
  ["exp", [-745.1332191019412], 0],
  ["expm1", [-0], -0],
  ["expm1", [tiny], tiny],
  ["expm1", [-inf], -1],
  ["expm1", [inf], inf],
  ["exp2", [1023], 2 ** 1023],
  ["exp2", [1024], inf],
  ["exp2", [-1074], tiny],
  ["exp2", [-1076], 0],
  ["exp2", [-inf], 0],
  ["log", [1], 0],
  ["log", [0], -inf],
  ["log", [-0], -inf],
  ["log", [-1], NaN],
  ["log", [inf], inf],
  ["log", [-inf], NaN],
  ["log1p", [-0], -0],
  ["log1p", [-1], -inf],
  ["log1p", [-1.5], NaN],
  ["log1p", [inf], inf],
  ["log1p", [1e-300], 1e-300],
  ["log2", [tiny], -1074],
  ["log2", [2 ** 1023], 1023],
  ["log2", [0], -inf],
  ["log10", [1000], 3],
  ["log10", [1e22], 22],
  ["log10", [-1], NaN],
  ["sin", [-0], -0],
  ["sin", [tiny], tiny],
  ["sin", [inf], NaN],
  ["sin", [1e6], -0.34999350217129294],
  ["sin", [1e22], -0.8522008497671888],
  ["cos", [0], 1],
  ["cos", [-inf], NaN],
  ["cos", [pi / 2], 6.123233995736766e-17],
  ["tan", [-0], -0],
  ["tan", [tiny], tiny],
  ["tan", [inf], NaN],
  ["asin", [-0], -0],
  ["asin", [1], pi / 2],
  ["asin", [1.0000000000000002], NaN],
  ["acos", [1], 0],
  ["acos", [-1], pi],
  ["acos", [0], pi / 2],
  ["acos", [-1.1], NaN],
  ["atan", [-0], -0],
  ["atan", [tiny], tiny],
  ["atan", [inf], pi / 2],
  ["atan", [-1], -pi / 4],
  ["sinh", [-0], -0],
  ["sinh", [-inf], -inf],
  ["sinh", [710.4758600739439], 1.7976931348621744e308],
  ["sinh", [711], inf],
  ["cosh", [0], 1],
  ["cosh", [-inf], inf],
  ["tanh", [-0], -0],
  ["tanh", [1e-8], 1e-8],
  ["tanh", [tiny], tiny],
  ["tanh", [inf], 1],
  ["tanh", [-1000], -1],
  ["asinh", [-0], -0],
  ["asinh", [1e-300], 1e-300],
  ["asinh", [-inf], -inf],
  ["acosh", [1], 0],
  ["acosh", [0.5], NaN],
  ["acosh", [inf], inf],
  ["atanh", [-0], -0],
  ["atanh", [-1], -inf],
  ["atanh", [2], NaN],
  ["cbrt", [-0], -0],
  ["cbrt", [-27], -3],
  ["cbrt", [1e300], 1e100],
  ["cbrt", [-inf], -inf],
  ["hypot", [3, -4], 5],
  ["hypot", [NaN, -inf], inf],
  ["hypot", [1e300, 0], 1e300],
  ["hypot", [tiny, 0], tiny],
  ["hypot", [0, -0], 0],
  ["erf", [-0], -0],
  ["erf", [inf], 1],
  ["erf", [-7], -1],
  ["erfc", [0], 1],
  ["erfc", [-inf], 2],
  ["erfc", [inf], 0],
  ["sigmoid", [0], 0.5],
  ["sigmoid", [inf], 1],
  ["sigmoid", [-inf], 0],
  ["softplus", [0], Math.LN2],
  ["softplus", [1000], 1000],
  ["softplus", [inf], inf],
  ["softplus", [-inf], 0],
  ["lgamma", [1], 0],
  ["lgamma", [2], 0],
  ["lgamma", [0], inf],
  ["lgamma", [-3], inf],
  ["lgamma", [inf], inf],
  ["lgamma", [-inf], inf],
  ["lgamma", [1e306], inf],
  ["lgamma", [-tiny], 744.4400719213812],
  ["digamma", [0], -inf],
  ["digamma", [-0], inf],
  ["digamma", [tiny], -inf],
  ["digamma", [-2], NaN],
  ["digamma", [inf], inf],
  ["digamma", [-inf], NaN],
  ["atan2", [0, 1], 0],
  ["atan2", [-0, 1], -0],
  ["atan2", [0, -0], pi],
  ["atan2", [-0, -0], -pi],
  ["atan2", [0, -1], pi],
  ["atan2", [0, 0], 0],
  ["atan2", [-1, 0], -pi / 2],
  ["atan2", [inf, 1], pi / 2],
  ["atan2", [1, inf], 0],
  ["atan2", [-1, -inf], -pi],
  ["atan2", [inf, inf], pi / 4],
  ["atan2", [-inf, -inf], (-3 * pi) / 4],
  ["atan2", [1e-320, 1e-320], pi / 4],
  ["atan2", [3e-308, 2 ** 30], 3e-308 / 2 ** 30],
];

/** Base and exponent of `pow`, and the value that IEEE 754 requires. */
const powers: readonly [number, number, number][] = [
  [NaN, 0, 1],
  [1, NaN, 1],
  [NaN, 1, NaN],
  [2, NaN, NaN],
  [0, 3, 0],
  [-0, 3, -0],
  [-0, 2, 0],
  [-0, -3, -inf],
  [-0, -2, inf],
  [-0, 0.5, 0],
  [0, -0.5, inf],
  [0, 1e-300, 0],
  [-1, inf, 1],
  [-1, -inf, 1],
  [0.5, inf, 0],
  [0.5, -inf, inf],
  [-2, inf, inf],
  [-2, -inf, 0],
  [inf, 0.5, inf],
  [inf, -1, 0],
  [-inf, 3, -inf],
  [-inf, 2, inf],
  [-inf, -3, -0],
  [-inf, 0.5, inf],
  [-8, 1 / 3, NaN],
  [-1e-300, 0.5, NaN],
  [-2, 3, -8],
  [-1, 2 ** 53 - 1, -1],
  [-1, 2 ** 53, 1],
  [3, 5, 243],
  [7, 18, 1628413597910449],
  [2, -1074, tiny],
  [2, -1076, 0],
  [2, 1024, inf],
  [4, 0.5, 2],
  [1.0000000000000002, 1e300, inf],
  [0.9999999999999999, 1e300, 0],
  [0.9999999999999999, -inf, inf],
];

describe("transcendental functions", () => {
  it.each([...procedures.keys()])("%s is valid", (name) => {
    expect(() => checkProcedure(procedures.get(name)!)).not.toThrow();
  });

  it.each(exact)("%s of %s is exactly %d", (name, x, value) => {
    expect(call(name, ...x)).toBe(value);
  });

  it.each(powers)("pow(%d, %d) is %d", (x, y, value) => {
    expect(call("pow", x, y)).toBe(value);
  });

  it("pow of 10 is the nearest float64 where that is exact", () => {
    for (let n = 0; n <= 22; n++) expect(call("pow", 10, n)).toBe(Number(`1e${n}`));
  });

  it("pow of small integers is exact", () => {
    for (let x = 2; x <= 200; x++) {
      for (let y = 1, value = x; value <= 2 ** 53; y++, value *= x) {
        expect(call("pow", x, y)).toBe(value);
        expect(call("pow", -x, y)).toBe(y % 2 === 0 ? value : -value);
      }
    }
  });

  it.each([...procedures.values()].map((each) => [each.name, each.params.length] as const))(
    "%s of NaN is NaN",
    (name, arity) => {
      expect(call(name, ...[NaN, 0.5].slice(0, arity))).toBe(NaN);
      if (arity === 2) expect(call(name, 0.5, NaN)).toBe(NaN);
    },
  );

  it("lgamma and digamma of negative numbers are accurate relative to 1 + |result|", () => {
    const random = seeded(11);
    const worst = [0, 0];
    for (let i = 0; i < 1500; i++) {
      const x = -20 * random();
      const bits = bitsFor([x]);
      [logGamma, digamma].forEach((reference, j) => {
        const value = toNumber(reference(exactly(x, bits), bits), bits);
        const error = Math.abs(call(j === 0 ? "lgamma" : "digamma", x) - value) / (1 + Math.abs(value));
        worst[j] = Math.max(worst[j]!, error);
      });
    }
    expect(worst[0]).toBeLessThan(4e-16);
    expect(worst[1]).toBeLessThan(1.2e-15);
  });

  it.each(["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "cbrt", "erf"])(
    "%s is odd to the last bit",
    (name) => {
      for (let x = 1e-9; x < 1; x *= 1.7) expect(call(name, -x)).toBe(-call(name, x));
    },
  );
});
