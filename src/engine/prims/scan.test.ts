import { describe, expect, test } from "vitest";
import type { Program, Tensor } from "downhill";
import { foriLoop, grad, jit, tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, withShape } from "../ir/types.ts";
import { traceProgram } from "../trace/staging.ts";
import { add, call, mul, neg, sum, take } from "./index.ts";
import type { ScanParams } from "./scan.ts";
import * as scans from "./scan.ts";
import { sin } from "./transcendental.ts";

type Body = (...xs: Tensor[]) => readonly Tensor[];
type Counts = Pick<ScanParams, "consts" | "carries"> & Partial<ScanParams>;

/** A loop over a body of consts, carries and xs; its default length is that of the xs. */
function loop(body: Body, { consts, carries, reverse = false, length }: Counts): Body {
  const programs = new Map<string, Program>();
  return (...ins) => {
    const items = ins.slice(consts + carries);
    const types = ins.map((x, i): ArrayType =>
      i < consts + carries ? x.type : withShape(x.type, x.shape.slice(1)),
    );
    const key = JSON.stringify(types);
    const program = programs.get(key) ?? traceProgram("step", types, body).program;
    programs.set(key, program); // traced once, like users' loops under jit
    return scans.scan(ins, {
      body: program,
      consts,
      carries,
      reverse,
      length: length ?? items[0]!.shape[0]!,
    });
  };
}

const three = [0.5, -1.25, 2];
const six = [0.5, -1.25, 2, -0.1, 0.8, -2.5];

/** c ← sin(c) · w + x, y = c · x */
const recurrence: Body = (w, c, x) => [add(mul(sin(c), w), x), mul(c, x)];
/** Two carries that are swapped; only one depends on the xs. */
const swap: Body = (a, b, x) => [add(b, x), a];
const scalars = [
  { ins: [0.7, 0.3, f64(three)].map((x) => (typeof x === "number" ? f64([x], []) : x)) },
  { ins: [f32([0.7], []), f32([0.3], []), f32(three)] },
  { ins: [f64([0.7], []), f64([0.3], []), f64([])] },
  { ins: [f64([0.7], []), f64([0.3], []), f64([2])] },
];
const vectors = [
  { ins: [f64([0.7, 1.1]), f64([0.3, -0.2]), f64(six, [3, 2])] },
  { ins: [f32([0.7, 1.1]), f32([0.3, -0.2]), f32(six, [3, 2])] },
];

describe("scan", () => {
  checkFamily(scans, {
    scan: [
      on(loop(recurrence, { consts: 1, carries: 1 }), [...scalars, ...vectors]),
      on(loop(recurrence, { consts: 1, carries: 1, reverse: true }), [...scalars, ...vectors]),
      on(loop(swap, { consts: 0, carries: 2 }), [...scalars, ...vectors]),
      // a loop without xs
      on(
        loop((w, c) => [mul(sin(c), w)], { consts: 1, carries: 1, length: 4 }),
        [{ ins: [f64([0.7, 1.2]), f64([0.3, 2])] }],
      ),
      // a loop without carries: a map
      on(
        loop((w, x) => [mul(sin(x), w)], { consts: 1, carries: 0 }),
        [{ ins: [f64([0.7], []), f64(three)] }],
      ),
      // constants indexed by the xs, integers among the carries
      on(
        loop((w, c, n, i) => [add(c, mul(take(w, i, 0), c)), add(n, i), take(w, n, 0)], {
          consts: 1,
          carries: 2,
        }),
        [{ ins: [f64(three), f64([0.3], []), i32([0], []), i32([1, 0, 1])] }],
      ),
      // a nested loop that reads the constant and the carry of the outer one
      on(
        loop(
          (w, c, x) =>
            loop((v, a, z) => [add(mul(a, v), sin(z)), a], { consts: 1, carries: 1 })(c, w, x).map((y, k) =>
              k === 0 ? y : sum(y, [0]),
            ),
          {
            consts: 1,
            carries: 1,
          },
        ),
        [{ ins: [f64([0.7], []), f64([0.3], []), f64(six, [2, 3])] }],
      ),
      // a call in a loop
      on(
        loop(
          (c, x) =>
            call(traceProgram("g", [c.type, x.type], (a, b) => [mul(a, sin(b)), neg(a)]).program, [c, x]),
          {
            consts: 0,
            carries: 1,
          },
        ),
        [{ ins: [f64([0.3], []), f64(three)] }],
      ),
      // a carry without uses, and results that are constants, carries and xs themselves
      on(
        loop((w, c, d, x) => [c, add(d, x), w, c, x], { consts: 1, carries: 2 }),
        [{ ins: [f64([0.7], []), f64([0.3], []), f64([0.1], []), f64(three)] }],
      ),
    ],
  });

  test("a value passed both as a constant and as an unchanged carry keeps its derivative", () => {
    const f = (u: Tensor): Tensor => {
      const [s, t] = foriLoop(
        0,
        4,
        (_, [a, b]: [Tensor, Tensor]) => [a.add(u), b.add(0.5)] as [Tensor, Tensor],
        [tensor(0), u],
      );
      return s.add(t.mul(10));
    };
    expect(grad(f)(0.7).item()).toBe(14); // 4 u + 10 u + 20
    expect(jit(grad(f))(0.7).item()).toBe(14);
    expect(grad((u: Tensor) => f(u.mul(u)))(0.5).item()).toBe(14);
    expect(grad((u: Tensor) => f(u).add(u))(0.5).item()).toBe(15);
  });

  test("a carry that changes its type is refused", () => {
    const body = traceProgram("step", [arrayType("float64", []), arrayType("float64", [2])], (c, x) => [
      add(sum(x, [0]), c),
    ]).program;
    const run = (): unknown =>
      scans.scan([f64([1]), f64(six, [3, 2])], { body, consts: 0, carries: 1, length: 3, reverse: false });
    expect(run).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scan: carry 0 is f64[1], the body expects f64[].]`,
    );
  });
});
