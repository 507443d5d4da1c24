import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { grad, jacfwd, tensor } from "downhill";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { wasmBackend } from "../backends/wasm/index.ts";
import { readElements } from "../ir/elements.ts";
import { checkRoutine } from "../kernel/check.ts";
import type { Backend } from "../kernel/executable.ts";
import { traceProgram } from "../trace/staging.ts";
import { wholeProgram } from "./moves.ts";
import { makePatternFinder } from "./pattern.ts";
import type { FoundPattern, PatternFinder } from "./pattern.ts";

type Vectors = (x: Tensor, ...args: Tensor[]) => Tensor;

interface Finding extends FoundPattern {
  readonly finder: PatternFinder;
  readonly rows: number[][];
  /** Whether the values that fix the pattern are those of another point. */
  readonly holdsAt: (x: Tensor) => boolean;
}

/** Pattern of the derivative of f with respect to its first argument. */
function findPattern(
  f: Vectors,
  x: Tensor,
  args: readonly Tensor[] = [],
  backend: Backend = jsBackend,
): Finding {
  const traced = traceProgram("f", [x, ...args].map((v) => v.type), (...xs) => [f(...(xs as [Tensor]))]); // prettier-ignore
  const { program, captured } = traced;
  const compile = (routine: Parameters<Backend["compile"]>[0]): ReturnType<Backend["compile"]> => {
    checkRoutine(routine);
    return backend.compile(routine);
  };
  const active = program.ins.map((_, i) => i === captured.length);
  const finder = makePatternFinder("test", wholeProgram(program, active), active, compile);
  const reader = (at: Tensor) => (i: number) => {
    const value = [...captured, at, ...args][i]!;
    const elements = readElements(value, "test");
    return value.shape.length === 0 ? elements[0]! : elements;
  };
  const found = finder.find(reader(x));
  const { rowPointers, columnIndices, rows } = found.pattern;
  return {
    ...found,
    finder,
    rows: Array.from({ length: rows }, (_, i) => [
      ...columnIndices.subarray(rowPointers[i], rowPointers[i + 1]),
    ]),
    holdsAt: (at) => !finder.comparison(found).differs(reader(at)),
  };
}

const numbers = (n: number): Tensor =>
  tensor(Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1) + 0.1));

/** Entries of the derivative that are not zero, by row. */
function trueRows(f: Vectors, x: Tensor, args: readonly Tensor[]): number[][] {
  const J = jacfwd((y: Tensor) => f(y, ...args).reshape([-1]))(x);
  const n = x.shape[0]!;
  const data = J.data();
  return Array.from({ length: data.length / n }, (_, i) =>
    Array.from({ length: n }, (_unused, j) => j).filter((j) => data[i * n + j] !== 0),
  );
}

const x12 = numbers(12);
const at = (x: Tensor, start: number, end?: number): Tensor => x.at({ start, end });
const banded = tensor(Float64Array.from({ length: 144 }, (_, i) => (Math.abs(Math.floor(i / 12) - (i % 12)) <= 1 ? 1 : 0))).reshape([12, 12]); // prettier-ignore

const exact: Record<string, readonly [f: Vectors, args?: readonly Tensor[]]> = {
  sin: [(x) => d.sin(x)],
  products: [
    (x) =>
      at(x, 1)
        .mul(at(x, 0, -1))
        .square(),
  ],
  sum: [(x) => x.sum().reshape([1])],
  cumsum: [(x) => d.cumsum(x)],
  floor: [(x) => d.floor(x.add(3)).mul(x)],
  "stopped gradient": [(x) => d.stopGradient(at(x, 0, 6)).mul(at(x, 6))],
  take: [(x) => d.take(x, [3, 1, 1, 7])],
  "take of an argument": [(x, i) => d.take(x, i), [d.tensor([3, 1, 1, 7], { dtype: "int32" })]],
  reshape: [(x) => d.flip(x.reshape([3, 4]).transpose(), { axis: 1 })],
  "product of matrices": [(x) => d.matmul(x.reshape([3, 4]), x.reshape([4, 3]))],
  convolution: [(x) => d.convolve(x, tensor([1, 2, 1]))],
  scan: [
    (x) =>
      d.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [c.mul(0.5).add(t), c.mul(t)], d.tensor(0.5), x)[1],
  ],
  "scan that shifts": [
    (x) => d.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [t, c.mul(t)], d.tensor(0.5), x)[1],
  ],
  "loop of a fixed length": [(x) => d.foriLoop(0, 3, (_i, y: Tensor) => d.roll(y, 1).mul(x), x)],
  segments: [(x) => d.segmentSum(x, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 1], { size: 5 })],
  pieces: [(x) => d.concatenate([at(x, 0, 3), at(x, 5).square()])],
  softmax: [(x) => d.softmax(x.reshape([3, 4]), { axis: 1 })],
  sorted: [(x) => d.sort(x)],
  rosenbrock: [(x) => grad((y: Tensor) => at(y, 1).sub(at(y, 0, -1).square()).square().mul(100).add(at(y, 0, -1).sub(1).square()).sum())(x)], // prettier-ignore
  "partly linear": [(x) => grad((y: Tensor) => at(y, 0, 6).square().sum().add(at(y, 6).sum()))(x)],
  "partly separable": [(x) => grad((y: Tensor) => d.prod(y.reshape([4, 3]), { axis: 1 }).sum())(x)],
};

describe("patterns", () => {
  for (const [name, [f, args = []]] of Object.entries(exact)) {
    test(`the pattern of ${name} is exact`, () => {
      expect(findPattern(f, x12, args).rows).toEqual(trueRows(f, x12, args));
    });
  }

  test("backends find equal patterns", () => {
    for (const [f, args = []] of Object.values(exact)) {
      const [first, ...others] = [jsBackend, interpBackend, wasmBackend].map((backend) => findPattern(f, x12, args, backend).rows); // prettier-ignore
      for (const other of others) expect(other).toEqual(first);
    }
  });

  test("zeros in a constant matrix count as structure", () => {
    expect(findPattern((x, a) => d.matmul(a, x), x12, [banded]).rows[0]!.length).toBe(12);
  });

  test("a branch of values joins both sides, and the pattern is global", () => {
    const found = findPattern((x) => d.where(d.greater(x, 0), x, d.flip(x).square()), x12);
    expect(found.finder.isLocal).toBe(false);
    expect(found.rows[0]).toEqual([0, 11]);
  });

  test("a second search, in used memory, finds the same pattern", () => {
    const branch: Vectors = (x) =>
      d.cond(d.greater(x.sum(), 0), () => d.flip(d.cumsum(x, { axis: 0 })), () => d.sin(x)); // prettier-ignore
    const { finder, pattern } = findPattern(branch, x12);
    expect(finder.find(() => x12.data()).pattern).toEqual(pattern);
    expect(finder.isLocal).toBe(false);
  });

  test("sort is local, and the comparison notices another order", () => {
    const found = findPattern((x) => d.sort(x), x12);
    expect(found.finder.isLocal).toBe(true);
    expect(found.holdsAt(x12)).toBe(true);
    expect(found.holdsAt(x12.mul(2).add(1))).toBe(true);
    expect(found.holdsAt(x12.neg())).toBe(false);
  });

  test("a loop that ends by values is local", () => {
    const root: Vectors = (x) =>
      d.whileLoop(
        ([y]: [Tensor]) => d.greater(d.max(d.abs(y.square().sub(x))), 1e-9),
        ([y]: [Tensor]): [Tensor] => [y.add(x.div(y)).mul(0.5)],
        [x],
      )[0];
    const positive = x12.square().add(1);
    const found = findPattern(root, positive);
    expect(found.finder.isLocal).toBe(true);
    expect(found.rows).toEqual(Array.from({ length: 12 }, (_, i) => [i]));
    expect(found.holdsAt(positive)).toBe(true);
    expect(found.holdsAt(positive.mul(1e4))).toBe(false);
  });

  test("the pattern of an index into the argument itself is that of the point", () => {
    const f: Vectors = (x) => d.take(x, d.floor(x.mul(9)).astype("int32"));
    const x = tensor([0.5, 0.1, 0.3, 0.9, 0.2, 0.7, 0.4, 0.6, 0.05, 0.99]);
    const found = findPattern(f, x);
    expect(found.finder.isLocal).toBe(true);
    expect(found.rows).toEqual(trueRows(f, x, []));
  });
});
