import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  lecunNormal,
  lecunUniform,
  orthogonalInit,
  truncatedNormalInit,
  varianceScaling,
  zerosInit,
} from "downhill/nn";
import { matmul, type Tensor } from "downhill";
import { key, normal } from "downhill/random";
import { describe, expect, test } from "vitest";

interface Fans {
  readonly shape: readonly number[];
  readonly [name: string]: number | readonly number[];
}
const { fans } = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/init.json"), "utf8")) as {
  readonly fans: readonly Fans[];
};

/** Converts the shape `[outputs, inputs, …window]` to `[…window, inputs, outputs]`. */
const ours = ([outputs, inputs, ...window]: readonly number[]): number[] => [...window, inputs!, outputs!];

const uniforms: readonly [string, Initialiser, string][] = [
  ["fanInUniform", fanInUniform, "kaiming_uniform_a_sqrt5_bound_fan_in"],
  ["glorotUniform", glorotUniform, "xavier_uniform_bound"],
  ["heUniform", heUniform, "kaiming_uniform_relu_bound_fan_in"],
];
const normals: readonly [string, Initialiser, string][] = [
  ["glorotNormal", glorotNormal, "xavier_normal_std"],
  ["heNormal", heNormal, "kaiming_normal_relu_std_fan_in"],
];

describe.each(uniforms)("%s", (_, init, name) => {
  test.each(fans.map((f) => [f.shape, f[name] as number]))(
    "for %j stays within PyTorch's bound",
    (shape, bound) => {
      // the same numbers of [0, 1) are scaled to the bound, so at equal fans the bound can be read from the values
      const values = [...init(key(1), ours(shape), { dtype: "float64" }).data()];
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      const unit = [...fanInUniform(key(1), ours(shape), { dtype: "float64", fanIn: 1, fanOut: 1 }).data()];
      values.forEach((x, i) => expect(x).toBeCloseTo(unit[i]! * bound, 14));
    },
  );
});

describe.each(normals)("%s", (_, init, name) => {
  test.each(fans.map((f) => [f.shape, f[name] as number]))(
    "for %j has PyTorch's standard deviation",
    (shape, std) => {
      const values = [...init(key(1), ours(shape), { dtype: "float64" }).data()];
      const unit = [...heNormal(key(1), ours(shape), { dtype: "float64", fanIn: 2, fanOut: 1 }).data()];
      values.forEach((x, i) => expect(x).toBeCloseTo(unit[i]! * std, 13));
    },
  );
});

describe("drawn values", () => {
  test.each<[string, Initialiser, number]>([
    ["glorotUniform", glorotUniform, Math.sqrt(2 / 700)],
    ["glorotNormal", glorotNormal, Math.sqrt(2 / 700)],
    ["heUniform", heUniform, Math.sqrt(2 / 300)],
    ["heNormal", heNormal, Math.sqrt(2 / 300)],
    ["fanInUniform", fanInUniform, Math.sqrt(1 / 900)],
    ["lecunUniform", lecunUniform, Math.sqrt(1 / 300)],
    ["lecunNormal", lecunNormal, Math.sqrt(1 / 300)],
    [
      "varianceScaling",
      varianceScaling({ scale: 3, mode: "fanOut", distribution: "uniform" }),
      Math.sqrt(3 / 400),
    ],
    ["varianceScaling", varianceScaling({ distribution: "truncatedNormal" }), Math.sqrt(1 / 300)],
    ["truncatedNormalInit", truncatedNormalInit({ std: 0.02 }), 0.02 * 0.8796256610342398], // SciPy's truncnorm(-2, 2).std()
    ["orthogonalInit", orthogonalInit({ gain: 3 }), 3 / Math.sqrt(400)],
  ])("of %s have mean 0 and their deviation", (_, init, std) => {
    const values = [...init(key(7), [300, 400]).data()];
    const n = values.length;
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan((5 * std) / Math.sqrt(n)); // five standard deviations of a mean
    expect(Math.abs(Math.sqrt(variance) / std - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
  });

  test("are float32 by default, and equal for equal keys", () => {
    expect(glorotUniform(key(1), [2, 3]).dtype).toBe("float32");
    expect(heNormal(key(1), [2, 3], { dtype: "float64" }).dtype).toBe("float64");
    expect(heNormal(key(1), [2, 3]).tolist()).toEqual(heNormal(key(1), [2, 3]).tolist());
    expect(heNormal(key(1), [2, 3]).tolist()).not.toEqual(heNormal(key(2), [2, 3]).tolist());
    expect(zerosInit(key(1), [2]).tolist()).toEqual([0, 0]);
  });

  test("need fans if the shape does not determine them", () => {
    expect(() => heUniform(key(0), [4])).toThrow(
      "heUniform: shape [4] does not determine the numbers of inputs and outputs. Give fanIn and fanOut.",
    );
    expect(heUniform(key(0), [4], { fanIn: 2, fanOut: 4 }).shape).toEqual([4]);
    expect(() => heUniform(key(0), [4, 0])).toThrow("heUniform: 0 in shape [4,0] is not a size.");
    expect(() => heUniform(key(0), [4, 2], { gain: 2 } as never)).toThrow('unknown option "gain"');
  });
});

test("varianceScaling has the other initialisers as special cases, and refuses invalid options", () => {
  const values = (init: Initialiser): unknown => init(key(3), [3, 5]).tolist();
  expect(values(varianceScaling({ scale: 2 }))).toEqual(values(heNormal));
  expect(values(varianceScaling())).toEqual(values(lecunNormal));
  expect(values(varianceScaling({ mode: "average", distribution: "uniform" }))).toEqual(
    values(glorotUniform),
  );
  expect(() => varianceScaling({ scale: 0 })).toThrow(
    "varianceScaling: scale must be a positive number, got 0.",
  );
  expect(() => varianceScaling({ mode: "fan_in" as never })).toThrow("varianceScaling: mode must be");
});

describe("orthogonalInit", () => {
  const f64 = { dtype: "float64" } as const;
  const expectMatrix = (x: Tensor, expected: (i: number, j: number) => number | undefined): void =>
    (x.tolist() as number[][]).forEach((row, i) =>
      row.forEach((value, j) => {
        const wanted = expected(i, j);
        if (wanted !== undefined) expect(value).toBeCloseTo(wanted, 13);
      }),
    );

  test.each([
    [5, 3],
    [3, 3],
    [3, 5],
  ])(
    "of %i inputs and %i outputs is the Q of normal numbers with a positive diagonal of R",
    (inputs, outputs) => {
      const made = orthogonalInit({ gain: 2 })(key(3), [inputs, outputs], f64).mul(0.5);
      const q = inputs >= outputs ? made : made.transpose();
      expectMatrix(matmul(q.transpose(), q), (i, j) => (i === j ? 1 : 0));
      // these two conditions determine Q uniquely
      const r = matmul(q.transpose(), normal(key(3), [...q.shape]));
      expectMatrix(r, (i, j) => (j < i ? 0 : undefined));
      (r.tolist() as number[][]).forEach((row, i) => expect(row[i]).toBeGreaterThan(0));
    },
  );

  test("takes the named axis as outputs, and all other axes as inputs", () => {
    const flat = orthogonalInit()(key(1), [6, 4], f64);
    const last = orthogonalInit()(key(1), [3, 2, 4], f64);
    expect(last.reshape([6, 4]).tolist()).toEqual(flat.tolist());
    const first = orthogonalInit({ outputAxis: 0 })(key(1), [4, 3, 2], f64);
    expect(first.reshape([4, 6]).transpose().tolist()).toEqual(flat.tolist());
  });

  test("refuses invalid shapes, axes and gains", () => {
    expect(() => orthogonalInit()(key(0), [3])).toThrow("orthogonalInit: shape [3] is not a matrix");
    expect(() => orthogonalInit({ outputAxis: 2 })(key(0), [3, 2])).toThrow(
      "orthogonalInit: outputAxis must be an axis of shape [3,2], got 2.",
    );
    expect(() => orthogonalInit({ gain: NaN })).toThrow("orthogonalInit: gain must be a finite number");
    expect(() => orthogonalInit()(key(0), [3, 0])).toThrow("orthogonalInit: 0 in shape [3,0] is not a size.");
  });
});

test("truncatedNormalInit stays within its bounds, by default two standard deviations from the mean", () => {
  const within = (init: Initialiser): [number, number] => {
    const values = [...init(key(2), [4000]).data()];
    return [Math.min(...values), Math.max(...values)];
  };
  const [low, high] = within(truncatedNormalInit({ mean: 5, std: 0.1 }));
  expect(low).toBeGreaterThanOrEqual(Math.fround(4.8));
  expect(low).toBeLessThan(4.81);
  expect(high).toBeLessThanOrEqual(Math.fround(5.2));
  expect(high).toBeGreaterThan(5.19);
  const [least, largest] = within(truncatedNormalInit({ std: 2, low: -1, high: 3 }));
  expect(least).toBeGreaterThanOrEqual(-1);
  expect(least).toBeLessThan(-0.98);
  expect(largest).toBeLessThanOrEqual(3);
  expect(largest).toBeGreaterThan(2.98);
  for (const wrong of [{ std: 0 }, { low: 1, high: 1 }, { mean: NaN }])
    expect(() => truncatedNormalInit(wrong)).toThrow(
      "truncatedNormalInit: std must be positive and low below high, got",
    );
});
