import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  arange,
  dot,
  eye,
  grad,
  jit,
  matmul,
  mul,
  ones,
  scan,
  stack,
  sum,
  tensor,
  vmap,
  zeros,
} from "downhill";

const rows = arange(6).astype("float64").reshape([2, 3]);

describe("vmap", () => {
  test("works on every item of a batch", () => {
    expect(vmap((x: Tensor) => x.sum())(rows).tolist()).toEqual([3, 12]);
    expect(
      vmap((x: Tensor, w: Tensor) => dot(x, w), { inAxes: [0, null] })(rows, [1, 10, 100]).tolist(),
    ).toEqual([210, 543]);
  });

  test("takes the batch from any axis and puts it on any", () => {
    expect(vmap((x: Tensor) => x.sum(), { inAxes: 1 })(rows).tolist()).toEqual([3, 5, 7]);
    expect(vmap((x: Tensor) => x.sum(), { inAxes: -1 })(rows).tolist()).toEqual([3, 5, 7]);
    expect(vmap((x: Tensor) => x.mul(2), { outAxes: 1 })(rows).tolist()).toEqual([
      [0, 6],
      [2, 8],
      [4, 10],
    ]);
    expect(vmap((x: Tensor) => x.mul(2), { outAxes: -1 })(rows).shape).toEqual([3, 2]);
    const [a, b] = vmap((x: Tensor) => [x, x.mul(2)], { outAxes: [0, 1] })(rows) as [Tensor, Tensor];
    expect([a.shape, b.shape]).toEqual([
      [2, 3],
      [3, 2],
    ]);
  });

  test("takes and gives nested values", () => {
    const f = (p: { w: Tensor; b: Tensor }, x: Tensor): { y: Tensor; z: readonly Tensor[] } => ({
      y: x.mul(p.w).add(p.b),
      z: [x.sum()],
    });
    const out = vmap(f, { inAxes: [null, 0] })({ w: 2, b: [1, 1, 1] }, rows);
    expect(out.y.tolist()).toEqual([
      [1, 3, 5],
      [7, 9, 11],
    ]);
    expect(out.z[0]!.tolist()).toEqual([3, 12]);
  });

  test("repeats a result that does not depend on the item", () => {
    expect(vmap((_: Tensor) => tensor([1, 2]))(rows).tolist()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(
      vmap((x: Tensor, w: Tensor) => w.mul(2).add(x.mul(0).sum()), { inAxes: [0, null] })(rows, 3).tolist(),
    ).toEqual([6, 6]);
  });

  test("works on an empty batch", () => {
    expect(vmap((x: Tensor) => x.mul(2).sum())(zeros([0, 3])).tolist()).toEqual([]);
    expect(vmap((x: Tensor) => matmul(x, eye(3)))(zeros([0, 2, 3])).shape).toEqual([0, 2, 3]);
  });

  test("leaves the dtype and weakness of items as they are", () => {
    expect(vmap((x: Tensor) => x.mul(2.5))(tensor([1, 2], { dtype: "float32" })).dtype).toBe("float32");
    expect(
      vmap((x: Tensor, s: Tensor) => x.mul(s), { inAxes: [0, null] })(
        tensor([1, 2], { dtype: "float32" }),
        2.5,
      ).dtype,
    ).toBe("float32");
    expect(vmap((x: Tensor) => x.mul(2))(arange(3)).dtype).toBe("int32");
  });

  test("composes with jit, grad and scan", () => {
    const f = (x: Tensor): Tensor => x.square().sum();
    expect(jit(vmap(grad(f)))(rows).tolist()).toEqual(rows.mul(2).tolist());
    expect(vmap(jit(grad(f)))(rows).tolist()).toEqual(rows.mul(2).tolist());
    expect(grad((x: Tensor) => sum(vmap(f)(x)))(rows).tolist()).toEqual(rows.mul(2).tolist());
    expect(
      vmap((x: Tensor) => scan((c: Tensor, e: Tensor) => [c.add(e), c], 0, x)[1])(rows).tolist(),
    ).toEqual([
      [0, 0, 1],
      [0, 3, 7],
    ]);
  });

  test("makes products of all pairs when nested", () => {
    const pairwise = vmap((x: Tensor) => vmap((y: Tensor) => dot(x, y))(rows))(rows);
    expect(pairwise.tolist()).toEqual(matmul(rows, rows.transpose()).tolist());
  });

  test("stacks of single results equal the batch, for a function that uses all kinds of operations", () => {
    const f = (x: Tensor): Tensor => {
      const sorted = stack([x.max(), x.min(), x.mean()]);
      return matmul(sorted.reshape([1, 3]), eye(3))
        .reshape([3])
        .add(x.at(-1))
        .mul(x.slice(0, 1));
    };
    expect(vmap(f)(rows).tolist()).toEqual(stack([f(rows.at(0)), f(rows.at(1))]).tolist());
  });

  test("the members of an argument and of a result may have axes of their own", () => {
    interface Dense {
      readonly w: Tensor;
      readonly b: readonly Tensor[];
    }
    const f = ({ w, b }: Dense, x: Tensor): { readonly y: Tensor; readonly b: readonly Tensor[] } => ({
      y: x.mul(w).add(b[0]!),
      b,
    });
    const p = { w: [1, 10, 100], b: [tensor([1, 2]), tensor([3, 4])] };
    const batched = vmap(f, { inAxes: [{ w: null, b: 0 }, 0], outAxes: { y: 1, b: [0, -1] } });
    expect(batched(p, rows).y.tolist()).toEqual([
      [1, 5],
      [11, 42],
      [201, 502],
    ]);
    expect(jit(batched)(p, rows).b.map((x) => x.tolist())).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const one = (q: Dense): Tensor => q.w.sum().mul(q.b[1]!);
    expect(vmap(one, { inAxes: { w: null, b: [null, 0] } })(p).tolist()).toEqual([333, 444]);
    expect(vmap(grad(one), { inAxes: { w: null, b: 0 } })(p).w.tolist()).toEqual([
      [3, 3, 3],
      [4, 4, 4],
    ]);
    for (const [inAxes, message] of [
      [
        [{ W: null, b: 0 }, 0],
        'inAxes[0] has not the structure of argument 0, which is made of w, b. They differ in "W".',
      ],
      [
        [{ w: null }, 0],
        'inAxes[0] has not the structure of argument 0, which is made of w, b. They differ in "b".',
      ],
      [
        [{ w: null, b: [0] }, 0],
        'inAxes[0].b has not the structure of argument 0.b, which is made of 0, 1. They differ in "1".',
      ],
      [[0, [0]], "inAxes[1] has not the structure of argument 1, which is one tensor."],
      [[0, {}], "inAxes[1] has not the structure of argument 1, which is one tensor."],
    ] as const) {
      expect(() => vmap(f, { inAxes })(p, rows)).toThrow(`vmap: ${message}`);
    }
  });

  test("a plain boolean has no axes, so that an empty object stands for them", () => {
    const f = (isNegative: boolean, x: Tensor): Tensor => (isNegative ? x.neg() : x);
    const negated = vmap(f, { inAxes: [{}, 0] })(true, [1, 2]);
    expect(negated.tolist()).toEqual([-1, -2]);
  });

  test("wrong batches are refused, with the way out", () => {
    expect(() => vmap(mul)([1, 2], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: batches differ in size: 2 in f64[2], 3 in f64[3].]`,
    );
    expect(() => vmap(mul)([1, 2], 3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: there is no axis 0 in f64[]. Use null for an argument that all items share.]`,
    );
    expect(() => vmap(mul, { inAxes: [0, 1] })([1, 2], ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: there is no axis 1 in f64[2]. Use null for an argument that all items share.]`,
    );
    expect(() => vmap(mul, { inAxes: [0] })([1, 2], [3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: inAxes has 1 entries for 2 arguments.]`,
    );
    expect(() => vmap(mul, { inAxes: null })(1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: no argument has a batch: give at least one axis in inAxes.]`,
    );
    // three keys in a list are three arguments of two words, as `split` gives them
    const keys = [0, 1, 2].map(() => new Uint32Array(2)) as never;
    expect(() =>
      vmap((k: Tensor, x: Tensor) => x.add(k))(keys, [1, 2, 3]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: batches differ in size: 2 in u32[2], 3 in f64[3]. Keys for the items of a batch are one tensor, keys(key, n); split gives a list.]`,
    );
    expect(() => vmap((x: Tensor) => x, { outAxes: 3 })(rows)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: there is no axis 3 in f64[2,3]. outAxes counts the axes of the batch of results.]`,
    );
    expect(() => vmap((x: Tensor) => x, { axis: 0 } as object)(rows)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vmap: unknown option "axis". It takes inAxes, outAxes.]`,
    );
  });
});
