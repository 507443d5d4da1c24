import { describe, expect, test } from "vitest";
import { tensor, type Tensor, zeros } from "downhill";
import { dataset } from "downhill/data";
import { dense, denseInit, type DenseParams } from "downhill/nn";
import { adam, reduceOnPlateau, sgd } from "downhill/optim";
import { key, normal } from "downhill/random";
import { checkpointMemory, fit, type FitOptions, type FitResult, type LogEntry } from "downhill/train";
import type { WebGpu } from "downhill/webgpu";
import { openWebGpu } from "downhill/webgpu";
import { extent } from "../../../test/support/extent.ts";
import { openGpuForFile } from "../../../test/support/open-gpu.ts";
import { seeded } from "../../../test/support/sampling.ts";
import { gpuOfNode, gpuThatCanBeLost, testOnGpu, testOnGpuInCi } from "../../../test/support/webgpu.ts";

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));

const f32 = { dtype: "float32" } as const;
// small, because a software device takes long to compile
type Params = DenseParams;
const paramsOf = (dtype: "float32" | "float64" = "float32"): Params => denseInit(key(1), 3, 1, { dtype });
interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}
const x = normal(key(3), [24, 3], f32);
const data = dataset({ x, y: x.sum(1, { keepdims: true }) })
  .shuffle({ seed: 5 })
  .batch(8);
const loss = (p: Params, batch: Batch): { loss: Tensor; metrics: { worst: Tensor } } => {
  const error = dense(p, batch.x).sub(batch.y);
  return { loss: error.mul(error).mean(), metrics: { worst: error.abs().max() } };
};

type Options = FitOptions<Params, unknown, Batch>;
const optionsOf = (more: Partial<Options> = {}): Options => ({
  params: paramsOf(),
  loss,
  data,
  optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
  epochs: 3,
  ...more,
});

/** The parts of a result that do not depend on the time. */
function resultOf({ params, history, step, stopped, best }: FitResult<Params, unknown>): unknown {
  const numbers = (p: Params): unknown => Object.values(p).map((w) => [...(w as Tensor).data()]);
  const epochs = history.map(({ loss: mean, metrics, validation, rateScale }) => ({
    mean,
    metrics,
    validation,
    rateScale,
  }));
  return { params: numbers(params), epochs, step, stopped, best: best && numbers(best.params) };
}

describe("fit on a device", () => {
  const cases: Readonly<Record<string, Partial<Options>>> = {
    "validation, best epoch and a plateau": {
      validation: data,
      keepBest: { monitor: "validation.loss" },
      plateau: reduceOnPlateau({ factor: 0.5, patience: 0, threshold: 0.5 }),
    },
    "steps of one batch, with norms of gradients": { gradientNorms: true },
    "several batches per step": { accumulate: 2 },
    shards: { shards: 2 },
  };
  const expectSame = async (more: Partial<Options>): Promise<void> => {
    const there = await fit(optionsOf({ ...more, device: gpu }));
    expect(resultOf(there)).toEqual(resultOf(await fit(optionsOf(more))));
  };
  const [first, ...others] = Object.keys(cases);
  testOnGpu(`has the processor's bits: ${first!}`, () => expectSame(cases[first!]!));
  testOnGpuInCi.each(others)("has the processor's bits: %s", (name) => expectSame(cases[name]!));

  testOnGpuInCi("Adam, whose corrections are float64 scalars, has the processor's bits", () =>
    expectSame({ optimizer: adam({ learningRate: 0.05 }) }),
  );

  testOnGpu("events of steps receive the states in order, on the processor", async () => {
    const statesOf = async (more: Partial<Options>): Promise<unknown[]> => {
      const states: unknown[] = [];
      for await (const event of fit(optionsOf({ ...more, every: "step", epochs: 1 })))
        if (event.kind === "step") states.push([event.loss, event.params.weight.tolist()]);
      return states;
    };
    expect(await statesOf({ device: gpu })).toEqual(await statesOf({}));
  });

  testOnGpu(
    "enqueues two steps before the numbers of the first have arrived, and reads each in one copy",
    async () => {
      const before = gpu.stats();
      await fit(optionsOf({ device: gpu, epochs: 1 }));
      const after = gpu.stats();
      // three steps, each with one submission of work and one of its numbers, and one for parameters and state
      expect(after.calls - before.calls).toBe(3);
      expect(after.submissions - before.submissions).toBe(7);
      expect(after.bytesInUse).toBe(before.bytesInUse);
    },
  );

  testOnGpu("a non-finite step ends the run with its cause, and the state before it", async () => {
    const batches = Array.from({ length: 4 }, (_, i) => ({
      x: i === 3 ? x.slice(0, 8).mul(NaN) : x.slice(0, 8),
      y: zeros([8, 1], f32),
    }));
    const run = fit(optionsOf({ data: batches, epochs: 1, device: gpu }));
    await expect(run).rejects.toThrow(
      /the loss is NaN at step 4 \(epoch 1, batch 4\).*batch\.x, element 0, is NaN/,
    );
    const good = await fit(optionsOf({ data: batches.slice(0, 3), epochs: 1 }));
    expect(run.latest.step).toBe(3);
    expect(run.latest.params.weight.data()).toEqual(good.params.weight.data());
  });

  testOnGpu("a batch that exceeds the memory ends the run with the state before it", async () => {
    using small = await openWebGpu({ gpu: gpuOfNode!, memoryBudget: 2 ** 16 });
    const draw = seeded(7);
    for (let i = 0; i < extent(2, 20, 5); i++) {
      const last = Math.floor(draw() * 6);
      const batches = Array.from({ length: 7 }, (_, step) => {
        const n = step === last ? 6000 : 8;
        return { x: zeros([n, 3], f32).add(x.slice(0, 1)), y: zeros([n, 1], f32) };
      });
      const run = fit(optionsOf({ data: batches, epochs: 1, device: small }));
      const message = expect.stringMatching(/^trainStep: 72000 bytes do not fit.*donate.*using.*await x\.read\(\)/) as string; // prettier-ignore
      await expect(run).rejects.toMatchObject({ code: "oom", message });
      expect(run.latest.step).toBe(last);
      const good = await fit(optionsOf({ data: batches.slice(0, last), epochs: last === 0 ? 0 : 1 }));
      expect(run.latest.params.weight.data()).toEqual(good.params.weight.data());
    }
  });

  testOnGpu("saves checkpoints from which the processor continues with the same bits", async () => {
    const store = checkpointMemory();
    await fit(optionsOf({ epochs: 2, checkpoint: { store, everySteps: 2 }, device: gpu }));
    const resumed = await fit(optionsOf({ epochs: 4, checkpoint: { store }, resume: true }));
    const back = checkpointMemory();
    await fit(optionsOf({ epochs: 2, checkpoint: { store: back } }));
    const there = await fit(optionsOf({ epochs: 4, checkpoint: { store: back }, resume: true, device: gpu }));
    const whole = resultOf(await fit(optionsOf({ epochs: 4 })));
    expect([resultOf(resumed), resultOf(there)]).toEqual([whole, whole]);
  });

  testOnGpu("float64 arrays are refused by their path", async () => {
    const run = (): unknown => fit({ ...optionsOf({ device: gpu }), params: paramsOf("float64") });
    expect(run).toThrow(/^fit: params\.weight is f64\[3,1\].*does not support arrays of float64.*float32/);
    const batches = [{ x: tensor([[1, 2, 3]]), y: tensor([[1]]) }];
    await expect(fit(optionsOf({ data: batches, device: gpu }))).rejects.toThrow(
      /^fit: batch\.x is f64\[1,3\]/,
    );
  });
});

describe("fit on a device that is lost", () => {
  /** Trains with checkpoints and loses the device before the calls with these numbers. */
  const trainLosing = async (calls: readonly number[]): Promise<unknown> => {
    const losable = gpuThatCanBeLost(calls);
    using device = await openWebGpu({ gpu: losable.gpu });
    losable.start();
    const log: LogEntry[] = [];
    const result = await fit(
      optionsOf({
        epochs: 4,
        validation: data,
        device,
        checkpoint: { store: checkpointMemory(), everySteps: 2 },
        log: (entry) => void log.push(entry),
      }),
    );
    expect(losable.losses()).toBe(calls.length);
    expect(result.warnings).toHaveLength(calls.length);
    const steps = log.flatMap((entry) => (entry.kind === "step" ? [entry.step] : []));
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    return resultOf(result);
  };
  const expected = async (): Promise<unknown> =>
    resultOf(await fit(optionsOf({ epochs: 4, validation: data })));

  testOnGpu("continues from its checkpoint on a new one with the same bits", async () => {
    expect(await trainLosing([2, 27])).toEqual(await expected());
  });

  testOnGpuInCi("continues wherever the device is lost", async () => {
    const whole = await expected();
    let seed = 20261202;
    for (let i = 0; i < 20; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const call = seed % 24;
      expect(await trainLosing([call]), `lost before call ${call}`).toEqual(whole);
    }
  });

  testOnGpu(
    "ends with the error if the data can be read only once, or if the device was closed",
    async () => {
      const losable = gpuThatCanBeLost([1]);
      const device = await openWebGpu({ gpu: losable.gpu });
      losable.start();
      const once = (function* () {
        for (let i = 0; i < 4; i++) yield { x, y: x.sum(1, { keepdims: true }) };
      })();
      await expect(fit(optionsOf({ data: once, epochs: 1, device }))).rejects.toMatchObject({
        code: "device",
      });
      const closed = await openWebGpu({ gpu: gpuOfNode! });
      closed.close();
      await expect(fit(optionsOf({ device: closed }))).rejects.toThrow("the GPU was closed");
    },
  );
});

test("the option device is checked", () => {
  expect(() => fit(optionsOf({ device: "gpu" as never }))).toThrow("await openWebGpu()");
  expect(() => fit(optionsOf({ device: "auto" as never }))).toThrow(
    'only jit chooses by "auto". Leave device out to train on the processor.',
  );
});
