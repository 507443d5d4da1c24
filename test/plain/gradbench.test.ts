// GradBench's twelve evals as plain functions: their derivatives by the public transforms, compared with GradBench's
// own measure.
import { readFileSync } from "node:fs";
import {
  at,
  div,
  grad,
  jacfwd,
  jacrev,
  jit,
  jvp,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  neg,
  scan,
  sqrt,
  square,
  stack,
  sub,
  add,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  where,
  zeros,
} from "downhill";
import { compile, overTensors } from "downhill/plain";
import { describe, expect, test } from "vitest";
import { randomState } from "../support/mersenne-twister.ts";
import { numbersIn } from "../support/plain-differences.ts";
import type * as adbench from "./adbench.ts";
import type * as gradbench from "./gradbench.ts";

/** A vector, or its digest: `dotCos` sums v[i] cos(i + 1). */
type Golden =
  | readonly unknown[]
  | {
      readonly length: number;
      readonly sum: number;
      readonly sumSquares: number;
      readonly dotCos: number;
      readonly first: readonly number[];
      readonly last: readonly number[];
    };
interface Polynomial {
  readonly m: number;
  readonly n: number;
  readonly primal: number;
  readonly gradient: Golden;
}
interface Mixture {
  readonly x: number[][];
  readonly m: number;
  readonly gamma: number;
  readonly alpha: number[];
  readonly mu: number[][];
  readonly q: number[][];
  readonly l: number[][];
  readonly objective: number;
  readonly jacobian: Golden;
}
interface HandData {
  readonly data?: string;
  readonly theta: number[];
  readonly us: number[][];
  readonly correspondences: number[];
  readonly points: number[][];
  readonly complicated: boolean;
}
interface All {
  readonly llsq: readonly Polynomial[];
  readonly lse: readonly { readonly n: number; readonly primal: number; readonly gradient: Golden }[];
  readonly kmeans: readonly {
    readonly k: number;
    readonly n: number;
    readonly d: number;
    readonly cost: number;
    readonly dir: Golden;
  }[];
  readonly det: readonly {
    readonly ell: number;
    readonly seed: number;
    readonly primal: number;
    readonly gradient: Golden;
  }[];
  readonly ode: readonly {
    readonly n: number;
    readonly s: number;
    readonly primal: Golden;
    readonly gradient: Golden;
  }[];
  readonly gmm: readonly Mixture[];
  readonly lstm: readonly Readonly<{
    main: number[][];
    extra: number[][];
    state: number[][];
    sequence: number[][];
    objective: number;
    jacobian: Golden;
  }>[];
  readonly ba: readonly Readonly<{
    cam: number[];
    x: [number, number, number];
    w: number;
    feat: [number, number];
    error: number[];
    weightError: number;
    jacobian: Golden;
  }>[];
  readonly ht: readonly (HandData & { readonly objective: Golden; readonly jacobian: Golden })[];
  readonly particle: number;
  readonly saddle: number[];
}

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../testdata/${path}.json`, import.meta.url), "utf8"));
const golden = read("gradbench/gradbench") as All;
const source = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const own = await compile<typeof gradbench>(source("gradbench.ts"));
const old = await compile<typeof adbench>(source("adbench.ts"));

function expectClose(got: unknown, want: Golden | number, limit = 1e-10): void {
  const off = (x: number, y: number): number => Math.abs(x - y) / Math.max(1, Math.abs(x) + Math.abs(y));
  const list = numbersIn(got);
  const pairs =
    typeof want === "number" || Array.isArray(want)
      ? [list, numbersIn(want)]
      : [digest(list), digestNumbers(want as Exclude<Golden, readonly unknown[]>)];
  expect(pairs[0]!.length).toBe(pairs[1]!.length);
  expect(Math.max(0, ...pairs[0]!.map((x, i) => off(x, pairs[1]![i]!)))).toBeLessThan(limit);
}

function digest(list: readonly number[]): number[] {
  const total = (f: (x: number, i: number) => number): number => list.reduce((s, x, i) => s + f(x, i), 0);
  const sums = [total((x) => x), total((x) => x * x), total((x, i) => x * Math.cos(i + 1))];
  return [list.length, ...sums, ...list.slice(0, 4), ...list.slice(-4)];
}

const digestNumbers = (want: Exclude<Golden, readonly unknown[]>): number[] => [
  want.length,
  want.sum,
  want.sumSquares,
  want.dotCos,
  ...want.first,
  ...want.last,
];

/** Splits a list into rows of `d` numbers. */
const rowsOf = (list: readonly number[], d: number): number[][] =>
  Array.from({ length: list.length / d }, (_, i) => list.slice(i * d, (i + 1) * d));

describe("GradBench", () => {
  test("hello", () => {
    expect([own.square(3), grad(own.square)(3)]).toEqual([9, 6]);
  });

  test.each(golden.llsq)("llsq, n = $n, m = $m", ({ m, n, primal, gradient }) => {
    const [value, slope] = valueAndGrad(own.leastSquaresPolynomial)(randomState(31337, m), n);
    expectClose(value, primal);
    expectClose(slope, gradient);
  });

  test.each(golden.lse)("lse, n = $n", ({ n, primal, gradient }) => {
    const [value, slope] = valueAndGrad(own.logSumExp)(randomState(31337, n));
    expectClose(value, primal);
    expectClose(slope, gradient);
  });

  test.each(golden.kmeans)("kmeans, k = $k, n = $n, d = $d", ({ k, n, d, cost, dir }) => {
    const points = rowsOf(randomState(31337, n * d), d);
    const centroids = points.slice(-k);
    const cluster = (c: number[][]): number => own.clusterCost(points, c);
    expectClose(cluster(centroids), cost);
    // Newton's direction: the gradient divided by the Hessian, which is diagonal
    const slope = grad(own.clusterCost, { argnums: 1 });
    const still = points.map((row) => row.map(() => 0));
    const ones = centroids.map((row) => row.map(() => 1));
    const [first, second] = jvp(slope, [points, centroids], [still, ones]);
    const bends = numbersIn(second);
    expectClose(
      numbersIn(first).map((g, i) => g / bends[i]!),
      dir,
    );
  });

  test.each(golden.det)("det, ell = $ell", ({ ell, seed, primal, gradient }) => {
    const [value, slope] = valueAndGrad(own.determinant)(randomState(seed, ell * ell), ell);
    expectClose(value, primal);
    expectClose(slope, gradient);
  });

  test.each(golden.ode)("ode, n = $n, s = $s", ({ n, s, primal, gradient }) => {
    const x = randomState(31337, n);
    expectClose(own.integrate(x, s), primal);
    // the golden gradient is that of the exact solution, which 1 step does not reach
    expectClose(grad(own.integrateLast)(x, n === 5 ? 1000 : s), gradient);
  });

  test.each(golden.gmm)("gmm", (mixture) => {
    const { x, alpha, mu, q, l, m, gamma } = mixture;
    const [value, slope] = valueAndGrad(own.logPosterior)({ alpha, mu, q, l }, x, gamma, m);
    expectClose(value + alpha.length * wishart(mu[0]!.length, gamma, m), mixture.objective);
    expectClose(numbersIn([slope.alpha, slope.l, slope.mu, slope.q]), mixture.jacobian);
  });

  test.each(golden.ba)("ba", ({ cam, x, w, feat, error, weightError, jacobian }) => {
    expectClose(old.reprojection(cam, x, w, feat), error);
    expectClose(old.weightError(w), weightError);
    const [byCamera, byPoint, byWeight] = [0, 1, 2].map(
      (argnums) => jacrev(old.reprojection, { argnums })(cam, x, w, feat) as readonly unknown[],
    ) as [readonly unknown[], readonly unknown[], readonly unknown[]];
    const rows = [0, 1].flatMap((row) => numbersIn([byCamera[row], byPoint[row], byWeight[row]]));
    expectClose([...rows, grad(old.weightError)(w)], jacobian);
  });

  test.each(golden.ht)("ht, $data", ({ objective, jacobian, ...copied }) => {
    const { theta, us, correspondences, points, complicated } =
      copied.data === undefined ? copied : (read(`adbench/${copied.data}`) as HandData);
    const { hand, triangles } = handModel();
    const corners = correspondences.map((i) => (complicated ? triangles[i]! : [i, i, i]));
    const places = complicated ? us : points.map(() => [1, 0]);
    expectClose(old.handErrors(theta, places, hand, corners, points), objective, 1e-8);
    const byTheta = jacfwd(old.handErrors)(theta, places, hand, corners, points);
    if (!complicated) {
      expectClose(numbersIn(byTheta), jacobian, 1e-8);
      return;
    }
    // the errors of a point depend on its own position alone, so two products give all derivatives
    const given = [theta, places, hand, corners, points] as const;
    const still = given.map(zerosLike) as unknown as [
      number[],
      number[][],
      adbench.Hand,
      number[][],
      number[][],
    ];
    const along = [0, 1].map((k) => {
      const [byTheta0, , ...others] = still;
      const tangents = [byTheta0, places.map(() => [1 - k, k]), ...others] as const;
      return jvp(old.handErrors, [...given], [...tangents])[1];
    });
    const rows = byTheta.map((row, i) => [along[0]![i]!, along[1]![i]!, ...row]);
    expectClose(numbersIn(rows), jacobian, 1e-8);
  });

  test.each(golden.lstm)("lstm", ({ main, extra, state, sequence, objective, jacobian }) => {
    const rows = rowsOf(main.flat(), extra[0]!.length);
    const both = valueAndGrad(old.lstm, { argnums: [0, 1] });
    const [value, slopes] = both(rows, extra, state, sequence);
    expectClose(value, objective, 1e-8);
    expectClose(numbersIn(slopes), jacobian, 1e-8);
  });

  test.each(["rr", "ff", "fr", "rf"])("particle, %s", (modes) => {
    const f = (w: Tensor): Tensor => crossing(w, modes[1] === "r");
    const [value, slope] = [jit(f), jit(modes[0] === "r" ? grad(f) : forward(f))];
    const numbers = descend(
      ([w]) => value(w!).item(),
      ([w]) => [slope(w!).item()],
      [0],
    );
    expectClose(numbers, [golden.particle]);
  });

  test.each(["rr", "ff", "fr", "rf"])("saddle, %s", (modes) => {
    const start = [1, 1];
    const highest = (p: Tensor): Tensor => highestOver(p, start, modes[1] === "r");
    const [value, slope] = [jit(highest), jit(modes[0] === "r" ? grad(highest) : jacfwd(highest))];
    const list = (x: Tensor): number[] => x.tolist() as number[];
    const p = descend(
      (x) => value(x).item(),
      (x) => list(slope(x)),
      start,
    );
    const q = descend(
      (y) => -own.saddle(p, y),
      (y) => grad(own.saddle, { argnums: 1 })(p, y).map((g) => -g),
      start,
    );
    expectClose([...p, ...q], golden.saddle);
  });
});

/** A value of the same structure, all of whose numbers are 0. */
function zerosLike(value: unknown): unknown {
  if (typeof value === "number") return 0;
  if (Array.isArray(value)) return value.map(zerosLike);
  return Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, zerosLike(one)]));
}

/** The constant of Wishart's prior. */
function wishart(d: number, gamma: number, m: number): number {
  const n = d + m + 1;
  const logGamma = (twice: number): number =>
    twice === 1 ? 0.5 * Math.log(Math.PI) : twice === 2 ? 0 : Math.log(twice / 2 - 1) + logGamma(twice - 2);
  let constant = n * d * (Math.log(gamma) - 0.5 * Math.LN2) - 0.25 * d * (d - 1) * Math.log(Math.PI);
  for (let j = 1; j <= d; j++) constant -= logGamma(n + 1 - j);
  return constant;
}

function handModel(): { readonly hand: adbench.Hand; readonly triangles: number[][] } {
  const model = read("adbench/hand-model_small") as {
    readonly parents: number[];
    readonly base_relatives: number[][];
    readonly inverse_base_absolutes: number[][];
    readonly base_positions: number[][];
    readonly weights_sparse: [bone: number, weight: number][][];
    readonly triangles: number[][];
  };
  const weights = model.weights_sparse.map((list) => {
    const row = model.parents.map(() => 0);
    for (const [bone, weight] of list) row[bone] = weight;
    return row;
  });
  const { parents, base_relatives: relatives, inverse_base_absolutes: inverses } = model;
  return {
    hand: { parents, relatives, inverses, vertices: model.base_positions, weights },
    triangles: model.triangles,
  };
}

/** GradBench's gradient descent: the rate doubles after ten steps, and halves if a step does not lower the value. */
function descend(
  f: (x: number[]) => number,
  gradient: (x: number[]) => number[],
  start: readonly number[],
): number[] {
  let x = [...start];
  let [value, slope] = [f(x), gradient(x)];
  let [steps, rate] = [0, 1e-5];
  while (Math.hypot(...slope) > 1e-5) {
    if (steps === 10) {
      rate *= 2;
      steps = 0;
      continue;
    }
    const next = x.map((xi, i) => xi - rate * slope[i]!);
    if (Math.hypot(...next.map((xi, i) => xi - x[i]!)) <= 1e-5) break;
    const lower = f(next);
    if (lower < value) {
      [x, value, slope] = [next, lower, gradient(next)];
      steps++;
    } else {
      rate /= 2;
      steps = 0;
    }
  }
  return x;
}

/** The derivative of a function of one number, in forward mode. */
const forward =
  (f: (w: Tensor) => Tensor) =>
  (w: Tensor): Tensor =>
    jvp(f, [w], [tensor(1)])[1];

/** Square of the position where the particle crosses the axis, by Euler's method. Its acceleration is a derivative. */
function crossing(w: Tensor, inReverse: boolean): Tensor {
  const charges = overTensors(own.potential);
  const force = (inReverse ? grad(charges) : jacfwd(charges)) as (at: Tensor, w: Tensor) => Tensor;
  const step = ([x, v, isDone]: [Tensor, Tensor, Tensor]): [[Tensor, Tensor, Tensor], Tensor] => {
    const next = add(x, mul(0.1, v));
    const ends = logicalOr(isDone, lessEqual(at(next, 1), 0));
    const faster = sub(v, mul(0.1, force(x, w)));
    return [[where(ends, x, next), where(ends, v, faster), ends], zeros([])];
  };
  const initial: [Tensor, Tensor, Tensor] = [tensor([0, 8]), tensor([0.75, 0]), tensor(false)];
  const [[x, v]] = scan(step, initial, null, { length: 400 });
  return square(sub(at(x, 0), mul(div(at(x, 1), at(v, 1)), at(v, 0))));
}

/** `max f(p, q)` over q by the descent of `descend`, as a loop with masks. */
function highestOver(p: Tensor, start: readonly number[], inReverse: boolean): Tensor {
  const f = overTensors(own.saddle);
  const slopeIn = (q: Tensor): Tensor => {
    const g = (y: Tensor): Tensor => f(p, y);
    return neg((inReverse ? grad(g) : jacfwd(g))(q));
  };
  type State = [q: Tensor, value: Tensor, slope: Tensor, steps: Tensor, rate: Tensor, isDone: Tensor];
  const size = (x: Tensor): Tensor => sqrt(sum(square(x)));
  const step = ([q, value, slope, steps, rate, wasDone]: State): [State, Tensor] => {
    const doubles = lessEqual(10, steps);
    const next = sub(q, mul(rate, slope));
    const isNear = logicalAnd(logicalNot(doubles), lessEqual(size(sub(next, q)), 1e-5));
    const isDone = logicalOr(wasDone, logicalOr(lessEqual(size(slope), 1e-5), isNear));
    const lower = neg(f(p, next));
    const moves = logicalAnd(logicalNot(logicalOr(isDone, doubles)), lessEqual(lower, sub(value, 1e-300)));
    const rates = where(doubles, mul(2, rate), where(moves, rate, div(rate, 2)));
    return [
      [
        where(moves, next, q),
        where(moves, lower, value),
        where(moves, slopeIn(next), slope),
        where(moves, add(steps, 1), 0),
        where(isDone, rate, rates),
        isDone,
      ],
      zeros([]),
    ];
  };
  const q = stack(start.map((x) => tensor(x)));
  const initial: State = [q, neg(f(p, q)), slopeIn(q), tensor(0), tensor(1e-5), tensor(false)];
  const [[highest]] = scan(step, initial, null, { length: 1000 });
  return f(p, highest);
}
