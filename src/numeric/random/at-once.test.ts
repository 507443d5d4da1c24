import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { integersBelow, orderOf, shuffleInPlace } from "./at-once.ts";
import { key } from "./key.ts";
import { permutation } from "downhill/random";

describe("an order", () => {
  test("agrees with permutation", () => {
    for (const n of [0, 1, 2, 31, 32, 33, 1000])
      expect([...permutation(key(n), n).data()]).toEqual([...orderOf(key(n), n)]);
  });

  test("contains every integer below n once, and depends only on the key", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(300), (seed, n) => {
        const order = orderOf(key(seed), n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(orderOf(key(seed), n)).toEqual(order);
      }),
    );
  });

  test("differs for different keys", () => {
    expect(orderOf(key(1), 20)).not.toEqual(orderOf(key(2), 20));
  });

  test("takes every order of four equally often", () => {
    const counts = new Map<string, number>();
    const trials = 24_000;
    for (let seed = 0; seed < trials; seed++) {
      const order = orderOf(key(seed), 4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(49.7); // 99.9 % point with 23 degrees of freedom
  });
});

describe("integersBelow", () => {
  test("stays below any bound, including the largest", () => {
    const below = integersBelow(key(9));
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), (bound) => below(bound) < bound));
    expect(Array.from({ length: 10 }, () => below(1))).toEqual(new Array(10).fill(0));
  });

  test.each([2, 3, 5, 6, 7])("gives each integer below %i equally often", (bound) => {
    const below = integersBelow(key(bound));
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < 10_000 * bound; i++) counts[below(bound)]!++;
    for (const n of counts) expect(Math.abs(n - 10_000)).toBeLessThan(500); // 5 standard deviations
  });
});

test("shuffleInPlace keeps the elements of a list", () => {
  const list = ["a", "b", "c", "d", "e", "f"];
  shuffleInPlace(list, integersBelow(key(0)));
  expect(list.join("")).not.toBe("abcdef");
  expect(list.toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
});
