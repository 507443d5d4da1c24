import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  at,
  checkpoint,
  cond,
  div,
  exp,
  foriLoop,
  full,
  grad,
  jit,
  makeProgram,
  matmul,
  mul,
  scan,
  sin,
  sum,
  tanh,
  tensor,
  whileLoop,
  less,
} from "downhill";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { foldConstants } from "./constant-folding.ts";
import { hoistInvariants } from "./hoist.ts";
import { lowerProgram } from "./lower.ts";
import { eliminateDeadCode, optimize } from "./pipeline.ts";

/** The program before and after passes. */
function beforeAfter(program: Program, ...passes: readonly ((program: Program) => Program)[]): string {
  const after = passes.reduce((p, pass) => pass(p), program);
  checkProgram(after);
  return `${printProgram(program)}\n=>\n${printProgram(after)}`;
}

const scaled = jit((w: Tensor, x: Tensor) => exp(w).mul(x));

describe("constant folding", () => {
  test("computes constants from constants, before and after", () => {
    const f = (x: Tensor): Tensor => mul(x, div(sin(full([], 1)), exp(full([], 2))));
    expect(beforeAfter(makeProgram(f)(3), foldConstants, eliminateDeadCode)).toMatchInlineSnapshot(`
      "f(x:f64[]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        b:f64[] = sin a
        c:f64[] = full[value=2 dtype=float64 shape=[] weak=false]
        d:f64[] = exp c
        e:f64[] = div b d
        f:f64[] = mul x e
        return f
      }
      =>
      f(x:f64[]) {
        a:f64[] = full[value=0.11388071406436809 dtype=float64 shape=[] weak=false]
        b:f64[] = mul x a
        return b
      }"
    `);
  });

  test("rounds as the dtype does, and sees through broadcasts", () => {
    const f = (x: Tensor): Tensor =>
      add(x, div(full([2], 1, { dtype: "float32" }), full([], 3, { dtype: "float32" })));
    const program = optimize(makeProgram(f)(tensor([1, 2], { dtype: "float32" })));
    expect(printProgram(program)).toContain(String(Math.fround(1 / 3)));
  });
});

describe("loop invariants", () => {
  test("are computed before the loop, before and after", () => {
    const f = (w: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [mul(c, add(x, exp(sin(w)))), null], 1, xs)[0];
    expect(beforeAfter(makeProgram(f)(2, [1, 2, 3]), hoistInvariants)).toMatchInlineSnapshot(`
      "f(w:f64[], xs:f64[3]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        b:f64[] = scan[body=step consts=1 carries=1 length=3 reverse=false] w a xs
          step(a:f64[], b:f64[], c:f64[]) {
            d:f64[] = sin a
            e:f64[] = exp d
            f:f64[] = add c e
            g:f64[] = mul b f
            return g
          }
        return b
      }
      =>
      f(w:f64[], xs:f64[3]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        b:f64[] = sin w
        c:f64[] = exp b
        d:f64[] = scan[body=step consts=2 carries=1 length=3 reverse=false] w c a xs
          step(a:f64[], b:f64[], c:f64[], d:f64[]) {
            e:f64[] = add d b
            f:f64[] = mul c e
            return f
          }
        return d
      }"
    `);
  });

  test("leave whileLoop too, with equal values", () => {
    const f = (w: Tensor, x: Tensor): Tensor =>
      whileLoop(
        (c: Tensor) => less(c, 100),
        (c: Tensor) => add(c, exp(sin(w))),
        x,
      );
    expect(beforeAfter(makeProgram(f)(2, 1), hoistInvariants)).toMatch(/=>[^]*exp a[^]*whileLoop/);
    const step = Math.exp(Math.sin(2));
    let expected = 1;
    while (expected < 100) expected += step;
    expect(jit(f)(2, 1).item()).toBeCloseTo(expected, 9);
  });

  test("leave nested loops completely, with equal gradients", () => {
    const f = (w: Tensor, xs: Tensor): Tensor =>
      sum(
        scan(
          (c: Tensor, x: Tensor) => [
            scan((d: Tensor, y: Tensor) => [tanh(add(mul(d, y), matmul(w, w))), null], c, xs)[0].mul(x),
            null,
          ],
          w,
          xs,
        )[0],
      );
    const [w, xs] = [
      tensor([
        [0.1, 0.2],
        [0.3, 0.4],
      ]),
      tensor([0.5, 1.5]),
    ];
    const program = optimize(makeProgram(f)(w, xs));
    expect(printProgram(program).split("dotGeneral").length - 1).toBe(1);
    expect(program.eqns[0]?.prim.name).toBe("dotGeneral");
    const [eager, compiled] = [grad(f)(w, xs), jit(grad(f))(w, xs)];
    compiled.data().forEach((x, i) => expect(x).toBeCloseTo(eager.data()[i]!, 12));
  });

  test.each<[string, (w: Tensor, xs: Tensor) => Tensor]>([
    ["of a constant", (w, xs) => foriLoop(0, 3, (i, s) => s.add(exp(w.mul(-0.5)).mul(at(xs, i))), 0)],
    ["of an array and a number", (w, xs) => sum(foriLoop(0, 3, (_, s) => s.mul(exp(mul(xs, w))), xs))],
    [
      "in a branch",
      (w, xs) =>
        foriLoop(
          0,
          3,
          (i, s) =>
            cond(
              less(s, 9),
              () => s.add(exp(w).mul(at(xs, i))),
              () => s,
            ),
          0,
        ),
    ],
    [
      "in both branches, and read differently there",
      (w, xs) =>
        foriLoop(
          0,
          3,
          (i, s) =>
            cond(
              less(s, 9),
              () => {
                const half = w.mul(0.5);
                return s.add(exp(half).mul(at(xs, i)).mul(half));
              },
              () => s.mul(exp(w)),
            ),
          0,
        ),
    ],
    ["in a function with jit", (w, xs) => foriLoop(0, 3, (i, s) => s.add(scaled(w, at(xs, i))), 0)],
    [
      "in a checkpoint in a nested loop",
      (w, xs) =>
        foriLoop(
          0,
          3,
          (i, s) =>
            foriLoop(
              0,
              2,
              (_, t) => checkpoint((v: Tensor, x: Tensor) => exp(v).mul(x).add(t))(w, at(xs, i)),
              s,
            ),
          0,
        ),
    ],
  ])("%s: exp is before all loops, in gradients too", (_, f) => {
    const [w, xs] = [tensor(0.25), tensor([0.5, 1.5, 2.5])];
    for (const g of [f, grad(f)]) {
      const routine = printRoutine(lowerProgram(optimize(makeProgram(g)(w, xs))).routine);
      expect(routine).toContain("exp(");
      expect(routine.split("for step")[0]!.split("exp(")).toHaveLength(routine.split("exp(").length);
      expect(jit(g)(w, xs).item()).toBeCloseTo(g(w, xs).item(), 12);
    }
  });

  test("that are much larger than their operands stay", () => {
    const f = (w: Tensor, xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [add(mul(c, x), mul(w, full([1000], 2))), null], full([1000], 1), xs)[0];
    expect(beforeAfter(makeProgram(f)(2, [1, 2]), hoistInvariants).split("=>")[1]).toMatch(
      /scan[^]*broadcast/,
    );
  });
});
