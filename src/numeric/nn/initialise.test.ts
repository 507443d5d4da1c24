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
  varianceScaling,
  zerosInit,
} from "downhill/nn";
import { key } from "downhill/random";
import { describe, expect, test } from "vitest";

interface Fans {
  readonly shape: readonly number[];
  readonly [name: string]: number | readonly number[];
}
const { fans } = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/init.json"), "utf8")) as {
  readonly fans: readonly Fans[];
};

/** `[outputs, inputs, …window]` as `[…window, inputs, outputs]`. */
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
      // the same numbers of [0, 1) are stretched to the bound: at equal fans it can be read off the values
      const values = [...init(key(1), ours(shape), { dtype: "float64" }).data()];
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      const unit = [...fanInUniform(key(1), ours(shape), { dtype: "float64", fanIn: 1, fanOut: 1 }).data()];
      values.forEach((x, i) => expect(x).toBeCloseTo(unit[i]! * bound, 14));
    },
  );
});

describe.each(normals)("%s", (_, init, name) => {
  test.each(fans.map((f) => [f.shape, f[name] as number]))("for %j has PyTorch's deviation", (shape, std) => {
    const values = [...init(key(1), ours(shape), { dtype: "float64" }).data()];
    const unit = [...heNormal(key(1), ours(shape), { dtype: "float64", fanIn: 2, fanOut: 1 }).data()];
    values.forEach((x, i) => expect(x).toBeCloseTo(unit[i]! * std, 13));
  });
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
  ])("of %s have mean 0 and their deviation", (_, init, std) => {
    const values = [...init(key(7), [300, 400]).data()];
    const n = values.length;
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan((5 * std) / Math.sqrt(n)); // five deviations of a mean
    expect(Math.abs(Math.sqrt(variance) / std - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
  });

  test("are float32 unless asked otherwise, and the same for the same key", () => {
    expect(glorotUniform(key(1), [2, 3]).dtype).toBe("float32");
    expect(heNormal(key(1), [2, 3], { dtype: "float64" }).dtype).toBe("float64");
    expect(heNormal(key(1), [2, 3]).tolist()).toEqual(heNormal(key(1), [2, 3]).tolist());
    expect(heNormal(key(1), [2, 3]).tolist()).not.toEqual(heNormal(key(2), [2, 3]).tolist());
    expect(zerosInit(key(1), [2]).tolist()).toEqual([0, 0]);
  });

  test("need fans where the shape does not tell them", () => {
    expect(() => heUniform(key(0), [4])).toThrow(
      "heUniform: shape [4] does not tell how many inputs and outputs there are. Give fanIn and fanOut.",
    );
    expect(heUniform(key(0), [4], { fanIn: 2, fanOut: 4 }).shape).toEqual([4]);
    expect(() => heUniform(key(0), [4, 0])).toThrow("heUniform: 0 in shape [4,0] is not a size.");
    expect(() => heUniform(key(0), [4, 2], { gain: 2 } as never)).toThrow('unknown option "gain"');
  });
});

test("varianceScaling has the others as cases, and refuses what is none", () => {
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
