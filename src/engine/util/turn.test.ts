import { expect, test } from "vitest";
import { turn } from "./turn.ts";

test("cosines and sines of parts of a turn are within an ulp of those of angles", () => {
  for (const n of [1, 3, 7, 16, 1000, 65536])
    for (let j = 0; j < Math.min(n, 2000); j++) {
      const { cos, sin } = turn(j, n);
      expect(Math.abs(cos - Math.cos((2 * Math.PI * j) / n))).toBeLessThan(4e-16 * (1 + (6 * j) / n));
      expect(Math.abs(sin - Math.sin((2 * Math.PI * j) / n))).toBeLessThan(4e-16 * (1 + (6 * j) / n));
      expect(Math.abs(cos * cos + sin * sin - 1)).toBeLessThan(5e-16);
    }
});

test("at quarters they are exact, and whole turns change nothing", () => {
  expect([0, 1, 2, 3, -1, 5].map((j) => turn(j, 4).cos + 0)).toEqual([1, 0, -1, 0, 0, 0]);
  expect([0, 1, 2, 3, -1, 5].map((j) => turn(j, 4).sin + 0)).toEqual([0, 1, 0, -1, -1, 1]);
  for (const j of [-13, -5, 2, 8, 19]) expect(turn(j, 11)).toEqual(turn(j + 11, 11));
});
