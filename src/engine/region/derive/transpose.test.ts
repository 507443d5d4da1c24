import { describe, expect, test } from "vitest";
import type { RegionCounts, RegionValue } from "../../../../test/support/evaluate-region.ts";
import { evaluateRegion } from "../../../../test/support/evaluate-region.ts";
import * as r from "../../../../test/support/region-build.ts";
import { numbersOf } from "../../../../test/support/region-derivatives.ts";
import { engineScalarValues } from "../../../../test/support/scalar-values.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { checkRegion } from "../form/check.ts";
import { isFloating } from "../form/build.ts";
import { cotangents } from "./gradient.ts";
import { printRegion } from "../form/print.ts";
import type { Region, RegionExpr, RegionParam, RegionStmt } from "../form/region.ts";
import { tangent } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";
import { walkExpressions, walkStmts } from "../form/walk.ts";

const values = engineScalarValues(scalarFunctions);
const x = r.local("f64", "x");
const s = r.local("f64", "s");
const i = r.local("i32", "i");
const j = r.local("i32", "j");
const n = r.local("i32", "n");
const scalar = (name: string, type: "f64" | "i32" = "f64"): RegionParam => ({ kind: "scalar", name, type });
const vector = (name: string, rank = 1): RegionParam => ({ kind: "array", name, type: "f64", rank });
const repeat = (
  index: string,
  to: RegionExpr,
  body: readonly RegionStmt[],
  from: RegionExpr = r.i32(0),
): RegionStmt => ({
  kind: "for",
  index,
  from,
  to,
  step: 1,
  body,
});
const add = (name: string, value: RegionExpr): RegionStmt =>
  r.set(name, r.apply("add", r.local("f64", name), value));

function region(
  params: readonly RegionParam[],
  body: readonly RegionStmt[],
  ...results: RegionExpr[]
): Region {
  return {
    name: "f",
    params,
    body,
    results: results.map((value) => ({ kind: "scalar", value })),
    positions: [],
  };
}

function gradientOf(primal: Region, options?: TransposeOptions): Region {
  const made = cotangents(
    primal,
    primal.params.map(({ type }) => isFloating(type)),
    scalarFunctions,
    options,
  );
  checkRegion(made, scalarFunctions);
  return made;
}

function run(primal: Region, args: readonly RegionValue[], cts: readonly RegionValue[] = [1]): RegionValue[] {
  return evaluateRegion(gradientOf(primal), [...args, ...cts], { values }).results;
}

const list = (...data: number[]): RegionValue => ({ data, dims: [data.length] });

/** Names of the scalar functions that a region applies. */
function applied({ body }: Region): Set<string> {
  const names = new Set<string>();
  walkExpressions(body, (expr) => {
    if (expr.kind === "apply") names.add(expr.function);
  });
  return names;
}

function arraysOf({ body }: Region): string[] {
  const names: string[] = [];
  walkStmts(body, (stmt) => {
    if (stmt.kind === "array") names.push(stmt.name);
  });
  return names;
}

/** Σᵢ tanh(Σⱼ wⱼ · xsᵢⱼ)² / n. */
const regression = region(
  [vector("w"), vector("xs", 2)],
  [
    r.declare("s", r.f64(0)),
    repeat("i", r.length("xs"), [
      r.declare("a", r.f64(0)),
      repeat("j", r.length("w"), [
        add("a", r.apply("mul", r.load("f64", "w", [j]), r.load("f64", "xs", [i, j]))),
      ]),
      r.declare("e", r.apply("tanh", r.local("f64", "a"))),
      add("s", r.apply("mul", r.local("f64", "e"), r.local("f64", "e"))),
    ]),
  ],
  r.apply("div", s, r.convert("f64", r.length("xs"))),
);

/** n steps of x ← sin(x) · x. */
const chain = region(
  [scalar("x"), scalar("n", "i32")],
  [r.declare("s", x), repeat("i", n, [r.set("s", r.apply("mul", r.apply("sin", s), s))])],
  s,
);

/** Steps of two states, whose derivatives are matrices that do not commute. */
const twoStates = region(
  [scalar("x"), scalar("n", "i32")],
  [
    r.declare("s", x),
    r.declare("t", r.f64(0.5)),
    repeat("i", n, [
      r.set("s", r.apply("add", s, r.apply("sin", r.real("t")))),
      r.set("t", r.apply("sub", r.real("t"), r.apply("mul", r.f64(0.3), s))),
    ]),
  ],
  s,
);

/** Σᵢ Σⱼ≤ᵢ of a chain: triangular loops. */
const triangle = region(
  [scalar("x"), scalar("n", "i32")],
  [
    r.declare("s", x),
    repeat("i", n, [
      repeat("j", r.apply("add", i, r.i32(1)), [r.set("s", r.apply("sin", r.apply("mul", s, s)))]),
    ]),
  ],
  s,
);

/** Halves x until it is small. The number of steps depends on x. */
const halving = region(
  [scalar("x")],
  [
    r.declare("s", x),
    {
      kind: "while",
      condition: r.apply("less", r.f64(1e-3), s),
      body: [r.set("s", r.apply("mul", r.apply("sin", s), r.f64(0.5)))],
    },
  ],
  s,
);

describe("cotangents", () => {
  test("count the iterations of loops with an unknown number of iterations, and of no others", () => {
    const counters = (subject: Region): number => {
      let count = 0;
      walkStmts(gradientOf(subject).body, (stmt) => {
        if (stmt.kind === "let" && stmt.name.startsWith("iterations")) count++;
      });
      return count;
    };
    expect([chain, triangle, halving].map(counters)).toEqual([0, 0, 1]);
  });

  test("compute common subexpressions of several backward terms once", () => {
    const square = (name: string): RegionExpr => r.apply("mul", r.local("f64", name), r.local("f64", name));
    const names = ["x", "y", "z"];
    const sum = names.map(square).reduce((a, b) => r.apply("add", a, b));
    const length = region(names.map((name) => scalar(name)), [], r.apply("sqrt", sum)); // prettier-ignore
    const doubled = printRegion(gradientOf(length)).match(/(\w+) \+ \1\b/g);
    expect(doubled).toHaveLength(1);
  });

  test("of a regression are readable", () => {
    expect(printRegion(gradientOf(regression))).toMatchInlineSnapshot(`
      "function "cotangents of f"(w: f64[], xs: f64[][], ct: f64) {
        let s = 0;
        const as_f64 = f64(xs.length);
        const w_bar = array(f64, w.length);
        const xs_bar = array(f64, xs.length, xs[0].length);
        const s_bar = ct / as_f64;
        const mul_5_bar_2 = s_bar + s_bar;
        for (let i = 0; i < xs.length; i++) {
          let a = 0;
          for (let j = 0; j < w.length; j++) {
            a = a + w[j] * xs[i][j];
          }
          const e = tanh(a);
          const k = e * e;
          s = s + k;
          const a_bar = mul_5_bar_2 * e * (1 - k);
          for (let j_2 = 0; j_2 < w.length; j_2++) {
            w_bar[j_2] = w_bar[j_2] + a_bar * xs[i][j_2];
            xs_bar[i][j_2] = xs_bar[i][j_2] + a_bar * w[j_2];
          }
        }
        return [s / as_f64, w_bar, xs_bar];
      }"
    `);
  });

  test("of a chain use values saved in the forward pass", () => {
    expect(printRegion(gradientOf(chain))).toMatchInlineSnapshot(`
      "function "cotangents of f"(x: f64, n: i32, ct: f64) {
        let s = x;
        const n_2 = maximum(n, 0);
        const s_now_tape = array(f64, n_2);
        const sin_tape = array(f64, n_2);
        const k_tape = array(f64, n_2);
        for (let i = 0; i < n; i++) {
          const s_now = s;
          s_now_tape[i] = s_now;
          const sin = sin(s_now);
          sin_tape[i] = sin;
          k_tape[i] = cos(s_now);
          s = sin * s_now;
        }
        let s_bar = ct;
        for (let i_2 = 0; i_2 < n; i_2++) /* last one first */ {
          const ct_2 = s_bar;
          s_bar = 0;
          s_bar = s_bar + ct_2 * s_now_tape[i_2] * k_tape[i_2];
          s_bar = s_bar + ct_2 * sin_tape[i_2];
        }
        return [s, s_bar];
      }"
    `);
  });

  test("with a constant seed have no parameter for it, and equal bits", () => {
    const seeded = gradientOf(regression, { seeds: [undefined, 1] });
    expect(seeded.params.map(({ name }) => name)).toEqual(["w", "xs"]);
    const args = [list(0.5, -1), { data: [1, 2, 3, 4, 5, 6], dims: [3, 2] }];
    expect(evaluateRegion(seeded, args, { values }).results).toEqual(run(regression, args));
  });

  test("of a loop whose iterations share only sums are fused into its iterations, and save nothing", () => {
    expect(arraysOf(gradientOf(regression))).toEqual(["w_bar", "xs_bar"]);
    const separate = gradientOf(regression, { fuse: false });
    expect(arraysOf(separate)).toHaveLength(3);
    const args = [list(0.5, -1), { data: [1, 2, 3, 4, 5, 6], dims: [3, 2] }, 1];
    const [fused, plain] = [gradientOf(regression), separate].map((made) =>
      evaluateRegion(made, args, { values }).results.flatMap(numbersOf),
    );
    expect(fused).toHaveLength(9);
    fused!.forEach((value, k) => expect(value).toBeCloseTo(plain![k]!, 14));
  });

  test("of a value that is overwritten before it is read are 0, not 0 · ∞", () => {
    const low = r.apply("less", x, r.f64(1));
    const overwritten = region(
      [scalar("x")],
      [
        r.declare("s", r.f64(0)),
        r.set("s", r.apply("sqrt", x)),
        { kind: "if", condition: low, then: [r.set("s", r.f64(5))], otherwise: [] },
      ],
      s,
    );
    expect(run(overwritten, [0])).toEqual([5, 0]);
    expect(run(overwritten, [4])).toEqual([2, 0.25]);
  });

  test("of a value that only a loop without iterations reads are 0, not 0 · ∞", () => {
    const unread = region(
      [scalar("x"), scalar("n", "i32")],
      [
        r.declare("root", r.apply("sqrt", x)),
        r.declare("s", r.f64(1)),
        repeat("i", n, [add("s", r.local("f64", "root"))]),
      ],
      s,
    );
    expect(run(unread, [0, 0])).toEqual([1, 0]);
    expect(run(unread, [4, 2])).toEqual([5, 0.5]);
  });

  test("of unread elements are 0, not 0 · ∞; if all are read, products are plain", () => {
    const filled = (to: RegionExpr): Region =>
      region(
        [vector("xs")],
        [
          r.array("t", "f64", [r.length("xs")]),
          repeat("i", r.length("xs"), [r.store("t", [i], r.apply("sqrt", r.load("f64", "xs", [i])))]),
          r.declare("s", r.f64(0)),
          repeat("j", to, [add("s", r.load("f64", "t", [j]))]),
        ],
        s,
      );
    expect(run(filled(r.i32(1)), [list(4, 0)])).toEqual([2, list(0.25, 0)]);
    expect(applied(gradientOf(filled(r.i32(1))))).toContain("strongDiv");
    expect(applied(gradientOf(filled(r.length("xs"))))).not.toContain("strongDiv");
  });

  test("pass through sums in arrays, exchanged arrays and arrays of one iteration", () => {
    const body = [
      r.array("a", "f64", [r.i32(2)]),
      r.array("b", "f64", [r.i32(2)]),
      r.store("a", [r.i32(0)], x),
      repeat("i", n, [
        r.array("t", "f64", [r.i32(1)]),
        r.store("t", [r.i32(0)], r.apply("mul", r.load("f64", "a", [r.i32(0)]), x)),
        r.store(
          "b",
          [r.i32(0)],
          r.apply("add", r.load("f64", "b", [r.i32(0)]), r.load("f64", "t", [r.i32(0)])),
        ),
        { kind: "swap", x: "a", y: "b" } as const,
      ]),
    ];
    // a: x, x², x + x³, 2x² + x⁴
    const swapped = region([scalar("x"), scalar("n", "i32")], body, r.load("f64", "a", [r.i32(0)]));
    expect(run(swapped, [2, 3])).toEqual([24, 40]);
  });

  test("of arrays are arrays, and integers have none", () => {
    const squares: Region = {
      ...region(
        [vector("xs"), scalar("n", "i32")],
        [
          r.array("t", "f64", [n]),
          repeat("i", n, [
            r.store("t", [i], r.apply("mul", r.load("f64", "xs", [i]), r.load("f64", "xs", [i]))),
          ]),
        ],
      ),
      results: [{ kind: "array", name: "t" }],
    };
    expect(run(squares, [list(1, 2, 3), 2], [list(10, 1)])).toEqual([list(1, 4), list(20, 4, 0)]);
    expect(gradientOf(squares).params.at(-1)).toMatchObject({ rank: 1, lengths: [n] });
  });

  test("of float32 are float32", () => {
    const half: RegionExpr = { kind: "local", type: "f32", name: "h" };
    const mixed = region(
      [{ kind: "scalar", name: "h", type: "f32" }],
      [],
      r.apply("mul", r.convert("f64", half), r.convert("f64", r.apply("mul", half, half))),
    );
    expect(run(mixed, [2])).toEqual([8, 12]);
  });

  test("are linear, so they can be transposed again", () => {
    const made = gradientOf(regression);
    const back = transpose(
      made,
      made.params.map(({ name }) => name === "ct"),
      made.results.map((_, k) => k > 0),
      scalarFunctions,
    );
    checkRegion(back, scalarFunctions);
    const args = [list(0.5, -1), { data: [1, 2, 3, 4, 5, 6], dims: [3, 2] }];
    const direction = [list(1, 2), { data: [1, 0, 0, -1, 0, 1], dims: [3, 2] }];
    const forward = tangent(regression, [true, true], scalarFunctions, { primal: false });
    const [expected] = evaluateRegion(forward, [...args, ...direction], { values }).results;
    const [, got] = evaluateRegion(back, [...args, ...direction], { values }).results;
    expect(got).toBeCloseTo(expected as number, 12);
  });

  test("of a function that is not linear are refused", () => {
    const square = region([scalar("x")], [], r.apply("mul", x, x));
    expect(() => transpose(square, [true], [true], scalarFunctions)).toThrow(
      "mul is not linear in the tangents",
    );
  });
});

describe("the size of tapes", () => {
  const count = (made: Region, args: readonly RegionValue[]): RegionCounts =>
    evaluateRegion(made, args, { values }).counts;
  const second = (primal: Region): Region =>
    tangent(
      gradientOf(primal),
      gradientOf(primal).params.map((param) => param.kind === "scalar" && param.type === "f64"),
      scalarFunctions,
      { primal: false },
    );

  test.each([
    ["a chain", chain, (size: number) => [0.7, size], 1],
    ["loops that are not rectangular", triangle, (size: number) => [0.7, size], 2],
  ] as const)("of %s grows as its iterations do", (_, primal, args, power) => {
    for (const [made, cts] of [
      [gradientOf(primal), [1]],
      [second(primal), [1, 1, 0]],
    ] as const) {
      const [few, many] = [10, 80].map((size) => count(made, [...args(size), ...cts]));
      const growth = 8 ** power * 1.05;
      expect(many!.iterations / few!.iterations).toBeLessThan(growth);
      expect(many!.statements / few!.statements).toBeLessThan(growth);
      expect(many!.peakBytes / few!.peakBytes).toBeLessThan(growth);
    }
  });

  test("is exact for a chain, and one number per iteration if the rest is recomputed", () => {
    const made = gradientOf(chain);
    expect(JSON.stringify(made)).not.toContain("growable");
    // sin and cos of each value, and the value itself
    expect(count(made, [0.7, 50, 1]).peakBytes).toBe(50 * 3 * 8);
  });

  test("with checkpoints is one segment of √n iterations, and √n states", () => {
    const made = gradientOf(chain, { checkpoint: true });
    const [plain, few, many] = [gradientOf(chain), made, made].map((one, k) =>
      count(one, [0.7, k === 1 ? 100 : 1600, 1]),
    );
    expect(many!.peakBytes / few!.peakBytes).toBe(4);
    expect(many!.peakBytes).toBe(40 * 8 + 40 * 3 * 8);
    expect(many!.iterations / plain!.iterations).toBeLessThan(1.6); // forwards twice, and back
    const gradients = [undefined, true, 1, 4].map((checkpoint) =>
      evaluateRegion(gradientOf(twoStates, { checkpoint }), [0.7, 23, 1], { values }).results.map(Number),
    );
    expect(Math.abs(gradients[0]![1]!)).toBeGreaterThan(0.01);
    for (const one of gradients) expect(one).toEqual(gradients[0]);
  });

  test("grows if the trip count is unknown", () => {
    const made = gradientOf(halving);
    expect(JSON.stringify(made)).toContain("growable");
    const [value, ct] = evaluateRegion(made, [5, 1], { values }).results as [number, number];
    const at = (point: number): number => evaluateRegion(halving, [point], { values }).results[0] as number;
    expect(value).toBe(at(5));
    expect(ct).toBeCloseTo((at(5 + 1e-6) - at(5 - 1e-6)) / 2e-6, 6);
  });
});

describe("fused loops", () => {
  /**
   * Σᵢ log Σⱼ exp(wⱼ · xᵢ) − log Σⱼ exp(wⱼ): each iteration fills an array anew, and a later loop is independent of the
   * first.
   */
  const normalized = region(
    [vector("w"), vector("xs")],
    [
      r.array("t", "f64", [r.length("w")]),
      r.declare("s", r.f64(0)),
      repeat("i", r.length("xs"), [
        repeat("j", r.length("w"), [
          r.store("t", [j], r.apply("mul", r.load("f64", "w", [j]), r.load("f64", "xs", [i]))),
        ]),
        r.declare("z", r.f64(0)),
        repeat("k", r.length("w"), [add("z", r.apply("exp", r.load("f64", "t", [r.local("i32", "k")])))]),
        add("s", r.apply("log", r.local("f64", "z"))),
      ]),
      r.declare("v", r.f64(0)),
      repeat("m", r.length("w"), [add("v", r.apply("exp", r.load("f64", "w", [r.local("i32", "m")])))]),
    ],
    r.apply("sub", s, r.apply("log", r.local("f64", "v"))),
  );

  test("may fill an array in each iteration, and precede independent loops", () => {
    const made = gradientOf(normalized);
    const longest = Math.max(
      ...[10, 1000].map((size) => {
        const data = Array.from({ length: size }, (_, k) => Math.sin(k));
        return (
          evaluateRegion(made, [list(0.5, -1), { data, dims: [size] }, 1], { values }).counts.peakBytes -
          8 * size
        );
      }),
    );
    // tapes of one iteration and of the last loop, and cotangents: only that of xs is as long as xs
    expect(longest).toBeLessThan(200);
    const [value, w, xs] = run(normalized, [list(0.5, -1), list(1, 2)]);
    const terms = [1, 2].map((x1) => [Math.exp(0.5 * x1), Math.exp(-x1)] as const);
    const last = [Math.exp(0.5), Math.exp(-1)] as const;
    const total = (pair: readonly [number, number]): number => pair[0] + pair[1];
    expect(value).toBeCloseTo(
      Math.log(total(terms[0]!)) + Math.log(total(terms[1]!)) - Math.log(total(last)),
      12,
    );
    [0, 1].forEach((k) => {
      const slope =
        terms.reduce((sum, pair, at) => sum + ((at + 1) * pair[k]!) / total(pair), 0) -
        last[k]! / total(last);
      expect(numbersOf(w!)[k]).toBeCloseTo(slope, 12);
    });
    expect(numbersOf(xs!)[0]).toBeCloseTo((0.5 * terms[0]![0] - terms[0]![1]) / total(terms[0]!), 12);
  });

  test("may precede loops with tapes that the fused loop does not need", () => {
    // −Σᵢⱼ sin(wⱼ exp xᵢ) − log Σⱼ exp(wⱼ − max w): the statements after the first loop save values, but none of that loop
    const steady = region(
      [vector("w"), vector("xs")],
      [
        r.declare("s", r.f64(0)),
        repeat("i", r.length("xs"), [
          r.declare("t", r.apply("exp", r.load("f64", "xs", [i]))),
          repeat("j", r.length("w"), [
            add("s", r.apply("sin", r.apply("mul", r.load("f64", "w", [j]), r.local("f64", "t")))),
          ]),
        ]),
        r.declare("top", r.f64(-Infinity)),
        repeat("k", r.length("w"), [
          r.set("top", r.apply("maximum", r.local("f64", "top"), r.load("f64", "w", [r.local("i32", "k")]))),
        ]),
        r.declare("v", r.f64(0)),
        repeat("m", r.length("w"), [
          add(
            "v",
            r.apply("exp", r.apply("sub", r.load("f64", "w", [r.local("i32", "m")]), r.local("f64", "top"))),
          ),
        ]),
      ],
      r.apply("sub", r.apply("neg", s), r.apply("log", r.local("f64", "v"))),
    );
    const peak = (options: TransposeOptions): number => {
      const data = Array.from({ length: 1000 }, (_, k) => Math.sin(k));
      const { counts } = evaluateRegion(
        gradientOf(steady, options),
        [list(0.5, -1), { data, dims: [1000] }, 1],
        { values },
      );
      return counts.peakBytes - 8 * data.length; // the cotangent of xs
    };
    expect(peak({})).toBeLessThan(200);
    expect(peak({ fuse: false })).toBeGreaterThan(16_000);
    const [value, w] = run(steady, [list(0.5, -1), list(1, 2)]);
    const [total, slopes] = [Math.exp(0) + Math.exp(-1.5), [1, Math.exp(-1.5)]];
    const at = [0.5, -1];
    const terms = at.map((wj) => [Math.E, Math.E ** 2].map((t) => Math.sin(wj * t)));
    expect(value).toBeCloseTo(-terms.flat().reduce((a, b) => a + b) - Math.log(total), 12);
    // log Σ exp(w − max w) = log Σ exp w − max w
    const expected = at.map(
      (wj, k) =>
        [Math.E, Math.E ** 2].reduce((sum, t) => sum - t * Math.cos(wj * t), 0) -
        slopes[k]! / total +
        (k === 0 ? 1 : 0),
    );
    expected.forEach((slope, k) => expect(numbersOf(w!)[k]).toBeCloseTo(slope, 12));
  });
});

test("the backward pass does not check indices that the forward pass has checked", () => {
  // Σᵢ exp(x[kᵢ]²): the backward pass reads x[kᵢ] again
  const k = r.load("i32", "k", [i], 0);
  const gather = region(
    [vector("x"), { kind: "array", name: "k", type: "i32", rank: 1 }],
    [
      r.declare("s", r.f64(0)),
      repeat("i", r.length("k"), [
        r.declare("v", r.load("f64", "x", [k], 0)),
        add("s", r.apply("mul", r.local("f64", "v"), r.local("f64", "v"))),
      ]),
    ],
    s,
  );
  for (const options of [{}, { fuse: false }]) {
    const made = gradientOf({ ...gather, positions: [{ line: 1, column: 1, text: "x[k[i]]" }] }, options);
    let [checked, unchecked] = [0, 0];
    walkExpressions(made.body, (expr) => {
      if (expr.kind !== "load" || expr.array !== "x") return;
      if (expr.at === undefined) unchecked++;
      else checked++;
    });
    expect([checked, unchecked]).toEqual(options.fuse === false ? [1, 1] : [1, 0]);
  }
});
