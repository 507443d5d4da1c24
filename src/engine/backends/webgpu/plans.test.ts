import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { matmul, relu, scan, stack, tanh, zeros } from "downhill";
import { expectPlanAgrees, inputsOfRoutine, recordedRoutine } from "../../../../test/support/device-plans.ts";
import { extent } from "../../../../test/support/extent.ts";
import {
  functionOf,
  isReversible,
  pointOf,
  recipes,
  smallDims,
} from "../../../../test/support/random-programs.ts";
import { bufferSize, routines } from "../../../../test/support/random-routines.ts";
import { transformNames, transforms } from "../../../../test/support/random-transforms.ts";
import * as k from "../../kernel/build.ts";
import { checkRoutine } from "../../kernel/check.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import { printPlan } from "../../codegen/dispatch/print.ts";
import type { Expr, Routine, SizeExpr } from "../../kernel/scalar.ts";

test("kernels of random routines have the routine's bits, and rows and points share nothing", () => {
  fc.assert(
    fc.property(
      routines(120),
      (routine) => void expectPlanAgrees(routine, inputsOfRoutine(routine, bufferSize)),
    ),
    { numRuns: extent(40, 4000, 500), seed: 20261203 },
  );
});

test("kernels of random programs and their derivatives have the program's bits", () => {
  const drawing = fc
    .record({ recipe: recipes(smallDims), transform: fc.constantFrom(...transformNames) })
    .filter(({ recipe, transform }) => isReversible(recipe) || !/vjp/.test(transform));
  const drawn = fc.sample(drawing, { seed: 20261204, numRuns: extent(5, 400, 60) });
  for (const { recipe: given, transform } of drawn) {
    const recipe = { ...given, dtype: "float32" } as const;
    const f = functionOf(recipe);
    const [point, other] = [pointOf(recipe), pointOf(recipe, 1)];
    const batch = point.map((x, i) => stack([x, other[i]!, x.mul(0.5)]));
    const { g, point: args } = transforms[transform]!(f, {
      point,
      tangents: pointOf(recipe, 2),
      cotangents: pointOf(recipe, 3),
      batch,
    });
    const routine = recordedRoutine(g, args);
    expectPlanAgrees(routine, inputsOfRoutine(routine));
  }
});

const f32 = { dtype: "float32" } as const;
const planOf = (f: (...x: Tensor[]) => unknown, ...args: Tensor[]): string => {
  const routine = recordedRoutine(f, args);
  expectPlanAgrees(routine, inputsOfRoutine(routine));
  return printPlan(planDispatches(routine));
};

describe("a plan of kernels", () => {
  test("computes a product and what follows element by element in one kernel", () => {
    const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => relu(matmul(x, w).add(b));
    expect(planOf(layer, zeros([16, 24], f32), zeros([24, 20], f32), zeros([20], f32)))
      .toMatchInlineSnapshot(`
        "1 dispatch
        product+loop#0: 5 workgroups over row#1 in 0..16, row#2 in 0..20; reads in0, in1, t, in2; writes t, out0
        scratch memory: 1280 bytes"
      `);
  });

  test("divides rows among workgroups, with barriers between sums and their uses", () => {
    const norm = (x: Tensor): Tensor => x.sub(x.mean(1, { keepdims: true }));
    expect(planOf(norm, zeros([32, 48], f32))).toMatchInlineSnapshot(`
      "1 dispatch
      loop#2: 32 workgroups over row#3 in 0..32
        stage over point#4 in 0..8; reads in0; writes sum.lanes#0
        barrier
        stage; reads sum.lanes#0, t; writes t
        barrier
        stage over point#5 in 0..48; reads in0, t; writes out0
      scratch memory: 2176 bytes"
    `);
  });

  test("adds columns in one kernel, next to work that does not depend on them", () => {
    expect(planOf((x) => [x.sum(0), x.mul(2)], zeros([100, 30], f32))).toMatchInlineSnapshot(`
      "1 dispatch
      loop#2: 48 workgroups
        section of 1 workgroup over row#3 in 0..30; reads total, in0; writes total, out0
        section of 47 workgroups over row#4 in 0..3000; reads in0; writes out1
      scratch memory: 240 bytes"
    `);
  });

  test("folds the lanes of long sums in separate threads", () => {
    expect(planOf((x) => x.sum(), zeros([9000], f32))).toMatchInlineSnapshot(`
      "1 dispatch
      serial+loop+fold#2: 1 workgroup
        stage; gives s
        barrier
        stage over point#3 in 0..3, point#4 in 0..8; reads in0; writes sum.lanes#0
        barrier
        stage over point#5 in 0..3; reads sum.lanes#0; writes parts
        barrier
        stage; takes s; reads parts; writes result#0
      scratch memory: 240 bytes"
    `);
    expect(planOf((x) => x.sub(x.max(1, { keepdims: true })), zeros([6, 64], f32))).toMatchInlineSnapshot(`
      "1 dispatch
      loop#2: 6 workgroups over row#3 in 0..6
        stage over point#4 in 0..8; reads in0; writes sum.lanes#0
        barrier
        stage; reads sum.lanes#0; writes t
        barrier
        stage over point#5 in 0..64; reads in0, t; writes out0
      scratch memory: 224 bytes"
    `);
  });

  test("runs the steps of a scan inside a kernel if its rows are separate, otherwise one after the other", () => {
    const states = (x: Tensor, w: Tensor): unknown =>
      scan(
        (h: Tensor, xi: Tensor) => [tanh(matmul(h, w).add(xi)), h] as [Tensor, Tensor],
        zeros(x.shape.slice(1), f32),
        x,
      );
    expect(planOf(states, zeros([5, 20, 8], f32), zeros([8, 8], f32))).toMatchInlineSnapshot(`
      "2 dispatches
      loop#5: 3 workgroups over row#6 in 0..160; writes out0
      loop+product#0: 10 workgroups over row#1 in 0..20; a loop for step in 0..5
        stage over point#2 in 0..8; reads out0; writes out1
        barrier
        stage over point#3 in 0..8; reads out0, in1; writes t
        barrier
        stage over point#4 in 0..8; reads t, in0; writes out0
      scratch memory: 640 bytes"
    `);
    expect(planOf(states, zeros([3, 130], f32), zeros([130, 130], f32))).toMatchInlineSnapshot(`
      "7 dispatches
      loop#5: 3 workgroups over row#6 in 0..130; writes out0
      repeat for step in 0..3
        loop+product#0: 6 workgroups
          section of 3 workgroups over row#1 in 0..130; reads out0; writes out1
          section of 3 workgroups over row#2 in 0..130; reads out0, in1; writes t
        loop#3: 3 workgroups over row#4 in 0..130; reads t, in0; writes out0
      scratch memory: 528 bytes"
    `);
  });
});

test("stores to different parts of an array do not wait for each other, and stores that overlap do", () => {
  const routineWith = (from: number): Routine => {
    const block = k.makeBlock();
    const at = (row: k.Block, i: Expr, j: Expr): Expr => row.let(`at${from}`, k.add(k.mul(i, k.i32(8)), j));
    block.forEach("i", k.i32(0), k.i32(6), (rows, i) =>
      rows.forEach("j", k.i32(0), k.i32(5), (row, j) => row.store("out", at(row, i, j), k.f32(1))),
    );
    block.forEach("y", k.i32(0), k.i32(6), (rows, y) =>
      rows.forEach("x", k.i32(0), k.i32(3), (row, x) =>
        row.store("out", k.add(k.mul(y, k.i32(8)), k.add(x, k.i32(from))), k.f32(2)),
      ),
    );
    const out = { kind: "buffer", buffer: { name: "out", type: "f32", size: 48 } } as const;
    return { name: "parts", inputs: [], outputs: [out], temps: [], arenaBytes: 0, body: block.statements };
  };
  const hasBarrier = [5, 4, 2].map((from) => {
    expect(expectPlanAgrees(routineWith(from), [])).toBe(1);
    return printPlan(planDispatches(routineWith(from))).includes("barrier");
  });
  expect(hasBarrier).toEqual([false, true, true]);
});

describe("sizes that calls compute", () => {
  const n = k.local("i32", "n");
  const buffer = (name: string, size: SizeExpr) =>
    ({ kind: "buffer", buffer: { name, type: "f32", size } }) as const;
  const routineWith = (size: SizeExpr, fill: (block: k.Block) => void): Routine => {
    const block = k.makeBlock();
    fill(block);
    return {
      name: "sized",
      inputs: [{ kind: "scalar", name: "n", type: "i32" }, buffer("x", 64)],
      outputs: [buffer("out", 64), buffer("more", 64)],
      temps: [{ name: "t", type: "f32", size, offset: 0 }],
      arenaBytes: 256,
      body: block.statements,
    };
  };

  test("are numbers of iterations and of rows of products", () => {
    const routine = routineWith(64, (block) => {
      block.forEach("i", k.i32(0), n, (loop, i) =>
        loop.store("t", i, k.mul(k.load("f32", "x", i), k.f32(3))),
      );
      const pointer = (name: string) => ({ buffer: name, offset: k.i32(0) });
      block.contract({
        name: "product",
        type: "f32",
        out: pointer("out"),
        left: pointer("t"),
        right: pointer("x"),
        dims: [
          { role: "row", size: n, out: 4, left: 4, right: 0 },
          { role: "column", size: 4, out: 1, left: 0, right: 1 },
          { role: "sum", size: n, out: 0, left: 1, right: 4 },
        ],
        accumulate: false,
      });
      block.forEach("j", k.i32(0), k.i32(64), (loop, j) => loop.store("more", j, k.load("f32", "out", j)));
    });
    checkRoutine(routine);
    const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
    for (const rows of [4, 3, 1, 0]) expectPlanAgrees(routine, [Int32Array.of(rows), x]);
  });

  test("may be a size of 0, for which a product has no kernel", () => {
    const product = (rows: number): Routine =>
      routineWith(64, (block) => {
        const pointer = (name: string) => ({ buffer: name, offset: k.i32(0) });
        block.contract({
          name: "product",
          type: "f32",
          out: pointer("out"),
          left: pointer("x"),
          right: pointer("x"),
          dims: [
            { role: "row", size: rows, out: 4, left: 4, right: 0 },
            { role: "column", size: 4, out: 1, left: 0, right: 1 },
            { role: "sum", size: 4, out: 0, left: 1, right: 4 },
          ],
          accumulate: false,
        });
      });
    expect([0, 1, 4].map((rows) => planDispatches(product(rows)).steps.length)).toEqual([0, 1, 1]);
  });

  test("are refused if they are sizes of arrays, with the repair", () => {
    expect(() => planDispatches(routineWith(k.mul(n, k.i32(2)), () => {}))).toThrow(
      expect.objectContaining({
        code: "device",
        message: expect.stringMatching(/size of the array t \(n \* 2\).*staticArgnums/) as string,
      }),
    );
  });
});
