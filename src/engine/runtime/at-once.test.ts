import { expect, test, vi } from "vitest";
import { debug, jit, vmap } from "../../index.ts";
import { tensor } from "../../numeric/array/create.ts";
import type { Tensor } from "../ir/tensor.ts";
import { mul, scale } from "../prims/arithmetic.ts";
import { add } from "../prims/linear.ts";
import { atOnce } from "./at-once.ts";
import { compilationStats } from "./executable.ts";

const f = vi.fn(([x, y]: readonly Tensor[], { factor }: { readonly factor: number }): Tensor[] => [
  add(mul(x!, y!), scale(x!, factor)),
]);
const g = atOnce("g", f);
const of = (x: Tensor, y: Tensor, factor: number): Tensor => g([x, y], { factor })[0]!;
const [x, y] = [tensor([1, 2, 3]), tensor([4, 5, 6])];

test("a composition is compiled to one routine for each combination of types and parameters", () => {
  f.mockClear();
  const before = compilationStats().compiled;
  const compiled = (): number => compilationStats().compiled - before;
  expect(of(x, y, 2).tolist()).toEqual([6, 14, 24]);
  expect(compiled()).toBe(1);
  expect(of(y, x, 2).tolist()).toEqual([12, 20, 30]);
  expect([compiled(), f.mock.calls.length]).toEqual([1, 1]);
  expect(of(x, y, 3).tolist()).toEqual([7, 16, 27]);
  expect(of(tensor([1]), tensor([2]), 3).tolist()).toEqual([5]);
  expect([compiled(), f.mock.calls.length]).toEqual([3, 3]);
  // more variants than are found without a key
  for (const factor of [4, 5, 6, 7, 8, 2, 3]) of(x, y, factor);
  expect(f.mock.calls.length).toBe(8);
});

test("inside traces and while debugging, the inner operations of a composition are separate", () => {
  expect(jit((u: Tensor) => of(u, y, 2))(x).tolist()).toEqual([6, 14, 24]);
  expect(jit((u: Tensor) => add(u, of(x, y, 2)))(x).tolist()).toEqual([7, 16, 27]); // the constants of a program
  expect(vmap((u: Tensor) => of(u, u, 1))([[1, 2], [3, 4]]).tolist()).toEqual([[2, 6], [12, 20]]); // prettier-ignore
  debug({ nan: true });
  try {
    expect(() => of(tensor([Infinity]), tensor([0]), 1)).toThrow(/mul/);
  } finally {
    debug({ nan: false });
  }
});
