import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  cos,
  exp,
  grad,
  hvp,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  mul,
  scan,
  sin,
  stopGradient,
  sum,
  tensor,
  vjp,
  vmap,
} from "downhill";
import { extent } from "../../../test/support/extent.ts";

type Curve = (x: Tensor) => Tensor;

/** Five ways to differentiate a function of a scalar. */
const ways: Readonly<Record<string, (f: Curve) => Curve>> = {
  grad: (f) => (x) => grad(f)(x),
  jvp: (f) => (x) => jvp(f, [x], [1])[1],
  vjp: (f) => (x) => vjp(f, x)[1](1)[0],
  linearize: (f) => (x) => linearize(f, x)[1](1),
  jacfwd: (f) => (x) => jacfwd(f)(x),
  jacrev: (f) => (x) => jacrev(f)(x),
  "grad of jit": (f) => (x) => grad(jit(f))(x),
  "jit of jvp": (f) => (x) => jit((a: Tensor) => jvp(f, [a], [1])[1])(x),
};
const names = Object.keys(ways);
const pairs = names.flatMap((outer) => names.map((inner) => [outer, inner] as const));

describe("no level takes the perturbation of another for its own", () => {
  test.each(pairs)("d/dx [x · d/dy (x + y)] = 1 by %s over %s", (outer, inner) => {
    const f: Curve = (x) => x.mul(ways[inner]!((y) => x.add(y))(tensor(1)));
    expect(ways[outer]!(f)(tensor(3)).item()).toBe(1);
  });

  test.each(pairs)("d/dx [x · d/dy (x · y)] = 2x by %s over %s", (outer, inner) => {
    const f: Curve = (x) => x.mul(ways[inner]!((y) => x.mul(y))(tensor(5)));
    expect(ways[outer]!(f)(tensor(3)).item()).toBe(6);
  });

  test.each(names)("three levels keep apart by %s", (way) => {
    // d/dx [x · d/dy (y² · d/dz (x · y · z))] = d/dx [x · d/dy (x y³)] = d/dx [3 x² y²] = 6 x y² at y = x: 6 x³
    const d = ways[way]!;
    const f: Curve = (x) => x.mul(d((y) => y.mul(y).mul(d((z) => x.mul(y).mul(z))(y)))(stopGradient(x)));
    expect(d(f)(tensor(2)).item()).toBe(48);
  });

  test("a tangent that belongs to an outer level is carried along", () => {
    // d/dt of the derivative of sin at t along t
    const f: Curve = (t) => jvp(sin, [t], [t])[1]; // t cos t
    expect(grad(f)(0.7).item()).toBeCloseTo(Math.cos(0.7) - 0.7 * Math.sin(0.7), 14);
    const g: Curve = (t) => vjp((x: Tensor) => sin(x), t)[1](t)[0];
    expect(grad(g)(0.7).item()).toBeCloseTo(Math.cos(0.7) - 0.7 * Math.sin(0.7), 14);
  });

  test("a closed-over function may be differentiated at the argument of the outer one", () => {
    const f = (x: Tensor): Tensor => grad((y) => mul(x, y).mul(y))(x); // 2 x y at y = x
    expect(f(tensor(3)).item()).toBe(18);
    expect(grad(f)(3).item()).toBe(12); // d/dx 2x²
  });
});

describe("batches within derivatives and derivatives within batches", () => {
  const xs = tensor([0.3, -1, 2]);
  const f: Curve = (x) => sin(x).mul(exp(x));
  const slope = (x: number): number => Math.exp(x) * (Math.sin(x) + Math.cos(x));

  test.each(names)("vmap of %s gives the derivative of each item", (way) => {
    const batch = vmap(ways[way]!(f))(xs);
    xs.data().forEach((x, i) => expect(batch.at(i).item()).toBeCloseTo(slope(x), 13));
  });

  test.each(names)("%s of a vmap gives the sum of the derivatives", (way) => {
    const g: Curve = (x) => vmap((y) => f(y.mul(x)))([1, 1, 1]).sum();
    expect(ways[way]!(g)(tensor(0.3)).item()).toBeCloseTo(3 * slope(0.3), 13);
  });

  test("batches nest, and each takes its own axis", () => {
    const outer = vmap((x: Tensor) => vmap((y: Tensor) => x.mul(10).add(y))([1, 2, 3]))([1, 2]);
    expect(outer.tolist()).toEqual([
      [11, 12, 13],
      [21, 22, 23],
    ]);
    const product = vmap(vmap(mul, { inAxes: [null, 0] }), { inAxes: [0, null] })([1, 2], [3, 4, 5]);
    expect(product.tolist()).toEqual([
      [3, 4, 5],
      [6, 8, 10],
    ]);
  });

  test("a value of an outer batch is not batched again by the inner one", () => {
    const d = vmap((x: Tensor) => grad((y: Tensor) => x.mul(y).mul(y))(x))([1, 2, 3]);
    expect(d.tolist()).toEqual([2, 8, 18]);
  });

  test("a derivative in a batch of a derivative in a batch", () => {
    const inner = (x: Tensor): Tensor => vmap(grad((y: Tensor) => sin(y).mul(x)))([0.5, 1]).sum(); // x (cos .5 + cos 1)
    const outer = vmap(grad((x: Tensor) => inner(x).mul(x)))([1, 2]);
    const c = 2 * (Math.cos(0.5) + Math.cos(1));
    expect(outer.at(0).item()).toBeCloseTo(c, 13);
    expect(outer.at(1).item()).toBeCloseTo(2 * c, 13);
  });
});

describe("any nesting of transforms", () => {
  /** f and its derivatives: sin x · e^x repeats every four, times −4. */
  const f: Curve = (x) => sin(x).mul(exp(x));
  const derivative = (n: number, x: number): number =>
    Math.sqrt(2) ** n * Math.exp(x) * Math.sin(x + (n * Math.PI) / 4);

  test("gives the derivatives of the series, whatever the order of the modes", () => {
    const anyStep = fc.constantFrom(...names, "vmap", "jit", "scan");
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 5 }), (steps) => {
        let [g, order] = [f, 0];
        for (const step of steps) {
          const h: Curve = g;
          if (step === "vmap") g = (x) => vmap(h)(x.reshape([1])).reshape([]);
          else if (step === "jit") g = jit((x: Tensor) => h(x));
          else if (step === "scan")
            g = (x) => scan((_: Tensor, y: Tensor) => [h(y), null], tensor(0), x.reshape([1]))[0];
          else {
            g = ways[step]!(h);
            order++;
          }
        }
        const expected = derivative(order, 0.3);
        expect(Math.abs(g(tensor(0.3)).item() - expected)).toBeLessThan(
          1e-11 * Math.max(1, Math.abs(expected)),
        );
      }),
      { numRuns: extent(25, 200, 60), seed: 11 },
    );
  });
});

describe("what is shared and what is not used", () => {
  test("a value that is used several times gets the sum of its cotangents", () => {
    const f = (x: Tensor): Tensor => {
      const a = sin(x);
      return a.mul(a).add(a.mul(x)).add(a);
    };
    const [s, c] = [Math.sin(0.4), Math.cos(0.4)];
    expect(grad(f)(0.4).item()).toBeCloseTo(2 * s * c + c * 0.4 + s + c, 14);
  });

  test("an operand that is given twice gets both cotangents", () => {
    expect(grad((x) => mul(x, x))(3).item()).toBe(6);
    expect(grad((x) => x.add(x))(3).item()).toBe(2);
    expect(grad((x) => sum(x.matmul(x)))([1, 2]).tolist()).toEqual([2, 4]);
  });

  test("fan-out of 10,000 uses adds up", () => {
    const f = (x: Tensor): Tensor => {
      let total = x.mul(0);
      for (let i = 0; i < 10_000; i++) total = total.add(x);
      return total;
    };
    expect(grad(f)(1).item()).toBe(10_000);
    expect(jit(grad(f))(1).item()).toBe(10_000);
  });

  test("an argument that is not used has the gradient zero, of its own type", () => {
    const unused = tensor([[1, 2]], { dtype: "float32" });
    const [, g] = grad((x: Tensor, _: Tensor) => x.mul(2), { argnums: [0, 1] })(3, unused);
    expect(g.tolist()).toEqual([[0, 0]]);
    expect(g.dtype).toBe("float32");
    expect(vjp((x: Tensor, _: Tensor) => x, 1, unused)[1](1)[1].tolist()).toEqual([[0, 0]]);
    expect(hvp((x: Tensor) => x.mul(2), 1, 1).item()).toBe(0);
  });

  test("a result that does not depend on the argument has the derivative zero", () => {
    expect(grad((_: Tensor) => tensor(2))(3).item()).toBe(0);
    expect(grad((x) => stopGradient(x).mul(2))(3).item()).toBe(0);
    expect(jvp((_: Tensor) => tensor([1, 2]), [3], [1])[1].tolist()).toEqual([0, 0]);
    expect(jacrev((_: Tensor) => tensor([1, 2]))(3).tolist()).toEqual([0, 0]);
    expect(grad((x) => x.mul(0).add(cos(tensor(1))))(3).item()).toBe(0);
  });

  test("a pullback may be used many times, and in any order", () => {
    const [, pullback] = vjp((x: Tensor) => sin(x).mul(x), [0.5, 1]);
    const first = pullback([1, 0])[0].tolist();
    pullback([0, 1]);
    expect(pullback([1, 0])[0].tolist()).toEqual(first);
    const [, linear] = linearize((x: Tensor) => sin(x).mul(x), 0.5);
    expect(linear(2).item()).toBe(2 * linear(1).item());
  });

  test("a pullback outlives the derivative that made it", () => {
    const g = grad((x: Tensor) => vjp((y: Tensor) => y.mul(x), 2)[1](1)[0].mul(x)); // x²
    expect(g(3).item()).toBe(6);
  });
});
