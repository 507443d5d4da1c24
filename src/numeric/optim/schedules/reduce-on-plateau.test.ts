import { jit, type Like, scan, tensor, type Tensor } from "downhill";
import { type PlateauState, reduceOnPlateau, type ReduceOnPlateauOptions } from "downhill/optim";
import { expect, test } from "vitest";

/** The scale after each metric. */
function scales(metrics: readonly number[], options: ReduceOnPlateauOptions): number[] {
  const { init, update } = reduceOnPlateau(options);
  let state = init();
  return metrics.map((metric) => {
    const next = update(metric, state);
    state = next.state;
    return next.scale;
  });
}

test.each([0, 1, 2, 5])("patience %d reduces after patience + 1 epochs without improvement", (patience) => {
  const k = patience + 1;
  const metrics = [1, ...Array.from({ length: 2 * k }, () => 1)]; // the first is the best
  const found = scales(metrics, { patience, factor: 0.5 });
  expect(found).toEqual(metrics.map((_, epoch) => 0.5 ** Math.floor(epoch / k)));
});

test("NaN counts as a bad epoch, never as the best", () => {
  expect(scales([NaN, NaN, 1, NaN, NaN], { patience: 1, factor: 0.5 })).toEqual([1, 0.5, 0.5, 0.5, 0.25]);
});

test("infinite metrics: −∞ cannot be improved, +∞ does not improve itself", () => {
  expect(scales([Infinity, Infinity, -Infinity, 0, 0], { patience: 1, factor: 0.5 })).toEqual([
    1, 0.5, 0.5, 0.5, 0.25,
  ]);
});

test("an improvement must exceed the threshold, relative or absolute", () => {
  const relative = { patience: 0, factor: 0.5, threshold: 0.1 };
  expect(scales([10, 9.5, 8.9], relative)).toEqual([1, 0.5, 0.5]);
  expect(scales([10, 9.95, 9.8], { ...relative, thresholdMode: "absolute" })).toEqual([1, 0.5, 0.5]);
  expect(scales([10, 10.5, 11.1], { ...relative, mode: "max" })).toEqual([1, 0.5, 0.5]);
  expect(scales([10, 10.05, 10.2], { ...relative, mode: "max", thresholdMode: "absolute" })).toEqual([
    1, 0.5, 0.5,
  ]);
});

test("floor and eps refer to the rate", () => {
  const options = { patience: 0, factor: 0.1, learningRate: 0.1, floor: 0.003 };
  const reached = scales([1, 1, 1, 1], options);
  expect(reached[1]).toBeCloseTo(0.1, 15);
  expect(reached[2]).toBeCloseTo(0.03, 15);
  expect(reached[3]).toBe(reached[2]);
  expect(scales([1, 1, 1], { ...options, eps: 0.09 })).toEqual([1, 1, 1]); // 0.1 → 0.01 is not more than 0.09
});

test("during a cooldown no epochs are counted", () => {
  expect(scales([1, 1, 1, 1, 1, 1], { patience: 0, factor: 0.5, cooldown: 2 })).toEqual([
    1, 0.5, 0.5, 0.5, 0.25, 0.25,
  ]);
});

test.each(["float64", "float32"] as const)("does the same inside jit and scan, in %s", (dtype) => {
  const metrics = [1, 0.5, NaN, 0.5, 0.75, 0.25, 0.25, 0.25, 0.25, 0.25, Infinity, 0.25];
  const options = { patience: 1, factor: 0.5, cooldown: 1, learningRate: 0.5, floor: 0.01 };
  const expected = scales(metrics, options);
  expect(new Set(expected).size).toBeGreaterThan(2);
  const { init, update } = reduceOnPlateau(options);
  const losses = tensor(metrics, { dtype });

  type State = PlateauState<Tensor>;
  const scalar = (x: number): Tensor => tensor(x, { dtype });
  const { rate, best, bad, cooldown } = init();
  const start: State = {
    rate: scalar(rate),
    best: scalar(best),
    bad: scalar(bad),
    cooldown: scalar(cooldown),
  };
  const [, found] = scan(
    (state: State, loss: Tensor) => {
      const next = update(loss, state);
      return [next.state, next.scale];
    },
    start,
    losses,
  );
  expect(found.tolist()).toEqual(expected);

  const step = jit((loss: Tensor, state: State) => update(loss, state));
  let state: Like<State> = init(); // starts as plain numbers
  metrics.forEach((metric, epoch) => {
    const next = step(scalar(metric), state);
    expect(next.scale.dtype).toBe(dtype);
    expect(next.scale.item()).toBe(expected[epoch]);
    state = next.state;
  });
});

test.each<[ReduceOnPlateauOptions, string]>([
  [{ factor: 1 }, "factor must be a number from 0 to 1, 1 excluded, got 1."],
  [{ patience: -1 }, "patience must be an integer of 0 or more, got -1."],
  [{ patience: 1.5 }, "patience must be an integer of 0 or more, got 1.5."],
  [{ threshold: -1 }, "threshold must be a finite number of 0 or more, got -1."],
  [{ threshold: 1 }, "a relative threshold must be below 1"],
  [{ thresholdMode: "rel" as never }, 'thresholdMode must be "relative" or "absolute", got "rel".'],
  [{ mode: "mim" as never }, 'mode must be "min" or "max", got "mim". Did you mean "min"?'],
  [{ cooldown: -1 }, "cooldown must be an integer of 0 or more, got -1."],
  [{ floor: -1 }, "floor must be a finite number of 0 or more, got -1."],
  [{ eps: -1 }, "eps must be a finite number of 0 or more, got -1."],
  [{ learningRate: 0 }, "learningRate must be a finite number above 0, got 0."],
  [{ minLr: 1 } as never, 'unknown option "minLr".'],
])("refuses %j", (options, message) => {
  expect(() => reduceOnPlateau(options)).toThrow(`reduceOnPlateau: ${message}`);
});

test("refuses a metric that is not a number", () => {
  const { init, update } = reduceOnPlateau();
  expect(() => update("0.1" as never, init())).toThrow(
    "reduceOnPlateau: the metric must be a number or a floating scalar, got 0.1.",
  );
  expect(() => update(tensor([1, 2]), init())).toThrow("got f64[2]");
});
