import { expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { flight, react, reactionTime } from "./model.ts";

testInCi(
  "the reaction oscillates, stiff methods agree, and an explicit method does not reach the end",
  () => {
    const [auto, radau, explicit] = (["auto", "radau", "dopri5"] as const).map((method) =>
      react({ time: 150, factor: 1 }, method),
    );
    expect([auto!.isWhole, radau!.isWhole, explicit!.isWhole]).toEqual([true, true, false]);
    expect(explicit!.steps).toBeGreaterThan(10 * auto!.steps);
    const peak = Math.max(...auto!.concentrations[0]!);
    expect(peak).toBeGreaterThan(1e4);
    // the value at the end of one period and a half
    for (const k of [0, 1, 2])
      expect(auto!.concentrations[k]!.at(-1)! / radau!.concentrations[k]!.at(-1)!).toBeCloseTo(1, 2);
  },
);

test("each doubling of the bromide delays the next oscillation by the same time", () => {
  const peakOf = (factor: number): number => {
    const { times, concentrations } = react({ time: 200, factor }, "auto");
    const late = times.map((t, i) => (t > 200 ? concentrations[0]![i]! : 0));
    return times[late.indexOf(Math.max(...late))]!;
  };
  const [once, twice, four] = [1, 2, 4].map(peakOf) as [number, number, number];
  expect(four).toBeLessThan(reactionTime);
  expect(twice - once).toBeGreaterThan(10);
  expect((four - twice) / (twice - once)).toBeCloseTo(1, 1);
});

test("the ball bounces at the times of the closed form, which move with the height", () => {
  const { bounces, later, heights } = flight({ height: 1.5, bounciness: 0.7 });
  const fall = Math.sqrt((2 * 1.5) / 9.81);
  const times: number[] = [];
  for (let k = 0, t = fall; k < 8 && t < 3; k++, t += 2 * fall * 0.7 ** k) times.push(t);
  expect(bounces).toEqual(times.map((t): unknown => expect.closeTo(t, 6)));
  expect(later).toEqual(times.map((t): unknown => expect.closeTo(t / 3, 6))); // dt/dh = t/(2h)
  expect(heights[0]).toBe(1.5);
  expect(Math.min(...heights)).toBeGreaterThan(-1e-6);
  // bounces that accumulate before the end
  const soft = flight({ height: 1.5, bounciness: 0.4 });
  expect(soft.bounces.length).toBe(8);
  expect(soft.later[7]! / soft.bounces[7]!).toBeCloseTo(1 / 3, 6);
});
