import { expect, test } from "vitest";
import { beginSearch, continueSearch, type LinePoint, strongWolfe } from "./line-search.ts";
import { ofNumbers } from "./search-arithmetic.ts";

/** Functions on a line: with a minimum, a wall, no minimum, and NaN. */
const lines: Readonly<Record<string, (t: number) => readonly [value: number, slope: number]>> = {
  parabola: (t) => [(t - 1) ** 2, 2 * (t - 1)],
  "steep parabola": (t) => [50 * (t - 0.1) ** 2, 100 * (t - 0.1)],
  "flat parabola": (t) => [0.01 * (t - 40) ** 2, 0.02 * (t - 40)],
  waves: (t) => [Math.cos(3 * t) - t, -3 * Math.sin(3 * t) - 1],
  wall: (t) => (t < 0.6 ? [-t, -1] : [Infinity, Number.NaN]),
};

test.each(Object.keys(lines))("a search that ends at its first step reports the same result: %s", (name) => {
  const f = lines[name]!;
  const at = (t: number): LinePoint => {
    const [value, slope] = f(t);
    return { t, value, slope, gradient: Float64Array.of(slope) };
  };
  for (const first of [0.01, 0.2, 0.9, 1, 3]) {
    const found = strongWolfe(at, at(0), Float64Array.of(1), first);
    let search = beginSearch(at(0), first, 0, false);
    do search = continueSearch(ofNumbers, { start: at(0), width: 1 }, search, at(search.t));
    while (!search.isDone);
    expect(found).toEqual({
      point: search.low,
      evaluations: search.evaluations,
      satisfied: search.isSatisfied,
    });
  }
});
