import { describe, expect, test } from "vitest";
import { differences, numbersIn } from "../support/plain-differences.ts";
import { byHand, fromFields } from "./cases.ts";

const handFile = new URL("../../bench/rows/plain-by-hand.mjs", import.meta.url).href;

type Gradient = (...args: never[]) => readonly [value: number, gradient: unknown];

describe("gradients by hand", () => {
  test.each(byHand)("of $name equal finite differences", async ({ name, f, args, wrt }) => {
    const hand = (await import(handFile)) as Readonly<Record<string, Gradient>>;
    const [value, gradient] = hand[name]!(...(args as never[]));
    expect(Math.abs(value - (f(...(args as never[])) as number))).toBeLessThan(
      1e-11 * Math.max(1, Math.abs(value)),
    );
    const expected = differences(f as (...xs: never[]) => number, args, wrt);
    numbersIn(gradient).forEach((d, i) => {
      expect(Math.abs(d - expected[i]!), `${name} [${i}]`).toBeLessThan(1e-7 * Math.max(1, Math.abs(d)));
    });
    expect(numbersIn(gradient)).toHaveLength(expected.length);
  });

  test.each(fromFields)("$name is smooth where it is differentiated", ({ name, f, args, wrt }) => {
    const total = (...xs: never[]): number => numbersIn(f(...xs)).reduce((sum, x, i) => sum + x * (1 + i), 0);
    const [near, far] = [2e-4, 1e-4].map((step) => differences(total, args, wrt, step)) as [
      number[],
      number[],
    ];
    near.forEach((d, i) => {
      expect(Math.abs(d - far[i]!), `${name} [${i}]`).toBeLessThan(1e-6 * Math.max(1, Math.abs(d)));
    });
    expect(near.some((d) => d !== 0)).toBe(true);
  });
});
