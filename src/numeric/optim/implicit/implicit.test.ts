import {
  add,
  cos,
  exp,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  log,
  matmul,
  mul,
  neg,
  pow,
  scan,
  sin,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tan,
  tanh,
  type Tensor,
  tensor,
  vmap,
} from "downhill";
import { brentq, fixedPoint, root } from "downhill/optim";
import { checkGrads } from "downhill/testing";
import { describe, expect, test } from "vitest";
import reference from "../testdata/scipy-solvers.json" with { type: "json" };

/**
 * Solutions x(a) known in closed form, with their first and second derivatives, for every solver that can find them.
 */
interface Known {
  readonly solve: (a: Tensor) => Tensor;
  readonly at: number;
  readonly x: number;
  readonly first: number;
  readonly second: number;
}
const known: Readonly<Record<string, Known>> = {
  "root of x² = a": {
    solve: (a) => root((x, b) => sub(square(x), b), 1, { args: [a] }),
    at: 4,
    x: 2,
    first: 1 / 4,
    second: -1 / 32,
  },
  "brentq of eˣ = a": {
    solve: (a) => brentq((x, b) => sub(exp(x), b), -5, 5, { args: [a] }),
    at: 2,
    x: Math.log(2),
    first: 1 / 2,
    second: -1 / 4,
  },
  "fixedPoint of (x + a/x)/2": {
    solve: (a) => fixedPoint((x, b) => mul(0.5, add(x, b.div(x))), 1, { args: [a] }),
    at: 4,
    x: 2,
    first: 1 / 4,
    second: -1 / 32,
  },
  "fixedPoint of ax + 1, by iteration alone": {
    solve: (a) => fixedPoint((x) => add(mul(a, x), 1), 1, { method: "iteration" }),
    at: 0.5,
    x: 2,
    first: 4,
    second: 16,
  },
};

describe.each(Object.entries(known))("%s", (_, { solve, at, x, first, second }) => {
  const expectNear = (y: Tensor, z: number): void => expect(y.item()).toBeCloseTo(z, 10);

  test("is found, outside of transforms and within jit", () => {
    expectNear(solve(tensor(at)), x);
    expectNear(jit(solve)(at), x);
  });

  test("has the derivatives of the implicit function theorem, to second order in each nesting of modes", () => {
    expectNear(grad(solve)(at), first);
    expectNear(jacfwd(solve)(at), first);
    expectNear(jit(grad(solve))(at), first);
    for (const twice of [
      grad(grad(solve)),
      jacfwd(jacfwd(solve)),
      jacfwd(grad(solve)),
      hessian(solve),
      grad(jacfwd(solve)),
    ])
      expectNear(twice(at), second);
    expectNear(jit(hessian(solve))(at), second);
  });

  test("is batched, with a separate number of steps per item", () => {
    const values = [at, at * 0.9, at * 0.75];
    const each = (f: (a: Tensor) => Tensor): unknown[] =>
      values.map((a) => f(tensor(a)).item().toPrecision(9));
    const all = (f: (a: Tensor) => Tensor): unknown[] =>
      [...vmap(f)(values).data()].map((y) => y.toPrecision(9));
    expect(all(solve)).toEqual(each(solve));
    expect(all(grad(solve))).toEqual(each(grad(solve)));
  });

  test("works in a loop", () => {
    const [, ys] = scan((c: Tensor, a: Tensor) => [c, solve(a)], 0, [at, at]);
    expect(ys.tolist()).toEqual([solve(tensor(at)).item(), solve(tensor(at)).item()]);
  });
});

test("captured values are differentiated too", () => {
  const solve = (a: Tensor): Tensor =>
    brentq((x) => sub(exp(x), a), -5, 5).add(root((x) => sub(square(x), a), 1));
  const [value, first] = [Math.log(4) + 2, 1 / 4 + 1 / 4];
  expect([solve(tensor(4)), grad(solve)(4), jit(grad(solve))(4)].map((y) => y.item().toFixed(9))).toEqual(
    [value, first, first].map((y) => y.toFixed(9)),
  );
});

interface Point {
  readonly x: Tensor;
  readonly y: Tensor;
}

describe("systems of equations", () => {
  const circle = (p: Point, r: Tensor, slope: Tensor): Point => ({
    y: sub(p.y, mul(slope, p.x)),
    x: sub(add(square(p.x), square(p.y)), square(r)),
  });
  const cut = (r: Tensor, slope: Tensor): Tensor => {
    const { x, y } = root(circle, { x: 1, y: 0.5 }, { args: [r, slope] });
    return add(x, mul(2, y));
  };

  test("keep their structure, and have gradients that agree with differences in both modes", () => {
    const { x, y } = root(
      circle,
      {
        x: 1,
        y: tensor([[0.5]], { dtype: "float32" })
          .at(0)
          .at(0),
      },
      { args: [5, 0.75] },
    );
    expect([x.item().toFixed(12), y.item(), y.dtype]).toEqual(["4.000000000000", 3, "float32"]);
    checkGrads(cut, [2, 0.7], { order: 1 });
  });

  test("of many unknowns: a discretised boundary value problem, differentiated in its source term", () => {
    const n = 8;
    const h = 1 / (n + 1);
    const matrix = tensor(
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
      ),
    );
    const solve = (f: Tensor): Tensor =>
      root(
        (u: Tensor, g: Tensor) => sub(add(matmul(matrix, u), mul(h * h, exp(u))), mul(h * h, g)),
        new Array<number>(n).fill(0),
        {
          args: [f],
        },
      );
    const f = tensor(Float64Array.from({ length: n }, (_, i) => 10 * Math.sin(i)));
    const u = solve(f);
    const rest = sub(add(matmul(matrix, u), mul(h * h, exp(u))), mul(h * h, f));
    expect(Math.max(...rest.abs().data())).toBeLessThan(1e-14);
    // both modes give the same matrix
    const [forward, reverse] = [jacfwd(solve)(f), jacrev(solve)(f)];
    expect(Math.max(...sub(forward, reverse).abs().data())).toBeLessThan(1e-13);
  });

  test.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    [
      "Powell's badly scaled function",
      (x) =>
        stack([
          sub(mul(1e4, mul(x.at(0), x.at(1))), 1),
          sub(add(exp(x.at(0).neg()), exp(x.at(1).neg())), 1.0001),
        ]),
      [0, 1],
      [1.0981593296997e-5, 9.106146739867],
    ],
    [
      "Rosenbrock's function",
      (x) => stack([sub(1, x.at(0)), mul(10, sub(x.at(1), square(x.at(0))))]),
      [-1.2, 1],
      [1, 1],
    ],
    ["one that Newton's method overshoots", (x) => tanh(x), [2], [0]],
    ["a start where the function is flat", (x) => sub(mul(x, square(x)), [8, 27]), [0.1, 0.01], [2, 3]],
  ])("are solved from afar: %s", (_, f, start, expected) => {
    const x = root(f, start);
    [...x.data()].forEach((xi, i) =>
      expect(Math.abs(xi - expected[i]!)).toBeLessThan(1e-12 * Math.max(1, expected[i]!)),
    );
  });

  test("of fixed points: a contracting pair", () => {
    const pair = (p: Point, k: Tensor): Point => ({ x: mul(k, cos(p.y)), y: mul(k, sin(p.x)) });
    const total = (k: Tensor): Tensor => {
      const { x, y } = fixedPoint(pair, { x: 0, y: 0 }, { args: [k] });
      return add(x, square(y));
    };
    checkGrads(total, [0.6], { order: 2 });
  });
});

describe("brentq", () => {
  test("finds roots at the ends and at jumps", () => {
    const at = (f: (x: Tensor) => Tensor, low: number, high: number): number => brentq(f, low, high).item();
    expect([at((x) => x, -1, 0), at((x) => x, 0, 3), at((x) => x, -1, 2)]).toEqual([0, 0, 0]);
    expect(at((x) => sub(pow(x, 9), 1e-9), -10, 1)).toBeCloseTo(0.1, 12);
    expect(at((x) => sub(x.div(x.abs()), 0), -1, 2)).toBeCloseTo(0, 11);
    expect(at((x) => log(x), 0.5, 5)).toBeCloseTo(1, 11);
    expect(at((x) => sub(sqrt(x), 1e-3), 0, 1)).toBeCloseTo(1e-6, 11);
  });
});

test("solutions agree with SciPy", () => {
  const expectAll = (x: Tensor, y: readonly number[]): void =>
    [...x.data()].forEach((xi, i) => expect(Math.abs(xi / y[i]! - 1)).toBeLessThan(1e-12));
  const f = (x: Tensor): Tensor => {
    const cube = mul(0.5, pow(sub(x.at(0), x.at(1)), 3));
    return stack([sub(add(x.at(0), cube), 1), sub(x.at(1), cube)]);
  };
  expectAll(root(f, [0, 0]), reference.root);
  const roots = [
    brentq((x) => sub(sub(pow(x, 3), mul(2, x)), 5), 2, 3, { xtol: 1e-15 }),
    brentq((x) => sub(tan(x), x), 4, 4.6, { xtol: 1e-15 }),
    brentq((x) => sub(mul(x, exp(neg(x))), 0.1), 1, 10, { xtol: 1e-15 }),
  ];
  expectAll(stack(roots), reference.brentq);
  const g = (x: Tensor, a: Tensor, b: Tensor): Tensor => sqrt(a.div(add(x, b)));
  expectAll(
    fixedPoint(g, [1.2, 1.3], {
      args: [
        [10, 12],
        [3, 5],
      ],
    }),
    reference.fixedPoint,
  );
});

describe("failed searches", () => {
  const none = (x: Tensor, a: Tensor): Tensor => add(square(x), a);
  test.each<[string, () => Tensor, string]>([
    ["root", () => root(none, 3, { args: [1] }), "root: no solution was found. Start nearer to a root"],
    [
      "brentq",
      () => brentq(none, -3, 3, { args: [1] }),
      "brentq: no solution was found. f must have different signs at -3 and 3",
    ],
    [
      "fixedPoint",
      () => fixedPoint((x) => mul(2, x), 1, { method: "iteration", maxIterations: 50 }),
      "fixedPoint: no solution was found. f must be a contraction near x",
    ],
  ])("is an error of %s, and NaN where that is not known", (_, solve, message) => {
    expect(solve).toThrow(message);
    expect(jit(solve)().item()).toBeNaN();
  });

  test("have NaN derivatives too, even for a linear function", () => {
    const f = (a: Tensor): Tensor => brentq((x, b) => sub(mul(2, x), b), 0, 1, { args: [a] });
    expect(f(tensor(1)).item()).toBe(0.5);
    expect(jit(grad(f))(3).item()).toBeNaN();
  });

  test.each<[string, () => unknown, string]>([
    ["options", () => root(none, 1, { tol: 1 } as never), 'root: unknown option "tol".'],
    ["a tolerance", () => brentq(none, 0, 1, { rtol: 0 }), "brentq: rtol must be a finite number of"],
    ["a method", () => fixedPoint(none, 1, { method: "del" } as never), 'got "del". Did you mean "del2"?'],
    ["args", () => root(none, 1, { args: 1 } as never), "root: args must be a list"],
    [
      "another structure",
      () => root((() => ({ a: 1 })) as never, [1, 2]),
      "root: the result of the function should be a tensor",
    ],
    [
      "another shape",
      () => root((x) => sum(x), [1, 2]),
      "root: the result of the function is f64[] where x0 is f64[2].",
    ],
    ["no function", () => fixedPoint(1 as never, 1), "fixedPoint: expects a function"],
    ["no scalar", () => brentq((x) => stack([x, x]), 0, 1), "brentq: the function returned f64[2]."],
    ["ends", () => brentq(none, tensor([1, 2]), 1), "brentq: low must be a scalar, got f64[2]."],
    ["integers", () => root(none, tensor(1, { dtype: "int32" })), "root: x0 is i32[]; only floating tensors"],
  ])("is refused: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
