// The reference's mini-batch runs: batches, accumulation, clipping and rates that change between steps.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { add, grad, jit, matmul, mean, mul, softplus, sub, take, type Tensor, tensor } from "downhill";
import {
  accumulate,
  adagrad,
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  type GeneralOptimizer,
  injectHyperparameters,
  rmsprop,
  type Schedule,
  sgd,
} from "downhill/optim";
import { expect, test } from "vitest";

interface Run {
  readonly id: string;
  readonly optimizer: keyof typeof makers;
  readonly options: Readonly<Record<string, number>>;
  readonly accumulate: number;
  readonly clip: number | null;
  readonly rates: readonly number[];
  /** Rows of each batch. */
  readonly batches: readonly (readonly number[])[];
  /** w and b after each step. */
  readonly params: readonly (readonly number[])[];
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/minibatch.json"), "utf8")) as {
  readonly X: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly cases: readonly Run[];
};
const makers = { SGD: sgd, Adam: adam, Adagrad: adagrad, RMSprop: rmsprop };

test.each(golden.cases.map((run) => [run.id, run] as const))("%s", (_, run) => {
  const [x, y] = [tensor(golden.X), tensor(golden.y)];
  const rates = tensor(run.rates);
  const learningRate = ((step: Tensor) => take(rates, step.astype("int32"))) as Schedule;
  // the cyclic run moves the momentum from 0.9 to 0.8 and back while the rate moves from 0.01 to 0.5 and back
  const momentum = ((step: Tensor) => sub(0.9, mul(0.1 / 0.49, sub(learningRate(step), 0.01)))) as Schedule;
  const made: GeneralOptimizer<unknown> =
    run.id === "cyclic_per_batch"
      ? injectHyperparameters(sgd, { learningRate, momentum })
      : makers[run.optimizer]({ ...run.options, learningRate });
  const clipped = run.clip === null ? made : chain(clipByGlobalNorm(run.clip), made);
  const optimizer = run.accumulate === 1 ? clipped : accumulate(clipped, run.accumulate);

  const loss = ({ w, b }: { w: Tensor; b: Tensor }, rows: Tensor): Tensor => {
    const z = add(matmul(take(x, rows), w), b);
    return mean(sub(softplus(z), mul(take(y, rows), z)));
  };
  const step = jit((params: { w: Tensor; b: Tensor }, state: unknown, rows: Tensor) => {
    const { updates, state: next } = optimizer.update(grad(loss)(params, rows), state, params);
    return [applyUpdates(params, updates), next] as const;
  });
  let params = { w: tensor([0, 0, 0, 0]), b: tensor([0]) };
  let state = optimizer.init(params);
  run.batches.forEach((rows, k) => {
    [params, state] = step(params, state, tensor(Int32Array.from(rows)));
    if ((k + 1) % run.accumulate > 0) return;
    const expected = run.params[(k + 1) / run.accumulate - 1]!;
    [...params.w.data(), ...params.b.data()].forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i]!, 10),
    );
  });
});
