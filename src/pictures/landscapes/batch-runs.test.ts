import { mul, square, sub, type Tensor, tensor } from "downhill";
import { compareBatches } from "downhill/landscapes";
import { sgd } from "downhill/optim";
import { describe, expect, test } from "vitest";

const data = { x: tensor([1, 2, 3, 4]), y: tensor([2, 4, 6, 8]) };
const loss = (w: Tensor, { x, y }: typeof data): Tensor => square(sub(mul(x, w), y)).mean();
const optimizer = sgd({ learningRate: 0.02 });
const options = { loss, params: tensor(0), data };

/** A clock that advances by one second per reading. */
function ticking(): () => number {
  let time = 0;
  return () => (time += 1000);
}

test("counts items and steps, and measures only the time of steps", async () => {
  const [full, pairs, single] = await compareBatches({
    ...options,
    racers: [
      { name: "GD", batchSize: "full", optimizer },
      { name: "pairs", batchSize: 2, optimizer },
      { name: "SGD", batchSize: 1, optimizer },
    ],
    epochs: 3,
    clock: ticking(),
  });
  expect([full, pairs, single].map((run) => run!.batchSize)).toEqual([4, 2, 1]);
  expect([full, pairs, single].map((run) => run!.steps)).toEqual([
    [0, 1, 2, 3],
    [0, 2, 4, 6],
    [0, 4, 8, 12],
  ]);
  expect(full!.items).toEqual([0, 4, 8, 12]);
  expect(pairs!.seconds).toEqual([0, 2, 4, 6]); // a second a step
  expect(full!.itemsPerSecond).toBe(4);
  expect(single!.itemsPerSecond).toBe(1);
});

test("gradient descent makes the steps of the formula, without the warm-up step", async () => {
  const [run] = await compareBatches({
    ...options,
    racers: [{ name: "GD", batchSize: "full", optimizer }],
    epochs: 4,
  });
  let w = 0;
  for (let epoch = 0; epoch <= 4; epoch++) {
    const height = [1, 2, 3, 4].reduce((sum, x) => sum + (x * w - 2 * x) ** 2, 0) / 4;
    expect(run!.losses[epoch]).toBeCloseTo(height, 12);
    w -= 0.02 * 2 * 7.5 * (w - 2); // the mean of x² is 7.5
  }
});

describe("invalid options", () => {
  test.each<[object, string]>([
    [{ racers: [] }, "racers must be an array of { name, batchSize, optimizer }"],
    [
      { racers: [{ name: "big", batchSize: 5, optimizer }] },
      "the batchSize of big must be an integer from 1 to 4",
    ],
    [{ epoch: 3 }, 'unknown option "epoch". Did you mean "epochs"?'],
    [{ epochs: 0 }, "epochs must be an integer of 1 or more"],
    [{ loss: 1 }, "loss must be a function"],
    [{ data: { x: tensor([1]), y: tensor([1, 2]) } }, "first axes here: 1, 2"],
  ])("%o is refused", async (wrong, message) => {
    const racers = [{ name: "GD", batchSize: "full" as const, optimizer }];
    await expect(compareBatches({ ...options, racers, ...wrong })).rejects.toThrow(message);
  });
});
