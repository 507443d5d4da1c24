import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { add, configure, full, grad, jit, reshape, sum, tensor } from "downhill";
import { resultPool } from "./choices.ts";
import { storageOf } from "../../../test/support/cells.ts";

afterEach(() => configure({}));

/** Small results share an array, middle-sized ones have separate arrays, and large ones are in kernel memory. */
const sizes = [1, 3, 1000, 5000, 20_000];
const double = (x: Tensor): Tensor => x.mul(2);

describe("data with donate", () => {
  test("returns the elements, and later uses of the tensor throw", async () => {
    for (const n of sizes) {
      const x = jit(double)(full([n], 1.5));
      expect(x.data({ donate: true })).toEqual(new Float64Array(n).fill(3));
      expect(() => x.data()).toThrow(/^data: this f64\[\d+\] was .*given up by data\(\{ donate: true \}\)/);
      expect(() => x.data({ donate: true })).toThrow("given up");
      expect(() => x.tolist()).toThrow("given up");
      expect(() => jit(double)(x)).toThrow("given up");
      expect(() => x.add(1)).toThrow("given up");
      const y = jit(double)(full([n], 2));
      expect(await y.read({ donate: true })).toEqual(new Float64Array(n).fill(4));
      expect(() => y.data()).toThrow("given up");
    }
  });

  test("returns arrays that later results do not overwrite", () => {
    for (const n of sizes) {
      const f = jit(double);
      const arrays = [1, 2, 3].map((value) => f(full([n], value)).data({ donate: true }));
      expect(arrays.map((array) => [array[0], array[n - 1], array.length])).toEqual([
        [2, 2, n],
        [4, 4, n],
        [6, 6, n],
      ]);
      expect(arrays.every((array) => array.byteLength === array.buffer.byteLength)).toBe(true);
    }
  });

  test("preserves tensors that share the memory, whichever of them is given up", () => {
    for (const n of sizes) {
      for (const which of [0, 1] as const) {
        const x = jit(double)(full([n], 1.5));
        const pair = [x, reshape(x, [1, n])] as const;
        expect(pair[which].data({ donate: true })[n - 1]).toBe(3);
        for (let i = 0; i < 3; i++) jit(double)(full([n], i));
        expect(pair[1 - which]!.data()).toEqual(new Float64Array(n).fill(3));
        expect(() => pair[which].data()).toThrow("given up");
      }
    }
  });

  test("preserves two results that reuse the memory of one donated argument", () => {
    const f = jit(
      (p: Tensor) => {
        const q = p.add(1);
        return [q, q] as const;
      },
      { donate: 0 },
    );
    for (const n of sizes) {
      const [a, b] = f(full([n], 1));
      a.data({ donate: true });
      for (let i = 0; i < 3; i++) jit(double)(full([n], i));
      expect(b.data()).toEqual(new Float64Array(n).fill(2));
    }
  });

  test("lets the next result reuse the memory", () => {
    for (const n of [3, 1000, 20_000]) {
      const f = jit(double);
      const x = new Float64Array(n).fill(1);
      const placeOf = (y: Tensor): unknown => {
        const { array, offset } = storageOf(y);
        return [array.buffer, array.byteOffset + 8 * offset];
      };
      const places = [1, 2, 3].map(() => {
        const y = f(x);
        const place = placeOf(y);
        y.data({ donate: true });
        return place;
      });
      const isReused = n < 20_000 || resultPool() !== undefined; // otherwise each result has a new array
      expect(places[2]).toEqual(places[isReused ? 1 : 2]);
    }
  });

  test("reads a scalar any number of times, and refuses unknown options", () => {
    const x = tensor(2);
    expect(x.data({ donate: true })).toEqual(Float64Array.of(2));
    expect(x.item()).toBe(2);
    expect(() => tensor([1]).data({ donat: true } as never)).toThrow(/Did you mean "donate"/);
    expect(() => tensor([1]).data({ donate: 0 } as never)).toThrow("donate must be true or false");
  });
});

describe("a jitted function of typed arrays", () => {
  const backends = ["auto", "wasm", "js", "interpreter"] as const;

  test("reads their elements at the call, and returns separate arrays", () => {
    for (const backend of backends) {
      configure({ backend });
      for (const n of [3, 20_000]) {
        const f = jit((x: Tensor) => [x, x.mul(2)] as const);
        const x = new Float64Array(n).fill(1);
        const results = [1, 2, 3].map((value) => {
          x.fill(value);
          return f(x);
        });
        x.fill(-1);
        expect(results.map((pair) => pair.map((y) => y.data()[n - 1]))).toEqual([
          [1, 2],
          [2, 4],
          [3, 6],
        ]);
        expect(x.every((value) => value === -1)).toBe(true);
      }
    }
  });

  test("reads subarrays, other lengths and other types like tensors", () => {
    const f = jit((x: Tensor, y: { readonly a: Tensor }) => add(x.mul(2), y.a));
    const whole = Float64Array.from({ length: 12 }, (_, i) => i);
    const kinds = [Float64Array, Float32Array, Int32Array, Uint32Array];
    for (let round = 0; round < 3; round++) {
      for (const n of [3, 4]) {
        const part = whole.subarray(2, 2 + n);
        expect(f(part, { a: part }).data()).toEqual(part.map((value) => 3 * value));
        for (const Kind of kinds) {
          const x = Kind.from(part);
          const y = f(x, { a: 1 });
          expect([y.dtype, y.tolist()]).toEqual([
            f(tensor(x), { a: 1 }).dtype,
            [...part].map((value) => 2 * value + 1),
          ]);
        }
      }
    }
    expect(() => f(Uint8Array.of(1, 7), { a: 1 })).toThrow("stands for booleans");
    const flags = jit((x: Tensor) => x);
    for (let i = 0; i < 3; i++) expect(flags(Uint8Array.of(1, i & 1)).tolist()).toEqual([1, i & 1]);
    expect(() => flags(Uint8Array.of(1, 7))).toThrow("stands for booleans");
  });

  test("preserves a donated typed array", () => {
    for (const n of [3, 20_000]) {
      const f = jit((p: Tensor) => p.sub(1), { donate: 0 });
      const x = new Float64Array(n).fill(1);
      for (let i = 0; i < 3; i++) expect(f(x).data()[n - 1]).toBe(0);
      expect(x[n - 1]).toBe(1);
    }
  });

  test("does not keep them in kernel memory", () => {
    const f = jit(grad((x: Tensor) => sum(x.mul(x))));
    const x = new Float64Array(20_000).fill(1);
    const run = (): void => void f(x).data({ donate: true });
    for (let i = 0; i < 5; i++) run();
    const before = resultPool()?.stats();
    for (let i = 0; i < 5; i++) run();
    expect(resultPool()?.stats()).toEqual(before);
  });
});
