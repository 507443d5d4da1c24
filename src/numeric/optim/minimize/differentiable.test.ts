import {
  abs,
  add,
  grad,
  hessian,
  jit,
  mul,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
  vmap,
} from "downhill";
import { fitCurve, globalMinimize, leastSquares, minimize, root, solver } from "downhill/optim";
import { compile } from "downhill/plain";
import { describe, expect, test } from "vitest";

/** The minimum of a valley in two parameters, which has no closed form. */
const valley = (x: Tensor, c: Tensor): Tensor => {
  const [u, v] = [x.at(0), x.at(1)];
  return add(
    add(square(sub(square(u), c.at(0))), square(sub(v, mul(u, c.at(1))))),
    mul(0.1, square(square(v))),
  );
};
const total = (c: Tensor): Tensor => {
  const { params, value } = minimize(valley, [1, 1], { args: [c] });
  return add(sum(mul([1, -2], params)), value);
};
const lists = (x: Tensor): number[] => x.tolist() as number[];
const at = [2, 0.7];
const step = 1e-5;

/** Central differences of a function of `at`. */
function differences(f: (c: Tensor) => Tensor): number[][] {
  return at.map((_, i) => {
    const moved = (by: number): Tensor => f(tensor(at.map((c, k) => (k === i ? c + by : c))));
    return [
      ...sub(moved(step), moved(-step))
        .div(2 * step)
        .reshape([-1])
        .data(),
    ];
  });
}

test("minimize without constraints is differentiated by arguments, with every method", () => {
  const roots = (method: "bfgs" | "lbfgs" | "newton-cg" | "newton" | "gd" | "nelder-mead") => (c: Tensor) =>
    sum(
      minimize((x: Tensor, t: Tensor) => sum(square(sub(square(x), t))), [1, 1.5], { args: [c], method })
        .params,
    );
  for (const method of ["bfgs", "lbfgs", "newton-cg", "newton", "gd", "nelder-mead"] as const)
    lists(grad(roots(method))([4, 9])).forEach((slope, i) =>
      expect(slope).toBeCloseTo([1 / 4, 1 / 6][i]!, 6),
    );
});

test("first and second derivatives of parameters and value are differences", () => {
  const first = lists(grad(total)(at));
  differences(total).forEach(([slope], i) => expect(first[i]).toBeCloseTo(slope!, 6));
  const second = hessian(total)(at).tolist() as number[][];
  differences((c) => grad(total)(c)).forEach((row, i) =>
    row.forEach((slope, k) => expect(second[i]![k]).toBeCloseTo(slope, 5)),
  );
});

test("captured values, starts, batches and prepared solvers are supported", () => {
  const captured = (c: Tensor): Tensor => minimize((x: Tensor) => valley(x, c), [1, 1]).params.at(0);
  const given = (c: Tensor): Tensor => minimize(valley, [1, 1], { args: [c] }).params.at(0);
  expect(lists(grad(captured)(at))).toEqual(
    lists(grad(given)(at)).map((slope) => expect.closeTo(slope, 9) as number),
  );
  const items = [at, [3, 1], [1, -0.2]];
  const batch = lists(vmap(given)(items));
  items.forEach((item, i) => expect(batch[i]).toBe(given(tensor(item)).item()));
  const slopes = vmap(grad(given))(items).tolist() as number[][];
  items.forEach((item, i) =>
    lists(grad(given)(item)).forEach((slope, k) => expect(slopes[i]![k]).toBeCloseTo(slope, 9)),
  );
  const search = (start: Tensor): Tensor => minimize((x: Tensor) => square(sub(square(x), 1)), start).params;
  lists(vmap(search)([-2, 3])).forEach((x, i) => expect(x).toBeCloseTo([-1, 1][i]!, 7));
  expect(grad(search)(3).item()).toBe(0);
  const prepared = solver((x: Tensor, c: Tensor) => square(sub(x, c)));
  expect(lists(vmap((c: Tensor) => prepared(0, c).params)([4, 9]))).toEqual([4, 9]);
});

test("counts are totals of the searches of a batch", () => {
  const search = (c: Tensor) =>
    minimize((x: Tensor, t: Tensor) => square(sub(square(x), t)), 1, { args: [c] });
  const seen: number[] = [];
  vmap((c: Tensor) => {
    const { params, iterations, evaluations } = search(c);
    seen.push(iterations, evaluations);
    return params;
  })([4, 9]);
  const single = [4, 9].map((c) => search(tensor(c)));
  expect(seen[0]).toBe(single[0]!.iterations + single[1]!.iterations);
  expect(seen[1]).toBeGreaterThanOrEqual(single[0]!.evaluations + single[1]!.evaluations);
});

test("parameters in trees and of float32, and functions of plain numbers", async () => {
  const f = (p: { a: Tensor; b: Tensor }, t: Tensor): Tensor =>
    add(square(sub(p.a, t)), sum(square(sub(p.b, mul([1, 2], p.a)))));
  const x0 = { a: tensor(0, { dtype: "float32" }), b: [0, 1] };
  const slope = grad((t: Tensor) => {
    const { params } = minimize(f, x0, { args: [t] });
    return add(params.a.astype("float64"), sum(params.b));
  })(3);
  expect(slope.item()).toBeCloseTo(4, 5);
  const { g } = await compile<{ g: (p: { x: number }, t: number) => number }>(
    `export function g(p: { x: number }, t: number): number { "use ad"; return (p.x * p.x - t) ** 2; }`,
  );
  const plain = (t: Tensor): Tensor => minimize(g, { x: 1 }, { args: [t as never] }).params.x as never;
  expect(grad(plain)(4).item()).toBeCloseTo(0.25, 7);
});

describe("bounds", () => {
  const nearest = (c: Tensor): Tensor =>
    minimize((x: Tensor) => sum(square(sub(x, c))), [0, 0], { low: -5, high: [1, 10] }).params;
  test("hold parameters, whose derivatives are 0", () => {
    for (const weights of [[1, 0], [0, 1]]) expect(lists(grad((c: Tensor) => sum(mul(weights, nearest(c))))([4, 3]))).toEqual([0, weights[1]].map((slope) => expect.closeTo(slope!, 9) as number)); // prettier-ignore
  });
  test("without force are degenerate", () => {
    expect(() => grad((c: Tensor) => sum(nearest(c)))([1, 3])).toThrow(
      "the bound of x0[0] is at its limit without force",
    );
    expect(lists(nearest(tensor([1, 3])))).toEqual([1, 3]);
  });
  test("must be numbers", () => {
    const bounded = (high: Tensor): Tensor => minimize((x: Tensor) => square(sub(x, 5)), 0, { high }).params;
    expect(() => grad(bounded)(2)).toThrow("low and high must be numbers, but a transform traces them");
  });
});

describe("searches without a derivative name the cause", () => {
  const search = (f: (x: Tensor, c: Tensor) => Tensor) => (c: Tensor) => minimize(f, 2, { args: [c] }).params;
  test.each<[string, (x: Tensor, c: Tensor) => Tensor, number, string]>([
    ["a kink", (x, c) => add(square(x), abs(sub(x, c))), 0.1, "The gradient is not 0 there, as at kinks"],
    ["no minimum", (x, c) => mul(x, c), 4, "The gradient is not 0 there, as at kinks"],
    ["NaN", (x, c) => mul(mul(x, c), NaN), 4, "a search that ends with not-finite has no derivative"],
    ["a flat direction", (x, c) => square(mul(0, sub(x, c))), 4, "the minimum is not unique"],
  ])("%s", (_, f, c, message) => {
    expect(() => grad(search(f))(c)).toThrow(message);
  });
});

test("compiled functions are refused, with a repair that works", () => {
  const f = (x: Tensor, c: Tensor): Tensor => square(sub(square(x), c));
  expect(() => jit((c: Tensor) => minimize(f, 1, { args: [c] }).params)(4)).toThrow(
    "minimize: a search depends on values, which are unknown in jit",
  );
  expect(jit((c: Tensor) => root(grad(f), 1.5, { args: [c] }))(4).item()).toBeCloseTo(2, 9);
});

test("other searches under transforms name a repair", () => {
  const fits: readonly ((c: Tensor) => Tensor)[] = [
    (c) => leastSquares((x: Tensor, t: Tensor) => sub(x, mul(t, [1, 2])), [0, 0], { args: [c] }).params.at(0),
    (c) => leastSquares((x: Tensor) => sub(x, mul(c, [1, 2])), [0, 0]).params.at(0),
    (c) =>
      fitCurve((x: Tensor, p) => mul(p.a, x), [1, 2, 3], stack([c, c, c]), { parameters: ["a"] }).params
        .a as never,
    (c) => globalMinimize((x: Tensor) => square(sub(x, c)), -3, { high: 3 }).params,
  ];
  for (const fit of fits) {
    for (const transform of [grad(fit), jit(fit)]) expect(() => transform(2)).toThrow(/a search depends on values.* minimize/u); // prettier-ignore
    expect(() => vmap(fit)([2, 3])).toThrow(/a search depends on values.* minimize/u);
  }
  const same = (c: Tensor): Tensor =>
    minimize((x: Tensor, t: Tensor) => sum(square(sub(x, mul(t, [1, 2])))), [0, 0], { args: [c] }).params.at(
      1,
    );
  expect(grad(same)(2).item()).toBeCloseTo(2, 9);
});
