import { describe, expect, test } from "vitest";
import type { Tensor, TensorLike } from "downhill";
import {
  abs,
  clip,
  cond,
  cos,
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
  makeProgram,
  mul,
  printProgram,
  scan,
  sigmoid,
  sin,
  tensor,
  vmap,
  whileLoop,
} from "downhill";
import { checkGrads } from "downhill/testing";
import { checkProgram } from "../ir/check.ts";
import { hashProgram } from "../ir/hash.ts";
import { compilationStats } from "../runtime/executable.ts";

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
      "customJvp: the function reads an outer value that is being differentiated",
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
      "customVjp: forward mode needs a backward rule that is linear in the cotangent, and this one is not.",
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

describe("rules that apply their own function", () => {
  type Op = (x: TensorLike) => Tensor;
  const cube = (x: Tensor): Tensor => x.mul(x).mul(x);
  /** x³ by rules that know x³ only as itself, and as 3 times itself divided by x. */
  const forward: Op = customJvp(cube, ([x], [dx]) => [forward(x), forward(x).mul(3).div(x).mul(dx)]);
  const reverse: Op = customVjp(
    cube,
    (x) => [reverse(x), x],
    (x, ct) => [reverse(x).mul(3).div(x).mul(ct)],
  );
  /** The slope of x³ again, by a rule whose captured arrays are found only while it is traced. */
  const scale = tensor([3]);
  const captures: Op = customJvp(
    (x: Tensor) => cube(x).mul(scale.at(0)),
    ([x], [dx]) => {
      const y = captures(x);
      return [
        y,
        y
          .mul(tensor([3, 1]).at(0))
          .div(x)
          .mul(scale.at(0).div(3))
          .mul(dx),
      ];
    },
  );

  describe.each<[string, (x: TensorLike) => Tensor, number]>([
    ["customJvp", forward, 1],
    ["customVjp", reverse, 1],
    ["customJvp with captured values", captures, 3],
  ])("%s, which overflowed the stack,", (_, f, k) => {
    const g = (x: Tensor): Tensor => f(x);
    const values = [8, 12, 12, 6, 0].map((y) => y * k); // x³ and its derivatives at 2

    test("has values and derivatives of any order, eagerly and jitted", () => {
      let slope = g as (x: TensorLike) => Tensor;
      for (const value of values) {
        expect(slope(2).item()).toBeCloseTo(value, 9);
        expect(jit(slope as (x: Tensor) => Tensor)(2).item()).toBeCloseTo(value, 9);
        slope = grad(slope as (x: Tensor) => Tensor);
      }
      expect(grad(jit(grad(jit(g))))(2).item()).toBeCloseTo(values[2]!, 12);
      expect(jvp((x: Tensor) => jvp(g, [x], [1])[1], [2], [1])[1].item()).toBeCloseTo(values[2]!, 12);
      expect(hessian(g)(2).item()).toBeCloseTo(values[2]!, 12);
      checkGrads(g, [1.3], { order: 2 });
    });

    test("batches before and after", () => {
      const wanted = [1, 2].map((x) => 6 * x * k);
      expect(vmap(grad(grad(g)))([1, 2]).tolist()).toEqual(
        wanted.map((y) => expect.closeTo(y, 12) as number),
      );
      expect(jit(vmap(grad(grad(g))))([1, 2]).tolist()).toEqual(
        wanted.map((y) => expect.closeTo(y, 12) as number),
      );
      const inner = grad((x: Tensor) => grad((y: Tensor) => vmap(g)(y).sum())(x).sum());
      expect(inner([1, 2]).tolist()).toEqual(wanted.map((y) => expect.closeTo(y, 12) as number));
      expect(vmap(vmap(grad(g)))([[1, 2]]).tolist()).toEqual([
        [1, 2].map((x) => expect.closeTo(3 * x * x * k, 12) as number),
      ]);
    });

    test("runs in loops and branches, compiled once", () => {
      const loop = (x: Tensor): Tensor => scan((c: Tensor) => [f(c), null], x, null, { length: 2 })[0];
      const slope = 9 * k ** 4; // of k·(k·x³)³ at 1
      expect(grad(loop)(1).item()).toBeCloseTo(slope, 9);
      const before = compilationStats().compiled;
      for (let i = 0; i < 5; i++) grad(loop)(1 + i / 10);
      expect(compilationStats().compiled).toBe(before);
      const branch = (x: Tensor): Tensor => cond(greater(x, 0), f, (y: Tensor) => y, x);
      expect(grad(grad(branch))(2).item()).toBeCloseTo(values[2]!, 12);
    });
  });

  test("the second derivative of an implicit root is that of the root", () => {
    const root: Op = customJvp(
      (a: Tensor) =>
        whileLoop(
          (x: Tensor) => greater(abs(x.mul(x).sub(a)), 1e-14),
          (x: Tensor) => x.add(a.div(x)).div(2),
          a,
        ),
      ([a], [da]) => {
        const x = root(a); // x² = a, so that 2 x dx = da
        return [x, da.div(x.mul(2))];
      },
    );
    const f = (a: Tensor): Tensor => root(a);
    for (const second of [grad(grad(f)), jit(grad(grad(f))), hessian(f)])
      expect(second(4).item()).toBeCloseTo(-1 / 32, 14);
    expect(vmap(grad(grad(grad(f))))([1, 4]).tolist()).toEqual([
      expect.closeTo(3 / 8, 12),
      expect.closeTo(3 / 256, 12),
    ]);
  });

  test("rules of two functions may apply each other", () => {
    const sine: Op = customJvp((x: Tensor) => sin(x), ([x], [dx]) => [sine(x), cosine(x).mul(dx)]); // prettier-ignore
    const cosine: Op = customJvp((x: Tensor) => cos(x), ([x], [dx]) => [cosine(x), sine(x).neg().mul(dx)]); // prettier-ignore
    const f = (x: Tensor): Tensor => sine(x);
    expect(grad(grad(grad(f)))(0.3).item()).toBeCloseTo(-Math.cos(0.3), 14);
    expect(jit(grad(grad(grad(grad(f)))))(0.3).item()).toBeCloseTo(Math.sin(0.3), 14);
  });

  test("make programs that are equal where the rules are, and only there", () => {
    const hashOf = (k: number): string => {
      const f: Op = customJvp(cube, ([x], [dx]) => [f(x), f(x).mul(k).div(x).mul(dx)]);
      const program = makeProgram((x: Tensor) => f(x))(2);
      expect(printProgram(program)).toContain("rule(cube)");
      checkProgram(program);
      return hashProgram(program);
    };
    expect(hashOf(3)).toBe(hashOf(3));
    expect(hashOf(3)).not.toBe(hashOf(4));
  });

  test("with other types they are traced for these", () => {
    const norm: Op = customJvp(
      (x: Tensor) => x.mul(x).sum(),
      ([x], [dx]) => [x.ndim === 0 ? norm(x) : norm(norm(x).sqrt()), x.mul(dx).sum().mul(2)],
    );
    expect(grad((x: Tensor) => norm(x))([3, 4]).tolist()).toEqual([6, 8]);
    expect(jvp((x: Tensor) => norm(x), [[3, 4]], [[1, 0]])[0].item()).toBe(25);
  });

  test("a rule that asks for the derivative that it is to give is told so", () => {
    const f: Op = customJvp((x: Tensor) => x.mul(x), ([x], [dx]) => [f(x), grad((y: Tensor) => f(y))(x).mul(dx)]); // prettier-ignore
    expect(() => grad((x: Tensor) => f(x))(1)).toThrow(
      "customJvp: a rule takes a derivative of the function that it belongs to, which would need the rule itself.",
    );
    expect(() => f(1)).toThrow("customJvp: a rule takes a derivative");
  });
});
