import { afterEach, describe, expect, test } from "vitest";
import {
  configure,
  exp,
  expandDims,
  eye,
  grad,
  jit,
  jvp,
  matmul,
  sum,
  tensor,
  transpose,
  vmap,
  zeros,
} from "downhill";
import type { Tensor } from "downhill";
import {
  cond,
  eigh,
  eigvalsh,
  expm,
  inv,
  lstsq,
  matrixRank,
  norm,
  pinv,
  qr,
  svd,
  svdvals,
} from "downhill/linalg";
import { extent } from "../../../test/support/extent.ts";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const matrix = (x: readonly number[], n: number, m = n): Tensor => tensor([...x], { shape: [n, m] });
const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());
afterEach(() => configure({}));

describe.each(["js", "wasm"] as const)("orthogonal factorisations of any size by %s", (backend) => {
  const all: readonly (readonly [number, number])[] = [[3, 5], [9, 4], [49, 49], [1, 1], [2, 2], [67, 60]]; // prettier-ignore
  test.each(all.slice(0, extent(3, all.length)))("%i × %i", (m, n) => {
    configure({ backend });
    const a = matrix(waves(m * n), m, n);
    const k = Math.min(m, n);
    const tolerance = 1e-14 * Math.max(m, n);
    const [q, r] = qr(a);
    expect([q.shape, r.shape]).toEqual([
      [m, k],
      [k, n],
    ]);
    expect(difference(matmul(q, r), a)).toBeLessThan(tolerance);
    expect(difference(matmul(transpose(q), q), eye(k))).toBeLessThan(tolerance);
    expect(r.data().every((x, i) => i % n >= Math.floor(i / n) || x === 0)).toBe(true);
    const [u, s, vh] = svd(a);
    expect([u.shape, s.shape, vh.shape]).toEqual([[m, k], [k], [k, n]]);
    expect(difference(matmul(u.mul(s), vh), a)).toBeLessThan(tolerance);
    for (const x of [transpose(u), vh])
      expect(difference(matmul(x, transpose(x)), eye(k))).toBeLessThan(tolerance);
    expect(s.data().every((x, i, all) => x >= 0 && (i === 0 || x <= all[i - 1]!))).toBe(true);
    if (m !== n) return;
    const symmetric = a.add(transpose(a));
    const [w, v] = eigh(symmetric);
    expect(difference(matmul(v.mul(w), transpose(v)), symmetric)).toBeLessThan(2 * tolerance);
    expect(difference(matmul(transpose(v), v), eye(n))).toBeLessThan(tolerance);
    expect(w.data().every((x, i, all) => i === 0 || x >= all[i - 1]!)).toBe(true);
  });
});

test("zeros, repeated values, huge and tiny elements and NaN give the right factors", () => {
  const nilpotent = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]; // prettier-ignore
  expect(svdvals(nilpotent).tolist()).toEqual([1, 1, 1, 0]);
  expect(eigvalsh([[2, 0, 0], [0, 1, 0], [0, 0, 3]]).tolist()).toEqual([1, 2, 3]); // prettier-ignore
  expect(eigvalsh([[1, 99], [0, 1]]).tolist()).toEqual([1, 1]); // prettier-ignore
  for (const scale of [1e200, 1e-200]) {
    const a = tensor([[1, 2], [2, 1]]).mul(scale); // prettier-ignore
    expect(
      eigvalsh(a)
        .div(scale)
        .data()
        .map((x, i) => Math.abs(x - [-1, 3][i]!))
        .every((x) => x < 1e-14),
    ).toBe(true);
    expect(
      svdvals(a)
        .div(scale)
        .data()
        .map((x, i) => Math.abs(x - [3, 1][i]!))
        .every((x) => x < 1e-14),
    ).toBe(true);
    expect(difference(matmul(...qr(a)).div(scale), a.div(scale))).toBeLessThan(1e-15);
  }
  for (const x of [
    ...eigh([
      [Number.NaN, 0],
      [0, 1],
    ]),
    ...svd([
      [Number.NaN, 0],
      [0, 1],
    ]),
  ])
    // prettier-ignore
    expect(x.data().every(Number.isNaN)).toBe(true);
  expect(svdvals([[0, 0], [0, 0]]).tolist()).toEqual([0, 0]); // prettier-ignore
});

describe("at repeated eigenvalues or singular values, derivatives", () => {
  // a matrix with eigenvalues 1, 1, 1, 3 in a generic basis
  const q = qr(matrix(waves(16), 4))[0];
  const repeated = matmul(q.mul([1, 1, 1, 3]), transpose(q));
  const symmetric = repeated.add(transpose(repeated)).div(2);
  const weights = matrix(waves(16, 3), 4);
  const ofEigen = (x: Tensor): Tensor => {
    const [w, v] = eigh(x);
    return sum(matmul(v.mul(exp(w)), transpose(v)).mul(weights));
  };
  test.each([
    ["as it is", symmetric],
    ["the identity", eye(4)],
    [
      "diagonal",
      tensor([
        [2, 0, 0, 0],
        [0, 2, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ]),
    ],
  ])("of V exp(w) Vᵀ are those of expm: %s", (_, a) => {
    const expected = grad((x: Tensor) => sum(expm(x).mul(weights)))(a);
    const symmetrised = expected.add(transpose(expected)).div(2);
    expect(difference(grad(ofEigen)(a), symmetrised)).toBeLessThan(2e-6);
    expect(difference(jit(grad(ofEigen))(a), symmetrised)).toBeLessThan(2e-6);
    const da = weights.add(transpose(weights));
    expect(
      Math.abs(
        jvp(ofEigen, [a], [da])[1]
          .sub(sum(symmetrised.mul(da)))
          .item(),
      ),
    ).toBeLessThan(2e-5);
  });
  test("of the polar factor are right", () => {
    const polar = (x: Tensor): Tensor => {
      const [u, , vh] = svd(x);
      return sum(matmul(u, vh).mul(weights));
    };
    // dW = U (Uᵀ dA V − its transpose) Vᵀ / 2s at s times an orthogonal matrix
    const scaled = q.mul(2);
    const turned = matmul(transpose(q), weights);
    const expected = matmul(q, turned.sub(transpose(turned))).div(4);
    expect(difference(grad(polar)(scaled), expected)).toBeLessThan(2e-6);
  });
  /** Repeated directional derivatives of functions of a matrix, and the gradient of the last. */
  const along = (directions: readonly Tensor[], f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
    directions.reduce((inner: (x: Tensor) => Tensor, dx) => (x) => jvp(inner, [x], [dx])[1], f);
  const halves = (x: Tensor): Tensor => x.add(transpose(x)).div(2);
  const [da, db] = [5, 7].map((seed) => halves(matrix(waves(16, seed), 4))) as [Tensor, Tensor];
  test("of second order, which were noise, have four right digits, of third order three, in each nesting", () => {
    const exact = (x: Tensor): Tensor => sum(expm(halves(x)).mul(weights));
    for (const a of [
      symmetric,
      eye(4),
      tensor([
        [2, 0, 0, 0],
        [0, 2 + 1e-7, 0, 0],
        [0, 0, 1, 1e-9],
        [0, 0, 1e-9, 1],
      ]),
    ]) {
      // prettier-ignore
      const second = grad(along([da], exact))(a);
      const largest = Math.max(...second.data().map(Math.abs));
      for (const f of [
        grad(along([da], ofEigen)),
        jit(grad(along([da], ofEigen))),
        grad((x: Tensor) => sum(grad(ofEigen)(x).mul(da))),
        (x: Tensor) => vmap(grad(along([da], ofEigen)))(expandDims(x, 0)).at(0),
      ])
        expect(difference(f(a), second)).toBeLessThan(5e-5 * largest);
      const third = grad(along([da, db], exact))(a);
      const most = Math.max(...third.data().map(Math.abs));
      expect(difference(grad(along([da, db], ofEigen))(a), third)).toBeLessThan(2e-3 * most);
    }
  });
  test("of sums over the values alone have all digits in first order, and eight in second order", () => {
    const f = (x: Tensor): Tensor => sum(exp(eigvalsh(x)));
    const exact = (x: Tensor): Tensor => sum(expm(halves(x)).mul(eye(4)));
    for (const a of [symmetric, eye(4)]) {
      expect(difference(grad(f)(a), halves(grad(exact)(a)))).toBeLessThan(1e-13);
      expect(difference(grad(along([da], f))(a), grad(along([da], exact))(a))).toBeLessThan(1e-6);
    }
    const squares = (x: Tensor): Tensor => sum(svdvals(x).pow(2)); // Σ aᵢⱼ²
    expect(difference(grad(along([da], squares))(eye(4)), da.mul(2))).toBeLessThan(1e-6);
  });
  test("of second order of the polar factor are those of Newton's iteration", () => {
    const polar = (x: Tensor): Tensor => {
      const [u, , vh] = svd(x);
      return sum(matmul(u, vh).mul(weights));
    };
    const newton = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 8; i++) y = y.add(transpose(inv(y))).div(2);
      return sum(y.mul(weights));
    };
    const dx = matrix(waves(16, 11), 4);
    const expected = grad(along([dx], newton))(q.mul(2));
    expect(difference(grad(along([dx], polar))(q.mul(2)), expected)).toBeLessThan(1e-4);
  });
  test("of the vectors are finite", () => {
    for (const f of [(x: Tensor) => sum(eigh(x)[1]), (x: Tensor) => sum(svd(x)[0])])
      expect(grad(f)(eye(3)).data().every(Number.isFinite)).toBe(true);
  });
});

describe("of zero matrices and matrices of low rank", () => {
  const fromSvd = (x: Tensor): Tensor => {
    const [u, s, vh] = svd(x);
    return matmul(u.mul(expandDims(s, -2)), vh);
  };
  const fromEigh = (x: Tensor): Tensor => {
    const [w, v] = eigh(x);
    return matmul(v.mul(w), transpose(v));
  };
  const ofExponentials = (x: Tensor): Tensor => {
    const [w, v] = eigh(x);
    return matmul(v.mul(exp(w)), transpose(v));
  };
  const halves = (x: Tensor): Tensor => x.add(transpose(x)).div(2);
  const turned = qr(matrix(waves(9, 4), 3))[0];
  type Named = readonly [name: string, a: Tensor];
  const square: readonly Named[] = [
    ["zeros 2 × 2", zeros([2, 2])],
    ["diag(1, 0, 0)", matrix([1, 0, 0, 0, 0, 0, 0, 0, 0], 3)],
    ["zeros 4 × 4", zeros([4, 4])],
    ["rank 1, turned", matmul(turned.mul([1, 0, 0]), transpose(turned))],
  ];
  const all: readonly Named[] = [
    ["zeros 3 × 2", zeros([3, 2])],
    ["rank 1 of different bases", matmul(turned.mul([0, 2, 0]), qr(matrix(waves(9, 8), 3))[0])],
    ["zeros 2 × 3", zeros([2, 3])],
    ...square,
    ["diagonal of rank 1, 3 × 2", matrix([1, 0, 0, 0, 0, 0], 3, 2)],
    ["rank 1, 2 × 3", matrix([2, -1, 3, 4, -2, 6], 2, 3)],
  ];
  /** Relative errors promised in docs/linear-algebra.md, by the order of the derivative. */
  const errors = { float64: [5e-8, 2e-5], float32: [1e-3, 2e-2] } as const;

  describe.each(["float64", "float32"] as const)("in %s", (dtype) => {
    const [first, second] = errors[dtype];
    const some = (matrices: readonly Named[], quick: number): readonly Named[] =>
      matrices.slice(0, extent(dtype === "float64" ? quick : 1, matrices.length));
    const like = (a: Tensor, seed: number): Tensor =>
      tensor(waves(a.data().length, seed), { shape: [...a.shape], dtype });
    const expectClose = (x: Tensor, y: Tensor, error: number): void =>
      expect(difference(x, y)).toBeLessThan(error * Math.max(...y.data().map(Math.abs)));
    /** Checks derivatives of f with derivative `linear`: the sum of C ∘ f and, for second order, of C ∘ f ∘ f. */
    const check = (f: (x: Tensor) => Tensor, a: Tensor, linear: (x: Tensor) => Tensor): void => {
      const [c, da] = [like(a, 3), like(a, 5)];
      const sumOf = grad((x: Tensor) => sum(f(x).mul(c)));
      const squares = (x: Tensor): Tensor => sum(f(x).mul(f(x)).mul(c));
      expectClose(sumOf(a), linear(c), first);
      expectClose(jit(sumOf)(a), linear(c), first);
      expectClose(jvp(f, [a], [da])[1], linear(da), first);
      const product = linear(c.mul(linear(da)).mul(2));
      expectClose(jvp(grad(squares), [a], [da])[1], product, second);
      expectClose(grad((x: Tensor) => sum(grad(squares)(x).mul(da)))(a), product, second);
    };
    test.each(some(all, 5))("U S Vᵀ has the derivatives of the matrix itself: %s", (_, a) => {
      check(fromSvd, a.astype(dtype), (x) => x);
    });
    test.each(some(square, 2))(
      "V diag(w) Vᵀ has those of its symmetric part, V exp(w) Vᵀ those of expm: %s",
      (_, a) => {
        const x = a.astype(dtype);
        check(fromEigh, x, halves);
        const c = like(x, 3);
        const byExpm = grad((y: Tensor) => sum(expm(halves(y)).mul(c)));
        const bound = a.shape[0]! / 2; // n equal values are spread over n − 1 distances
        expectClose(grad((y: Tensor) => sum(ofExponentials(y).mul(c)))(x), byExpm(x), bound * first);
        const slope = (of: (y: Tensor) => Tensor): Tensor =>
          grad((y: Tensor) => sum(of(y).mul(like(x, 5))))(x);
        expectClose(slope(grad((y: Tensor) => sum(ofExponentials(y).mul(c)))), slope(byExpm), bound * second);
      },
    );
    test("each matrix of a batch has its own scale", () => {
      const batch = tensor([[[0, 0], [0, 0]], [[3, 1], [1, 2]], [[1, 0], [0, 0]]], { dtype }); // prettier-ignore
      const c = like(batch, 3);
      expectClose(grad((x: Tensor) => sum(fromSvd(x).mul(c)))(batch), c, first);
      expectClose(vmap(grad((x: Tensor) => sum(fromSvd(x).mul(c.at(0)))))(batch).at(0), c.at(0), first);
    });
  });
  test("the example of C = [[1, 2], [3, 4]] at 0", () => {
    const c = [[1, 2], [3, 4]]; // prettier-ignore
    expect(difference(grad((x: Tensor) => sum(fromSvd(x).mul(c)))([[0, 0], [0, 0]]), tensor(c))).toBeLessThan(5e-8); // prettier-ignore
    expect(difference(grad((x: Tensor) => sum(fromEigh(x).mul(c)))([[0, 0], [0, 0]]), tensor([[1, 2.5], [2.5, 4]]))).toBeLessThan(5e-8); // prettier-ignore
  });
});

describe("pinv and lstsq", () => {
  test("of a low-rank matrix have gradients that agree with differences within that rank", () => {
    const [l, r] = [matrix(waves(10), 5, 2), matrix(waves(8, 2), 2, 4)];
    const f = (x: Tensor): Tensor => sum(pinv(matmul(x, r)).mul(matrix(waves(20, 4), 4, 5)));
    const dl = matrix(waves(10, 7), 5, 2);
    const step = 1e-6;
    const slope = f(l.add(dl.mul(step)))
      .sub(f(l.sub(dl.mul(step))))
      .div(2 * step)
      .item();
    expect(sum(grad(f)(l).mul(dl)).item()).toBeCloseTo(slope, 6);
    const a = matmul(l, r);
    expect(matrixRank(a).item()).toBe(2);
    expect(difference(matmul(a, matmul(pinv(a), a)), a)).toBeLessThan(1e-13);
  });
  test("solve systems with too many equations, too few, or several right-hand sides", () => {
    const a = matrix(waves(12), 4, 3);
    const b = matrix(waves(8, 2), 4, 2);
    const [x, residuals, rank, s] = lstsq(a, b);
    expect(difference(matmul(transpose(a), matmul(a, x)), matmul(transpose(a), b))).toBeLessThan(1e-13);
    const rest = matmul(a, x).sub(b);
    expect(difference(residuals, sum(rest.mul(rest), { axis: 0 }))).toBeLessThan(1e-14);
    expect([rank.item(), s.shape]).toEqual([3, [3]]);
    const [y] = lstsq(transpose(a), [1, 2, 3]);
    expect(difference(matmul(transpose(a), y), tensor([1, 2, 3]))).toBeLessThan(1e-13);
    expect(difference(vmap((side: Tensor) => lstsq(a, side)[0])(transpose(b)), transpose(x))).toBeLessThan(
      1e-13,
    );
  });
});

test("the condition number of singular matrices is infinite, by every norm", () => {
  const matrices = [[[0, 0], [0, 0]], [[1, 2], [2, 4]], [[2, 0], [0, 1]]]; // prettier-ignore
  for (const ord of [1, Infinity, "fro", "nuc"] as const)
    expect(cond(matrices, { ord }).tolist()).toEqual([Infinity, Infinity, expect.closeTo(ord === "fro" ? 2.5 : ord === "nuc" ? 4.5 : 2, 12)]); // prettier-ignore
  expect(cond(matrices[0]!).item()).toBe(Infinity);
  expect(cond(matrices[0]!, { ord: -2 }).item()).toBe(Infinity);
  expect(cond([[0, 0], [0, 3]]).item()).toBe(Infinity); // prettier-ignore
  expect(jit((x: Tensor) => cond(x, { ord: 1 }))(matrices).tolist()).toEqual([Infinity, Infinity, 2]);
  expect(grad((x: Tensor) => cond(x, { ord: 1 }).at(2))(matrices).at(0).tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
});

test("norms and condition numbers agree with NumPy", () => {
  const a = [[1, -2], [3, 4]]; // prettier-ignore
  const orders = [undefined, "fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const;
  const values = orders.map((ord) => norm(a, ord === undefined ? {} : { ord }).item());
  const expected = [
    Math.sqrt(30),
    Math.sqrt(30),
    Math.sqrt(50),
    6,
    4,
    5.116672736016927,
    1.954395075848548,
    7,
    3,
  ];
  expect(largestDifference(values, expected)).toBeLessThan(1e-14);
  const vector = [3, -4, 0];
  expect([0, 1, 2, Infinity, -Infinity].map((ord) => norm(vector, { ord }).item())).toEqual([2, 7, 5, 4, 0]);
  expect(norm(vector, { ord: 3 }).item()).toBeCloseTo(91 ** (1 / 3), 14);
  expect(norm([1e200, 1e200], { ord: 3 }).item()).toBeCloseTo(2 ** (1 / 3) * 1e200, -186);
  expect(grad((x: Tensor) => norm(x, { ord: 3 }))([0, 0]).tolist()).toEqual([0, 0]);
  expect(norm([a, a], { ord: "nuc", axis: [1, 2], keepdims: true }).shape).toEqual([2, 1, 1]);
  expect(norm([a, a], { ord: 1, axis: [2, 1] }).tolist()).toEqual([7, 7]);
  expect(() => norm(a, { ord: 3 })).toThrow(/ord of matrices/);
  expect(() => norm([a], { ord: 1 })).toThrow(/one or two axes/);
  expect(cond(a).item()).toBeCloseTo(2.618033988749895, 13);
  expect(cond(a, { ord: 1 }).item()).toBeCloseTo(4.2, 13);
});
