import { describe, expect, test } from "vitest";
import {
  arange,
  grad,
  hessian,
  jit,
  jvp,
  makeProgram,
  map,
  printProgram,
  sin,
  stack,
  sum,
  type Tensor,
  tensor,
  vmap,
} from "downhill";

const f = (x: Tensor): Tensor => sin(x).mul(x).sum();
const xs = arange(0, 21).reshape([7, 3]).div(4);

describe("map", () => {
  test.each([1, 2, 3, 5, 7, 100])("gives what vmap gives, by batches of %d", (batchSize) => {
    const expected = vmap(f)(xs);
    expect(map(f, xs, { batchSize }).data()).toEqual(expected.data());
    expect(jit((x: Tensor) => map(f, x, { batchSize }))(xs).data()).toEqual(expected.data());
    const total = (x: Tensor): Tensor => sum(map(f, x, { batchSize }).square());
    const slope = grad((x: Tensor) => sum(vmap(f)(x).square()))(xs).data();
    grad(total)(xs).data().forEach((value, i) => expect(value).toBeCloseTo(slope[i]!, 13)); // prettier-ignore
    const [, along] = jvp(total, [xs], [xs]);
    expect(along.item()).toBeCloseTo(sum(grad(total)(xs).mul(xs)).item(), 11);
    const nested = map((row: Tensor) => map((x: Tensor) => x.square(), row, { batchSize }), xs, {
      batchSize,
    });
    expect(nested.data()).toEqual(xs.square().data());
  });

  test("takes and gives trees, and goes under vmap", () => {
    const g = ({ a, b }: { a: Tensor; b: Tensor }): { sum: Tensor; pair: [Tensor, Tensor] } => ({
      sum: a.add(b),
      pair: [a, b.mul(2)],
    });
    const out = map(g, { a: [1, 2, 3], b: [10, 20, 30] }, { batchSize: 2 });
    expect(out.sum.tolist()).toEqual([11, 22, 33]);
    expect(out.pair[1].tolist()).toEqual([20, 40, 60]);
    const rows = stack([xs, xs.neg()]);
    const both = vmap((x: Tensor) => map(f, x, { batchSize: 3 }))(rows);
    expect(both.at(1).data()).toEqual(vmap(f)(xs.neg()).data());
    expect(hessian((x: Tensor) => sum(map((v: Tensor) => v.mul(v).mul(v), x, { batchSize: 2 })))([1, 2, 3]).tolist())
      .toEqual([[6, 0, 0], [0, 12, 0], [0, 0, 18]]); // prettier-ignore
  });

  test("holds one batch at a time: nothing but items and results has all of them", () => {
    const wide = (x: Tensor): Tensor => sin(x.mul(arange(0, 50).astype("float64"))).sum();
    const program = makeProgram((x: Tensor) => map(wide, x, { batchSize: 8 }))(
      tensor(new Float64Array(1000)),
    );
    const text = printProgram(program);
    expect(text).toContain("f64[8,50]");
    expect(text).not.toContain("f64[1000,50]");
    expect(text).not.toContain("f64[125,8,50]");
  });

  test.each<[() => unknown, string]>([
    [() => map(f, xs, { batchSize: 0 }), "map: batchSize must be an integer from 1 to 2147483647, got 0."],
    [() => map(f, xs, { size: 2 } as never), 'map: unknown option "size".'],
    [() => map(f, 1), "map: xs must have a leading axis to go along, got f64[]."],
    [() => map((t: { a: Tensor; b: Tensor }) => t.a, { a: [1, 2], b: [1] }), "map: the leading axes of xs differ: f64[2] and f64[1]."],
    [() => map(3 as never, xs), "map: expects a function, got number. Write map((x) => …, xs)."],
  ])("refuses misuse: %#", (action, message) => expect(action).toThrow(message)); // prettier-ignore
});
