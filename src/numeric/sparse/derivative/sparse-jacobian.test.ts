import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { grad, hessian, jacfwd, jit, tensor } from "downhill";
import { extent, testInSoak } from "../../../../test/support/extent.ts";
import { sparseFunctions } from "../../../../test/support/sparse-functions.ts";
import { randomSparseFunction } from "../../../../test/support/sparse-programs.ts";
import type { SparseDerivativeFunction } from "./sparse-jacobian.ts";
import { sparseHessian, sparseJacobian } from "./sparse-jacobian.ts";
import type { SparseMatrix } from "../matrix/sparse-matrix.ts";

type Size = number | readonly [number, number];

interface KnownPattern {
  readonly id: string;
  readonly n: Size;
  readonly nnz: number;
  readonly rows: readonly (readonly number[])[] | null;
  readonly colours: Readonly<Record<string, number>>;
  readonly large: {
    readonly n: Size;
    readonly nnz: number;
    readonly colours: Readonly<Record<string, number>>;
  };
}

const known = JSON.parse(
  readFileSync(new URL("../testdata/known-patterns.json", import.meta.url), "utf8"),
) as readonly KnownPattern[];

/** Parameters that vary with the seed, none of them 0. */
function point(n: number, seed = 1): Tensor {
  return tensor(
    Float64Array.from({ length: n }, (_, i) => 0.6 + 0.5 * Math.sin(seed * (i + 1) * 1.7 + i * i)),
  );
}

function derivativeOf(
  id: string,
  n: Size,
): {
  readonly J: SparseDerivativeFunction<Tensor, Tensor[]>;
  readonly f: (x: Tensor) => Tensor;
  readonly size: number;
} {
  const { f, size } = sparseFunctions[id]!(n);
  const of = id.endsWith("hessian") ? sparseHessian : sparseJacobian;
  return { J: of(f, { at: point(size) }), f, size };
}

const rowsOf = ({ shape, rowPointers, columns }: SparseDerivativeFunction["pattern"]): number[][] =>
  Array.from({ length: shape[0] }, (_, i) => [...columns.subarray(rowPointers[i], rowPointers[i + 1])]);

/**
 * Largest difference from a dense derivative, relative to the largest entry of the row. Rows of entries below 1e-3 may
 * be rounding errors of sums that cancel.
 */
function errorOf(matrix: SparseMatrix, dense: Tensor): number {
  const [rows, columns] = matrix.shape;
  const [numbers, values] = [dense.data(), matrix.values.data()];
  let worst = 0;
  for (let i = 0; i < rows; i++) {
    const row = Array.from(numbers.subarray(i * columns, (i + 1) * columns));
    const largest = Math.max(...row.map(Math.abs), 1e-3);
    for (let p = matrix.rowPointers[i]!; p < matrix.rowPointers[i + 1]!; p++)
      row[matrix.columns[p]!]! -= values[p]!;
    worst = Math.max(worst, ...row.map((x) => Math.abs(x) / largest));
  }
  return worst;
}

describe("known patterns", () => {
  for (const { id, n, nnz, rows, colours, large } of known) {
    test(`${id} has its exact pattern, values and few passes`, () => {
      const { J, f, size } = derivativeOf(id, n);
      expect(J.pattern.nnz).toBe(nnz);
      if (rows !== null && id !== "sort") expect(rowsOf(J.pattern)).toEqual(rows);
      const least = Math.min(...Object.entries(colours).flatMap(([kind, count]) => (kind === "acyclic" ? [] : [count]))); // prettier-ignore
      expect(J.colours).toBeLessThanOrEqual(1.5 * least + 1);
      for (const seed of [1, 2]) {
        const x = point(size, seed);
        const dense = id.endsWith("hessian") ? hessian(f)(x) : jacfwd((y: Tensor) => f(y).reshape([-1]))(x);
        expect(errorOf(J.evaluate(x), dense)).toBeLessThan(1e-12);
      }
      expect(J.isLocal).toBe(id === "sort");
      expect(J.changes).toBe(id === "sort" ? 1 : 0);
    });

    testInSoak(`${id} of a large size has its number of entries`, () => {
      const { J } = derivativeOf(id, large.n);
      expect(J.pattern.nnz).toBe(large.nnz);
      const least = Math.min(...Object.values(large.colours));
      expect(J.colours).toBeLessThanOrEqual(id === "arrowhead_jacobian" ? 3 : 1.5 * least + 1);
    });
  }
});

/** Compares a sparse derivative found at the first point with the dense one at three points. */
function compareAtThree(seed: number): void {
  const size = 12;
  const f = randomSparseFunction(seed, size);
  const scalar = (x: Tensor): Tensor => d.sin(f(x)).sum();
  const [J, H] = [
    sparseJacobian(f, { at: point(size, seed + 1) }),
    sparseHessian(scalar, { at: point(size, seed + 1) }),
  ];
  for (const k of [1, 2, 3]) {
    const x = point(size, seed + k);
    expect(errorOf(J.evaluate(x), jacfwd(f)(x)), `Jacobian of program ${seed} at point ${k}`).toBeLessThan(
      1e-12,
    );
    expect(
      errorOf(H.evaluate(x), hessian(scalar)(x)),
      `Hessian of program ${seed} at point ${k}`,
    ).toBeLessThan(1e-12);
  }
}

describe("random programs", () => {
  test("have the derivatives of dense transforms at three points", () => {
    const first = Number(process.env["SPARSE_SEED"] ?? 0);
    const count = extent(4, 2000, 25);
    for (let seed = first; seed < first + count; seed++) compareAtThree(seed);
    expect.assertions(6 * count);
  });
});

describe("sparse derivatives", () => {
  test("parameters and results are trees", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }): { u: Tensor; v: Tensor } => ({
      u: a.mul(b[0]!),
      v: d.concatenate([b[1]!.square(), a.sum().reshape([1])]),
    });
    const at = { a: [1, 2], b: [tensor([3, 4]), tensor([5, 6, 7])] };
    const J = sparseJacobian(f, { at });
    expect(J.pattern.shape).toEqual([6, 7]);
    expect(rowsOf(J.pattern)).toEqual([[0, 2], [1, 3], [4], [5], [6], [0, 1]]); // prettier-ignore
    expect([...J.evaluate(at).values.data()]).toEqual([3, 1, 4, 2, 10, 12, 14, 1, 1]);
  });

  test("a parameter in float32 yields values in float64", () => {
    const x = tensor([1, 2, 3], { dtype: "float32" });
    const J = sparseJacobian((y: Tensor) => y.square(), { at: x });
    expect(J.evaluate(x).values.dtype).toBe("float64");
    expect([...J.evaluate(x).values.data()]).toEqual([2, 4, 6]);
  });

  test("other indices among the arguments change the pattern", () => {
    const f = (x: Tensor, i: Tensor, w: Tensor): Tensor => d.take(x, i).square().mul(w);
    const x = tensor([1, 2, 3, 4]);
    const [first, other] = [tensor([0, 2], { dtype: "int32" }), tensor([1, 2], { dtype: "int32" })];
    const J = sparseJacobian(f, { at: x, args: [first, tensor([1, 1])] });
    expect(rowsOf(J.pattern)).toEqual([[0], [2]]);
    expect([...J.evaluate(x, first, [10, 1]).values.data()]).toEqual([20, 6]);
    expect([...J.evaluate(x, tensor([0, 2], { dtype: "int32" }), [1, 10]).values.data()]).toEqual([2, 60]);
    expect(J.changes).toBe(0);
    expect([...J.evaluate(x, other, [1, 1]).values.data()]).toEqual([4, 6]);
    expect(J.changes).toBe(1);
    expect(rowsOf(J.pattern)).toEqual([[1], [2]]);
    expect(J.isLocal).toBe(false);
  });

  test("a local pattern follows the point", () => {
    const f = (x: Tensor): Tensor => d.sort(x).square();
    const J = sparseJacobian(f, { at: [3, 1, 2] });
    expect(J.isLocal).toBe(true);
    expect(rowsOf(J.evaluate([3, 1, 2]).pattern)).toEqual([[1], [2], [0]]);
    expect(J.changes).toBe(0);
    expect(rowsOf(J.evaluate([1, 2, 3]).pattern)).toEqual([[0], [1], [2]]);
    expect(J.changes).toBe(1);
    expect(sparseJacobian(f, { at: [3, 1, 2], check: "never" }).evaluate([1, 2, 3]).columns).toEqual(Int32Array.of(1, 2, 0)); // prettier-ignore
  });

  test("a dense column and several rows of a few entries are computed in both directions", () => {
    const f = randomSparseFunction(1086, 12);
    const x = point(12, 1087);
    expect(errorOf(sparseJacobian(f, { at: x }).evaluate(x), jacfwd(f)(x))).toBeLessThan(1e-12);
  });

  test("zeros of a constant matrix are structural with an option", () => {
    const A = tensor([[1, 2, 0, 0], [0, 3, 0, 4], [0, 0, 0, 0]]); // prettier-ignore
    const of = (constantZeros: boolean): number[][] => {
      const J = sparseJacobian((x: Tensor) => d.matmul(A, d.sin(x)), { at: point(4), constantZeros });
      expect(errorOf(J.evaluate(point(4, 2)), jacfwd((x: Tensor) => d.matmul(A, d.sin(x)))(point(4, 2)))).toBeLessThan(1e-12); // prettier-ignore
      return rowsOf(J.pattern);
    };
    expect(of(true)).toEqual([[0, 1], [1, 3], []]); // prettier-ignore
    expect(of(false)[2]!.length).toBe(4);
    const masked = (x: Tensor, w: Tensor): Tensor => x.mul(w);
    const J = sparseJacobian(masked, { at: [1, 2, 3], args: [[0, 1, 0]], constantZeros: true });
    expect(rowsOf(J.pattern)).toEqual([[], [1], []]);
    expect([...J.evaluate([1, 2, 3], [0, 5, 0]).values.data()]).toEqual([5]);
    expect(J.changes).toBe(0);
    expect([...J.evaluate([1, 2, 3], [7, 0, 0]).values.data()]).toEqual([7]);
    expect(J.changes).toBe(1);
  });

  test("empty results and unused parameters have no entries", () => {
    const J = sparseJacobian(({ a }: { a: Tensor; b: Tensor }) => a.slice(0, 0), {
      at: { a: [1, 2], b: [3] },
    });
    expect([J.pattern.shape, J.pattern.nnz, J.evaluate({ a: [1, 2], b: [3] }).values.shape]).toEqual([[0, 3], 0, [0]]); // prettier-ignore
  });

  test("many passes in batches yield the values of one batch", () => {
    const f = (x: Tensor): Tensor => d.cumsum(d.sin(x), { axis: 0 });
    const x = point(23);
    const [J, batched] = [sparseJacobian(f, { at: x }), sparseJacobian(f, { at: x, memory: 2000 })];
    expect(J.colours).toBe(23);
    expect(batched.evaluate(x).values.tolist()).toEqual(J.evaluate(x).values.tolist());
  });

  test("a function of plain numbers takes plain arrays", () => {
    const { f } = sparseFunctions["broyden_tridiagonal"]!(5);
    const J = sparseJacobian(f as never, { at: [1, 2, 3, 4, 5] as never });
    expect(J.pattern.nnz).toBe(13);
    expect(
      J.evaluate([1, 2, 3, 4, 5] as never)
        .values.at(0)
        .item(),
    ).toBe(-1);
  });

  test("explicit zeros of a Hessian are symmetric", () => {
    const H = sparseHessian((x: Tensor) => x.slice(1).mul(x.slice(0, -1)).sum(), { at: point(5) });
    expect([...H.evaluate(point(5)).values.data()]).toEqual(new Array(8).fill(1));
    expect(H.colours).toBeLessThanOrEqual(3);
  });
});

describe("errors of sparse derivatives", () => {
  const square = (x: Tensor): Tensor => x.square();

  test("under a transform they name what to use", () => {
    const J = sparseJacobian(square, { at: [1, 2] });
    const inside = (x: Tensor): Tensor => J.evaluate(x).values.sum();
    expect(() => grad(inside)([1, 2])).toThrow("inside, use jvp, vjp, jacfwd or jacrev");
    expect(() => jit((x: Tensor) => sparseJacobian(square, { at: x }).evaluate(x).values)([1, 2])).toThrow("outside of transforms"); // prettier-ignore
  });

  test("a dense pattern names the row", () => {
    const f = (x: Tensor): Tensor => d.concatenate([x.slice(0, 2), x.sum().reshape([1])]);
    expect(() => sparseJacobian(f, { at: point(50), maxEntries: 40 })).toThrow("row 2 alone has 50.");
  });

  test("a Hessian is symmetric to the bit where large terms cancel, so that it can be factorised", () => {
    // each of the terms of one entry is about 1e8, and their sum is about 1e-8
    const [i, j] = [
      tensor([0, 1, 0, 2, 1, 2], { dtype: "int32" }),
      tensor([1, 0, 2, 0, 2, 1], { dtype: "int32" }),
    ];
    const weights = [1e8 / 3, -1e8 / 3, 1e8 / 7, -1e8 / 7, 1e8 / 9, -1e8 / 9];
    const f = (x: Tensor): Tensor => {
      const products = d.mul(d.sin(d.take(x, i)), d.exp(d.take(x, j)));
      return d.sum(d.mul(weights, d.mul(products, d.cos(d.sub(d.take(x, i), d.take(x, j))))));
    };
    const at = [1, 1 + 1e-12, 1 - 1e-12];
    const matrix = sparseHessian(f, { at }).evaluate(at);
    expect(matrix.transpose().values.tolist()).toEqual(matrix.values.tolist());
    expect(matrix.factorise().inertia.zero).toBe(0);
  });

  test("arguments of another shape are refused", () => {
    expect(() => sparseJacobian(square, { at: [1, 2] }).evaluate([1, 2, 3])).toThrow("f64[2]; got f64[3]");
  });

  test("integers and non-scalars are refused", () => {
    expect(() => sparseJacobian(square, { at: tensor([1, 2], { dtype: "int32" }) })).toThrow(
      "must be floating-point",
    );
    expect(() => sparseHessian(square, { at: [1, 2] })).toThrow("must return a scalar, got f64[2]");
    expect(() => sparseJacobian((x: Tensor) => d.argmax(x), { at: [1, 2] })).toThrow(
      "must return floating-point",
    );
    expect(() => sparseJacobian(square, {} as never)).toThrow("at");
  });

  test("a check that is as large as the evaluation names the line that needs it", () => {
    // a loop that never runs, but counts as a large one
    const f = (x: Tensor): Tensor => {
      const work = (y: Tensor): Tensor => d.foriLoop(0, 1e7, (_i, z: Tensor) => d.sin(z), y);
      const y = d.whileLoop((z) => d.greater(z.at(0), 100), (z) => work(z), x); // prettier-ignore
      return d.take(x, d.floor(y.mul(0.1)).astype("int32"));
    };
    expect(() => sparseJacobian(f, { at: point(20) })).toThrow(
      /sparse-jacobian\.test\.ts:\d+.*depends on the values/,
    );
    expect(sparseJacobian(f, { at: point(20), check: "always" }).pattern.nnz).toBe(20);
  });
});
