// A world of one rank must cost nothing.
import { matmul, mean, square, sub, tensor, type Tensor } from "downhill";
import { dataset } from "downhill/data";
import { adam } from "downhill/optim";
import { fit, type FitOptions, type World } from "downhill/train";
import { expect, test, vi } from "vitest";
import type * as copying from "../../../engine/kernel/copy-elements.ts";
import type * as executables from "../../../engine/runtime/executable.ts";

const counts = vi.hoisted(() => ({ compiled: 0, runs: 0, copiedElements: 0 }));
vi.mock("../../../engine/runtime/executable.ts", async (original) => {
  const module = await original<typeof executables>();
  const executableOf: typeof module.executableOf = (...args) => {
    const executable = module.executableOf(...args);
    counts.compiled++;
    const run: typeof executable.run = (slots) => {
      counts.runs++;
      return executable.run(slots);
    };
    return new Proxy(executable, {
      get: (target, name) => (name === "run" ? run : (Reflect.get(target, name) as unknown)),
    });
  };
  return { ...module, executableOf };
});
vi.mock("../../../engine/kernel/copy-elements.ts", async (original) => {
  const module = await original<typeof copying>();
  const sliceElements: typeof module.sliceElements = (from, offset, n) => {
    counts.copiedElements += n;
    return module.sliceElements(from, offset, n);
  };
  return { ...module, sliceElements };
});

const unreachable = (): never => {
  throw new Error("there is no other rank");
};
const world: World = {
  rank: 0,
  size: 1,
  exchange: unreachable,
  allReduce: unreachable,
  broadcast: unreachable,
  barrier: unreachable,
  abort: unreachable,
};

type Batch = { readonly x: Tensor; readonly y: Tensor };
const n = 40;
const wave = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => Math.sin(i));

/** Counts the work of a run. */
async function countsOf(options: Partial<FitOptions<Tensor, unknown, Batch>>): Promise<unknown> {
  Object.assign(counts, { compiled: 0, runs: 0, copiedElements: 0 });
  await fit<Tensor, unknown, Batch>({
    params: tensor(wave(64)),
    loss: (w, { x, y }) => mean(square(sub(matmul(x, w), y))),
    data: dataset({ x: { shape: [n, 64], dtype: "float64", data: wave(64 * n) }, y: wave(n) }).batch(8),
    validation: dataset({ x: { shape: [n, 64], dtype: "float64", data: wave(64 * n) }, y: wave(n) }).batch(
      20,
    ),
    optimizer: adam(),
    epochs: 2,
    ...options,
  });
  return { ...counts };
}

test.each([1, 3])(
  "a world of one rank adds no copy, no kernel and no message, with %i batches per step",
  async (accumulate) => {
    const alone = await countsOf({ accumulate });
    expect(alone).toMatchObject({ compiled: expect.any(Number) as number });
    expect(counts.runs).toBeGreaterThan(10);
    expect(await countsOf({ accumulate, world })).toEqual(alone);
    // A control that would be counted: shards are compiled, run and summed.
    expect(await countsOf({ accumulate, world, shards: 2 })).not.toEqual(alone);
  },
);
