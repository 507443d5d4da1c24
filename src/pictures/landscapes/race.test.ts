import { defineLandscape, findLandscape, race, type RaceOptions } from "downhill/landscapes";
import { adam, cosineDecay, lbfgs, muon, sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";

const bowl = findLandscape("bowl");

describe("a race", () => {
  test("makes the steps of the formula", () => {
    const [run] = race(bowl, { gd: sgd({ learningRate: 0.1 }) }, { steps: 30 }).runs;
    let [x, y] = [-3, 2];
    for (let t = 0; t <= 30; t++) {
      expect(run!.points[t]![0]).toBeCloseTo(x, 12);
      expect(run!.points[t]![1]).toBeCloseTo(y, 12);
      expect(run!.values[t]).toBeCloseTo((x * x) / 2 + y * y, 12);
      expect(run!.gradientNorms[t]).toBeCloseTo(Math.hypot(x, 2 * y), 12);
      [x, y] = [x - 0.1 * x, y - 0.1 * 2 * y];
    }
  });

  test("has one entry for the start and one per step, and starts at the given point", () => {
    const { runs, start } = race(bowl, { a: adam(), b: sgd() }, { steps: 7, start: [1, 1] });
    expect(start).toEqual([1, 1]);
    for (const { points, values, gradientNorms, rates } of runs) {
      expect([points, values, gradientNorms, rates].map((list) => list!.length)).toEqual([8, 8, 8, 8]);
      expect(points[0]).toEqual([1, 1]);
    }
  });

  test("is reproducible, including its noise; another seed gives other noise", () => {
    const run = (options: RaceOptions) =>
      race(bowl, { gd: sgd({ learningRate: 0.1 }) }, options).runs[0]!.points;
    expect(run({ noise: 1, seed: 4 })).toEqual(run({ noise: 1, seed: 4 }));
    expect(run({ noise: 1, seed: 4 })).not.toEqual(run({ noise: 1, seed: 5 }));
  });

  test("gives all runs the same noise of the requested size", () => {
    const level = defineLandscape("0*x + 0*y", { start: [0, 0] });
    const gd = sgd({ learningRate: 1 });
    const { runs } = race(level, { one: gd, two: gd }, { steps: 2000, noise: 0.5 });
    expect(runs[0]!.points).toEqual(runs[1]!.points);
    const steps = runs[0]!.points.slice(1).flatMap((p, t) => p.map((x, i) => x - runs[0]!.points[t]![i]!));
    const variance = steps.reduce((sum, d) => sum + d * d, 0) / steps.length;
    expect(variance).toBeGreaterThan(0.25 * 0.93); // 4,000 numbers: 2.2 % is one standard deviation
    expect(variance).toBeLessThan(0.25 * 1.07);
  });

  test("follows schedules and reports the rate of each update", () => {
    const schedule = cosineDecay({ from: 0.2, steps: 10 });
    const [run] = race(bowl, { gd: sgd({ learningRate: schedule }) }, { steps: 10 }).runs;
    expect(run!.rates).toEqual(Array.from({ length: 11 }, (_, t) => schedule(t)));
    expect(run!.points[10]).toEqual(run!.points[11] ?? run!.points[10]);
  });

  test("runs optimisers with a line search", () => {
    const { runs } = race(
      findLandscape("rosenbrock"),
      { lbfgs: lbfgs({ lineSearch: "strong-wolfe" }) },
      { steps: 5 },
    );
    expect(runs[0]!.outcome).toBe("arrived");
    expect(runs[0]!.values.at(-1)).toBeLessThan(1e-8); // it stops where the loss changes by less than 1e-9
  });
});

describe("the outcome of a run", () => {
  const outcomeOf = (
    landscape: typeof bowl,
    learningRate: number,
    steps: number,
    start?: readonly number[],
  ) =>
    race(landscape, { gd: sgd({ learningRate }) }, { steps, ...(start === undefined ? {} : { start }) })
      .runs[0]!;

  test("arrived: within the largest tolerance, with the first step for each", () => {
    const { outcome, stepsTo, values } = outcomeOf(bowl, 0.3, 100);
    expect(outcome).toBe("arrived");
    [1e-2, 1e-4, 1e-8].forEach((tolerance, i) => {
      const t = stepsTo[i]!;
      expect(values[t]).toBeLessThanOrEqual(tolerance);
      expect(values[t - 1]).toBeGreaterThan(tolerance);
    });
  });

  test("arrived reports the tightest tolerance met: it reported only the loosest", () => {
    const near = ([10, 20, 60] as const).map((steps) => outcomeOf(bowl, 0.3, steps));
    expect(near.map(({ outcome, within }) => [outcome, within])).toEqual([
      ["arrived", 1e-2],
      ["arrived", 1e-4],
      ["arrived", 1e-8],
    ]);
    expect(outcomeOf(bowl, 0.001, 100).within).toBeNull();
  });

  test.each(["x + q", "-x^2 - y^2", "x^3 + y", "x*y + 0.1*x"])(
    "%s is unbounded below: no run arrives, although the run with the lowest value counted as arrived",
    (formula) => {
      const racers = { slow: sgd({ learningRate: 0.01 }), quick: sgd({ learningRate: 0.1 }) };
      const { lowest, runs } = race(defineLandscape(formula), racers, { steps: 60 });
      expect(lowest).toBe(-Infinity);
      for (const { outcome, stepsTo, within } of runs) {
        expect(["under-way", "escaped"]).toContain(outcome);
        expect([within, ...stepsTo]).toEqual([null, null, null, null]);
      }
    },
  );

  test("under way: neither near nor at rest", () => {
    expect(outcomeOf(bowl, 0.001, 100)).toMatchObject({ outcome: "under-way", stepsTo: [null, null, null] });
  });

  test("at rest: in a local minimum", () => {
    const { outcome, values } = outcomeOf(findLandscape("rastrigin"), 0.002, 300);
    expect(outcome).toBe("at-rest");
    expect(values.at(-1)).toBeGreaterThan(1);
  });

  test("diverged: at the step after which it stays far above its start; the lists end before the first non-finite entry", () => {
    const slowly = outcomeOf(bowl, 1.05, 200);
    expect(slowly.outcome).toBe("diverged");
    const limit = 1e3 * slowly.values[0]!;
    expect(slowly.values[slowly.divergedAt!]).toBeGreaterThan(limit);
    expect(slowly.values[slowly.divergedAt! - 1]).toBeLessThanOrEqual(limit);
    const fast = outcomeOf(findLandscape("rosenbrock"), 1, 200);
    expect(fast.outcome).toBe("diverged");
    expect(fast.values.every((value) => Number.isFinite(value))).toBe(true);
    expect(fast.points.length).toBeLessThan(20);
  });

  test("escaped: outside the domain and lower, if there is no lowest value", () => {
    const { outcome, escapedAt, points, divergedAt } = outcomeOf(findLandscape("saddle"), 0.1, 200);
    expect(outcome).toBe("escaped");
    expect(divergedAt).toBeUndefined();
    expect(Math.abs(points[escapedAt!]![1]!)).toBeGreaterThan(1.6);
    expect(Math.abs(points[escapedAt! - 1]![1]!)).toBeLessThanOrEqual(1.6);
  });

  test("at rest on a saddle, from the line that leads into it", () => {
    expect(outcomeOf(findLandscape("saddle"), 0.1, 200, [1, 0])).toMatchObject({ outcome: "at-rest" });
  });

  test("uses the lowest value of any run as reference if none is known", () => {
    const { lowest, runs } = race(defineLandscape("x^2 + y^2 + 7"), { gd: sgd({ learningRate: 0.1 }) });
    expect(lowest).toBeCloseTo(7, 10);
    expect(runs[0]!.outcome).toBe("arrived");
  });
});

describe("invalid arguments", () => {
  const gd = { gd: sgd() };
  test.each<[object, string]>([
    [{ step: 5 }, 'unknown option "step". Did you mean "steps"?'],
    [{ steps: 0 }, "steps must be an integer of 1 or more, got 0"],
    [{ steps: 1.5 }, "steps must be an integer"],
    [{ start: [1] }, "start has 1 numbers, and the function takes 2"],
    [{ start: 3 }, "start must be an array of 2 numbers"],
    [{ tolerances: [0] }, "tolerances must be positive numbers"],
    [{ noise: -1 }, "noise must be a finite number of 0 or more, got -1"],
  ])("%o is refused", (options, message) => {
    expect(() => race(bowl, gd, options)).toThrow(message);
  });

  test("a start where the function is not finite", () => {
    const landscape = defineLandscape("log(x)^2 + y^2", { start: [-1, 0] });
    expect(() => race(landscape, gd)).toThrow(
      "the function is NaN at the start (-1, 0): choose a start where it is finite",
    );
  });

  test("no landscape, no optimisers, or an object that is not an optimiser", () => {
    expect(() => race("bowl" as never, gd)).toThrow(
      'expects a landscape, such as findLandscape("rosenbrock")',
    );
    expect(() => race(bowl, {})).toThrow("there are no optimisers");
    expect(() => race(bowl, { sgd } as never)).toThrow(
      "sgd must be an optimiser, such as sgd({ learningRate: 0.1 })",
    );
    expect(() => race(bowl, { muon: muon() })).toThrow("only matrices");
  });
});
