import { describe, expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import { checkRoutine } from "../kernel/check.ts";
import * as math from "../kernel/math/index.ts";
import type { Expr, Routine, ScalarType } from "../kernel/scalar.ts";
import { hasShareable, planRoutine } from "./plan.ts";
import type { CodegenTarget } from "./plan.ts";
import { printPlan } from "./print-plan.ts";

const usual: CodegenTarget = { simd: true, wide: false, chunkWork: 65_536, shares: false };

/** A routine that reads a, b: f64[n], c: f32[n] and s, m, and writes out: f64[n]. */
function routineOf(size: number, fill: (block: k.Block) => void, results: readonly Expr[] = []): Routine {
  const block = k.makeBlock();
  fill(block);
  const buffer = (name: string, type: ScalarType) =>
    ({ kind: "buffer", buffer: { name, type, size } }) as const;
  const routine: Routine = {
    name: "f",
    inputs: [
      buffer("a", "f64"),
      buffer("b", "f64"),
      buffer("c", "f32"),
      { kind: "scalar", name: "s", type: "f64" },
      { kind: "scalar", name: "m", type: "i32" },
    ],
    outputs: [buffer("out", "f64"), ...results.map((value) => ({ kind: "scalar", value }) as const)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  checkRoutine(routine);
  return routine;
}

const planOf = (routine: Routine, target: Partial<CodegenTarget> = {}): string =>
  printPlan(routine, planRoutine(routine, { ...usual, ...target }));

const a = (index: Expr): Expr => k.load("f64", "a", index);

/** out[i] = f(a[i]) */
const elementwise = (n: number, f: (x: Expr, i: Expr) => Expr): Routine =>
  routineOf(n, (block) =>
    block.forEach("i", k.i32(0), k.i32(n), (loop, i) => loop.store("out", i, f(a(i), i))),
  );

describe("the plan of a loop", () => {
  test("is inline if it is short, and in calls if it is long, which threads share if it is very long", () => {
    const double = (n: number): Routine => elementwise(n, (x) => k.mul(x, k.f64(2)));
    expect(planOf(double(100))).toMatchInlineSnapshot(`"for each i in 0..100: in place; 4 lanes of 64 bits"`);
    expect(planOf(double(100_000))).toMatchInlineSnapshot(
      `"for each i in 0..100000: kernel, 8192 iterations per call; 4 lanes of 64 bits"`,
    );
    expect(planOf(double(1_000_000), { shares: true })).toMatchInlineSnapshot(
      `"for each i in 0..1000000: kernel, 8192 iterations per call, shared by threads from 64 calls on; 4 lanes of 64 bits"`,
    );
  });

  test("with heavy iterations has whole vectors of them in a call (a call of one iteration had no vectors)", () => {
    const m = k.local("i32", "m");
    const heavy = routineOf(100, (block) =>
      block.forEach("i", k.i32(0), m, (loop, i) => {
        const sum = loop.let("sum", k.f64(0));
        loop.for("j", k.i32(0), m, (inner, j) =>
          inner.for("k", k.i32(0), m, (most, at) => {
            const factor = most.let("factor", a(k.add(k.mul(j, m), at)));
            most.set(sum, k.add(k.mul(sum, factor), k.load("f64", "b", k.add(at, i))));
          }),
        );
        loop.store("out", i, sum);
      }),
    );
    expect(planOf(heavy)).toMatch(/for each i in 0..m: kernel, 4 iterations per call; 4 lanes of 64 bits/);
  });

  test("has one index at a time if iterations depend on one another, and gives the reason", () => {
    const running = routineOf(100_000, (block) =>
      block.for("i", k.i32(1), k.i32(100_000), (loop, i) =>
        loop.store("out", i, k.add(k.load("f64", "out", k.sub(i, k.i32(1))), a(i))),
      ),
    );
    expect(planOf(running)).toMatchInlineSnapshot(
      `"for i in 1..100000: sequence, 4096 iterations per call; one index at a time, since its iterations depend on one another"`,
    );
  });

  test("vectorises the loop of a nest along which memory accesses are contiguous", () => {
    const rows = (at: (i: Expr, j: Expr) => Expr): Routine =>
      routineOf(1024, (block) =>
        block.forEach("i", k.i32(0), k.i32(32), (outer, i) =>
          outer.forEach("j", k.i32(0), k.i32(32), (inner, j) =>
            inner.store("out", at(i, j), k.mul(a(at(i, j)), k.local("f64", "s"))),
          ),
        ),
      );
    expect(planOf(rows((i, j) => k.add(k.mul(i, k.i32(32)), j)))).toMatchInlineSnapshot(`
      "for each i in 0..32: kernel, 512 iterations per call; one index at a time, since elements would be fetched one by one
        for each j in 0..32: in place; 4 lanes of 64 bits"
    `);
    expect(planOf(rows((i, j) => k.add(k.mul(j, k.i32(32)), i)))).toMatchInlineSnapshot(`
      "for each i in 0..32: kernel, 512 iterations per call; 4 lanes of 64 bits
        for each j in 0..32: in the lanes of the enclosing loop"
    `);
  });

  test("leaves rare branches out, unless a store precedes one", () => {
    const rarely = (isAfter: boolean): Routine =>
      routineOf(100, (block) =>
        block.forEach("i", k.i32(0), k.i32(100), (loop, i) => {
          const x = loop.let("x", a(i));
          if (isAfter) loop.store("out", k.mul(i, i), x);
          loop.ifRare(k.lt(k.f64(9), x), (then) => then.set(x, k.call(math.sin64, x)));
          if (!isAfter) loop.store("out", i, x);
        }),
      );
    expect(planOf(rarely(false))).toMatchInlineSnapshot(
      `"for each i in 0..100: in place; 4 lanes of 64 bits, without rare branches"`,
    );
    expect(planOf(rarely(true))).toMatchInlineSnapshot(
      `"for each i in 0..100: in place; 4 lanes of 64 bits"`,
    );
  });

  test("is for one index at a time if vectorisation is impossible, and gives the reason", () => {
    const plans = [
      routineOf(100, (block) =>
        block.forEach("i", k.i32(0), k.i32(100), (loop, i) => {
          const sum = loop.let("sum", k.f64(0));
          loop.for("j", k.i32(0), k.convert("i32", a(i)), (inner, j) => inner.set(sum, k.add(sum, a(j))));
          loop.store("out", i, sum);
        }),
      ),
      elementwise(100, (x) => k.add(x, k.f64(1))),
    ].map((routine, at) => planOf(routine, { simd: at === 0 }));
    expect(plans.join("\n")).toMatchInlineSnapshot(`
      "for each i in 0..100: kernel, 512 iterations per call; one index at a time, since an inner loop has bounds that differ between lanes
        for j in 0..i32(a[i]): in place; one index at a time, since its iterations depend on one another
      for each i in 0..100: in place; one index at a time, since there are no vectors"
    `);
  });

  test("with a condition is divided into calls if an iteration is long", () => {
    const newton = (steps: number): Routine =>
      routineOf(
        1,
        (block) => {
          const x = block.let("x", k.local("f64", "s"));
          block.while(k.lt(k.f64(1), x), (loop) => {
            for (let step = 0; step < steps; step++) loop.set(x, k.mul(x, k.add(x, k.f64(step))));
          });
        },
        [k.local("f64", "x")],
      );
    expect([newton(1), newton(20)].map((routine) => planOf(routine)).join("\n")).toMatchInlineSnapshot(`
      "while 1 < x: in place
      while 1 < x: 512 iterations per call"
    `);
  });
});

test("heavy iterations use two vectors of 256 bits, unless more iterations would remain", () => {
  const lanesOf = (n: number, wide: boolean): string | undefined =>
    /(\d+) lanes/.exec(
      planOf(
        elementwise(n, (x) => k.call(math.exp64, x)),
        { wide },
      ),
    )?.[1];
  expect([64, 1000, 12].map((n) => lanesOf(n, true))).toEqual(["8", "8", "4"]);
  expect(lanesOf(1000, false)).toBe("4");
});

describe("the plan of a fold", () => {
  const foldOf = (n: number, value: (i: Expr) => Expr): Routine =>
    routineOf(
      n,
      (block) => block.reduce("sum", "add", k.f64(0), "i", k.i32(0), k.i32(n), (_, i) => value(i)),
      [k.local("f64", "sum")],
    );

  test("has lanes, and blocks if 256-bit vectors gain by them", () => {
    const long = (i: Expr): Expr => k.call(math.sin64, a(i));
    expect(
      [
        planOf(foldOf(1000, a)),
        planOf(foldOf(1000, (i) => k.convert("f64", k.load("f32", "c", i)))),
        planOf(foldOf(1000, long), { wide: true }),
        planOf(foldOf(5, a)),
      ].join("\n"),
    ).toMatchInlineSnapshot(`
      "let sum: f64 = add of a[i] for i in 0..1000: 4 lanes of 64 bits
      let sum: f64 = add of f64(c[i]) for i in 0..1000: 8 lanes of 32 bits
      let sum: f64 = add of sin(a[i]) for i in 0..1000: 4 lanes of 64 bits, by blocks that are computed in 8 lanes of 64 bits, without rare branches
      let sum: f64 = add of a[i] for i in 0..5: as plain loops, since there are fewer values than lanes"
    `);
  });
});

describe("the plan of a product", () => {
  const product = (n: number): Routine =>
    routineOf(n * n, (block) => {
      const place = (buffer: string) => ({ buffer, offset: k.i32(0) });
      block.contract({
        name: "product",
        type: "f64",
        out: place("out"),
        left: place("a"),
        right: place("b"),
        dims: [
          { role: "row", size: n, out: n, left: n, right: 0 },
          { role: "column", size: n, out: 1, left: 0, right: 1 },
          { role: "sum", size: n, out: 0, left: 1, right: n },
        ],
        accumulate: false,
      });
    });

  test("is a function, in parts that threads share, or plain loops without vectors", () => {
    expect(
      [planOf(product(8)), planOf(product(128), { shares: true }), planOf(product(8), { simd: false })].join(
        "\n",
      ),
    ).toMatchInlineSnapshot(`
      "contract out[0] = a[0] · b[0] over row 8 (out 8, a 8), column 8 (out 1, b 1), sum 8 (a 1, b 8): a function
      contract out[0] = a[0] · b[0] over row 128 (out 128, a 128), column 128 (out 1, b 1), sum 128 (a 1, b 128): a function, shared by threads in parts of 262144 products
      contract out[0] = a[0] · b[0] over row 8 (out 8, a 8), column 8 (out 1, b 1), sum 8 (a 1, b 8): as plain loops, since there are no vectors
        for "product.i0" in 0..8: in place; one index at a time, since its iterations depend on one another
          for "product.tile0" in 0..2: in place; one index at a time, since its iterations depend on one another
            for "product.k.0" in 0..8: in place; one index at a time, since its iterations depend on one another"
    `);
  });

  test("that threads share is detected before code is written", () => {
    const target: CodegenTarget = { ...usual, shares: true };
    expect(hasShareable(product(8), target)).toBe(false);
    expect(hasShareable(product(128), target)).toBe(true);
  });
});

test("a product with run-time sizes is a vectorised loop over its columns, with tiles of four rows", () => {
  const m = k.local("i32", "m");
  const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
  const product = routineOf(100, (block) =>
    block.contract({
      name: "p",
      type: "f64",
      out: at("out"),
      left: at("a"),
      right: at("b"),
      dims: [
        { role: "row", size: m, out: m, left: m, right: 0 },
        { role: "column", size: m, out: 1, left: 0, right: 1 },
        { role: "sum", size: m, out: 0, left: 1, right: m },
      ],
      accumulate: false,
    }),
  );
  const plan = planOf(product);
  expect(plan).toContain('for each "p.column" in 0..m: kernel, 4 iterations per call; 4 lanes of 64 bits');
  expect(plan).toContain('for "p.tile" in 0.."p.tiles"');
});
