import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  associativeScan,
  cumsum,
  grad,
  hessian,
  jit,
  less,
  logicalOr,
  makeProgram,
  matmul,
  tensor,
  vmap,
} from "downhill";
import { checkGrads } from "downhill/testing";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
interface Step {
  readonly a: Tensor;
  readonly b: Tensor;
}
/** y = a y + b, composed of two steps. */
const compose = (l: Step, r: Step): Step => ({ a: l.a.mul(r.a), b: l.b.mul(r.a).add(r.b) });

describe("associativeScan", () => {
  test("combines all items up to each one, for every number of items", () => {
    for (let n = 0; n <= 17; n++) {
      const x = Array.from({ length: n }, (_, i) => i + 1);
      expect(associativeScan((a, b) => a.add(b), x).tolist()).toEqual(cumsum(x).tolist());
    }
  });

  test("keeps the order of its operands, in both directions", () => {
    const turn = (i: number): number[][] => [[Math.cos(i), i], [0.5, Math.sin(i)]]; // prettier-ignore
    const xs = tensor([1, 2, 3, 4, 5].map(turn));
    const ys = associativeScan((a, b) => matmul(a, b), xs);
    const products = [1, 2, 3, 4, 5].map((n) => [1, 2, 3, 4, 5].slice(0, n).map((i) => tensor(turn(i))).reduce((a, b) => a.matmul(b))); // prettier-ignore
    products.forEach((y, i) => expect(ys.at(i).sub(y).abs().max().item()).toBeLessThan(1e-12));
    const back = associativeScan((a, b) => matmul(a, b), xs, { reverse: true });
    expect(back.at(3).tolist()).toEqual(tensor(turn(5)).matmul(turn(4)).tolist());
  });

  test("scans a tree of tensors along any axis", () => {
    const [a, b] = [numbers(6), numbers(6).map((x) => x + 1)];
    let y = 0;
    const expected = a.map((factor, i) => (y = factor * y + b[i]!));
    const found = associativeScan(compose, { a, b });
    found.b.data().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 13));
    const columns = tensor(numbers(12), { shape: [3, 4] });
    const along = associativeScan((l: Tensor, r: Tensor) => l.add(r), columns, { axis: -1 });
    expect(
      along
        .sub(cumsum(columns, { axis: 1 }))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-15);
  });

  test("scans booleans and integers", () => {
    const any = associativeScan((l, r) => logicalOr(l, r), less([1, 3, 0, 2], 1));
    expect([any.dtype, any.tolist()]).toEqual(["bool", [0, 0, 1, 1]]);
    expect(associativeScan((l, r) => l.add(r), tensor([1, 2, 3], { dtype: "int32" })).dtype).toBe("int32");
  });

  test("has derivatives of every order, compiled and batched", () => {
    const last = (a: Tensor): Tensor => associativeScan(compose, { a, b: a.square() }).b.at(-1);
    const x = [0.5, -0.7, 1.1, 0.3, 0.9];
    checkGrads(last, [x]);
    const slope = grad(last)(x).tolist();
    expect(jit(grad(last))(x).sub(slope).abs().max().item()).toBeLessThan(1e-14);
    const rows = vmap(grad(last))([x, x.map((v) => v + 1)]);
    expect(rows.at(0).sub(slope).abs().max().item()).toBeLessThan(1e-14);
    const mixed = hessian((v: Tensor) => associativeScan((l: Tensor, r: Tensor) => l.mul(r), v).at(-1))([
      2, 3, 5,
    ]);
    expect(mixed.tolist()).toEqual([[0, 5, 3], [5, 0, 2], [3, 2, 0]]); // prettier-ignore
  });

  test("combines fewer than 2n pairs, in 2 log₂ n calls", () => {
    for (const n of [2, 3, 16, 33, 1000]) {
      const program = makeProgram((x: Tensor) => associativeScan((l: Tensor, r: Tensor) => l.mul(r), x))(
        numbers(n),
      );
      const products = program.eqns.filter(({ prim }) => prim.name === "mul");
      const pairs = products.reduce((total, { outs }) => total + outs[0]!.type.shape[0]!, 0);
      expect(pairs).toBeLessThan(2 * n);
      expect(products.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(n)));
    }
  });

  test.each<[() => unknown, string]>([
    [
      () => associativeScan(compose, { a: tensor([1, 2]), b: tensor([1]) }),
      "associativeScan: f64[2] and f64[1] have 2 and 1 items along the axis.",
    ],
    [
      () => associativeScan((a) => a, 3),
      "associativeScan: axis 0 is out of range for f64[], which has no axis to go along.",
    ],
    [
      () => associativeScan((a) => a, [1, 2], { axis: 1 }),
      "associativeScan: axis 1 is out of range for f64[2].",
    ],
    [
      () => associativeScan((a) => less(a, 1), [1, 2]),
      "associativeScan: the combination of 1 pairs is bool[1], but the items are f64[1]; f must return an item of the same type.",
    ],
    [
      () => associativeScan((a) => a, [1, 2], { reversed: true } as never),
      'associativeScan: unknown option "reversed"',
    ],
    [() => associativeScan(3 as never, [1, 2]), "associativeScan: expects a function, got number."],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
