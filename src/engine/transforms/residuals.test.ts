import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { at, cond, foriLoop, full, grad, greater, jit, makeProgram, mul, ones, tensor } from "downhill";
import { sizeOf } from "../util/shape.ts";

/** Elements of the arrays that the first loop of a gradient keeps for the second one. */
function kept(f: (x: Tensor) => Tensor, n: number): number {
  const loop = makeProgram(grad(f))(ones([n])).eqns.find(({ prim }) => prim.name === "scan")!;
  return loop.outs.reduce((total, v) => total + (v.type.shape.length === 0 ? 0 : sizeOf(v.type.shape)), 0);
}

const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(i) + 0.5);

/** Σᵢ (Σⱼ x[i + j] · x[j])² for 8 values of j. */
const convolution = (x: Tensor): Tensor =>
  foriLoop(
    0,
    x.shape[0]! - 8,
    (i, total) =>
      foriLoop(0, 8, (j, sum) => sum.add(at(x, i.add(j)).mul(at(x, j))), 0)
        .square()
        .add(total),
    0,
  );

describe("what a loop keeps for its derivative", () => {
  test.each<[string, (x: Tensor) => Tensor, number]>([
    ["is nothing but its sums where a convolution is two loops", convolution, 92],
    [
      "is nothing where branches read elements of what is given",
      (x) =>
        foriLoop(
          0,
          x.shape[0]!,
          (i, s) =>
            s.add(
              cond(
                greater(at(x, i), 0),
                () => at(x, i.sub(1)).square(),
                () => at(x, i.add(1)).mul(3),
              ),
            ),
          0,
        ),
      0,
    ],
    [
      "are elements of an array that is there for one iteration, and not the array",
      (x) =>
        foriLoop(
          0,
          x.shape[0]!,
          (_, s) => {
            const row = mul(s, full([1000], 0.5));
            return foriLoop(0, 3, (j, t) => t.mul(at(row, j)).mul(at(x, j)), s);
          },
          1,
        ),
      900, // of each of 3 iterations inside: t, the element of the row, and their product
    ],
  ])("%s", (_, f, elements) => {
    expect(kept(f, 100)).toBe(elements);
    const [eager, jitted] = [grad(f)(numbers(100)), jit(grad(f))(numbers(100))];
    expect(jitted.tolist()).toEqual(eager.tolist());
  });

  test("gives the derivative of a convolution", () => {
    const x = numbers(12);
    const expected = new Float64Array(12);
    for (let i = 0; i < 4; i++) {
      let sum = 0;
      for (let j = 0; j < 8; j++) sum += x[i + j]! * x[j]!;
      for (let j = 0; j < 8; j++) {
        expected[i + j]! += 2 * sum * x[j]!;
        expected[j]! += 2 * sum * x[i + j]!;
      }
    }
    grad(convolution)(tensor(x))
      .data()
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10));
  });
});
