import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  cond,
  exp,
  foriLoop,
  grad,
  hessian,
  jit,
  less,
  makeProgram,
  scan,
  sin,
  switchCase,
  tensor,
  vmap,
} from "downhill";
import { checkGrads } from "downhill/testing";
import { countingInterp } from "../backends/interp/index.ts";
import { compileProgram } from "../runtime/executable.ts";

const branches = [
  (x: Tensor) => sin(x),
  (x: Tensor) => exp(x),
  (x: Tensor) => x.mul(x),
  (x: Tensor) => x.mul(3),
  (_: Tensor) => 7 as unknown as Tensor,
];
const slopes = [Math.cos(0.5), Math.exp(0.5), 1, 3, 0];
const at = (i: Tensor | number, x: Tensor): Tensor => switchCase(i, branches, x);

describe("switchCase", () => {
  test("applies the function at the index, with its derivatives, compiled too", () => {
    const compiled = jit((i: Tensor, x: Tensor) => grad((y: Tensor) => at(i, y))(x));
    slopes.forEach((slope, i) => {
      expect(grad((x: Tensor) => at(i, x))(0.5).item()).toBeCloseTo(slope, 14);
      expect(compiled(tensor(i, { dtype: "int32" }), 0.5).item()).toBeCloseTo(slope, 14);
    });
    expect(hessian((x: Tensor) => at(2, x))(0.5).item()).toBe(2);
    checkGrads((x: Tensor) => at(1, x), [0.5]);
  });

  test("clamps the index, like JAX", () => {
    expect(at(-4, tensor(0.5)).item()).toBe(Math.sin(0.5));
    expect(at(99, tensor(0.5)).item()).toBe(7);
    expect(jit((i: Tensor) => at(i, tensor(0.5)))(99).item()).toBe(7);
  });

  test("accepts one branch, captured values and trees", () => {
    expect(switchCase(3, [(x: Tensor) => x.add(1)], 1).item()).toBe(2);
    const f = (i: number, w: Tensor): Tensor => {
      const { y } = switchCase(i, [() => ({ y: w.mul(2) }), () => ({ y: w.mul(w) }), () => ({ y: w })]);
      return y;
    };
    expect([0, 1, 2].map((i) => grad((w: Tensor) => f(i, w))(3).item())).toEqual([2, 6, 1]);
  });

  test("selects for each item of a batch, and in a loop", () => {
    const i = tensor([0, 1, 2, 3, 4, 9, -1], { dtype: "int32" });
    const items = vmap((k: Tensor, x: Tensor) => at(k, x))(i, tensor(Array<number>(7).fill(0.5)));
    const first = Math.sin(0.5);
    expect(items.tolist()).toEqual([first, Math.exp(0.5), 0.25, 1.5, 7, 7, first]);
    const [, ys] = scan((c, k) => [at(k, c), c], 0.5, i.slice(1, 4));
    expect(ys.tolist()).toEqual([0.5, Math.exp(0.5), Math.exp(0.5) ** 2]);
  });

  test("computes the selected branch only", () => {
    const costly = (x: Tensor): Tensor => foriLoop(0, 1000, (_, y) => sin(y), x);
    const cheap = (x: Tensor): Tensor => x.add(1);
    const index = (i: number): Tensor => tensor(i, { dtype: "int32" });
    const program = makeProgram((i: Tensor, x: Tensor) => switchCase(i, [cheap, costly, cheap, costly], x))(
      index(0),
      [1, 2],
    );
    const counter = countingInterp();
    const { run } = compileProgram(program, counter);
    const storesOf = (i: number): number => {
      const before = counter.counts.stores;
      run([index(i).slot!, tensor([1, 2]).slot!]);
      return counter.counts.stores - before;
    };
    expect(storesOf(2)).toBeLessThan(10);
    expect(storesOf(3)).toBeGreaterThan(1000);
  });

  test.each<[() => unknown, string]>([
    [() => switchCase(0, [], 1), "switchCase: branches must be an array of at least one function"],
    [
      () => switchCase(0.5, branches, 1),
      'switchCase: the index is 0.5, not a scalar integer. Convert it with astype("int32")',
    ],
    [() => switchCase(less(1, 2), branches, 1), "switchCase: the index is bool[], not a scalar integer."],
    [() => switchCase([0, 1], branches, 1), "switchCase: the index is f64[2], not a scalar integer."],
    [
      () => switchCase(0, [(x: Tensor) => x, (x: Tensor) => x.reshape([1])], 1),
      "switchCase: the result is f64[] in branch 0 but f64[1] in branch 1; all branches must return the same types.",
    ],
    [
      () => switchCase(0, [(x: Tensor) => x, (x: Tensor) => [x] as unknown as Tensor], 1),
      "switchCase: the branches return different structures: * in branch 0, [*] in branch 1",
    ],
    [() => cond(less(0, 1), (x: Tensor) => x, (x: Tensor) => [x] as never, 1), "cond: the sides return different structures: * where true, [*] where false"], // prettier-ignore
    [() => switchCase(0, [3 as never], 1), "switchCase: expects a function, got number."],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
