import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitStandardiser, standardise, unstandardise } from "./standardise.ts";

const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const matrix = fc
  .tuple(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 4 }))
  .chain(([n, features]) =>
    fc.array(fc.array(value, { minLength: features, maxLength: features }), { minLength: n, maxLength: n }),
  );

describe("fitStandardiser", () => {
  test("produces columns of mean 0 and standard deviation 1 over its rows, and the inverse restores x", () => {
    fc.assert(
      fc.property(matrix, (x) => {
        const scale = fitStandardiser(x);
        const z = standardise(x, scale);
        const features = x[0]!.length;
        for (let feature = 0; feature < features; feature++) {
          const column = x.map((_, i) => z.data[i * features + feature]!);
          const mean = column.reduce((a, b) => a + b, 0) / column.length;
          const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length;
          const spread =
            Math.max(...x.map((row) => row[feature]!)) - Math.min(...x.map((row) => row[feature]!));
          if (spread > 1e-6) {
            // rounding of x itself, at most 1e3, relative to its spread
            expect(Math.abs(mean)).toBeLessThan(1e-12 * (1e3 / spread + 1) * 100);
            expect(Math.abs(variance - 1)).toBeLessThan(1e-12 * (1e3 / spread + 1) * 100);
          }
        }
        unstandardise(z, scale).data.forEach((back, i) =>
          expect(Math.abs(back - x.flat()[i]!)).toBeLessThan(1e-9),
        );
      }),
    );
  });

  test("learns only from the given rows", () => {
    const x = [
      [1, 10],
      [3, 30],
      [1000, -5],
    ];
    const scale = fitStandardiser(x, { rows: Int32Array.of(0, 1) });
    expect(scale).toEqual({ mean: [2, 20], std: [1, 10], constant: [] });
    expect([...standardise(x, scale).data]).toEqual([-1, -1, 1, 1, 998, -2.5]);
    const other = x.with(2, [7, 7]);
    expect(fitStandardiser(other, { rows: [0, 1] })).toEqual(scale);
  });

  test("reports constant features and maps them to 0, for any value", () => {
    // The sum of ten times 0.1 is not 1: a naive mean would leave a deviation of 1e-17.
    const x = Array.from({ length: 10 }, (_, i) => [0.1, i, 1e300]);
    const scale = fitStandardiser(x);
    expect(scale.constant).toEqual([0, 2]);
    expect(scale.mean).toEqual([0.1, 4.5, 1e300]);
    expect([scale.std[0], scale.std[2]]).toEqual([1, 1]);
    const { data } = standardise(x, scale);
    expect([data[0], data[2]]).toEqual([0, 0]);
  });

  test.each([1e300, 1e200, 1.5e308, 1e-200, 1e-310])(
    "scales values of %d, whose squares overflow or underflow",
    (size) => {
      const x = [-1, 0.5, 1, 0.25].map((v) => v * size);
      const scale = fitStandardiser(x);
      expect(scale.constant).toEqual([]);
      const expected = standardise([-1, 0.5, 1, 0.25], fitStandardiser([-1, 0.5, 1, 0.25]));
      // numbers below 1e-308 have fewer digits
      standardise(x, scale).data.forEach((z, i) => expect(z).toBeCloseTo(expected.data[i]!, 10));
      unstandardise(standardise(x, scale), scale).data.forEach((back, i) =>
        expect(Math.abs(back - x[i]!)).toBeLessThanOrEqual(1e-12 * size),
      );
    },
  );

  test("is exact if the values are far from 0", () => {
    const scale = fitStandardiser([1e9 + 1, 1e9 + 2, 1e9 + 3]);
    expect(scale.mean).toEqual([1e9 + 2]);
    expect(scale.std[0]).toBeCloseTo(Math.sqrt(2 / 3), 12);
  });

  test("survives JSON, so that it can be saved with parameters", () => {
    const scale = fitStandardiser([
      [1, 2],
      [3, 5],
      [4, 4],
    ]);
    expect(JSON.parse(JSON.stringify(scale))).toEqual(scale);
  });

  test("keeps shape and floating-point dtype; integers become float64", () => {
    const x = Float32Array.of(1, 2, 3);
    expect(standardise(x, fitStandardiser(x))).toMatchObject({ shape: [3], dtype: "float32" });
    const integers = { shape: [2, 2], dtype: "int32", data: Int32Array.of(1, 2, 3, 4) } as const;
    expect(standardise(integers, fitStandardiser(integers))).toEqual({
      shape: [2, 2],
      dtype: "float64",
      data: Float64Array.of(-1, -1, 1, 1),
    });
  });
});

describe("misuse", () => {
  test("values that are not finite are named by row and feature", () => {
    const x = [
      [1, 2],
      [3, Number.NaN],
    ];
    expect(() => fitStandardiser(x)).toThrow(
      "fitStandardiser: row 1, feature 1 is NaN. Correct or leave out that row.",
    );
    expect(() => fitStandardiser(x, { names: ["height", "girth"] })).toThrow('row 1, feature "girth" is NaN');
    expect(fitStandardiser(x, { rows: [0] }).mean).toEqual([1, 2]);
    expect(() => fitStandardiser(x, { rows: [0, 2] })).toThrow("row 2, feature 0 is not there");
  });

  test("invalid shapes are refused", () => {
    const scale = fitStandardiser([
      [1, 2],
      [3, 4],
    ]);
    expect(() => standardise([[1, 2, 3]], scale)).toThrow(
      "standardise: x of shape [1,3] has 3 features, but the standardiser has 2.",
    );
    expect(() => unstandardise([1, 2], scale)).toThrow("unstandardise: x of shape [2] has 1 features");
    expect(() => fitStandardiser([[[1]]])).toThrow("expected x of shape [n, features] or [n], got [1,1,1].");
    expect(() => fitStandardiser([])).toThrow("there are no rows to learn from");
    expect(() => fitStandardiser([1], { row: [0] } as never)).toThrow(
      'unknown option "row". Did you mean "rows"?',
    );
  });
});

test.each([standardise, unstandardise])("$name without a standardiser is refused", (f) => {
  expect(() => f([1, 2] as never, undefined as never)).toThrow(
    `${f.name}: needs the result of fitStandardiser, as in ${f.name}(x, fitStandardiser(x)).`,
  );
});
