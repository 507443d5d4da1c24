// Programs that need more memory than available. Memory that no live tensor needs is freed first, and a failure leaves
// no trace.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { DownhillError, configure, cumsum, full, grad, jit, scan, sin, sort, tanh, tensor } from "downhill";
import { wasmArena } from "../src/engine/backends/wasm/index.ts";
import { refuseAllocations } from "../src/engine/kernel/reclaim.ts";
import { compilationStats } from "../src/engine/runtime/executable.ts";
import { extent } from "./support/extent.ts";

const mebibyte = 2 ** 20;
const used = (): number => wasmArena().stats().used;
/** Bytes used by functions, without results, which have their own budget. */
const held = (): number => used() - wasmArena().stats().uses.results;
/** Deterministic, irregular numbers. */
const numbers = (n: number, seed = 1): Float32Array => {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = ((i * 7919 + seed * 104_729) % 1009) / 1009 - 0.5;
  return out;
};

/** The error of a call that needs too much memory; `undefined` if it succeeds. */
function oomOf(run: () => unknown): DownhillError | undefined {
  try {
    run();
    return undefined;
  } catch (problem) {
    if (!(problem instanceof DownhillError) || problem.code !== "oom") throw problem;
    expect(problem.message).toMatch(/^out of memory: .+ MiB .*They use \d+ MiB.* Use smaller batches/);
    return problem;
  }
}

afterEach(() => {
  refuseAllocations();
  configure({});
});

describe("in 8 MiB for kernels", () => {
  const limit = 8 * mebibyte;
  beforeEach(() => configure({ backend: "wasm", memoryLimit: limit }));
  afterEach(() => expect(used()).toBeLessThanOrEqual(limit));

  test("an eager operation runs on one array after the other, no two of a length", () => {
    for (let i = 0; i < extent(12, 60); i++) {
      const x = numbers(300_000 + i);
      expect(tensor(x).add(1).at(i).item()).toBe(Math.fround(x[i]! + 1));
    }
  });

  test("a jitted function runs on one array after the other, no two of a length", () => {
    const f = jit((x: Tensor) => x.add(1));
    for (let i = 0; i < extent(12, 107); i++) {
      const x = numbers(300_000 + i);
      expect(f(x).at(i).item()).toBe(Math.fround(x[i]! + 1));
    }
  });

  test("one jitted function after the other runs on one array, with temporaries as large", () => {
    const values = numbers(100_000);
    for (let i = 0; i < extent(12, 40); i++) {
      const f = jit((x: Tensor) => cumsum(sort(x), { axis: 0 }).add(i));
      const sizes = f(values).data();
      expect(sizes[0]).toBe(Math.fround(Math.fround(-0.5) + i));
      expect(f.stats().memoryBytes).toBeGreaterThan(values.byteLength); // temporaries; otherwise this tests nothing
    }
  });

  test("eager operations run one after the other on an array if three such arrays fit", () => {
    const x = tensor(numbers(600_000));
    const ways: ((x: Tensor) => Tensor)[] = [
      (y) => y.add(1),
      (y) => y.mul(3),
      (y) => y.sub(2),
      (y) => y.neg(),
      sin,
      tanh,
    ];
    for (const way of ways) expect(way(x).at(0).item()).toBe(way(x.at(0)).item());
  });

  test("one gradient of a new closure after the other runs on one array", () => {
    const values = numbers(300_000);
    for (let i = 1; i <= extent(8, 30); i++) {
      const slope = jit(grad((x: Tensor) => cumsum(x.mul(i), { axis: 0 }).square().sum()));
      expect(slope(values).at(-1).item()).not.toBe(0);
    }
  });

  test("functions that were dropped and are called again do not pile up", () => {
    const values = numbers(16_000); // copies of 64 kB each belong to a function
    const functions = Array.from({ length: 100 }, (_, i) => jit((x: Tensor) => x.mul(x).add(i)));
    for (let round = 0; round < 2; round++) {
      functions.forEach((f, i) =>
        expect(f(values).at(0).item()).toBe(Math.fround(Math.fround(values[0]! ** 2) + i)),
      );
      expect(compilationStats().kept).toBeLessThan(functions.length);
    }
  });

  test("a call that needs too much memory fails, names the cause, and leaves memory for a smaller one", () => {
    const f = jit((x: Tensor) => x.mul(2));
    const x = f(numbers(100_000)).at(0).item() / 2;
    for (let round = 0; round < 3; round++) {
      const problem = oomOf(() => f(numbers(1_200_000)));
      expect(problem?.message).toMatch(
        /5 MiB were requested \(copies of arguments and results\), in addition to 5 MiB for the same call; .* is 8 MiB/,
      );
      expect(f(numbers(700_000)).at(0).item()).toBe(Math.fround(2 * x));
    }
  });

  test("a jitted step that fails leaves donated arguments whole", () => {
    const step = jit((p: Tensor, x: Tensor): Tensor => p.sub(x.sum().mul(0)), { donate: 0 });
    let p = full([50_000], 1, { dtype: "float32" });
    for (let i = 0; i < 5; i++) p = step(p, numbers(100_000)); // is stored in kernel memory
    expect(oomOf(() => step(p, numbers(2_000_000)))).toBeDefined();
    expect(new Set(p.data())).toEqual(new Set([1]));
    p = step(p, numbers(100_000));
    expect(new Set(p.data())).toEqual(new Set([1]));
  });

  test("stored results, donated ones too, move out of kernel memory and keep their elements", () => {
    const step = jit((p: Tensor, x: Tensor): Tensor => p.add(x.slice(0, 100_000)), { donate: 0 });
    const kept = Array.from({ length: 12 }, (_, i) => tensor(numbers(100_000, i)).add(i));
    let p = full([100_000], 0, { dtype: "float32" });
    for (let i = 0; i < 6; i++) p = step(p, new Float32Array(100_000 + 300_000 * i).fill(1));
    expect(new Set(p.data())).toEqual(new Set([6]));
    kept.forEach((x, i) => expect(x.at(7).item()).toBe(Math.fround(numbers(8, i)[7]! + i)));
  });
});

test("a million bytes more or less for one call do not stay in use", () => {
  configure({ backend: "wasm" });
  const f = jit((x: Tensor) => cumsum(sort(x), { axis: 0 }));
  f(numbers(250_000));
  const before = held();
  const calls = extent(15, 40);
  for (let i = 1; i < calls; i++) f(numbers(250_000 + i));
  expect(held() - before).toBeLessThan(calls * 50_000); // bytes that each may keep: constants and small copies
});

test("an array of more elements than int32 counts is refused by its shape", () => {
  const message = "full: shape [1099511627776] has 1099511627776 elements; an array has at most 2147483647.";
  expect(() => full([2 ** 40], 1)).toThrow(message);
});

describe("if the n-th allocation fails", () => {
  /** Programs in two parts: the set-up, and the run that may fail. */
  const programs: Readonly<Record<string, () => () => Tensor>> = {
    "a step of training"() {
      interface Params {
        readonly w: Tensor;
        readonly b: Tensor;
      }
      const loss = ({ w, b }: Params, x: Tensor): Tensor => tanh(x.matmul(w).add(b)).square().mean();
      const step = jit(
        (params: Params, x: Tensor): Params => {
          const { w, b } = grad(loss)(params, x);
          return { w: params.w.sub(w.mul(0.5)), b: params.b.sub(b.mul(0.5)) };
        },
        { donate: 0 },
      );
      const start = { w: tensor(numbers(20_000)).reshape([100, 200]), b: tensor(numbers(200)) };
      const params = step(start, tensor(numbers(20_000)).reshape([200, 100])); // stored in kernel memory
      return () => step(params, tensor(numbers(40_000, 3)).reshape([400, 100])).w; // another size, which compiles
    },
    "an eager program": () => () => {
      const x = tensor(numbers(30_000));
      const slope = grad((y: Tensor) => sin(cumsum(sort(y), { axis: 0 })).sum())(x).reshape([100, 300]);
      const start = full([300], 0, { dtype: "float32" });
      return scan((carry: Tensor, row: Tensor) => [carry.add(row), null], start, slope)[0];
    },
  };
  const bitsOf = (x: Tensor): string => createHash("sha1").update(x.data()).digest("hex");

  test.each(Object.keys(programs).flatMap((name) => [false, true].map((isForGood) => ({ name, isForGood }))))(
    "$name succeeds or says so, and then runs as if nothing had happened; those after it fail too: $isForGood",
    ({ name, isForGood }) => {
      const make = (): (() => Tensor) => {
        configure({ backend: "wasm" }); // everything is compiled again
        return programs[name]!();
      };
      const expected = bitsOf(make()());
      const before = held();
      let [errors, refused] = [0, 1];
      // in the quick extent every second failure alone, and the remaining ones followed by failures
      const first = extent(isForGood ? 2 : 1, 1);
      for (let n = first; refused > 0; n += extent(2, 1)) {
        const run = make();
        let count = 0;
        refused = 0;
        refuseAllocations(() => {
          count++;
          const isToFail = isForGood ? count >= n : count === n;
          if (isToFail) refused++;
          return isToFail;
        });
        let result: Tensor | undefined;
        const problem = oomOf(() => (result = run()));
        refuseAllocations();
        if (problem !== undefined) errors++;
        expect(bitsOf(result ?? run())).toBe(expected);
        if (result !== undefined) expect(bitsOf(make()())).toBe(expected);
      }
      expect(bitsOf(make()())).toBe(expected);
      expect(held()).toBeLessThanOrEqual(before);
      if (isForGood) expect(errors).toBeGreaterThan(4);
    },
  );
});
