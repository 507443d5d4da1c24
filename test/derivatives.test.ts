// Hessians, Jacobians and higher derivatives against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden/derivatives.json).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { grad, hessian, hvp, jacfwd, jacrev, jit, jvp, tensor, vmap } from "downhill";
import { root } from "./support/snippets.ts";

interface Array_ {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Fixture {
  readonly hessians: readonly {
    readonly name: string;
    readonly data: Readonly<Record<string, Array_>>;
    readonly x: readonly number[];
    readonly value: number;
    readonly grad: readonly number[];
    readonly hessian: readonly number[];
    readonly v: readonly number[];
    readonly hvp: readonly number[];
    readonly third: readonly number[] | null;
  }[];
  readonly jacobians: readonly {
    readonly name: string;
    readonly x: readonly number[];
    readonly value: Array_;
    readonly jacobian: Array_;
  }[];
  readonly scalars: readonly {
    readonly name: string;
    readonly x: number;
    readonly derivatives: readonly number[];
  }[];
}

const fixture = JSON.parse(
  readFileSync(join(root, "test/testdata/golden/derivatives.json"), "utf8"),
) as Fixture;

/** Compares all elements, relative to the largest. */
function expectClose(actual: Tensor, expected: readonly number[], tolerance = 1e-9): void {
  const scale = Math.max(1e-12, ...expected.map(Math.abs));
  const given = Array.from(actual.data());
  expect(given).toHaveLength(expected.length);
  given.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!) / scale, `element ${i}`).toBeLessThan(tolerance),
  );
}

const relu = (x: Tensor): Tensor => d.where(d.greater(x, 0), x, 0);
const product = (x: Tensor): Tensor => d.scan((c: Tensor, e: Tensor) => [c.mul(e), null], tensor(1), x)[0];
const upTo = (n: number): Tensor => d.arange(1, n + 1).astype("float64");
const layerNorm = (x: Tensor): Tensor => x.sub(x.mean()).div(d.sqrt(d.variance(x).add(1e-5)));
const sumsUpTo = (x: Tensor): Tensor =>
  d.scan((c: Tensor, e: Tensor) => [c.add(e), c.add(e)], tensor(0), x)[1];
const rosenbrock = (x: Tensor): Tensor => {
  const [low, high] = [x.slice(0, -1), x.slice(1)];
  return high.sub(low.square()).square().mul(100).add(d.sub(1, low).square()).sum();
};
const twoOf =
  (f: (x: Tensor, y: Tensor) => Tensor) =>
  (v: Tensor): Tensor =>
    f(v.at(0), v.at(1));

type Data = Readonly<Record<string, Tensor>>;
const scalarFunctions: Readonly<Record<string, (x: Tensor, data: Data) => Tensor>> = {
  rosenbrock2: rosenbrock,
  rosenbrock5: rosenbrock,
  rosenbrock2_min: rosenbrock,
  logsumexp: (x) => d.logsumexp(x),
  softmax_ce: (x) => d.logSoftmax(x).at(2).neg(),
  norm: (x) => d.norm(x),
  prod: product,
  prod_zero: product,
  sin_exp: (x) =>
    d
      .sin(x)
      .mul(d.exp(x.div(2)))
      .sum()
      .add(x.at(0).mul(x.at(1)).mul(x.at(2))),
  himmelblau: twoOf((x, y) => x.square().add(y).sub(11).square().add(x.add(y.square()).sub(7).square())),
  beale: twoOf((x, y) =>
    [1.5, 2.25, 2.625]
      .map((c, i) =>
        d
          .sub(c, x)
          .add(x.mul(y.pow(i + 1)))
          .square(),
      )
      .reduce((a, b) => a.add(b)),
  ),
  saddle: twoOf((x, y) => x.square().sub(y.square())),
  atan2_div: (x) => d.atan2(x.at(0), x.at(1)).add(x.at(2).div(x.at(3))),
  logreg: (w, { X, y }) => {
    const z = d.matmul(X!, w);
    return d.softplus(z).sub(z.mul(y!)).mean();
  },
  mlp_2_3_1: (p, { X, y }) => {
    const hidden = d.tanh(d.matmul(X!, p.slice(0, 6).reshape([3, 2]).transpose()).add(p.slice(6, 9)));
    return d.matmul(hidden, p.slice(9, 12)).add(p.at(12)).sub(y!).square().mean();
  },
  gelu_softplus: (x) =>
    x
      .mul(d.erfc(x.mul(-Math.SQRT1_2)).mul(0.5))
      .mul(d.softplus(x))
      .sum(),
  cumsum_sort: (x) => sumsUpTo(x).square().mul(upTo(4)).sum(),
  relu_sq: (x) => relu(x).square().add(d.abs(x).pow(3)).sum(),
  layernorm: (x) => layerNorm(x).mul(upTo(5)).sum(),
  conv: (x, { K }) => {
    const image = x.reshape([3, 3]);
    const kernel = K!.reshape([2, 2]);
    const shifted = [0, 1].flatMap((i) =>
      [0, 1].map((j) => d.slice(image, [i, i + 2], [j, j + 2]).mul(kernel.at(i).at(j))),
    );
    return d.tanh(shifted.reduce((a, b) => a.add(b))).sum();
  },
};

describe("gradients, Hessians, products and third derivatives", () => {
  test.each(fixture.hessians)(
    "$name",
    ({ name, data: flat, x, value, grad: gradient, hessian: second, v, hvp: curved, third }) => {
      const tensors = Object.fromEntries(
        Object.entries(flat).map(([key, { shape, data }]) => [key, tensor(data, { shape })]),
      );
      const f = (at: Tensor): Tensor => scalarFunctions[name]!(at, tensors);
      const [at, along] = [tensor(x), tensor(v)];
      expectClose(f(at), [value]);
      expectClose(grad(f)(at), gradient);
      expectClose(jacfwd(f)(at), gradient);
      expectClose(hessian(f)(at), second);
      expectClose(jit(hessian(f))(at), second);
      expectClose(jacrev(grad(f))(at), second); // reverse over reverse
      expectClose(jacrev(jacfwd(f))(at), second); // reverse over forward
      expectClose(jacfwd(jacfwd(f))(at), second); // forward over forward
      expectClose(vmap((e) => hvp(f, at, e))(d.eye(x.length)), second);
      expectClose(hvp(f, at, along), curved);
      expectClose(jit((a: Tensor, b: Tensor) => hvp(f, a, b))(at, along), curved);
      const directional = (a: Tensor): Tensor => jvp(f, [a], [along])[1];
      expectClose(grad(directional)(at), curved); // reverse over forward, without a Hessian
      const twice = (a: Tensor): Tensor => jvp(directional, [a], [along])[1];
      if (third !== null) {
        expectClose(grad(twice)(at), third);
        expectClose(hvp(directional, at, along), third);
      }
    },
  );
});

test("the third derivatives of a product with one zero are right", () => {
  // by hand, because PyTorch's values are half of the correct ones
  const [x, v] = [
    [1.5, 0, 2, -1],
    [-0.7, -1.8, 0.1, -0.5],
  ];
  const twice = (a: Tensor): Tensor => jvp((b: Tensor) => jvp(product, [b], [v])[1], [a], [v])[1];
  const expected = x.map((_, i) => {
    const [a, b, c] = [0, 1, 2, 3].filter((k) => k !== i) as [number, number, number];
    return 2 * (v[a]! * v[b]! * x[c]! + v[a]! * x[b]! * v[c]! + x[a]! * v[b]! * v[c]!);
  });
  expectClose(grad(twice)(x), expected);
});

const vectorFunctions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  polar: twoOf((r, t) => d.stack([r.mul(d.cos(t)), r.mul(d.sin(t))])),
  softmax: (x) => d.softmax(x),
  matmul: (x) => d.matmul(x.reshape([2, 3]), x.reshape([3, 2])),
  outer: (x) => d.outer(x, d.sin(x)),
  tall: twoOf((x, y) => d.stack([x.mul(y), y.square(), d.exp(x), x.div(y), 3])),
  wide: (x) => d.stack([x.square().sum(), product(x)]),
  inv: (x) => {
    const [a, b, c, e] = [0, 1, 2, 3].map((i) => x.at(i)) as [Tensor, Tensor, Tensor, Tensor];
    return d
      .stack([e, b.neg(), c.neg(), a])
      .reshape([2, 2])
      .div(a.mul(e).sub(b.mul(c)));
  },
  layer_norm: layerNorm,
  cumprod: (x) => d.scan((c: Tensor, e: Tensor) => [c.mul(e), c.mul(e)], tensor(1), x)[1],
  constant: () => tensor([1, 2]),
};

describe("Jacobians", () => {
  test.each(fixture.jacobians)("$name", ({ name, x, value, jacobian }) => {
    const f = vectorFunctions[name]!;
    expectClose(f(tensor(x)), value.data);
    for (const mode of [jacfwd, jacrev]) {
      expect(mode(f)(x).shape).toEqual(jacobian.shape);
      expectClose(mode(f)(x), jacobian.data);
      expectClose(jit(mode(f))(tensor(x)), jacobian.data);
    }
  });
});

const curves: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  sin: d.sin,
  tanh: d.tanh,
  exp_sin: (x) => d.exp(d.sin(x)),
  runge: (x) => d.reciprocal(x.square().mul(25).add(1)),
  poly: (x) => x.pow(5).sub(x.pow(3).mul(3)).add(x),
  log1p_sq: (x) => d.log1p(x.square()),
  sigmoid: d.sigmoid,
  xx: (x) => d.pow(x, x),
  sqrt: d.sqrt,
  atan: d.atan,
  erf: d.erf,
  softplus: d.softplus,
  sinx_x: (x) => d.sin(x).div(x),
  expm: (x) => d.exp(x.square().div(-2)),
};

type Curve = (x: Tensor) => Tensor;
const forward =
  (f: Curve): Curve =>
  (x) =>
    jvp(f, [x], [1])[1];
const reverse =
  (f: Curve): Curve =>
  (x) =>
    grad(f)(x);
const batched =
  (f: Curve): Curve =>
  (x) =>
    vmap(f)(d.stack([x, x])).at(1);
/** The n-th derivative, with the given modes in turn. */
const nth = (f: Curve, n: number, ...modes: ((f: Curve) => Curve)[]): Curve => {
  let out = f;
  for (let k = 0; k < n; k++) out = modes[k % modes.length]!(out);
  return out;
};

describe("derivatives of higher order", () => {
  test.each(fixture.scalars)("$name at $x", ({ name, x, derivatives }) => {
    const f = curves[name]!;
    const near = (actual: Tensor, n: number): void =>
      expect(
        Math.abs(actual.item() - derivatives[n]!) / Math.max(1e-6, Math.abs(derivatives[n]!)),
        `order ${n}`,
      ).toBeLessThan(1e-8);
    derivatives.forEach((_, n) => {
      near(nth(f, n, forward)(tensor(x)), n);
      near(nth(f, n, reverse)(tensor(x)), n);
      near(nth(f, n, forward, reverse)(tensor(x)), n);
      near(nth(f, n, reverse, forward)(tensor(x)), n);
      near(jit(nth(f, n, reverse, forward))(tensor(x)), n);
    });
    near(nth(f, 4, (g) => jit(reverse(g)))(tensor(x)), 4); // compiled at every level
    near(nth(f, 3, (g) => reverse(batched(g)))(tensor(x)), 3);
    near(nth(f, 3, (g) => batched(forward(g)))(tensor(x)), 3);
  });
});
