import { describe, expect, test } from "vitest";
import { grad, jacfwd, ravel, sub, sum, square, tensor, type Tensor } from "downhill";
import { leastSquares } from "downhill/optim";
import { robustBlocks, robustLosses, robustResiduals } from "./robust.ts";

/** `ρ/s²` of z = (r/s)². */
const rho = {
  squares: (z: number) => z,
  "soft-l1": (z: number) => 2 * (Math.sqrt(1 + z) - 1),
  huber: (z: number) => (z <= 1 ? z : 2 * Math.sqrt(z) - 1),
  cauchy: (z: number) => Math.log1p(z),
  arctan: (z: number) => Math.atan(z),
  tukey: (z: number) => (z <= 1 ? (1 - (1 - z) ** 3) / 3 : 1 / 3),
  tolerant: (z: number) => {
    const w = 0.1;
    const softplus = (t: number): number => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
    return w * (softplus((z - 1) / w) - softplus(-1 / w));
  },
};

describe.each(robustLosses)("the loss %s", (loss) => {
  const s = 0.5;

  test.each([-40, -1.3, -0.2, 0.3, 0.7, 3, 1e6])("squares to ρ at %d, with the sign of the residual", (r) => {
    const out = robustResiduals[loss](tensor([r], { dtype: "float64" }), s).item();
    const expected = s * s * rho[loss]((r / s) ** 2);
    expect(out ** 2 / expected).toBeCloseTo(1, 9);
    expect(Math.sign(out)).toBe(Math.sign(r));
  });

  test.each([0, 1e-12, -1e-5, 0.45, 1.7, 100])("has the derivative of √ρ at %d", (r) => {
    const f = (x: Tensor): Tensor => robustResiduals[loss](x, s);
    const slope = jacfwd(f)(tensor([r], { dtype: "float64" })).item();
    const root = (t: number): number => Math.sign(t) * s * Math.sqrt(rho[loss]((t / s) ** 2));
    const h = Math.max(1e-3, 1e-3 * Math.abs(r));
    const numeric = (root(r + h) - root(r - h)) / (2 * h);
    expect(Math.abs(slope - numeric)).toBeLessThan(loss === "tolerant" ? 2e-2 : 1e-4);
  });

  test("of a block is that of its norm", () => {
    const r = tensor([0.1, 0.2, 0, 0, -3, 4], { dtype: "float64" });
    const out = robustBlocks("leastSquares", loss, r, s, 2).tolist() as number[];
    [0.05, 0, 25].forEach((squares, i) => {
      const [a, b] = [out[2 * i]!, out[2 * i + 1]!];
      expect(a * a + b * b).toBeCloseTo(s * s * rho[loss](squares / s ** 2), 11);
    });
    expect(out[5]! / out[4]!).toBeCloseTo(-4 / 3, 12);
    const slopes = grad((x: Tensor) => sum(square(robustBlocks("leastSquares", loss, x, s, 2))))(r);
    expect((slopes.tolist() as number[]).every(Number.isFinite)).toBe(true);
  });
});

test("tukey has no influence beyond its scale", () => {
  const slopes = jacfwd((x: Tensor) => sum(robustResiduals.tukey(x, 0.3)))(tensor([0.31, -7, 1e30]));
  expect(slopes.tolist()).toEqual([0, 0, 0]);
});

describe("lossBlock", () => {
  const points = [1, 2, 1.1, 2.1, 0.9, 1.9, 40, 2];
  const centre = (p: Tensor): Tensor =>
    ravel(
      sub(
        [0, 2, 4, 6].map((k) => points.slice(k, k + 2)),
        p,
      ),
    );

  test("rejects an outlier by its distance", () => {
    const { params, sumOfSquares } = leastSquares(centre, [1.5, 2.5], {
      loss: "tukey",
      lossScale: 1,
      lossBlock: 2,
    });
    const [x, y] = params.tolist() as [number, number];
    expect(x).toBeCloseTo(1, 8);
    expect(y).toBeCloseTo(2, 8);
    const near = rho.tukey(0.02);
    expect(sumOfSquares).toBeCloseTo(2 * near + 1 / 3, 10);
  });

  test("must divide the number of residuals", () => {
    expect(() => leastSquares(centre, [0, 0], { lossBlock: 3 })).toThrow(
      "leastSquares: lossBlock is 3, but the number of residuals, 8, is not a multiple of it.",
    );
    expect(() => leastSquares(centre, [0, 0], { lossBlock: 0 })).toThrow("lossBlock must be an integer");
  });
});
