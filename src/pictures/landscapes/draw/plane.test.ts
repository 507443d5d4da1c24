import { tensor } from "downhill";
import { defineLandscape, findLandscape, race, zoo } from "downhill/landscapes";
import { sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { planeOf, sampleGrid, sampleLine } from "./plane.ts";

const gd = { gd: sgd({ learningRate: 0.01 }) };

describe("a grid", () => {
  test.each(Object.keys(zoo))("over %s has the values of the function, row by row from below", (name) => {
    const landscape = findLandscape(name);
    const plane = planeOf(race(landscape, gd, { steps: 2 }));
    const [columns, rows] = [37, 23];
    const { values } = sampleGrid(landscape, plane, columns, rows);
    const [[x0, x1], [y0, y1]] = plane.domain as [[number, number], [number, number]];
    expect(values).toHaveLength(columns * rows);
    for (let k = 0; k < values.length; k += 5) {
      const [i, j] = [k % columns, Math.floor(k / columns)];
      const point = [x0 + ((x1 - x0) * i) / (columns - 1), y0 + ((y1 - y0) * j) / (rows - 1)];
      const expected = landscape.value(tensor(point)).item();
      expect(Math.abs(values[k]! - expected), `at ${point.join(", ")}`).toBeLessThan(
        1e-11 * Math.max(1, Math.abs(expected)),
      );
    }
  });

  test("over the principal plane of three coordinates has the values of its points", () => {
    const landscape = defineLandscape("x^2 + 2*y^2 + 3*z^2", { minima: [[0, 0, 0]], lowest: 0 });
    const result = race(landscape, gd, { steps: 50 });
    const plane = planeOf(result);
    // The runs are in the plane, except for their component in a third direction.
    const place = plane.place(result.runs[0]!.points[25]!);
    const value = landscape.value(plane.pointAt(tensor([...place]))).item();
    expect(value / result.runs[0]!.values[25]!).toBeCloseTo(1, 1);
    expect(plane.place([0, 0, 0])).toEqual([0, 0]);
  });
});

test("a line has the values of a function of one coordinate", () => {
  const [xs, ys] = sampleLine(defineLandscape("x^3 - x"), [-1, 2], 50);
  expect([xs[0], xs.at(-1)]).toEqual([-1, 2]);
  xs.forEach((x, i) => expect(ys[i]).toBeCloseTo(x ** 3 - x, 12));
});

describe("the drawn region", () => {
  test("contains a start outside the domain", () => {
    const { domain } = planeOf(race(findLandscape("bowl"), gd, { start: [-9, 5], steps: 2 }));
    expect(domain[0]![0]).toBeLessThan(-9);
    expect(domain[1]![1]).toBeGreaterThan(5);
  });

  test("without a domain contains the runs and the minima, but not diverged points", () => {
    const landscape = defineLandscape("x^2 + y^2", { start: [3, 1], minima: [[0, 0]] });
    const racers = { ...gd, wild: sgd({ learningRate: 1.5 }) };
    const { domain } = planeOf(race(landscape, racers, { steps: 100 }));
    expect(domain[0]![0]).toBeLessThan(0);
    expect(domain[0]![1]).toBeGreaterThan(3);
    expect(domain[0]![1]).toBeLessThan(30);
  });
});
