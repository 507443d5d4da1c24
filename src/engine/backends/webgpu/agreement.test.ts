import fc from "fast-check";
import { afterAll, beforeAll, expect } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { bufferSize, routines } from "../../../../test/support/random-routines.ts";
import { runOnGpu } from "../../../../test/support/gpu-routine.ts";
import { gpuOfNode, openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";
import { checkRoutine } from "../../kernel/check.ts";
import type { KernelValue, TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import { printRoutine } from "../../kernel/print.ts";
import type { Routine } from "../../kernel/scalar.ts";
import { interpBackend } from "../interp/index.ts";
import type { GpuMachine } from "./index.ts";

let machine: GpuMachine;
beforeAll(async () => {
  if (gpuOfNode !== undefined) machine = await openMachine();
});
afterAll(() => machine?.close());

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

/** Results of the interpreter, in sequence. */
function expectedOf(routine: Routine, inputs: readonly (number | TypedArray)[]): number[] {
  const outputs = routine.outputs.map((port): KernelValue =>
    port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, bufferSize), offset: 0 },
  );
  const given = inputs.map((input): KernelValue =>
    typeof input === "number" ? input : { array: input, offset: 0 },
  );
  interpBackend.compile(routine)(given, outputs);
  return outputs.flatMap((slot) => (typeof slot === "number" ? [slot] : [...slot.array]));
}

testOnGpu("random routines have the interpreter's bits on the device", async () => {
  // without float64, whose emulation takes seconds to compile
  const drawn = fc.sample(routines(extent(80, 200), ["f32", "i32", "u32", "bool"]), {
    numRuns: extent(1, 400, 8),
    seed: 20261202,
  });
  for (const routine of drawn) {
    checkRoutine(routine);
    const inputs = inputsOf(routine);
    const expected = expectedOf(routine, inputs);
    const results = await runOnGpu(machine, routine, inputs);
    const got = results.flatMap((x) => (typeof x === "number" ? [x] : [...x]));
    expect(got.length).toBe(expected.length);
    const differing = expected.flatMap((x, i) =>
      Object.is(x, got[i]) ? [] : [`${i}: ${got[i]} instead of ${x}`],
    );
    expect(differing, printRoutine(routine)).toEqual([]);
  }
});
