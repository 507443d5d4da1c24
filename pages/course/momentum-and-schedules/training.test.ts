import { expect, test } from "vitest";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { epochs, type ScheduleName, scheduleNames, scheduleOf, stepsAnEpoch } from "./schedules.ts";
import { testRange, train, type TrainedEpoch } from "./training.ts";

async function trained(schedule: ScheduleName, rate: number): Promise<TrainedEpoch[]> {
  const all: TrainedEpoch[] = [];
  await train({ schedule, rate, seed: 0 }, (epoch) => all.push(epoch));
  return all;
}

function endOf(all: readonly TrainedEpoch[]): number {
  return all.slice(-5).reduce((sum, { loss }) => sum + loss, 0) / 5;
}

const tried: readonly ScheduleName[] =
  extent(0, 1, 1) === 1 ? scheduleNames : ["held", "plateau", "one-cycle"];

testInCi("a decaying rate of 0.3 ends below half the loss of a constant one", async () => {
  const ends = new Map<ScheduleName, number>();
  for (const schedule of tried) ends.set(schedule, endOf(await trained(schedule, 0.3)));
  const held = ends.get("held")!;
  for (const schedule of tried)
    if (schedule !== "held")
      expect(ends.get(schedule), schedule).toBeLessThan((schedule === "cyclic" ? 1 : 0.5) * held);
  expect(endOf(await trained("held", 0.03)), "low enough to settle").toBeLessThan(0.6 * held);
});

test("the reported rates are those of the schedule, and on a plateau never rise", async () => {
  const oneCycle = await trained("one-cycle", 0.3);
  expect(oneCycle).toHaveLength(epochs);
  const schedule = scheduleOf("one-cycle", 0.3);
  for (const { epoch, rate } of oneCycle) expect(rate).toBeCloseTo(schedule(epoch * stepsAnEpoch - 1), 12);
  const rates = (await trained("plateau", 0.3)).map(({ rate }) => rate);
  rates.slice(1).forEach((rate, i) => expect(rate).toBeLessThanOrEqual(rates[i]!));
  expect(new Set(rates).size).toBeGreaterThan(2);
});

test("the range test finds rates between which the loss falls, and ends when it diverges", async () => {
  for (const seed of [0, 1]) {
    const { suggestion, stopped } = await testRange(seed);
    expect(stopped).toBe("diverged");
    expect(suggestion!.base).toBeLessThan(suggestion!.max);
    expect(suggestion!.max).toBeLessThan(1);
  }
});
