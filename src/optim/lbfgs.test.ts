import { add, jit, mul, square, sub, type Tensor, tensor, valueAndGrad } from "downhill";
import { applyUpdates, lbfgs, type LbfgsState, type Schedule } from "downhill/optim";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { strongWolfe } from "./line-search.ts";

interface Point {
  readonly x: Tensor;
  readonly y: Tensor;
}
const rosenbrock = ({ x, y }: Point): Tensor => add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
const evaluate: (p: Point) => [Tensor, Point] = jit((p: Point) => valueAndGrad(rosenbrock)(p));
const start: Point = { x: tensor(-1.2), y: tensor(1) };

function run(
  options: Parameters<typeof lbfgs>[0],
  updates: number,
  from = start,
): { params: Point; state: LbfgsState } {
  const optimizer = lbfgs(options);
  let params = from;
  let state = optimizer.init(params);
  for (let k = 0; k < updates; k++) {
    const [value, grads] = evaluate(params);
    const next = optimizer.update(grads, state, params, { value, valueAndGrad: evaluate });
    [params, state] = [applyUpdates(params, next.updates), next.state];
  }
  return { params, state };
}

describe("lbfgs", () => {
  test("finds Rosenbrock's minimum in three updates with a line search", () => {
    const { params, state } = run({ lineSearch: "strong-wolfe", toleranceChange: 0 }, 3);
    expect(params.x.item()).toBeCloseTo(1, 8);
    expect(params.y.item()).toBeCloseTo(1, 8);
    expect(state.step.item()).toBe(3);
    expect(state.steps.shape).toEqual(state.changes.shape);
  });

  test("keeps no more steps than it may, and its state's dtype apart from that of the parameters", () => {
    const small = { x: tensor(-1.2, { dtype: "float32" }), y: tensor(1, { dtype: "float32" }) };
    const { params, state } = run({ lineSearch: "strong-wolfe", historySize: 3 }, 3, small);
    expect(state.steps.shape).toEqual([3, 2]);
    expect([params.x.dtype, state.direction.dtype]).toEqual(["float32", "float64"]);
  });

  test("evaluates the loss at the start itself where it is not told", () => {
    const optimizer = lbfgs();
    const [value, grads] = evaluate(start);
    const update = (extra: Parameters<typeof optimizer.update<Point>>[3]): string =>
      JSON.stringify(optimizer.update(grads, optimizer.init(start), start, extra).updates);
    expect(update({ valueAndGrad: evaluate })).toBe(update({ value, valueAndGrad: evaluate }));
  });

  test("follows a schedule, which counts updates", () => {
    const seen: number[] = [];
    const learningRate = ((step: Tensor) => {
      seen.push(step.item());
      return tensor(0.1);
    }) as Schedule;
    run({ learningRate, maxIterations: 1 }, 3);
    expect(seen).toEqual([0, 1, 2]);
  });

  test("says what it needs, and that it cannot be traced", () => {
    const optimizer = lbfgs();
    const state = optimizer.init(start);
    expect(() => optimizer.update(start, state, start)).toThrow(
      "lbfgs: update needs the loss at other parameters: update(grads, state, params, { valueAndGrad: valueAndGrad(loss) }).",
    );
    const step = (p: Point): Point => optimizer.update(p, state, p, { valueAndGrad: evaluate }).updates;
    expect(() => jit(step)(start)).toThrow(
      "lbfgs: it decides by values and so cannot run inside jit, scan or grad.",
    );
    expect(() => optimizer.update([1, 2, 3], state, [1, 2, 3], { valueAndGrad: evaluate as never })).toThrow(
      "lbfgs: the state is not that of these parameters, which are 3 numbers",
    );
  });
});

test("a line search ends where the strong Wolfe conditions hold", () => {
  const number = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(
      number,
      number,
      number,
      fc.double({ min: 0.001, max: 100, noNaN: true }),
      (a, b, c, first) => {
        // a quartic that is bounded below, along +1 or −1
        const f = (t: number): number => t ** 4 + a * t ** 3 + b * t ** 2 + c * t;
        const slope = (t: number): number => 4 * t ** 3 + 3 * a * t ** 2 + 2 * b * t + c;
        fc.pre(Math.abs(c) > 1e-3);
        const d = -Math.sign(c);
        const at = (t: number) => ({ value: f(d * t), gradient: Float64Array.of(slope(d * t)) });
        const start = { t: 0, ...at(0), slope: -Math.abs(c) };
        const { point, satisfied } = strongWolfe(at, start, Float64Array.of(d), first, { evaluations: 60 });
        expect(satisfied).toBe(true);
        expect(point.value).toBeLessThanOrEqual(1e-4 * point.t * start.slope);
        expect(Math.abs(point.slope)).toBeLessThanOrEqual(0.9 * Math.abs(c));
      },
    ),
    { seed: 3, numRuns: 300 },
  );
});
