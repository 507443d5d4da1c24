import { afterEach, describe, expect, test } from "vitest";
import { configure, eye, grad, jit, jvp, matmul, sum, tensor, trace, transpose, vmap } from "downhill";
import type { Tensor } from "downhill";
import { eig, eigvals, inv } from "downhill/linalg";
import { distanceOfSets, generalMatrices, numbersOf } from "../../../test/support/general-matrices.ts";
import { extent } from "../../../test/support/extent.ts";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());
const allNaN = (x: Tensor): boolean => x.data().every(Number.isNaN);
afterEach(() => configure({}));

describe.each(["float64", "float32"] as const)("eig in %s", (dtype) => {
  const rounding = dtype === "float64" ? 2 ** -52 : 2 ** -23;
  const step = extent(dtype === "float64" ? 2 : 5, 1);
  const given = generalMatrices.filter(
    ({ name }, i) => i % step === 0 && (dtype === "float64" || !/huge|tiny|scaled/.test(name)),
  );
  test("has the eigenvalues of mpmath and NumPy, up to their condition", () => {
    expect(given.length).toBeGreaterThan(extent(8, 50));
    for (const { name, a, condition, values } of given) {
      const w = numbersOf(eigvals(tensor(a, { dtype })));
      const n = a.length;
      const size = Math.max(...a.flat().map(Math.abs));
      // eigenvalues that lack n − 1 eigenvectors move by the n-th root of a perturbation
      const error = condition === null ? 2 * size * (8 * rounding) ** (1 / n) : 10 * n * rounding * condition;
      expect(distanceOfSets(w, values), name).toBeLessThanOrEqual(error);
      expect(numbersOf(eig(tensor(a, { dtype }))[0]), name).toEqual(w);
      w.im.forEach((im, i) => {
        if (im > 0) expect([w.re[i + 1], w.im[i + 1]], name).toEqual([w.re[i], -im]);
      });
    }
  });
  test("has vectors of length 1 with A V = V diag(w), whose largest component is positive", () => {
    for (const { name, a } of given) {
      const unit = Math.max(...a.flat().map(Math.abs)) || 1;
      const scaled = tensor(a.map((row) => row.map((x) => x / unit)), { dtype }); // prettier-ignore
      const [w, v] = eig(scaled);
      const n = a.length;
      const tolerance = 20 * n * n * rounding;
      const [re, im] = [matmul(scaled, v.re), matmul(scaled, v.im)];
      expect(difference(re, v.re.mul(w.re).sub(v.im.mul(w.im))), name).toBeLessThan(tolerance);
      expect(difference(im, v.re.mul(w.im).add(v.im.mul(w.re))), name).toBeLessThan(tolerance);
      const { re: vr, im: vi } = numbersOf(v);
      for (let j = 0; j < n; j++) {
        const sizes = Array.from({ length: n }, (_, i) => Math.hypot(vr[i * n + j]!, vi[i * n + j]!));
        expect(Math.hypot(...sizes), name).toBeCloseTo(1, dtype === "float64" ? 13 : 5);
        const pivot = sizes.findIndex((x) => x >= Math.max(...sizes) * (1 - 2 ** -11));
        expect(vr[pivot * n + j]! > 0 && vi[pivot * n + j] === 0, name).toBe(true);
      }
    }
  });
});

test("eig isolates the eigenvalues of triangles exactly, and takes empty matrices", () => {
  expect(numbersOf(eigvals([[1, 0, 0], [5, 2, 0], [7, 8, 3]])).re.toSorted((x, y) => x - y)).toEqual([1, 2, 3]); // prettier-ignore
  expect(eigvals([[2, 0], [1, 2]]).re.tolist()).toEqual([2, 2]); // prettier-ignore
  expect(eig(tensor([], { shape: [0, 0] })).map(({ re }) => re.shape)).toEqual([[0], [0, 0]]);
  expect(() => eig([[1, 2, 3]])).toThrow(/eig: the matrices of .* must be square/);
});

test("NaN and infinities make all results of their matrix NaN, by each backend", () => {
  for (const backend of ["js", "wasm"] as const) {
    configure({ backend });
    for (const x of [NaN, Infinity, -Infinity]) {
      const [w, v] = eig([[[1, x], [0, 1]], [[1, 0], [0, 2]]]); // prettier-ignore
      expect([w.re, w.im, v.re, v.im].map((y) => allNaN(y.at(0)))).toEqual([true, true, true, true]);
      expect(numbersOf({ re: w.re.at(1), im: w.im.at(1) })).toEqual({ re: [1, 2], im: [0, 0] });
    }
  }
});

describe("derivatives of eig", () => {
  const a = tensor(waves(16, 3), { shape: [4, 4] });
  const da = tensor(waves(16, 5), { shape: [4, 4] });
  /** Σ Re w³, which is tr A³. */
  const cubes = (x: Tensor): Tensor => {
    const { re, im } = eigvals(x);
    return sum(re.mul(re).mul(re).sub(re.mul(im).mul(im).mul(3)));
  };
  const along = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => jvp(f, [x], [da])[1];

  test("are those of traces of powers, to third order", () => {
    expect(eigvals(a).im.data().some(Boolean)).toBe(true);
    const exact = (x: Tensor): Tensor => trace(matmul(x, matmul(x, x)));
    const fs = [cubes, exact].map((f) => {
      const first = (x: Tensor): Tensor => along(f, x);
      const second = (x: Tensor): Tensor => along(first, x);
      return [f, first, second].slice(0, extent(2, 3)).map((g) => grad(g)(a));
    });
    fs[0]!.forEach((x, i) => expect(difference(x, fs[1]![i]!)).toBeLessThan(1e-9));
    expect(difference(jit(grad(cubes))(a), grad(cubes)(a))).toBeLessThan(1e-12);
    const batch = vmap(grad(cubes))(tensor([...a.data(), ...da.data()], { shape: [2, 4, 4] }));
    expect(difference(batch.at(1), grad(cubes)(da))).toBeLessThan(1e-12);
  });

  test("are those of the returned vectors, also of their length and phase", () => {
    const weights = tensor(waves(16, 9), { shape: [4, 4] });
    const f = (x: Tensor): Tensor => {
      const [, v] = eig(x);
      return sum(v.re.mul(weights)).add(sum(v.im.mul(transpose(weights))));
    };
    const step = 1e-6;
    const slope = f(a.add(da.mul(step)))
      .sub(f(a.sub(da.mul(step))))
      .div(2 * step);
    expect(Math.abs(along(f, a).item() - slope.item())).toBeLessThan(1e-8);
    expect(Math.abs(sum(grad(f)(a).mul(da)).item() - slope.item())).toBeLessThan(1e-8);
  });

  test("exist at repeated eigenvalues with as many eigenvectors", () => {
    const cube = (x: Tensor): Tensor => {
      const [w, v] = eig(x);
      return matmul(v.re.mul(w.re.mul(w.re).mul(w.re)), inv(v.re));
    };
    const y = tensor([[1, 0.2, 0.5], [0.3, -1, 0.2], [0.1, 0.4, 3]]); // prettier-ignore
    const repeated = matmul(matmul(y, tensor([[1, 0, 0], [0, 1, 0], [0, 0, 2]])), inv(y)); // prettier-ignore
    const weights = tensor(waves(9, 4), { shape: [3, 3] });
    for (const x of [repeated, eye(3), eye(3).mul(0)]) {
      const mine = grad((z: Tensor) => sum(cube(z).mul(weights)))(x);
      const exact = grad((z: Tensor) => sum(matmul(z, matmul(z, z)).mul(weights)))(x);
      expect(difference(mine, exact)).toBeLessThan(5e-7);
    }
    // sums over all eigenvalues have all digits
    expect(difference(grad(cubes)(eye(3)), eye(3).mul(3))).toBeLessThan(1e-14);
  });

  test("are NaN where eigenvectors are missing, up to rounding errors, and not elsewhere", () => {
    for (const apart of [0, 1e-17, 1e-9]) {
      const defective = [[2, 1, 0], [0, 2 + apart, 0], [0, 0, 5]]; // prettier-ignore
      expect(allNaN(grad((x: Tensor) => eigvals(x).re.at(0))(defective))).toBe(true);
      expect(grad((x: Tensor) => eigvals(x).re.at(2))(defective).tolist()).toEqual([[0, 0, 0], [0, 0, 0], [0, 0, 1]]); // prettier-ignore
      expect(allNaN(grad((x: Tensor) => sum(eig(x)[1].re))(defective))).toBe(true);
      expect(eigvals(defective).re.tolist()).toEqual([2, 2 + apart, 5]);
    }
    // ill-conditioned, but far from a repeated eigenvalue
    const chain = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => (i === j ? i + 1 : j === i + 1 ? 300 : 0))); // prettier-ignore
    const slope = grad((x: Tensor) => eigvals(x).re.at(0))(chain)
      .at(4, 0)
      .item();
    expect(slope / (300 ** 4 / 24)).toBeCloseTo(1, 12);
  });
});
