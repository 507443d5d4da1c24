import { add, exp, grad, hessian, jit, jvp, mul, scan, square, stack, sub, sum, tensor, type Tensor, vmap } from "downhill"; // prettier-ignore
import { atMost, equality, minimize } from "downhill/optim";
import { describe, expect, test } from "vitest";

/** The square root of c with a minus, as the lowest point with x² = c. */
const minusRoot = (c: Tensor): Tensor =>
  minimize((x: Tensor, _c: Tensor) => x, -1.5, {
    args: [c],
    constraints: [equality((x: Tensor, t: Tensor) => sub(square(x), t), 0)],
  }).params;

/** All parts of a solution with an active disc, an equality that depends on the data, and a bound that is active for large data. */
const parts = (data: Tensor): Tensor => {
  const r = minimize(
    (x: Tensor, t: Tensor) => add(sum(square(sub(x, t.slice(0, 3)))), exp(x.at(0))),
    [0.1, 0.2, 0.3],
    {
      args: [data],
      high: [9, 9, 1.5],
      constraints: [
        atMost((x: Tensor, t: Tensor) => sub(sum(square(x)), square(t.at(3))), 0, { name: "disc" }),
        equality((x: Tensor, t: Tensor) => sub(add(x.at(0), x.at(1)), mul(0.1, t.at(2))), 0),
      ],
    },
  );
  const [disc, line] = r.multipliers.constraints as [Tensor, Tensor];
  const value = r.value as Tensor | number; // a tensor under transforms
  return stack([...[0, 1, 2].map((i) => r.params.at(i)), ...[0, 1, 2].map((i) => r.multipliers.bounds.at(i)), disc, line, add(value, 0)]); // prettier-ignore
};
const items = [
  [1, 2, 3, 2],
  [1, 2, 0.5, 1],
  [-1, 0.3, 4, 1.2],
];
const lists = (x: Tensor): number[] => x.tolist() as number[];

describe("higher derivatives of a solution", () => {
  test("of a root in one unknown are those of the closed form", () => {
    expect(grad(grad(minusRoot))(4).item()).toBeCloseTo(1 / 32, 9);
    expect(grad(grad(grad(minusRoot)))(4).item()).toBeCloseTo(-3 / 256, 9);
    const [, slope] = jvp((c: Tensor) => grad(minusRoot)(c), [4], [2]);
    expect(slope.item()).toBeCloseTo(1 / 16, 9);
  });

  test.each(items.map((item) => [item]))("are differences of first ones at %o", (at) => {
    const weights = [1, -2, 0.5, 3, -1, 2, 0.3, -0.7, 1.1];
    const total = (data: Tensor): Tensor => sum(mul(weights, parts(data)));
    const step = 1e-5;
    const found = hessian(total)(at).tolist() as number[][];
    at.forEach((_, i) => {
      const moved = (by: number): number[] => at.map((t, k) => (k === i ? t + by : t));
      const [up, down] = [lists(grad(total)(moved(step))), lists(grad(total)(moved(-step)))];
      found[i]!.forEach((value, k) =>
        expect(Math.abs(value - (up[k]! - down[k]!) / (2 * step))).toBeLessThan(2e-4 * (1 + Math.abs(value))),
      );
    });
  });
});

describe("vmap of a search", () => {
  test("has the results of a loop, also of multipliers and of limits that are active for some items", () => {
    const batch = vmap(parts)(items).tolist() as number[][];
    items.forEach((item, i) => {
      lists(parts(tensor(item))).forEach((value, k) => expect(batch[i]![k]).toBeCloseTo(value, 7));
    });
  });

  test("is differentiated before and after", () => {
    const each = vmap(grad((data: Tensor) => sum(parts(data))))(items).tolist() as number[][];
    const total = grad((data: Tensor) => sum(vmap(parts)(data)))(items).tolist() as number[][];
    items.forEach((item, i) => {
      lists(grad((data: Tensor) => sum(parts(data)))(item)).forEach((slope, k) => {
        expect(each[i]![k]).toBeCloseTo(slope, 7);
        expect(total[i]![k]).toBeCloseTo(slope, 7);
      });
    });
  });

  test("takes a batch of starts, by which results have no derivatives", () => {
    const search = (start: Tensor): Tensor =>
      minimize((x: Tensor) => square(sub(square(x), 1)), start, {
        constraints: [atMost((x: Tensor) => x, 5)],
      }).params;
    const found = lists(vmap(search)([-2, 0.4, 3]));
    [-1, 1, 1].forEach((x, i) => expect(found[i]).toBeCloseTo(x, 6));
    expect(grad(search)(3).item()).toBe(0);
  });

  test("counts all searches, and names the reason of one that fails", () => {
    const counts: number[] = [];
    vmap((c: Tensor) => {
      const r = minimize((x: Tensor, t: Tensor) => square(sub(x, t)), 0, { args: [c], constraints: [atMost((x: Tensor) => x, 3)] }); // prettier-ignore
      counts.push(r.iterations, r.history.length, r.violation);
      return r.params;
    })([1, 2, 4]);
    const single = [1, 2, 4].map((c) => minimize((x: Tensor, t: Tensor) => square(sub(x, t)), 0, { args: [c], constraints: [atMost((x: Tensor) => x, 3)] })); // prettier-ignore
    expect(counts[0]).toBe(single.reduce((total, { iterations }) => total + iterations, 0));
    expect(counts.slice(1)).toEqual([0, Math.max(...single.map(({ violation }) => violation))]);
    expect(() => vmap(minusRoot)([4, -4])).toThrow(
      "a search that ends with infeasible has no derivative, and is no item of a batch",
    );
  });

  test("a degenerate item has values but no derivatives", () => {
    const f = (t: Tensor): Tensor =>
      minimize((x: Tensor, c: Tensor) => square(sub(x, c)), 0, {
        args: [t],
        constraints: [atMost((x: Tensor) => x, 1, { name: "fence" })],
      }).params;
    const found = lists(vmap(f)([2, 1, 0.5]));
    [1, 1, 0.5].forEach((x, i) => expect(found[i]).toBeCloseTo(x, 6));
    expect(lists(vmap(grad(f))([2, 0.5])).map((slope) => Math.abs(Math.round(slope)))).toEqual([0, 1]);
    expect(() => vmap(grad(f))([2, 1])).toThrow("fence is at its limit without force");
    expect(() => grad(grad(f))(1)).toThrow("fence is at its limit without force");
  });
});

describe("values that functions capture", () => {
  test("are differentiated, of cost, constraints and limits, like arguments", () => {
    const captured = (centre: Tensor, radius: Tensor): Tensor =>
      minimize((x: Tensor, scale: Tensor) => sum(mul(scale, square(sub(x, centre)))), [0, 0], {
        args: [[1, 3]],
        constraints: [
          atMost((x: Tensor, _scale: Tensor) => sub(sum(square(x)), square(radius)), 0),
          atMost((x: Tensor) => x.at(0), mul(10, radius)),
        ],
      }).params.at(0);
    const given = (centre: Tensor, radius: Tensor): Tensor =>
      minimize((x: Tensor, scale: Tensor, c: Tensor) => sum(mul(scale, square(sub(x, c)))), [0, 0], {
        args: [[1, 3], centre, radius],
        constraints: [
          atMost((x: Tensor, _s: Tensor, _c: Tensor, r: Tensor) => sub(sum(square(x)), square(r)), 0),
        ],
      }).params.at(0);
    for (const argnum of [0, 1]) {
      const slopes = [captured, given].map((f) => grad(f as never, { argnums: argnum })(...([[3, 4], 2] as never[]))); // prettier-ignore
      expect(slopes[0]!.sub(slopes[1]!).abs().max().item()).toBeLessThan(1e-7);
      expect(slopes[1]!.abs().max().item()).toBeGreaterThan(0.1);
    }
    const second = [captured, given].map((f) => grad(grad(f as never, { argnums: 1 }) as never, { argnums: 1 })(...([[3, 4], 2] as never[]))); // prettier-ignore
    expect(second[0]!.item()).toBeCloseTo(second[1]!.item(), 5);
  });

  test("may differ between the items of a batch", () => {
    const nearest = (c: Tensor): Tensor =>
      minimize((x: Tensor) => square(sub(x, c)), -1.5, { constraints: [atMost((x: Tensor) => x, 3)] }).params;
    const found = lists(vmap(nearest)([2, 4]));
    [2, 3].forEach((x, i) => expect(found[i]).toBeCloseTo(x, 6));
  });
});

test("bounds that a transform traces, and compiled functions, are refused with a repair", () => {
  const bounded = (high: Tensor): Tensor =>
    minimize((x: Tensor) => square(sub(x, 5)), 0, { high, constraints: [atMost((x: Tensor) => x, 30)] })
      .params;
  expect(() => grad(bounded)(2)).toThrow(
    "low and high must be numbers, but a transform traces them. Write a limit",
  );
  expect(() => grad(jit(minusRoot))(4)).toThrow(
    "Call it outside of them: grad, jvp and vmap work without jit",
  );
  expect(() => scan((c: Tensor) => [minusRoot(c), c], tensor(4), null, { length: 2 })).toThrow(
    "unknown in jit, scan and other compiled functions",
  );
});
