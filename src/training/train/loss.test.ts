import { expect, test } from "vitest";
import { add, floor, mean, mul, square, sub, sum, tensor } from "downhill";
import type { Tensor } from "downhill";
import { sgd } from "downhill/optim";
import { fit } from "./fit.ts";

const data = [{ x: tensor([1, 2]) }];

interface Params {
  readonly w: Tensor;
  readonly b: Tensor;
}

function run(loss: (p: Params, batch: (typeof data)[number]) => Tensor): PromiseLike<unknown> {
  const params: Params = { w: tensor(1), b: tensor(2) };
  return fit({ params, loss, data, optimizer: sgd({ learningRate: 0.1 }), epochs: 1 });
}

test("a loss that does not depend on the parameters is refused", async () => {
  const outside = { w: tensor(1) };
  const ignoring = /^fit: the loss does not depend on the parameters/;
  await expect(run((_, { x }) => mean(square(sub(x, outside.w))))).rejects.toThrow(ignoring);
  await expect(run(({ w }, { x }) => sum(mul(x, floor(w))))).rejects.toThrow(ignoring);
  await expect(run(() => tensor(3))).rejects.toThrow(ignoring);
});

test("one that depends on some of them is accepted", async () => {
  await expect(run(({ w }, { x }) => mean(square(sub(x, w))))).resolves.toHaveProperty("step", 1);
  await expect(run(({ w, b }, { x }) => mean(add(mul(x, floor(w)), b)))).resolves.toHaveProperty("step", 1);
});
