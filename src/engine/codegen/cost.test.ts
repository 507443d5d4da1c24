import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import { makeProgram, mul, sum, zeros } from "downhill";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import * as k from "../kernel/build.ts";
import { exp64 } from "../kernel/math/index.ts";
import type { Expr, Port, Routine, SizeExpr, Stmt } from "../kernel/scalar.ts";
import type { Work } from "./cost.ts";
import { elementsMoved, weightOf, workOf } from "./cost.ts";

test("the work of a sum grows with its elements, for any division into runs", () => {
  const square = (x: Tensor): Tensor => sum(mul(x, x));
  for (const dtype of ["float32", "float64"] as const) {
    for (const n of [1000, 10_000, 100_000, 1_000_000]) {
      const { wide, narrow } = workOf(
        lowerProgram(optimize(makeProgram(square)(zeros([n], { dtype })))).routine,
      );
      expect(wide).toBeGreaterThan(2 * n);
      expect(wide).toBeLessThan(10 * n);
      expect(narrow).toBeLessThan(n / 2);
    }
  }
});

test("the weight of a loop nest is requested at each depth, and each statement is weighed once", () => {
  let weighed = 0;
  let stmt: Stmt = {
    kind: "set",
    name: "x",
    get value() {
      weighed++;
      return k.f64(1);
    },
  };
  const depths: Stmt[] = [];
  for (let depth = 0; depth < 20; depth++) {
    stmt = { kind: "if", condition: k.bool(true), then: [stmt], otherwise: [] };
    depths.unshift(stmt);
  }
  const weights = depths.map(weightOf);
  expect(weights).toEqual(depths.map((_, i) => 2 * (20 - i) + 2));
  expect(weighed).toBe(1);
});

/** Work of `times` sequential iterations that set a local to a value. */
const workOfValue = (times: number, value: Expr): Work => {
  const block = k.makeBlock();
  const x = block.let("x", k.constant(value.type, 0));
  block.for("i", k.i32(0), k.i32(times), (loop) => loop.set(x, value));
  return workOf({ name: "f", inputs: [], outputs: [], temps: [], arenaBytes: 0, body: block.statements });
};

test("calls of procedures in sequential code are counted separately, in each iteration", () => {
  const call = k.call(exp64, k.f64(1));
  const one = workOfValue(1, call).called;
  expect(one).toBeGreaterThan(1);
  expect(workOfValue(1, k.f64(1)).called).toBe(0);
  expect(workOfValue(10, k.add(call, call)).called).toBe(20 * one);
});

test("operations of float32 and uint32 in sequential code are counted separately, in each iteration", () => {
  const twice = (x: Expr): Expr => k.add(x, x);
  expect(workOfValue(10, twice(k.constant("f32", 1))).foreign).toBe(10);
  expect(workOfValue(10, twice(twice(k.constant("u32", 1)))).foreign).toBe(30);
  expect(workOfValue(10, k.unary("highWord", k.f64(1))).foreign).toBe(10);
  expect(workOfValue(10, twice(k.f64(1))).foreign).toBe(0);
});

test("transferred elements are counted by array sizes; run-time sizes count as small", () => {
  const n = k.local("i32", "n");
  const port = (name: string, size: SizeExpr): Port => ({
    kind: "buffer",
    buffer: { name, type: "f64", size },
  });
  const routine = (sizes: readonly SizeExpr[]): Routine => ({
    name: "f",
    inputs: sizes.map((size, i) => port(`x${i}`, size)),
    outputs: [{ kind: "scalar", value: k.f64(0) }],
    temps: [],
    arenaBytes: 0,
    body: [],
  });
  expect(elementsMoved(routine([1000, 24]))).toBe(1024);
  expect(elementsMoved(routine([k.mul(n, n), n]))).toBe(16 * 16 + 16);
});
