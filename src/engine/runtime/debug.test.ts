import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { div, log, sin, sqrt, tensor, where, less } from "../../numeric/array/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { grad } from "../transforms/grad.ts";
import { jvp } from "../transforms/linearize.ts";
import { checkpoint } from "../transforms/checkpoint.ts";
import { cond } from "../transforms/cond.ts";
import { scan } from "../transforms/scan.ts";
import { taylor } from "../transforms/taylor/index.ts";
import { vmap } from "../transforms/vmap.ts";
import { whileLoop } from "../transforms/while-loop.ts";
import "../../numeric/array/methods.ts";
import { debug } from "./debug.ts";
import "./install.ts";
import { jit } from "./jit.ts";

beforeEach(() => debug({ nan: true }));
afterEach(() => debug({ nan: false }));

/** Message of the error that `f` throws; its location is reduced to file and line. */
function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toMatchObject({ name: "DownhillError", code: "nan" });
    return (error as Error).message.replace(/at \S*\/([\w.-]+:\d+):\d+\.$/, "at $1.");
  }
  throw new Error("nothing was thrown");
}

describe("debug({ nan: true })", () => {
  test("names the operation whose value is not finite, its operands and the line", () => {
    expect(message(() => log(tensor([1, -1])))).toMatch(
      /^log: its value became NaN at element 1 in the forward pass: log\(f64\[2\] with -1 there\) -> f64\[2\]\. Called at debug\.test\.ts:\d+\.$/,
    );
  });

  test("names the operation whose tangent is not finite", () => {
    expect(message(() => jvp((x: Tensor) => sqrt(x), [0], [1]))).toMatch(
      /^sqrt: its derivative became Infinity in the forward pass: div\(f64\[\] 1, f64\[\] 0\)/,
    );
  });

  test("names the operation whose Taylor coefficient is not finite", () => {
    expect(message(() => taylor((x: Tensor) => sqrt(x), { order: 2 })(0, 1))).toMatch(
      /^sqrt: its derivative became Infinity in the forward pass: div\(f64\[\] 1, f64\[\] 0\)/,
    );
  });

  test("names the operation whose cotangent is not finite, in the reverse pass", () => {
    expect(message(() => grad((x) => sqrt(x))(0))).toMatch(
      /^sqrt: its cotangent became Infinity in the reverse pass: .* in its derivative rule\. Called at debug\.test\.ts/,
    );
  });

  test.each([
    ["jit of grad", () => jit(grad((x) => sqrt(x.mul(x))))(0)],
    ["grad of jit", () => grad(jit((x) => sqrt(x.mul(x))))(0)],
    ["jit in jit", () => jit(grad(jit((x) => sqrt(x.mul(x)))))(0)],
  ])("looks inside jitted functions: %s", (_, f) => {
    expect(message(f)).toMatch(/^sqrt: its cotangent became Infinity in the reverse pass.*debug\.test\.ts/);
  });

  test("reports an outer tensor or number of a compiled function that was replaced", () => {
    debug({ nan: false });
    let weight = tensor([1, 2]);
    let factor = 2;
    const scaled = jit(function scaled(x: Tensor) {
      return x
        .mul(weight)
        .mul(factor)
        .add(tensor([0.5, 0.5]));
    });
    expect(scaled([1, 1]).tolist()).toEqual([2.5, 4.5]);
    weight = tensor([5, 5]);
    expect(scaled([1, 1]).tolist()).toEqual([2.5, 4.5]); // as documented
    debug({ nan: true });
    expect(() => scaled([1, 1])).toThrow(
      /^jit\(scaled\): the outer tensor f64\[2\] that it reads was replaced after its first trace\. .* Pass values that change as arguments\.$/,
    );
    weight = tensor([1, 2]); // another tensor with equal elements
    expect(scaled([1, 1]).tolist()).toEqual([2.5, 4.5]);
    factor = 3;
    expect(() => scaled([1, 1])).toThrow("jit(scaled): it computes something different from its first trace");
  });

  test("reports this for a function without earlier calls, and accepts unchanged functions", () => {
    let weight = tensor(1);
    const product = jit((x: Tensor) => jit((y: Tensor) => y.mul(weight))(x));
    expect([1, 2].map((x) => grad((y) => product(y))(x).item())).toEqual([1, 1]);
    expect(jit(grad((y: Tensor) => product(y)))(2).item()).toBe(1);
    weight = tensor(4);
    expect(() => product(1)).toThrow("the outer tensor f64[] that it reads was replaced");
  });

  test("reports a step only inside loops", () => {
    const side = (x: Tensor): Tensor =>
      cond(
        less(x, 0),
        () => log(x),
        () => x,
      );
    for (const f of [() => jit(side)(-1), () => checkpoint(side)(-1), () => jit((x) => log(x))(-1)])
      expect(message(f)).toMatch(/^log: its value became NaN in the forward pass: log\(f64\[\] -1\)/);
    expect(
      message(() =>
        whileLoop(
          (y) => less(y, 2),
          (y) => log(y),
          tensor(1),
        ),
      ),
    ).toMatch(/, in step 1 of a loop:/);
  });

  test("accepts infinite constants, in jitted functions too", () => {
    expect(jit((x: Tensor) => where(less(x, 0), -Infinity, x))([1, 2]).tolist()).toEqual([1, 2]);
  });

  test("looks inside loops and reports the step", () => {
    const f = (x: Tensor): Tensor => scan((c: Tensor, v: Tensor) => [log(c.sub(v)), null], x, [1, 0, 3])[0];
    expect(message(() => f(tensor(2)))).toMatch(
      /^log: its value became -Infinity in the forward pass, in step 1 of a loop/,
    );
    expect(message(() => grad(f)(2))).toMatch(
      /^log: its value became -Infinity in the forward pass, in step 1 of a loop/,
    );
  });

  test("looks inside the reverse pass of loops", () => {
    const f = (x: Tensor): Tensor => scan((c: Tensor, v: Tensor) => [sqrt(c.mul(v)), null], x, [1, 2, 0])[0];
    expect(message(() => grad(f)(2))).toMatch(
      /^sqrt: its cotangent became Infinity in the reverse pass, in step 2 of a loop/,
    );
  });

  test("looks inside vmap", () => {
    expect(message(() => vmap((x) => div(1, x))([1, 0]))).toMatch(
      /^div: its value became Infinity at element 1/,
    );
  });

  test("ignores operands that were already NaN or infinite", () => {
    expect(tensor([1, Infinity]).mul(2).tolist()).toEqual([2, Infinity]);
    expect(message(() => tensor(Infinity).sub(Infinity))).toMatch(/^sub: its value became NaN/);
  });

  test("reports nothing for finite results", () => {
    const safe = (x: Tensor): Tensor => where(less(0, x), log(where(less(0, x), x, 1)), 0).add(sin(x));
    expect(grad(safe)(0).item()).toBe(1);
  });

  test("stops with nan: false, also for functions jitted while it was on", () => {
    const f = jit(grad((x) => sqrt(x)));
    expect(() => f(0)).toThrow("cotangent");
    debug({ nan: false });
    expect(f(0).item()).toBe(Infinity);
  });
});

test("debug without options names the missing option", () => {
  expect(() => debug(undefined as never)).toThrow("debug: needs options, as in { nan: … }; got none.");
});
