import { describe, expect, test } from "vitest";
import {
  extent,
  linearScale,
  logScale,
  roundLogScale,
  roundScale,
  scaleFromZero,
  showTick,
  tickWriter,
} from "./scale.ts";

describe("axes", () => {
  test.each<[number[], number[]]>([
    [
      [0, 1],
      [0, 0.2, 0.4, 0.6, 0.8, 1],
    ],
    [
      [0.13, 0.87],
      [0, 0.2, 0.4, 0.6, 0.8, 1],
    ],
    [
      [-3, 12],
      [-5, 0, 5, 10, 15],
    ],
    [
      [0, 0],
      [-0.5, 0, 0.5],
    ],
    [
      [1e-9, 3e-9],
      [1e-9, 1.5e-9, 2e-9, 2.5e-9, 3e-9],
    ],
  ])("linear over %j", (values, ticks) => {
    const scale = roundScale(values, 5);
    const [low, high] = extent(values);
    expect(scale.at(low)).toBeGreaterThanOrEqual(0);
    expect(scale.at(high)).toBeLessThanOrEqual(1);
    expect(scale.ticks.length).toBeGreaterThanOrEqual(Math.min(3, ticks.length));
    expect(scale.ticks.length).toBeLessThanOrEqual(8);
    scale.ticks.forEach((tick, i) => expect(scale.at(tick)).toBeCloseTo(i / (scale.ticks.length - 1), 9));
  });

  test("between two ends have round ticks, and the ends need not be round", () => {
    const scale = linearScale(0.13, 4.87, 5);
    expect(scale.ticks).toEqual([1, 2, 3, 4]);
    expect([scale.at(0.13), scale.at(4.87)]).toEqual([0, 1]);
  });

  test("with logarithmic scale end at powers of ten", () => {
    expect(roundLogScale([0.002, 0.9]).ticks).toEqual([0.001, 0.01, 0.1, 1]);
    expect(roundLogScale([1, 5]).ticks).toEqual([1, 2, 5, 10]);
    expect(roundLogScale([1e-12, 1]).ticks.length).toBeLessThanOrEqual(8);
    expect(roundLogScale([0.01, 1]).at(0.1)).toBeCloseTo(0.5, 12);
    expect(roundLogScale([-3, 0, 0.01, 1]).ends).toEqual([0.01, 1]);
  });

  test("with logarithmic scale between two ends have round ticks, however close the ends are", () => {
    expect(logScale(2e-3, 30).ticks).toEqual([0.01, 0.1, 1, 10]);
    expect(logScale(0.03, 3).ticks).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
    expect(logScale(1.2, 1.8).ticks.length).toBeGreaterThanOrEqual(2); // no 1, 2 or 5 times a power in this range
    expect(logScale(1e-30, 1e30).ticks.length).toBeLessThanOrEqual(8);
  });

  test("invert their mapping", () => {
    for (const scale of [linearScale(-3, 12, 5), logScale(1e-6, 10), roundScale([0.2, 7], 4)]) {
      for (const part of [0, 0.3, 1]) expect(scale.at(scale.valueAt(part))).toBeCloseTo(part, 12);
    }
  });

  test("from zero start there, unless the values are close together", () => {
    expect(scaleFromZero([0.3, 1.2], 5).ends[0]).toBe(0);
    expect(scaleFromZero([0.91, 0.99], 5).ends).toEqual([0.9, 1]);
    expect(scaleFromZero([0.2, 0.2], 5).ends[0]).toBe(0);
    expect(scaleFromZero([-2, 0], 5).ends).toEqual([-2, 0]);
    expect(scaleFromZero([0, 0], 5).ends).toEqual([0, 1]);
    expect(scaleFromZero([], 5).ends).toEqual([0, 1]);
    expect(scaleFromZero([5e-324, 1e-320], 5).ends).toEqual([0, 1]);
  });

  test("format numbers briefly", () => {
    expect([0, 0.25, -3, 1200, 1e-6, 2.5e9].map(showTick)).toEqual([
      "0",
      "0.25",
      "−3",
      "1200",
      "1e−6",
      "2.5e9",
    ]);
  });

  test("format the ticks of an axis alike", () => {
    const show = (ticks: readonly number[]): string[] => ticks.map(tickWriter(ticks));
    expect(show([1, 100, 1e4, 1e6])).toEqual(["1", "100", "1e4", "1e6"]);
    expect(show([1e-6, 1e-3, 0.1, 1])).toEqual(["1e−6", "1e−3", "0.1", "1"]);
    expect(show([0, 500_000, 1_000_000])).toEqual(["0", "5e5", "1e6"]);
    expect(show([-2e6, -1e6, 0])).toEqual(["−2e6", "−1e6", "0"]);
    expect(show([1, 100, 1e4])).toEqual(["1", "100", "10000"]);
    expect(show([0.1 + 0.2, 1e6])).toEqual(["0.3", "1e6"]);
  });
});
