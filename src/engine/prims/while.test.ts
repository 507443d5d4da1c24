import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import { traceProgram } from "../trace/staging.ts";
import { add, less, mul, sum, take } from "./index.ts";
import { sin } from "./transcendental.ts";
import * as loops from "./while.ts";

type Body = (...xs: Tensor[]) => readonly Tensor[];

/** A loop over constants of the test, constants of the body, and carries. */
const loop =
  (test: (...xs: Tensor[]) => Tensor, testConsts: number, body: Body, bodyConsts: number): Body =>
  (...ins) => {
    const types = ins.map((x) => x.type);
    const carry = types.slice(testConsts + bodyConsts);
    return loops.whileLoop(ins, {
      test: traceProgram("test", [...types.slice(0, testConsts), ...carry], (...xs) => [test(...xs)]).program,
      body: traceProgram("body", [...types.slice(testConsts, testConsts + bodyConsts), ...carry], body)
        .program,
      testConsts,
      bodyConsts,
    });
  };
const forward = { modes: ["forward"] } as const;
const count = i32([4], []);
const zero = i32([0], []);
const one = i32([1], []);

describe("whileLoop", () => {
  checkFamily(loops, {
    whileLoop: [
      // n steps: operands n, w, 1, i, x
      on(
        loop((n, i) => less(i, n), 1, (w, by, i, x) => [add(i, by), mul(sin(x), w)], 2), // prettier-ignore
        [
          { ins: [count, f64([1.2], []), one, zero, f64([0.7], [])] },
          { ins: [count, f64([1.2, -0.4]), one, zero, f64([0.7, 2])] },
          { ins: [count, f32([1.2, -0.4]), one, zero, f32([0.7, 2])] },
          { ins: [zero, f64([1.2], []), one, zero, f64([0.7], [])] },
          { ins: [count, f64([]), one, zero, f64([])] },
        ],
        forward,
      ),
      // the number of steps depends on the values; carries are swapped
      on(
        loop((end, x, y) => less(add(x, y), end), 1, (x, y) => [add(y, y), add(x, y)], 0), // prettier-ignore
        [{ ins: [f64([10], []), f64([0.7], []), f64([0.5], [])] }],
        forward,
      ),
      // an array indexed by a carry
      on(
        loop((n, i) => less(i, n), 1, (w, by, i, s) => [add(i, by), add(s, take(w, i, 0))], 2), // prettier-ignore
        [{ ins: [count, f64([1, 2, 3, 4]), one, zero, f64([0.5], [])] }],
        forward,
      ),
      // the condition depends on a sum
      on(
        loop((x) => less(sum(x, [0]), sum(mul(x, x), [0])), 0, (w, x) => [mul(x, w)], 1), // prettier-ignore
        [{ ins: [f64([0.5, 0.5]), f64([4, 3])] }],
        forward,
      ),
    ],
  });

  test("a carry that changes its type is refused", () => {
    const scalar = arrayType("float64", []);
    const test = traceProgram("test", [scalar], (x) => [less(x, x)]).program;
    const body = traceProgram("body", [scalar], (x) => [less(x, x)]).program;
    expect(() => loops.whileLoop([f64([1], [])], { test, body, testConsts: 0, bodyConsts: 0 })).toThrow(
      "whileLoop: carry 0 after a step is bool[], the loop expects f64[].",
    );
  });
});
