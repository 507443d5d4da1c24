// WebGPU in Node for tests: Dawn of npm `webgpu` on Mesa's software device.
import type { GpuMachine, WgslDialect } from "../../src/engine/backends/webgpu/index.ts";
import { testWith } from "./conditions.ts";
import { openMachineOf } from "./gpu-routine.ts";
import { extent, softwareDeviceTimeout, testInCi } from "./extent.ts";

// Optimising the machine code of a shader takes most of the time of a test. The fast mathematics of the driver's own
// passes, which the tests are about, remains.
if (extent(0, 1) === 0) process.env["GALLIVM_PERF"] ??= "nopt";

async function findGpu(): Promise<GPU | undefined> {
  try {
    const name = "webgpu"; // not a literal, because it may be missing
    const { create } = (await import(/* @vite-ignore */ name)) as { create: (flags: string[]) => GPU };
    const gpu = create([]);
    return (await gpu.requestAdapter()) === null ? undefined : gpu;
  } catch {
    return undefined; // the package has no binary for this machine, or there is no driver
  }
}

/** Dawn's entry point; `undefined` without an adapter. Kept, because Dawn ends when it is collected. */
export const gpuOfNode: GPU | undefined = await findGpu();

type Test = ReturnType<typeof testWith>;
type Run = () => void | Promise<void>;

/** Gives tests the time limit of software devices. */
function patient(test: Test): Test {
  const one = (name: string, run: Run): void => test(name, run, softwareDeviceTimeout);
  const each = (cases: readonly unknown[]) => (name: string, run: Run) =>
    test.each(cases)(name, run, softwareDeviceTimeout);
  return Object.assign(one, { each }) as unknown as Test;
}

/** `test` where Node has a WebGPU adapter. With `REQUIRE_GPU=1` the tests fail elsewhere. */
export const testOnGpu: Test = patient(
  testWith(
    "a WebGPU adapter (npm run webgpu; apt-get install -y mesa-vulkan-drivers libvulkan1)",
    gpuOfNode !== undefined || process.env["REQUIRE_GPU"] === "1",
  ),
);

/** `testOnGpu` for a test that takes seconds. */
export const testOnGpuInCi: Test = extent(0, 1, 1) === 1 || gpuOfNode === undefined ? testOnGpu : testInCi;

/** Opens a machine for single routines. */
export const openMachine = (dialect: Partial<WgslDialect> = {}): Promise<GpuMachine> =>
  openMachineOf(gpuOfNode!, dialect);

/** Entry point of Node whose devices are changed by `change` when they are opened. */
function gpuWithDevices(change: (device: GPUDevice) => void): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter> => {
    const adapter = (await gpuOfNode!.requestAdapter(options))!;
    const { limits, info, features } = adapter;
    const requestDevice = async (wanted?: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const device = await adapter.requestDevice(wanted);
      change(device);
      return device;
    };
    return { limits, info, features, requestDevice };
  };
  return { requestAdapter } as unknown as GPU;
}

/** Entry point whose devices are lost before the submissions of work with the given numbers, counted over all devices. */
export function gpuThatCanBeLost(numbers: readonly number[]): {
  readonly gpu: GPU;
  /** Starts counting. */
  readonly start: () => void;
  /** Number of devices lost so far. */
  readonly losses: () => number;
} {
  let next = -Infinity;
  let losses = 0;
  const gpu = gpuWithDevices((device) => {
    const { queue } = device;
    const submit = queue.submit.bind(queue);
    queue.submit = (buffers) => {
      if (next !== -Infinity && numbers.includes(next++)) {
        losses++;
        device.destroy();
      }
      return submit(buffers);
    };
  });
  const start = (): void => {
    next = 0;
  };
  return { gpu, start, losses: () => losses };
}

/**
 * Entry point whose devices report that memory is missing for buffers of more than `mostBytes`, and whose shader modules
 * are invalid from number `badShaderFrom` on.
 */
export function gpuWithFaults({
  mostBytes = Infinity,
  badShaderFrom = Infinity,
}: {
  readonly mostBytes?: number;
  readonly badShaderFrom?: number;
}): GPU {
  return gpuWithDevices((device) => {
    let isMissing = false;
    let shaders = 0;
    const { createBuffer, popErrorScope, createShaderModule } = device;
    device.createBuffer = (descriptor) => {
      isMissing ||= descriptor.size > mostBytes;
      return createBuffer.call(device, descriptor);
    };
    device.popErrorScope = () => {
      const message = isMissing ? "no memory" : undefined;
      isMissing = false;
      const scope = popErrorScope.call(device);
      return message === undefined ? scope : scope.then(() => ({ message }));
    };
    device.createShaderModule = ({ code }) =>
      createShaderModule.call(device, { code: shaders++ < badShaderFrom ? code : `${code} }` });
  });
}
