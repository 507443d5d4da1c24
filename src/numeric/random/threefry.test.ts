import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { key } from "./key.ts";
import { fillBits, threefry2x32 } from "./threefry.ts";
import { bits as draw, foldIn, split } from "downhill/random";

const bits = (...args: Parameters<typeof draw>): number[] => [...draw(...args).data()];

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("threefry2x32", () => {
  // from kat_vectors of Random123, threefry 2x32, 20 rounds: counter, key, result
  test.each([
    [0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ])("gives the published block for counter %i %i", (c0, c1, k0, k1, x0, x1) => {
    const out = new Uint32Array(4);
    threefry2x32(k0, k1, c0, c1, out, 1);
    expect([...out]).toEqual([0, x0, x1, 0]);
  });
});

describe("key", () => {
  test.each([
    [0, [0, 0]],
    [42, [0, 42]],
    [0xffffffff, [0, 0xffffffff]],
    [2 ** 32, [1, 0]],
    [2 ** 53 - 1, [0x1fffff, 0xffffffff]],
    [-1, [0xffffffff, 0xffffffff]],
    [-(2 ** 32), [0xffffffff, 0]],
  ])("splits the seed %i into its words", (seed, words) => {
    expect([...key(seed)]).toEqual(words);
  });

  test.each([0.5, Number.NaN, Infinity, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => key(seed)).toThrow(/^key: the seed must be an integer/);
  });
});

// printed by JAX 0.10 with its default settings
describe("as in JAX", () => {
  test("bits(key(0), 8)", () => {
    expect(bits(key(0), 8)).toEqual([
      4070199207, 4202968722, 1427181096, 2012915765, 2447653815, 710830403, 1332275837, 2961296638,
    ]);
  });

  test("split(key(42))", () => {
    expect(split(key(42)).map((k) => [...k])).toEqual([
      [1832780943, 270669613],
      [64467757, 2916123636],
    ]);
  });
});

describe("streams", () => {
  test("a longer split begins with the shorter one, and its keys equal those of foldIn", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 20 }), (seed, n) => {
        const keys = split(key(seed), n);
        expect(keys).toEqual(split(key(seed), 20).slice(0, n));
        keys.forEach((k, i) => expect(k).toEqual(foldIn(key(seed), i)));
      }),
    );
  });

  test("a longer draw begins with the shorter one, and can be drawn in pieces", () => {
    fc.assert(
      fc.property(seeds, fc.nat(50), fc.nat(50), (seed, a, b) => {
        const all = bits(key(seed), a + b);
        const tail = new Uint32Array(b);
        fillBits(key(seed), a, tail);
        expect([...bits(key(seed), a), ...tail]).toEqual(all);
      }),
    );
  });

  test("keys are not changed by use", () => {
    const k = key(7);
    split(k, 3);
    bits(k, 3);
    foldIn(k, 3);
    expect([...k]).toEqual([0, 7]);
  });

  test("every bit is set half the time", () => {
    const words = bits(key(1), 20_000);
    for (let bit = 0; bit < 32; bit++) {
      const set = words.reduce((sum, word) => sum + ((word >>> bit) & 1), 0);
      expect(Math.abs(set - 10_000)).toBeLessThan(5 * Math.sqrt(5_000)); // 5 standard deviations
    }
  });
});

describe("misuse", () => {
  test("the error for a bare seed says how to create a key", () => {
    expect(() => bits(42 as never, 3)).toThrow(
      "bits: the first argument must be a key, two words in a Uint32Array; got the number 42. Write key(42).",
    );
    expect(() => split([0, 1] as never)).toThrow("split: the first argument must be a key");
    expect(() => foldIn(new Uint32Array(3), 1)).toThrow("Make one with key(seed)");
    expect(() => foldIn(split(key(0), 3) as never, 1)).toThrow(
      "keys(key, n) returns one tensor of keys; split returns a list",
    );
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 32])("counts and numbers outside 32 bits are refused: %d", (n) => {
    if (n !== 2 ** 32) expect(() => bits(key(0), n)).toThrow(/^bits: .* is not a size/);
    expect(() => split(key(0), n)).toThrow(/^split: how many/);
    expect(() => foldIn(key(0), n)).toThrow(/^foldIn: the number must be/);
  });
});
