import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  clip,
  cond,
  customJvp,
  customVjp,
  exp,
  grad,
  greater,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearTranspose,
  log1p,
  mul,
  scan,
  sigmoid,
  sin,
  tensor,
  vmap,
} from "downhill";
import { checkGrads } from "downhill/testing";

/** log(1 + eˣ), whose own derivative is NaN where eˣ overflows. */
const plain = (x: Tensor): Tensor => log1p(exp(x));
const soft = customJvp(plain, ([x], [dx]) => [plain(x), sigmoid(x).mul(dx)]);

describe("customJvp", () => {
  test("has the derivative of its rule in both modes, to any order", () => {
    expect(grad(plain)(1000).item()).toBeNaN();
    for (const slope of [grad(soft), jit(grad(soft)), grad(jit(soft)), jacfwd(soft), jacrev(soft)])
      expect(slope(1000).item()).toBe(1);
    expect(jvp(soft, [0], [2]).map((x) => x.item())).toEqual([Math.log(2), 1]);
    expect(hessian(soft)(0).item()).toBeCloseTo(0.25, 15);
    expect(grad(grad(grad(soft)))(0.3).item()).toBeCloseTo(grad(grad(grad(plain)))(0.3).item(), 13);
    checkGrads(soft, [0.3]);
  });

  test("batches, and runs in loops and branches", () => {
    expect(vmap(grad(soft))([-1, 1000]).tolist()).toEqual([grad(soft)(-1).item(), 1]);
    expect(grad((x: Tensor) => vmap(soft)(x).sum())([0, 1000]).tolist()).toEqual([0.5, 1]);
    const loop = (x: Tensor): Tensor => scan((c: Tensor) => [soft(c), null], x, null, { length: 3 })[0];
    checkGrads(loop, [0.3]);
    const branch = (x: Tensor): Tensor =>
      cond(
        greater(x, 0),
        () => soft(x),
        () => x,
      );
    expect(grad(branch)(1000).item()).toBe(1);
  });

  test("hands through structures and integers, whose tangents are zeros", () => {
    const f = customJvp(
      (p: { readonly x: Tensor; readonly n: Tensor }) => ({ y: mul(p.x, p.n), n: p.n }),
      ([p], [dp]) => {
        expect(dp.n.dtype).toBe("int32");
        return [
          { y: mul(p.x, p.n), n: p.n },
          { y: mul(dp.x, p.n).mul(10), n: dp.n },
        ];
      },
    );
    const n = tensor(3, { dtype: "int32" });
    expect(grad((x: Tensor) => f({ x, n }).y)(2).item()).toBe(30);
    expect(f({ x: 2, n }).n.item()).toBe(3);
  });

  test("a linear function is transposed as it stands", () => {
    const triple = customJvp(
      (x: Tensor) => x.mul(3),
      ([x], [dx]) => [x.mul(3), dx.mul(3)],
    );
    expect(linearTranspose(triple as (x: Tensor) => Tensor, 0)(2).item()).toBe(6);
  });

  test("refuses derivatives that its rule knows nothing of", () => {
    const f = (w: Tensor): Tensor =>
      customJvp(
        (x: Tensor) => x.mul(w),
        ([x], [dx]) => [x.mul(w), dx.mul(w)],
      )(2);
    expect(f(tensor(3)).item()).toBe(6);
    expect(() => grad(f)(3)).toThrow(
      "customJvp: the function reads a value from outside that is being differentiated",
    );
  });

  test.each<[() => unknown, string]>([
    [
      () => customJvp(plain, ([x]) => [x, [1, 2]])(1),
      "customJvp: the tangent of the rule is f64[2], expected f64[].",
    ],
    [
      () => customJvp(plain, () => [tensor([1, 2]), 1])(1),
      "customJvp: the function gives f64[], but its rule f64[2].",
    ],
    [() => customJvp(plain, ([x]) => x as never)(1), "customJvp: the rule must return [out, tangent]."],
    [() => customJvp(plain, undefined as never), "customJvp: expects a function, got undefined"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("customVjp", () => {
  const clipped = customVjp(
    (x: Tensor) => x.mul(x),
    (x) => [x.mul(x), x],
    (x, ct) => [clip(x.mul(2).mul(ct), -1, 1)],
  );
  const product = customVjp(
    (x: Tensor, y: Tensor) => x.mul(sin(y)),
    (x, y) => [x.mul(sin(y)), { x, y }],
    ({ x, y }, ct) => [sin(y).mul(ct), x.mul(sin(y.add(Math.PI / 2))).mul(ct)],
  );

  test("has the reverse mode of its backward function", () => {
    for (const slope of [grad(clipped), jit(grad(clipped)), grad(jit(clipped)), jacrev(clipped)])
      expect(slope(3).item()).toBe(1);
    expect(grad(clipped)(0.1).item()).toBeCloseTo(0.2, 15);
    expect(clipped(3).item()).toBe(9);
    expect(grad(grad(clipped))(0.1).item()).toBe(2); // through the backward function itself
  });

  test("has forward mode where that is linear in the cotangent", () => {
    checkGrads(product, [0.7, 0.4]);
    expect(jvp(product, [2, 0], [0, 1])[1].item()).toBeCloseTo(2, 14);
    expect(jit(hessian((y: Tensor) => product(2, y)))(0.4).item()).toBeCloseTo(-2 * Math.sin(0.4), 12);
    expect(() => jvp(clipped, [3], [1])).toThrow(
      "customVjp: forward mode is the transpose of the backward rule, and that is not linear in the cotangent.",
    );
  });

  test("batches, and runs in loops", () => {
    expect(vmap(grad(clipped))([3, 0.25]).tolist()).toEqual([1, 0.5]);
    expect(grad((x: Tensor) => vmap(clipped)(x).sum())([3, 0.25]).tolist()).toEqual([1, 0.5]);
    const both = vmap((x: Tensor) => product(x, 0.4));
    expect(jvp(both, [[1, 2]], [[1, 1]])[1].tolist()).toEqual([Math.sin(0.4), Math.sin(0.4)]);
    const loop = (x: Tensor): Tensor => scan((c: Tensor) => [product(c, c), null], x, null, { length: 3 })[0];
    checkGrads(loop, [0.9]);
  });

  test("takes null for a zero, and captured values as residuals", () => {
    const scale = tensor(5);
    const f = customVjp(
      (x: Tensor, n: Tensor) => x.mul(n),
      (x, n) => [x.mul(n), n],
      (n, ct) => [ct.mul(n).mul(scale), null],
    );
    expect(grad((x: Tensor, n: Tensor) => f(x, n), { argnums: [0, 1] })(2, 3).map((g) => g.item())).toEqual([
      15, 0,
    ]);
    expect(jit(grad((x: Tensor) => f(x, tensor(3, { dtype: "int32" }))))(2).item()).toBe(15);
  });

  test.each<[() => unknown, string]>([
    [
      () =>
        customVjp(
          plain,
          (x) => [x, null],
          () => [1, 2],
        )(1),
      "customVjp: backward must return an array with one cotangent for each of 1 arguments",
    ],
    [
      () =>
        customVjp(
          plain,
          (x) => [x, null],
          () => [[1, 2]],
        )(1),
      "customVjp: cotangent 0 of backward is f64[2], expected f64[].",
    ],
    [
      () =>
        customVjp(
          plain,
          (x) => x as never,
          () => [1],
        )(1),
      "customVjp: forward must return [out, residuals]; residuals may be null.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
