import { readFileSync } from "node:fs";
import { join } from "node:path";
import { add, matmul, mean, mul, softplus, square, sub, sum, type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { meanSquaredError } from "downhill/nn";
import { adam, lbfgs, type Optimizer, type Schedule, sgd, type SgdState } from "downhill/optim";
import { evaluator, fit, type FitEvent, type FitOptions } from "downhill/train";
import { describe, expect, test } from "vitest";

interface Line {
  readonly a: Tensor;
  readonly c: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}
const start: Line = { a: tensor(0), c: tensor(0) };
const line = { x: [1, 2, 3], y: [3, 5, 7] };
const squares = ({ a, c }: Line, { x, y }: Points): Tensor => meanSquaredError(add(mul(a, x), c), y);
const options = {
  params: start,
  loss: squares,
  data: dataset(line).batch(2),
  optimizer: sgd({ learningRate: 0.01 }),
  epochs: 1,
} satisfies FitOptions<Line, SgdState, Points>;

async function collect<E>(run: AsyncIterable<E>): Promise<E[]> {
  const events: E[] = [];
  for await (const event of run) events.push(event);
  return events;
}

test("an optimiser with a line search is compiled like any other", async () => {
  const { params, history } = await fit({
    ...options,
    data: dataset(line).batch(3),
    optimizer: lbfgs({ lineSearch: "strong-wolfe" }),
    epochs: 3,
  });
  expect(params.a.item()).toBeCloseTo(2, 6);
  expect(params.c.item()).toBeCloseTo(1, 6);
  expect(history.length).toBe(3);
});

describe("an epoch by hand", () => {
  // Batches {(1, 3), (2, 5)} and {(3, 7)} of y = 2x + 1, from a = c = 0 at rate 0.01, mean losses.
  // Batch 1: residuals −3, −5: loss 17, ∂a = −13, ∂c = −8, to (0.13, 0.08).
  // Batch 2: residual 0.39 + 0.08 − 7 = −6.53: loss 42.6409, ∂a = −39.18, ∂c = −13.06, to (0.5218, 0.2106).
  test("takes one step per batch, including the short last one, and weights losses by items", async () => {
    const events = await collect(fit({ ...options, every: "step" }));
    expect(events.map(({ kind, epoch, step, items }) => [kind, epoch, step, items])).toEqual([
      ["step", 1, 1, 2],
      ["step", 1, 2, 1],
      ["epoch", 1, 2, 3],
    ]);
    [17, 42.6409, (2 * 17 + 42.6409) / 3].forEach((loss, i) => expect(events[i]!.loss).toBeCloseTo(loss, 12));
    expect(events[0]!.params.a.item()).toBeCloseTo(0.13, 14);
    expect(events[1]!.params.a.item()).toBeCloseTo(0.5218, 14);
    expect(events[1]!.params.c.item()).toBeCloseTo(0.2106, 14);
    expect(events[2]!.params).toBe(events[1]!.params);
  });

  test("with sums: one item per step is SGD, all items is gradient descent", async () => {
    const total = (p: Line, { x, y }: Points): Tensor => sum(square(sub(add(mul(p.a, x), p.c), y)));
    const shared = { ...options, loss: total, reduction: "sum" } as const;
    const full = await fit({ ...shared, data: dataset(line).batch("full") });
    expect([full.params.a.item(), full.params.c.item()]).toEqual([0.68, 0.3]);
    expect(full.history[0]!.loss).toBeCloseTo((9 + 25 + 49) / 3, 12);
    const single = await fit({ ...shared, data: dataset({ x: [2], y: [5] }).batch(1) });
    expect([single.params.a.item(), single.params.c.item()]).toEqual([0.2, 0.1]);
  });

  test("reports metrics as means over items, and plain numbers of the data unchanged", async () => {
    const run = fit({
      ...options,
      loss: (p, batch) => ({
        loss: squares(p, batch),
        metrics: { largest: batch.x.max(), "__proto__ x": p.a },
      }),
    });
    const [epoch] = await collect(run);
    expect(epoch!.metrics["largest"]).toBeCloseTo((2 * 2 + 3) / 3, 14);
    expect(epoch!.metrics["__proto__ x"]).toBeCloseTo(0.13 / 3, 14);
  });
});

describe("the mini-batch runs of PyTorch", () => {
  const golden = JSON.parse(readFileSync(join(import.meta.dirname, "testdata/train.json"), "utf8")) as {
    readonly data: { readonly data: Readonly<Record<"X" | "y", { shape: number[]; data: number[] }>> };
    readonly cases: readonly {
      readonly id: string;
      readonly optimizer: "SGD" | "Adam";
      readonly options: { readonly lr: number; readonly momentum?: number };
      readonly batches: readonly (readonly (readonly number[])[])[];
      readonly params: readonly (readonly number[])[];
      readonly epochLoss: readonly number[];
    }[];
  };
  const { X, y } = golden.data.data;
  const rowsOf = (rows: readonly number[]): Points => ({
    x: tensor(
      rows.flatMap((i) => X.data.slice(4 * i, 4 * i + 4)),
      { shape: [rows.length, 4] },
    ),
    y: tensor(rows.map((i) => y.data[i]!)),
  });

  test("are present", () => expect(golden.cases.length).toBe(5));

  test.each(golden.cases.map((run) => [run.id, run] as const))("%s", async (_, run) => {
    const { lr: learningRate, ...rest } = run.options;
    const optimizer: Optimizer<{ w: Tensor; b: Tensor }, unknown> =
      run.optimizer === "SGD" ? sgd({ learningRate, ...rest }) : adam({ learningRate, ...rest });
    const fitted = fit({
      params: { w: tensor([0, 0, 0, 0]), b: tensor([0]) },
      loss({ w, b }, batch: Points) {
        const z = add(matmul(batch.x, w), b);
        return mean(sub(softplus(z), mul(batch.y, z)));
      },
      data: { epoch: (k) => run.batches[k]!.map(rowsOf) },
      optimizer,
      epochs: run.batches.length,
      every: "step",
    });
    let step = 0;
    for await (const event of fitted) {
      if (event.kind === "epoch") {
        expect(event.loss).toBeCloseTo(run.epochLoss[event.epoch - 1]!, 11);
        continue;
      }
      const got = [...event.params.w.data(), ...event.params.b.data()];
      // Two correct runs of well-conditioned steps differ by a few ulps per step.
      run.params[step++]!.forEach((x, i) => expect(got[i]).toBeCloseTo(x, 11));
    }
    expect(step).toBe(run.params.length);
  });
});

describe("a run", () => {
  test("can be awaited, iterated, and awaited after the loop", async () => {
    const awaited = await fit({ ...options, epochs: 3 });
    const run = fit({ ...options, epochs: 3 });
    const events = await collect(run);
    const result = await run;
    expect(result.stopped).toBe("finished");
    expect(result.step).toBe(6);
    expect(result.params.a.item()).toBe(awaited.params.a.item());
    expect(result.history.map(({ loss }) => loss)).toEqual(events.map(({ loss }) => loss));
    expect((await run).params).toBe(result.params);
  });

  test("ends when its loop is left, closes the data, and keeps its state", async () => {
    let closed = 0;
    async function* endless(): AsyncGenerator<Points> {
      try {
        for (;;) yield { x: tensor([1]), y: tensor([3]) };
      } finally {
        closed++;
      }
    }
    const run = fit({ ...options, data: { epoch: endless }, every: "step", epochs: Infinity });
    for await (const { step } of run) if (step === 3) break;
    expect(closed).toBe(1);
    const { stopped, step, history } = await run;
    expect([stopped, step, history]).toEqual(["left", 3, []]);
  });

  test("ends at the signal: before it begins, between steps, and while it waits for data", async () => {
    expect((await fit({ ...options, signal: AbortSignal.abort() })).stopped).toBe("aborted");

    const between = new AbortController();
    const run = fit({ ...options, every: "step", epochs: 100, signal: between.signal });
    for await (const { step } of run) if (step === 3) between.abort();
    expect([(await run).stopped, (await run).step, (await run).history.length]).toEqual(["aborted", 3, 1]);

    const waiting = new AbortController();
    let isClosed = false;
    const hanging: AsyncIterable<Points> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          queueMicrotask(() => waiting.abort());
          return new Promise(() => {});
        },
        return: async () => {
          isClosed = true;
          return new Promise(() => {});
        },
      }),
    };
    expect((await fit({ ...options, data: hanging, signal: waiting.signal })).stopped).toBe("aborted");
    expect(isClosed).toBe(true);
  });

  test("that has done all epochs is finished, even if the signal is raised then", async () => {
    const controller = new AbortController();
    const run = fit({ ...options, signal: controller.signal });
    for await (const event of run) if (event.kind === "epoch") controller.abort();
    expect((await run).stopped).toBe("finished");
  });

  test("of no epochs returns its initial state", async () => {
    const { params, history, stopped } = await fit({ ...options, epochs: 0 });
    expect([params.a.item(), history, stopped]).toEqual([0, [], "finished"]);
  });

  test("lets timers run", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const stop = new AbortController();
    const run = fit({ ...options, every: "step", epochs: Infinity, signal: stop.signal });
    let end = Infinity;
    for await (const { epoch } of run) {
      if (epoch === 2 && end === Infinity) end = performance.now() + 400; // everything is compiled by now
      if (performance.now() > end) stop.abort();
    }
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("is equal bit by bit for equal seeds, and the key of a step depends on nothing else", async () => {
    const once = async (seed: number): Promise<unknown> => {
      const data = dataset({ x: [1, 2, 3, 4, 5], y: [3, 5, 7, 9, 12] })
        .shuffle({ seed })
        .batch(2);
      const noisy = (p: Line, batch: Points, { key }: { key: Tensor }): Tensor =>
        add(
          squares(p, batch),
          mul(
            p.a,
            key
              .at(0)
              .astype("float64")
              .mul(2 ** -32),
          ),
        );
      const { params, state } = await fit({
        ...options,
        loss: noisy,
        data,
        optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }),
        epochs: 3,
        seed,
      });
      return [params.a.item(), params.c.item(), (state as SgdState<Line>).velocity?.a.item()];
    };
    expect(await once(1)).toEqual(await once(1));
    expect(await once(1)).not.toEqual(await once(2));
  });

  test("reports the learning rate of each step", async () => {
    const learningRate = ((t: number) => (typeof t === "number" ? 0.1 / (t + 1) : mul(0, t))) as Schedule;
    const events = await collect(fit({ ...options, optimizer: sgd({ learningRate }), every: "step" }));
    expect(events.map((event) => event.learningRate)).toEqual([0.1, 0.05, 0.05]);
  });

  test("accepts plain numbers as parameters, and arrays of batches as data", async () => {
    const { params } = await fit({
      params: { a: 0, c: 0 } as unknown as Line,
      loss: squares,
      data: [{ x: tensor([1, 2]), y: tensor([3, 5]) }],
      optimizer: sgd({ learningRate: 0.01 }),
      epochs: 2,
    });
    expect(params.a.item()).toBeGreaterThan(0.13);
  });

  test("passes the step to the loss, and compiles once per shape of batch", async () => {
    let traced = 0;
    const seen: number[] = [];
    const run = fit({
      ...options,
      epochs: 4,
      every: "step",
      loss(p, batch, { step }) {
        traced++;
        return { loss: squares(p, batch), metrics: { step: step.astype("float64") } };
      },
    });
    for await (const event of run) if (event.kind === "step") seen.push(event.metrics["step"]!);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(traced).toBe(2);
  });
});

describe("a step that is not finite", () => {
  test("stops the run with its number, advice and the parameters before it", async () => {
    const run = fit({ ...options, optimizer: sgd({ learningRate: 1e60 }), epochs: 20, every: "step" });
    const events: FitEvent<Line, SgdState>[] = [];
    const loop = async (): Promise<void> => {
      for await (const event of run) events.push(event);
    };
    await expect(loop()).rejects.toThrow(
      /^fit: the loss is Infinity at step \d \(epoch \d, batch \d\)\. Lower the learning rate \(it is 1e\+60\)/,
    );
    await expect(run).rejects.toMatchObject({ name: "DownhillError", code: "nan" });
    expect(run.latest.params).toBe(events.findLast(({ kind }) => kind === "step")!.params);
    expect(Number.isFinite(run.latest.params.a.item())).toBe(true);
  });

  test("at the beginning points to data and parameters", async () => {
    const data = dataset({ x: [Number.NaN], y: [1] }).batch(1);
    await expect(fit({ ...options, data })).rejects.toThrow(
      "fit: the loss is NaN at step 1 (epoch 1, batch 1). Check the data",
    );
  });

  test("may have a finite loss and a non-finite update", async () => {
    const run = fit({
      ...options,
      loss: ({ a }, { x }) =>
        sum(mul(a, mul(x, Infinity)))
          .mul(0)
          .add(1),
    });
    await expect(run).rejects.toThrow(/is (not finite|NaN)/);
    expect(run.latest.params.a.item()).toBe(0);
  });
});

describe("misuse", () => {
  test.each<[string, object, string]>([
    ["an unknown option", { epoch: 3 }, 'fit: unknown option "epoch". Did you mean "epochs"?'],
    ["a learning rate in the wrong place", { lr: 3 }, 'fit: unknown option "lr".'],
    ["no parameters", { params: {} }, "fit: params holds no tensor"],
    ["no loss", { loss: undefined }, "fit: loss must be a function"],
    [
      "data without batches",
      { data: dataset(line) },
      "fit: data must yield batches. Set the batch size, as in data.batch(32).",
    ],
    ["raw arrays", { data: line }, "fit: data must yield batches. Pass dataset({ x, y }).batch(32)"],
    ["no optimiser", { optimizer: "sgd" }, "fit: optimizer must be an optimiser"],
    ["half an epoch", { epochs: 0.5 }, "fit: epochs must be an integer of 0 or more, or Infinity; got 0.5."],
    ["a fraction as seed", { seed: 0.5 }, "the seed must be an integer"],
    ["an invalid signal", { signal: {} }, "fit: signal must be an AbortSignal"],
    ["another every", { every: "batch" }, 'fit: every must be "epoch" or "step"'],
  ])("%s is refused at once", (_, wrong, message) => {
    expect(() => fit({ ...options, ...wrong } as never)).toThrow(message);
  });

  test.each<[string, object, string]>([
    ["a loss that is not a scalar", { loss: (p: Line, { x }: Points) => mul(p.a, x) }, "f64[2]"],
    ["an async loss", { loss: async () => tensor(1) }, "async"],
    [
      "a loss that returns nothing",
      { loss: () => {} },
      "the loss must return a scalar tensor, or { loss, metrics, modelState }",
    ],
    [
      "a metric that is not a scalar",
      { loss: (p: Line, b: Points) => ({ loss: squares(p, b), metrics: { all: b.x } }) },
      'the metric "all" must be a scalar tensor, got f64[2]',
    ],
    ["no batches", { data: [] }, "fit: epoch 1 has no batch."],
    [
      "an iterator that is used up",
      { data: [{ x: [1], y: [1] }].values(), epochs: 2 },
      "An iterator can be read only once",
    ],
    ["batches of nothing", { data: [{}] }, "fit: a batch holds no array"],
  ])("%s ends the run", async (_, wrong, message) => {
    await expect(fit({ ...options, ...wrong } as never)).rejects.toThrow(message);
  });

  test("a second loop over one run is refused", async () => {
    const run = fit(options);
    await run;
    expect(() => run[Symbol.asyncIterator]()).toThrow("a run can be looped over once. Call fit again");
  });
});

describe("evaluator", () => {
  test("measures loss and metrics over all items, and compiles once per shape", async () => {
    let traced = 0;
    const evaluate = evaluator((p: Line, batch: Points) => {
      traced++;
      return { loss: squares(p, batch), metrics: { top: batch.x.max() } };
    });
    const data = dataset(line).batch(2);
    expect(await evaluate(start, data)).toEqual({
      loss: (9 + 25 + 49) / 3,
      metrics: { top: 7 / 3 },
      items: 3,
    });
    await evaluate({ a: tensor(2), c: tensor(1) }, data);
    expect(traced).toBe(2); // one per shape
  });
});

test("a loop over a run without await, and an evaluator without a loss, are refused", () => {
  const run = fit({ ...options, epochs: 0 });
  expect(() => [...(run as unknown as Iterable<unknown>)]).toThrow(
    "fit: the events of a run are asynchronous. Write for await (… of run).",
  );
  expect(() => evaluator(undefined as never)).toThrow(
    "evaluator: expects a function, got undefined. Write evaluator((params, batch) => …).",
  );
});
