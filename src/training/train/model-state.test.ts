import { add, mean, minimum, mul, square, sub, tensor, type Tensor, valueAndGrad } from "downhill";
import { dataset } from "downhill/data";
import {
  batchNorm,
  batchStatisticsInit,
  type BatchStatistics,
  dense,
  denseInit,
  scaleInit,
} from "downhill/nn";
import { adam, applyUpdates, sgd } from "downhill/optim";
import { key } from "downhill/random";
import {
  checkpointMemory,
  checkpointModelState,
  checkpointParams,
  evaluator,
  fit,
  type FitOptions,
  type LossContext,
  lrRangeTest,
} from "downhill/train";
import { describe, expect, expectTypeOf, test } from "vitest";

const n = 24;
const x = Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / n]);
const y = x.map(([a, b, c]) => [a! - b! * c!]);
const float32 = dataset({ x, y }, { dtype: "float32" });
const data = float32.shuffle({ seed: 4 }).batch(5);

interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}
const first = {
  hidden: denseInit(key(1), 3, 6),
  norm: scaleInit(6),
  out: denseInit(key(2), 6, 1),
};
type Params = typeof first;
const statistics = batchStatisticsInit(6);

function normalised(p: Params, batch: Batch, { modelState, training }: LossContext<BatchStatistics>) {
  const [even, next] = batchNorm(p.norm, dense(p.hidden, batch.x), modelState, { training });
  return { loss: mean(square(sub(dense(p.out, even.tanh()), batch.y))), modelState: next };
}

type Options = FitOptions<Params, unknown, Batch, BatchStatistics>;
const options = (): Options => ({
  params: first,
  loss: normalised,
  modelState: statistics,
  data,
  optimizer: adam({ learningRate: 0.03 }),
  epochs: 3,
});
const numbers = (tree: unknown): unknown => JSON.parse(JSON.stringify(tree));

describe("a model with batchNorm", () => {
  test("trains like a hand-written loop that passes its statistics on", async () => {
    // A bias before a normalisation has zero slope, and Adam would amplify its rounding errors.
    const optimizer = sgd({ learningRate: 0.03, momentum: 0.9 });
    let [p, s, seen] = [first, optimizer.init(first), statistics];
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const batch of data.epoch(epoch)) {
        const objective = (q: Params): [Tensor, BatchStatistics] => {
          const context = { key: tensor(key(0)), step: tensor(0, { dtype: "int32" }), training: true };
          const result = normalised(q, batch, { ...context, modelState: seen });
          return [result.loss, result.modelState];
        };
        const [[loss, next], grads] = valueAndGrad(objective, { hasAux: true })(p) as never as [
          [Tensor, BatchStatistics],
          Params,
        ];
        const { updates, state } = optimizer.update(grads, s, p);
        [p, s, seen] = [applyUpdates(p, updates), state, next];
        losses.push(loss.item());
      }
    }
    const told: number[] = [];
    const hooks = { step: ({ loss }: { loss: number }): void => void told.push(loss) };
    const result = await fit({ ...options(), optimizer, hooks });
    told.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 5));
    expect([...result.modelState.mean.data()]).toEqual(
      [...seen.mean.data()].map((v) => expect.closeTo(v, 5) as number),
    );
    expect(result.modelState.variance.tolist()).not.toEqual(statistics.variance.tolist());
    expectTypeOf(result.modelState).toEqualTypeOf<BatchStatistics>();
  });

  test("is measured with its statistics in validation and by an evaluator, which leave them unchanged", async () => {
    const { history, ...result } = await fit({ ...options(), validation: data });
    const measured = await evaluator(normalised)(result.params, data, { modelState: result.modelState });
    expect(history.at(-1)!.validation!.loss).toBe(measured.loss);
    expect(numbers(measured.modelState)).toEqual(numbers(result.modelState));
    const without = await fit(options());
    expect(numbers(result.modelState)).toEqual(numbers(without.modelState));
    const untrained = await evaluator(normalised)(result.params, data, { modelState: statistics });
    expect(untrained.loss).not.toBe(measured.loss);
  });

  test.each([
    ["one batch per step", {}],
    ["three batches per step", { accumulate: 3 }],
    ["four shards, two batches per step", { accumulate: 2, shards: 4, data: float32.batch(8) }],
  ] as const)("resumes from a checkpoint with the same bits: %s", async (_, more) => {
    const whole = await fit({ ...options(), ...more, keepBest: true });
    const store = checkpointMemory();
    const checkpoint = { store, everySteps: 1 };
    let steps = 0;
    const stopped = await fit({
      ...options(),
      ...more,
      keepBest: true,
      checkpoint,
      hooks: { step: () => (++steps === 4 ? "stop" : undefined) },
    });
    expect(stopped.stopped).toBe("hook");
    const resumed = await fit({ ...options(), ...more, keepBest: true, checkpoint, resume: true });
    expect(numbers(resumed.modelState)).toEqual(numbers(whole.modelState));
    expect(numbers(resumed.params)).toEqual(numbers(whole.params));
    expect(numbers(resumed.best)).toEqual(numbers(whole.best));
    expect(resumed.best!.modelState.mean.shape).toEqual([6]);
    expect(numbers(await checkpointModelState(store))).toEqual(numbers(whole.modelState));
    expect(numbers(await checkpointModelState(store, { which: "best" }))).toEqual(
      numbers(whole.best!.modelState),
    );
    expect(numbers(await checkpointParams(store))).toEqual(numbers(whole.params));
  });

  test("works with lrRangeTest", async () => {
    const { losses } = await lrRangeTest({
      params: first,
      loss: normalised,
      modelState: statistics,
      data,
      steps: 12,
      optimizer: (learningRate) => sgd({ learningRate }),
    });
    expect(losses.length).toBeGreaterThan(1);
  });
});

interface Counted {
  readonly batches: Tensor;
  readonly sum: Tensor;
  readonly lowest: Tensor;
}
const start: Counted = {
  batches: tensor(0, { dtype: "int32" }),
  sum: tensor(0),
  lowest: tensor(Infinity),
};
const counting = (w: Tensor, b: { readonly x: Tensor }, { modelState: s }: LossContext<Counted>) => ({
  loss: mean(square(sub(b.x, w))),
  modelState: {
    batches: add(s.batches, 1),
    sum: add(mul(s.sum, 10), mean(b.x)),
    lowest: minimum(s.lowest, b.x.min()),
  },
});
const counted = (values: number[], size: number, more: object = {}) =>
  fit<Tensor, unknown, { readonly x: Tensor }, Counted>({
    params: tensor(1),
    loss: counting,
    modelState: start,
    data: dataset({ x: values }).batch(size),
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 1,
    ...more,
  });

describe("the state of a model", () => {
  test("passes from batch to batch in order if a step takes several, and from epoch to epoch", async () => {
    const events: number[] = [];
    const hooks = {
      step: ({ modelState }: { modelState: Counted }) => void events.push(modelState.batches.item()),
    };
    const { modelState } = await counted([1, 2, 3, 4, 5], 1, { accumulate: 2, epochs: 2, hooks });
    expect(numbers(modelState)).toEqual({ batches: 10, sum: 1234512345, lowest: 1 });
    expect(events).toEqual([2, 4, 5, 7, 9, 10]);
  });

  test("is the mean over the items of all shards, each of which starts with the state of the step", async () => {
    // Shards {1, 3} and {2}, then {4} and an empty one, which has no weight although its running minimum is infinite.
    const { modelState } = await counted([1, 2, 3, 4], 3, { shards: 2 });
    const afterFirst = (2 * 2 + 2) / 3;
    expect(modelState.batches.item()).toBe(2);
    expect(modelState.sum.item()).toBeCloseTo(10 * afterFirst + 4, 12);
    expect(modelState.lowest.item()).toBeCloseTo((2 * 1 + 2) / 3, 12);
  });

  test("passes through an evaluator in order, which returns it", async () => {
    const evaluate = evaluator(counting);
    const { modelState, loss } = await evaluate(tensor(0), [{ x: tensor([2]) }, { x: tensor([4]) }], {
      modelState: start,
    });
    expect([loss, numbers(modelState)]).toEqual([10, { batches: 2, sum: 24, lowest: 2 }]);
    expect(start.sum.item()).toBe(0);
  });

  test("that is NaN ends the run before it is saved", async () => {
    const loss = (w: Tensor, b: { readonly x: Tensor }, { modelState: s }: LossContext<Tensor>) => ({
      loss: mean(square(sub(b.x, w))),
      modelState: sub(s, 1).sqrt(),
    });
    const run = fit({
      params: tensor(0),
      loss,
      modelState: tensor(1.5),
      data: [{ x: tensor([1]) }],
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 3,
    });
    await expect(run).rejects.toThrow("the step is not finite at step 2 (epoch 2, batch 1)");
    expect(run.latest.modelState.item()).toBeCloseTo(Math.SQRT1_2, 12);
  });

  const plain = (w: Tensor, b: { readonly x: Tensor }) => mean(square(sub(b.x, w)));
  test.each<[string, object, string]>([
    ["that the loss does not return", { loss: plain }, "fit: the loss returns no modelState"],
    [
      "that has no initial value",
      { modelState: undefined, loss: (w: Tensor) => ({ loss: square(w), modelState: start }) },
      "the run has no initial one",
    ],
    [
      "that changes its shape",
      {
        loss: (...args: Parameters<typeof counting>) => {
          const { loss, modelState } = counting(...args);
          return { loss, modelState: { ...modelState, sum: args[1].x } };
        },
      },
      "fit: modelState.sum was f64[], and the loss returns f64[1]. It must keep its shape.",
    ],
    [
      "that changes its dtype",
      {
        loss: (...args: Parameters<typeof counting>) => {
          const { loss, modelState } = counting(...args);
          return { loss, modelState: { ...modelState, batches: modelState.sum } };
        },
      },
      'fit: modelState.batches was i32[], and the loss returns f64[]. Write astype(x, "int32").',
    ],
    [
      "that loses a part",
      { loss: (...args: Parameters<typeof counting>) => ({ ...counting(...args), modelState: {} }) },
      'the modelState that the loss returns lacks "batches"',
    ],
  ])("%s is refused", async (_, wrong, message) => {
    await expect(counted([1, 2], 1, wrong)).rejects.toThrow(message);
  });

  test("of another run is refused, and a checkpoint without one resumes without", async () => {
    const store = checkpointMemory();
    await fit({ ...options(), epochs: 1, checkpoint: { store } });
    const other = { ...options(), modelState: batchStatisticsInit(7), checkpoint: { store }, resume: true };
    await expect(fit(other)).rejects.toThrow(
      "the state of the model had modelState.mean, f32[6], where this run has",
    );
  });
});
