import { afterEach, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { sin, sum, tensor } from "../../numeric/array/index.ts";
import "../../numeric/array/methods.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import { traceProgram } from "../trace/staging.ts";
import { grad } from "../transforms/grad.ts";
import { makeProgram } from "../transforms/make-program.ts";
import "./install.ts";
import { configure } from "./configure.ts";
import { jit } from "./jit.ts";

afterEach(() => configure({}));

testInCi("takes and returns a thousand arrays, or numbers, which were too many parameters", () => {
  configure({ reproducible: true }); // the same bits as one operation after the other
  const n = 1001;
  const double = jit((xs: readonly Tensor[]) => xs.map((x, i) => x.mul(2).add(i)));
  const arrays = Array.from({ length: n }, (_, i) => tensor([i, 1]));
  expect(double(arrays).map((x) => x.tolist())).toEqual(arrays.map((_, i) => [3 * i, 2 + i]));
  expect(double(arrays.map((_, i) => tensor(i))).map((x) => x.item())).toEqual(arrays.map((_, i) => 3 * i));
  // one loop of many iterations over all of them
  const long = Array.from({ length: n }, (_, i) =>
    tensor(Float32Array.from({ length: 300 }, (_, k) => i + k)),
  );
  const first = jit((xs: readonly Tensor[]) => xs.map((x) => sin(x).mul(x)))(long);
  for (const i of [0, 1, 500, n - 1])
    expect(first[i]!.tolist()).toEqual(sin(long[i]!).mul(long[i]!).tolist());
});

test("small arrays of every dtype, next to larger ones, are passed and returned at every call", () => {
  const dtypes = ["float64", "float32", "int32", "uint32", "bool"] as const;
  const sizes = [0, 1, 3, 32, 33, 5000];
  const xs = dtypes.flatMap((dtype) =>
    sizes.map((n) =>
      tensor(
        Float64Array.from({ length: n }, (_, i) => (i + n) % 2),
        { dtype },
      ),
    ),
  );
  for (const backend of ["wasm", "js"] as const) {
    configure({ backend });
    const f = jit((all: readonly Tensor[], k: Tensor) => [...all.map((x) => x.add(x)), ...all, k.add(1)]);
    for (let call = 0; call < 3; call++) {
      const out = f(xs, call);
      expect(out.map((y) => y.tolist())).toEqual([
        ...xs.map((x) => x.add(x).tolist()),
        ...xs.map((x) => x.tolist()),
        call + 1,
      ]);
    }
  }
});

test("donated small arrays are updated in place, and stay correct from call to call", () => {
  configure({ backend: "wasm" });
  const step = jit((ps: readonly Tensor[], g: Tensor) => ps.map((p) => p.sub(g.mul(p.sum()))), { donate: 0 });
  let ps: readonly Tensor[] = Array.from({ length: 20 }, (_, i) => tensor([i, 1]));
  let expected = ps.map((p) => [...p.data()]);
  for (let call = 0; call < 4; call++) {
    ps = step(ps, [0.5, 0.25]);
    expected = expected.map(([a, b]) => [a! - 0.5 * (a! + b!), b! - 0.25 * (a! + b!)]);
    expect(ps.map((p) => [...p.data()])).toEqual(expected);
  }
});

test("functions of very many arrays become WebAssembly, because engines do not optimise JavaScript of that length", () => {
  const backendsOf = (n: number): readonly string[] => {
    const total = jit((xs: readonly Tensor[]) => xs.map((x) => sum(x)).reduce((a, b) => a.add(b)));
    total(Array.from({ length: n }, () => tensor([1, 2])));
    return total.stats().backends;
  };
  expect(backendsOf(40)).toEqual(["js"]);
  expect(backendsOf(60).join()).toContain("wasm");
});

test("more tensors than the call stack holds throw a DownhillError, not a RangeError", () => {
  const xs = new Array<number>(60_000).fill(1);
  const first = (...all: Tensor[]): Tensor => all[0]!.mul(all.at(-1)!);
  expect(() => jit(first)(...(xs as never[]))).toThrowErrorMatchingInlineSnapshot(
    `[DownhillError: jit(first): the function was called with 60000 arguments, and 32768 is the most. Pass an array of tensors as one argument: f(tensors) instead of f(...tensors).]`,
  );
  expect(() => grad(first)(...(xs as never[]))).toThrow("grad: the function was called with 60000 arguments");
  const least = (...all: Tensor[]): Tensor => all.at(-1)!;
  expect(makeProgram(least)(...(xs.slice(0, 32_768) as never[])).ins).toHaveLength(32_768);
  expect(() => makeProgram(least)(...(xs.slice(0, 32_769) as never[]))).toThrow(
    "called with 32769 arguments",
  );
  const types = new Array<ArrayType>(200_000).fill(arrayType("float64", []));
  expect(() => traceProgram("f", types, (x) => [x])).toThrowErrorMatchingInlineSnapshot(
    `[DownhillError: f: 200000 tensors go into one program, which are too many for the call stack. Put tensors of one shape into one tensor with stack.]`,
  );
});
