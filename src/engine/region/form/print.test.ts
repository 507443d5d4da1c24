import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { printRegion } from "./print.ts";
import type { Region, RegionExpr } from "./region.ts";

const int = (name: string): RegionExpr => r.local("i32", name);
const real = (name: string): RegionExpr => r.local("f64", name);
const at = (place: RegionExpr): RegionExpr => r.load("f64", "x", [place]);

test("a region is printed like TypeScript, with locals that are read once inlined", () => {
  const region: Region = {
    name: "loss",
    params: [
      { kind: "array", name: "x", type: "f64", rank: 1 },
      { kind: "array", name: "m", type: "f64", rank: 2 },
      { kind: "scalar", name: "a", type: "f64" },
    ],
    body: [
      r.declare("s", r.f64(0)),
      r.array("y", "f64", [r.apply("add", r.length("x"), r.i32(1))]),
      r.array("z", "f64", [r.apply("add", r.length("x"), r.i32(1))]),
      {
        kind: "for",
        index: "i",
        from: r.i32(0),
        to: r.length("m", 1),
        step: 2,
        live: r.apply("less", real("s"), r.f64(9)),
        body: [
          r.declare("t", at(int("i"))),
          r.declare("u", r.apply("mul", real("t"), r.apply("add", real("a"), r.f64(-1)))),
          r.declare("old", real("s")),
          r.set("s", r.apply("add", real("s"), r.apply("neg", r.apply("sin", real("u"))))),
          r.store("y", [int("i")], r.apply("sub", real("s"), real("old"))),
          { kind: "swap", x: "y", y: "z" },
        ],
      },
      {
        kind: "if",
        condition: r.apply("less", real("s"), real("a")),
        then: [{ kind: "throw", message: 'too "small"' }],
        otherwise: [
          r.set(
            "s",
            r.select(
              r.apply("equal", real("a"), r.f64(0)),
              r.load("f64", "m", [r.i32(0), r.i32(1)]),
              real("s"),
            ),
          ),
        ],
      },
      {
        kind: "for",
        index: "j",
        from: r.length("x"),
        to: r.i32(-1),
        step: -1,
        reverse: true,
        body: [{ kind: "while", condition: { kind: "const", type: "bool", value: 0 }, body: [] }],
      },
    ],
    results: [
      { kind: "scalar", value: r.convert("f64", r.convert("i32", real("s"))) },
      { kind: "array", name: "y" },
    ],
    positions: [],
  };
  expect(printRegion(region)).toMatchInlineSnapshot(`
    "function loss(x: f64[], m: f64[][], a: f64) {
      let s = 0;
      const y = array(f64, x.length + 1);
      const z = array(f64, x.length + 1);
      for (let i = 0; i < m[0].length && s < 9; i += 2) {
        const old = s;
        s = s + -sin(x[i] * (a + -1));
        y[i] = s - old;
        [y, z] = [z, y];
      }
      if (s < a) {
        throw new Error("too \\"small\\"");
      } else {
        s = a === 0 ? m[0][1] : s;
      }
      for (let j = x.length; j > -1; j--) /* last one first */ {
        while (false) {
        }
      }
      return [f64(i32(s)), y];
    }"
  `);
});

test("a local is not moved past a statement that changes its operands", () => {
  const region: Region = {
    name: "f",
    params: [],
    body: [
      r.array("y", "f64", [r.i32(1)]),
      r.declare("before", r.load("f64", "y", [r.i32(0)])),
      r.store("y", [r.i32(0)], r.f64(1)),
      r.store("y", [r.i32(0)], real("before")),
    ],
    results: [{ kind: "array", name: "y" }],
    positions: [],
  };
  expect(printRegion(region)).toContain("const before = y[0];");
});
