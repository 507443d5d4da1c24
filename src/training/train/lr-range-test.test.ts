import { mul, type Tensor, tensor } from "downhill";
import { dataset, digits } from "downhill/data";
import { meanSquaredError, mlp, type MlpParams, softmaxCrossEntropy } from "downhill/nn";
import { adam, cyclic, type Optimizer, type Schedule, sgd } from "downhill/optim";
import { key } from "downhill/random";
import { fit, lrRangeTest, type LrRangeTestOptions } from "downhill/train";
import { describe, expect, test } from "vitest";

interface Line {
  readonly slope: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}
// ½ the second derivative of the loss is mean x² = 7.5: steps multiply the error by 1 − 15η, and diverge above 2/15
const line = {
  params: { slope: tensor(0) },
  loss: ({ slope }: Line, { x, y }: Points) => meanSquaredError(mul(slope, x), y),
  data: dataset({ x: [1, 2, 3, 4], y: [2, 4, 6, 8] }).batch("full"),
  optimizer: (learningRate: Schedule): Optimizer<Line, unknown> => sgd({ learningRate }),
} satisfies LrRangeTestOptions<Line, unknown, Points>;

describe("rates", () => {
  test("rise by a constant factor, and the losses are those of training at them", async () => {
    const { rates, losses } = await lrRangeTest({ ...line, from: 1e-4, to: 1e-2, steps: 21, smoothing: 0 });
    expect(rates).toHaveLength(21);
    expect(rates[0]).toBe(1e-4);
    expect(rates[10]).toBeCloseTo(1e-3, 12);
    expect(rates[20]).toBeCloseTo(1e-2, 12);
    let error = -2;
    rates.forEach((rate, t) => {
      expect(losses[t]).toBeCloseTo(7.5 * error ** 2, 10);
      error *= 1 - 15 * rate;
    });
  });

  test("rise linearly", async () => {
    const { rates } = await lrRangeTest({ ...line, from: 0.01, to: 0.1, steps: 10, shape: "linear" });
    rates.forEach((rate, t) => expect(rate).toBeCloseTo(0.01 * (t + 1), 12));
  });
});

describe("the test", () => {
  test("ends when the loss rises too far, and suggests lower rates", async () => {
    const { stopped, rates, losses, smoothed, best, suggestion } = await lrRangeTest(line);
    expect(stopped).toBe("diverged");
    expect(rates.length).toBeLessThan(100);
    expect([losses.length, smoothed.length]).toEqual([rates.length, rates.length]);
    expect(rates.at(-1)).toBeGreaterThan(2 / 15);
    expect(smoothed[best]).toBe(Math.min(...smoothed));
    const { base, steepest, max } = suggestion!;
    expect(base).toBeLessThan(steepest);
    expect(steepest).toBeLessThanOrEqual(max);
    expect(max).toBeLessThan(2 / 15);
  });

  test("ends at once if the loss is not finite", async () => {
    const { stopped, losses, suggestion } = await lrRangeTest({ ...line, from: 1e30, to: 1e200, steps: 30 });
    expect(stopped).toBe("diverged");
    expect(losses.length).toBeLessThan(10);
    expect(suggestion).toBeNull();
  });

  test("suggests nothing if no rate lowers the loss", async () => {
    const { stopped, suggestion } = await lrRangeTest({ ...line, from: 1e-20, to: 1e-19 });
    expect([stopped, suggestion]).toEqual(["finished", null]);
  });

  test("averages over neighbours on both sides of a step", async () => {
    const { losses, smoothed } = await lrRangeTest({ ...line, to: 0.01, steps: 12, smoothing: 2 });
    expect(smoothed[5]).toBeCloseTo((losses[3]! + losses[4]! + losses[5]! + losses[6]! + losses[7]!) / 5, 12);
    expect(smoothed[0]).toBeCloseTo((losses[0]! + losses[1]! + losses[2]!) / 3, 12);
    expect(smoothed[11]).toBeCloseTo((losses[9]! + losses[10]! + losses[11]!) / 3, 12);
  });

  test("excludes diverged losses from the means of the steps before them", async () => {
    const { losses, smoothed, best, suggestion } = await lrRangeTest({
      ...line,
      smoothing: 8,
      divergence: 1e9,
    });
    const diverging = 1 + losses.findLastIndex((loss) => loss <= smoothed[0]!);
    expect(diverging).toBeLessThan(losses.length - 1);
    const mean = (from: number, to: number): number =>
      losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
    expect(smoothed[diverging - 1]).toBeCloseTo(mean(diverging - 9, diverging), 12);
    expect(smoothed[diverging]).toBeCloseTo(mean(diverging, Math.min(losses.length, diverging + 9)), 6);
    expect(suggestion!.steepest).toBeLessThanOrEqual(suggestion!.max);
    const lowest = losses.indexOf(Math.min(...losses));
    expect(Math.abs(best - lowest)).toBeLessThan(8);
  });

  test("ends at the signal", async () => {
    const controller = new AbortController();
    let calls = 0;
    function* batches(): Generator<Points> {
      for (;;) {
        if (++calls === 15) controller.abort();
        yield { x: tensor([1, 2]), y: tensor([2, 4]) };
      }
    }
    const data = { epoch: batches };
    const { stopped, rates } = await lrRangeTest({ ...line, to: 0.01, data, signal: controller.signal });
    expect(stopped).toBe("aborted");
    expect(rates.length).toBeLessThan(16);
  });
});

test.each([
  ["sgd", (learningRate: Schedule): Optimizer<MlpParams, unknown> => sgd({ learningRate, momentum: 0.9 })],
  ["adam", (learningRate: Schedule): Optimizer<MlpParams, unknown> => adam({ learningRate })],
])("cyclic rates between those that it suggests for %s train a network", async (_, optimizer) => {
  const { images, labels, count } = digits();
  const x = { shape: [count, 64], dtype: "float32" as const, data: Float32Array.from(images) };
  const y = { shape: [count], dtype: "int32" as const, data: Int32Array.from(labels) };
  const data = dataset({ x, y }).shuffle({ seed: 1 }).batch(32);
  const { init, apply } = mlp([64, 32, 10]);
  const loss = (p: MlpParams, batch: Points): Tensor => softmaxCrossEntropy(apply(p, batch.x), batch.y);
  const common = { params: init(key(3)), loss, data };
  const { suggestion, smoothed } = await lrRangeTest({ ...common, optimizer });
  const { base, max } = suggestion!;
  expect(base).toBeLessThan(max);
  expect(smoothed.at(-1)).toBeGreaterThan(2 * Math.min(...smoothed)); // the test noticed that the highest rates are too high
  const rate = cyclic({ base, max, stepSizeUp: 60 });
  const { history } = await fit({ ...common, optimizer: optimizer(rate), epochs: 6 });
  expect(history.at(-1)!.loss).toBeLessThan(0.1);
});

describe("misuse", () => {
  test.each<[string, object, string]>([
    ["an unknown option", { step: 3 }, 'lrRangeTest: unknown option "step". Did you mean "steps"?'],
    ["a rate of 0", { from: 0 }, "lrRangeTest: from must be a finite number above 0, got 0."],
    ["rates that fall", { from: 1, to: 0.1 }, "lrRangeTest: to must be a finite number above 1, got 0.1."],
    ["hardly any steps", { steps: 3 }, "lrRangeTest: steps must be an integer of 10 or more, got 3."],
    ["another shape", { shape: "exp" }, 'lrRangeTest: shape must be "exponential" or "linear", got "exp".'],
    ["less than no smoothing", { smoothing: -1 }, "lrRangeTest: smoothing must be an integer of 0"],
    ["a divergence of 1", { divergence: 1 }, "lrRangeTest: divergence must be a finite number above 1"],
    ["an optimiser that is made already", { optimizer: sgd() }, "lrRangeTest: optimizer must be a function"],
    ["no data", { data: undefined }, "data must yield batches"],
    ["an invalid seed", { seed: 0.5 }, "the seed must be an integer"],
  ])("%s is refused", async (_, wrong, message) => {
    await expect(lrRangeTest({ ...line, ...wrong } as never)).rejects.toThrow(message);
  });

  test("a loss that is not finite from the start is an error, not a matter of the rate", async () => {
    const data = [{ x: tensor([Number.NaN]), y: tensor([1]) }];
    await expect(lrRangeTest({ ...line, data })).rejects.toThrow("the loss is NaN");
  });
});
