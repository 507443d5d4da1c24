import { describe, expect, test } from "vitest";
import { pad, tensor, jit, concatenate, add } from "downhill";
import type { Tensor } from "downhill";
import { interpBackend } from "../backends/interp/index.ts";
import * as k from "./build.ts";
import { checkRoutine } from "./check.ts";
import { printRoutine } from "./print.ts";
import type { Routine } from "./scalar.ts";
import { cutLoops } from "./segments.ts";

/** out[i, j] = inside ? a[i − 1, j − 2] : −1, for a of 3 by 4 within 5 by 8. */
function framed(): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(5), (rows, i) =>
    rows.forEach("j", k.i32(0), k.i32(8), (loop, j) => {
      const inside = k.and(
        k.and(k.le(k.i32(1), i), k.lt(i, k.i32(4))),
        k.and(k.le(k.i32(2), j), k.le(j, k.i32(5))),
      );
      const place = k.add(k.mul(k.sub(i, k.i32(1)), k.i32(4)), k.sub(j, k.i32(2)));
      const value = loop.let("v", k.select(inside, k.load("f64", "a", place), k.f64(-1)));
      loop.store("out", k.add(k.mul(i, k.i32(8)), j), value);
    }),
  );
  const buffer = (name: string, size: number) =>
    ({ kind: "buffer", buffer: { name, type: "f64", size } }) as const;
  return {
    name: "framed",
    inputs: [buffer("a", 12)],
    outputs: [buffer("out", 40)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

describe("cutLoops", () => {
  test("gives the pieces of nested loops distinct names if both are cut at the same numbers", () => {
    const block = k.makeBlock();
    block.forEach("i", k.i32(0), k.i32(5), (rows, i) =>
      rows.forEach("j", k.i32(0), k.i32(5), (loop, j) => {
        const inside = k.and(k.lt(i, k.i32(3)), k.lt(j, k.i32(3)));
        loop.store(
          "out",
          k.add(k.mul(i, k.i32(5)), j),
          k.select(inside, k.load("f64", "a", k.add(k.mul(i, k.i32(3)), j)), k.f64(0)),
        );
      }),
    );
    const buffer = (name: string, size: number) =>
      ({ kind: "buffer", buffer: { name, type: "f64", size } }) as const;
    checkRoutine({
      name: "padded",
      inputs: [buffer("a", 9)],
      outputs: [buffer("out", 25)],
      temps: [],
      arenaBytes: 0,
      body: cutLoops(block.statements),
    });
  });

  test("cuts loops where conditions change, which leaves no conditions and the same results", () => {
    const routine = framed();
    const cut: Routine = { ...routine, body: cutLoops(routine.body) };
    checkRoutine(cut);
    expect(printRoutine(cut)).not.toContain("?");
    expect(printRoutine(cut)).toMatchInlineSnapshot(`
      "routine framed(a: f64[12]) -> (out: f64[40]) {
        for each "i.0" in 0..1 {
          for each "j.0" in 0..8 {
            let "v.0": f64 = -1
            out[0 + "j.0"] = "v.0"
          }
        }
        for each "i.1" in 1..4 {
          for each "j.1.0" in 0..2 {
            let "v.1.0": f64 = -1
            out["i.1" * 8 + "j.1.0"] = "v.1.0"
          }
          for each "j.1.2" in 2..6 {
            let "v.1.2": f64 = a[("i.1" - 1) * 4 + ("j.1.2" - 2)]
            out["i.1" * 8 + "j.1.2"] = "v.1.2"
          }
          for each "j.1.6" in 6..8 {
            let "v.1.6": f64 = -1
            out["i.1" * 8 + "j.1.6"] = "v.1.6"
          }
        }
        for each "i.4" in 4..5 {
          for each "j.4" in 0..8 {
            let "v.4": f64 = -1
            out[32 + "j.4"] = "v.4"
          }
        }
      }"
    `);
    const run = (r: Routine): Float64Array => {
      const [a, out] = [Float64Array.from({ length: 12 }, (_, i) => i), new Float64Array(40)];
      interpBackend.compile(r)([{ array: a, offset: 0 }], [{ array: out, offset: 0 }]);
      return out;
    };
    expect(run(cut)).toEqual(run(routine));
  });

  test("leaves loops whose conditions change often", () => {
    const make = (changes: number): Routine["body"] => {
      const block = k.makeBlock();
      block.forEach("i", k.i32(0), k.i32(100), (loop, i) => {
        let v = k.f64(0);
        for (let t = 1; t <= changes; t++) v = k.select(k.lt(i, k.i32(t * 9)), k.f64(t), v);
        loop.store("out", i, v);
      });
      return block.statements;
    };
    expect(cutLoops(make(9))).toHaveLength(1);
    expect(cutLoops(make(3))).toHaveLength(4);
  });

  test("applies to padded arrays of users, of one axis and of two", () => {
    const x = tensor(Float64Array.from({ length: 12 }, (_, i) => i + 1)).reshape([3, 4]);
    const f = (y: Tensor): Tensor =>
      add(
        pad(y, [
          [1, 0],
          [2, 1],
        ]),
        pad(y, [
          [0, 1],
          [0, 3],
        ]),
      );
    expect(jit(f)(x).tolist()).toEqual(f(x).tolist());
    expect(jit((y: Tensor) => pad(y.reshape([12]), [[3, 2]]))(x).tolist()).toEqual(
      concatenate([tensor([0, 0, 0]), x.reshape([12]), tensor([0, 0])]).tolist(),
    );
  });
});
