import { describe, expect, test } from "vitest";
import { bits, key, split } from "downhill/random";
import { checkFamily, f32, f64, on, u32 } from "../../../test/support/op-table.ts";
import * as random from "./random.ts";

const { threefry } = random;
const samples = [
  { ins: [u32([1, 2]), u32([0, 1, 2, 4294967295])] },
  { ins: [u32([0, 4294967295]), u32([7], [])] },
  { ins: [u32([1, 2]), u32([])] },
];
const keys = [{ ins: [u32([1, 2])] }, { ins: [u32([0, 4294967295])] }];

describe("draws", () => {
  checkFamily(random, {
    threefry: [
      on((k, c) => threefry(k, c, "first"), samples),
      on((k, c) => threefry(k, c, "second"), samples),
      on(
        (k, c) => threefry(k, c, "first", 1),
        [{ ins: [u32([1, 2, 3, 4], [2, 2]), u32([0, 1, 2, 5], [2, 2])] }],
      ),
    ],
    randomBits: [on((k) => random.randomBits(k, [2, 3]), keys), on((k) => random.randomBits(k, []), keys)],
    randomUnit: [
      on((k) => random.randomUnit(k, [9], "float64"), keys),
      on((k) => random.randomUnit(k, [9], "float32"), keys),
    ],
    randomNormal: [
      on((k) => random.randomNormal(k, [3, 7], "float64"), keys),
      on((k) => random.randomNormal(k, [3, 7], "float32"), keys),
    ],
    randomGamma: [
      on(random.randomGamma, [
        { ins: [u32([1, 2]), f64([0.1, 0.5, 1, 3, 40])], differentiable: false },
        { ins: [u32([1, 2]), f32([0.1, 0.5, 1, 3, 40])], differentiable: false },
        { ins: [u32([1, 2]), f64([NaN, -1, 0, Infinity])], differentiable: false },
      ]),
    ],
    randomLogGamma: [
      on(random.randomLogGamma, [
        { ins: [u32([1, 2]), f64([1e-3, 0.5, 1, 3, 40])], differentiable: false },
        { ins: [u32([1, 2]), f32([1e-3, 0.5, 1, 3, 40])], differentiable: false },
      ]),
    ],
    randomPoisson: [
      on(random.randomPoisson, [
        { ins: [u32([1, 2]), f64([0, 0.2, 3, 9.9, 10, 77, 1e6])], differentiable: false },
        { ins: [u32([1, 2]), f64([NaN, -1, Infinity, 1e12])], differentiable: false },
      ]),
    ],
    randomBinomial: [
      on(random.randomBinomial, [
        {
          ins: [u32([1, 2]), f64([0, 5, 40, 100, 1e6]), f64([0.5, 0.3, 0.9, 0.5, 0.4])],
          differentiable: false,
        },
        {
          ins: [u32([1, 2]), f64([NaN, -1, 5, 5, 5, 5]), f64([0.5, 0.5, NaN, 1.5, 0, 1])],
          differentiable: false,
        },
      ]),
    ],
    randomVonMises: [
      on(random.randomVonMises, [
        { ins: [u32([1, 2]), f64([0, 1e-8, 0.5, 4, 1e6])], differentiable: false },
        { ins: [u32([1, 2]), f64([NaN, -1, Infinity])], differentiable: false },
      ]),
    ],
    randomPermutation: [
      on((k) => random.randomPermutation(k, 9), keys),
      on((k) => random.randomPermutation(k, 1), keys),
      on((k) => random.randomPermutation(k, 0), keys),
    ],
  });

  test("use the words of the streams outside of transforms", () => {
    const k = key(42);
    const counters = u32([0, 1, 2, 3]);
    expect(random.randomBits(u32([...k]), [2, 2]).data()).toEqual(bits(k, 4).data());
    const made = split(k, 4);
    expect([...threefry(u32([...k]), counters, "first").data()]).toEqual(made.map((words) => words[0]));
    expect([...threefry(u32([...k]), counters, "second").data()]).toEqual(made.map((words) => words[1]));
  });

  test("name an invalid key", () => {
    expect(() => threefry(u32([1]), u32([1]), "first")).toThrow(
      "threefry: a key is two words, u32[2]; got u32[1].",
    );
    expect(() => threefry(u32([1, 2]), f64([1]), "first")).toThrow(
      "threefry: counters are uint32; got f64[1].",
    );
    expect(() => random.randomGamma(u32([1, 2, 3]), f64([1]))).toThrow(
      "randomGamma: a key is two words, u32[2]; got u32[3].",
    );
  });

  test("are −1 for invalid parameters, and correct at the ends of the parameter range", () => {
    const k = u32([1, 2]);
    expect(random.randomPoisson(k, f64([NaN, -1, 0, Infinity])).tolist()).toEqual([-1, -1, 0, 2 ** 31 - 1]);
    const binomial = random.randomBinomial(
      k,
      f64([NaN, -1, 5, 5, 5, 5, 5]),
      f64([0.5, 0.5, NaN, 1.5, -1, 0, 1]),
    );
    expect(binomial.tolist()).toEqual([-1, -1, -1, -1, -1, 0, 5]);
    expect(random.randomGamma(k, f64([NaN, -1, 0])).tolist()).toEqual([NaN, NaN, NaN]);
  });
});
