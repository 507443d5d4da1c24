import { describe, expect, test } from "vitest";
import { evaluateRegion } from "../../../../test/support/evaluate-region.ts";
import { apply, arrayOf, i32, int, load, scalar } from "../../../../test/support/region-build.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { makeBuilder } from "../form/build.ts";
import { checkRegion } from "../form/check.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import type { ScheduleSteps } from "./schedule.ts";
import { planSchedule, writeBackward, writeForward } from "./schedule.ts";

/**
 * Builds a region that runs `segments` segments by a schedule. The state is the number of segments that were run.
 * Results: the number of runs without the backward ones, the final state, the number of wrong states, and the segments
 * in the order of the backward pass.
 */
function regionOf(snapshots: number): Region {
  const empty: Region = {
    name: "walk",
    params: [{ kind: "scalar", name: "segments", type: "i32" }],
    body: [],
    results: [],
    positions: [],
  };
  const build = makeBuilder(empty, scalarFunctions);
  const count = int("segments");
  const change = (name: string, by: RegionExpr): RegionStmt => ({
    kind: "set",
    name,
    value: apply("add", int(name), by),
  });
  const steps: ScheduleSteps = {
    advance: (_, many = i32(1)) => [change("run", many), change("state", many)],
    save: (place) => [{ kind: "store", array: "saved", places: [place], value: int("state") }],
    restore: (place) => [{ kind: "set", name: "state", value: load("i32", "saved", [place]) }],
    turn: (segment) => [
      { kind: "store", array: "order", places: [int("turned")], value: segment },
      change("turned", i32(1)),
      {
        kind: "if",
        condition: apply("notEqual", int("state"), segment),
        then: [change("wrong", i32(1))],
        otherwise: [],
      },
    ],
  };
  const schedule = planSchedule(count, snapshots, build);
  const counters = ["run", "state", "turned", "wrong"];
  return {
    ...empty,
    body: [
      { kind: "array", name: "saved", type: "i32", dims: [i32(snapshots)] },
      { kind: "array", name: "order", type: "i32", dims: [count] },
      ...counters.map((name): RegionStmt => ({ kind: "let", name, value: i32(0) })),
      ...writeForward(schedule, steps, build),
      { kind: "let", name: "end", value: int("state") },
      ...writeBackward(schedule, steps, build),
    ],
    results: [...["run", "end", "wrong"].map((name) => scalar(int(name))), arrayOf("order")],
  };
}

/** C(n, k). */
function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i++) product = (product * (n - k + i)) / i;
  return k < 0 ? 0 : product;
}

/**
 * Least number of segment runs with c snapshots, and the largest number of additional runs of one segment (Griewank and
 * Walther, 2000, proposition 1).
 */
function fewest(segments: number, c: number): { readonly run: number; readonly times: number } {
  let times = 0;
  while (choose(c + times, times) < segments) times++;
  return { run: times * segments - choose(c + times, times - 1) + 1, times };
}

describe("the binomial schedule", () => {
  test.each([1, 2, 3, 5, 8])(
    "runs all segments backward with the fewest runs that %i snapshots allow",
    (snapshots) => {
      const region = regionOf(snapshots);
      checkRegion(region, scalarFunctions);
      for (const segments of [0, 1, 2, 3, 4, 7, 10, 21, 56, 100]) {
        const { results } = evaluateRegion(region, [segments]);
        const [run, end, wrong, order] = results as [
          number,
          number,
          number,
          { readonly data: ArrayLike<number> },
        ];
        expect({ end, wrong }).toEqual({ end: segments, wrong: 0 });
        expect(Array.from(order.data)).toEqual(Array.from({ length: segments }, (_, i) => segments - 1 - i));
        if (segments === 0) expect(run).toBe(0);
        else {
          // the forward pass also runs the last segment, for the results, so the backward pass runs up to it once more
          const best = fewest(segments, snapshots);
          expect(run).toBeGreaterThanOrEqual(best.run);
          expect(run).toBeLessThanOrEqual(best.run + best.times);
        }
      }
    },
  );
});
