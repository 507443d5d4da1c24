import { describe, expect, test } from "vitest";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { wasmBackend } from "../backends/wasm/index.ts";
import * as k from "./build.ts";
import { checkRoutine } from "./check.ts";
import type { TypedArray } from "./executable.ts";
import { makeArray } from "./executable.ts";
import { expandRoutine } from "./expand.ts";
import { neutral } from "./neutral.ts";
import { printRoutine } from "./print.ts";
import type { Buffer, Contract, Dim, Expr, ReduceOp, Routine, ScalarType } from "./scalar.ts";
import { contractBlock, reduceLanes } from "./scalar.ts";
import { walkBlock } from "./walk.ts";

/** Numbers with many digits, reproducible. */
function numbers(type: ScalarType, n: number, seed: number): TypedArray {
  const array = makeArray(type, n);
  for (let i = 0; i < n; i++) array[i] = Math.sin(i * 12.9898 + seed * 78.233) * (type === "i32" ? 1e6 : 3);
  return array;
}

const round = (type: ScalarType, x: number): number =>
  type === "f32" ? Math.fround(x) : type === "i32" ? x | 0 : x;

const combine: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  mul: (x, y) => x * y,
  min: Math.min,
  max: Math.max,
};

/** The fold by its definition: lanes, then halves. */
function foldByLanes(type: ScalarType, op: string, start: number, values: readonly number[]): number {
  const step = (x: number, y: number): number => round(type, combine[op]!(x, y));
  let lanes = new Array<number>(reduceLanes).fill(start);
  values.forEach((v, i) => (lanes[i % reduceLanes] = step(lanes[i % reduceLanes]!, v)));
  while (lanes.length > 1) {
    const half = lanes.length / 2;
    lanes = lanes.slice(0, half).map((x, j) => step(x, lanes[j + half]!));
  }
  return lanes[0]!;
}

function foldRoutine(type: ScalarType, op: ReduceOp, from: number, to: number, padding: number): Routine {
  const block = k.makeBlock();
  const total = block.reduce("total", op, neutral(op, type), "i", k.i32(from), k.i32(to), (body, i) => {
    const x = body.let("x", k.load(type, "x", i));
    let value = body.let("y", k.mul(x, x));
    for (let p = 0; p < padding; p++) value = body.let(`p${p}`, k.add(value, k.constant(type, 0)));
    return value;
  });
  return {
    name: "fold",
    inputs: [{ kind: "buffer", buffer: { name: "x", type, size: 64 } }],
    outputs: [{ kind: "scalar", value: total }],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

describe("reduce", () => {
  test.each([
    ["f64", "add"],
    ["f32", "add"],
    ["f64", "mul"],
    ["f32", "max"],
    ["i32", "min"],
  ] as const)("of %s by %s folds in lanes, for every count and for bodies short and long", (type, op) => {
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [2, 7],
      [0, 8],
      [3, 20],
      [0, 64],
      [5, 2],
    ] as const) {
      for (const padding of [0, 20]) {
        const routine = foldRoutine(type, op, from, to, padding);
        checkRoutine(routine);
        checkRoutine(expandRoutine(routine));
        const x = numbers(type, 64, 1);
        const values = Array.from(x.slice(from, Math.max(from, to)), (v) =>
          type === "i32" ? Math.imul(v, v) : round(type, v * v),
        );
        const start = neutral(op, type) as { readonly value: number } & object;
        const expected = foldByLanes(type, op, start.value, values);
        for (const backend of [interpBackend, jsBackend]) {
          const out = [0];
          backend.compile(routine)([{ array: x, offset: 0 }], out);
          expect(out[0], `${backend.name} ${from}..${to} ${padding}`).toBe(expected);
        }
      }
    }
  });
});

/** A sum over `depth` nested folds of the product of their indices, and of elements. */
function nestedFolds(depth: number, size: number): Routine {
  const block = k.makeBlock();
  const fold = (target: typeof block, level: number, product: Expr): Expr =>
    target.reduce(`s${level}`, "add", k.f64(0), `i${level}`, k.i32(0), k.local("i32", "n"), (body, i) => {
      const next = body.let(`p${level}`, k.mul(product, k.add(k.load("f64", "x", i), k.f64(level))));
      return level + 1 === depth ? next : fold(body, level + 1, next);
    });
  const total = fold(block, 0, k.f64(1));
  return {
    name: "nest",
    inputs: [
      { kind: "buffer", buffer: { name: "x", type: "f64", size } },
      { kind: "scalar", name: "n", type: "i32" },
    ],
    outputs: [{ kind: "scalar", value: total }],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

describe("folds within folds", () => {
  const sizeAt = (depth: number): number => {
    let count = 0;
    walkBlock(expandRoutine(nestedFolds(depth, 16)).body, { stmt: () => void count++ });
    return count;
  };

  test("take statements in proportion to their depth, not exponentially many", () => {
    const [two, three, four] = [sizeAt(2), sizeAt(3), sizeAt(4)];
    expect(four - three).toBe(three - two);
  });

  test("yield the same bits in every backend", () => {
    const x = numbers("f64", 16, 3);
    for (const depth of [2, 3, 4])
      for (const n of [0, 1, 7, 8, 13]) {
        const outs = [interpBackend, jsBackend, wasmBackend].map((backend) => {
          const out = [0];
          backend.compile(nestedFolds(depth, 16))([{ array: x, offset: 0 }, n], out);
          return out[0];
        });
        expect(outs, `depth ${depth}, n = ${n}`).toEqual([outs[0], outs[0], outs[0]]);
      }
  });
});

/** The contraction by its definition. */
function contractByBlocks(c: Contract<number>, out: TypedArray, left: TypedArray, right: TypedArray): void {
  const outer = c.dims.filter((dim) => dim.role !== "sum");
  const sums = c.dims.filter((dim) => dim.role === "sum");
  const each = (
    dims: readonly Dim<number>[],
    f: (o: number, l: number, r: number) => void,
    o = 0,
    l = 0,
    r = 0,
  ): void => {
    const [dim, ...rest] = dims;
    if (dim === undefined) return f(o, l, r);
    for (let i = 0; i < dim.size; i++) each(rest, f, o + i * dim.out, l + i * dim.left, r + i * dim.right);
  };
  each(outer, (o, l, r) => {
    let total = c.accumulate ? out[o]! : 0;
    let acc = 0;
    let count = 0;
    each(
      sums,
      (_, ll, rr) => {
        const product =
          c.type === "i32" ? Math.imul(left[ll]!, right[rr]!) : round(c.type, left[ll]! * right[rr]!);
        acc = round(c.type, product + acc);
        if (++count % contractBlock === 0) {
          total = round(c.type, total + acc);
          acc = 0;
        }
      },
      o,
      l,
      r,
    );
    out[o] = round(c.type, total + acc);
  });
}

const cases: readonly (readonly [
  name: string,
  dims: readonly Dim<number>[],
  sizes: readonly [number, number, number],
])[] = [
  [
    "matrices",
    [
      { role: "row", size: 5, out: 7, left: 4, right: 0 },
      { role: "column", size: 7, out: 1, left: 0, right: 1 },
      { role: "sum", size: 4, out: 0, left: 1, right: 7 },
    ],
    [35, 20, 28],
  ],
  [
    "transposed matrices of a batch, sums longer than a block",
    [
      { role: "batch", size: 2, out: 6, left: 1800, right: 1200 },
      { role: "row", size: 3, out: 2, left: 1, right: 0 },
      { role: "column", size: 2, out: 1, left: 0, right: 600 },
      { role: "sum", size: 600, out: 0, left: 3, right: 1 },
    ],
    [12, 3600, 2400],
  ],
  [
    "a convolution of 6 by 6 by two kernels of 3 by 3",
    [
      { role: "row", size: 2, out: 16, left: 9, right: 0 },
      { role: "column", size: 4, out: 4, left: 0, right: 6 },
      { role: "column", size: 4, out: 1, left: 0, right: 1 },
      { role: "sum", size: 3, out: 0, left: 3, right: 6 },
      { role: "sum", size: 3, out: 0, left: 1, right: 1 },
    ],
    [32, 18, 36],
  ],
  ["two numbers", [], [1, 1, 1]],
  [
    "an empty sum",
    [
      { role: "column", size: 3, out: 1, left: 0, right: 1 },
      { role: "sum", size: 0, out: 0, left: 1, right: 3 },
    ],
    [3, 1, 3],
  ],
  [
    "several sums longer than a block together",
    [
      { role: "row", size: 2, out: 1, left: 400, right: 0 },
      { role: "sum", size: 20, out: 0, left: 20, right: 1 },
      { role: "sum", size: 20, out: 0, left: 1, right: 20 },
    ],
    [2, 800, 400],
  ],
];

describe("contract", () => {
  test.each(cases)("of %s adds products in blocks", (_, dims, sizes) => {
    for (const type of ["f64", "f32", "i32"] as const) {
      for (const accumulate of [false, true]) {
        const buffer = (name: string, size: number): Buffer<number> => ({ name, type, size });
        const [out, left, right] = [
          buffer("out", sizes[0] + 1),
          buffer("a", sizes[1]),
          buffer("b", sizes[2]),
        ];
        const block = k.makeBlock();
        block.forEach("e", k.i32(0), k.i32(out.size), (loop, e) =>
          loop.store("out", e, k.convert(type, k.add(e, k.i32(1)))),
        );
        const contraction = {
          name: "dot",
          type,
          out: { buffer: "out", offset: k.i32(1) },
          left: { buffer: "a", offset: k.i32(0) },
          right: { buffer: "b", offset: k.i32(0) },
          dims,
          accumulate,
        };
        block.contract(contraction);
        const routine: Routine = {
          name: "product",
          inputs: [left, right].map((b) => ({ kind: "buffer", buffer: b })),
          outputs: [{ kind: "buffer", buffer: out }],
          temps: [],
          arenaBytes: 0,
          body: block.statements,
        };
        checkRoutine(routine);
        checkRoutine(expandRoutine(routine));
        const [x, y] = [numbers(type, left.size, 1), numbers(type, right.size, 2)];
        const expected = makeArray(type, out.size);
        for (let i = 0; i < out.size; i++) expected[i] = i + 1;
        contractByBlocks({ kind: "contract", ...contraction }, expected.subarray(1), x, y);
        for (const backend of [interpBackend, jsBackend]) {
          const got = makeArray(type, out.size);
          backend.compile(routine)(
            [
              { array: x, offset: 0 },
              { array: y, offset: 0 },
            ],
            [{ array: got, offset: 0 }],
          );
          expect(got, `${backend.name} ${type} ${accumulate}`).toEqual(expected);
        }
      }
    }
  });

  test("is printed with its sizes and strides", () => {
    const block = k.makeBlock();
    const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
    block.contract({
      name: "dot",
      type: "f32",
      out: at("y"),
      left: at("a"),
      right: at("b"),
      dims: cases[0]![1],
      accumulate: false,
    });
    const routine: Routine = {
      name: "f",
      inputs: [],
      outputs: [],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    };
    expect(printRoutine(routine)).toContain(
      "contract y[0] = a[0] · b[0] over row 5 (y 7, a 4), column 7 (y 1, b 1), sum 4 (a 1, b 7)",
    );
  });
});
