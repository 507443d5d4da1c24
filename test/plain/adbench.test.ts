// ADBench's objectives as plain functions, exact to 1e-11 in ADBench's own measure.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents } from "../../src/engine/region/derive/gradient.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { tangent } from "../../src/engine/region/derive/tangent.ts";
import { callRegion } from "../../src/engine/runtime/regions.ts";
import type { PlainForm } from "../../src/numeric/plain/form/form.ts";
import type { RegionValue } from "../support/evaluate-region.ts";
import { formOfText, regionArguments } from "../support/plain-region.ts";
import { mapValue, numbersOf, realParams } from "../support/region-derivatives.ts";
import * as objectives from "./adbench.ts";

const text = readFileSync(new URL("adbench.ts", import.meta.url), "utf8");
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../testdata/adbench/${name}.json`, import.meta.url), "utf8"));

const handFile = new URL("../../bench/rows/adbench-by-hand.mjs", import.meta.url).href;

/** ADBench's measure. */
const off = (x: number, y: number): number => Math.abs(x - y) / Math.max(1, Math.abs(x) + Math.abs(y));

function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  expect(Math.max(0, ...got.map((x, i) => off(x, want[i]!)))).toBeLessThan(1e-11);
}

/** A compiled region, its differentiated parameters, and its region for values and cotangents. */
interface Compiled {
  readonly form: PlainForm;
  readonly isActive: readonly boolean[];
  readonly gradient: Region;
}

const compiled = new Map<string, Compiled>();

/** A function with arguments, differentiated with respect to the arguments at the indices `wrt`. */
function subject(
  name: keyof typeof objectives,
  args: readonly unknown[],
  wrt: readonly number[],
): Compiled & { readonly values: RegionValue[] } {
  const known = compiled.get(name);
  const form = known?.form ?? formOfText(text, name);
  const { values, owners } = regionArguments(form, args);
  if (known !== undefined) return { ...known, values };
  const isActive = realParams(form.region).map((isReal, i) => isReal && wrt.includes(owners[i]!));
  const made = { form, isActive, gradient: cotangents(form.region, isActive, scalarFunctions) };
  compiled.set(name, made);
  return { ...made, values };
}

/** Values and cotangents of the arguments `wrt`, as the runtime computes them. */
function pulled(
  name: keyof typeof objectives,
  args: readonly unknown[],
  wrt: readonly number[],
  cts: readonly RegionValue[],
): { readonly values: number[]; readonly gradient: number[] } {
  const { form, gradient, values } = subject(name, args, wrt);
  const results = callRegion(gradient, [...values, ...cts]);
  const n = form.region.results.length;
  const numbers = (part: readonly RegionValue[]): number[] => part.flatMap(numbersOf);
  return { values: numbers(results.slice(0, n)), gradient: numbers(results.slice(n)) };
}

/** Splits a list into rows of `n` numbers. */
const rowsOf = (list: readonly number[], n: number): number[][] =>
  Array.from({ length: list.length / n }, (_, i) => list.slice(i * n, (i + 1) * n));

interface Mixture {
  readonly d: number;
  readonly k: number;
  readonly gamma: number;
  readonly m: number;
  readonly alphas: number[];
  readonly means: number[];
  readonly icf: number[];
  readonly x: number[];
  readonly expected: { readonly value: number; readonly gradient: number[]; readonly hvp?: number[] };
}

/** log Γ(twice / 2). */
function logGammaOfHalf(twice: number): number {
  if (twice === 1) return 0.5 * Math.log(Math.PI);
  return twice === 2 ? 0 : Math.log(twice / 2 - 1) + logGammaOfHalf(twice - 2);
}

function mixtureArguments({
  d,
  gamma,
  m,
  alphas,
  means,
  icf,
  x,
}: Mixture): Parameters<typeof objectives.gmm> {
  const n = d + m + 1;
  // oxlint-disable-next-line oxc/approx-constant
  let logGamma = 0.25 * d * (d - 1) * Math.log(3.14159265359);
  for (let j = 1; j <= d; j++) logGamma += logGammaOfHalf(n + 1 - j);
  const constant = n * d * (Math.log(gamma) - 0.5 * Math.LN2) - logGamma;
  const components = { alphas, means: rowsOf(means, d), icf: rowsOf(icf, (d * (d + 1)) / 2) };
  return [components, rowsOf(x, d), { gamma, m, constant }];
}

describe("ADBench in plain functions", () => {
  test.each(["gmm-test_d2_K3_n1", "gmm-extra_wishart_d3_K4_n20", "gmm-1k_d2_K5"])("%s", (name) => {
    const data = read(name) as Mixture;
    const args = mixtureArguments(data);
    expectClose([objectives.gmm(...args)], [data.expected.value]);
    const { values, gradient } = pulled("gmm", args, [0], [1]);
    expectClose(values, [data.expected.value]);
    expectClose(gradient, data.expected.gradient);
  });

  test("the Hessian of the mixture times a vector", () => {
    const data = read("gmm-extra_wishart_d3_K4_n20") as Mixture;
    const { gradient, values, isActive } = subject("gmm", mixtureArguments(data), [0]);
    const second = tangent(gradient, [...isActive, false], scalarFunctions, { primal: false });
    let next = 0;
    const along = values
      .filter((_, i) => isActive[i])
      .map((value) => mapValue(value, () => (((7 * next++) % 11) - 5) / 10));
    const results = callRegion(second, [...values, 1, ...along]);
    expectClose(
      results.slice(-3).flatMap((value) => numbersOf(value)),
      data.expected.hvp!,
    );
  });

  test("blocks of bundle adjustment", () => {
    const { cam, X, w, feat, expected } = read("ba-test_p10") as {
      readonly cam: number[];
      readonly X: [number, number, number];
      readonly w: number;
      readonly feat: [number, number];
      readonly expected: {
        readonly reproj_err: number[];
        readonly w_err: number;
        readonly J_block: number[][];
        readonly J_w: number;
      };
    };
    for (const row of [0, 1]) {
      const { values, gradient } = pulled("reprojection", [cam, X, w, feat], [0, 1, 2], [1 - row, row]);
      expectClose(values, expected.reproj_err);
      expectClose(gradient, expected.J_block[row]!);
    }
    const weight = pulled("weightError", [w], [0], [1]);
    expectClose([...weight.values, ...weight.gradient], [expected.w_err, expected.J_w]);
  });

  test("blocks of bundle adjustment with one unrotated camera", () => {
    const { cams, X, w, obs, feats, expected } = read("ba-extra_zero_rotation_n2_m5_p12") as {
      readonly cams: number[];
      readonly X: number[];
      readonly w: number[];
      readonly obs: number[];
      readonly feats: number[];
      readonly expected: { readonly reproj_err: number[]; readonly J_blocks: number[] };
    };
    const [cameras, points, features] = [rowsOf(cams, 11), rowsOf(X, 3), rowsOf(feats, 2)];
    const blocks = rowsOf(obs, 2).flatMap(([camera, point], i) =>
      [0, 1].map((row) => {
        const args = [cameras[camera!]!, points[point!]!, w[i]!, features[i]!];
        return pulled("reprojection", args, [0, 1, 2], [1 - row, row]);
      }),
    );
    expectClose(
      blocks.filter((_, i) => i % 2 === 0).flatMap(({ values }) => values),
      expected.reproj_err,
    );
    expectClose(
      blocks.flatMap(({ gradient }) => gradient),
      expected.J_blocks,
    );
  });

  test("half the squared errors of bundle adjustment have the hand-written gradient", async () => {
    const { cams, X, w, obs, feats } = read("ba-extra_zero_rotation_n2_m5_p12") as Readonly<
      Record<"cams" | "X" | "w" | "obs" | "feats", number[]>
    >;
    const args = [
      rowsOf(cams, 11),
      rowsOf(X, 3),
      Float64Array.from(w),
      Int32Array.from(obs),
      Float64Array.from(feats),
    ];
    const { values, gradient } = pulled("bundle", args, [0, 1, 2], [1]);
    const { bundle } = (await import(handFile)) as {
      readonly bundle: (...given: readonly unknown[]) => readonly [value: number, gradient: unknown];
    };
    const [value, byHand] = bundle(...args);
    expectClose(values, [value]);
    expectClose([objectives.bundle(...(args as unknown as Parameters<typeof objectives.bundle>))], [value]);
    // points are triples, whose numbers are not adjacent in the region
    const [cameras, points, weights] = byHand as [number[][], number[][], Float64Array];
    const apart = [0, 1, 2].flatMap((k) => points.map((point) => point[k]!));
    expectClose(gradient, [...cameras.flat(), ...apart, ...weights]);
  });

  test.each([
    ["hand-test_c2", false],
    ["hand-test_complicated_c2", true],
  ])("%s", (name, isComplicated) => {
    const { theta, us, correspondences, points, expected } = read(name) as {
      readonly theta: number[];
      readonly us: number[][];
      readonly correspondences: number[];
      readonly points: number[][];
      readonly expected: { readonly err: number[]; readonly J_rows: number[][] };
    };
    const model = read("hand-model_small") as {
      readonly parents: number[];
      readonly base_relatives: number[][];
      readonly inverse_base_absolutes: number[][];
      readonly base_positions: number[][];
      readonly weights_sparse: [bone: number, weight: number][][];
      readonly triangles: number[][];
    };
    const hand = {
      parents: model.parents,
      relatives: model.base_relatives,
      inverses: model.inverse_base_absolutes,
      vertices: model.base_positions,
      weights: model.weights_sparse.map((list) => {
        const row = model.parents.map(() => 0);
        for (const [bone, weight] of list) row[bone] = weight;
        return row;
      }),
    };
    const corners = correspondences.map((i) => (isComplicated ? model.triangles[i]! : [i, i, i]));
    const args = [theta, isComplicated ? us : points.map(() => [1, 0]), hand, corners, points];
    expected.err.forEach((_, row) => {
      const cts = expected.err.map((__, i) => (i === row ? 1 : 0));
      const { values, gradient } = pulled("handErrors", args, [0, 1], [{ data: cts, dims: [cts.length] }]);
      expectClose(values, expected.err);
      const [byTheta, byPlace] = [gradient.slice(0, 26), rowsOf(gradient.slice(26), 2)];
      const own = byPlace[Math.floor(row / 3)]!;
      expectClose(isComplicated ? [...own, ...byTheta] : byTheta, expected.J_rows[row]!);
    });
  });

  test("the model of characters", () => {
    const { l, b, main_params, extra_params, state, sequence, expected } = read("lstm-extra_l3_c12_b5") as {
      readonly l: number;
      readonly b: number;
      readonly main_params: number[];
      readonly extra_params: number[];
      readonly state: number[];
      readonly sequence: number[];
      readonly expected: { readonly value: number; readonly gradient: number[] };
    };
    expect(state).toHaveLength(2 * l * b);
    const args = [main_params, extra_params, state, sequence].map((list) => rowsOf(list, b));
    const { values, gradient } = pulled("lstm", args, [0, 1], [1]);
    expectClose(values, [expected.value]);
    expectClose(gradient, expected.gradient);
  });
});
