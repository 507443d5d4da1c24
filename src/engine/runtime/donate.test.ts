import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { argsort, configure, cumsum, full, grad, jit, scan, sin, tensor, zeros } from "downhill";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { resultPool } from "./choices.ts";
import { storageOf } from "../../../test/support/cells.ts";

afterEach(() => configure({}));

const step = (p: Tensor, g: Tensor): Tensor => p.sub(g.mul(0.5));

describe("jit with donate", () => {
  test("computes the same results as without donation", () => {
    const [plain, donating] = [jit(step), jit(step, { donate: 0 })];
    const g = full([4000], 0.25);
    let [p, q] = [full([4000], 1), full([4000], 1)];
    for (let i = 0; i < 5; i++) [p, q] = [plain(p, g), donating(q, g)];
    expect(q.data()).toEqual(p.data());
    expect(q.at(7).item()).toBe(1 - 5 * 0.125);
  });

  test("runs a loop in memory that does not grow", () => {
    const donating = jit(step, { donate: 0 });
    const g = full([100_000], 0.25, { dtype: "float32" });
    let p = full([100_000], 1, { dtype: "float32" });
    for (let i = 0; i < 20; i++) p = donating(p, g);
    const before = resultPool()?.stats();
    for (let i = 0; i < 200; i++) p = donating(p, g);
    expect(resultPool()?.stats()).toEqual(before);
  });

  test("lets middle-sized results reuse the memory of donated ones", () => {
    const donating = jit(step, { donate: 0 });
    const g = full([3000], 0.25, { dtype: "float32" });
    const bufferOf = (x: Tensor): unknown => storageOf(x).array.buffer;
    let p = full([3000], 1, { dtype: "float32" });
    const places = Array.from({ length: 6 }, () => {
      p = donating(p, g);
      return storageOf(p).array;
    });
    expect(p.at(7).item()).toBe(1 - 6 * 0.125);
    if (resultPool() === undefined) return; // no memory that threads can share
    expect(places[0]!.buffer).toBeInstanceOf(ArrayBuffer);
    expect(places[3]).toBe(places[5]);
    const plain = jit((x: Tensor) => x.mul(3));
    expect([1, 2, 3].map(() => bufferOf(plain(g)) instanceof ArrayBuffer)).toEqual([true, true, true]);
  });

  test.each([false, true])(
    "lets large results reuse the memory of dead arguments; one is still read: %s",
    (isRead) => {
      const f = (p: Tensor, m: Tensor, g: Tensor): Tensor[] => {
        const mean = m.mul(0.9).add(g);
        return [p.sub(mean.mul(0.1)), mean, isRead ? p.sum() : g.sum()];
      };
      const [plain, donating] = [jit(f), jit(f, { donate: [0, 1] })];
      const g = full([50_000], 0.25).add(1);
      let [p, m] = [full([50_000], 1), zeros([50_000])];
      let [q, w] = [full([50_000], 1), zeros([50_000])];
      const places = Array.from({ length: 5 }, () => {
        const [p1, m1, sum] = plain(p, m, g) as [Tensor, Tensor, Tensor];
        const [q1, w1, total] = donating(q, w, g) as [Tensor, Tensor, Tensor];
        expect(() => q.data()).toThrow("donated");
        [p, m, q, w] = [p1, m1, q1, w1];
        expect(total.item()).toBe(sum.item());
        return storageOf(q).array;
      });
      expect(q.data()).toEqual(p.data());
      expect(w.data()).toEqual(m.data());
      if (resultPool() !== undefined && !isRead) expect(places[4]).toBe(places[3]);
    },
  );

  testInCi("keeps arguments until they are read if results exceed the kernel memory", () => {
    const n = 1_500_000; // 12 MB each: five of them fit
    const f = jit(
      (...ps: Tensor[]) => {
        const turned = [1, 2, 3].map((k) =>
          ps[0]!
            .reshape([1000, n / 1000])
            .transpose()
            .add(k),
        );
        return [...ps.map((p) => p.add(1)), ...turned];
      },
      { donate: [0, 1, 2, 3, 4] },
    );
    let ps = Array.from({ length: 5 }, (_, k) => full([n], 10 * k));
    for (let step = 1; step <= extent(2, 4); step++) {
      const outs = f(...ps);
      ps = outs.slice(0, 5);
      const first = step - 1;
      const expected = [...ps.map((_, k) => 10 * k + step), first + 1, first + 2, first + 3];
      expect(outs.map((x) => [x.min().item(), x.max().item()])).toEqual(expected.map((x) => [x, x]));
    }
  });

  test("moves repeatedly read middle-sized operands into kernel memory, with their elements", () => {
    const f = jit((x: Tensor) => x.mul(2).sum());
    const x = full([5000], 0.5, { dtype: "float32" });
    const sums = [1, 2, 3, 4, 5].map(() => f(x).item());
    expect(sums).toEqual([5000, 5000, 5000, 5000, 5000]);
    const isNear = !(storageOf(x).array.buffer instanceof ArrayBuffer);
    expect(isNear).toBe(resultPool() !== undefined);
    expect(x.data()).toEqual(new Float32Array(5000).fill(0.5));
  });

  test("throws when a donated tensor is read or used", () => {
    for (const size of [3, 10_000]) {
      const donating = jit(step, { donate: [0] });
      const [p, g] = [full([size], 1), full([size], 1)];
      donating(p, g);
      expect(() => p.data()).toThrow(/^data: this f64\[\d+\] was donated to a jitted function/);
      expect(() => p.tolist()).toThrow("Use what that function returned");
      expect(() => p.add(1)).toThrow("an argument was donated");
      expect(() => donating(p, g)).toThrow("an argument was donated");
    }
  });

  test("refuses a tensor that is passed twice or read from outside, and preserves it", () => {
    const p = tensor([1, 2, 3]);
    expect(() => jit(step, { donate: 0 })(p, p)).toThrow("this tensor is also passed as another argument");
    const outside = jit((x: Tensor) => x.add(p), { donate: 0 });
    expect(() => outside(p)).toThrow("the function also reads this tensor from outside");
    expect(p.tolist()).toEqual([1, 2, 3]);
  });

  test("preserves arguments inside other transforms", () => {
    const f = jit((x: Tensor) => sin(x).sum(), { donate: 0 });
    const x = tensor([0, 1]);
    expect(grad(f)(x).tolist()).toEqual([1, Math.cos(1)]);
    expect(x.tolist()).toEqual([0, 1]);
  });

  test("names a missing argument, and one that is also static", () => {
    expect(() => jit(step, { donate: 2 })(1, 2)).toThrow(
      "jit(step): donate names argument 2, but the call has 2",
    );
    expect(() => jit(step, { donate: 0, staticArgnums: 0 })).toThrow("argument 0 is both static and donated");
    expect(() => jit(step, { donate: -1 })).toThrow("jit: donate holds -1");
  });
});

describe("configure", () => {
  test("sets the backend of functions, also of those compiled before", () => {
    const f = jit((x: Tensor) => sin(x).mul(2));
    const x = full([5000], 0.5);
    const results = (["wasm", "js", "interpreter", "auto"] as const).map((backend) => {
      configure({ backend, reproducible: true });
      const value = f(x).at(0).item();
      return [f.stats().backends.at(-1)?.slice(0, 6), value];
    });
    const value = Math.sin(0.5) * 2;
    expect(results).toEqual([
      ["wasm", value],
      ["js", value],
      ["interp", value],
      ["wasm", value],
    ]);
  });

  test("refuses unknown options and values", () => {
    expect(() => configure({ backend: "webgpu" as never })).toThrow("configure: backend");
    expect(() => configure({ reproducable: true } as never)).toThrow(/[Dd]id you mean "?reproducible/);
    expect(() => configure({ reproducible: 1 as never })).toThrow("reproducible must be true or false");
  });
});

describe("a jitted function", () => {
  test("can be warmed, and reports what it compiled", () => {
    let calls = 0;
    const f = jit((x: Tensor, y: Tensor) => {
      calls++;
      return x.mul(y);
    });
    f.warm(1, 2);
    expect(calls).toBe(1);
    expect(f.stats()).toMatchObject({ programs: 1, backends: ["js"] });
    expect(f.stats().compileTime).toBeGreaterThan(0);
    expect(f(3, 4).item()).toBe(12);
    expect(calls).toBe(1);
  });

  test("shows its program after each pass, its loops, and their code", () => {
    const f = jit((x: Tensor) => x.mul(1).add(x.mul(x).mul(0 + 1)));
    const lowered = f.lower([1, 2, 3]);
    expect(lowered.passes.map(({ name }) => name)).toEqual([
      "traced",
      "simplify",
      "common subexpressions",
      "dead code",
    ]);
    expect(lowered.passes.at(-1)?.program).toMatch(/mul|\*/);
    expect(lowered.routine).toContain("for each e in 0..3");
    expect(lowered.backend).toBe("js");
    expect(lowered.code).toContain("for (let e = 0; e < 3; e++)");
    expect(String(lowered)).toContain("── kernel");
    expect(f.lower(full([10_000], 1)).code).toContain("(module");
  });

  test("becomes WebAssembly if a scalar loop calls many functions, and JavaScript if it only does arithmetic", () => {
    const times = (length: number, step: (x: Tensor) => Tensor) => (x: Tensor) =>
      scan((state: Tensor) => [step(state), null], x, null, { length })[0];
    const backendOf = (f: (x: Tensor) => Tensor): string => jit(f).lower(1).backend;
    expect(backendOf(times(1000, (x) => x.sub(sin(x).mul(0.1))))).toMatch("wasm");
    expect(backendOf(times(10, (x) => x.sub(sin(x).mul(0.1))))).toBe("js");
    expect(backendOf(times(1000, (x) => x.mul(x).sub(1)))).toBe("js");
  });

  test("becomes WebAssembly for many sequential operations that JavaScript lacks", () => {
    const backendOf = (f: (x: Tensor) => Tensor, x: Tensor): string => jit(f).lower(x).backend;
    const running = (x: Tensor): Tensor => cumsum(x, { axis: 0 });
    expect(backendOf(running, zeros([2000], { dtype: "float32" }))).toMatch("wasm");
    expect(backendOf(running, zeros([100], { dtype: "float32" }))).toBe("js");
    expect(backendOf(running, zeros([2000], { dtype: "float64" }))).toBe("js");
    expect(backendOf((x) => argsort(x), zeros([1000], { dtype: "float64" }))).toMatch("wasm"); // sorts by bit patterns
  });

  test("takes nested arguments without building keys, and detects when their structure changes", () => {
    const f = jit(({ w, b }: { w: Tensor; b: readonly Tensor[] }, mode: string | null) =>
      mode === "twice" ? w.mul(2) : w.add(b[0]!),
    );
    const [w, b] = [tensor([1, 2]), [tensor(10)]];
    expect(f({ w, b }, null).tolist()).toEqual([11, 12]);
    expect(f({ b, w }, null).tolist()).toEqual([11, 12]);
    expect(f({ w, b }, "twice").tolist()).toEqual([2, 4]);
    expect(f({ w: tensor([1, 2, 3]), b }, null).tolist()).toEqual([11, 12, 13]);
    expect(f({ w, b: [tensor(10), tensor(20)] }, null).tolist()).toEqual([11, 12]);
    expect(f({ w: [1, 2], b: [tensor(5)] }, null).tolist()).toEqual([6, 7]);
  });
});
