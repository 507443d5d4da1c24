import { expect, test } from "vitest";
import { thinned } from "./thinned.ts";

test("a long curve keeps its ends and every peak, and a short one all of its points", () => {
  const x = Array.from({ length: 100_000 }, (_, i) => i);
  const y = x.map((i) => (i === 31_415 ? 7 : i === 77_777 ? -7 : Math.sin(i / 900)));
  const { x: kept, y: values } = thinned(x, y);
  expect(kept.length).toBeLessThanOrEqual(4000);
  expect([kept[0], kept.at(-1)]).toEqual([0, 99_999]);
  expect([Math.max(...values), Math.min(...values)]).toEqual([7, -7]);
  kept.forEach((at, i) => expect(values[i]).toBe(y[at]));
  expect(kept.every((at, i) => i === 0 || at > kept[i - 1]!)).toBe(true);
  const short = { x: [0, 1, 2], y: [3, Number.NaN, 5] };
  expect(thinned(short.x, short.y)).toEqual(short);
});
