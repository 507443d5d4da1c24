import { describe, expect, test } from "vitest";
import type { Primitive, Tensor } from "downhill";
import { bind1, concatenate, definePrimitive, grad, jit, kernel as k, sin, tensor, vmap } from "downhill";
import { compilationStats } from "./executable.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";
import { bytesInUse } from "../../../test/support/heap.ts";

describe("eager evaluation", () => {
  test("a variadic primitive does not run the kernel of another number of operands", () => {
    const x = tensor([1, 2]);
    expect(concatenate([x, x]).tolist()).toEqual([1, 2, 1, 2]);
    expect(concatenate([x, x, x]).tolist()).toEqual([1, 2, 1, 2, 1, 2]);
    expect(concatenate([x, x]).tolist()).toEqual([1, 2, 1, 2]);
  });

  test("compiles nothing for scalars", () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(sin(x));
    const before = compilationStats().compiled;
    for (let i = 0; i < 100; i++) grad(f)(i, 3);
    expect(compilationStats().compiled).toBe(before);
  });

  test("compiles an operation on arrays once per shape, whatever the numbers", () => {
    const f = (x: Tensor): Tensor => x.mul(x).add(x).sum();
    f(tensor([1, 2, 3, 4, 5, 6, 7]));
    const before = compilationStats().compiled;
    for (let i = 0; i < 100; i++) f(tensor([i, 2, 3, 4, 5, 6, 7]));
    expect(compilationStats().compiled).toBe(before);
  });

  testInCi("keeps a bounded number of kernels over thousands of shapes", () => {
    const run = (from: number, to: number): void => {
      for (let n = from; n < to; n++) tensor(new Float64Array(n)).neg();
    };
    run(1, 1100); // fills the caches
    const before = bytesInUse();
    run(1100, extent(1300, 10_000));
    expect(compilationStats().kept).toBeLessThanOrEqual(1024);
    expect(bytesInUse() - before).toBeLessThan(64 * 2 ** 20); // 10,000 arrays are 375 MB
  });

  test("keeps memory flat over many thousand calls on scalars and arrays in one synchronous loop", () => {
    const x = tensor([1, 2, 3, 4]);
    const f = (v: Tensor): Tensor => sin(v).mul(v).sum();
    const run = (n: number): void => {
      for (let i = 0; i < n; i++) {
        if (i % 10 === 0) grad(f)(x);
        else x.add(i);
      }
    };
    run(20_000);
    const before = bytesInUse();
    run(extent(20_000, 300_000, 60_000));
    expect(bytesInUse() - before).toBeLessThan(4 * 2 ** 20);
  });

  test("keeps a bounded number of variants of a program over hundreds of batch sizes", () => {
    const f = jit((x: Tensor) => sin(x).mul(x));
    const run = (from: number, to: number): void => {
      for (let n = from; n < to; n++) vmap(f)(new Float64Array(n));
    };
    run(1, 100);
    const before = bytesInUse();
    run(100, extent(250, 600));
    expect(bytesInUse() - before).toBeLessThan(16 * 2 ** 20);
    expect(vmap(f)([1, 2]).at(1).item()).toBe(sin(2).item() * 2);
  });

  test("keeps a bounded number of scalar kernels for a primitive of many parameters", () => {
    const times: Primitive<{ factor: number }> = definePrimitive<{ factor: number }>({
      name: "times",
      typeOf: ([x]) => [x!],
      derivative: { kind: "constant" },
      batch: "elementwise",
      lowering: { kind: "elementwise", scalar: ([x], { factor }) => k.mul(x!, k.constant(x!.type, factor)) },
    });
    const x = tensor(2);
    for (let i = 0; i < 2000; i++) expect(bind1(times, [x], { factor: i }).item()).toBe(2 * i);
  });
});
