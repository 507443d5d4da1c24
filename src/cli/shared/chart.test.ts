import fc from "fast-check";
import { expect, test } from "vitest";
import { drawChart } from "./chart.ts";

test("a curve in braille between its axes", () => {
  const values = Array.from({ length: 21 }, (_, t) => 1 - Math.abs(t - 10) / 10);
  expect(drawChart({ values, columns: 40, lines: 5, unit: "step" })).toEqual([
    "  1 ┤               ⢀⣀⠤⢄⡀",
    "    │           ⣀⠤⠔⠊⠁   ⠈⠑⠢⠤⣀",
    "0.5 ┤       ⣀⠤⠔⠊             ⠑⠢⠤⣀",
    "    │  ⢀⡠⠔⠒⠉                     ⠉⠒⠢⢄⡀",
    "  0 ┤⠔⠊⠁                             ⠈⠑⠢",
    "    └┬────────────────┬────────────────┬",
    "     0               10               20",
  ]);
});

test("every line fits and the marks are present, for any values and width", () => {
  const value = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 16, max: 120 }),
      fc.integer({ min: 3, max: 20 }),
      (values, columns, lines) => {
        const chart = drawChart({ values, columns, lines, unit: "step" });
        expect(chart).toHaveLength(lines + 2);
        for (const line of chart) expect(line.length).toBeLessThanOrEqual(Math.max(columns, 26));
        expect(chart.join("")).toMatch(/[\u2801-\u28ff]/);
        expect(chart.filter((line) => line.includes("┤")).length).toBeGreaterThan(0);
      },
    ),
    { seed: 1 },
  );
});

test("0 lies at the bottom of a logarithmic axis", () => {
  const chart = drawChart({ values: [1, 0.1, 0.01, 0], columns: 30, lines: 7, log: true, unit: "step" });
  expect(chart[0]).toMatch(/1 ┤[\u2801-\u28ff]/);
  expect(chart.some((line) => line.startsWith(" 0.1 ┤"))).toBe(true);
  expect(chart.find((line) => line.startsWith("0.01 ┤"))).toMatch(/[\u2801-\u28ff]$/);
});
