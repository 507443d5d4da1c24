import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { jit, scan, tensor } from "downhill";

const xs = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);

describe("memory of loops", () => {
  test("a last carry that no one reads does not lend its memory while the loop runs", () => {
    const before = jit((c: Tensor) => scan((c: Tensor, x: Tensor) => [c.mul(2).add(x), c], c, xs)[1].neg());
    expect(before([1, 1]).tolist()).toEqual([
      [-1, -1],
      [-3, -4],
      [-9, -12],
    ]);
  });

  test("carries that change places do not overwrite one another", () => {
    type Pair = { a: Tensor; b: Tensor };
    const swap = jit(
      (p: Pair) => scan(({ a, b }: Pair, x: Tensor) => [{ a: b.add(x), b: a }, null], p, xs)[0],
    );
    const { a, b } = swap({ a: [1, 1], b: [10, 20] });
    expect(a.tolist()).toEqual([10 + 1 + 5, 20 + 2 + 6]);
    expect(b.tolist()).toEqual([1 + 3, 1 + 4]);
  });

  test("a loop in a loop gives the memory of its carries back to no one else", () => {
    type Pair = { sum: Tensor; c: Tensor };
    const step = ({ sum, c }: Pair): [Pair, null] => {
      const [inner] = scan((d: Tensor, y: Tensor) => [d.mul(2).add(y), null], c, xs);
      return [{ sum: sum.add(inner), c: inner }, null];
    };
    const run = jit((p: Pair) => scan(step, p, null, { length: 2 })[0]);
    // the inner loop takes c to 8c + 4·row0 + 2·row1 + row2
    const { sum, c } = run({ sum: [0, 0], c: [1, 1] });
    const [first, second] = [
      [8 + 4 + 6 + 5, 8 + 8 + 8 + 6],
      [0, 0],
    ];
    second[0] = 8 * first[0]! + 15;
    second[1] = 8 * first[1]! + 22;
    expect(c.tolist()).toEqual(second);
    expect(sum.tolist()).toEqual([first[0]! + second[0], first[1]! + second[1]]);
  });
});
