import { add, matmul, mul, sub, type Tensor, tensor, tanh, mean, square } from "downhill";
import { dataset } from "downhill/data";
import { adam, chain, clipByGlobalNorm, cosineDecay, ema, reduceOnPlateau, sgd } from "downhill/optim";
import {
  checkpointMemory,
  checkpointParams,
  type CheckpointStore,
  fit,
  type FitOptions,
  type FitResult,
  type LogEntry,
} from "downhill/train";
import { describe, expect, test, vi } from "vitest";

interface Params {
  readonly w: Tensor;
  readonly layers: readonly { readonly b: Tensor }[];
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}

const n = 23;
const grid = Array.from({ length: n }, (_, i) => [i / n, ((i * 7) % n) / n]);
const points = { x: grid, y: grid.map(([a, b]) => Math.sin(3 * a!) - b!) };
const start = (dtype: "float32" | "float64"): Params => ({
  w: tensor([0.3, -0.2], { dtype }),
  layers: [{ b: tensor(0.1, { dtype }) }],
});
/** A loss with its own random numbers. */
const noisy = (p: Params, { x, y }: Points, { key, training }: { key: Tensor; training: boolean }) => {
  const out = add(tanh(matmul(x, p.w)), p.layers[0]!.b);
  const uniform = key
    .at(0)
    .astype("float64")
    .mul(2 ** -32)
    .astype(p.w.dtype);
  const noise = training ? mul(uniform, 0.1) : 0;
  const loss = mean(square(sub(add(out, noise), y)));
  return { loss, metrics: { bias: p.layers[0]!.b } };
};

type Options = FitOptions<Params, unknown, Points>;
const float32 = { dtype: "float32" } as const;
const cases: Readonly<Record<string, Partial<Options>>> = {
  "momentum and a schedule": {
    optimizer: sgd({ learningRate: cosineDecay({ from: 0.3, steps: 20 }), momentum: 0.9 }),
  },
  "Adam, clipped and averaged": {
    optimizer: chain(clipByGlobalNorm(0.1), adam({ learningRate: 0.05 }), ema()),
  },
  "three batches a step": { optimizer: adam({ learningRate: 0.05 }), accumulate: 3 },
  "a plateau, early stopping, best weights, validation": {
    optimizer: sgd({ learningRate: 0.9, momentum: 0.5 }),
    plateau: reduceOnPlateau({ factor: 0.5, patience: 0 }),
    earlyStopping: { patience: 3, monitor: "bias", mode: "max" },
    keepBest: { monitor: "validation.bias", mode: "min" },
    validation: dataset(points, float32).batch(10),
  },
  "a stream": {
    optimizer: adam(),
    data: dataset(async function* (epoch: number) {
      for (let i = 0; i < n; i++) yield { x: [i / n, (epoch + 1) / 7], y: Math.sin(i) };
    }, float32)
      .shuffle({ seed: 3, buffer: 5 })
      .batch(4),
  },
  "an array of batches, and sums": {
    optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }),
    data: [...dataset(points, float32).batch(4)],
    reduction: "sum",
  },
};

function optionsOf(name: string): Options {
  return {
    params: start("float32"),
    loss: noisy,
    data: dataset(points, float32).shuffle({ seed: 5 }).batch(4),
    optimizer: adam(),
    epochs: 4,
    seed: 11,
    ...cases[name],
  };
}

/** Serialises everything that must be equal bit by bit: all of a result except its times. */
function bitsOf(result: Omit<FitResult<Params, unknown>, "stopped">): unknown {
  const { params, state, history, step, best } = result;
  const plain = history.map(({ seconds: _, dataSeconds: __, computeSeconds: ___, ...record }) => record);
  return JSON.parse(JSON.stringify({ params, state, plain, step, best }));
}

/** Trains for a number of batches and then leaves the loop. */
async function cutAfter(options: Options, batches: number, store: CheckpointStore): Promise<void> {
  const stop = new AbortController();
  let done = 0;
  const data = counting(options.data, () => {
    if (++done > batches) stop.abort();
  });
  await fit({ ...options, data, signal: stop.signal, checkpoint: { store }, resume: true });
}

/** The same data, with a call before each batch. */
function counting(data: Options["data"], onBatch: () => void): Options["data"] {
  const source = "epoch" in data ? data : { epoch: () => data };
  return {
    ...("batchCount" in data ? { batchCount: data.batchCount, count: data.count } : {}),
    async *epoch(k: number, options?: { readonly from?: number }) {
      const from = options?.from ?? 0;
      let i = "epoch" in data ? from : 0;
      for await (const batch of source.epoch(k, "epoch" in data ? { from } : undefined)) {
        if (i++ < from) continue;
        onBatch();
        yield batch;
      }
    },
  } as Options["data"];
}

describe("a run that was cut and resumed", () => {
  test.each(Object.keys(cases))("equals an uninterrupted one bit by bit: %s", async (name) => {
    const options = optionsOf(name);
    const unbroken = await fit(options);
    for (const batches of [1, 2, 5, 6, 7, 11, 17, 23]) {
      const store = checkpointMemory();
      await cutAfter(options, batches, store);
      const { checkpoint } = await store.load();
      const resumed = await fit({ ...options, checkpoint: { store }, resume: true });
      expect(checkpoint!.step).toBeLessThanOrEqual(unbroken.step);
      expect(bitsOf(resumed), `cut after ${batches}`).toEqual(bitsOf(unbroken));
      expect(resumed.stopped).toBe(unbroken.stopped);
    }
  });

  test("several times equals it too", async () => {
    const options = optionsOf("three batches a step");
    const store = checkpointMemory();
    for (let i = 1; i < 9; i++) await cutAfter(options, i % 4, store);
    const resumed = await fit({ ...options, checkpoint: { store }, resume: true });
    expect(bitsOf(resumed)).toEqual(bitsOf(await fit(options)));
  });

  test("can run for more epochs than first planned", async () => {
    const options = optionsOf("momentum and a schedule");
    const store = checkpointMemory();
    await fit({ ...options, epochs: 2, checkpoint: { store } });
    const resumed = await fit({ ...options, checkpoint: { store }, resume: true });
    expect(bitsOf(resumed)).toEqual(bitsOf(await fit(options)));
    const again = await fit({ ...options, checkpoint: { store }, resume: true });
    expect([bitsOf(again), again.stopped]).toEqual([bitsOf(resumed), "finished"]);
  });
});

describe("checkpoints", () => {
  const options = optionsOf("momentum and a schedule");
  const steps = async (
    checkpoint: object,
    more: Partial<Options> = {},
  ): Promise<[number, number, number][]> => {
    const found: [number, number, number][] = [];
    const log = (entry: LogEntry): void => {
      if (entry.kind === "checkpoint") found.push([entry.step, entry.epoch, entry.batch]);
    };
    await fit({
      ...options,
      epochs: 2,
      log,
      checkpoint: { store: checkpointMemory(), ...checkpoint },
      ...more,
    });
    return found;
  };

  test("are written after each epoch, or at intervals of steps and at the end", async () => {
    expect(await steps({})).toEqual([[6, 1, 0], [12, 2, 0]]); // prettier-ignore
    expect(await steps({ everySteps: 5 })).toEqual([[5, 0, 5], [10, 1, 4], [12, 2, 0]]); // prettier-ignore
  });

  test("are written at intervals of time", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const hooks = { step: () => void vi.advanceTimersByTime(1000) };
      const found = await steps({ everySeconds: 2.5 }, { hooks });
      expect(found).toEqual([[3, 0, 3], [6, 0, 6], [9, 1, 3], [12, 1, 6], [12, 2, 0]]); // prettier-ignore
    } finally {
      vi.useRealTimers();
    }
  });

  test("are not overwritten: without resume the store must be empty", async () => {
    const store = checkpointMemory();
    await fit({ ...options, epochs: 1, checkpoint: { store } });
    await expect(fit({ ...options, checkpoint: { store } })).rejects.toThrow(
      "fit: there is a checkpoint of step 6 already. Set resume: true",
    );
  });

  test("are written if a hook throws, and if the loop is left", async () => {
    const store = checkpointMemory();
    const hooks = {
      step: ({ step }: { readonly step: number }) => {
        if (step === 3) throw new Error("no more");
      },
    };
    await expect(fit({ ...options, hooks, checkpoint: { store } })).rejects.toThrow("no more");
    expect((await store.load()).checkpoint!.step).toBe(3);
    const run = fit({ ...options, every: "step", checkpoint: { store }, resume: true });
    for await (const { step } of run) if (step === 8) break;
    expect((await store.load()).checkpoint!.step).toBe(8);
  });

  test("are not written for a run that never took a step", async () => {
    const store = checkpointMemory();
    const loss = (): never => {
      throw new Error("wrong loss");
    };
    await expect(fit({ ...options, loss, checkpoint: { store } })).rejects.toThrow("wrong loss");
    expect((await store.load()).checkpoint).toBe(undefined);
  });

  const others: Readonly<Record<string, readonly [Partial<Options>, string]>> = {
    "another shape": [
      { params: { w: tensor([1, 2, 3]), layers: [{ b: tensor(0) }] } },
      "the parameters had params.w, f32[2], where this run has params.w, f64[3]. Pass the model",
    ],
    "another optimiser": [
      { optimizer: adam() },
      "the state of the optimiser had state.velocity.w, f32[2], where this run has state.mean.w, f32[2]",
    ],
    "the same optimiser with another state": [
      { optimizer: sgd({ learningRate: 0.1 }) },
      "where this run has state.velocity, null",
    ],
    "other data": [
      { data: dataset({ x: grid.slice(1), y: points.y.slice(1) }, float32).batch(4) },
      "its epochs had 23 items, these have 22. Pass the same data",
    ],
    "other batches": [{ data: dataset(points, float32).batch(5) }, "its epochs had 6 batches, these have 5"],
    "another seed": [{ seed: 12 }, "its seed was 11, this one is 12"],
    sums: [{ reduction: "sum" }, 'its reduction was "mean", this one is "sum"'],
    "more batches a step": [{ accumulate: 2 }, "a step took 1 of its batches, here it takes 2"],
  };
  test.each(Object.keys(others))("of another run are refused: %s", async (name) => {
    const store = checkpointMemory();
    await fit({ ...options, epochs: 1, checkpoint: { store } });
    const [other, message] = others[name]!;
    const run = fit({ ...options, ...other, checkpoint: { store }, resume: true });
    await expect(run).rejects.toMatchObject({
      code: "data",
      message: expect.stringContaining(message) as string,
    });
  });

  test("of data with other numbers cause a warning", async () => {
    const store = checkpointMemory();
    const warned: string[] = [];
    const log = (entry: LogEntry): void => void (entry.kind === "warning" && warned.push(entry.message));
    await fit({ ...options, epochs: 1, checkpoint: { store } });
    const data = dataset(points, float32).shuffle({ seed: 6 }).batch(4);
    const { warnings } = await fit({ ...options, data, log, epochs: 2, checkpoint: { store }, resume: true });
    expect(warned).toEqual([
      expect.stringContaining("the data differ from those that the checkpoint of step 6"),
    ]);
    expect(warnings).toEqual(warned);
  });
});

describe("checkpointParams", () => {
  test("returns the parameters at the last step, or those of the best epoch", async () => {
    const store = checkpointMemory();
    expect(await checkpointParams(store)).toBe(undefined);
    const options = optionsOf("a plateau, early stopping, best weights, validation");
    const { params, best } = await fit({ ...options, checkpoint: { store } });
    const bits = (p: Params | undefined): string => JSON.stringify(p);
    expect(bits(await checkpointParams<Params>(store))).toBe(bits(params));
    expect(bits(await checkpointParams<Params>(store, { which: "best" }))).toBe(bits(best!.params));
    const plain = checkpointMemory();
    await fit({ ...optionsOf("a stream"), checkpoint: { store: plain } });
    expect(await checkpointParams(plain, { which: "best" })).toBe(undefined);
    await expect(checkpointParams(plain, { which: "first" as never })).rejects.toThrow('"last" or "best"');
  });
});

describe("a run that diverges", () => {
  test("keeps the last good state and reports it", async () => {
    const store = checkpointMemory();
    const options = optionsOf("momentum and a schedule");
    const run = fit({
      ...options,
      loss: (p, batch, { step }) => {
        const { loss } = noisy(p, batch, { key: tensor(new Uint32Array(2)), training: false });
        return mul(loss, sub(4, step.astype("float32")).log().exp());
      },
      checkpoint: { store },
    });
    await expect(run).rejects.toThrow(
      /^fit: the loss is NaN at step 6 \(epoch 1, batch 6\).* comes from log: its value became NaN .*resume\.test\.ts:\d+.* The checkpoint holds the state after step 5\.$/,
    );
    const { checkpoint } = await store.load();
    expect(checkpoint!.step).toBe(5);
    expect(run.latest.step).toBe(5);
    expect(run.latest.params.w.tolist()).not.toContain(Number.NaN);
  });
});
