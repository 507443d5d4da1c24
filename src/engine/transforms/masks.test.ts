// What a mask did not choose does not reach the derivative, in every mode: where(x > 0, sqrt(x), 0) at 0 has slope 0.
import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { avgPool, maxPool } from "../../numeric/array/index.ts";
import { extent } from "../../../test/support/extent.ts";

/** A function of a vector to a scalar that is a sum over its elements, each derived twice. */
interface Case {
  readonly f: (x: Tensor) => Tensor;
  readonly at: readonly number[];
  readonly slope: readonly number[];
  readonly curvature: readonly number[];
}

const where =
  (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) =>
    d.where(d.greater(x, 0), f(x), 0).sum();

const cases: Readonly<Record<string, Case>> = {
  "where of sqrt": { f: where(d.sqrt), at: [0, 4], slope: [0, 1 / 4], curvature: [0, -1 / 32] },
  "where of log": { f: where(d.log), at: [0, -1, 2], slope: [0, 0, 1 / 2], curvature: [0, 0, -1 / 4] },
  "where of 1 / x": {
    f: where((x) => d.div(1, x)),
    at: [0, 2],
    slope: [0, -1 / 4],
    curvature: [0, 1 / 4],
  },
  "where of x^1.5 / x": { f: where((x) => d.pow(x, 1.5).div(x)), at: [0, 4], slope: [0, 1 / 4], curvature: [0, -1 / 32] }, // prettier-ignore
  "where of a chain": {
    f: where((x) => d.exp(d.log(d.sqrt(x)).mul(2))),
    at: [0, 4],
    slope: [0, 1],
    curvature: [0, 0],
  },
  "where not NaN": {
    f: (x) => d.where(d.equal(x, x), x.mul(x).mul(x), 0).sum(),
    at: [NaN, 2],
    slope: [0, 12],
    curvature: [0, 12],
  },
  "where, then more": {
    f: (x) =>
      d
        .exp(d.where(d.greater(x, 0), d.sqrt(x), 0))
        .mul(3)
        .sum(),
    at: [0, 4],
    slope: [0, (3 * Math.exp(2)) / 4],
    curvature: [0, (3 * Math.exp(2)) / 32],
  },
  "clip of 1 / x": {
    f: (x) => d.clip(d.div(1, x), -1, 1).sum(),
    at: [0, 2],
    slope: [0, -1 / 4],
    curvature: [0, 1 / 4],
  },
  "clip of exp": {
    f: (x) => d.clip(d.exp(x.mul(x)), 0, 10).sum(),
    at: [40, 1],
    slope: [0, 2 * Math.E],
    curvature: [0, 6 * Math.E],
  },
  "maximum of sqrt": {
    f: (x) => d.maximum(d.sqrt(x), 1).sum(),
    at: [0, 4],
    slope: [0, 1 / 4],
    curvature: [0, -1 / 32],
  },
  "minimum of log": {
    f: (x) =>
      d
        .minimum(d.log(x), d.log(x.mul(x)).add(9))
        .add(d.maximum(d.log(x), -2))
        .sum(),
    at: [0.5, 2],
    slope: [2 + 2, 1 / 2 + 1 / 2],
    curvature: [-4 - 4, -1 / 4 - 1 / 4],
  },
  "minimum, nothing else": {
    f: (x) => d.minimum(d.neg(d.log(x)), 3).sum(),
    at: [0, 1],
    slope: [0, -1],
    curvature: [0, 1],
  },
  "max of sqrt": { f: (x) => d.max(d.sqrt(x)), at: [0, 4, 1], slope: [0, 1 / 4, 0], curvature: [0, -1 / 32, 0] }, // prettier-ignore
  "min of -sqrt": { f: (x) => d.min(d.neg(d.sqrt(x))), at: [0, 4], slope: [0, -1 / 4], curvature: [0, 1 / 32] }, // prettier-ignore
  "max pooling": {
    f: (x) => maxPool(d.sqrt(x).reshape([1, 1, 4]), 2, { stride: 2 }).sum(),
    at: [0, 4, 1, 0],
    slope: [0, 1 / 4, 1 / 2, 0],
    curvature: [0, -1 / 32, -1 / 4, 0],
  },
  "mean pooling that leaves out": {
    f: (x) => avgPool(d.sqrt(x).reshape([1, 1, 3]), 1, { stride: 2 }).sum(),
    at: [4, 0, 1],
    slope: [1 / 4, 0, 1 / 2],
    curvature: [-1 / 32, 0, -1 / 4],
  },
  at: { f: (x) => d.log(x).at(1), at: [0, 2], slope: [0, 1 / 2], curvature: [0, -1 / 4] },
  slice: {
    f: (x) => d.slice(d.log(x), [1, 3]).sum(),
    at: [0, 2, 1, 0],
    slope: [0, 1 / 2, 1, 0],
    curvature: [0, -1 / 4, -1, 0],
  },
  take: { f: (x) => d.take(d.log(x), [1, 1]).sum(), at: [0, 2], slope: [0, 1], curvature: [0, -1 / 2] },
  takeAlong: {
    f: (x) => d.takeAlongAxis(d.log(x), d.tensor([1], { dtype: "int32" }), { axis: 0 }).sum(),
    at: [0, 2],
    slope: [0, 1 / 2],
    curvature: [0, -1 / 4],
  },
  sort: {
    f: (x) => d.sort(d.sqrt(x)).at(1),
    at: [4, 0],
    slope: [1 / 4, 0],
    curvature: [-1 / 32, 0],
  },
  topK: { f: (x) => d.topK(d.sqrt(x), 1)[0].sum(), at: [0, 4], slope: [0, 1 / 4], curvature: [0, -1 / 32] },
  "at through an inner jit": {
    f: (x) =>
      d
        .jit((y: Tensor) => d.log(y))(x)
        .at(1),
    at: [0, 2],
    slope: [0, 1 / 2],
    curvature: [0, -1 / 4],
  },
  "a result of an inner jit that nobody uses": {
    f: (x) =>
      d
        .jit((y: Tensor): [Tensor, Tensor] => [d.log(y), y.mul(y)])(x)[1]
        .sum(),
    at: [0, 2],
    slope: [0, 4],
    curvature: [2, 2],
  },
  "a part of an inner checkpoint": {
    f: (x) =>
      d
        .checkpoint((y: Tensor) => d.log(y))(x)
        .at(1),
    at: [0, 2],
    slope: [0, 1 / 2],
    curvature: [0, -1 / 4],
  },
  "where in scan": {
    f: (x) => d.scan((c: Tensor, y: Tensor) => [c.add(where(d.sqrt)(y)), y], d.tensor(0), x)[0],
    at: [0, 4],
    slope: [0, 1 / 4],
    curvature: [0, -1 / 32],
  },
  "part of the ys of scan": {
    f: (x) => d.scan((c: Tensor, y: Tensor) => [c, d.log(y)], d.tensor(0), x)[1].at(1),
    at: [0, 2, 0],
    slope: [0, 1 / 2, 0],
    curvature: [0, -1 / 4, 0],
  },
  "a carry that nobody reads": {
    f: (x) =>
      d.scan(
        ([a, b]: [Tensor, Tensor], y: Tensor): [[Tensor, Tensor], Tensor] => [[a.add(y), d.log(y.mul(b))], y],
        [d.tensor(0), d.tensor(0)],
        x,
      )[0][0],
    at: [0, 2],
    slope: [1, 1],
    curvature: [0, 0],
  },
  "part of the carry of scan": {
    f: (x) => d.scan((c: Tensor, y: Tensor): [Tensor, Tensor] => [d.sqrt(c), y], x, d.zeros([2]))[0].at(1),
    at: [0, 16],
    slope: [0, 1 / 32],
    curvature: [0, (-3 / 16) * 16 ** -1.75],
  },
  "part of the carry of foriLoop": {
    f: (x) => d.foriLoop(0, 2, (_, c: Tensor) => d.sqrt(c), x).at(1),
    at: [0, 16],
    slope: [0, 1 / 32],
    curvature: [0, (-3 / 16) * 16 ** -1.75],
  },
  "cond that runs another side": {
    f: (x) => {
      const root = d.sqrt(x);
      return d.cond(d.greater(x.sum(), 0), (_: Tensor, y: Tensor) => y.mul(y), (r: Tensor) => r, root, x).sum(); // prettier-ignore
    },
    at: [0, 2],
    slope: [0, 4],
    curvature: [2, 2],
  },
  "cond under vmap": {
    f: (x) =>
      d
        .vmap((y: Tensor) =>
          d.cond(
            d.greater(y, 0),
            (z: Tensor) => d.sqrt(z),
            (z: Tensor) => z.mul(0),
            y,
          ),
        )(x)
        .sum(),
    at: [0, 4],
    slope: [0, 1 / 4],
    curvature: [0, -1 / 32],
  },
  customJvp: {
    f: where(
      d.customJvp(
        (x: Tensor) => d.sqrt(x),
        ([x]: [Tensor], [dx]: [Tensor]) => [d.sqrt(x), d.div(dx, d.sqrt(x).mul(2))],
      ),
    ),
    at: [0, 4],
    slope: [0, 1 / 4],
    curvature: [0, -1 / 32],
  },
  customVjp: {
    f: where(
      d.customVjp(
        (x: Tensor) => d.sqrt(x),
        (x: Tensor): [Tensor, Tensor] => [d.sqrt(x), x],
        (x: Tensor, ct: Tensor): [Tensor] => [d.div(ct, d.sqrt(x).mul(2))],
      ),
    ),
    at: [0, 4],
    slope: [0, 1 / 4],
    curvature: [0, -1 / 32],
  },
};

type Derive = (f: (x: Tensor) => Tensor, at: readonly number[]) => Tensor;

const first: Readonly<Record<string, Derive>> = {
  grad: (f, x) => d.grad(f)(x),
  "jit of grad": (f, x) => d.jit(d.grad(f))(x),
  "grad of jit": (f, x) => d.grad(d.jit(f))(x),
  vjp: (f, x) => d.vjp(f, x as unknown as Tensor)[1](1)[0],
  jacrev: (f, x) => d.jacrev(f)(x),
  jacfwd: (f, x) => d.jacfwd(f)(x),
  "jit of jacfwd": (f, x) => d.jit(d.jacfwd(f))(x),
  "vmap of grad": (f, x) => d.vmap(d.grad(f))([x]).at(0),
  "jit of vmap of grad": (f, x) =>
    d
      .jit(d.vmap(d.grad(f)))([x])
      .at(0),
  "grad of vmap": (f, x) =>
    d.grad((y: Tensor) =>
      d
        .vmap(f)(d.reshape(y, [1, -1]))
        .sum(),
    )(x),
  "grad of checkpoint": (f, x) => d.grad(d.checkpoint(f))(x),
  "grad of scan": (f, x) =>
    d
      .grad((y: Tensor) => d.scan((c: Tensor, z: Tensor) => [c.add(f(z)), c], d.tensor(0), y)[0])([x])
      .at(0),
  "grad of foriLoop": (f, x) => d.grad((y: Tensor) => d.foriLoop(0, 2, (_, c: Tensor) => c.add(f(y)).mul(0.5), d.tensor(0)))(x).mul(4 / 3), // prettier-ignore
  "grad of cond": (f, x) => d.grad((y: Tensor) => d.cond(d.less(0, 1), f, (z: Tensor) => z.sum(), y))(x),
};

const second: Readonly<Record<string, Derive>> = {
  hessian: (f, x) => d.hessian(f)(x),
  "jit of hessian": (f, x) => d.jit(d.hessian(f))(x),
  "forward over forward": (f, x) => d.jacfwd(d.jacfwd(f))(x),
  "reverse over reverse": (f, x) => d.jacrev(d.grad(f))(x),
  "jit of reverse over reverse": (f, x) => d.jit(d.jacrev(d.grad(f)))(x),
  "reverse over forward": (f, x) => d.jacrev(d.jacfwd(f))(x),
};

const expectClose = (actual: readonly number[], expected: readonly number[]): void => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10));
};

/** In the quick extent one way of three for a case, others for the next one. */
const waysOf = (ways: Readonly<Record<string, Derive>>, name: string): [string, Derive][] => {
  const shift = Object.keys(cases).indexOf(name);
  return Object.entries(ways).filter((_, i) => (i + shift) % extent(3, 1) === 0);
};

describe.each(Object.entries(cases))("a mask masks: %s", (name, { f, at, slope, curvature }) => {
  test.each(waysOf(first, name))("%s", (_, derive) => expectClose([...derive(f, at).data()], slope));

  test.each(waysOf(second, name))("%s", (_, derive) => {
    const n = at.length;
    expectClose(
      [...derive(f, at).data()],
      Array.from({ length: n * n }, (__, i) => (i % n === Math.floor(i / n) ? curvature[i % n]! : 0)),
    );
  });
});

describe.each(["wasm", "js", "interpreter"] as const)("on the backend %s", (backend) => {
  afterEach(() => d.configure({ backend: "auto" }));

  test.each(Object.entries(cases))("%s", (_, { f, at, slope }) => {
    d.configure({ backend });
    expectClose([...d.grad(f)(at).data()], slope);
    expectClose([...d.jit(d.grad(f))(at).data()], slope);
  });
});

describe("without a mask 0 · ∞ stays NaN", () => {
  const plain: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    "a factor of 0": (x) => d.sqrt(x).mul([0, 1]).sum(),
    "a constant of 0 in a product of vectors": (x) => d.matmul(d.sqrt(x), d.tensor([0, 1])),
    "a product of two": (x) => d.sqrt(x).mul(x).sum(),
    "a cotangent of 0": (x) => d.square(d.sqrt(x)).sum(),
  };

  test.each(Object.entries(plain))("%s", (_, f) => {
    for (const way of [d.grad(f), d.jit(d.grad(f)), d.grad(d.jit(f)), d.jacrev(f)])
      expect([...way([0, 4]).data()].map(Number.isNaN)).toEqual([true, false]);
  });

  test("and a product with the cotangent of a mask brings no NaN of the chosen side to light or under", () => {
    // chosen: √x at 0 has slope ∞, and 0 · √x the slope NaN
    const f = (x: Tensor): Tensor => d.where(d.greaterEqual(x, 0), d.sqrt(x), 0).sum();
    expect(d.grad(f)([0]).tolist()).toEqual([Infinity]);
    expect(
      d
        .grad((x: Tensor) => f(x.mul(0)))([1])
        .tolist(),
    ).toEqual([NaN]);
  });
});
