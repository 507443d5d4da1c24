import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import {
  abs,
  add,
  atan,
  checkpoint,
  cond,
  cos,
  customJvp,
  customVjp,
  div,
  exp,
  foriLoop,
  grad,
  jit,
  jv,
  jvp,
  less,
  log,
  max,
  maximum,
  mul,
  pow,
  relu,
  scan,
  sigmoid,
  sin,
  sqrt,
  sub,
  tan,
  tanh,
  taylor,
  tensor,
  vmap,
  where,
  whileLoop,
} from "downhill";
import { cholesky, det, eigh, inv, solve } from "downhill/linalg";
import { extent } from "../../../../test/support/extent.ts";
import { countEquations } from "../../ir/program.ts";
import { makeProgram } from "../make-program.ts";
import { flowSeries } from "./index.ts";

type Scalar = (x: Tensor) => Tensor;

/** Coefficients 0 to `order` of f along a direction, by repeated forward mode. */
function repeated(f: Scalar, order: number, x: Tensor, direction: Tensor): number[][] {
  const layers: number[][] = [];
  let [g, factorial] = [f, 1];
  for (let k = 0; k <= order; k++) {
    factorial *= Math.max(k, 1);
    layers.push(Array.from(g(x).data(), (y) => y / factorial));
    const last = g;
    g = (y) => jvp(last, [y], [direction])[1];
  }
  return layers;
}

function series(f: Scalar, order: number, x: Tensor, direction: Tensor): number[][] {
  const stack = taylor(f, { order })(x, direction);
  const all = Array.from(stack.data());
  const size = all.length / (order + 1);
  return Array.from({ length: order + 1 }, (_, k) => all.slice(k * size, (k + 1) * size));
}

/** Expects equal NaN and infinities, and numbers that differ by rounding. */
function expectClose(found: readonly number[][], expected: readonly number[][]): void {
  found.forEach((layer, k) =>
    layer.forEach((y, i) => {
      const e = expected[k]![i]!;
      if (Number.isFinite(e))
        expect(Math.abs(y - e), `order ${k}`).toBeLessThan(1e-11 * Math.max(1, Math.abs(e)));
      else expect(y, `order ${k}, element ${i}`).toBe(e);
    }),
  );
  expect(found.length).toBe(expected.length);
}

const equationsOf = (f: Scalar, order: number): number =>
  countEquations(makeProgram((x: Tensor) => taylor(f, { order })(x, 1))(0.5));

describe("coefficients to order 39", () => {
  interface Reference {
    readonly cases: readonly { readonly function: string; readonly coefficients: readonly string[] }[];
  }
  const path = new URL("./testdata/coefficients.json", import.meta.url);
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as Reference;
  const functions: Readonly<Record<string, Scalar>> = {
    "tan(x)": tan,
    "exp(sin(x))": (x) => exp(sin(x)),
    "1/(1+x^2)": (x) => div(1, add(1, mul(x, x))),
    "x^x": (x) => pow(x, x),
    "log(1+x)": (x) => log(add(1, x)),
    "sqrt(1+x)": (x) => sqrt(add(1, x)),
    "atan(x)": atan,
    "tanh(x)": tanh,
    "exp(exp(x)-1)": (x) => exp(sub(exp(x), 1)),
    "sigmoid(x)": sigmoid,
  };
  const valueOf = (text: string): number => {
    const [n, d = "1"] = text.split("/");
    return Number(n) / Number(d);
  };

  test.each(cases)("of $function agree with exact arithmetic", ({ function: name, coefficients }) => {
    const [f, at] = name.split(" at ");
    const order = f === "x^x" ? extent(14, 39) : 39; // the number of equations of this power is cubic
    const found = series(functions[f!]!, order, tensor(Number(at)), tensor(1)).flat();
    const exact = coefficients.slice(0, order + 1).map(valueOf);
    const largest = Math.max(...exact.map(Math.abs));
    exact.forEach((c, k) => {
      const bound = c === 0 ? 1e-15 * largest : 1e-13 * (k + 1) * Math.abs(c);
      expect(Math.abs(found[k]! - c), `order ${k}`).toBeLessThanOrEqual(bound);
    });
    expect(cases.length).toBe(14);
  });

  test("need a number of equations that grows with the square of the order", () => {
    const f: Scalar = (x) => exp(sin(mul(x, x)));
    const [few, many] = [equationsOf(f, 10), equationsOf(f, 40)];
    expect(many).toBeLessThan(16 * few);
    expect(equationsOf((x) => exp(sin(x)), 10)).toBeLessThan(400);
  });
});

describe("arguments and results", () => {
  test("may be trees, and get a leading axis of order + 1", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }) => ({ sum: add(a, b[0]!), product: mul(a, b[1]!) });
    const found = taylor(f, { order: 2 })(
      { a: [1, 2], b: [tensor([3, 4]), tensor(5)] },
      { a: [1, 0], b: [tensor([0, 1]), tensor(2)] },
    );
    expect(found.sum.tolist()).toEqual([[4, 6], [1, 1], [0, 0]]); // prettier-ignore
    expect(found.product.tolist()).toEqual([[5, 10], [7, 4], [2, 0]]); // prettier-ignore
  });

  test("of order 0 are values, and constants have zero coefficients", () => {
    expect(taylor(exp, { order: 0 })([0], [1]).tolist()).toEqual([[1]]);
    const constant = taylor((x: Tensor) => [x, tensor([1, 2])], { order: 1 })(3, 1);
    expect(constant[1]!.tolist()).toEqual([[1, 2], [0, 0]]); // prettier-ignore
  });

  test("are checked", () => {
    expect(() => taylor(exp, { order: -1 })).toThrow("order");
    expect(() => taylor(exp, { order: 1.5 })).toThrow("order");
    expect(() => taylor(exp, { order: 2 })(tensor([1, 2], { dtype: "int32" }), [1, 1])).toThrow("derivative");
    expect(() => taylor(exp, { order: 2 })([1, 2], [1, 1, 1])).toThrow(
      "the direction is f64[3], expected f64[2]",
    );
    expect(() => taylor(3 as never, { order: 2 })).toThrow("expects a function");
    expect(() => taylor((x) => tensor(x.item()), { order: 2 })(1, 1)).toThrow("taylor");
  });

  test("keep float32", () => {
    const stack = taylor(exp, { order: 3 })(tensor(0, { dtype: "float32" }), 1);
    expect(stack.dtype).toBe("float32");
    expect(stack.tolist()).toEqual([1, 1, 0.5, Math.fround(1 / 6)]);
  });
});

describe("inside and around other transforms", () => {
  const f: Scalar = (x) => exp(sin(x)).mul(x);
  const coefficients = (x: Tensor): Tensor => taylor(f, { order: 4 })(x, 1);

  test("jit returns the same coefficients", () => {
    expect(jit(coefficients)(0.3).tolist()).toEqual(coefficients(tensor(0.3)).tolist());
    expect(taylor(jit(f), { order: 4 })(0.3, 1).tolist()).toEqual(coefficients(tensor(0.3)).tolist());
  });

  test("grad and jvp of a coefficient are the next one times its order", () => {
    const next = 4 * taylor(f, { order: 4 })(0.3, 1).at(4).item();
    expect(grad((x) => coefficients(x).at(3))(0.3).item()).toBeCloseTo(next, 12);
    expect(jvp((x) => coefficients(x).at(3), [0.3], [1])[1].item()).toBeCloseTo(next, 12);
    expect(grad(jit((x: Tensor) => coefficients(x).at(3)))(0.3).item()).toBeCloseTo(next, 12);
  });

  test("vmap of taylor, and taylor of vmap and grad", () => {
    const rows = vmap(coefficients)([0.3, -1]);
    expect(rows.at(1).tolist()).toEqual(coefficients(tensor(-1)).tolist());
    const inner = taylor((x) => vmap(f)(x), { order: 4 })([0.3, -1], [1, 1]);
    expectClose([Array.from(inner.T.data())], [Array.from(rows.data())]);
    expectClose(series(grad(f), 3, tensor(0.3), tensor(1)), repeated(grad(f), 3, tensor(0.3), tensor(1)));
    const twice = taylor((x) => taylor(f, { order: 2 })(x, 1).at(2), { order: 2 })(0.3, 1);
    expect(twice.at(2).item()).toBeCloseTo(6 * coefficients(tensor(0.3)).at(4).item(), 12);
  });
});

describe("coefficients are those of repeated jvp", () => {
  const [zero, one] = [tensor(0), tensor(1)];
  const square: Scalar = (x) => mul(x, x);
  const positive = (y: Tensor, x = y): Tensor => where(less(0, x), y, 0);
  const [signed, ones] = [tensor([-1, 0, 2]), tensor([1, 1, 1])];
  const cases: readonly (readonly [string, Scalar, Tensor, Tensor])[] = [
    ["1 / x at 0", (x) => div(1, x), zero, one],
    ["x / x² at 0", (x) => div(x, square(x)), zero, one],
    ["(1 − x + x²) / x at 0", (x) => div(add(sub(1, x), square(x)), x), zero, one],
    ["sqrt at 0", sqrt, zero, one],
    ["sqrt(x²) at 0", (x) => sqrt(square(x)), zero, one],
    ["log at 0", log, zero, one],
    ["x^2.5 at 0", (x) => pow(x, 2.5), zero, one],
    ["x^1.7 at 0", (x) => pow(x, 1.7), zero, one],
    ["x^1.7 at 0 from above", (x) => pow(x, 1.7), zero, tensor(-2)],
    ["x^-1 at 0", (x) => pow(x, -1), zero, one],
    ["x^-2 at 0", (x) => pow(x, -2), zero, tensor(-1)],
    ["x^-0.3 at 0", (x) => pow(x, -0.3), zero, one],
    ["x^y at 0", (x) => pow(x, add(x, 2)), zero, one],
    ["x^[2, 3, 0, 0.5] at 0", (x) => pow(x, [2, 3, 0, 0.5]), zero, one],
    ["x^[2, 3.5] at 0.7", (x) => pow(x, [2, 3.5]), tensor(0.7), one],
    ["(x + x²)^2.5 at 0.5", (x) => pow(add(x, square(x)), 2.5), tensor(0.5), one],
    ["|x| at a kink", abs, tensor([0, -1, 2]), tensor([1, 1, 1])],
    ["maximum at a tie", (x) => maximum(square(x), mul(x, 2)), tensor([2, 1, 0]), tensor([1, 1, 1])],
    ["max at a tie", (x) => max(mul(x, x)), tensor([2, -2, 1]), tensor([1, 3, 1])],
    ["relu", (x) => relu(mul(x, x.sub(1))), tensor([0, 1, 0.5, 2]), tensor([1, 1, 1, 1])],
    ["sqrt after a mask", (x) => where(less(0, x), sqrt(x), 0), tensor([0, 4, -1]), tensor([1, 1, 1])],
    ["sqrt of a mask", (x) => x.mul(sqrt(maximum(x, 0))), tensor([-1, 4]), tensor([1, 1])],
    ["the gradient of sqrt before a mask", grad((x: Tensor) => where([true, false], sqrt(x), 0).sum()), tensor([4, 0]), tensor([1, 1])], // prettier-ignore
    ["a quotient of masks", (x) => div(positive(x), positive(square(x), x)), signed, ones],
    ["a number divided by a mask", (x) => div(1, positive(square(x), x)), signed, ones],
    ["a quotient with a masked divisor", (x) => div(x, positive(square(x), x)), signed, ones],
    ["sin divided by a mask", (x) => div(sin(x), positive(square(x), x)), signed, ones],
    ["a quotient with a masked dividend", (x) => div(positive(x), square(x)), signed, ones],
    ["sqrt along an axis", (x) => sqrt(x), tensor([0, 4, 0]), tensor([0, 1, 1])],
    ["log of a part", (x) => log(x).at(1), tensor([0, 2]), tensor([1, 1])],
    ["a quotient along an axis", (x) => div(x.at(0), x.at(1)), tensor([0, 0]), tensor([0, 1])],
  ];

  test.each(cases)("%s", (_, f, x, direction) => {
    expectClose(series(f, 4, x, direction), repeated(f, 4, x, direction));
  });

  test("the orders of Bessel functions are shared", () => {
    const found = taylor((x) => jv(0, x), { order: 24 })(0, 2).tolist() as number[];
    expect(found[4]).toBeCloseTo(0.25, 14);
    expect(found[24]! * 479001600 ** 2).toBeCloseTo(1, 9);
  });

  test("constants 0 and −0 are different operands", () => {
    const products = taylor((x) => [mul(x, 0), mul(x, -0)], { order: 1 })(2, 1);
    expect(products.map((y) => y.tolist())).toEqual([[0, 0], [-0, -0]]); // prettier-ignore
  });

  test("integer powers are exact at 0", () => {
    for (const n of [2, 3, 5, 7]) {
      const expected = Array.from({ length: 9 }, (_, k) => (k === n ? 3 ** n : 0));
      expect(taylor((x) => pow(x, n), { order: 8 })(0, 3).tolist()).toEqual(expected);
      expect(jit(taylor((x) => pow(x, n), { order: 8 }))(0, 3).tolist()).toEqual(expected);
    }
    expect(taylor((x) => pow(x, 0), { order: 2 })(0, 1).tolist()).toEqual([1, 0, 0]);
  });
});

describe("loops, branches and rules", () => {
  const at = tensor(0.4);
  const one = tensor(1);
  const expectSame = (f: Scalar, g: Scalar, x: Tensor = at): void =>
    expectClose(series(f, 5, x, one), series(g, 5, x, one));

  test("scan, with constants, carries that start constant, and xs", () => {
    const f: Scalar = (x) => {
      const step = ([c, s]: [Tensor, Tensor], y: Tensor): [[Tensor, Tensor], Tensor] => [[sin(c.mul(y)).add(x), s.add(c)], c]; // prettier-ignore
      const [[c, s], ys] = scan(step, [x, tensor(0)], tensor([1, 2, 3]).mul(x));
      return c.add(s).mul(ys.sum());
    };
    const g: Scalar = (x) => {
      let [c, s, sum] = [x, tensor(0), tensor(0)];
      for (const y of [1, 2, 3]) [c, s, sum] = [sin(c.mul(x.mul(y))).add(x), s.add(c), sum.add(c)];
      return c.add(s).mul(sum);
    };
    expectSame(f, g);
    expectSame(jit(f), g);
    const loop: Scalar = (x) => foriLoop(0, 3, (i, c) => cos(c).add(i).mul(x), tensor(2));
    expectSame(loop, (x) =>
      cos(
        cos(cos(tensor(2)).mul(x))
          .add(1)
          .mul(x),
      )
        .add(2)
        .mul(x),
    );
  });

  test("whileLoop and cond", () => {
    const squared: Scalar = (x) => whileLoop((c) => less(c, 10), (c) => c.mul(c).add(c), x.add(1)); // prettier-ignore
    expectSame(squared, (x) => {
      let c = x.add(1);
      for (let i = 0; i < 2; i++) c = c.mul(c).add(c);
      return c;
    });
    const either: Scalar = (x) => cond(less(x, 0), (y) => exp(y), (y) => y.mul(y), x); // prettier-ignore
    expectSame(either, (x) => x.mul(x));
    expectSame(either, exp, tensor(-0.4));
  });

  test("customJvp by its own rule, recursion included", () => {
    const f: (x: Tensor) => Tensor = customJvp(exp, ([x]: [Tensor], [dx]: [Tensor]) => [f(x), f(x).mul(dx)]);
    expectSame(f, exp);
    expectSame((x) => f(sin(x)).mul(f(x)), (x) => exp(sin(x)).mul(exp(x))); // prettier-ignore
    // a rule that is not the derivative of the function shows that the rule is used
    const wrong = customJvp(exp, ([x]: [Tensor], [dx]: [Tensor]) => [exp(x), mul(x, mul(x, dx))]);
    expectClose(series(wrong, 4, at, one), repeated(wrong, 4, at, one));
    expect(equationsOf((x) => f(sin(x)), 16)).toBeLessThan(4.2 * equationsOf((x) => f(sin(x)), 8));
  });

  test("customVjp and checkpoint", () => {
    const f = customVjp(sin, (x) => [sin(x), x], (x, ct) => [ct.mul(cos(x))]); // prettier-ignore
    expectSame((x) => f(x.mul(x)), (x) => sin(x.mul(x))); // prettier-ignore
    expectSame(checkpoint((x) => sin(x.mul(x))), (x) => sin(x.mul(x))); // prettier-ignore
  });

  test("long programs do not exhaust the stack", () => {
    const f: Scalar = (x) => {
      let y = x;
      for (let i = 0; i < 3000; i++) y = sin(y);
      return y;
    };
    expect(Math.abs(taylor(f, { order: 1 })(0, 1).at(1).item())).toBe(1);
  });
});

describe("linear algebra", () => {
  const a = tensor([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]]); // prettier-ignore
  const change = tensor([[0.3, 0.1, 0], [0.1, -0.2, 0.4], [0, 0.4, 0.5]]); // prettier-ignore
  const curve = (f: (m: Tensor) => Tensor): Scalar => (t) => f(add(a, mul(change, sin(t)))); // prettier-ignore
  const cases: readonly (readonly [string, (m: Tensor) => Tensor])[] = [
    ["cholesky", cholesky],
    ["solve", (m) => solve(m, m.at(0).mul(m.at(1)))],
    ["inv", inv],
    ["det", det],
    ["eigenvalues", (m) => eigh(m)[0]],
    ["the projection on an eigenvector", (m) => eigh(m)[1].at(null, 0).mul(eigh(m)[1].at(0, 0))],
  ];

  test.each(cases)("%s agrees with repeated jvp", (_, f) => {
    expectClose(series(curve(f), 3, tensor(0.1), tensor(1)), repeated(curve(f), 3, tensor(0.1), tensor(1)));
    const [few, many] = [equationsOf(curve(f), 8), equationsOf(curve(f), 16)];
    expect(many).toBeLessThan(4.2 * few);
  });
});

test("the series of the solution of a differential equation has the coefficients of the solution", () => {
  // y = exp(sin t), through loops and jitted functions
  const rate = jit((y: Tensor, t: Tensor) => mul(y, cos(t)));
  const twice = (y: Tensor, t: Tensor): Tensor => foriLoop(0, 2, (_, sum: Tensor) => add(sum, mul(0.5, rate(y, t))), tensor(0)); // prettier-ignore
  for (const f of [rate, twice]) {
    const found = flowSeries(f, 6, tensor(Math.exp(Math.sin(2))), tensor(2), tensor(0.5));
    const expected = taylor((t: Tensor) => exp(sin(t)), { order: 6 })(2, 0.5);
    expect([...found.data()]).toEqual([...expected.data()].map((c): unknown => expect.closeTo(c, 14)));
  }
  // a long function does not deepen the recursion
  const long = (y: Tensor): Tensor => Array.from({ length: 3000 }).reduce((x: Tensor) => mul(x, 1), y);
  expect([...flowSeries(long, 2, tensor(1), tensor(0), tensor(1)).data()]).toEqual([1, 1, 0.5]);
});
