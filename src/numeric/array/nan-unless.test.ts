// A NaN result has derivatives that are NaN or those of the formula, but never 0 because of a mask.
import { expect, test } from "vitest";
import * as d from "downhill";
import type { Tensor } from "downhill";
import * as distributions from "downhill/distributions";
import { softmaxCrossEntropy } from "downhill/nn";
import { key, triangular, truncatedNormal } from "downhill/random";
import { nanUnless } from "./nan-unless.ts";

type Case = readonly [name: string, f: (...xs: Tensor[]) => Tensor, ...at: (number | number[])[]];

/** Known labels are refused. */
const traced = d.jit((z: Tensor, label: Tensor) => softmaxCrossEntropy(d.reshape(z, [1, 2]), label));

const cases: readonly Case[] = [
  ["nanUnless", (x) => nanUnless(d.less(x, 0), d.where(d.less(x, 0), x, 1), [x]), 2],
  ["maximum", (x, y) => d.maximum(x, y), NaN, 1],
  ["minimum", (x, y) => d.minimum(x, y), 1, NaN],
  ["heaviside", (x) => d.heaviside(x, 0.5), NaN],
  ["sinc", (x) => d.sinc(x), Infinity],
  ["xlog1py", (x, y) => d.xlog1py(x, y), 2, NaN],
  ["nextafter", (x, y) => d.nextafter(x, y), 1, NaN],
  ["multigammaln", (x) => d.multigammaln(x, 3), 0.5],
  ["nanmax", (x) => d.nanmax(x), [NaN, NaN]],
  ["nanmin", (x) => d.nanmin(x, { axis: 0, keepdims: true }).sum(), [NaN, NaN]],
  ["nanmean", (x) => d.nanmean(x), [NaN, NaN]],
  ["nanstd", (x) => d.nanstd(x), [NaN, NaN]],
  ["nanvar", (x) => d.nanvar(x), [NaN, NaN]],
  ["nanmedian", (x) => d.nanmedian(x), [NaN, NaN]],
  ["quantile", (x, q) => d.quantile(x, q), [1, NaN], 0.5],
  ["softmaxCrossEntropy", (z) => traced(z, d.tensor([7], { dtype: "int32" })), [1, 2]],
  ["truncatedNormal", (low, high) => truncatedNormal(key(0), low, high), 2, 1],
  ["triangular", (a, b, c) => triangular(key(0), a, b, c), 0, 3, 2],
  ["studentT mean", (df, loc) => distributions.studentT({ df, loc, scale: 1 }).mean().add(loc), 0.5, 1],
  ["studentT variance", (df, scale) => distributions.studentT({ df, loc: 0, scale }).variance(), 0.5, 2],
  ["uniform", (low, high) => distributions.uniform({ low, high }).logProb(0.5), NaN, 1],
  ["normal", (loc, scale) => distributions.normal({ loc, scale }).logProb(0.5), 0, -1],
  ["normal mean", (loc, scale) => distributions.normal({ loc, scale }).mean(), 0, -1],
];

test.each(cases.map((row) => [row[0], row] as const))(
  "%s has no derivative of 0 where its value is NaN",
  (_, row) => {
    const [, f, ...at] = row;
    const argnums = at.map((__, i) => i);
    const slopes = d.valueAndGrad(f, { argnums });
    for (const g of [slopes, d.jit(slopes as never) as unknown as typeof slopes]) {
      const [value, gradients] = g(...at);
      expect(value.item()).toBeNaN();
      for (const gradient of gradients) expect([...gradient.data()].some((x) => x === 0)).toBe(false);
    }
  },
);

test("a NaN that a mask does not select affects no derivative", () => {
  const f = (x: Tensor): Tensor => d.where(d.less(x, 0), 0, nanUnless(d.less(0, x), x)).sum();
  expect(d.grad(f)([-1, 2]).tolist()).toEqual([0, 1]);
  expect(d.grad((x: Tensor) => nanUnless(d.less(0, x), x).dtype === "float32" ? x.sum() : x.mul(9).sum())(d.tensor([1], { dtype: "float32" })).tolist()).toEqual([1]); // prettier-ignore
});
