import { describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";
import { dataset } from "./dataset.ts";
import { blobs, circles, moons, polynomial, sine, spirals, type ToyClasses } from "./toys.ts";

/** The points of a plane with their classes. */
const points = ({ x, y }: ToyClasses): [number, number, number][] =>
  Array.from(y.data, (label, i) => [x.data[2 * i]!, x.data[2 * i + 1]!, label]);

const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe.each([
  { name: "spirals", make: spirals },
  { name: "circles", make: circles },
  { name: "moons", make: moons },
  { name: "blobs", make: blobs },
])("$name", ({ make }) => {
  test("returns n float32 points in classes of equal size, which dataset accepts directly", () => {
    const { x, y, classes } = make({ n: 121 });
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[121, 2], "float32", [121], "int32"]);
    expect(x.data).toBeInstanceOf(Float32Array);
    const sizes = Array.from(
      { length: classes },
      (_, c) => [...y.data].filter((label) => label === c).length,
    );
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect([...dataset({ x, y }).batch("full")][0]!.x.shape).toEqual([121, 2]);
  });

  test("depends only on its seed", () => {
    const of = (seed: number): number[] => [...make({ n: 50, noise: 0.1, seed }).x.data];
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  test("accepts a single point", () => {
    expect(
      make({ n: 1, ...(make === spirals || make === blobs ? { classes: 1 } : {}) }).x.data.every(
        Number.isFinite,
      ),
    ).toBe(true);
  });
});

describe("noise", () => {
  test.each([
    ["spirals", spirals],
    ["circles", circles],
    ["moons", moons],
  ])("of %s has the requested standard deviation", (_, make) => {
    const [plain, noisy] = [make({ n: 4000 }).x.data, make({ n: 4000, noise: 0.25, seed: 3 }).x.data];
    // The deviation of 8000 normal numbers is known to 0.8 %; the bound is five times that.
    expect(Math.abs(deviation(Array.from(noisy, (v, i) => v - plain[i]!)) / 0.25 - 1)).toBeLessThan(0.04);
  });
});

describe("shapes", () => {
  test("spirals grow with their angle, and their arms are rotated copies", () => {
    for (const [x, y, c] of points(spirals({ n: 90, classes: 3, turns: 2 }))) {
      const radius = Math.hypot(x, y);
      const angle = 2 * Math.PI * (2 * radius + c / 3);
      expect(
        [x, y]
          .map((v, i) => v - radius * (i === 0 ? Math.cos(angle) : Math.sin(angle)))
          .every((d) => Math.abs(d) < 1e-5),
      ).toBe(true);
      expect(radius).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  test("circles have radius 1 and factor", () => {
    for (const [x, y, c] of points(circles({ n: 41, factor: 0.3 }))) {
      expect(Math.hypot(x, y)).toBeCloseTo(c === 0 ? 1 : 0.3, 5);
    }
  });

  test("moons are an upper half around (0, 0) and a lower one around (1, 0.5), from end to end", () => {
    const all = points(moons({ n: 40 }));
    for (const [x, y, c] of all) {
      const [dx, dy] = c === 0 ? [x, y] : [x - 1, y - 0.5];
      expect(Math.hypot(dx, dy)).toBeCloseTo(1, 5);
      expect(c === 0 ? dy : -dy).toBeGreaterThan(-1e-6);
    }
    const ends = all.filter(([, , c]) => c === 0).map(([x]) => x);
    expect([ends[0], ends.at(-1)]).toEqual([1, -1]);
  });

  test("blobs surround their centres with the deviation noise, in any number of dimensions", () => {
    const centres = [
      [0, 10, 20],
      [-5, 5, 0],
    ];
    const { x, y, classes } = blobs({ n: 4000, centres, noise: 2, seed: 5 });
    expect([x.shape, classes]).toEqual([[4000, 3], 2]);
    const distances = Array.from(x.data, (v, at) => v - centres[y.data[Math.floor(at / 3)]!]![at % 3]!);
    expect(Math.abs(deviation(distances) / 2 - 1)).toBeLessThan(0.04);
    expect(Math.abs(distances.reduce((a, b) => a + b, 0) / distances.length)).toBeLessThan(0.1);
    const free = blobs({ n: 600, classes: 4, noise: 0, seed: 1, dimensions: 5 });
    expect(new Set(free.x.data).size).toBe(20);
    expect(Math.max(...free.x.data.map(Math.abs))).toBeLessThanOrEqual(10);
  });

  test("polynomial and sine follow their formulas, with noise of the requested deviation", () => {
    const line = polynomial({ n: 3000, coefficients: [1, -2, 0, 4], from: -2, to: 1, noise: 0.5, seed: 2 });
    const wave = sine({ n: 3000, amplitude: 2, frequency: 3, phase: 1, from: 1, to: 2, noise: 0.5, seed: 2 });
    const offLine = Array.from(line.x.data, (x, i) => line.y.data[i]! - (1 - 2 * x + 4 * x ** 3));
    const offWave = Array.from(wave.x.data, (x, i) => wave.y.data[i]! - 2 * Math.sin(6 * Math.PI * x + 1));
    for (const off of [offLine, offWave]) expect(Math.abs(deviation(off) / 0.5 - 1)).toBeLessThan(0.07);
    for (const [{ x, y }, from, to] of [
      [line, -2, 1],
      [wave, 1, 2],
    ] as const) {
      expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[3000, 1], "float32", [3000], "float32"]);
      expect(Math.min(...x.data)).toBeGreaterThanOrEqual(from);
      expect(Math.max(...x.data)).toBeLessThan(to);
    }
    const exact = sine({ n: 100 });
    exact.x.data.forEach((x, i) => expect(exact.y.data[i]).toBeCloseTo(Math.sin(2 * Math.PI * x), 6));
  });
});

describe("invalid arguments are refused", () => {
  test.each<[() => unknown, string]>([
    [() => spirals({ n: 0 }), "spirals: n must be an integer of 1 or more, got 0."],
    [
      () => spirals({ n: 3, classes: 4 }),
      "spirals: classes must be an integer from 1 to 3, the number of points, got 4.",
    ],
    [() => spirals({ turns: Number.NaN }), "spirals: turns must be a finite number, got NaN."],
    [() => circles({ factor: 1 }), "circles: factor must be between 0 and 1, got 1."],
    [() => moons({ noise: -1 }), "moons: noise must be a number of 0 or more, got -1."],
    [() => moons({ classes: 3 } as never), 'moons: unknown option "classes". It takes n, noise, seed.'],
    [() => moons({ seed: 0.5 }), "moons: seed must be an integer, got 0.5."],
    [() => blobs({ centres: [[0, 0], [1]] }), "blobs: centres must be 2 lists of 2 numbers, one per class."],
    [() => blobs({ centers: [] } as never), 'blobs: unknown option "centers". Did you mean "centres"?'],
    [
      () => polynomial({ coefficients: [] }),
      "polynomial: coefficients must be a list of numbers, got an empty list.",
    ],
    [
      () => polynomial({ coefficients: [1, Infinity] }),
      "polynomial: a coefficient must be a finite number, got Infinity.",
    ],
    [() => polynomial({ from: 1, to: 1 }), "polynomial: to must be above from, 1, got 1."],
    [() => sine({ amplitude: Number.NaN }), "sine: amplitude must be a finite number, got NaN."],
  ])("%#", (action, message) => {
    expect(action).toThrow(message);
  });
});
