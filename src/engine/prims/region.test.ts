import { describe, expect, test } from "vitest";
import {
  configure,
  grad,
  hessian,
  jit,
  jvp,
  less,
  linearize,
  log,
  makeProgram,
  scan,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
  whileLoop,
} from "downhill";
import { formOfText } from "../../../test/support/plain-region.ts";
import { choicesOf, regionOf } from "../../../test/support/draw-region.ts";
import type { RegionValue } from "../../../test/support/evaluate-region.ts";
import { extent } from "../../../test/support/extent.ts";
import { checkFamily, f64, i32, on } from "../../../test/support/op-table.ts";
import { Choices } from "../../../test/support/random-choices.ts";
import { randomStrips } from "../../../test/support/random-strips.ts";
import * as r from "../../../test/support/region-build.ts";
import { readElements } from "../ir/elements.ts";
import { printProgram } from "../ir/print.ts";
import type { Tensor } from "../ir/tensor.ts";
import { checkRoutine } from "../kernel/check.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import { printRoutine } from "../kernel/print.ts";
import type { Region, RegionExpr, RegionStmt } from "../region/form/region.ts";
import { gradient } from "../region/derive/gradient.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { printRegion } from "../region/form/print.ts";
import { callRegion } from "../runtime/regions.ts";
import * as regions from "./region.ts";
import { scalarFunctions } from "./scalar-functions.ts";

const { arrayOf, int, loop, real, scalar, when } = r;
const [zero, one] = [r.i32(0), r.i32(1)];
const length = r.length("x");
const at = (place: RegionExpr, position?: number): RegionExpr => r.load("f64", "x", [place], position);
const vector = (name: string): Region["params"][number] => ({ kind: "array", name, type: "f64", rank: 1 });
const number = (name: string): Region["params"][number] => ({ kind: "scalar", name, type: "f64" });
const whole = (name: string): Region["params"][number] => ({ kind: "scalar", name, type: "i32" });
const region = (
  params: Region["params"],
  body: readonly RegionStmt[],
  ...results: Region["results"]
): Region => ({
  name: "f",
  params,
  body,
  results,
  file: "f.ts",
  positions: [1, 2, 3].map((line) => ({ line, column: 3, text: `x[i + ${line}]` })),
});

/** Σ sin(x[i]) · a where x[i] > 0, else x[i]² : branches, a sum, a read of a neighbour that is checked. */
const branches = region(
  [vector("x"), number("a")],
  [
    r.declare("s", r.f64(0)),
    loop("i", zero, length, [
      when(
        r.apply("less", r.f64(0), at(int("i"))),
        [r.set("s", r.apply("add", real("s"), r.apply("mul", r.apply("sin", at(int("i"), 0)), real("a"))))],
        [r.set("s", r.apply("add", real("s"), r.apply("mul", at(int("i")), at(int("i")))))],
      ),
    ]),
  ],
  scalar(real("s")),
);
/**
 * y[i + 1] = y[i] · x[i] + a, and the last element of y: a loop that reads the array that it writes, and a second
 * result.
 */
const recurrence = region(
  [vector("x"), number("a")],
  [
    r.array("y", "f64", [r.apply("add", length, one)]),
    r.store("y", [zero], real("a")),
    loop("i", zero, length, [
      r.store(
        "y",
        [r.apply("add", int("i"), one)],
        r.apply("add", r.apply("mul", r.load("f64", "y", [int("i")]), at(int("i"))), real("a")),
        1,
      ),
    ]),
  ],
  arrayOf("y"),
  scalar(r.load("f64", "y", [length], 2)),
);
/**
 * Newton's iteration for √a until it stops changing, at most k times, and the number of steps: a loop without a known
 * length, and an integer result.
 */
const newton = region(
  [number("a"), whole("k")],
  [
    r.declare("z", real("a")),
    r.declare("n", zero),
    {
      kind: "while",
      condition: r.select(
        r.apply("less", int("n"), int("k")),
        r.apply(
          "less",
          r.f64(1e-3),
          r.apply("abs", r.apply("sub", r.apply("mul", real("z"), real("z")), real("a"))),
        ),
        { kind: "const", type: "bool", value: 0 },
      ),
      body: [
        r.set(
          "z",
          r.apply("mul", r.f64(0.5), r.apply("add", real("z"), r.apply("div", real("a"), real("z")))),
        ),
        r.set("n", r.apply("add", int("n"), one)),
      ],
    },
  ],
  scalar(real("z")),
  scalar(int("n")),
);
/** Two rows that are exchanged after each step. */
const rows = region(
  [vector("x")],
  [
    r.array("p", "f64", [length]),
    r.array("q", "f64", [length]),
    loop("t", zero, r.i32(3), [
      loop("i", zero, length, [
        r.store(
          "q",
          [int("i")],
          r.apply("sin", r.apply("add", r.load("f64", "p", [int("i")]), at(int("i")))),
        ),
      ]),
      { kind: "swap", x: "p", y: "q" },
    ]),
  ],
  arrayOf("p"),
);
const applied =
  (of: Region) =>
  (...xs: Tensor[]): readonly Tensor[] =>
    regions.applyRegion(of, xs);

describe("regions as operations on tensors", () => {
  checkFamily(regions, {
    applyRegion: [
      on(applied(branches), [
        { ins: [f64([0.5, -0.3, 1.2]), f64([1.5], [])] },
        { ins: [f64([]), f64([2], [])] },
      ]),
      on(applied(recurrence), [{ ins: [f64([0.5, -0.3, 1.2]), f64([1.5], [])] }]),
      on(applied(newton), [{ ins: [f64([2.5], []), i32([4], [])] }]),
      on(applied(rows), [{ ins: [f64([0.2, -0.7])] }]),
    ],
  });
});

const f =
  (of: Region) =>
  (...xs: readonly (Tensor | number)[]): Tensor =>
    regions.applyRegion(of, xs)[0]!;

describe("errors of regions", () => {
  const neighbour = region([vector("x"), whole("k")], [], scalar(at(int("k"), 1)));
  const message = "f: index 3 is out of range, the length is 3 at f.ts:2:3\n  x[i + 2]\n  ^^^^^^^^";
  const x = tensor([1, 2, 3]);

  test("end the call of one, of its derivative, of compiled functions and of batches", () => {
    const k = i32([3], []);
    const read = f(neighbour);
    expect(() => read(x, k)).toThrow(message);
    expect(() => grad((y) => read(y, k))(x)).toThrow(message);
    const compiled = jit((y, j) => read(y, j).mul(2));
    expect(compiled(x, i32([1], [])).item()).toBe(4);
    expect(() => compiled(x, k)).toThrow(message);
    expect(compiled(x, i32([2], [])).item()).toBe(6);
    expect(() => vmap((j) => read(x, j))(tensor([0, 3, 1], { dtype: "int32" }))).toThrow(message);
  });

  test("are those of the first step of a loop that has one, and end loops that would go on", () => {
    const steps = jit((start: Tensor) =>
      scan((carry: Tensor) => [carry.add(1), f(neighbour)(x, carry)] as const, start, undefined, {
        length: 1000,
      }),
    );
    expect(() => steps(i32([0], []))).toThrow(message);
    const forever = jit((start: Tensor) =>
      whileLoop(
        (carry: Tensor) => less(f(neighbour)(x, carry), 9),
        (carry: Tensor) => carry.add(1),
        start,
      ),
    );
    expect(() => forever(i32([0], []))).toThrow(message);
  });

  test("leave arguments as they are whose memory is given away", () => {
    const update = jit((y: Tensor, k: Tensor) => y.mul(2).add(f(neighbour)(y, k)), { donate: [0] });
    const given = tensor([1, 2, 3]);
    expect(() => update(given, i32([3], []))).toThrow(message);
    expect(given.tolist()).toEqual([1, 2, 3]);
  });
});

describe("a scalar result of a region", () => {
  const last = f({ ...recurrence, results: recurrence.results.slice(1) });
  const [x, a] = [tensor([0.5, -0.3, 1.2], { dtype: "float64" }), tensor(1.5, { dtype: "float64" })];
  /** Regions that a function runs, once it is compiled. */
  const regionsIn = (g: (...xs: Tensor[]) => unknown): number =>
    printProgram(optimize(makeProgram(g)(x, a))).split("= region[").length - 1;

  test("has value and slopes by one run, whatever its cotangent depends on", () => {
    const squared = (y: Tensor, b: Tensor): Tensor => log(last(y, b).mul(last(y, b)));
    expect(regionsIn(valueAndGrad(last, { argnums: [0, 1] }))).toBe(1);
    expect(regionsIn(valueAndGrad((y, b) => log(last(y, b))))).toBe(1);
    expect(regionsIn(valueAndGrad(squared))).toBe(1);
    expect(regionsIn(valueAndGrad(jit(last)))).toBe(1);
    expect(
      regionsIn((y, b) => {
        const [out, pullback] = vjp(last, y, b);
        return [out, pullback(1), pullback(2)];
      }),
    ).toBe(1);
    expect(
      regionsIn((y, b) => {
        const [out, linear] = linearize(last, y, b);
        return [out, linear(y, 1), linear(y, 0)];
      }),
    ).toBe(1);
    expect(regionsIn(last)).toBe(1);
    expect(regionsIn(grad(last))).toBe(1);
  });

  test("has the derivatives that forward mode has, to second order", () => {
    const along = (d: Tensor): Tensor => jvp(last, [x, a], [d, 0])[1];
    const unit = (i: number): Tensor =>
      tensor(
        [0, 1, 2].map((j) => (i === j ? 1 : 0)),
        { dtype: "float64" },
      );
    const slopes = grad(last)(x, a).tolist() as number[];
    const [, linear] = linearize(last, x, a);
    const seconds = hessian((y: Tensor) => last(y, a).mul(last(y, a)))(x).tolist() as number[][];
    for (let i = 0; i < 3; i++) {
      expect(slopes[i]).toBeCloseTo(along(unit(i)).item(), 14);
      expect(linear(unit(i), 0).item()).toBeCloseTo(along(unit(i)).item(), 14);
      const square = (y: Tensor): Tensor => last(y, a).mul(last(y, a));
      const slope = (y: Tensor): Tensor => jvp(square, [y], [unit(i)])[1];
      for (let j = 0; j < 3; j++)
        expect(seconds[i]![j]).toBeCloseTo(jvp(slope, [x], [unit(j)])[1].item(), 12);
    }
  });

  test("gives NaN, and not 0, where a slope of 0 meets an infinite cotangent", () => {
    const square = f(region([vector("x")], [], scalar(r.apply("mul", at(zero, 1), at(zero, 1)))));
    const ofLog = (y: Tensor): Tensor => log(square(y));
    expect(grad(ofLog)(tensor([0, 1])).tolist()).toEqual([NaN, NaN]);
    expect(jit(grad(ofLog))(tensor([0, 1])).tolist()).toEqual([NaN, NaN]);
    expect(grad(ofLog)(tensor([2, 1])).tolist()).toEqual([1, 0]);
  });

  test("has no slopes kept for each step of a loop where its operands are not", () => {
    const steps = (w: Tensor, b: Tensor): Tensor =>
      scan((sum: Tensor, t: Tensor) => [sum.add(last(w, t)), []] as const, b, tensor([1, 2, 3, 4]))[0];
    const wide = tensor(
      Array.from({ length: 50 }, (_, i) => Math.sin(i)),
      { dtype: "float64" },
    );
    const program = optimize(makeProgram(grad(steps))(wide, a));
    const largest = Math.max(...program.eqns.flatMap(({ outs }) => outs.map(({ type }) => type.shape.reduce((n, k) => n * k, 1)))); // prettier-ignore
    expect(largest).toBe(50);
    const wanted = [1, 2, 3, 4].map((t) => grad(last)(wide, t).tolist() as number[]);
    const got = jit(grad(steps))(wide, a).tolist() as number[];
    got.forEach((slope, i) =>
      expect(slope).toBeCloseTo(
        wanted.reduce((sum, one) => sum + one[i]!, 0),
        12,
      ),
    );
  });
});

describe("lengths that only the run can tell", () => {
  test("records of loops that are not counted grow, and the program is compiled again with room for them", () => {
    const decay = region(
      [number("a"), whole("k")],
      [
        r.declare("z", real("a")),
        r.declare("n", zero),
        {
          kind: "while",
          condition: r.apply("less", int("n"), int("k")),
          body: [r.set("z", r.apply("sin", real("z"))), r.set("n", r.apply("add", int("n"), one))],
        },
      ],
      scalar(real("z")),
    );
    const slope = jit(grad((a: Tensor, k: Tensor) => f(decay)(a, k)));
    for (const k of [10, 5000, 20]) {
      let [z, dz] = [1.2, 1];
      for (let i = 0; i < k; i++) [z, dz] = [Math.sin(z), dz * Math.cos(z)];
      expect(slope(1.2, i32([k], [])).item()).toBeCloseTo(dz, 12);
    }
    const [, forward] = jvp((a) => f(decay)(a, i32([300], [])), [1.2], [1]);
    expect(forward.item()).toBeCloseTo(slope(1.2, i32([300], [])).item(), 12);
  });

  test("an integer that sets the shape of a result is a plain number", () => {
    const ones = region(
      [number("a"), whole("n")],
      [r.array("y", "f64", [int("n")]), loop("i", zero, int("n"), [r.store("y", [int("i")], real("a"))])],
      arrayOf("y"),
    );
    const sum = (a: Tensor): Tensor => f(ones)(a, 3).sum();
    expect(grad(sum)(2).item()).toBe(3);
    expect(() => jit((n) => f(ones)(1, n))(i32([3], []))).toThrow(
      'f: how long the result "y" is depends on a value.',
    );
    expect(() => f(ones)(1, 2.5)).toThrow("n must be an integer");
  });
});

describe("products in nests of loops", () => {
  const form = (result: string): Region =>
    formOfText(`export function f(a: number[][], b: number[][], n: number) {
      "use ad";
      let s = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < b[0]!.length; j++) {
          let sum = j * 0.1;
          for (let q = 0; q < b.length; q++) sum += a[i]![q]! * b[q]![j]!;
          s += ${result};
        }
      return s;
    }`).region;
  const matrix = (rows: number, columns: number): Tensor =>
    tensor(Array.from({ length: rows * columns }, (_, i) => Math.sin(1 + i) / 4), { dtype: "float64" }).reshape([rows, columns]); // prettier-ignore

  test("are contractions in programs too, with arrays of their own", () => {
    for (const [region, rows] of [
      [form("Math.tanh(sum)"), 9],
      [form("sum * sum * Math.sin(i)"), 70],
    ] as const) {
      const [a, b] = [matrix(rows, 7), matrix(7, 5)];
      const values = (lowering?: LowerOptions) => (x: Tensor, y: Tensor) => {
        const f = (u: Tensor, v: Tensor): Tensor => regions.applyRegion(region, [u, v, rows], lowering)[0]!;
        return grad(f, { argnums: [0, 1] })(x, y) as readonly Tensor[];
      };
      const contractions = (lowering?: LowerOptions): number => {
        const { routine } = lowerProgram(optimize(makeProgram(values(lowering))(a, b)));
        checkRoutine(routine);
        return printRoutine(routine).split("contract ").length - 1;
      };
      expect([contractions(), contractions({ products: false })], printRegion(region)).toEqual([3, 0]);
      const numbers = (lowering?: LowerOptions): number[] =>
        jit(values(lowering))(a, b).flatMap((x) => Array.from(readElements(x, "numbers"), Number));
      const wanted = numbers({ products: false });
      for (const backend of ["interpreter", "js", "wasm"] as const) {
        configure({ backend });
        numbers().forEach((x, i) => expect(Math.abs(x - wanted[i]!)).toBeLessThan(1e-12 * rows));
      }
      configure({});
    }
  });
});

describe("random regions", () => {
  const dtypes = { f64: "float64", f32: "float32", i32: "int32", bool: "bool" } as const;
  const asTensor = (value: RegionValue, type: keyof typeof dtypes): Tensor => {
    const dtype = dtypes[type];
    if (typeof value === "number") return tensor(value, { dtype });
    return tensor(Array.from(value.data), { dtype }).reshape(value.dims);
  };
  const numbersOf = (x: Tensor): number[] =>
    Array.from(readElements(x, "numbersOf"), (n) => Number((n + 0).toPrecision(6)));

  test("have the cotangents that their transposed region gives, eagerly, compiled and in a batch of one", () => {
    for (let seed = 1; seed <= extent(3, 300); seed++) {
      const { region: drawn, args } = regionOf(seed);
      const operands = args.map((arg, i) => asTensor(arg, drawn.params[i]!.type));
      const places = drawn.params.flatMap(({ type }, i) => (type === "f64" || type === "f32" ? [i] : []));
      const result = drawn.results.findIndex((r) => r.kind === "scalar" && r.value.type === "f64");
      if (result < 0 || places.length === 0) continue;
      const value = (...xs: readonly Tensor[]): Tensor => {
        const all = [...operands];
        places.forEach((place, i) => (all[place] = xs[i]!));
        return regions.applyRegion(drawn, all)[result]!;
      };
      const active = drawn.params.map((_, i) => places.includes(i));
      const one: Region = { ...drawn, results: [drawn.results[result]!] };
      const wanted = callRegion(gradient(one, active, scalarFunctions), args).map((x) =>
        (typeof x === "number" ? [x] : [...x.data]).map((n) => Number((n + 0).toPrecision(6))),
      );
      const argnums = places.map((_, i) => i);
      const xs = places.map((place) => operands[place]!);
      const slopes = grad(value, { argnums }) as (...ys: readonly Tensor[]) => readonly Tensor[];
      expect(slopes(...xs).map(numbersOf), `seed ${seed}`).toEqual(wanted);
      expect(jit(slopes)(...xs).map(numbersOf), `seed ${seed}, compiled`).toEqual(wanted);
      const batch = vmap(slopes)(...xs.map((x) => x.reshape([1, ...x.shape])));
      expect(batch.map(numbersOf), `seed ${seed}, in a batch`).toEqual(wanted);
    }
  });

  test("go in strips in programs too, by every backend with the same bits, near to what they give by themselves", () => {
    let strips = 0;
    for (let seed = 60_000; seed < 60_000 + extent(4, 400, 8); seed++) {
      const { region: drawn, args } = randomStrips(new Choices(choicesOf(seed)));
      const operands = args.map((arg, i) => asTensor(arg, drawn.params[i]!.type));
      const values = (...xs: readonly Tensor[]): readonly Tensor[] => regions.applyRegion(drawn, xs);
      const { routine } = lowerProgram(optimize(makeProgram(values)(...operands)));
      checkRoutine(routine);
      strips += printRoutine(routine).split("for at once").length - 1;
      const [first, ...others] = (["interpreter", "js", "wasm"] as const).map((backend) => {
        configure({ backend, reproducible: true });
        return jit(values)(...operands).map((x) => Array.from(readElements(x, "values"), Number));
      });
      for (const other of others) expect(other, `seed ${seed}`).toEqual(first);
      const alone = callRegion(drawn, args).map((x) => (typeof x === "number" ? [x] : [...x.data]));
      const [got, want] = [first!.flat(), alone.flat()];
      const size = Math.max(1, ...want.map(Math.abs));
      const tolerance = JSON.stringify(drawn).includes('"f32"') ? 1e-4 : 1e-11;
      got.forEach((x, k) => {
        if (!Object.is(x, want[k]))
          expect(Math.abs(x - want[k]!), `seed ${seed}`).toBeLessThan(tolerance * size);
      });
    }
    configure({});
    expect(strips).toBeGreaterThan(extent(1, 4, 4));
  });
});
