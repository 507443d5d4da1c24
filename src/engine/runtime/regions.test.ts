import { describe, expect, test } from "vitest";
import { regionOf } from "../../../test/support/draw-region.ts";
import { evaluateRegion, RegionFailure } from "../../../test/support/evaluate-region.ts";
import type { RegionValue } from "../../../test/support/evaluate-region.ts";
import { extent } from "../../../test/support/extent.ts";
import * as r from "../../../test/support/region-build.ts";
import { engineScalarValues } from "../../../test/support/scalar-values.ts";
import { sizedInterp } from "../backends/interp/index.ts";
import { makeJsBackend } from "../backends/js/index.ts";
import { makeWasmBackend, wasmBackend } from "../backends/wasm/index.ts";
import { DownhillError } from "../errors/index.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import type { Backend, KernelValue } from "../kernel/executable.ts";
import { checkRoutine } from "../kernel/check.ts";
import { printRoutine } from "../kernel/print.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { checkRegion } from "../region/form/check.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import type { Region, RegionExpr, RegionStmt } from "../region/form/region.ts";
import type { RegionOutcome } from "./regions.ts";
import { callOf, callRegion, compileRegion } from "./regions.ts";
import { engine } from "./engine.ts";

const backends = [
  ["the interpreter", sizedInterp],
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["WebAssembly", makeWasmBackend()],
] as const;
const values = engineScalarValues(scalarFunctions);
/** Options that preserve all bits. */
const exact: LowerOptions = { sums: false };

const plain = (results: readonly (RegionOutcome | RegionValue)[]): unknown =>
  results.map((x) => (typeof x === "number" ? x : { data: Array.from(x.data), dims: x.dims }));

/** Result of a call, or its failure. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof RegionFailure) return { fails: error.reason, line: error.position?.line };
    if (!(error instanceof DownhillError)) throw error;
    const line = /f\.ts:(\d+)/.exec(error.message)?.[1];
    return { fails: error.code, line: line === undefined ? undefined : Number(line) };
  }
}

/** Rounds numbers to few digits, because float32 sums differ in the last ones. */
function rounded(results: unknown): unknown {
  const text = JSON.stringify(results, (_key, x: unknown) =>
    typeof x === "number" ? Number((x + 0).toPrecision(4)) : x,
  );
  return JSON.parse(text);
}

/** Checks the result or error of each backend against the tree-walking evaluator. */
function agree(region: Region, ...calls: readonly (readonly RegionValue[])[]): void {
  checkRegion(region, scalarFunctions);
  for (const [name, backend] of backends) {
    const code = compileRegion(region, backend, exact);
    checkRoutine(code.version.lowered.routine);
    const call = callOf(code, region);
    for (const args of calls)
      expect(
        outcome(() => plain(call(args))),
        name,
      ).toEqual(outcome(() => plain(evaluateRegion(region, args, { values }).results)));
    code.drop();
  }
}

const xs = (...data: readonly number[]): RegionValue => ({ data, dims: [data.length] });
const { arrayOf, int, loop, real, scalar, when } = r;
const [zero, one] = [r.i32(0), r.i32(1)];
const params: Region["params"] = [
  { kind: "array", name: "x", type: "f64", rank: 1 },
  { kind: "scalar", name: "k", type: "i32" },
  { kind: "scalar", name: "a", type: "f64" },
];

/** A region of an array `x`, an integer `k` and a number `a`. */
const region = (body: readonly RegionStmt[], ...results: Region["results"]): Region => ({
  name: "f",
  params,
  body,
  results,
  file: "f.ts",
  positions: [1, 2, 3].map((line) => ({ line, column: 3, text: `x[i + ${line}]` })),
});
const length = r.length("x");
const at = (place: RegionExpr, position?: number): RegionExpr => r.load("f64", "x", [place], position);
const declareArray = (name: string, ...dims: readonly RegionExpr[]): RegionStmt => ({
  ...r.array(name, "f64", dims),
  at: 0,
});

/** Writes numbers to an array, so that its memory is not zero. */
const fillWith = (name: string): RegionStmt =>
  loop("f", zero, r.length(name), [r.store(name, [int("f")], r.f64(7))]);

describe("each backend runs regions like the tree-walking evaluator, bit by bit", () => {
  test("random regions", () => {
    for (let seed = 1; seed <= extent(15, 3000, 40); seed++) {
      const drawn = regionOf(seed);
      agree({ ...drawn.region, file: "f.ts" }, drawn.args);
    }
  });

  test("random regions with sums in lanes: equal bits on all backends, close to the source", () => {
    for (let seed = 1; seed <= extent(8, 1000, 20); seed++) {
      const { region: drawn, args } = regionOf(seed);
      const all = backends.map(([, backend]) => {
        const code = compileRegion(drawn, backend);
        checkRoutine(code.version.lowered.routine);
        const results = outcome(() => plain(callOf(code, drawn)(args)));
        code.drop();
        return results;
      });
      for (const one of all.slice(1)) expect(one, `seed ${seed}`).toEqual(all[0]);
      const wanted = outcome(() => plain(evaluateRegion(drawn, args, { values }).results));
      expect(rounded(all[0]), `seed ${seed}`).toEqual(rounded(wanted));
    }
  });

  test("branches in loops over arrays of any length", () => {
    agree(
      region(
        [
          r.declare("s", r.f64(0)),
          loop("i", zero, length, [
            when(
              r.apply("less", at(int("i")), real("a")),
              [r.set("s", r.apply("add", real("s"), at(int("i"))))],
              [r.set("s", r.apply("sub", real("s"), r.f64(1)))],
            ),
          ]),
        ],
        scalar(real("s")),
      ),
      [xs(1, 2, 3, 4), 0, 2.5],
      [xs(), 0, 1],
      [xs(5), 0, 7],
    );
  });

  test("indices out of range, which end the call at the first one", () => {
    const neighbours = region(
      [
        declareArray("y", length),
        loop("i", zero, length, [
          r.store(
            "y",
            [int("i")],
            r.apply("add", at(r.apply("add", int("i"), int("k")), 1), at(int("i"))),
            0,
          ),
        ]),
      ],
      arrayOf("y"),
    );
    agree(neighbours, ...[0, 1, -1, 2 ** 30].map((k) => [xs(1, 2, 3), k, 0] as const), [xs(), 5, 0]);
  });

  test("indices that would wrap into the range are out of range", () => {
    const product = region([r.declare("p", r.apply("mul", int("k"), int("k")))], scalar(at(int("p"), 0)));
    agree(product, [xs(1, 2, 3), 1, 0]);
    const call = (k: number) => outcome(() => callRegion(product, [xs(1, 2, 3), k, 0]));
    expect(call(65536)).toEqual({ fails: "range", line: 1 }); // 2³² wraps to 0
  });

  test("float64 indices: integers only", () => {
    const place = region([], scalar(at(real("a"), 0)));
    agree(place, ...[0, -0, 1, 2, 3, 0.5, -1, NaN, Infinity, 1e300].map((a) => [xs(1, 2, 3), 0, a] as const));
  });

  test.each([0, 2, -1, 3, 1.5, -0.5, NaN])("the constant index %s of an array of three", (index) => {
    const position = Number.isInteger(index) ? r.i32(index) : r.f64(index);
    const found = region(
      [
        declareArray("y", r.i32(3)),
        r.store("y", [zero], real("a")),
        r.store("y", [r.i32(2)], r.apply("mul", real("a"), r.f64(2))),
      ],
      scalar(r.load("f64", "y", [position], 0)),
    );
    agree(found, [xs(), 0, 3]);
  });

  test("branches that are not chosen report no error", () => {
    const lazy = r.select(r.apply("less", int("k"), length), at(int("k"), 1), r.f64(-1));
    agree(
      region([], scalar(r.apply("add", lazy, r.f64(1)))),
      [xs(1, 2), 1, 0],
      [xs(1, 2), 2, 0],
      [xs(1, 2), -1, 0],
    );
  });

  test("a throw in a loop, under a condition", () => {
    agree(
      region(
        [
          r.declare("s", r.f64(0)),
          loop("i", zero, length, [
            when(r.apply("less", at(int("i")), r.f64(0)), [{ kind: "throw", message: "negative", at: 2 }]),
            r.set("s", r.apply("add", real("s"), at(int("i")))),
          ]),
        ],
        scalar(real("s")),
      ),
      [xs(1, 2), 0, 0],
      [xs(1, -2), 0, 0],
    );
  });

  test("loops with steps, downwards, in reverse, with early exit, and while a condition holds", () => {
    const note = (value: RegionExpr): RegionStmt =>
      r.set("s", r.apply("add", r.apply("mul", real("s"), r.f64(3)), r.convert("f64", value)));
    const loops: readonly RegionStmt[] = [
      loop("i", int("k"), r.i32(7), [note(int("i"))], { step: 3 }),
      loop("j", r.i32(7), int("k"), [note(int("j"))], { step: -2 }),
      loop("m", int("k"), r.i32(7), [note(int("m"))], { step: 4, reverse: true }),
      loop("n", int("k"), r.i32(7), [note(int("n"))], {
        step: 2,
        live: r.apply("less", real("s"), r.f64(1e4)),
      }),
      loop("o", int("k"), length, [note(int("o"))], { live: r.apply("less", r.f64(0), at(int("o"))) }),
      { kind: "while", condition: r.apply("less", real("s"), real("a")), body: [note(one)] },
      {
        kind: "while",
        condition: r.apply("less", at(int("c"), 1), real("a")),
        body: [r.set("c", r.apply("add", int("c"), one)), note(int("c"))],
      },
    ];
    for (const stmt of loops)
      agree(
        region([r.declare("s", r.f64(1)), r.declare("c", zero), stmt], scalar(real("s"))),
        ...[0, 3, 7, 9].map((k) => [xs(1, 2, 0, 4), k, 3] as const),
        [xs(1, 2), 1, 50],
      );
  });

  test("arrays created in loops, with two axes, swapped, and with data-dependent lengths", () => {
    const grid = region(
      [
        r.declare("n", r.convert("i32", real("a"))),
        loop("t", zero, int("k"), [
          declareArray("g", length, r.apply("add", int("t"), one)),
          r.store("g", [zero, int("t")], r.f64(1), 1),
          r.store("g", [r.apply("sub", length, one), zero], r.f64(2), 2),
        ]),
        declareArray("p", int("n")),
        declareArray("q", int("n")),
        loop("i", zero, int("n"), [
          r.store("p", [int("i")], r.convert("f64", int("i"))),
          { kind: "swap", x: "p", y: "q" },
        ]),
      ],
      arrayOf("q"),
      arrayOf("p"),
      scalar(r.convert("f64", r.length("q"))),
    );
    agree(grid, [xs(1, 2), 3, 4], [xs(1, 2), 0, 1000], [xs(), 2, 4], [xs(1), 1, -1]);
  });

  test("arrays that a loop of possibly no iterations fills, and a later loop reads", () => {
    const fill = loop("i", zero, length, [r.store("y", [int("i")], at(int("i")))]);
    const read = [
      r.declare("s", r.f64(0)),
      loop("j", zero, length, [r.set("s", r.apply("add", real("s"), r.load("f64", "y", [int("j")])))]),
    ];
    for (const written of [
      fill,
      loop("t", zero, int("k"), [fill]),
      when(r.apply("less", zero, int("k")), [fill]),
    ])
      agree(
        region(
          [
            loop("round", zero, r.i32(2), [
              declareArray("y", length),
              when(r.apply("less", int("round"), one), [fillWith("y")], [written]),
              ...read,
              when(r.apply("less", zero, int("round")), [r.set("total", real("s"))]),
            ]),
          ].flatMap((stmt) => [r.declare("total", r.f64(0)), stmt]),
          scalar(real("total")),
        ),
        [xs(1, 2, 3), 0, 0],
        [xs(1, 2, 3), 2, 0],
      );
    const [before, after] = [fill, loop("t", zero, int("k"), [fill])].map((written) =>
      printRoutine(
        compileRegion(region([declareArray("y", length), written], arrayOf("y"))).version.lowered.routine,
      ),
    );
    expect(before).not.toContain("= 0\n");
    expect(after).toContain("y[i] = 0");
  });

  test("only arrays to whose elements the next loop adds once are not cleared before", () => {
    const addTo = (place: RegionExpr, term: RegionExpr): RegionStmt =>
      r.store("y", [place], r.apply("sub", r.load("f64", "y", [place]), term));
    const each = (...body: readonly RegionStmt[]): RegionStmt => loop("i", zero, length, body);
    const places = int("i");
    const last = r.apply("sub", r.apply("sub", length, one), places);
    const sums: readonly (readonly [isOnce: boolean, body: RegionStmt])[] = [
      [true, each(addTo(places, r.apply("neg", at(places))))],
      [true, each(addTo(places, at(places)))],
      [false, each(addTo(places, at(places)), addTo(places, at(places)))],
      [false, each(addTo(places, r.load("f64", "y", [last])))],
      [false, each(addTo(last, at(places)))],
      [false, each(loop("j", zero, int("k"), [addTo(places, at(places))]))],
      [false, each(when(r.apply("less", at(places), real("a")), [addTo(places, at(places))]))],
      [false, loop("i", one, length, [addTo(places, at(places))])],
    ];
    for (const [isOnce, body] of sums) {
      const summed = region([declareArray("y", length), body], arrayOf("y"));
      agree(summed, [xs(1, -0, 0, NaN, -3), 2, 2], [xs(), 2, 2]);
      const text = printRoutine(compileRegion(summed).version.lowered.routine);
      expect(text.includes("y[i] = 0\n"), text).toBe(!isOnce);
    }
  });

  test("arrays that grow", () => {
    const tape: RegionStmt = { ...r.array("tape", "f64", [zero]), growable: true };
    const many = region(
      [
        tape,
        r.declare("n", zero),
        loop("i", zero, int("k"), [
          r.store("tape", [int("n")], r.convert("f64", int("i"))),
          r.set("n", r.apply("add", int("n"), one)),
        ]),
        r.declare("s", r.f64(0)),
        loop("j", zero, int("n"), [
          r.set("s", r.apply("add", r.apply("mul", real("s"), real("a")), r.load("f64", "tape", [int("j")]))),
        ]),
      ],
      scalar(real("s")),
    );
    agree(many, [xs(), 3, 2], [xs(), 1000, 0.5], [xs(), 5000, 0.5], [xs(), 0, 2]);
  });
});

describe("callRegion", () => {
  const sum = region(
    [
      r.declare("s", real("a")),
      loop("i", zero, length, [
        r.set("s", r.apply("add", real("s"), at(r.apply("add", int("i"), int("k")), 1))),
      ]),
    ],
    scalar(real("s")),
  );

  test("compiles once per structure, whatever the names, lengths and values", () => {
    const before = engine.compilations;
    for (const n of [3, 5, 1000]) callRegion(sum, [{ data: new Float64Array(n), dims: [n] }, 0, n]);
    const text = JSON.stringify(sum).replaceAll('"s"', '"total"').replaceAll('"f"', '"g"');
    const renamed = JSON.parse(text) as Region;
    expect(callRegion({ ...renamed, file: "g.ts" }, [xs(1, 2), 0, 4])).toEqual([7]);
    expect(engine.compilations - before).toBe(1);
    // errors quote the region that was called
    const moved = { ...renamed, file: "g.ts", positions: [...renamed.positions].reverse() };
    expect(() => callRegion(moved, [xs(1, 2), 1, 4])).toThrow(
      "g: index 2 is out of range, the length is 2 at g.ts:2:3\n  x[i + 2]\n  ^^^^^^^^",
    );
  });

  test("compiles checked copies of loops only after a check before a loop has failed", () => {
    // the last elements are read only if the preceding ones are positive, which no check before the loop can determine
    const next = at(r.apply("add", int("i"), int("k")), 1);
    const guarded = region(
      [
        r.declare("t", real("a")),
        loop("i", zero, length, [
          when(r.apply("less", r.f64(0), at(int("i"))), [r.set("t", r.apply("maximum", real("t"), next))]),
        ]),
      ],
      scalar(real("t")),
    );
    const code = compileRegion(guarded);
    const call = callOf(code, guarded);
    const loops = (): number => printRoutine(code.version.lowered.routine).match(/\bfor ["\w]/g)?.length ?? 0;
    expect(loops()).toBe(1);
    expect(call([xs(1, 2, 3), 0, 1])).toEqual([3]);
    expect(loops()).toBe(1);
    expect(call([xs(1, 2, -3), 1, 1])).toEqual([2]);
    expect(loops()).toBe(2);
    const { version } = code;
    expect(call([xs(1, 2, -3), 1, 20])).toEqual([20]);
    expect(call([xs(1, 2, 3), 0, 1])).toEqual([3]);
    expect(() => call([xs(1, 2, 3), 1, 1])).toThrow("index 3 is out of range");
    expect(code.version).toBe(version);
    code.drop();
  });

  test("returns new arrays and does not change its arguments", () => {
    const copy = region(
      [declareArray("y", length), loop("i", zero, length, [r.store("y", [int("i")], at(int("i")))])],
      arrayOf("y"),
    );
    const data = Float64Array.of(1, 2, 3);
    const first = callRegion(copy, [{ data, dims: [3] }, 0, 0]);
    const second = callRegion(copy, [{ data: [4, 5, 6], dims: [3] }, 0, 0]);
    expect(first).toEqual([{ data: Float64Array.of(1, 2, 3), dims: [3] }]);
    expect(second).toEqual([{ data: Float64Array.of(4, 5, 6), dims: [3] }]);
    expect(data).toEqual(Float64Array.of(1, 2, 3));
  });

  test("passes number arrays to WebAssembly without a typed copy", () => {
    const seen: KernelValue[][] = [];
    const watched: Backend = {
      ...wasmBackend,
      compile(routine) {
        const compiled = wasmBackend.compile(routine);
        const call = (inputs: readonly KernelValue[], outputs: KernelValue[]): void => {
          seen.push([...inputs]);
          compiled(inputs, outputs);
        };
        return Object.assign(call, compiled);
      },
    };
    const call = callOf(compileRegion(sum, watched), sum);
    const data = [1, 2, 3];
    expect(call([data, 0, 3])).toEqual([9]);
    expect(seen[0]![0]).toMatchObject({ numbers: data, array: new Float64Array(0) });
    expect(call([[4], 0, 1])).toEqual([5]);
    expect(call([Float64Array.of(1, 2, 4), 0, 3])).toEqual([10]);
  });

  test("overwrites lent arrays, and no others", () => {
    const copy = region(
      [declareArray("y", length), loop("i", zero, length, [r.store("y", [int("i")], at(int("i")))])],
      arrayOf("y"),
    );
    const arrayIn = ([y]: readonly RegionOutcome[]): unknown => (y as { readonly data: unknown }).data;
    const first = callRegion(copy, [xs(1, 2, 3), 0, 0], [true]);
    expect(first).toEqual([{ data: Float64Array.of(1, 2, 3), dims: [3] }]);
    const second = callRegion(copy, [xs(4, 5), 0, 0], [true]);
    expect(arrayIn(second)).toBe(arrayIn(first));
    expect(second).toEqual([{ data: Float64Array.of(4, 5, 3), dims: [2] }]);
    expect(arrayIn(callRegion(copy, [xs(6, 7), 0, 0]))).toEqual(Float64Array.of(6, 7));
    expect(arrayIn(second)).toEqual(Float64Array.of(4, 5, 3));
  });

  test.each(backends)("lent arrays are cleared before the next call, by %s", (_, backend) => {
    const sums = region(
      [
        declareArray("y", length),
        loop("i", zero, length, [
          r.store("y", [zero], r.apply("add", r.load("f64", "y", [zero]), at(int("i")))),
        ]),
      ],
      arrayOf("y"),
    );
    const call = callOf(compileRegion(sums, backend), sums);
    for (const isLent of [true, true, false, true])
      expect(call([xs(1, 2, 3), 0, 0], [isLent])).toEqual([{ data: Float64Array.of(6, 0, 0), dims: [3] }]);
  });

  test("refuses an integer argument that is fractional or beyond 2³⁰", () => {
    expect(() => callRegion(sum, [xs(1), 2 ** 30 + 1, 0])).toThrow(
      "at most 2³⁰ in magnitude, got 1073741825.",
    );
    expect(() => callRegion(sum, [xs(1), 0.5, 0])).toThrow(
      "f: k must be an integer of at most 2³⁰ in magnitude, got 0.5.",
    );
  });
});
