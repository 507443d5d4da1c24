import {
  add,
  cos,
  div,
  grad,
  jit,
  jvp,
  less,
  mul,
  neg,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  vmap,
  where,
} from "downhill";
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
    expect(state.remembered.item()).toBeLessThan(state.iterations.item());
    expect(state.remembered.item()).toBeGreaterThan(20);
  });

  test("keeps at most historySize steps, and a state dtype that is independent of the parameters", () => {
    const small = { x: tensor(-1.2, { dtype: "float32" }), y: tensor(1, { dtype: "float32" }) };
    const { params, state } = run({ lineSearch: "strong-wolfe", historySize: 3 }, 3, small);
    expect([state.steps.shape, state.remembered.item()]).toEqual([[3, 2], 3]);
    expect([params.x.dtype, state.direction.dtype]).toEqual(["float32", "float64"]);
  });

  test("evaluates the loss at the start if it is not given", () => {
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

  test("reports missing arguments and arguments that do not fit", () => {
    const optimizer = lbfgs();
    const state = optimizer.init(start);
    expect(() => optimizer.update(start, state, start)).toThrow(
      "lbfgs: update needs the loss at other parameters: update(grads, state, params, { valueAndGrad: valueAndGrad(loss) }).",
    );
    expect(() => optimizer.update([1, 2, 3], state, [1, 2, 3], { valueAndGrad: evaluate as never })).toThrow(
      "lbfgs: the state does not belong to these parameters, which are 3 numbers, with a history of 100: direction is f64[2], not f64[3].",
    );
    const short = lbfgs({ historySize: 5 }).init(start);
    expect(() => optimizer.update(start, short, start, { valueAndGrad: evaluate })).toThrow(
      "steps is f64[5,2], not f64[100,2]. Pass a state that init or update returned.",
    );
    const list = (p: Point): [Tensor, Point] => [tensor([1, 2]), p];
    expect(() => optimizer.update(start, state, start, { valueAndGrad: list })).toThrow(
      "lbfgs: the loss must be a scalar, got f64[2].",
    );
  });

  test("does not change empty parameters and parameters at a minimum", () => {
    const optimizer = lbfgs({ lineSearch: "strong-wolfe" });
    const rest = { x: tensor([]), y: tensor(0) };
    const value = tensor(0);
    const extra = { value, valueAndGrad: (p: typeof rest): [Tensor, typeof rest] => [value, p] };
    for (const params of [rest, { x: tensor([]), y: tensor([]) }]) {
      const { updates, state } = optimizer.update(params, optimizer.init(params), params, extra);
      expect(JSON.stringify([updates, state.iterations])).toBe(JSON.stringify([params, 0]));
    }
  });

  test("ends when the loss is NaN, with the last parameters that had a finite loss", () => {
    const wall = (x: Tensor): Tensor => where(less(x, 2), neg(x), NaN);
    const optimizer = lbfgs({ lineSearch: "strong-wolfe", learningRate: 3 });
    const step = (x: Tensor): Tensor => {
      const [value, grads] = valueAndGrad(wall)(x);
      return optimizer.update(grads, optimizer.init(x), x, { value, valueAndGrad: valueAndGrad(wall) })
        .updates;
    };
    const end = step(tensor(1)).item();
    expect(end).toBeGreaterThan(0);
    expect(end).toBeLessThan(1);
  });
});

describe("lbfgs in a program", () => {
  /** Result of two updates on a loss with an additional parameter. */
  const optimizer = lbfgs({ lineSearch: "strong-wolfe", maxIterations: 4 });
  const end = (x: Tensor, bend: Tensor): Tensor => {
    const loss = (p: Tensor): Tensor => sum(add(square(sub(p, [0.5, -1])), mul(bend, cos(p))));
    const [, [last]] = scan(
      ([p, state]: readonly [Tensor, LbfgsState]) => {
        const [value, grads] = valueAndGrad(loss)(p);
        const next = optimizer.update(grads, state, p, { value, valueAndGrad: valueAndGrad(loss) });
        const moved = applyUpdates(p, next.updates);
        return [[moved, next.state], [moved]] as const;
      },
      [x, optimizer.init(x)] as never,
      null,
      { length: 1 },
    );
    return last.at(0);
  };
  const [from, bend] = [tensor([1.3, 0.2]), tensor(0.7)];

  test("is traced once, including the loss", () => {
    let traced = 0;
    const loss = (p: Tensor): Tensor => {
      traced++;
      return sum(square(p));
    };
    for (const lineSearch of ["none", "strong-wolfe"] as const) {
      const method = lbfgs({ lineSearch });
      const step = jit((p: Tensor, state: LbfgsState) =>
        method.update(mul(2, p), state, p, { value: sum(square(p)), valueAndGrad: valueAndGrad(loss) }),
      );
      traced = 0;
      const first = step(from, method.init(from));
      step(applyUpdates(from, first.updates), first.state);
      expect(traced).toBe(1);
    }
  });

  test("supports forward mode, through every step and step length", () => {
    for (const [dx, dBend] of [
      [[1, 0], 0],
      [[0, 1], 0],
      [[0, 0], 1],
    ] as const) {
      // prettier-ignore
      const [, slope] = jvp(end, [from, bend], [tensor(dx), tensor(dBend)]);
      const at = (h: number): Tensor => end(add(from, mul(h, dx)), add(bend, h * dBend));
      const difference = div(sub(at(1e-6), at(-1e-6)), 2e-6);
      slope.data().forEach((s, i) => expect(s).toBeCloseTo(difference.data()[i]!, 6));
    }
  });

  test("reports that reverse mode is not supported", () => {
    expect(() => grad((x: Tensor) => sum(end(x, bend)))(from)).toThrow(
      "whileLoop has no reverse-mode derivative",
    );
  });

  test("takes the same steps for many starts at once as for each alone", () => {
    const starts = [[1.3, 0.2], [0.5, -1], [-30, 4]]; // prettier-ignore
    const together = vmap((x: Tensor) => end(x, bend))(tensor(starts));
    starts.forEach((x, k) => {
      end(tensor(x), bend)
        .data()
        .forEach((xi, i) => expect(together.at(k).data()[i]).toBeCloseTo(xi, 12));
    });
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
        const origin = { t: 0, ...at(0), slope: -Math.abs(c) };
        const { point, satisfied } = strongWolfe(at, origin, Float64Array.of(d), first, { evaluations: 60 });
        expect(satisfied).toBe(true);
        expect(point.value).toBeLessThanOrEqual(1e-4 * point.t * origin.slope);
        expect(Math.abs(point.slope)).toBeLessThanOrEqual(0.9 * Math.abs(c));
      },
    ),
    { seed: 3, numRuns: 300 },
  );
});
