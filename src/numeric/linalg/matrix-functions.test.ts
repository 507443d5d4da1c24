import { afterEach, describe, expect, test } from "vitest";
import { configure, eye, grad, jit, jvp, matmul, sum, tensor, vmap } from "downhill";
import type { Tensor } from "downhill";
import { expm, logm, sqrtm } from "downhill/linalg";
import { extent } from "../../../test/support/extent.ts";
import { generalMatrices, numbersOf } from "../../../test/support/general-matrices.ts";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());
const functions = { sqrtm, logm };
afterEach(() => configure({}));

/** Condition numbers of the results beyond that of the eigenvalues: of matrices that are scaled badly. */
const ill: Readonly<Record<string, number>> = { "badly scaled 6": 1e6, "scaled rows 6": 1e3 };

describe.each(["sqrtm", "logm"] as const)("%s", (name) => {
  const f = functions[name];
  test("has the values of mpmath and SciPy, in both dtypes", () => {
    const step = extent(3, 1);
    let count = 0;
    for (const { name: title, a, ...results } of generalMatrices.filter((_, i) => i % step === 0)) {
      const wanted = results[name];
      if (wanted === null) continue;
      count++;
      const size = Math.max(...wanted.re.map((re, i) => Math.hypot(re, wanted.im[i]!)), Number.MIN_VALUE);
      const errorOf = (dtype: "float64" | "float32"): number => {
        const { re, im } = numbersOf(f(tensor(a, { dtype })));
        return largestDifference([...re, ...im], [...wanted.re, ...wanted.im]) / size;
      };
      expect(errorOf("float64"), title).toBeLessThan(1e-13 * (ill[title] ?? 1));
      if (/huge|tiny|near identity/.test(title) || ill[title] !== undefined) continue; // not numbers of float32
      expect(errorOf("float32"), title).toBeLessThan(5e-5);
    }
    expect(count).toBeGreaterThan(extent(14, 50));
  });

  test("is real without negative eigenvalues, and makes NaN and infinities NaN, by each backend", () => {
    for (const backend of ["js", "wasm"] as const) {
      configure({ backend });
      for (const x of [NaN, Infinity]) {
        const { re, im } = f([[[1, x], [0, 1]], [[2, 1], [-1, 2]]]); // prettier-ignore
        expect([re, im].map((y) => y.at(0).data().every(Number.isNaN))).toEqual([true, true]);
        expect(im.at(1).tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
        expect(re.at(1).data().every(Number.isFinite)).toBe(true);
      }
    }
    expect(f(tensor([], { shape: [2, 0, 0] })).re.shape).toEqual([2, 0, 0]);
    expect(() => f([[1, 2, 3]])).toThrow(new RegExp(`${name}: the matrices of .* must be square`));
  });
});

test("sqrtm and logm invert the square and the exponential, also of large matrices", () => {
  const n = 40;
  const a = tensor(waves(n * n), { shape: [n, n] }).mul(0.05).add(eye(n)); // prettier-ignore
  const { re, im } = sqrtm(a);
  expect(difference(matmul(re, re), a)).toBeLessThan(1e-13);
  expect(im.data().every((x) => x === 0)).toBe(true);
  expect(difference(expm(logm(a).re), a)).toBeLessThan(1e-13);
  const tiny = tensor(waves(9), { shape: [3, 3] }).mul(1e-12);
  // log(I + X) = X − X²/2 + …, of which the matrix I + X has the rounding errors only
  const nearby = eye(3).add(tiny);
  expect(difference(logm(nearby).re, nearby.sub(eye(3)))).toBeLessThan(1e-23);
});

test("singular matrices have the root that exists, and no logarithm", () => {
  expect(sqrtm([[0, 0], [0, 4]]).re.tolist()).toEqual([[0, 0], [0, 2]]); // prettier-ignore
  expect(sqrtm([[0, 0], [0, 0]]).re.tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  const root = sqrtm([[1, 2], [2, 4]]).re; // prettier-ignore
  expect(difference(matmul(root, root), tensor([[1, 2], [2, 4]]))).toBeLessThan(1e-15); // prettier-ignore
  expect(sqrtm([[0, 1], [0, 0]]).re.data().some(Number.isFinite)).toBe(false); // prettier-ignore
  expect(logm([[0, 0], [0, 4]]).re.data().every(Number.isNaN)).toBe(true); // prettier-ignore
});

describe("derivatives of sqrtm and logm", () => {
  const [a, da, weights] = [[4, 1, 0.2, 0.3, 2, 0.5, -0.4, 0.1, 3], waves(9, 2), waves(9, 6)].map((x) =>
    tensor(x, { shape: [3, 3] }),
  ) as [Tensor, Tensor, Tensor];
  const along = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => jvp(f, [x], [da])[1];

  test("are those of the identity X X = A, and of exp log A = A, to third order", () => {
    for (const f of [(x: Tensor) => matmul(sqrtm(x).re, sqrtm(x).re), (x: Tensor) => expm(logm(x).re)]) {
      const first = (x: Tensor): Tensor => along(f, x);
      const second = (x: Tensor): Tensor => along(first, x);
      const zero = da.mul(0);
      expect(difference(first(a), da)).toBeLessThan(1e-13);
      expect(difference(second(a), zero)).toBeLessThan(1e-13);
      const wanted = [weights, zero, zero];
      [f, first, second].slice(0, extent(2, 3)).forEach((g, order) => {
        const slopes = grad((x: Tensor) => sum(g(x).mul(weights)))(a);
        expect(difference(slopes, wanted[order]!)).toBeLessThan(10 ** (order - 13));
      });
    }
  });

  test("agree with differences where the result is complex, in batches and compiled", () => {
    const b = a.sub(tensor([[9, 0, 0], [0, 0, 0], [0, 0, 0]])); // prettier-ignore
    for (const f of [sqrtm, logm]) {
      const g = (x: Tensor): Tensor => {
        const { re, im } = f(x);
        return sum(re.mul(weights)).add(sum(im.mul(da)));
      };
      expect(f(b).im.data().every((x) => x !== 0)).toBe(true); // prettier-ignore
      const step = 1e-5;
      const slope = g(b.add(da.mul(step))).sub(g(b.sub(da.mul(step)))).div(2 * step).item(); // prettier-ignore
      const slopes = grad(g)(b);
      expect(sum(slopes.mul(da)).item()).toBeCloseTo(slope, 8);
      expect(difference(jit(grad(g))(b), slopes)).toBeLessThan(1e-13);
      // the blocks of the second derivative have the negative eigenvalue twice, which must not become a complex pair
      const slopeAlong = (x: Tensor): Tensor => sum(grad(g)(x).mul(da));
      const change = slopeAlong(b.add(weights.mul(step))).sub(slopeAlong(b.sub(weights.mul(step)))).div(2 * step).item(); // prettier-ignore
      expect(sum(grad(slopeAlong)(b).mul(weights)).item()).toBeCloseTo(change, 7);
      const batch = vmap(grad(g))(tensor([...a.data(), ...b.data()], { shape: [2, 3, 3] }));
      expect(difference(batch.at(1), slopes)).toBeLessThan(1e-13);
    }
  });
});
