import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";
import { tensor } from "../../numeric/array/create.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { dataset } from "./dataset.ts";
import { digits } from "./digits.ts";
import { randomNoise, randomRotation, randomShift } from "./images.ts";

const sizes = {
  height: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 6 }),
  n: fc.integer({ min: 1, max: 4 }),
};

/** Images whose pixels are all different, numbered from 1. */
const numbered = (n: number, height: number, width: number) => ({
  shape: [n, height, width],
  dtype: "float32" as const,
  data: Float32Array.from({ length: n * height * width }, (_, i) => i + 1),
});

describe("randomShift", () => {
  test("moves each image as a whole by at most the given number of pixels, and fills the rest", () => {
    fc.assert(
      fc.property(
        sizes.n,
        sizes.height,
        sizes.width,
        fc.nat(7),
        fc.nat(7),
        fc.integer(),
        (n, height, width, vertical, horizontal, seed) => {
          const images = numbered(n, height, width);
          const { shape, dtype, data } = randomShift(images, {
            key: key(seed),
            pixels: [vertical, horizontal],
            fill: -1,
          });
          expect([shape, dtype]).toEqual([images.shape, "float32"]);
          for (let i = 0; i < n; i++) {
            // The only shift that explains every pixel.
            const at = (r: number, c: number): number => data[(i * height + r) * width + c]!;
            const explains = (down: number, right: number): boolean => {
              for (let r = 0; r < height; r++) {
                for (let c = 0; c < width; c++) {
                  const [fr, fc_] = [r - down, c - right];
                  const inside = fr >= 0 && fr < height && fc_ >= 0 && fc_ < width;
                  if (at(r, c) !== (inside ? images.data[(i * height + fr) * width + fc_] : -1)) return false;
                }
              }
              return true;
            };
            let found = 0;
            for (let down = -vertical; down <= vertical; down++) {
              for (let right = -horizontal; right <= horizontal; right++)
                found += explains(down, right) ? 1 : 0;
            }
            expect(found).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  test("draws every shift equally often", () => {
    const { data } = randomShift(
      {
        shape: [9000, 3, 3],
        dtype: "float32",
        data: Float32Array.from({ length: 81_000 }, (_, i) => (i % 9 === 4 ? 1 : 0)),
      },
      { key: key(1), pixels: 1 },
    );
    const counts = new Array<number>(9).fill(0);
    data.forEach((x, i) => (counts[i % 9]! += x));
    // 9000 draws of 9 shifts: five standard deviations.
    for (const count of counts)
      expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(9000 * (1 / 9) * (8 / 9)));
  });
});

describe("randomRotation", () => {
  test("by 0 degrees changes nothing, and any angle keeps constant images within the circle", () => {
    const image = numbered(2, 4, 5);
    expect(randomRotation(image, { key: key(3), degrees: 0 }).data).toEqual(image.data);
    const ones = { shape: [20, 9, 9], dtype: "float64" as const, data: new Float64Array(1620).fill(1) };
    const { data } = randomRotation(ones, { key: key(4), degrees: 180 });
    for (let i = 0; i < 20; i++) {
      for (let r = 0; r < 9; r++) {
        for (let c = 0; c < 9; c++) {
          if (Math.hypot(r - 4, c - 4) <= 4) expect(data[(i * 9 + r) * 9 + c]).toBeCloseTo(1, 12);
        }
      }
    }
  });

  test("rotates the direction of a ramp, by angles spread over the range", () => {
    // Bilinear interpolation is exact for linear images: the angle can be computed from the slopes.
    const side = 9;
    const ramp = Float64Array.from({ length: 400 * 81 }, (_, i) => (i % side) - 4); // grows to the right
    const { data } = randomRotation(
      { shape: [400, side, side], dtype: "float64", data: ramp },
      { key: key(5), degrees: 40 },
    );
    const angles: number[] = [];
    for (let i = 0; i < 400; i++) {
      const at = (r: number, c: number): number => data[(i * side + r) * side + c]!;
      const [right, up] = [at(4, 5) - at(4, 4), at(3, 4) - at(4, 4)];
      expect(Math.hypot(right, up)).toBeCloseTo(1, 10); // a rotation preserves lengths
      expect(at(3, 5)).toBeCloseTo(right + up, 10);
      expect(at(4, 4)).toBeCloseTo(0, 12); // the centre is fixed
      angles.push((Math.atan2(up, right) * 180) / Math.PI);
    }
    expect(Math.min(...angles)).toBeGreaterThan(-40 - 1e-9);
    expect(Math.max(...angles)).toBeLessThan(40 + 1e-9);
    // Uniform over (−40, 40): mean within five standard deviations of 40/√3/√400; quarters equally full.
    expect(Math.abs(angles.reduce((a, b) => a + b, 0) / 400)).toBeLessThan((5 * 40) / Math.sqrt(3 * 400));
    for (const from of [-40, -20, 0, 20]) {
      expect(Math.abs(angles.filter((a) => a >= from && a < from + 20).length - 100)).toBeLessThan(
        5 * Math.sqrt(75),
      );
    }
  });

  test("is anticlockwise for positive angles, and fills pixels from outside", () => {
    const bar = { shape: [60, 5, 5], dtype: "float32" as const, data: new Float32Array(1500) };
    for (let i = 0; i < 60; i++) bar.data.set([1, 1], i * 25 + 13); // from the centre to the right
    const { data } = randomRotation(bar, { key: key(6), degrees: 180, fill: 0.5 });
    const ramp = randomRotation(
      { shape: [60, 5, 5], dtype: "float32", data: Float32Array.from({ length: 1500 }, (_, i) => i % 5) },
      { key: key(6), degrees: 180 },
    ).data;
    let above = 0;
    for (let i = 0; i < 60; i++) {
      const at = (r: number, c: number): number => data[i * 25 + 5 * r + c]!;
      // The ramp of the same key rises upwards if the rotation is anticlockwise.
      const isUp = ramp[i * 25 + 7]! > ramp[i * 25 + 17]!;
      const [up, down] = [
        at(0, 1) + at(0, 2) + at(0, 3) + at(1, 2),
        at(4, 1) + at(4, 2) + at(4, 3) + at(3, 2),
      ];
      if (Math.abs(up - down) > 0.2) expect(up > down).toBe(isUp);
      above += isUp ? 1 : 0;
      expect(Math.max(...data.subarray(i * 25, (i + 1) * 25))).toBeLessThanOrEqual(1);
    }
    expect(above).toBeGreaterThan(15);
    expect(above).toBeLessThan(45);
  });
});

describe("randomNoise", () => {
  test("adds normal noise of the given deviation to arrays of any shape", () => {
    const { data, shape, dtype } = randomNoise(
      { shape: [100, 100], dtype: "float32", data: new Float32Array(10_000).fill(3) },
      { key: key(2), std: 0.5 },
    );
    expect([shape, dtype]).toEqual([[100, 100], "float32"]);
    const values = Array.from<number>(data);
    const mean = values.reduce((a, b) => a + b, 0) / 10_000;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / 10_000);
    expect(Math.abs(mean - 3)).toBeLessThan(0.025);
    expect(Math.abs(std - 0.5)).toBeLessThan(0.02);
    expect([...randomNoise([1, 2], { key: key(2), std: 0 }).data]).toEqual([1, 2]);
  });
});

describe("images", () => {
  const changes = [
    {
      name: "randomShift",
      change: (x: never, imageKey: Uint32Array, sides?: [number, number]) =>
        randomShift(x, { key: imageKey, pixels: 2, ...(sides === undefined ? {} : { sides }) }),
    },
    {
      name: "randomRotation",
      change: (x: never, imageKey: Uint32Array, sides?: [number, number]) =>
        randomRotation(x, { key: imageKey, degrees: 30, ...(sides === undefined ? {} : { sides }) }),
    },
  ];

  test.each(changes)("$name depends only on the key, and accepts every form of images", ({ change }) => {
    const images = numbered(3, 4, 5);
    const expected = change(images as never, key(1));
    expect(change(images as never, key(1))).toEqual(expected);
    expect(change(images as never, key(2)).data).not.toEqual(expected.data);
    const sides: [number, number] = [4, 5];
    const flat = change({ ...images, shape: [3, 20] } as never, key(1), sides);
    expect([flat.shape, flat.data]).toEqual([[3, 20], expected.data]);
    const bare = change(images.data as never, key(1), sides);
    expect([bare.shape, bare.data]).toEqual([[60], expected.data]);
    const asTensor = change(tensor(images.data).reshape([3, 4, 5]) as never, key(1));
    expect(asTensor).toEqual(expected);
    const one = change({ ...images, shape: [4, 5], data: images.data.slice(0, 20) } as never, key(1));
    expect([one.shape, one.data]).toEqual([[4, 5], expected.data.slice(0, 20)]);
    expect(images).toEqual(numbered(3, 4, 5)); // unchanged
  });

  test("can be augmented by item or by batch, and a run resumes at its position", () => {
    const { images, labels, count } = digits();
    const data = dataset({ x: { shape: [count, 8, 8], dtype: "float32", data: images }, y: labels }).shuffle({
      seed: 1,
    });
    const each = data
      .augment(
        ({ x, y }, itemKey) => {
          const [turn, move, noise] = [0, 1, 2].map((i) => foldIn(itemKey, i)) as [
            Uint32Array,
            Uint32Array,
            Uint32Array,
          ];
          const turned = randomRotation(x, { key: turn, degrees: 10 });
          return {
            x: randomNoise(randomShift(turned, { key: move, pixels: 1 }), { key: noise, std: 0.02 }),
            y,
          };
        },
        { seed: 2 },
      )
      .batch(16);
    const [first] = each.epoch(0);
    expect([first!.x.shape, first!.x.dtype, first!.y.shape]).toEqual([[16, 8, 8], "float32", [16]]);
    const [tail] = each.epoch(3, { from: 112 });
    expect(tail!.x.tolist()).toEqual([...each.epoch(3, { from: 111 })][1]!.x.tolist());
    const whole = data
      .batch(64)
      .augment(({ x, y }, batchKey) => ({ x: randomShift(x, { key: batchKey, pixels: 1 }), y }), { seed: 2 });
    const sum = (x: { data: () => ArrayLike<number> }): number =>
      Array.from(x.data()).reduce((a, b) => a + b, 0);
    const [plain] = data.batch(64).epoch(0);
    const [moved] = whole.epoch(0);
    expect(moved!.x.tolist()).not.toEqual(plain!.x.tolist());
    expect(sum(moved!.x) / sum(plain!.x)).toBeGreaterThan(0.9); // little is lost over the edge
  });

  test.each<[() => unknown, string]>([
    [
      () => randomShift([1, 2], { key: key(0), pixels: 1 }),
      "randomShift: expected images of shape [n, height, width], got [2]. For flat images pass the sides",
    ],
    [
      () => randomShift(tensor([[[[1]]]]), { key: key(0), pixels: 1 }),
      "expected images of shape [n, height, width], got [1,1,1,1].",
    ],
    [
      () => randomShift([[1, 2, 3]], { key: key(0), pixels: 1, sides: [2, 2] }),
      "randomShift: expected flat images of 2·2 = 4 pixels, [n, 4], got [1,3].",
    ],
    [
      () => randomShift([[1]], { key: key(0), pixels: 1, sides: [0, 2] }),
      "randomShift: sides must be height and width in pixels, got 0,2.",
    ],
    [
      () => randomShift([[1]], { key: key(0), pixels: 0.5 }),
      "randomShift: pixels must be an integer of 0 or more, or two of them; got 0.5.",
    ],
    [() => randomShift([[1]], { key: key(0) } as never), "or two of them; got undefined."],
    [
      () => randomShift([[1]], { key: 3, pixels: 1 } as never),
      "randomShift: the first argument must be a key",
    ],
    [
      () => randomShift([[1]], { key: key(0), pixel: 1 } as never),
      'randomShift: unknown option "pixel". Did you mean "pixels"?',
    ],
    [
      () => randomShift(tensor([[1]], { dtype: "int32" }), { key: key(0), pixels: 1 }),
      "randomShift: expected float32 or float64, got int32. Scale the pixels first",
    ],
    [
      () => randomRotation([[1]], { key: key(0), degrees: 200 }),
      "randomRotation: degrees must be from 0 to 180, got 200.",
    ],
    [
      () => randomRotation([[1]], { key: key(0), degrees: 2, fill: "0" } as never),
      "randomRotation: fill must be a number, got 0.",
    ],
    [
      () => randomNoise([1], { key: key(0), std: -1 }),
      "randomNoise: std must be a number of 0 or more, got -1.",
    ],
    [
      () => randomNoise([true], { key: key(0), std: 1 }),
      "randomNoise: expected float32 or float64, got bool.",
    ],
  ])("misuse is told: %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
