// Script of a page that compares the GPU of its browser with the interpreter and with WebAssembly. It sends its result,
// a `PageResult`, to the server of the page.
import { configure, jit, tanh, type Tensor, valueAndGrad } from "../../src/index.ts";
import { mlp } from "../../src/numeric/nn/index.ts";
import { key, normal } from "../../src/numeric/random/index.ts";
import { openWebGpu, type WebGpu } from "../../src/numeric/webgpu/index.ts";
import type { GpuMachine } from "../../src/engine/backends/webgpu/index.ts";
import type { CornerResult } from "./gpu-corners.ts";
import { compareCorners } from "./gpu-corners.ts";
import { openMachineOf } from "./gpu-routine.ts";
import { compareTable, type TableResult, tableTypes } from "./gpu-table.ts";
import { wrongBits } from "./gpu-traps.ts";
import type { PageTrials, TrialResults } from "./gpu-trials.ts";
import { compareTrials } from "./gpu-trials.ts";

/** Result of the page, or the error that ended it. */
export type PageResult =
  | {
      readonly adapter: string;
      readonly bits: WebGpu["bits"];
      readonly probe: WebGpu["probe"];
      /** Undefined if the trials do not have the fixed comparisons. */
      readonly fixed: FixedResults | undefined;
      readonly trials: TrialResults;
    }
  | { readonly error: string };

/** Results of the comparisons that draw nothing. */
export interface FixedResults {
  readonly tables: Readonly<Record<string, TableResult>>;
  /** Results with wrong bits by trap, with and without barriers. */
  readonly traps: { readonly exact: Record<string, number>; readonly close: Record<string, number> };
  /** Losses and parameters of a few training steps: bits as integers. */
  readonly training: { readonly gpu: readonly number[]; readonly processor: readonly number[] };
  readonly corners: CornerResult;
}

/** Bits of the losses and parameters of a network in training. */
export async function trainingBits(gpu?: WebGpu): Promise<readonly number[]> {
  const f32 = { dtype: "float32" } as const;
  const model = mlp([5, 8, 3], { ...f32, activation: tanh });
  const x = normal(key(1), [16, 5], f32);
  let params = model.init(key(2));
  const flat = (p: typeof params): Tensor[] => p.layers.flatMap(({ weight, bias }) => [weight, bias]);
  const shaped = ([a, b, c, d]: readonly Tensor[]): typeof params =>
    ({
      layers: [
        { weight: a, bias: b },
        { weight: c, bias: d },
      ],
    }) as typeof params;
  const loss = (p: typeof params): Tensor => {
    const error = model.apply(p, x).sub(1);
    return error.mul(error).mean();
  };
  const train = (...list: Tensor[]): Tensor[] => {
    const [value, slopes] = valueAndGrad(loss)(shaped(list));
    return [value, ...flat(slopes).map((slope, i) => list[i]!.sub(slope.mul(0.05)))];
  };
  const step = gpu === undefined ? jit(train) : jit(train, { device: gpu });
  const all: Tensor[] = [];
  for (let i = 0; i < 3; i++) {
    const [value, ...next] = step(...flat(params));
    params = shaped(next);
    all.push(value!);
  }
  const arrays = await Promise.all([...all, ...flat(params)].map((y) => y.read()));
  return arrays.flatMap((array) => [
    ...new Uint32Array(array.buffer as ArrayBuffer, array.byteOffset, array.length),
  ]);
}

async function compareFixed(
  gpu: GPU,
  device: WebGpu,
  open: () => Promise<GpuMachine>,
  isThorough: boolean,
): Promise<FixedResults> {
  const training = { gpu: await trainingBits(device), processor: await trainingBits() };
  const corners = await compareCorners(device, isThorough);
  const tables: Record<string, TableResult> = {};
  for (const type of tableTypes) {
    const machine = await open();
    tables[type] = await compareTable(machine, type, device.probe.subnormals > 0);
    machine.close();
  }
  const traps = { exact: await wrongBits(gpu, true), close: await wrongBits(gpu, false) };
  return { tables, traps, training, corners };
}

async function compare(gpu: GPU, drawn: PageTrials): Promise<PageResult> {
  const device = await openWebGpu({ gpu });
  const { adapter, bits, probe } = device;
  const hasExactDivision = probe.division + probe.squareRoot === 0;
  const open = (): Promise<GpuMachine> => openMachineOf(gpu, { hasExactDivision });
  const isThorough = drawn.fixed === "thorough";
  const fixed = drawn.fixed === false ? undefined : await compareFixed(gpu, device, open, isThorough);
  device.close();
  const trials = await compareTrials(() => openWebGpu({ gpu }), open, drawn);
  return { adapter, bits, probe, fixed, trials };
}

/** Compares operations, expressions, a training and random trials, and sends the result. */
export async function comparePage(trials: PageTrials): Promise<void> {
  let result: PageResult;
  try {
    configure({ reproducible: true }); // without fused multiply-add
    const { gpu } = navigator as { gpu?: GPU };
    result = gpu === undefined ? { error: "this browser has no navigator.gpu" } : await compare(gpu, trials);
  } catch (error) {
    const { stack, message } = error as Error;
    result = { error: `${message}\n${stack}` };
  }
  await fetch("result", { method: "POST", body: JSON.stringify(result) });
}
