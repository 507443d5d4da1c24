// Random routines and programs on a GPU beside the processor, and networks in training. Runs in Node and in pages.
import fc from "fast-check";
import { DownhillError, jit, sin, tanh, type Tensor } from "../../src/index.ts";
import type { GpuMachine } from "../../src/engine/backends/webgpu/index.ts";
import { interpBackend } from "../../src/engine/backends/interp/index.ts";
import { checkRoutine } from "../../src/engine/kernel/check.ts";
import type { KernelValue, TypedArray } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import { flatten } from "../../src/engine/tree/index.ts";
import type { WebGpu } from "../../src/numeric/webgpu/index.ts";
import type { NetworkCase } from "./gpu-networks.ts";
import { networks, trainingStep } from "./gpu-networks.ts";
import { benchNetworks } from "./gpu-bench-networks.ts";
import { moreNetworks } from "./gpu-more-networks.ts";
import { runOnGpu } from "./gpu-routine.ts";
import { givenOf, trials } from "./random-agreement.ts";
import { describeRecipe, functionOf, isReversible } from "./random-programs.ts";
import { bufferSize, routines } from "./random-routines.ts";
import { taming } from "./random-rules.ts";
import { isTwice, transforms } from "./random-transforms.ts";

/** Result of a comparison of random trials. */
export interface TrialResult {
  /** Number of trials that ran on both, and of programs that the GPU refused because of arrays of float64. */
  readonly ran: number;
  readonly refused: number;
  /** Number of compared elements. */
  readonly elements: number;
  /** Description of each trial whose bits differ. */
  readonly differing: readonly string[];
}

/** Result without trials. */
export const noTrials: TrialResult = { ran: 0, refused: 0, elements: 0, differing: [] };

/** Joins the results of two comparisons. */
export const addTrials = (a: TrialResult, b: TrialResult): TrialResult => ({
  ran: a.ran + b.ran,
  refused: a.refused + b.refused,
  elements: a.elements + b.elements,
  differing: [...a.differing, ...b.differing],
});

/** Number and seed of random trials. */
export interface TrialOptions {
  readonly count: number;
  readonly seed: number;
  /** Receives the result of the trials on each device. */
  readonly note?: (seed: number, result: TrialResult) => void;
}

/** Rules of a random program and choices of a random routine. Longer ones take minutes to compile on a software device. */
const mostRules = 4;
const mostChoices = 80;

/** Prints a line of progress, in `scripts/soak-webgpu.mjs` only. */
export function printLine(text: string): void {
  if (process.env["DOWNHILL_GPU_TRIALS"] !== undefined) process.stdout.write(`${text}\n`);
}

/** Prints the numbers of a comparison, in `scripts/soak-webgpu.mjs` only. */
export function printTrials(what: string, { ran, refused, elements, differing }: TrialResult): void {
  printLine(
    `${what}: ${ran} ran, ${refused} refused, ${elements} elements, ${differing.length} with other bits`,
  );
}

/** Number of trials on one opened device: a software device keeps the code of each shader, some megabytes, until it is closed. */
const trialsPerDevice = 25;

/** Runs trials on as many devices as needed, one after the other. Each has a seed of its own. */
async function inBatches<D extends { close(): void }>(
  open: () => Promise<D>,
  { count, seed, note }: TrialOptions,
  compare: (device: D, options: TrialOptions) => Promise<TrialResult>,
): Promise<TrialResult> {
  let sum = noTrials;
  for (let done = 0; done < count; done += trialsPerDevice) {
    const device = await open();
    const options = { count: Math.min(trialsPerDevice, count - done), seed: seed + done };
    const result = await compare(device, options);
    device.close();
    note?.(options.seed, result);
    sum = addTrials(sum, result);
  }
  return sum;
}

/** Compares random programs and their derivatives and batches in float32 with the processor. */
export const comparePrograms = (open: () => Promise<WebGpu>, options: TrialOptions): Promise<TrialResult> =>
  inBatches(open, options, compareSomePrograms);

/**
 * Compares random routines without float64, whose emulation takes seconds to compile, with the interpreter. With `flushes`, for
 * a device that flushes subnormal numbers, the routines replace these by 0.
 */
export const compareRoutines = (
  open: () => Promise<GpuMachine>,
  options: TrialOptions,
  flushes = false,
): Promise<TrialResult> =>
  inBatches(open, options, (machine, some) => compareSomeRoutines(machine, some, flushes));

const forward = ["as it is", "jvp", "vmap", "vmap of jvp"];
const reverse = ["vjp", "vmap of vjp", "vjp of vmap", "vjp of jit"];

/** Text of the differing elements of two lists of arrays, empty if all are equal. NaN counts without its payload. */
export function differences(
  got: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): string {
  const lines = expected.flatMap((array, k) =>
    Array.from(array).flatMap((x, i) =>
      Object.is(x, got[k]![i]) ? [] : [`result ${k}, ${i}: ${got[k]![i]} instead of ${x}`],
    ),
  );
  return lines.length === 0 ? "" : `${lines.length} elements, ${lines.slice(0, 5).join("; ")}`;
}

async function compareSomePrograms(gpu: WebGpu, { count, seed }: TrialOptions): Promise<TrialResult> {
  const differing: string[] = [];
  let [ran, refused, elements] = [0, 0, 0];
  taming.by = tanh; // a software device compiles sin for a minute
  try {
    for (const [i, { recipe, way }] of fc.sample(trials(), { numRuns: count, seed }).entries()) {
      const names = isReversible(recipe) ? [...forward, ...reverse] : forward;
      const name = names[way % names.length]!;
      const list = recipe.list.slice(0, isTwice(name) ? 2 : mostRules);
      const single = { ...recipe, list, dtype: "float32" as const };
      const about = `${i}: ${name} of ${describeRecipe(single)}`;
      const { g, point } = transforms[name]!(functionOf(single), givenOf(single));
      const expected = jit(g)(...point).map((x) => x.data());
      try {
        const got = await Promise.all(jit(g, { device: gpu })(...point).map((x) => x.read()));
        const text = differences(got, expected);
        if (text !== "") differing.push(`${about}\n${text}`);
        ran++;
        elements += expected.reduce((sum, { length }) => sum + length, 0);
      } catch (error) {
        if (!(error instanceof DownhillError) || error.code !== "dtype")
          throw new Error(`${about}\n${String(error)}`, { cause: error });
        refused++; // it has arrays of float64
      }
    }
  } finally {
    taming.by = sin;
  }
  return { ran, refused, elements, differing };
}

const seeds = [0, 1, -3, 0.5, 7, -0.25, 4294967295, 1e9];

function inputsOf(routine: Routine): (number | TypedArray)[] {
  return routine.inputs.map((port, n) => {
    const array = makeArray(port.kind === "scalar" ? port.type : port.buffer.type, bufferSize);
    for (let i = 0; i < bufferSize; i++) {
      const x = seeds[(n + i * 3) % seeds.length]!;
      array[i] = array instanceof Uint8Array ? x & 1 : x;
    }
    return port.kind === "scalar" ? array[0]! : array;
  });
}

/** Results of the interpreter. */
function expectedOf(
  routine: Routine,
  inputs: readonly (number | TypedArray)[],
): readonly ArrayLike<number>[] {
  const outputs = routine.outputs.map((port): KernelValue =>
    port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, bufferSize), offset: 0 },
  );
  const given = inputs.map((input): KernelValue =>
    typeof input === "number" ? input : { array: input, offset: 0 },
  );
  interpBackend.compile(routine)(given, outputs);
  return outputs.map((slot) => (typeof slot === "number" ? [slot] : slot.array));
}

async function compareSomeRoutines(
  machine: GpuMachine,
  { count, seed }: TrialOptions,
  flushes: boolean,
): Promise<TrialResult> {
  const differing: string[] = [];
  let [ran, elements] = [0, 0];
  const types = ["f32", "i32", "u32", "bool"] as const;
  for (const routine of fc.sample(routines(mostChoices, types, flushes), { numRuns: count, seed })) {
    checkRoutine(routine);
    const inputs = inputsOf(routine);
    const expected = expectedOf(routine, inputs);
    const got = await runOnGpu(machine, routine, inputs);
    const text = differences(
      got.map((x) => (typeof x === "number" ? [x] : x)),
      expected,
    );
    if (text !== "") differing.push(`${printRoutine(routine)}\n${text}`);
    ran++;
    elements += expected.reduce((sum, { length }) => sum + length, 0);
  }
  return { ran, refused: 0, elements, differing };
}

/** All networks by name. */
export const allNetworks: Readonly<Record<string, NetworkCase>> = {
  ...networks,
  ...moreNetworks,
  ...benchNetworks,
};

const leavesOf = (tree: unknown): readonly Tensor[] => flatten(tree, "test").leaves as Tensor[];

/** Compares training steps of the networks of these names. Each step continues from the results of its own device. */
export async function compareNetworks(
  gpu: WebGpu,
  names: readonly string[],
  steps: number,
): Promise<TrialResult> {
  const differing: string[] = [];
  let elements = 0;
  for (const name of names) {
    const { step, first } = trainingStep(allNetworks[name]!);
    const here = jit(step as (state: unknown) => [Tensor, unknown]);
    const there = jit(step as (state: unknown) => [Tensor, unknown], { device: gpu });
    let states: [unknown, unknown] = [first, first];
    for (let i = 0; i < steps; i++) {
      const [expected, got] = [here(states[0]), there(states[1])];
      const read = await Promise.all(leavesOf(got).map((x) => x.read()));
      const arrays = leavesOf(expected).map((x) => x.data());
      const text = differences(read, arrays);
      if (text !== "") differing.push(`${name}, step ${i}: ${text}`);
      elements += arrays.reduce((sum, { length }) => sum + length, 0);
      states = [expected[1], got[1]];
    }
  }
  return { ran: names.length, refused: 0, elements, differing };
}

/** The trials of a page: numbers of random ones, their seed, and names of networks. */
export interface PageTrials {
  /** True if the page also compares operations, traps, corners and a training step. The slow corners if "thorough". */
  readonly fixed: boolean | "thorough";
  readonly seed: number;
  readonly programs: number;
  readonly routines: number;
  readonly networks: readonly string[];
  /** Number of training steps of each network. */
  readonly steps: number;
}

/**
 * Divides the trials of a soak into pages: a browser that runs all of them in one page loses its GPU. Each part draws what
 * one page would draw.
 */
export function pagesOf(all: PageTrials): readonly PageTrials[] {
  const none = { ...all, fixed: false, routines: 0, programs: 0, networks: [] };
  const parts = (kind: "routines" | "programs"): PageTrials[] =>
    Array.from({ length: Math.ceil(all[kind] / trialsPerDevice) }, (_, i) => {
      const done = i * trialsPerDevice;
      return { ...none, seed: all.seed + done, [kind]: Math.min(trialsPerDevice, all[kind] - done) };
    });
  return [
    { ...none, fixed: all.fixed },
    ...all.networks.map((name) => ({ ...none, networks: [name] })),
    ...parts("routines"),
    ...parts("programs"),
  ];
}

/** Results by kind of trial. */
export type TrialResults = Readonly<Record<"programs" | "routines" | "networks", TrialResult>>;

/** Runs trials of all kinds. */
export async function compareTrials(
  openGpu: () => Promise<WebGpu>,
  openMachine: () => Promise<GpuMachine>,
  { seed, programs, routines: drawn, networks: names, steps }: PageTrials,
): Promise<TrialResults> {
  using gpu = await openGpu();
  return {
    networks: await compareNetworks(gpu, names, steps),
    routines: await compareRoutines(openMachine, { count: drawn, seed }, gpu.probe.subnormals > 0),
    programs: await comparePrograms(openGpu, { count: programs, seed }),
  };
}
