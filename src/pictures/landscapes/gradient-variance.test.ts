import { mul, square, sub, type Tensor, tensor } from "downhill";
import { gradientVariance, repeatItems } from "downhill/landscapes";
import { key, normal } from "downhill/random";
import { describe, expect, test } from "vitest";

const n = 200;
const data = { x: tensor(normal(key(0), n)), y: tensor(normal(key(1), n)) };
const loss = ({ w }: { w: Tensor }, { x, y }: typeof data): Tensor => square(sub(mul(x, w), y)).mean();
const params = { w: tensor(0.5) };

test("the variance of one item equals that of single-item gradients", () => {
  const [xs, ys] = [data.x.tolist() as number[], data.y.tolist() as number[]];
  const gradients = xs.map((x, i) => 2 * x * (0.5 * x - ys[i]!));
  const mean = gradients.reduce((a, b) => a + b) / n;
  const { ofOneItem, squaredNorm, items } = gradientVariance({
    loss,
    params,
    data,
    batchSizes: [1],
    repeats: 1,
  });
  expect(items).toBe(n);
  expect(ofOneItem).toBeCloseTo(gradients.reduce((sum, g) => sum + (g - mean) ** 2, 0) / n, 10);
  expect(squaredNorm).toBeCloseTo(mean ** 2, 10);
});

test("the measured variance falls as 1/b, as predicted", () => {
  const { batches } = gradientVariance({ loss, params, data, batchSizes: [1, 8, 64], repeats: 1500 });
  for (const { batchSize, measured, predicted } of batches) {
    expect(predicted * batchSize).toBeCloseTo(batches[0]!.predicted, 10);
    // 1,500 squares of numbers with long tails: 5 standard deviations are about 20 %.
    expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.2);
  }
});

test("without replacement the variance is (n − b)/(n − 1) times as large, and 0 for all items", () => {
  const { batches } = gradientVariance({
    loss,
    params,
    data,
    batchSizes: [100, 200],
    repeats: 400,
    replacement: false,
  });
  const [half, all] = batches;
  expect(half!.predicted * 100).toBeCloseTo(
    (gradientVariance({ loss, params, data, batchSizes: [1], repeats: 1 }).ofOneItem * 100) / 199,
    10,
  );
  expect(Math.abs(half!.measured / half!.predicted - 1)).toBeLessThan(0.3);
  expect(all!.predicted).toBe(0);
  expect(all!.measured).toBeLessThan(1e-25); // rounding
});

test("batch sizes default to powers of four", () => {
  const { batches } = gradientVariance({ loss, params, data, repeats: 2 });
  expect(batches.map(({ batchSize }) => batchSize)).toEqual([1, 4, 16, 64]);
});

test("repeatItems repeats every item the given number of times", () => {
  expect(repeatItems({ x: tensor([1, 2]) }, 3).x.tolist()).toEqual([1, 2, 1, 2, 1, 2]);
});

describe("invalid options", () => {
  test.each<[object, string]>([
    [{ batchSize: [1] }, 'unknown option "batchSize". Did you mean "batchSizes"?'],
    [{ batchSizes: [0] }, "batchSizes must be integers from 1 to 200, the number of items; got 0"],
    [{ batchSizes: [201], replacement: false }, "from 1 to 200"],
    [{ repeats: 0 }, "repeats must be an integer of 1 or more"],
    [{ data: { x: tensor([1, 2]), y: tensor([1]) } }, "first axes here: 2, 1"],
    [{ loss: 3 }, "loss must be a function"],
  ])("%o is refused", (options, message) => {
    expect(() => gradientVariance({ loss, params, data, ...options })).toThrow(message);
  });
});
