import { describe, expect, test } from "vitest";
import { grad, sqrt, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as t from "./statistics.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 5) % n) / 2 - 1.2); // no two are close
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const single = { ins: [f32(numbers(6), [2, 3])] };
const ints = { ins: [i32([3, -1, 2, 5, 0, 4], [2, 3])] };
const holes = { ins: [f64([1, NaN, 2, 4, 0.5, NaN], [2, 3])], differentiable: false };
const samples = [matrix, single, ints];
const withHoles = [...samples, holes];

describe("statistics", () => {
  checkFamily(t, {
    nansum: [on((x) => t.nansum(x, { axis: 0 }), withHoles)],
    nanprod: [on((x) => t.nanprod(x, { axis: 1 }), withHoles)],
    nanmean: [on((x) => t.nanmean(x, { axis: 0 }), withHoles)],
    nanstd: [on((x) => t.nanstd(x), withHoles)],
    nanvar: [on((x) => t.nanvar(x, { axis: 1, ddof: 1 }), withHoles)],
    nanmax: [on((x) => t.nanmax(x, { axis: 1 }), withHoles)],
    nanmin: [on((x) => t.nanmin(x), withHoles)],
    nanargmax: [on((x) => t.nanargmax(x, { axis: 1 }), withHoles)],
    nanargmin: [on((x) => t.nanargmin(x), withHoles)],
    ptp: [on((x) => t.ptp(x, { axis: 0 }), samples)],
    countNonzero: [on((x) => t.countNonzero(x, { axis: 0 }), samples)],
    average: [
      on((x, weights) => t.average(x, { weights }), [{ ins: [f64(numbers(4)), f64([1, 2, 3, 0.5])] }]),
      on((x, weights) => t.average(x, { axis: 1, weights }), [{ ins: [f64(numbers(6), [2, 3]), f64([1, 2, 3])] }]), // prettier-ignore
    ],
    quantile: [
      on((x) => t.quantile(x, [0.2, 0.7], { axis: 1 }), samples),
      on((x, q) => t.quantile(x, q), [{ ins: [f64([3, -1, 2.5, 0.5, 7]), 0.4] }]),
    ],
    percentile: [on((x) => t.percentile(x, 30, { axis: 0, method: "midpoint" }), samples)],
    nanquantile: [on((x) => t.nanquantile(x, 0.3, { axis: 0 }), withHoles)],
    nanpercentile: [on((x) => t.nanpercentile(x, 30, { keepdims: true }), withHoles)],
    median: [on((x) => t.median(x, { axis: 1 }), samples), on((x) => t.median(x), [matrix])],
    nanmedian: [on((x) => t.nanmedian(x, { axis: 0 }), withHoles)],
    cov: [on((x) => t.cov(x), [matrix, single]), on((x, y) => t.cov(x, { y }), [{ ins: [f64([1, 2, 4]), f64([0, 2, 1])] }])], // prettier-ignore
    rankdata: [
      on((x) => t.rankdata(x, { axis: 1 }), [matrix, ints]),
      on((x) => t.rankdata(x, { method: "dense" }), [holes], { modes: [] }),
    ],
    pearsonr: [on((x, y) => [...t.pearsonr(x, y)], [{ ins: [f64([1, 2, 4, 3]), f64([0, 2, 1, 5])] }, { ins: [f32([1, 2, 4]), f32([0, 2, 1])] }])], // prettier-ignore
    corrcoef: [on((x) => t.corrcoef(x), [matrix, single])],
  });

  test("excluded elements and elements away from the quantile have derivative 0", () => {
    expect(grad((x: Tensor) => t.nansum(sqrt(x)))([-1, 4]).tolist()).toEqual([0, 0.25]);
    expect(grad((x: Tensor) => t.nanmean(sqrt(x)))([-1, 4]).tolist()).toEqual([0, 0.25]);
    expect(grad((x: Tensor) => t.median(sqrt(x)))([0, 4, 9]).tolist()).toEqual([0, 0.25, 0]);
    expect(grad((x: Tensor) => t.median(x))([1, 3, 5, 7]).tolist()).toEqual([0, 0.5, 0.5, 0]);
  });

  test("quantiles of infinities are infinite, and those of equal numbers are exact", () => {
    expect(t.median([Infinity, Infinity]).item()).toBe(Infinity);
    expect(t.quantile([-Infinity, 1], 0.5).item()).toBe(-Infinity);
    expect(t.quantile([0.1, 0.1, 0.1], 0.3).item()).toBe(0.1);
  });

  test("operands that do not fit are refused", () => {
    expect(() => t.quantile([1, 2], 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: quantile: q must be between 0 and 1, got 1.5.]`,
    );
    expect(() => t.percentile([1, 2], [50, 101])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: percentile: q must be between 0 and 100, got 101.]`,
    );
    expect(() => t.median([])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: median: f64[0] has no elements along axes [0].]`,
    );
    expect(() => t.quantile([1], 0.5, { method: "linaer" as never })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: quantile: method must be "linear" or "lower" or "higher" or "midpoint" or "nearest", got "linaer". Did you mean "linear"?]`,
    );
    expect(() => t.average([1, 2], { weights: [1, 2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: average: weights are f64[3]; for f64[2] they must have its shape, or be a vector for one axis.]`,
    );
    expect(() => t.cov(f64(numbers(8), [2, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: cov: needs a vector or a matrix of variables and observations, got f64[2,2,2].]`,
    );
  });

  test("ranks agree with SciPy for every method, along axes and around NaN", () => {
    const x = [3, 1, 3, 2, 1, 3];
    const ranks = (method: NonNullable<t.RankdataOptions["method"]>): unknown =>
      t.rankdata(x, { method }).tolist();
    expect(ranks("average")).toEqual([5, 1.5, 5, 3, 1.5, 5]);
    expect(ranks("min")).toEqual([4, 1, 4, 3, 1, 4]);
    expect(ranks("max")).toEqual([6, 2, 6, 3, 2, 6]);
    expect(ranks("dense")).toEqual([3, 1, 3, 2, 1, 3]);
    expect(ranks("ordinal")).toEqual([4, 1, 5, 3, 2, 6]);
    const rows = [[[2, 1], [2, 3]], [[0, 1], [5, NaN]]]; // prettier-ignore
    expect(t.rankdata(rows, { axis: 1 }).tolist()).toEqual([[[1.5, 1], [1.5, 2]], [[1, NaN], [2, NaN]]]); // prettier-ignore
    expect(t.rankdata([], { method: "dense" }).tolist()).toEqual([]);
    expect(grad((y: Tensor) => t.rankdata(y).mul(y).sum())([2, 1]).tolist()).toEqual([2, 1]);
  });

  test("pearsonr agrees with SciPy, also at the ends", () => {
    const [r, probability] = t.pearsonr([1, 2, 3, 4, 5, 6.5], [10, 9, 2.5, 6, 4, 7]);
    expect(r.item()).toBeCloseTo(-0.4490465601843406, 13);
    expect(probability.item()).toBeCloseTo(0.371703665553172, 13);
    expect(t.pearsonr([1, 2, 3], [2, 4, 6]).map((y) => y.item())).toEqual([
      expect.closeTo(1, 15),
      expect.closeTo(0, 7),
    ]);
    expect(t.pearsonr([1, 2], [3, 1]).map((y) => y.item())).toEqual([expect.closeTo(-1, 15), 1]);
    expect(t.pearsonr([1, 1, 1], [2, 4, 6])[0].item()).toBeNaN();
    expect(() => t.pearsonr([1, 2], [1])).toThrow(/two vectors of the same length/);
  });
});
