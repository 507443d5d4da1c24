import { mul, square, sum, type Tensor, tensor } from "downhill";
import { dataset, digits } from "downhill/data";
import { meanSquaredError, mlp, type MlpParams, softmaxCrossEntropy } from "downhill/nn";
import { adam, lbfgs, type Optimizer, sgd } from "downhill/optim";
import { foldIn, key, normal } from "downhill/random";
import { evaluator, fit, tune, type TuneOptions, type TuneRound } from "downhill/train";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";

interface Point {
  readonly w: Tensor;
}
interface Bowl {
  readonly scale: Tensor;
}
const bowl = {
  params: { w: tensor([1, -1]) },
  loss: ({ w }: Point, { scale }: Bowl) => sum(mul(scale, square(w))),
  data: [{ scale: tensor([1, 4]) }],
  optimizer: ({ learningRate }: { readonly learningRate: Tensor }): Optimizer<Point, unknown> =>
    sgd({ learningRate }),
  start: { learningRate: 1e-4 },
  horizon: 5,
} satisfies TuneOptions<Point, unknown, Bowl, "learningRate">;

test("the gradient of a round is that of the loss after its steps, through all steps", async () => {
  // Noisy regression with Adam; the seed makes both runs equal.
  const x = tensor(normal(key(1), 64 * 3, { dtype: "float64" }), { shape: [64, 3] });
  const y = tensor(normal(key(2), 64, { dtype: "float64" }));
  const round = async (rate: number, beta1: number): Promise<TuneRound<"learningRate" | "beta1">> => {
    const { path } = await tune({
      params: { w: tensor([0.3, -0.2, 0.1]) },
      loss: ({ w }: Point, batch: { x: Tensor; y: Tensor }) =>
        meanSquaredError(sum(mul(batch.x, w), { axis: 1 }), batch.y),
      data: dataset({ x, y }).batch(8),
      optimizer: (h) => adam(h),
      start: { learningRate: rate, beta1 },
      horizon: 6,
      rounds: 1,
      judgedBy: 2,
    });
    return path[0]!;
  };
  const logit = (h: number): number => Math.log(h / (1 - h));
  const expit = (u: number): number => 1 / (1 + Math.exp(-u));
  const { gradient, hyperparameters } = await round(0.05, 0.9);
  expect(hyperparameters.learningRate).toBeCloseTo(0.05, 14);
  const h = 1e-4;
  const alongRate = await Promise.all([h, -h].map(async (d) => (await round(0.05 * Math.exp(d), 0.9)).after));
  const alongBeta = await Promise.all(
    [h, -h].map(async (d) => (await round(0.05, expit(logit(0.9) + d / 2))).after),
  );
  // central differences have an error of order h²
  expect(gradient.learningRate).toBeCloseTo((alongRate[0]! - alongRate[1]!) / (2 * h), 7);
  expect(gradient.beta1).toBeCloseTo((alongBeta[0]! - alongBeta[1]!) / (2 * h), 7);
  expect(Math.abs(gradient.beta1)).toBeGreaterThan(1e-3);
});

describe("on a bowl", () => {
  // steps multiply w by 1 − 2η and 1 − 8η: best for many steps is η = 0.2, where both are ±0.6
  test.each([1e-5, 0.19, 3, 1e6])("finds the rate from a start of %d", async (learningRate) => {
    const { hyperparameters, trial, stopped, path } = await tune({ ...bowl, start: { learningRate } });
    expect(hyperparameters.learningRate).toBeGreaterThan(0.15);
    expect(hyperparameters.learningRate).toBeLessThan(0.24);
    expect(trial.tuned).toBeLessThanOrEqual(trial.start);
    expect([stopped, path.length]).toEqual(["finished", 40]);
    const isTooHigh = learningRate > 0.25; // 1 − 8η is below −1
    expect(path[0]!.outcome).toBe(isTooHigh ? "diverged" : "descended");
    if (isTooHigh) expect(path[1]!.hyperparameters.learningRate).toBeCloseTo(learningRate / 10, 8);
  });

  test("never returns values that the trial finds worse than the start", async () => {
    const { hyperparameters, trial } = await tune({
      ...bowl,
      start: { learningRate: 0.2 },
      stepSize: 9, // very large steps
      rounds: 2,
    });
    expect(hyperparameters.learningRate).toBeCloseTo(0.2, 12);
    expect(trial.tuned).toBe(trial.start);
  });

  test("continues from round to round and restarts with the next parameters", async () => {
    const restarts: number[] = [];
    const { path } = await tune({
      ...bowl,
      params: (k: number): Point => {
        restarts.push(k);
        return { w: tensor([1, -1]) };
      },
      start: { learningRate: 0.01 },
      rounds: 6,
      restartEvery: 3,
    });
    expect(restarts.slice(0, 3)).toEqual([0, 1, 2]); // after these, the restarts of the trial
    expect(path[1]!.before).toBe(path[0]!.after);
    expect(path[3]!.before).toBe(path[0]!.before);
    expect(path[4]!.before).toBe(path[3]!.after);
  });

  test("stops at the signal with its result so far, and reports each round", async () => {
    const controller = new AbortController();
    const told: number[] = [];
    const { stopped, path, trial } = await tune({
      ...bowl,
      signal: controller.signal,
      onRound({ round }) {
        told.push(round);
        if (round === 3) controller.abort();
      },
    });
    expect([stopped, path.length, told]).toEqual(["aborted", 3, [1, 2, 3]]);
    expect(trial.tuned).toBeLessThan(trial.start);
  });

  test("is equal for equal seeds", async () => {
    const once = () => tune({ ...bowl, rounds: 5 });
    expect(await once()).toEqual(await once());
  });
});

describe("on handwritten digits", () => {
  interface Batch {
    readonly x: Tensor;
    readonly y: Tensor;
  }
  const { images, labels, count } = digits();
  const rows = (which: (i: number) => boolean) => {
    const picked = Array.from({ length: count }, (_, i) => i).filter(which);
    const pixels = picked.flatMap((i) => [...images.subarray(64 * i, 64 * i + 64)]);
    return {
      x: { shape: [picked.length, 64], dtype: "float32" as const, data: Float32Array.from(pixels) },
      y: {
        shape: [picked.length],
        dtype: "int32" as const,
        data: Int32Array.from(picked, (i) => labels[i]!),
      },
    };
  };
  const training = dataset(rows((i) => i % 5 > 0))
    .shuffle({ seed: 0 })
    .batch(32);
  const testing = dataset(rows((i) => i % 5 === 0)).batch("full");
  const { init, apply } = mlp([64, 32, 10]);
  const loss = (params: MlpParams, { x, y }: Batch): Tensor => softmaxCrossEntropy(apply(params, x), y);

  /** Loss on items never trained on, after two epochs from three sets of initial parameters. */
  const trained = async (learningRate: number, momentum: number): Promise<number> => {
    let total = 0;
    for (const number of [5, 6, 7]) {
      const optimizer = sgd({ learningRate, momentum });
      const { params } = await fit({ params: init(key(number)), loss, data: training, optimizer, epochs: 2 });
      total += (await evaluator(loss)(params, testing)).loss;
    }
    return total / 3;
  };
  const tuned = async (learningRate: number): Promise<number> => {
    const { hyperparameters } = await tune({
      params: (restart: number) => init(foldIn(key(5), restart)),
      loss,
      data: training,
      optimizer: (at) => sgd(at),
      start: { learningRate, momentum: 0.9 },
      rounds: 30,
    });
    return trained(hyperparameters.learningRate, hyperparameters.momentum);
  };

  testInCi("a rate that is far too low becomes one that beats it, and the default of sgd", async () => {
    const found = await tuned(1e-4);
    expect(found).toBeLessThan(0.25 * (await trained(1e-4, 0.9)));
    expect(found).toBeLessThan(0.25 * (await trained(0.001, 0)));
  });

  testInCi("a rate that is far too high becomes one that beats the default of downhill train", async () => {
    const found = await tuned(1000);
    expect(await trained(1000, 0.9)).toBeGreaterThan(100 * found);
    expect(found).toBeLessThan(await trained(0.2, 0.9));
  });
});

describe("misuse", () => {
  test.each<[string, object, string]>([
    ["an unknown option", { round: 3 }, 'tune: unknown option "round". Did you mean "rounds"?'],
    ["no hyper-parameters", { start: {} }, "tune: start must have a number for each hyper-parameter"],
    ["a rate of 0", { start: { learningRate: 0 } }, "tune: start.learningRate must be a number above 0"],
    [
      "a momentum of 1",
      { start: { momentum: 1 }, optimizer: ({ momentum }: { momentum: Tensor }) => sgd({ momentum }) },
      "tune: start.momentum must be a number between 0 and 1, both excluded, because it is tuned in unit space; got 1.",
    ],
    ["an unknown space", { spaces: { learningRate: "logs" } }, 'Did you mean "log"?'],
    ["a space of a number that is not tuned", { spaces: { momentum: "unit" } }, 'unknown option "momentum"'],
    ["no horizon", { horizon: 0 }, "tune: horizon must be an integer of 1 or more, got 0."],
    ["half a round", { rounds: 1.5 }, "tune: rounds must be an integer of 1 or more, got 1.5."],
    ["no restart", { restartEvery: 0 }, "tune: restartEvery must be"],
    ["no judge", { judgedBy: -1 }, "tune: judgedBy must be"],
    ["no step", { stepSize: 0 }, "tune: stepSize must be a finite number above 0, got 0."],
    ["an optimiser that is made already", { optimizer: sgd() }, "tune: optimizer must be a function"],
    [
      "a function that makes none",
      { optimizer: () => 3 },
      "tune: the result of optimizer must be an optimiser",
    ],
    [
      "an optimiser with a line search",
      { optimizer: () => lbfgs() },
      "tune: the steps of this optimiser depend on a search over loss values",
    ],
    ["no loss", { loss: 3 }, "tune: loss must be a function"],
    ["no data", { data: 3 }, "tune: data must yield batches."],
    ["empty data", { data: [] }, "tune: epoch 1 has no batch."],
    ["invalid validation data", { validation: {} }, "tune: validation must yield batches."],
    ["an iterator", { data: [{ scale: tensor([1, 4]) }].values() }, "An iterator can be read only once"],
    ["no parameters", { params: {} }, "tune: params contains no tensors"],
  ])("%s is refused", async (_, wrong, message) => {
    await expect(tune({ ...bowl, ...wrong } as never)).rejects.toThrow(message);
  });
});
