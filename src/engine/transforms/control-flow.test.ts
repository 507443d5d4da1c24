import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  abs,
  add,
  checkpoint,
  cond,
  exp,
  foriLoop,
  grad,
  greater,
  hessian,
  jacfwd,
  jit,
  jvp,
  less,
  makeProgram,
  matmul,
  mul,
  printProgram,
  scan,
  sin,
  sqrt,
  tensor,
  vmap,
  whileLoop,
} from "downhill";
import { checkGrads } from "downhill/testing";
import { countingInterp } from "../backends/interp/index.ts";
import { compileProgram } from "../runtime/executable.ts";
import { optimize } from "../passes/pipeline.ts";
import { lowerProgram } from "../passes/lower.ts";
import { extent } from "../../../test/support/extent.ts";
import { lengthOf } from "../../../test/support/buffer-length.ts";

const int32 = { dtype: "int32" } as const;

describe("cond", () => {
  const f = (x: Tensor): Tensor =>
    cond(
      less(x, 0),
      (y: Tensor) => exp(y),
      (y: Tensor) => sin(y).mul(y),
      x,
    );
  const sides = [
    [-0.5, Math.exp(-0.5), Math.exp(-0.5), Math.exp(-0.5)],
    [0.7, Math.sin(0.7) * 0.7, Math.sin(0.7) + 0.7 * Math.cos(0.7), 2 * Math.cos(0.7) - 0.7 * Math.sin(0.7)],
  ] as const;

  test.each(sides)(
    "takes the side that its predicate says, with its derivatives, at %d",
    (x, y, slope, bend) => {
      expect(f(tensor(x)).item()).toBeCloseTo(y, 14);
      for (const derivative of [grad(f), jit(grad(f)), grad(jit(f)), jacfwd(f)])
        expect(derivative(x).item()).toBeCloseTo(slope, 14);
      for (const second of [hessian(f), grad(grad(f)), jit(grad(grad(jit(f)))), jacfwd(jacfwd(f))])
        expect(second(x).item()).toBeCloseTo(bend, 14);
      checkGrads(f, [x]);
    },
  );

  test("becomes a selection where items of a batch choose for themselves", () => {
    const xs = [-0.5, 0.7, 0];
    expect(vmap(f)(xs).tolist()).toEqual(xs.map((x) => f(tensor(x)).item()));
    expect(vmap(grad(f))(xs).tolist()).toEqual(xs.map((x) => grad(f)(x).item()));
    expect(grad((all: Tensor) => vmap(f)(all).sum())(xs).tolist()).toEqual(xs.map((x) => grad(f)(x).item()));
  });

  test("runs one side only", () => {
    const costly = (x: Tensor): Tensor => foriLoop(0, 1000, (_, y) => sin(y), x);
    const program = makeProgram((c: Tensor, x: Tensor) =>
      cond(
        c,
        () => costly(x),
        () => x.add(1),
      ),
    )(tensor(true), [1, 2]);
    const counter = countingInterp();
    const { run } = compileProgram(program, counter);
    const x = tensor([1, 2]).slot!;
    run([0, x]);
    expect(counter.counts.stores).toBeLessThan(10);
    run([1, x]);
    expect(counter.counts.stores).toBeGreaterThan(1000);
  });

  test("hands through structures, captured values and integers, and keeps what neither side changes", () => {
    const w = tensor([2, 3]);
    const g = (flag: Tensor, p: { readonly x: Tensor; readonly n: Tensor }): { y: Tensor; n: Tensor } =>
      cond(
        flag,
        (q: typeof p) => ({ y: q.x.mul(w), n: q.n.add(1) }),
        (q: typeof p) => ({ y: q.x, n: q.n }),
        p,
      );
    const at = (flag: boolean): unknown => {
      const { y, n } = jit(g)(tensor(flag), { x: [1, 1], n: tensor(4, int32) });
      return [y.tolist(), n.item(), n.dtype];
    };
    expect(at(true)).toEqual([[2, 3], 5, "int32"]);
    expect(at(false)).toEqual([[1, 1], 4, "int32"]);
    const slope = grad((v: Tensor) => g(tensor(true), { x: v.mul(v), n: tensor(0, int32) }).y.sum());
    expect(slope([1, 2]).tolist()).toEqual([4, 12]);
  });

  test("has no NaN of the side that is not taken, eagerly and over a batch of gradients", () => {
    const safe = (x: Tensor): Tensor =>
      cond(
        greater(x, 0),
        () => sqrt(x),
        () => x.mul(0),
      );
    expect(grad(safe)(0).item()).toBe(0);
    expect(vmap(grad(safe))([0, 4]).tolist()).toEqual([0, 0.25]);
  });

  test("lets a plain number adapt to the other side", () => {
    const y = cond(
      true,
      () => tensor(2, { dtype: "float32" }),
      () => add(0, 1),
    );
    expect(y.dtype).toBe("float32");
  });

  test.each<[() => unknown, string]>([
    [
      () =>
        cond(
          1,
          (x: Tensor) => x,
          (x: Tensor) => x,
          2,
        ),
      "cond: the predicate is f64[], not a scalar of dtype bool. Compare first",
    ],
    [
      () =>
        cond(
          [true, false],
          () => tensor(1),
          () => tensor(2),
        ),
      "cond: the predicate is bool[2], not a scalar of dtype bool.",
    ],
    [
      () =>
        cond(
          true,
          () => tensor([1]),
          () => tensor([1, 2]),
        ),
      "cond: the result is f64[1] where true but f64[2] where false",
    ],
    [
      () =>
        cond(
          true,
          () => [tensor(1)] as unknown,
          () => tensor(1),
        ),
      "cond: the sides return different structures: [*] where true, * where false",
    ],
    [() => cond(true, () => tensor(1), undefined as never), "cond: expects a function, got undefined"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("whileLoop", () => {
  /** Heron's iteration. */
  const root = (a: Tensor): Tensor =>
    whileLoop(
      (x) => greater(abs(x.mul(x).sub(a)), 1e-13),
      (x) => x.add(a.div(x)).div(2),
      a,
    );

  test("goes on as long as its test holds, eagerly and jitted", () => {
    expect(root(tensor(2)).item()).toBeCloseTo(Math.SQRT2, 14);
    expect(jit(root)(2).item()).toBeCloseTo(Math.SQRT2, 14);
    expect(
      whileLoop(
        (x) => less(x, 0),
        (x) => x.add(1),
        5,
      ).item(),
    ).toBe(5);
  });

  test("has derivatives in forward mode, of any order", () => {
    expect(jvp(root, [2], [1])[1].item()).toBeCloseTo(0.5 / Math.SQRT2, 12);
    expect(jacfwd(root)(2).item()).toBeCloseTo(0.5 / Math.SQRT2, 12);
    expect(jit(jacfwd(jacfwd(root)))(2).item()).toBeCloseTo(-0.25 / 2 ** 1.5, 9);
    checkGrads(root, [2], { modes: ["forward"] });
  });

  test("says in reverse mode what to use instead", () => {
    const message = "whileLoop has no reverse-mode derivative: it would have to save the values of all steps";
    expect(() => grad(root)(2)).toThrow(message);
    expect(() => jit(grad(root))(2)).toThrow("Use foriLoop with plain numbers as bounds, or scan");
  });

  test("does not stand in the way of gradients that do not go through it", () => {
    const f = (x: Tensor): Tensor => {
      const n = whileLoop(
        (i) => less(i, 10),
        (i) => i.add(3),
        tensor(0, int32),
      );
      return x.mul(n.astype("float64"));
    };
    expect(grad(f)(2).item()).toBe(12);
  });

  test("over a batch each item stops for itself", () => {
    const xs = [2, 9, 1, 1e6];
    expect(vmap(root)(xs).tolist()).toEqual(xs.map((x) => root(tensor(x)).item()));
    expect(vmap(jacfwd(root))(xs).tolist()).toEqual(xs.map((x) => jacfwd(root)(x).item()));
  });

  test("a batch of values that its test does not look at needs no masks", () => {
    const f = (x: Tensor): Tensor =>
      whileLoop(
        ({ i }) => less(i, 3),
        ({ i, y }) => ({ i: i.add(1), y: y.mul(2) }),
        { i: tensor(0, int32), y: x },
      ).y;
    expect(vmap(f)([1, 2]).tolist()).toEqual([8, 16]);
    expect(printProgram(makeProgram((x: Tensor) => vmap(f)(x))([1, 2]))).not.toContain("where");
  });

  test("carries structures; carries that change places keep their values", () => {
    const { a: last, b: next } = jit((n: Tensor) =>
      whileLoop(
        ({ i }) => less(i, n),
        ({ i, a, b }) => ({ i: i.add(1), a: b, b: a.add(b) }),
        { i: tensor(0, int32), a: tensor([0, 1]), b: tensor([1, 1]) },
      ),
    )(tensor(10, int32));
    expect([last.tolist(), next.tolist()]).toEqual([
      [55, 89],
      [89, 144],
    ]);
  });

  test.each<[() => unknown, string]>([
    [
      () =>
        whileLoop(
          (x) => x,
          (x) => x,
          1,
        ),
      "whileLoop: the test must return one scalar of dtype bool",
    ],
    [
      () =>
        whileLoop(
          (x) => less(x, [1, 2]),
          (x) => x,
          1,
        ),
      "it returned bool[2]",
    ],
    [
      () =>
        whileLoop(
          (x) => [less(x, 1), less(x, 2)] as never,
          (x) => x,
          1,
        ),
      "it returned several tensors",
    ],
    [
      () =>
        whileLoop(
          (x) => less(x, 1),
          () => [1, 2],
          1,
        ),
      "whileLoop: the carry starts as f64[] but is f64[2] after a step",
    ],
    [() => whileLoop(null as never, (x) => x, 1), "whileLoop: expects a function, got null"],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

test("programs of loops have the names of their functions", () => {
  const isSmall = (x: Tensor): Tensor => less(x, 9);
  const twice = (x: Tensor): Tensor => x.mul(2);
  const named = printProgram(makeProgram((x: Tensor) => whileLoop(isSmall, twice, x))(1));
  expect(named).toContain("test=isSmall body=twice");
  const unnamed = makeProgram((x: Tensor) => whileLoop((y) => less(y, 9), (y) => y.mul(2), x)); // prettier-ignore
  expect(printProgram(unnamed(1))).toContain("test=test body=body");
});

test("checkpoint takes up to 65536 snapshots, for loops of plain numbers", () => {
  const f = (x: Tensor): Tensor => sin(x);
  expect(() => checkpoint(f, { snapshots: 65_536 })).toThrow("snapshots is for loops in functions of plain");
  expect(() => checkpoint(f, { snapshots: 65_537 })).toThrow("from 1 to 65536");
});

describe("foriLoop", () => {
  test("counts from the first bound to the one before the last, with derivatives in both modes", () => {
    const f = (x: Tensor): Tensor => foriLoop(2, 6, (i, y) => sin(y).mul(x).add(i), x);
    let y = 0.3;
    for (let i = 2; i < 6; i++) y = Math.sin(y) * 0.3 + i;
    expect(f(tensor(0.3)).item()).toBeCloseTo(y, 14);
    expect(foriLoop(5, 2, (_, c) => c.add(1), 7).item()).toBe(7);
    expect(foriLoop(-2, 2, (i, c) => c.add(i), 0).item()).toBe(-2);
    checkGrads(f, [0.3]);
  });

  test("takes bounds that are known only when it runs, with forward mode", () => {
    const power = (x: Tensor, n: Tensor): Tensor => foriLoop(0, n, (_, y) => y.mul(x), 1);
    expect(jit(power)(2, tensor(10, int32)).item()).toBe(1024);
    expect(jvp((x: Tensor) => power(x, tensor(3, int32)), [2], [1])[1].item()).toBe(12);
    expect(() => grad((x: Tensor) => power(x, tensor(3, int32)))(2)).toThrow("no reverse-mode derivative");
  });

  test.each<[() => unknown, string]>([
    [
      () => foriLoop(0, 2.5, (_, c) => c, 1),
      "foriLoop: a bound must be an integer from -2147483647 to 2147483647, got 2.5.",
    ],
    [() => foriLoop(0, tensor(2), (_, c) => c, 1), "an integer or a scalar of dtype int32, got f64[]"],
    [() => foriLoop(0, 2, () => [1, 2], 1), "foriLoop: the carry starts as f64[] but is f64[2] after a step"],
    [() => foriLoop(0, 2, (_, c) => c, 1, { every: 3 } as never), 'foriLoop: unknown option "every"'],
    [
      () => foriLoop(0, tensor(2, int32), (_, c) => c, 1, { checkpoint: true }),
      "foriLoop: checkpoint is for reverse mode",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});

describe("checkpoint", () => {
  const plain = (x: Tensor, w: Tensor): Tensor => sin(matmul(sin(matmul(sin(x), w)), w)).sum();
  const x = tensor([[0.5, -1.2], [0.3, 2]]); // prettier-ignore
  const w = tensor([[0.7, -0.2], [0.1, 1.1]]); // prettier-ignore

  test.each(["nothing", "products"] as const)(
    "changes neither values nor derivatives (keeping %s)",
    (policy) => {
      const kept = checkpoint(plain, { policy });
      const both = { argnums: [0, 1] } as const;
      expect(kept(x, w).item()).toBe(plain(x, w).item());
      const expected = grad(plain, both)(x, w).map((g) => g.tolist());
      for (const derivative of [grad(kept, both), jit(grad(kept, both)), grad(jit(kept), both)])
        expect(derivative(x, w).map((g) => g.tolist())).toEqual(expected);
      checkGrads(kept, [x, w]);
      expect(
        vmap(kept)([x.tolist(), x.tolist()] as never, [w.tolist(), w.tolist()] as never).tolist(),
      ).toEqual([plain(x, w).item(), plain(x, w).item()]);
    },
  );

  test("computes again what it does not keep", () => {
    const count = (f: (x: Tensor, w: Tensor) => Tensor, what: RegExp): number => {
      const text = printProgram(makeProgram((a: Tensor, b: Tensor) => grad(f)(a, b))(x, w));
      return text.match(what)?.length ?? 0;
    };
    const [sines, products] = [/= sin/g, /= (dotGeneral|\w+ @)/g];
    const nothing = checkpoint(plain);
    const costly = checkpoint(plain, { policy: "products" });
    expect(count(nothing, sines)).toBeGreaterThan(count(plain, sines));
    expect(count(nothing, products)).toBeGreaterThan(count(costly, products));
    expect(count(costly, products)).toBe(count(plain, products));
  });

  test("refuses misuse", () => {
    expect(() => checkpoint(plain, { policy: "all" as never })).toThrow(
      'checkpoint: policy must be "nothing" or "products", got "all".',
    );
    expect(() => checkpoint(plain, { keep: 1 } as never)).toThrow('checkpoint: unknown option "keep"');
  });
});

describe("scan with checkpoints", () => {
  const xs = [0.1, 0.2, -0.5, 1, 2, -1, 0.3];
  const f =
    (options: { checkpoint?: boolean | number; reverse: boolean }) =>
    (x: Tensor, w: Tensor): Tensor => {
      const [c, ys] = scan(
        (carry: Tensor, item: Tensor) => [sin(carry).mul(w).add(item), carry.mul(item)] as const,
        0.3,
        x,
        options,
      );
      return c.add(ys.mul([1, 2, 3, 4, 5, 6, 7]).sum());
    };

  test.each([true, 1, 2, 3, 7, 100])(
    "every %s steps has the derivatives of a loop that keeps all",
    (every) => {
      for (const reverse of [false, true]) {
        const [kept, all] = [f({ checkpoint: every, reverse }), f({ reverse })];
        const both = { argnums: [0, 1] } as const;
        const expected = grad(all, both)(xs, 0.7);
        for (const derivative of [grad(kept, both), jit(grad(kept, both))]) {
          const [dx, dw] = derivative(xs, 0.7);
          expect(dx.tolist()).toEqual(expected[0].tolist());
          expect(dw.item()).toBeCloseTo(expected[1].item(), 13); // each segment adds up its part of it
        }
        // in the quick extent in one direction of the two
        if (reverse === (Number(every) % 2 === 0) || extent(0, 1) === 1) checkGrads(kept, [xs, 0.7]);
      }
    },
  );

  test("keeps carries in proportion to the square root of the steps", () => {
    const memory = (isCheckpointed: boolean, length: number): number => {
      const g = (x: Tensor): Tensor =>
        scan((c: Tensor) => [add(sin(c), mul(c, c)), null], x, null, {
          length,
          checkpoint: isCheckpointed,
        })[0].sum();
      const program = makeProgram((x: Tensor) => grad(g)(x))([0.1, 0.2, 0.3, 0.4]);
      const { temps } = lowerProgram(optimize(program)).routine;
      return temps.reduce((total, temp) => total + lengthOf(temp), 0);
    };
    expect(memory(false, 10_000)).toBeGreaterThan(40_000);
    expect(memory(true, 10_000)).toBeLessThan(4_000);
  });

  test("refuses a number of steps that is none", () => {
    expect(() => f({ checkpoint: 0, reverse: false })(tensor(xs), tensor(1))).toThrow(
      "scan: checkpoint must be true, false or a number of steps (an integer of 1 or more), got 0.",
    );
  });
});

describe("what a loop begins with", () => {
  test.each<[string, () => unknown]>([
    ["foriLoop", () => (foriLoop as (...words: unknown[]) => unknown)(0, 3, (_: Tensor, c: Tensor) => c)],
    [
      "whileLoop",
      () =>
        (whileLoop as (...words: unknown[]) => unknown)(
          () => false,
          (c: Tensor) => c,
        ),
    ],
    ["scan", () => (scan as (...words: unknown[]) => unknown)((c: Tensor) => [c, null], undefined, [1])],
  ])("%s returned undefined where it was left out", (name, action) => {
    expect(action).toThrow(`${name}: what the loop begins with is undefined. Was the argument left out?`);
  });

  test("null stands for no carry", () => {
    expect(scan((_: null, x: Tensor) => [null, x.mul(2)], null, [1, 2])[1].tolist()).toEqual([2, 4]);
  });
});

test("a bound of foriLoop may be an integer that a compiled function is given", () => {
  // "a bound must be an integer or a scalar of dtype int32, got f64[]"
  const sum = jit((n: Tensor) => foriLoop(0, n, (i, c) => add(c, i), 0));
  expect(sum(4).item()).toBe(6);
  expect(sum(0).item()).toBe(0);
});
