import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { hessian, hvp, jacfwd, jacrev, jit, matmul, sin, tensor, vmap, zeros } from "downhill";

interface Params {
  readonly w: Tensor;
  readonly b: Tensor;
}
const p: Params = { w: tensor([1, 2]), b: tensor(3) };
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("Jacobians", () => {
  test.each([
    ["jacfwd", jacfwd],
    ["jacrev", jacrev],
  ] as const)("%s nests as the result, then as the argument", (_, jacobian) => {
    const f = ({ w, b }: Params): { readonly y: Tensor; readonly z: readonly [Tensor] } => ({
      y: w.mul(b),
      z: [b],
    });
    const j = jacobian(f)(p);
    expect(plain(j)).toEqual({
      y: {
        w: [
          [3, 0],
          [0, 3],
        ],
        b: [1, 2],
      },
      z: [{ w: [0, 0], b: 1 }],
    });
  });

  test("are those of the argument that argnums names", () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(y);
    for (const jacobian of [jacfwd, jacrev]) {
      expect(jacobian(f, { argnums: 1 })([1, 2], [3, 4]).tolist()).toEqual([
        [1, 0],
        [0, 2],
      ]);
    }
    expect(
      hessian((x: Tensor, y: Tensor) => x.mul(y).mul(y).sum(), { argnums: 1 })([1, 2], [3, 4]).tolist(),
    ).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });

  test("of several arguments are a list at each result, in the order of argnums", () => {
    const f = (x: Tensor, q: Params, z: Tensor): { readonly y: Tensor } => ({
      y: x.mul(z).add(q.w.mul(q.b)),
    });
    for (const jacobian of [jacfwd, jacrev]) {
      const both = jacobian(f, { argnums: [1, 0] })([1, 2], p, 5);
      const [inParams, inX] = both.y;
      expect(plain(inX)).toEqual(plain(jacobian(f)([1, 2], p, 5).y));
      expect(plain(inParams)).toEqual(plain(jacobian(f, { argnums: 1 })([1, 2], p, 5).y));
      expect(plain(jit(jacobian(f, { argnums: [1, 0] }))([1, 2], p, 5))).toEqual(plain(both));
      expect(() => jacobian(f, { argnums: [0, 3] })([1, 2], p, 5)).toThrow(
        /argnums names argument 3, but the function was called with 3/,
      );
      expect(() => jacobian(f, { argnums: [0.5] })([1, 2], p, 5)).toThrow(/argnums holds 0\.5/);
    }
    // x² y + y z: ∂² in x and y, by both orders
    const g = (x: Tensor, y: Tensor, z: Tensor): Tensor => x.mul(x).mul(y).add(y.mul(z));
    expect(plain(hessian(g, { argnums: [0, 1] })(3, 5, 7))).toEqual([
      [10, 6],
      [6, 0],
    ]);
  });

  test("have the shape of the result, then of the argument", () => {
    const f = (x: Tensor): Tensor => matmul(x, x.transpose());
    expect(jacfwd(f)(zeros([2, 3])).shape).toEqual([2, 2, 2, 3]);
    expect(jacrev(f)(zeros([2, 3])).shape).toEqual([2, 2, 2, 3]);
    expect(jacrev((x) => x.mul(2))(zeros([0])).shape).toEqual([0, 0]);
    expect(jacfwd((x) => x.mul(2))(3).item()).toBe(2);
  });

  test("run inside jit and vmap", () => {
    const f = (x: Tensor): Tensor => sin(x).mul(x);
    const one = jacrev(f)([1, 2]).tolist();
    expect(jit(jacrev(f))([1, 2]).tolist()).toEqual(one);
    expect(
      vmap(jacfwd(f))([
        [1, 2],
        [3, 4],
      ])
        .at(0)
        .tolist(),
    ).toEqual(one);
  });
});

describe("hessian and hvp", () => {
  const f = ({ w, b }: Params): Tensor => w.square().sum().mul(b);

  test("nest twice, and once", () => {
    expect(plain(hessian(f)(p))).toEqual({
      w: {
        w: [
          [6, 0],
          [0, 6],
        ],
        b: [2, 4],
      },
      b: { w: [2, 4], b: 0 },
    });
    expect(plain(hvp(f, p, { w: [1, 0], b: 0 }))).toEqual({ w: [6, 0], b: 2 });
  });

  test("refuse what has no derivative, with the way out", () => {
    expect(() => hessian((x: Tensor) => x)([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: hessian: the function returned f64[2], and a gradient needs a scalar. Take a sum or mean of it, or use jacrev for all derivatives, jacfwd(jacrev(f)) for all second derivatives.]`,
    );
    expect(() =>
      jacrev((x: Tensor) => x)(tensor([1], { dtype: "int32" })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jacrev: argument 0 is i32[1], and integers have no derivative. Convert it with astype("float64"), or leave it out of argnums.]`,
    );
    expect(() => jacfwd((x: Tensor) => x, { argnums: 1 })(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jacfwd: argnums names argument 1, but the function was called with 1. Arguments count from 0.]`,
    );
    expect(() => jacfwd((x: Tensor) => x, { argnum: 1 } as object)(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jacfwd: unknown option "argnum". Did you mean "argnums"?]`,
    );
  });
});
