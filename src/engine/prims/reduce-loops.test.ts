import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { full, jit, max, mean, sum, tensor } from "downhill";

describe("long sums", () => {
  test("of float32 ones are exact", () => {
    const ones = tensor(new Float32Array(4e7).fill(1));
    expect(sum(ones).item()).toBe(4e7);
  });

  test.each(["float32", "float64"] as const)(
    "of equal %s numbers are exact to one ulp, along any axis",
    (dtype) => {
      const ulp = dtype === "float32" ? 2 ** -27 : 2 ** -56; // of 0.1
      const x = full([1000, 1000], 0.1, { dtype });
      const exact = dtype === "float32" ? Math.fround(0.1) : 0.1;
      const means = [mean(x).item(), ...[0, 1].flatMap((axis) => mean(x, { axis }).tolist() as number[])];
      for (const value of means) expect(Math.abs(value - exact)).toBeLessThanOrEqual(ulp);
    },
  );

  test("that overflow are infinite, and NaN stays NaN", () => {
    const big = new Float64Array(2000).fill(1e308);
    expect(sum(tensor(big)).item()).toBe(Infinity);
    big[1999] = NaN;
    expect(sum(tensor(big)).item()).toBeNaN();
  });

  test("and column extrema include every row, for any number of rows", () => {
    for (const dtype of ["float32", "float64", "int32"] as const)
      for (let rows = 1; rows <= 27; rows++) {
        const table = Array.from({ length: rows }, (_, i) =>
          Array.from({ length: 5 }, (__, j) => (i * 31 + j * 17) % 23),
        );
        const columns = table[0]!.map((_, j) => table.map((row) => row[j]!));
        const f = jit((x: Tensor) => [sum(x, { axis: 0 }), max(x, { axis: 0 })]);
        const [sums, largest] = f(tensor(table, { dtype }));
        expect(sums!.tolist()).toEqual(columns.map((column) => column.reduce((a, b) => a + b)));
        expect(largest!.tolist()).toEqual(columns.map((column) => Math.max(...column)));
      }
  });

  test("over several axes at once equal the sum in any order", () => {
    const x = tensor(
      Float64Array.from({ length: 6 * 70 * 5 * 3 }, (_, i) => ((i * 7919) % 1000) / 8),
    ).reshape([6, 70, 5, 3]);
    for (const axis of [[0, 1], [0, 2], [1, 3], [0, 1, 3], [1], [0, 3]]) {
      let expected = x;
      for (const a of [...axis].reverse()) expected = sum(expected, { axis: a });
      expect(jit(() => sum(x, { axis }))().tolist()).toEqual(expected.tolist()); // eighths: exact
    }
  });
});
