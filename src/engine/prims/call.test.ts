import { describe, expect, test } from "vitest";
import type { Program, Tensor } from "downhill";
import { printProgram, stopGradient } from "downhill";
import { checkFamily, f32, f64, floats, i32, on } from "../../../test/support/op-table.ts";
import type { ArrayType } from "../ir/types.ts";
import { traceProgram } from "../trace/staging.ts";
import { add, mul } from "./index.ts";
import * as calls from "./call.ts";
import { sin } from "./transcendental.ts";

const { call, calledProgram } = calls;

/** Wraps a function so that it calls its own program in one equation. */
function through(f: (...xs: Tensor[]) => readonly Tensor[]): (...xs: Tensor[]) => readonly Tensor[] {
  const programs = new Map<string, Program>();
  return (...xs) => {
    const types = xs.map((x): ArrayType => x.type);
    const key = JSON.stringify(types);
    if (!programs.has(key)) programs.set(key, traceProgram("f", types, f).program);
    return call(programs.get(key)!, xs);
  };
}

const x = [0.5, -1.25, 2, -0.1, 0.8, -2.5];
const y = [2, 0.5, -1, 3, 1, 0.25];

describe("call", () => {
  checkFamily(
    calls,
    {
      call: [
        on(
          through((a, b) => [mul(sin(a), b), add(a, b)]),
          floats(x, y),
        ),
        on(
          through((a) => [a, a, sin(a)]),
          [...floats(x), { ins: [i32([1, 2])] }].slice(0, 7),
        ),
        on(
          through((a, b) => [b, a]),
          floats(x, y),
        ),
        on(
          through((a, b) => [mul(stopGradient(a), b)]),
          floats(x, y).map((s) => ({ ...s, differentiable: false })),
        ),
        on(
          through((a, b) => through((c, d) => [mul(c, d), c])(sin(a), b)),
          [{ ins: [f64(x), f64(y)] }, { ins: [f32(x), f32(y)] }],
        ),
        on(
          through(() => []),
          [{ ins: [f64(x)] }],
        ),
      ],
    },
    { calledProgram: "returns the program of an equation" },
  );

  test("a call is one equation, and calledProgram returns its program", () => {
    const outer = traceProgram("g", [f64(x).type], (a) => through((b) => [sin(b)])(a)).program;
    expect(outer.eqns).toHaveLength(1);
    const inner = calledProgram(outer.eqns[0]!.prim, outer.eqns[0]!.params)!;
    expect(printProgram(inner)).toMatchInlineSnapshot(`
      "f(a:f64[6]) {
        b:f64[6] = sin a
        return b
      }"
    `);
    expect(calledProgram(inner.eqns[0]!.prim, inner.eqns[0]!.params)).toBeUndefined();
  });
});
