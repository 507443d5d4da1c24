import { describe, expect, test } from "vitest";
import { grad, tensor } from "downhill";
import type { Tensor } from "downhill";
import { checkFamily, on } from "../../../test/support/op-table.ts";
import * as f from "./bessel.ts";

const orders = [0, 1, 2, 0.5, -0.5, -1, -2, -1.5, NaN, 1e5, 2, 2.5, 3];
const places = [0, -0, 0, 0, 0, 0, Infinity, 0, 1, 1, NaN, -1, -2];

/** The function of order 1.5, and of special operands. */
const rows = (op: (v: Tensor, x: Tensor) => Tensor): ReturnType<typeof on>[] => [
  on((x) => op(tensor(1.5, { shape: [], dtype: x.dtype }), x), [{ ins: [3.25] }]),
  on(op, [{ ins: [tensor(orders), tensor(places)], differentiable: false }], { modes: [] }),
];

describe("bessel", () => {
  checkFamily(f, { jv: rows(f.jv), yv: rows(f.yv), iv: rows(f.iv), kv: rows(f.kv) });

  test("the functions have their limits at 0 and at infinity, and NaN outside of their domains", () => {
    const values = (op: (v: Tensor, x: Tensor) => Tensor): unknown =>
      op(tensor(orders), tensor(places)).tolist();
    const close = (x: number): unknown => expect.closeTo(x, 14);
    const withoutSigns = (expected: readonly unknown[]): unknown[] =>
      expected.map((x) => (x === 0 ? close(0) : x));
    expect(values(f.jv)).toEqual(withoutSigns([1, 0, 0, 0, Infinity, 0, 0, -Infinity, NaN, NaN, NaN, NaN, close(-0.12894324947440206)])); // prettier-ignore
    expect(values(f.yv)).toEqual(withoutSigns([-Infinity, -Infinity, -Infinity, -Infinity, 0, Infinity, 0, 0, NaN, NaN, NaN, NaN, NaN])); // prettier-ignore
    expect(values(f.iv)).toEqual(withoutSigns([1, 0, 0, 0, Infinity, 0, Infinity, -Infinity, NaN, NaN, NaN, NaN, close(-0.21273995923985267)])); // prettier-ignore
    expect(values(f.kv)).toEqual([Infinity, Infinity, Infinity, Infinity, Infinity, Infinity, 0, Infinity, NaN, NaN, NaN, NaN, NaN]); // prettier-ignore
  });

  test("derivatives with respect to x agree with mpmath to 1e−13 of their size", () => {
    const known = [
      [f.jv, 0, 0.7, -0.32899574154005895, -0.4112069721216068],
      [f.jv, 1.5, 3.25, -0.24415704886394254, -0.2595425158894262],
      [f.jv, 3, 12.5, -0.1997634161542265, -0.08769059437030463],
      [f.jv, -0.3, 0.4, -1.2319034448706376, 2.5643759890549807],
      [f.jv, 20.25, 18, 0.03431418370048127, 0.013591821902900156],
      [f.yv, 0, 0.7, 1.1032498719076334, -1.3854063162449384],
      [f.yv, 1.5, 3.25, 0.3554039014181672, -0.25358279337152806],
      [f.yv, 3, 12.5, 0.09842010996033103, -0.19706070658870065],
      [f.yv, -0.3, 0.4, 1.3844770006139955, -3.4472039764824003],
      [f.yv, 20.25, 18, 0.2490809737971679, -0.17511995710761843],
      [f.iv, 0, 0.7, 0.37187967777700864, 0.5950463357682254],
      [f.iv, 1.5, 3.25, 3.86985950991547, 3.6157119410094376],
      [f.iv, 3, 12.5, 20847.233267319232, 20602.55377948467],
      [f.iv, -0.3, 0.4, -0.6253581134935998, 3.62701163868409],
      [f.iv, 20.25, 18, 209.1763810572909, 305.7729201935071],
      [f.kv, 0, 0.7, -1.050283535312918, 2.1609249103621275],
      [f.kv, 1.5, 3.25, -0.04322587349285295, 0.05605989667580049],
      [f.kv, 3, 12.5, -1.969505065482935e-6, 2.1120867889191303e-6],
      [f.kv, -0.3, 0.4, -2.455420489219291, 7.994761056718774],
      [f.kv, 20.25, 18, -0.00019989804883201512, 0.0003095217782043625],
    ] as const;
    for (const [op, v, x, first, second] of known) {
      const slope = grad((y) => op(tensor(v), y));
      expect(slope(tensor(x)).item() / first - 1, `${v}, ${x}`).toBeCloseTo(0, 12);
      expect(grad(slope)(tensor(x)).item() / second - 1, `${v}, ${x}`).toBeCloseTo(0, 12);
    }
    const atZero = (v: number, n: number): number => {
      let g = (x: Tensor): Tensor => f.jv(tensor(v), x);
      for (let i = 0; i < n; i++) g = grad(g);
      return g(tensor(0)).item() + 0;
    };
    // J₀ = 1 − x²/4 + …, J₁ = x/2 − x³/16 + …
    expect([0, 1, 2, 3].map((n) => [atZero(0, n), atZero(1, n)])).toEqual([[1, 0], [0, 0.5], [-0.5, 0], [0, -0.375]]); // prettier-ignore
  });

  test("jv, yv, iv and kv throw for a derivative with respect to the order", () => {
    expect(() => grad((v) => f.jv(v, tensor(1)))(tensor(2))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: jv: has no derivative with respect to its first operand, the order. Differentiate with respect to the second one only, or write stopGradient(v).]`,
    );
    for (const op of [f.yv, f.iv, f.kv])
      expect(() => grad((v) => op(v, tensor(1)))(tensor(2))).toThrow(
        "no derivative with respect to its first operand",
      );
  });
});
