import { describe, expect, test, vi } from "vitest";
import { add, matmul, mul, sin, sum, tensor } from "../../numeric/array/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { grad, valueAndGrad } from "../transforms/grad.ts";
import { vmap } from "../transforms/vmap.ts";
import "../../numeric/array/methods.ts";
import { compilationStats } from "./executable.ts";
import "./install.ts";
import { jit } from "./jit.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { bytesInUse } from "../../../test/support/heap.ts";

const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(sin(x));

/** Number of compiled programs, and of calls of the traced function, during `run`. */
function compiledBy(run: () => void): number {
  const before = compilationStats().compiled;
  run();
  return compilationStats().compiled - before;
}

describe("jit", () => {
  test("refuses an async function, whose later failure does not end the program", async () => {
    const failed: unknown[] = [];
    const note = (reason: unknown): void => void failed.push(reason);
    process.on("unhandledRejection", note);
    const late = async (x: Tensor): Promise<Tensor> => {
      await Promise.resolve();
      return x.mul(2); // throws: its trace has ended
    };
    for (const f of [jit, grad, vmap] as unknown as ((f: unknown) => (x: unknown) => unknown)[])
      expect(() => f(late)([1])).toThrow("is async");
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(failed).toEqual([]);
  });

  test("returns the bits of the uncompiled function", () => {
    for (const [x, y] of [
      [2, 3],
      [-0.5, 1e10],
      [1e-300, -1],
    ] as const) {
      expect(jit(f)(x, y).item()).toBe(f(tensor(x), tensor(y)).item());
    }
  });

  test("traces once per type and never recompiles for a changed value", () => {
    const traced = vi.fn(f);
    const g = jit(traced);
    g(1, 2);
    expect(compiledBy(() => Array.from({ length: 1000 }, (_, i) => g(i, -i)))).toBe(0);
    expect(traced).toHaveBeenCalledTimes(1);
    g([1, 2], [3, 4]);
    g([5, 6], [7, 8]);
    expect(traced).toHaveBeenCalledTimes(2);
    g(new Float32Array(2), [3, 4]);
    expect(traced).toHaveBeenCalledTimes(3);
  });

  test("distinguishes weak numbers from tensors, because they promote differently", () => {
    const g = jit((x: Tensor) => x.add(tensor([1], { dtype: "float32" })));
    expect(g(1).dtype).toBe("float32");
    expect(g(tensor(1)).dtype).toBe("float64");
  });

  test("shares compiled programs between functions of the same structure", () => {
    const make = (): ((x: number) => Tensor) => jit((x: Tensor) => x.mul(x).sub(7).mul(x));
    make()(2);
    expect(compiledBy(() => Array.from({ length: 20 }, () => make()(3)))).toBe(0);
  });

  test("reads tensors from outside as hidden inputs and does not bake them in", () => {
    const g = (w: Tensor): Tensor => jit((x: Tensor) => x.mul(w))(2);
    expect(g(tensor(3)).item()).toBe(6);
    expect(compiledBy(() => expect(g(tensor(5)).item()).toBe(10))).toBe(0);
    // also tensors of an outer transform
    expect(grad((w) => jit((x: Tensor) => x.mul(w).mul(w))(2))(3).item()).toBe(12);
  });

  test("nests, and works with gradients and batches", () => {
    const g = jit(f);
    expect(grad(g)(2, 3).item()).toBe(grad(f)(2, 3).item());
    expect(grad(grad(g))(2, 3).item()).toBe(grad(grad(f))(2, 3).item());
    expect(jit(grad(jit(g)))(2, 3).item()).toBe(grad(f)(2, 3).item());
    expect(vmap(g)([1, 2], [3, 4]).tolist()).toEqual(vmap(f)([1, 2], [3, 4]).tolist());
  });

  test("keeps the gradient of a jitted function compiled", () => {
    const g = grad(jit(f));
    g(1, 2);
    expect(compiledBy(() => Array.from({ length: 100 }, (_, i) => g(i, 1)))).toBe(0);
  });

  test("takes nested arguments and returns nested results", () => {
    const step = jit((p: { w: Tensor; layers: Tensor[] }, rate: Tensor) => ({
      w: p.w.mul(rate),
      rest: p.layers.map((x) => x.add(1)),
    }));
    const out = step({ w: [1, 2], layers: [1, tensor([2, 3])] }, 0.5);
    expect(out.w.tolist()).toEqual([0.5, 1]);
    expect(out.rest.map((x) => x.tolist())).toEqual([2, [3, 4]]);
  });

  test("treats names such as __proto__ as plain names", () => {
    const p = JSON.parse('{"__proto__": 2, "constructor": 3, "toString": 4}') as Record<string, Tensor>;
    const g = jit(valueAndGrad((q: Record<string, Tensor>) => Object.values(q).reduce((a, b) => mul(a, b))));
    const [value, grads] = g(p);
    expect(value.item()).toBe(24);
    expect(Object.entries(grads).map(([name, g]) => [name, g.item()])).toEqual([
      ["__proto__", 12],
      ["constructor", 8],
      ["toString", 6],
    ]);
  });

  test("never inserts user text into generated code", () => {
    const evil = '"];globalThis.hacked=1;//';
    const g = jit((p: Record<string, Tensor>) => sum(p[evil]!.mul(p["*/ \n globalThis.hacked=2"]!)));
    Object.defineProperty(g, "name", { value: evil });
    expect(g({ [evil]: [1, 2], "*/ \n globalThis.hacked=2": [3, 4] }).item()).toBe(11);
    expect(globalThis).not.toHaveProperty("hacked");
  });

  test("builds static arguments into the program", () => {
    const traced = vi.fn((x: Tensor, mode: string, n: number) =>
      Array.from({ length: n }).reduce<Tensor>((a) => (mode === "add" ? a.add(x) : a.mul(x)), x),
    );
    const g = jit(traced, { staticArgnums: 2 });
    expect([g(2, "add", 2), g(3, "add", 2), g(2, "mul", 2), g(2, "mul", 3)].map((x) => x.item())).toEqual([
      6, 9, 8, 16,
    ]);
    expect(traced).toHaveBeenCalledTimes(3); // strings are always static
    expect(() =>
      jit((x: Tensor, h: unknown) => x.add(h as Tensor), { staticArgnums: 1 })(1, tensor(1)),
    ).toThrow("a static argument must be plain data");
  });

  test("distinguishes static arguments by their whole content", () => {
    const g = jit((x: Tensor, o: unknown) => x.add(JSON.stringify(o).length).mul(seen.push(o)), {
      staticArgnums: 1,
    });
    const seen: unknown[] = [];
    const different = [
      { a: NaN },
      { a: Infinity },
      { a: null },
      { a: 0 },
      { a: -0 },
      {},
      { a: "0" },
      ["a", 0],
      { a: [0] },
      { b: 0 },
    ];
    for (const o of [...different, ...different]) g(1, o as never);
    expect(seen).toEqual(different);
    expect(() => g(1, new Map() as never)).toThrow("not a class instance");
  });

  testInCi("bounds the number of variants over many shapes", () => {
    const g = jit((x: Tensor) => x.mul(2).sum());
    for (let n = 1; n <= extent(1100, 3000); n++) g(new Float64Array(n));
    expect(compilationStats().kept).toBeLessThanOrEqual(1024);
    expect(g(new Float64Array(5).fill(1)).item()).toBe(10);
  });

  test("keeps memory flat over hundreds of thousands of calls in one synchronous loop", () => {
    // Nothing is disposed: garbage must be freed without the event loop.
    const [x, w] = [
      tensor([1, 2, 3, 4]),
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ]),
    ];
    const step = jit((v: Tensor) =>
      matmul(matmul(v, w), [
        [1, 0, 0, 1],
        [0, 1, 1, 0],
      ]).mul(1e-3),
    );
    const scalarStep = jit(grad(f));
    const run = (n: number): void => {
      let v = x;
      let s = 0.1;
      for (let i = 0; i < n; i++) {
        v = step(v);
        s = scalarStep(s, 3).item() / 4;
        if (i % 4 === 0) s = add(s, grad(f)(s, 1)).item() / 4;
      }
      expect(Number.isFinite(s)).toBe(true);
    };
    run(20_000);
    const before = bytesInUse();
    run(extent(60_000, 1_000_000, 200_000));
    expect(bytesInUse() - before).toBeLessThan(4 * 2 ** 20); // less than 32 bytes per call
  });

  test("explains errors in its options and its function", () => {
    // @ts-expect-error the option is called staticArgnums
    expect(() => jit(f, { staticArgs: 1 })).toThrow(
      'jit: unknown option "staticArgs". Did you mean "staticArgnums"?',
    );
    expect(() => jit(f, { staticArgnums: -1 })).toThrow("staticArgnums holds -1");
    expect(() => jit((async (x: Tensor) => Promise.resolve(x)) as never)(1)).toThrow("the function is async");
  });
});
