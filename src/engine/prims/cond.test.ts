import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import { traceProgram } from "../trace/staging.ts";
import * as conds from "./cond.ts";
import { add, call, mul, neg, sum, take } from "./index.ts";
import { exp, sin } from "./transcendental.ts";

type Body = (...xs: Tensor[]) => readonly Tensor[];

/** A choice between two functions of the operands after the predicate. */
const choose =
  (onTrue: Body, onFalse: Body): Body =>
  (predicate, ...xs) => {
    const types = xs.map((x) => x.type);
    const programs = [onTrue, onFalse].map((side) => traceProgram("side", types, side).program);
    return conds.cond([predicate, ...xs], { onTrue: programs[0]!, onFalse: programs[1]! });
  };
const [yes, no] = [bool([1], []), bool([0], [])];
const scalars = [yes, no].map((p) => ({ ins: [p, f64([0.7], []), f64([-0.4], [])] }));
const vectors = [yes, no].flatMap((p) => [
  { ins: [p, f64([0.7, 1.1]), f64([0.3, -0.2])] },
  { ins: [p, f32([0.7, 1.1]), f32([0.3, -0.2])] },
  { ins: [p, f64([]), f64([])] },
]);

describe("cond", () => {
  checkFamily(conds, {
    cond: [
      on(
        choose(
          (x, y) => [mul(sin(x), y), x],
          (_, y) => [exp(y), neg(y)],
        ),
        [...scalars, ...vectors],
      ),
      // sides that read different operands, and one that returns an operand twice
      on(
        choose(
          (x) => [x, x],
          (_, y) => [y, mul(y, y)],
        ),
        [...scalars, ...vectors],
      ),
      // a constant on one side: its tangent is zero there
      on(
        choose(
          (x) => [sum(mul(x, x), [0])],
          (_, y) => [sum(neg(y), [0])],
        ),
        vectors,
      ),
      // integers among operands and results
      on(
        choose(
          (x, i) => [take(x, i, 0), add(i, i)],
          (x, i) => [sum(mul(x, x), [0]), i],
        ),
        [yes, no].map((p) => ({ ins: [p, f64([0.5, -1, 2]), i32([1], [])] })),
      ),
      // nested choices, and a call
      on(
        (p, q, x) =>
          choose(
            (r, y) => choose((z) => [sin(mul(z, z))], (z) => [exp(z)])(r, y), // prettier-ignore
            (_, y) => call(traceProgram("g", [y.type], (z) => [mul(z, sin(z))]).program, [y]),
          )(p, q, x),
        [yes, no].flatMap((p) => [yes, no].map((q) => ({ ins: [p, q, f64([0.6], [])] }))),
      ),
    ],
  });

  test("sides of different types are refused", () => {
    const scalar = arrayType("float64", []);
    const program = (f: Body): ReturnType<typeof traceProgram>["program"] =>
      traceProgram("side", [scalar], f).program;
    const onTrue = program((x) => [x]);
    const onFalse = program(() => [f64([1, 2])]);
    expect(() => conds.cond([yes, f64([1], [])], { onTrue, onFalse })).toThrow("cond: operand 0 is f64[]");
    expect(() => conds.cond([f64([1], []), f64([1], [])], { onTrue, onFalse: onTrue })).toThrow(
      "cond: the predicate is f64[], not bool[].",
    );
  });
});
