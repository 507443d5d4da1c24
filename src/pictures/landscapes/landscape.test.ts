import { type Tensor, tensor } from "downhill";
import { defineLandscape, findMinima } from "downhill/landscapes";
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";

const square = (x: Tensor): Tensor => x.mul(x);

describe("defineLandscape", () => {
  test("orders the coordinates of a text by their first appearance", () => {
    const { coordinates, value, formula } = defineLandscape("b^2 + 3*a");
    expect(coordinates).toEqual(["b", "a"]);
    expect(value(tensor([2, 5])).item()).toBe(19);
    expect(formula).toBe("b^2 + 3*a");
  });

  test("passes scalars to a function of two arguments, and a vector to a function of one", () => {
    const two = defineLandscape((x, y) => square(x).add(y));
    expect(two.value(tensor([3, 1])).item()).toBe(10);
    const one = defineLandscape((p) => square(p).sum(), { start: [1, 2, 3] });
    expect(one.coordinates).toEqual(["x1", "x2", "x3"]);
    expect(one.value(tensor([1, 2, 3])).item()).toBe(14);
  });

  test("passes a scalar to a function of one argument if the start is one number", () => {
    const { value, coordinates } = defineLandscape((x) => square(x), { start: [2] });
    expect(coordinates).toEqual(["x"]);
    expect(value(tensor([3])).item()).toBe(9);
  });

  test.each([
    [{ start: [1] }, "start has 1 numbers, and the function takes 2"],
    [{ start: [1, Number.NaN] }, "start must be finite numbers"],
    [{ minima: [[1, 2, 3]] }, "minima has 3 numbers"],
    [{ domain: [[0, 1]] }, "domain must have an interval for each of x, y"],
    [
      {
        domain: [
          [1, 0],
          [0, 1],
        ],
      },
      "the domain of x must be two finite numbers, the lower first",
    ],
    [{ coordinates: ["x"] }, "coordinates has 1 names, and the function takes 2"],
    [{ begin: [1, 2] }, 'unknown option "begin"'],
  ])("refuses %o", (options, message) => {
    expect(() => defineLandscape("x + y", options as object)).toThrow(message);
  });

  test("rejects a function without inputs, and a non-scalar result", () => {
    expect(() => defineLandscape("1 + 2")).toThrow(
      "has no inputs; a landscape needs at least one coordinate",
    );
    const flat = defineLandscape((x, y) => x.add(y).reshape([1]));
    expect(() => flat.value(tensor([1, 2]))).toThrow("a landscape must return a scalar tensor, got f64[1]");
    expect(() => defineLandscape("x +* y")).toThrow("^");
  });
});

describe("findMinima", () => {
  test("finds all lowest minima, without saddles and higher minima", () => {
    const { minima, lowest } = findMinima(defineLandscape("(x^2 + y - 11)^2 + (x + y^2 - 7)^2"));
    expect(lowest).toBeLessThan(1e-12);
    expect(minima).toHaveLength(4);
    const tilted = findMinima(defineLandscape("x^4 - 2*x^2 + x/4"));
    expect(tilted.minima).toHaveLength(1);
    expect(tilted.minima[0]![0]).toBeCloseTo(-1.0299, 3);
  });

  test("returns a landscape without a lowest value unchanged", () => {
    for (const text of ["x^3 - 3*x*y^2", "x^2 - y^2", "x + y"].slice(0, extent(1, 3, 3))) {
      const landscape = defineLandscape(text);
      expect(findMinima(landscape)).toBe(landscape);
    }
  });

  test("does not change known minima", () => {
    const known = defineLandscape("x^2 + y^2", { minima: [[0, 0]] });
    expect(findMinima(known)).toBe(known);
  });
});
