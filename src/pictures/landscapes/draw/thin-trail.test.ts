import { expect, test } from "vitest";
import { thinTrail } from "./thin-trail.ts";

// Pages froze for minutes on a run with 100,000 steps.
test("a run that oscillates for 100,000 steps has a few thousand vertices, with a detailed beginning", () => {
  const beginning = Array.from({ length: 400 }, (_, t) => [t, t / 2] as const);
  const oscillation = Array.from(
    { length: 100_000 },
    (_, t) => [400 + (t % 2 === 0 ? 1 : -1) * (40 + 20 * Math.sin(t)), 200 + 10 * Math.cos(3 * t)] as const,
  );
  const all = [...beginning, ...oscillation];
  const kept = thinTrail(all);
  expect(kept.slice(0, 400)).toEqual(beginning);
  expect(kept.at(-1)).toEqual(all.at(-1));
  expect(kept.length).toBeLessThan(6000);
});

test("a short trail keeps its visible vertices", () => {
  expect(
    thinTrail([
      [0, 0],
      [0.1, 0],
      [5, 0],
      [5, 0.2],
      [5, 0.3],
    ]),
  ).toEqual([
    [0, 0],
    [5, 0],
    [5, 0.3],
  ]);
  expect(thinTrail([])).toEqual([]);
});
