import { describe, expect, test } from "vitest";
import { contourPaths, type Grid, levelsAbove, levelsAround, refined, simplify } from "./contours.ts";

function gridOf(columns: number, rows: number, f: (x: number, y: number) => number): Grid {
  const values = Float64Array.from({ length: columns * rows }, (_, k) =>
    f((k % columns) / (columns - 1), Math.floor(k / columns) / (rows - 1)),
  );
  return { columns, rows, values };
}

/** Vertices of a polygonal SVG path. */
function vertices(path: string): [number, number][] {
  return [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

const size = { width: 400, height: 200 };

describe("contours", () => {
  test("a line is at the points where the function has its value, with y upwards", () => {
    const plane = gridOf(41, 21, (_, y) => y);
    const [path] = contourPaths(plane, [0.75], size);
    const inside = vertices(path!).filter(([x]) => x > 20 && x < 380);
    const levels = new Set(inside.map(([, y]) => y));
    expect([...levels].every((y) => Math.abs(y - 50) < 0.11 || y < 0)).toBe(true); // 0.75 of the way up, and the edge
  });

  test("a circle is a circle", () => {
    const grid = gridOf(120, 60, (x, y) => Math.hypot(x - 0.5, (y - 0.5) / 2));
    const [path] = contourPaths(grid, [0.2], size);
    const ring = path!.split("M").find((part) => vertices(part).every(([x]) => x > 5 && x < 395))!;
    for (const [x, y] of vertices(ring))
      expect(Math.abs(Math.hypot(x - 200, y - 100) - 80)).toBeLessThan(0.6);
  });

  test("non-finite values count as high", () => {
    const grid = gridOf(20, 20, (x) => (x > 0.5 ? Number.NaN : x));
    const [path] = contourPaths(grid, [0.3], size);
    expect(path).not.toContain("NaN");
    expect(path!.length).toBeGreaterThan(0);
  });
});

describe("levels", () => {
  test("above a base, levels form a geometric sequence", () => {
    const values = Array.from({ length: 1000 }, (_, i) => 7 + 10 ** (i / 200 - 3));
    const { levels, text } = levelsAbove(7, values, "f");
    const ratios = levels.slice(1).map((level, i) => (level - 7) / (levels[i]! - 7));
    for (const ratio of ratios) expect(ratio).toBeCloseTo(ratios[0]!, 8);
    expect(levels).toHaveLength(14);
    expect(text).toMatch(/^Contours of f: 14 from .* times the one before$/);
  });

  test("around a saddle, levels are on both sides", () => {
    const { levels } = levelsAround(1, [-3, -1, 0, 1, 2, 3, 5], "f");
    expect(levels.filter((level) => level < 1)).toHaveLength(7);
    expect(levels.filter((level) => level > 1)).toHaveLength(7);
    expect(levels.toSorted((a, b) => a - b)).toEqual(levels);
  });

  test("a constant function has no levels", () => {
    expect(levelsAbove(2, [2, 2, 2], "f").levels).toEqual([]);
    expect(levelsAround(2, [2, 2, 2], "f").levels).toEqual([]);
  });
});

test("simplify keeps the ends and all points farther from the line than the tolerance", () => {
  const line = Array.from({ length: 11 }, (_, i) => [i, i === 5 ? 3 : 0.05 * (i % 2)] as const);
  expect(simplify(line, 0.2).map(([x]) => x)).toEqual([0, 4, 5, 6, 10]);
  expect(
    simplify(
      [
        [0, 0],
        [1, 1],
      ],
      0.1,
    ),
  ).toHaveLength(2);
});

test("refined interpolates the values, and parabolas between them", () => {
  const grid = gridOf(9, 7, (x, y) => x * x + 3 * y - x * y);
  const fine = refined(grid, 4);
  expect([fine.columns, fine.rows]).toEqual([33, 25]);
  for (let j = 0; j < 25; j++) {
    for (let i = 4; i < 29; i++) {
      const [x, y] = [i / 32, j / 24];
      expect(fine.values[j * 33 + i]).toBeCloseTo(x * x + 3 * y - x * y, 12);
    }
  }
});
