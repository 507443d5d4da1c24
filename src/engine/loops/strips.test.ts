import { describe, expect, test } from "vitest";
import * as r from "../../../test/support/region-build.ts";
import { sizedInterp } from "../backends/interp/index.ts";
import { makeJsBackend } from "../backends/js/index.ts";
import { makeWasmBackend } from "../backends/wasm/index.ts";
import { planRoutine } from "../codegen/plan.ts";
import { printPlan } from "../codegen/print-plan.ts";
import type { Backend } from "../kernel/executable.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import { printRoutine } from "../kernel/print.ts";
import { checkRoutine } from "../kernel/check.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { callOf, compileRegion } from "../runtime/regions.ts";
import type { Region, RegionStmt } from "../region/form/region.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { lowerRegion } from "../region/lower/routine.ts";

const backends = [sizedInterp, makeJsBackend(undefined, callSizes), makeWasmBackend()];
const { arrayOf, int, length, load, loop, real, scalar, set, store, when } = r;
const zero = r.i32(0);
const x = (place = int("i")) => load("f64", "x", [place]);
const add = (name: string, term: ReturnType<typeof real>) => set(name, r.apply("add", real(name), term));
const addTo = (array: string, place: ReturnType<typeof int>, term: ReturnType<typeof real>) =>
  store(array, [place], r.apply("add", load("f64", array, [place]), term));

/** A region of arrays `x` and `w`, indices `k` and a number `a`, with sums `s` and `t`, and arrays as long as `w`. */
const region = (body: readonly RegionStmt[], ...results: Region["results"]): Region => ({
  name: "f",
  params: [
    { kind: "array", name: "x", type: "f64", rank: 1 },
    { kind: "array", name: "w", type: "f64", rank: 1 },
    { kind: "array", name: "k", type: "i32", rank: 1 },
    { kind: "scalar", name: "a", type: "f64" },
  ],
  body: [
    r.declare("s", r.f64(0.1)),
    r.declare("t", r.f64(-0)),
    r.array("sums", "f64", [length("w")]),
    r.array("own", "f64", [length("w")]),
    ...body,
  ],
  results: [scalar(real("s")), scalar(real("t")), arrayOf("sums"), arrayOf("own"), ...results],
  positions: [{ line: 1, column: 1, text: "f" }],
});

const target = { simd: true, wide: false, shares: false, chunkWork: 65_536 };

function planOf(subject: Region, options?: LowerOptions): string {
  const { routine } = lowerRegion(subject, scalarFunctions, options);
  checkRoutine(routine);
  return printPlan(routine, planRoutine(routine, target));
}

const strips = (plan: string): number =>
  plan.split("\n").filter((line) => line.includes("at once") && line.includes("in place; 4 lanes")).length;

/** Results of a backend for each of the lengths, as a flat list of numbers. */
function run(
  subject: Region,
  backend: Backend,
  lengths: readonly number[],
  options?: LowerOptions,
): readonly (readonly number[])[] {
  const code = compileRegion(subject, backend, options);
  const call = callOf(code, subject);
  const all = lengths.map((n) => {
    const results = call([
      { data: Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1)), dims: [n] },
      { data: Float64Array.of(0.5, -1, 2), dims: [3] },
      { data: Int32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 2 : 0)), dims: [n] },
      0.25,
    ]);
    return results.flatMap((one) => (typeof one === "number" ? [one] : Array.from(one.data)));
  });
  code.drop();
  return all;
}

/** Checks that all backends agree bit for bit, and that they match the sums in program order. */
function agree(subject: Region, ...lengths: readonly number[]): void {
  const plain = run(subject, sizedInterp, lengths, { sums: false });
  const [first, ...others] = backends.map((backend) => run(subject, backend, lengths));
  for (const other of others) expect(other).toEqual(first);
  first!.forEach((numbers, i) =>
    numbers.forEach((value, j) => expect(value, `${lengths[i]} elements`).toBeCloseTo(plain[i]![j]!, 12)),
  );
}

const lengths = [0, 1, 7, 8, 9, 11, 12, 13, 64, 101];

describe("a loop is divided into strips", () => {
  const term = r.apply("sin", r.apply("mul", x(), real("a")));

  test("with several sums, and elements that it adds to", () => {
    const subject = region([
      loop("i", zero, length("x"), [
        add("s", term),
        set("t", r.apply("sub", real("t"), x())),
        loop("j", zero, length("w"), [
          addTo("sums", int("j"), r.apply("mul", x(), load("f64", "w", [int("j")]))),
        ]),
      ]),
    ]);
    expect(strips(planOf(subject))).toBe(1);
    expect(strips(planOf(subject, { strips: false }))).toBe(0);
    expect(strips(planOf(subject, { sums: false }))).toBe(0);
    agree(subject, ...lengths);
  });

  test("with strided elements, whose copies are shifted so that elements which lanes add to together are contiguous", () => {
    const place = r.apply("sub", r.apply("add", int("i"), int("j")), r.i32(2));
    const adds = loop("j", zero, length("w"), [
      addTo("wide", place, r.apply("mul", x(), load("f64", "w", [int("j")]))),
    ]);
    const wide = r.array("wide", "f64", [r.apply("add", length("x"), length("w"))]);
    const bodies = [
      [adds],
      [when(r.apply("less", r.i32(1), int("i")), [adds])], // the first lanes of all would have no element in the array
    ];
    for (const [number, body] of bodies.entries()) {
      const from = number === 0 ? r.i32(2) : zero;
      const subject = region([wide, loop("i", from, length("x"), [...body, add("s", x())])], arrayOf("wide"));
      expect(strips(planOf(subject))).toBe(1);
      agree(subject, ...lengths.slice(2));
      const { routine } = lowerRegion(subject, scalarFunctions);
      expect(printRoutine(routine)).toMatch(/"wide.lanes"\[\(.* \+ 3 - lane\) \* 4 \+ lane\]/);
    }
  });

  test("with an array that each iteration fills before it reads it; what the last one leaves stays there", () => {
    const fill = loop("j", zero, length("w"), [
      store("own", [int("j")], r.apply("mul", x(), load("f64", "w", [int("j")]))),
    ]);
    const read = loop("m", zero, length("w"), [add("s", r.apply("exp", load("f64", "own", [int("m")])))], {
      reverse: true,
    });
    for (const reverse of [{}, { reverse: true }]) {
      const subject = region([loop("i", zero, length("x"), [fill, read], reverse)]);
      expect(strips(planOf(subject))).toBe(1);
      agree(subject, ...lengths);
    }
  });

  test("not if an iteration reads a value of the previous one, a sum is read, or not all is written", () => {
    const place = load("f64", "own", [int("j")]);
    const bodies: readonly (readonly RegionStmt[])[] = [
      [loop("j", zero, length("w"), [store("own", [int("j")], r.apply("add", r.apply("sin", place), x()))])],
      [add("s", x()), add("t", r.apply("sin", real("s")))],
      [
        loop("j", r.i32(1), length("w"), [store("own", [int("j")], x())]),
        loop("m", zero, length("w"), [add("s", load("f64", "own", [int("m")]))]),
      ],
      [
        when(r.apply("less", x(), r.f64(0)), [loop("j", zero, length("w"), [store("own", [int("j")], x())])]),
        loop("m", zero, length("w"), [add("s", load("f64", "own", [int("m")]))]),
      ],
    ];
    for (const body of bodies) {
      const subject = region([loop("i", zero, length("x"), body)]);
      expect(planOf(subject)).not.toContain("at once");
      agree(subject, ...lengths);
    }
  });

  test("with sums in elements at a fixed index kept in locals; the elements need not exist without an iteration", () => {
    const subject = region([
      loop("i", zero, length("x"), [
        addTo("sums", r.i32(2), r.apply("mul", x(), x())),
        addTo("sums", zero, term),
        add("s", x()),
      ]),
    ]);
    expect(strips(planOf(subject))).toBe(1);
    expect(planOf(subject)).not.toContain("sums.lanes"); // no copies of the array
    agree(subject, ...lengths);
    const empty = region([
      loop("i", length("x"), length("x"), [addTo("own", r.apply("sub", length("w"), r.i32(9)), x())]),
    ]);
    agree(empty, 5);
  });

  test("depending on the run: few iterations, long inner rows, and arrays too long for copies run without strips", () => {
    const rows = (n: number): Region => ({
      ...region([
        loop("i", zero, length("x"), [
          loop("j", zero, r.i32(n), [addTo("big", int("j"), x())]),
          add("s", x()),
          add("t", term),
        ]),
      ]),
      results: [scalar(real("s")), scalar(real("t"))],
    });
    const withArray = (n: number): Region => ({
      ...rows(n),
      body: [r.array("big", "f64", [r.i32(n)]), ...rows(n).body],
    });
    expect(strips(planOf(withArray(16)))).toBe(1);
    expect(strips(planOf(withArray(17)))).toBe(0);
    agree(withArray(16), 7, 8, 40);
  });
});

test("indices read from data may conflict with any other: a loop that adds to such elements is not independent", () => {
  const subject = region([
    r.array("y", "f64", [r.apply("add", r.apply("mul", length("x"), r.i32(2)), r.i32(3))]),
    loop("i", zero, length("x"), [
      r.declare("q", load("i32", "k", [int("i")])),
      r.declare("p", r.apply("add", r.apply("mul", r.i32(2), int("i")), int("q"))),
      addTo("y", int("p"), x()),
    ]),
    loop("m", zero, length("y"), [
      add("s", r.apply("mul", load("f64", "y", [int("m")]), r.convert("f64", int("m")))),
    ]),
  ]);
  agree(subject, 9, 40);
});
