import { add, matmul, mean, mul, square, sub, type Tensor, tensor, zeros } from "downhill";
import { dataset } from "downhill/data";
import { meanSquaredError } from "downhill/nn";
import {
  accumulate,
  adam,
  chain,
  clipByGlobalNorm,
  ema,
  lbfgs,
  type Optimizer,
  reduceOnPlateau,
  sgd,
} from "downhill/optim";
import { type EpochRecord, fit, type FitOptions, type LogEntry } from "downhill/train";
import { describe, expect, test } from "vitest";

interface Line {
  readonly a: Tensor;
  readonly c: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}
const line = { x: [1, 2, 3, 4, 5, 6, 7], y: [3, 5, 7, 8, 11, 13, 16] };
const squares = ({ a, c }: Line, { x, y }: Points): Tensor => meanSquaredError(add(mul(a, x), c), y);
const options = {
  params: { a: tensor(0), c: tensor(0) } as Line,
  loss: squares,
  data: dataset(line).batch(2),
  optimizer: sgd({ learningRate: 0.01 }) as Optimizer<Line, unknown>,
  epochs: 3,
} satisfies FitOptions<Line, unknown, Points>;

/** A loss whose epochs have these values, regardless of the parameters. */
function scripted(
  values: readonly number[],
  more: object = {},
): FitOptions<{ w: Tensor }, unknown, { x: Tensor }> {
  return {
    params: { w: tensor(0) },
    loss: ({ w }, { x }) => ({ loss: add(x.at(0), mul(w, 0)), metrics: { size: x.at(0) } }),
    data: { epoch: (k) => [{ x: tensor([values[k]!]) }] },
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: values.length,
    ...more,
  };
}

describe("validation", () => {
  test("measures the parameters at the end of each epoch on held-out data, without training", async () => {
    const seen: boolean[] = [];
    const { history, time } = await fit({
      ...options,
      loss(p, batch, { training }) {
        seen.push(training);
        const loss = squares(p, batch);
        return { loss: training ? mul(loss, 1) : loss, metrics: { a: p.a } };
      },
      validation: dataset({ x: [0, 10], y: [1, 20] }).batch(1),
      hooks: {
        epoch({ validation, params, epoch }) {
          const [a, c] = [params.a.item(), params.c.item()];
          expect(validation!.loss).toBeCloseTo(((c - 1) ** 2 + (10 * a + c - 20) ** 2) / 2, 12);
          expect(validation!.metrics).toEqual({ a });
          expect(validation!.items).toBe(2);
          expect(epoch).toBeGreaterThan(0);
        },
      },
    });
    expect(history.map(({ validation }) => validation!.items)).toEqual([2, 2, 2]);
    expect(new Set(seen)).toEqual(new Set([true, false]));
    expect(time.validation).toBeGreaterThan(0);
  });
});

describe("early stopping", () => {
  const losses = [5, 4, 4.5, 3.9, 3.95, 4, 3.9, 3, 2];
  test.each<[object, number]>([
    [{ patience: 1 }, 3], // 4.5 is no improvement
    [{ patience: 2 }, 6], // 3.95 and 4
    [{ patience: 3 }, 7], // and 3.9, which is no better than 3.9
    [{ patience: 4 }, 9], // 3 comes in time
    [{ patience: 2, minDelta: 0.2 }, 4], // 3.9 is better than 4 by less
    [{ patience: 1, monitor: "size", mode: "max" }, 2],
    [{ patience: 9 }, 9],
  ])("%j stops after epoch %d", async (earlyStopping, epochs) => {
    const { history, stopped } = await fit(scripted(losses, { earlyStopping }));
    expect(history.length).toBe(epochs);
    expect(stopped).toBe(epochs < losses.length ? "early-stopping" : "finished");
  });

  test("counts NaN as no improvement, and does not begin with it", async () => {
    const metrics = [Number.NaN, 2, Number.NaN, 1, Number.NaN, Number.NaN, 0];
    const { history } = await fit({
      params: { w: tensor(0) },
      loss: ({ w }, { x }: { readonly x: Tensor }) => ({ loss: mul(w, 0), metrics: { m: x.at(0) } }),
      data: { epoch: (k) => [{ x: tensor([metrics[k]!]) }] },
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: metrics.length,
      earlyStopping: { patience: 2, monitor: "m", mode: "min" },
    });
    expect(history.length).toBe(6);
  });
});

describe("the best weights", () => {
  test("are those at the end of the epoch with the lowest loss, on the validation data if there are any", async () => {
    const ends: { epoch: number; a: number; value: number }[] = [];
    const { best, params, history } = await fit({
      ...options,
      epochs: 12,
      optimizer: sgd({ learningRate: 0.03, momentum: 0.8 }),
      validation: dataset({ x: [0, 8], y: [1, 17] }).batch(2),
      keepBest: true,
      hooks: {
        epoch: (e) => void ends.push({ epoch: e.epoch, a: e.params.a.item(), value: e.validation!.loss }),
      },
    });
    const least = ends.toSorted((a, b) => a.value - b.value)[0]!;
    expect(least.epoch).toBeLessThan(12);
    expect(best).toMatchObject({ epoch: least.epoch, value: least.value, monitor: "validation.loss" });
    expect(best!.step).toBe(history[least.epoch - 1]!.step);
    expect(best!.params.a.item()).toBe(least.a);
    expect(params.a.item()).not.toBe(least.a);
  });

  test("use a metric if one is named, take the first of equals, and are undefined without the option", async () => {
    const { best } = await fit(scripted([1, 3, 2, 3], { keepBest: { monitor: "size", mode: "max" } }));
    expect([best!.epoch, best!.value]).toEqual([2, 3]);
    expect((await fit(scripted([1, 2]))).best).toBe(undefined);
  });
});

describe("a plateau", () => {
  test("scales the rate like PyTorch's scheduler, starting with the next epoch", async () => {
    // By hand: 1, 1 (bad 1), 1 (bad 2 > 1: half), 0.5, 0.5 (bad 1), 0.5 (half).
    const plateau = reduceOnPlateau({ factor: 0.5, patience: 1 });
    const { history } = await fit(scripted([1, 1, 1, 0.5, 0.5, 0.5, 0.5], { plateau }));
    expect(history.map(({ rateScale }) => rateScale)).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
    expect(history.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]);
  });

  test.each<[string, (learningRate: number) => Optimizer<Line, unknown>]>([
    ["sgd with momentum", (learningRate) => sgd({ learningRate, momentum: 0.9 })],
    ["adam with its average", (learningRate) => chain(clipByGlobalNorm(1), adam({ learningRate }), ema())],
    ["lbfgs", (learningRate) => lbfgs({ learningRate, maxIterations: 2 })],
  ])("takes the steps of an optimiser with the lower rate: %s", async (_, make) => {
    const full = { ...options, data: dataset(line).batch("full"), epochs: 1 };
    const first = await fit({ ...full, optimizer: make(0.02) });
    const low = make(0.01);
    const second = await fit({
      ...full,
      params: first.params,
      optimizer: { ...low, init: () => first.state },
    });
    // A metric that never improves: the second epoch runs at half the rate.
    const plateau = { rule: reduceOnPlateau({ factor: 0.5, patience: 0 }), monitor: "one" };
    const scaled = await fit({
      ...full,
      loss: (p, batch) => ({ loss: squares(p, batch), metrics: { one: tensor(Number.NaN) } }),
      optimizer: make(0.02),
      plateau,
      epochs: 2,
    });
    expect(JSON.stringify([scaled.params, scaled.state])).toBe(JSON.stringify([second.params, second.state]));
  });

  test("is refused with an optimiser whose rate cannot be scaled", async () => {
    const own: Optimizer<Line, null> = {
      init: () => null,
      update: (grads) => ({ updates: { a: mul(grads.a, -0.1), c: mul(grads.c, -0.1) }, state: null }),
    };
    await expect(fit({ ...options, optimizer: own, plateau: reduceOnPlateau() })).rejects.toThrow(
      "fit: the optimiser does not read extra.rateScale, so plateau cannot lower its learning rate.",
    );
  });
});

describe("several batches per step", () => {
  const [n, features] = [12, 3];
  const x = Array.from({ length: n }, (_, i) =>
    Array.from({ length: features }, (_, j) => Math.sin(i * 3 + j)),
  );
  const y = x.map((row) => row[0]! - 2 * row[1]! + Math.cos(row[2]!));
  const net = {
    params: { w: zeros([features]), b: tensor(0.5) },
    loss: ({ w, b }: { w: Tensor; b: Tensor }, batch: Points) => ({
      loss: mean(square(sub(add(matmul(batch.x, w), b), batch.y))),
      metrics: { first: batch.y.at(0) },
    }),
    optimizer: adam({ learningRate: 0.1 }),
    epochs: 5,
  };

  test.each([
    [4, 3, 12],
    [3, 2, 6],
    [5, 2, 10], // 5 + 5, and the last 2 alone
    [5, 3, 12], // 5 + 5 + 2 in one step, each item with the same weight
    [4, 2, 8], // 4 + 4, and the last 4
  ])("batches of %d, %d per step, take the steps of batches of %d", async (size, count, large) => {
    const small = await fit({ ...net, data: dataset({ x, y }).batch(size), accumulate: count });
    const whole = await fit({ ...net, data: dataset({ x, y }).batch(large) });
    expect(small.step).toBe(whole.step);
    // The sum of means of parts equals the mean of all up to rounding; five epochs add little to the difference.
    small.params.w.data().forEach((value, i) => expect(value).toBeCloseTo(whole.params.w.data()[i]!, 13));
    expect(small.params.b.item()).toBeCloseTo(whole.params.b.item(), 13);
    small.history.forEach(({ loss }, i) => expect(loss).toBeCloseTo(whole.history[i]!.loss, 13));
  });

  test("work for losses that are sums; with equal batches they equal optim's accumulate", async () => {
    const summed = {
      ...net,
      loss: (p: typeof net.params, batch: Points) => mul(net.loss(p, batch).loss, batch.y.shape[0]!),
      reduction: "sum",
      optimizer: sgd({ learningRate: 0.01 }),
    } as const;
    const small = await fit({ ...summed, data: dataset({ x, y }).batch(5), accumulate: 2 });
    const whole = await fit({ ...summed, data: dataset({ x, y }).batch(10) });
    expect(small.params.b.item()).toBeCloseTo(whole.params.b.item(), 13);
    expect(small.history[4]!.loss).toBeCloseTo(whole.history[4]!.loss, 13);

    const even = await fit({ ...net, data: dataset({ x, y }).batch(4), accumulate: 3 });
    const wrapped = await fit({
      ...net,
      data: dataset({ x, y }).batch(4),
      optimizer: accumulate(net.optimizer, 3),
    });
    expect(even.params.b.item()).toBeCloseTo(wrapped.params.b.item(), 13);
    expect([even.step, wrapped.step]).toEqual([5, 15]);
  });

  test("emit one event per step with the loss and items of its batches, which have their own random numbers", async () => {
    const keys = new Set<number>();
    const run = fit({
      ...net,
      data: dataset({ x, y }).batch(5),
      accumulate: 2,
      epochs: 2,
      every: "step",
      loss: (p, batch, { key }) => {
        const { loss } = net.loss(p, batch);
        return { loss, metrics: { key: key.at(0).astype("float64") } };
      },
    });
    const steps: number[][] = [];
    for await (const event of run) {
      if (event.kind !== "step") continue;
      steps.push([event.epoch, event.step, event.batch, event.items]);
      keys.add(event.metrics["key"]!);
    }
    expect(steps).toEqual([[1, 1, 2, 10], [1, 2, 3, 2], [2, 3, 2, 10], [2, 4, 3, 2]]); // prettier-ignore
    expect(keys.size).toBe(4);
  });

  test("are refused with an optimiser that needs all items at once", () => {
    expect(() => fit({ ...options, optimizer: lbfgs(), accumulate: 2 })).toThrow(
      "fit: accumulate cannot be used with an optimiser that evaluates the loss at other points",
    );
  });
});

describe("hooks", () => {
  test("are called with the current state, are awaited, and may stop the run", async () => {
    const calls: string[] = [];
    const { stopped, step } = await fit({
      ...options,
      hooks: {
        step: async ({ step: n, params }) => {
          await Promise.resolve();
          calls.push(`step ${n} ${params.a.ndim}`);
          return n === 6 ? "stop" : undefined;
        },
        epoch: ({ epoch }) => void calls.push(`epoch ${epoch}`),
      },
    });
    expect(calls).toEqual([
      "step 1 0",
      "step 2 0",
      "step 3 0",
      "step 4 0",
      "epoch 1",
      "step 5 0",
      "step 6 0",
    ]);
    expect([stopped, step]).toEqual(["hook", 6]);
    const atEpoch = await fit({
      ...options,
      hooks: { epoch: ({ epoch }) => (epoch === 2 ? "stop" : undefined) },
    });
    expect([atEpoch.stopped, atEpoch.history.length]).toEqual(["hook", 2]);
  });
});

describe("times", () => {
  test("separate waiting for data from computing, per epoch and in total", async () => {
    const spin = (ms: number): void => {
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    const { history, time } = await fit({
      ...options,
      epochs: 2,
      data: {
        *epoch() {
          for (let i = 0; i < 3; i++) {
            spin(10);
            yield { x: tensor([1, 2]), y: tensor([3, 5]) };
          }
        },
      },
      hooks: { step: () => spin(20) },
    });
    const second: EpochRecord = history[1]!; // everything is compiled by now
    expect(second.dataSeconds).toBeGreaterThanOrEqual(0.03);
    expect(second.seconds).toBeGreaterThanOrEqual(second.dataSeconds + second.computeSeconds + 0.06);
    expect(second.computeSeconds).toBeGreaterThan(0);
    // The 60 ms of the hooks belong to neither.
    expect(second.dataSeconds + second.computeSeconds).toBeLessThan(second.seconds - 0.0599);
    expect(time.data).toBeCloseTo(history[0]!.dataSeconds + second.dataSeconds, 12);
    expect(time.compute).toBeCloseTo(history[0]!.computeSeconds + second.computeSeconds, 12);
    expect([time.validation, time.checkpoints]).toEqual([0, 0]);
  });
});

describe("the log", () => {
  test("receives start, steps, epochs and end as plain data", async () => {
    const entries: LogEntry[] = [];
    await fit({ ...options, epochs: 1, log: [(entry) => void entries.push(entry)] });
    expect(entries.map(({ kind }) => kind)).toEqual([
      "start",
      "step",
      "step",
      "step",
      "step",
      "epoch",
      "end",
    ]);
    expect(entries[0]).toEqual({
      kind: "start",
      step: 0,
      epoch: 0,
      epochs: 1,
      isResumed: false,
      parameters: 2,
    });
    expect(entries[1]).toMatchObject({
      epoch: 1,
      step: 1,
      batch: 1,
      items: 2,
      learningRate: 0.01,
      metrics: {},
    });
    expect(entries.at(-1)).toEqual({ kind: "end", stopped: "finished", step: 4, epoch: 1 });
    expect(JSON.parse(JSON.stringify(entries))).toEqual(entries);
  });

  test("receives the norms of the gradients if requested, for one or several batches per step", async () => {
    const told = async (more: object): Promise<readonly (readonly number[] | undefined)[]> => {
      const norms: (readonly number[] | undefined)[] = [];
      await fit({
        params: { a: tensor([3, 4]), b: tensor(2) },
        loss: ({ a, b }: { a: Tensor; b: Tensor }, { x }: { x: Tensor }) =>
          x.mean().mul(a.square().sum().div(2).add(b.square())), // gradients x̄ a and 2 x̄ b
        data: dataset({ x: [1, 3] }).batch(1),
        optimizer: sgd({ learningRate: 0 }),
        epochs: 1,
        log: (entry) => void (entry.kind === "step" && norms.push(entry.gradientNorms)),
        ...more,
      });
      return norms;
    };
    expect(await told({ gradientNorms: true })).toEqual([
      [5, 4],
      [15, 12],
    ]);
    expect(await told({ gradientNorms: true, accumulate: 2 })).toEqual([[10, 8]]);
    expect(await told({})).toEqual([undefined, undefined]);
  });

  test("that cannot be written ends the run, but does not hide an earlier error", async () => {
    const full = (kind: LogEntry["kind"]) => (entry: LogEntry) => {
      if (entry.kind === kind || entry.kind === "end") throw new Error("the log is full");
    };
    const run = fit({ ...options, log: full("epoch") });
    await expect(run).rejects.toThrow("the log is full");
    expect(run.latest.step).toBe(4);
    const diverging = { ...options, optimizer: sgd({ learningRate: 1e60 }), epochs: 9 };
    await expect(fit({ ...diverging, log: full("end") })).rejects.toThrow("fit: the loss is Infinity");
  });

  test("reports an end by an error", async () => {
    const entries: LogEntry[] = [];
    const log = (entry: LogEntry): void => void entries.push(entry);
    const run = fit({ ...options, optimizer: sgd({ learningRate: 1e60 }), epochs: 9, log });
    await expect(run).rejects.toThrow("fit: the loss is Infinity");
    expect(entries.at(-1)).toMatchObject({
      kind: "end",
      stopped: "diverged",
      error: expect.stringContaining("fit: the loss is Infinity") as string,
    });
  });
});

describe("misuse", () => {
  test.each<[object, string]>([
    [{ gradientNorms: "yes" }, "fit: gradientNorms must be true or false."],
    [{ accumulate: 0 }, "fit: accumulate must be an integer of 1 or more; got 0."],
    [{ accumulate: 1.5 }, "got 1.5."],
    [{ validation: line }, "fit: validation must yield batches. Pass dataset({ x, y }).batch(32)"],
    [{ earlyStopping: {} }, "fit: earlyStopping: patience must be an integer of 1 or more; got undefined."],
    [{ earlyStopping: { patience: 0 } }, "1 or more; got 0."],
    [
      { earlyStopping: { patience: 1, minDelta: -1 } },
      "minDelta must be a finite number of 0 or more; got -1.",
    ],
    [
      { earlyStopping: { patience: 1, mode: "mim" } },
      'mode must be "min" or "max", got "mim". Did you mean "min"?',
    ],
    [{ earlyStopping: { patience: 1, minDelt: 1 } }, 'unknown option "minDelt". Did you mean "minDelta"?'],
    [
      { keepBest: { monitor: "accuracy" } },
      'fit: keepBest: set the direction in which "accuracy" improves: mode: "max" or mode: "min".',
    ],
    [
      { keepBest: { monitor: "validation.loss" } },
      'fit: keepBest: there is no "validation.loss" without the option validation.',
    ],
    [{ keepBest: { monitor: 3 } }, 'monitor must be a name such as "validation.loss"; got number.'],
    [{ plateau: { factor: 0.5 } }, 'fit: plateau: unknown option "factor". It takes rule, monitor.'],
    [{ plateau: { rule: 3 } }, "fit: plateau must be a rule as in plateau"],
    [{ hooks: { steps: () => {} } }, 'fit: hooks: unknown option "steps". Did you mean "step"?'],
    [{ hooks: { step: 3 } }, "fit: hooks: step must be a function; got number."],
    [{ log: "log.jsonl" }, "fit: log must be a function or a list of functions"],
    [{ resume: true }, "fit: resume needs a checkpoint to resume from"],
    [{ resume: 1, checkpoint: {} }, "fit: checkpoint: store must be a store"],
    [
      { checkpoint: { store: "a" } },
      "fit: checkpoint: store must be a store, as returned by checkpointFolder(path)",
    ],
    [{ checkpoint: { folder: "a" } }, 'fit: checkpoint: unknown option "folder". It takes store'],
  ])("%j is refused at once", (wrong, message) => {
    expect(() => fit({ ...options, ...wrong } as never)).toThrow(message);
  });

  test("an unknown monitor ends the run with the available names", async () => {
    await expect(fit({ ...options, keepBest: { monitor: "los", mode: "min" } })).rejects.toThrow(
      'fit: keepBest: there is no "los" to watch. Did you mean "loss"?',
    );
  });
});
