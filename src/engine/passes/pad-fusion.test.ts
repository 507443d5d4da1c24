import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  add,
  configure,
  exp,
  grad,
  jit,
  makeProgram,
  mul,
  neg,
  pad,
  sin,
  slice,
  square,
  sub,
  sum,
  tensor,
} from "downhill";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { sizeOf } from "../util/shape.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";
import { extent } from "../../../test/support/extent.ts";

beforeEach(() => configure({ reproducible: true })); // the same bits in one loop and in several
afterEach(() => configure({}));

const routineOf = (program: Program): string => printRoutine(lowerProgram(optimize(program)).routine);
const numbers = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i) + 0.25);

/** The sum of the squared differences of neighbours. */
function roughness(x: Tensor): Tensor {
  const n = x.shape[0]!;
  return sum(square(sub(slice(x, [1, n]), slice(x, [0, n - 1]))));
}

describe("arrays padded with zeros", () => {
  test("need no memory: one loop computes them where they are added up, and its edges are split off", () => {
    expect(routineOf(makeProgram(grad(roughness))(numbers(2000)))).toMatchInlineSnapshot(`
      "routine f(x0: f64[2000]) -> (out0: f64[2000]) {
        for each "i.0" in 0..1 {
          let "e.0": i32 = "i.0"
          let "x.0": f64 = x0[1]
          let "x_2.0": f64 = x0[0]
          let "v.0": f64 = "x.0" - "x_2.0"
          let "v_2.0": f64 = "v.0" + "v.0"
          let "v_3.0": f64 = -"v_2.0"
          let "v_5.0": f64 = "v_3.0"
          let "v_9.0": f64 = 0
          let "v_10.0": f64 = "v_5.0" + "v_9.0"
          out0["e.0"] = "v_10.0"
        }
        for each "i.1" in 1..1999 {
          let "e.1": i32 = "i.1"
          let "x.1": f64 = x0["i.1" + 1]
          let "x_2.1": f64 = x0["i.1"]
          let "v.1": f64 = "x.1" - "x_2.1"
          let "v_2.1": f64 = "v.1" + "v.1"
          let "v_3.1": f64 = -"v_2.1"
          let "v_5.1": f64 = "v_3.1"
          let "x_3.1": f64 = x0["i.1" - 1 + 1]
          let "x_4.1": f64 = x0["i.1" - 1]
          let "v_6.1": f64 = "x_3.1" - "x_4.1"
          let "v_7.1": f64 = "v_6.1" + "v_6.1"
          let "v_9.1": f64 = "v_7.1"
          let "v_10.1": f64 = "v_5.1" + "v_9.1"
          out0["e.1"] = "v_10.1"
        }
        for each "i.1999" in 1999..2000 {
          let "e.1999": i32 = "i.1999"
          let "v_5.1999": f64 = 0
          let "x_3.1999": f64 = x0[1999]
          let "x_4.1999": f64 = x0[1998]
          let "v_6.1999": f64 = "x_3.1999" - "x_4.1999"
          let "v_7.1999": f64 = "v_6.1999" + "v_6.1999"
          let "v_9.1999": f64 = "v_7.1999"
          let "v_10.1999": f64 = "v_5.1999" + "v_9.1999"
          out0["e.1999"] = "v_10.1999"
        }
      }"
    `);
  });

  test("do so along each axis of a plane", () => {
    const plane = (x: Tensor): Tensor => {
      const [n, m] = x.shape as [number, number];
      const down = sub(slice(x, [1, n], [0, m]), slice(x, [0, n - 1], [0, m]));
      const right = sub(slice(x, [0, n], [1, m]), slice(x, [0, n], [0, m - 1]));
      return add(sum(square(down)), sum(square(right)));
    };
    const x = tensor(numbers(1200), { shape: [30, 40] });
    const text = routineOf(makeProgram(grad(plane))(x));
    expect(text).not.toMatch(/temp|\?|min|max/);
    expect(text.match(/for each "j/g)).toHaveLength(9); // corners, borders and the middle
    expect(jit(grad(plane))(x).data()).toEqual(grad(plane)(x).data());
  });

  test("stay in memory if they are small, have other readers, are costly, or begin at many indices", () => {
    expect(routineOf(makeProgram(grad(roughness))(numbers(50)))).toContain("temp");
    const kept = (x: Tensor): Tensor[] => {
      const d = neg(x);
      return [pad(d, [[1, 0]]), d];
    };
    expect(routineOf(makeProgram(kept)(numbers(1500)))).toContain('= out1["i');
    const costly = (x: Tensor): Tensor => {
      const d = sin(exp(x));
      return add(pad(d, [[1, 0]]), pad(d, [[0, 1]]));
    };
    expect(routineOf(makeProgram(costly)(numbers(1500)))).toContain("temp");
    const wide = (x: Tensor): Tensor =>
      [0, 1, 2, 3, 4, 5].map((k) => pad(mul(x, k + 2), [[k, 5 - k]])).reduce((a, b) => add(a, b));
    expect(routineOf(makeProgram(wide)(numbers(1500)))).toContain("temp");
    for (const f of [costly, wide])
      expect(jit(f)(numbers(1500)).data()).toEqual(f(tensor(numbers(1500))).data());
  });

  test("any combination has the bits of operation-by-operation evaluation", () => {
    const term = fc.record({
      from: fc.nat(3),
      to: fc.nat(3),
      scale: fc.constantFrom(1, -2, 0.5),
      kind: fc.nat(3),
    });
    const backends = fc.constantFrom("js" as const, "wasm" as const);
    const shapes = fc.constantFrom([9], [1200], [30, 40], [3, 400], [1, 1100], [9, 12, 15]);
    fc.assert(
      fc.property(
        backends,
        shapes,
        fc.array(term, { minLength: 1, maxLength: 4 }),
        fc.nat(2),
        (backend, shape, terms, axis) => {
          configure({ backend, reproducible: true });
          const along = axis % shape.length;
          const f = (x: Tensor): Tensor =>
            terms
              .map(({ from, to, scale, kind }) => {
                const part = (start: number, end: number): Tensor =>
                  slice(
                    x,
                    ...shape.map((n, i): [number, number] =>
                      i === along && n > 6 ? [start, n - end] : [0, n],
                    ),
                  );
                const [a, b] = [part(from, to), part(to, from)];
                const d = [sub(a, b), mul(a, b), sub(b, square(a)), add(sin(a), mul(b, scale))][kind]!;
                return sum(mul(square(d), scale));
              })
              .reduce((a, b) => add(a, b));
          const x = tensor(numbers(sizeOf(shape)), { shape });
          expect(jit(grad(f))(x).data()).toEqual(grad(f)(x).data());
        },
      ),
      { numRuns: extent(5, 200, 10) },
    );
  });
});
