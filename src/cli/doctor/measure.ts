import { jit } from "../../engine/runtime/jit.ts";
import { grad, matmul, type Tensor, tensor, zeros } from "../../numeric/core/index.ts";
import { mlp } from "../../numeric/nn/index.ts";
import { key, normal } from "../../numeric/random/index.ts";
import type { WebGpu } from "../../numeric/webgpu/index.ts";

/** Median durations of an operation in milliseconds. */
export interface Timing {
  readonly what: string;
  readonly gpu: number;
  /** Duration on the processor; absent if it cannot do the operation. */
  readonly processor?: number;
}

/** Limits of a measurement. */
interface MeasureOptions {
  /** Sizes of the square matrices to multiply. */
  readonly sizes?: readonly number[];
  /** Milliseconds after which larger matrices are skipped. */
  readonly patience?: number;
}

const f32 = { dtype: "float32" } as const;
const repetitions = 7;

/** Measures a GPU, and the processor where it can do the same. */
export async function measure(
  gpu: WebGpu,
  { sizes = [512, 1024, 2048, 4096], patience = 1000 }: MeasureOptions = {},
): Promise<readonly Timing[]> {
  const one = tensor([1], f32);
  const addOne = jit((x: Tensor) => x.add(1), { device: gpu });
  const resident = addOne(one);
  const timings: Timing[] = [
    { what: "call and read", gpu: await median(async () => void (await addOne(one).read())) },
    { what: "read 4 bytes", gpu: await median(async () => void (await resident.read())) },
  ];
  for (const n of sizes) {
    const [a, b] = [normal(key(1), [n, n], f32), normal(key(2), [n, n], f32)];
    const timing = { what: `product of ${n}`, ...(await both(gpu, (x, y) => matmul(x, y).sum(), [a, b])) };
    timings.push(timing);
    if (timing.gpu + timing.processor > patience) break;
  }
  timings.push({ what: "training step of 784-128-10", ...(await trainingStep(gpu)) });
  return timings;
}

async function trainingStep(gpu: WebGpu): Promise<{ readonly gpu: number; readonly processor: number }> {
  const model = mlp([784, 128, 10], f32);
  const x = normal(key(3), [32, 784], f32);
  const params = model.init(key(4));
  const { layers } = params;
  const leaves = layers.flatMap(({ weight, bias }) => [weight, bias]);
  const shaped = (list: readonly Tensor[]): typeof params =>
    ({ layers: layers.map((_, i) => ({ weight: list[2 * i], bias: list[2 * i + 1] })) }) as typeof params;
  const loss = (p: typeof params): Tensor => {
    const y = model.apply(p, x);
    return y.mul(y).mean();
  };
  return both(
    gpu,
    (...list) => {
      const slopes = grad(loss)(shaped(list));
      return list.reduce(
        (total, w, i) => {
          const layer = slopes.layers[i >> 1]!;
          return total.add(w.sub((i % 2 === 0 ? layer.weight : layer.bias).mul(0.1)).sum());
        },
        zeros([], f32),
      );
    },
    leaves,
  );
}

/** Measures a function on the GPU and on the processor, with arguments that are already there, and a read of its result. */
async function both(
  gpu: WebGpu,
  f: (...x: Tensor[]) => Tensor,
  args: readonly Tensor[],
): Promise<{ readonly gpu: number; readonly processor: number }> {
  const place = jit((x: Tensor) => x.add(0), { device: gpu });
  const there = args.map((x) => place(x));
  const [onGpu, onProcessor] = [jit(f, { device: gpu }), jit(f)];
  await onGpu.warm(...there);
  const durations = {
    gpu: await median(async () => void (await onGpu(...there).read())),
    processor: await median(async () => void onProcessor(...args).item()),
  };
  for (const x of there) x[Symbol.dispose]();
  return durations;
}

/** Median duration of calls in milliseconds, after one call that is not measured. */
async function median(run: () => Promise<void>): Promise<number> {
  await run();
  const durations: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    await run();
    durations.push(performance.now() - start);
  }
  return durations.sort((a, b) => a - b)[repetitions >> 1]!;
}
