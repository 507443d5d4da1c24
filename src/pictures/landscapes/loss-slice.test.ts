import { matmul, type Tensor, tensor } from "downhill";
import { landscape } from "downhill/landscapes";
import { relu } from "downhill/nn";
import { key, normal } from "downhill/random";
import { describe, expect, test } from "vitest";

interface Net {
  readonly first: Tensor;
  readonly second: Tensor;
}
const random = (seed: number, shape: readonly number[]): Tensor =>
  tensor(
    normal(
      key(seed),
      shape.reduce((a, b) => a * b),
    ),
    { shape: [...shape] },
  );
const x = random(0, [20, 3]);
const y = random(1, [20, 2]);
const net: Net = { first: random(2, [3, 5]), second: random(3, [5, 2]) };
const loss = ({ first, second }: Net): Tensor =>
  matmul(relu(matmul(x, first)), second)
    .sub(y)
    .square()
    .mean();
const bowl = (p: { a: Tensor; b: Tensor }): Tensor => p.a.square().sum().add(p.b.square().sum().mul(3));
const origin = { a: tensor([0, 0]), b: tensor([[0]]) };

describe("a slice", () => {
  test("has the loss of the parameters at its centre", () => {
    const { values, centre, alphas, betas } = landscape(loss, net, { resolution: 5 });
    expect(centre).toBe(loss(net).item());
    expect(values[2]![2]).toBe(centre);
    expect([alphas, betas]).toEqual([
      [-1, -0.5, 0, 0.5, 1],
      [-1, -0.5, 0, 0.5, 1],
    ]);
  });

  test("along a unit direction d of a bowl rises as α² dᵀAd", () => {
    const { values, alphas } = landscape(bowl, origin, { directions: "random", resolution: 7, seed: 5 });
    const along = values[3]!;
    const curvature = along[6]!; // α = 1
    expect(curvature).toBeGreaterThanOrEqual(1 - 1e-12);
    expect(curvature).toBeLessThanOrEqual(3 + 1e-12);
    along.forEach((value, i) => expect(value).toBeCloseTo(curvature * alphas[i]! ** 2, 12));
  });

  test("is equal for equal seeds", () => {
    const slice = (seed: number) => landscape(loss, net, { resolution: 3, seed }).values;
    expect(slice(1)).toEqual(slice(1));
    expect(slice(1)).not.toEqual(slice(2));
  });

  test("with normalised filters is invariant under rescaling of the layers", () => {
    const scaled: Net = { first: net.first.mul(8), second: net.second.mul(1 / 8) }; // the same function
    const slice = (params: Net, directions: "filter-normalised" | "random") =>
      landscape(loss, params, { directions, resolution: 5 }).values.flat();
    const [a, b] = [slice(net, "filter-normalised"), slice(scaled, "filter-normalised")];
    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 10));
    const [c, d] = [slice(net, "random"), slice(scaled, "random")];
    expect(Math.max(...c.map((value, i) => Math.abs(value - d[i]!)))).toBeGreaterThan(0.1);
  });
});

describe("the path", () => {
  const end = { a: tensor([0, 0]), b: tensor([[0]]) };
  const path = [4, 3, 2, 1, 0].map((t) => ({ a: tensor([t, t / 2]), b: tensor([[0.1 * t * (4 - t)]]) }));

  test("is in the principal plane, with unchanged losses", () => {
    const slice = landscape(bowl, end, { directions: "pca", path, resolution: 5 });
    expect(slice.explained![0] + slice.explained![1]).toBeCloseTo(1, 12);
    slice.path.forEach(({ alpha, beta, loss: height }, i) => {
      const [a, b] = [path[i]!.a.tolist() as number[], path[i]!.b.item()];
      expect(alpha ** 2 + beta ** 2).toBeCloseTo(a[0]! ** 2 + a[1]! ** 2 + b ** 2, 10);
      expect(height).toBeCloseTo(bowl(path[i]!).item(), 12);
    });
    expect(slice.path.at(-1)).toMatchObject({ alpha: 0, beta: 0 });
  });

  test("is inside the default range", () => {
    const { alphas, betas, path: places } = landscape(bowl, end, { directions: "pca", path, resolution: 4 });
    for (const { alpha, beta } of places) {
      expect(alpha > alphas[0]! && alpha < alphas.at(-1)!).toBe(true);
      expect(beta > betas[0]! && beta < betas.at(-1)!).toBe(true);
    }
  });

  test("is projected by least squares onto non-orthogonal directions", () => {
    const { path: places } = landscape(bowl, end, { directions: "random", path, resolution: 2, seed: 9 });
    expect(places[0]!.alpha ** 2 + places[0]!.beta ** 2).toBeGreaterThan(0);
    expect(places.at(-1)).toMatchObject({ alpha: 0, beta: 0 });
  });
});

describe("invalid arguments", () => {
  test.each<[object, string]>([
    [{ direction: "pca" }, 'unknown option "direction". Did you mean "directions"?'],
    [{ directions: "pc" }, 'directions must be "random" or "filter-normalised" or "pca", got "pc"'],
    [{ directions: "pca" }, 'directions "pca" need a path of 3 or more states, got 0'],
    [{ resolution: 1 }, "resolution must be an integer of 2 or more, got 1"],
    [{ range: [-1, 1] }, "range must be two intervals"],
    [
      {
        range: [
          [1, -1],
          [0, 1],
        ],
      },
      "range must be two intervals",
    ],
    [{ path: [{ first: net.first }] }, "path[0] must have the structure of the parameters"],
  ])("%o is refused", (options, message) => {
    expect(() => landscape(loss, net, options)).toThrow(message);
  });

  test("an invalid loss, and integer parameters", () => {
    expect(() => landscape(3 as never, net)).toThrow("the loss must be a function of the parameters");
    expect(() => landscape((p: Net) => p.first, net)).toThrow("the loss must return a scalar");
    expect(() => landscape(() => tensor(1), { n: tensor([1], { dtype: "int32" }) })).toThrow(
      "must be floating",
    );
  });
});
