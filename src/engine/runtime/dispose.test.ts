import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { configure, full, grad, jit, sum, tensor, vmap } from "downhill";
import { storageOf } from "../../../test/support/cells.ts";
import { seeded } from "../../../test/support/sampling.ts";
import { resultPool } from "./choices.ts";

afterEach(() => configure({}));

const sizes = [3, 1000, 5000, 100_000];
const ramp = (n: number): Tensor => tensor(Float64Array.from({ length: n }, (_, i) => i % 97));

describe("a result disposed by `using`", () => {
  test.each(sizes)("cannot be read or used afterwards: %d numbers", (n) => {
    const f = jit((x: Tensor) => x.mul(2));
    const x = ramp(n);
    let out: Tensor;
    {
      using y = f(x);
      expect(y.data()[2]).toBe(4);
      out = y;
    }
    expect(() => out.data()).toThrow(
      /^data: this f64\[\d+\] was .*given up by data\(\{ donate: true \}\) or using/,
    );
    expect(() => out.add(1)).toThrow("donated");
    expect(() => f(out)).toThrow("donated");
    out[Symbol.dispose](); // a second call has no effect
    expect(x.data()[2]).toBe(2);
    expect(f(x).data()[2]).toBe(4);
  });

  test("lets the next result reuse its memory, and no result moves", () => {
    const f = jit((x: Tensor) => x.mul(2));
    const x = ramp(100_000);
    for (let k = 0; k < 3; k++) f(x)[Symbol.dispose](); // the operand moves into kernel memory when it is read again
    const places = new Set(
      Array.from({ length: 10 }, () => {
        using y = f(x);
        return storageOf(y).array;
      }),
    );
    expect(places.size).toBe(resultPool() === undefined ? 10 : 1);
  });

  test.each(sizes)("preserves results that are still held: %d numbers", (n) => {
    const f = jit((x: Tensor, k: Tensor) => x.mul(2).add(k));
    const x = ramp(n);
    const held: (readonly [k: number, y: Tensor])[] = [];
    for (let k = 0; k < 40; k++) {
      const y = f(x, tensor(k));
      if (k % 3 === 0) held.push([k, y]);
      else y[Symbol.dispose]();
    }
    for (const [k, y] of held) {
      const data = y.data();
      expect(x.data().every((value, i) => data[i] === 2 * value + k)).toBe(true);
    }
  });

  test("preserves results that share its memory", () => {
    const y = jit((x: Tensor) => x.mul(2))(ramp(100_000));
    const matrix = y.reshape([1000, 100]);
    y[Symbol.dispose]();
    expect(() => y.data()).toThrow("donated");
    for (let k = 0; k < 3; k++) jit((x: Tensor) => x.add(k))(ramp(100_000));
    expect(matrix.at(0, 5).item()).toBe(10);
  });

  test("preserves results of a failed call, and of the call before it", () => {
    const f = jit((x: Tensor) => x.mul(2));
    const x = ramp(100_000);
    const kept = f(x);
    const gone = f(x);
    gone[Symbol.dispose]();
    expect(() => f(gone)).toThrow("donated");
    const next = f(x.add(1));
    expect([kept.at(7).item(), next.at(7).item()]).toEqual([14, 16]);
  });

  test("has no effect on numbers and traced values", () => {
    const three = tensor(3);
    three[Symbol.dispose]();
    expect(three.item()).toBe(3);
    const f = (x: Tensor): Tensor => {
      using square = x.mul(x);
      return sum(square.mul(x));
    };
    expect(grad(f)(2).item()).toBe(12);
    expect(jit(f)(full([100_000], 2)).item()).toBe(800_000);
    expect(vmap(f)([[1], [2]]).data()).toEqual(Float64Array.of(1, 8));
  });

  test.each([1, 2])(
    "changes no held result, whatever is disposed, donated, read or fails meanwhile, across jobs, with %d threads",
    async (threads) => {
      configure({ threads });
      const random = seeded(7);
      const draw = (n: number): number => Math.floor(random() * n);
      const double = jit((x: Tensor) => x.mul(2));
      const next = jit((x: Tensor) => x.add(1), { donate: 0 });
      const starts = sizes.map((n) => full([n], 1));
      let held: { readonly x: Tensor; readonly value: number; readonly isDonable: boolean }[] = [];
      for (let step = 0; step < 300; step++) {
        const at = draw(held.length + 1);
        const one = held[at];
        const drop = (): void => void (held = held.filter((_, k) => k !== at));
        if (one === undefined || held.length < 4) {
          held.push({ x: double(starts[draw(sizes.length)]!), value: 2, isDonable: true });
        } else if (step % 5 === 0) {
          drop();
          one.x[Symbol.dispose]();
          expect(() => double(one.x)).toThrow("donated");
        } else if (step % 5 === 1 && one.isDonable) {
          drop();
          held.push({ x: next(one.x), value: one.value + 1, isDonable: true });
        } else if (step % 5 === 2) {
          const other = one.x.shape.length === 1 ? [1, -1] : [-1]; // an equal shape would be the same tensor
          held.push({ x: one.x.reshape(other), value: one.value, isDonable: false });
          held[at] = { ...one, isDonable: false };
        } else if (step % 5 === 3) {
          held.push({ x: double(one.x), value: 2 * one.value, isDonable: true });
        } else await Promise.resolve();
        if (step % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
        for (const { x, value } of held.slice(0, 3))
          expect([x.min().item(), x.max().item()]).toEqual([value, value]);
        if (held.length > 24) held.splice(0, 12); // left to the garbage collector
      }
      for (const { x, value } of held) expect([x.min().item(), x.max().item()]).toEqual([value, value]);
    },
  );
});
