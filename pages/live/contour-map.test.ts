import { defineLandscape, findLandscape } from "downhill/landscapes";
import { expect, test } from "vitest";
import { contourMap, contourSize } from "./contour-map.ts";

const box = [
  [-4, 4],
  [-3, 3],
] as const;

test("contours of a round bowl are circles of the radius of their level", () => {
  const bowl = defineLandscape("x^2 + y^2", { lowest: 0 });
  const { paths, labels, quantity } = contourMap("round", bowl, box);
  expect(quantity).toBe("f");
  const scale = contourSize.width / 8; // drawing units per unit of y: 450/6
  const shown = labels.findIndex((label) => Number(label) > 1 && Number(label) < 6);
  const ring = paths[shown]!.split("M").at(-1)!; // after the edge of the box: the hole in the centre
  let [x, y] = [-contourSize.width / 2, -contourSize.height / 2]; // distance from the centre; the relative coordinates of the path add up
  const radii = [...ring.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, dx, dy]) => {
    [x, y] = [x + Number(dx), y + Number(dy)];
    return Math.hypot(x, y);
  });
  expect(radii.length).toBeGreaterThan(10);
  const level = Number(labels[shown]); // two digits of it
  for (const radius of radii) expect(radius / scale / Math.sqrt(level)).toBeCloseTo(1, 1);
});

test("a map is made once for a formula and a box", () => {
  let calls = 0;
  const { value, ...rest } = findLandscape("himmelblau");
  const counted = {
    ...rest,
    value: (point: Parameters<typeof value>[0]) => {
      calls++;
      return value(point);
    },
  };
  const first = contourMap("himmelblau", counted, box);
  const traced = calls;
  expect(traced).toBeGreaterThan(0);
  expect(contourMap("himmelblau", counted, box)).toBe(first);
  expect(calls).toBe(traced);
  expect(
    contourMap("himmelblau", counted, [
      [0, 4],
      [0, 3],
    ]),
  ).not.toBe(first);
});

test("a landscape without a lowest value has levels on both sides of its saddle", () => {
  const { labels, quantity } = contourMap("saddle", findLandscape("saddle"), box);
  expect(quantity).toBe("f");
  expect(labels).toContain("0");
  expect(labels[0]!.startsWith("−")).toBe(true);
  expect(labels.at(-1)!.startsWith("−")).toBe(false);
});

test("heights of a nonnegative function close to 0 are measured from 0; others from the minimum", () => {
  const above = (text: string): string => contourMap(text, defineLandscape(text), box).quantity;
  expect(above("x^2 + 3*y^2")).toBe("f");
  expect(above("x^2 + 3*y^2 + 4")).toBe("f above its lowest");
  expect(above("x^2 + 3*y^2 - 4")).toBe("f above its lowest");
});
