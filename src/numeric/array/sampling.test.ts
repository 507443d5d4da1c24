import { describe, expect, test } from "vitest";
import { grad, hessian, reshape, tensor, vmap, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, type Line, on } from "../../../test/support/op-table.ts";
import { extent } from "../../../test/support/extent.ts";
import * as sampling from "./sampling.ts";

const { gridSample, mapCoordinates } = sampling;
const numbers = (n: number, from = 1): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(3 * i + from));
const modes = ["constant", "gridConstant", "nearest", "mirror", "reflect", "wrap", "gridWrap"] as const;
/** The operations are composed of primitives whose tests check both modes, so that one mode suffices between soaks. */
const isQuick = extent(1, 0) === 1;
const oneMode = isQuick ? ({ modes: ["reverse"], order: 1 } as const) : {};
/** The programs of derivatives of higher order are long. */
const first = { order: 1 } as const;
const more = (...lines: Line[]): Line[] => (isQuick ? [] : lines);

const line = { ins: [f64(numbers(5)), f64([0.3, 1.6, 3.9, -0.7], [1, 4])] };
const plane = { ins: [f32(numbers(12), [3, 4]), f32([0.3, 1.6, 1.4, 2.3], [2, 2])] };
const picture = f64(numbers(12), [1, 1, 3, 4]);
const grid = f64([-0.31, 0.47, 0.83, -1.37, 1.22, 0.11], [1, 1, 3, 2]);
const large = { ins: [picture, grid] };
const small = { ins: [f32(numbers(8), [1, 2, 2, 2]), f32(numbers(2, 2), [1, 1, 1, 2])] };
const empty = { ins: [f64([], [0, 1, 2, 2]), f64([], [0, 1, 1, 2])] };
const volume = { ins: [f64(numbers(8), [1, 1, 2, 2, 2]), f64([0.31, -0.47, 0.9], [1, 1, 1, 1, 3])] };

describe("samples", () => {
  checkFamily(sampling, {
    mapCoordinates: [
      ...(isQuick ? (["mirror"] as const) : modes).map((mode) =>
        on((x, c) => mapCoordinates(x, c, { mode, value: 0.5 }), [line], oneMode),
      ),
      ...more(
        on((x, c) => mapCoordinates(x, c), [plane, { ins: [i32([1, 2, 3]), f64([0.5], [1, 1])] }]),
        on((x, c) => mapCoordinates(x, c, { order: 0 }), [line, plane]),
        ...(["mirror", "reflect", "gridWrap"] as const).map((mode) =>
          on((x, c) => mapCoordinates(x, c, { order: 3, mode }), [line], first),
        ),
      ),
    ],
    gridSample: [
      on((x, g) => gridSample(x, g, { padding: "border" }), [small], oneMode),
      ...more(
        on((x, g) => gridSample(x, g), [small, volume, empty]),
        on((x, g) => gridSample(x, g, { padding: "border", alignCorners: true }), [large], first),
        on((x, g) => gridSample(x, g, { padding: "reflection" }), [large], first),
        on((x, g) => gridSample(x, g, { mode: "nearest", padding: "border" }), [large], first),
        on((x, g) => gridSample(x, g, { mode: "bicubic" }), [small], first),
      ),
    ],
  });

  test("mapCoordinates reads constant values with a NaN or an infinity beyond the ends only", () => {
    const at = [[0, 2, 2.5, -0.5]];
    expect(mapCoordinates([1, 2, 4], at, { value: NaN }).tolist()).toEqual([1, 4, NaN, NaN]);
    expect(mapCoordinates([1, 2, 4], at, { mode: "gridConstant", value: 8 }).tolist()).toEqual([
      1, 4, 6, 4.5,
    ]);
  });

  test("splines pass through the elements, and reproduce polynomials of their degree inside", () => {
    const places = Array.from({ length: 60 }, (_, i) => i);
    const cubic = places.map((i) => (i - 30) ** 3 / 1000);
    for (const order of [2, 3, 4, 5] as const) {
      const own = mapCoordinates(cubic, [places], { order, mode: "mirror" });
      expect(own.sub(cubic).abs().max().item()).toBeLessThan(1e-12);
    }
    const f = (c: Tensor): Tensor => mapCoordinates(cubic, [c], { order: 3 }).sum();
    const at = tensor([29.3, 31.8]);
    const slope = grad(f)(at).data();
    const bend = hessian(f)(at).data();
    [-0.7, 1.8].forEach((x, i) => {
      expect(slope[i]).toBeCloseTo((3 * x * x) / 1000, 12);
      expect(bend[3 * i]).toBeCloseTo((6 * x) / 1000, 12);
    });
    const single = { dtype: "float32" } as const;
    const at2 = tensor([[0.5, 0], [0, 3]], single); // prettier-ignore
    const short = mapCoordinates(tensor([[2], [5]], single), at2, { order: 3, mode: "nearest" }); // prettier-ignore
    expect(short.dtype).toBe("float32");
    expect(short.sub([3.5, 2]).abs().max().item()).toBeLessThan(1e-5);
  });

  test("coordinates are a list of arrays or one array, and lists may be traced", () => {
    const x = [[1, 2], [3, 5]]; // prettier-ignore
    const slope = grad((i: Tensor) => mapCoordinates(x, [i, tensor([0.5, 0.5])]).sum())([0.25, 0.5]);
    expect(slope.tolist()).toEqual([2.5, 2.5]);
    const each = vmap((c: Tensor) => mapCoordinates(x, c))(
      tensor([
        [[0.5], [1]],
        [[0], [0.5]],
      ]),
    );
    expect(each.tolist()).toEqual([[3.5], [1.5]]);
  });

  test("far coordinates and NaN read within the image", () => {
    const far = [[1e300, -1e300, NaN]];
    expect(mapCoordinates([1, 2], far, { mode: "nearest" }).tolist()).toEqual([2, 1, NaN]);
    expect(gridSample([[[[1]]]], [[[[1e30, 0]]]]).tolist()).toEqual([[[[0]]]]);
  });

  describe("gridSample follows the published rules of PyTorch", () => {
    const image = Array.from({ length: 4 }, (_, i) => numbers(5, i));
    const at = (i: number, j: number): number => image[i]?.[j] ?? 0;
    /** Mirrors a coordinate at both edges, one reflection at a time. */
    const reflected = (c: number, low: number, high: number): number => {
      if (low === high) return low;
      if (c < low) return reflected(2 * low - c, low, high);
      return c > high ? reflected(2 * high - c, low, high) : c;
    };
    const cubic = (d: number): number => {
      const [a, x] = [-0.75, Math.abs(d)];
      if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
      return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
    };
    const evenRound = (c: number): number =>
      Math.abs(c % 1) === 0.5 ? 2 * Math.round(c / 2) : Math.round(c);
    const kernels: Readonly<Record<string, (d: number) => number>> = {
      bilinear: (d) => Math.max(0, 1 - Math.abs(d)),
      bicubic: cubic,
    };
    const points = [[0.13, -0.62], [-1.4, 0.9], [2.7, 1.3], [-1, 1], [0, 0.25], [-3.3, -5.1], [0.2, 0.5]]; // prettier-ignore

    test.each(
      (["bilinear", "nearest", "bicubic"] as const).flatMap((mode) =>
        (["zeros", "border", "reflection"] as const).flatMap((padding) =>
          [false, true].map((alignCorners) => [mode, padding, alignCorners] as const),
        ),
      ),
    )("%s, %s, alignCorners %s", (mode, padding, alignCorners) => {
      const inside = (c: number, n: number): number => {
        if (padding === "zeros") return c;
        const back =
          padding === "border" ? c : alignCorners ? reflected(c, 0, n - 1) : reflected(c, -0.5, n - 0.5);
        return Math.min(Math.max(back, 0), n - 1);
      };
      const coordinate = (g: number, n: number): number =>
        alignCorners ? ((g + 1) / 2) * (n - 1) : ((g + 1) * n - 1) / 2;
      const expected = points.map(([gx, gy]) => {
        const [v, u] = [coordinate(gy!, 4), coordinate(gx!, 5)];
        if (mode === "nearest") return at(evenRound(inside(v, 4)), evenRound(inside(u, 5)));
        const kernel = kernels[mode]!;
        const [y, x] = mode === "bilinear" ? [inside(v, 4), inside(u, 5)] : [v, u];
        let sum = 0;
        for (let i = Math.floor(y) - 1; i <= Math.floor(y) + 2; i++)
          for (let j = Math.floor(x) - 1; j <= Math.floor(x) + 2; j++)
            sum +=
              kernel(y - i) *
              kernel(x - j) *
              (mode === "bicubic" ? at(inside(i, 4), inside(j, 5)) : at(i, j));
        return sum;
      });
      const out = gridSample([[image]], [[points]], { mode, padding, alignCorners }).data();
      expected.forEach((value, i) => expect(out[i], `point ${i}`).toBeCloseTo(value, 13));
    });
  });

  test.each(["bilinear", "bicubic"] as const)("derivatives of %s are slopes", (mode) => {
    const image = tensor(numbers(20), { shape: [1, 1, 4, 5] });
    const f = (g: Tensor): Tensor => gridSample(image, reshape(g, [1, 1, 1, 2]), { mode }).sum();
    const [g, h] = [[0.13, -0.42], 1e-6];
    const along = (a: number, step: number): number => f(tensor(g.with(a, g[a]! + step))).item();
    const slopes = grad(f)(g).data();
    [0, 1].forEach((a) => expect(slopes[a]).toBeCloseTo((along(a, h) - along(a, -h)) / (2 * h), 8));
  });

  test("each item of a batch is sampled at its own grid, and channels stay apart", () => {
    const x = tensor(numbers(2 * 3 * 4 * 5), { shape: [2, 3, 4, 5] });
    const g = tensor(numbers(2 * 2 * 3 * 2, 2), { shape: [2, 2, 3, 2] });
    const together = gridSample(x, g);
    expect(together.shape).toEqual([2, 3, 2, 3]);
    for (const [n, c] of [
      [0, 1],
      [1, 2],
    ] as const) {
      // prettier-ignore
      const alone = gridSample(reshape(x.at(n, c), [1, 1, 4, 5]), reshape(g.at(n), [1, 2, 3, 2]));
      expect(together.at(n, c).tolist()).toEqual(alone.at(0, 0).tolist());
    }
  });

  test.each<[() => unknown, string]>([
    [
      () => mapCoordinates([[1, 2]], [[0.5]]),
      "mapCoordinates: got coordinates of 1 axes for f64[1,2]; give one array per axis.",
    ],
    [
      () => mapCoordinates([1], [[0]], { order: 6 as never }),
      "mapCoordinates: order must be an integer from 0 to 5, got 6.",
    ],
    [() => mapCoordinates([1], [[0]], { mode: "edge" as never }), "mapCoordinates: mode must be "],
    [() => mapCoordinates([], [[0]]), "mapCoordinates: x is f64[0]; it must have an axis and elements."],
    [
      () => gridSample([[[1, 2]]], [[[[0, 0]]]]),
      "gridSample: x is f64[1,1,2] and the grid f64[1,1,1,2]; they must have shapes [items, channels, height, width] and [items, …, …, 2]",
    ],
    [
      () => gridSample(volume.ins[0]!, volume.ins[1]!, { mode: "bicubic" }),
      'gridSample: mode "bicubic" is for images with two spatial axes; x is f64[1,1,2,2,2].',
    ],
    [() => gridSample(picture, grid, { padding: "zero" as never }), 'Did you mean "zeros"?'],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
