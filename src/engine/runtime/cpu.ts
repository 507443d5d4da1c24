import { hostMemory } from "../ir/host-memory.ts";
import type { Backend } from "../kernel/executable.ts";
import type { Routine } from "../kernel/scalar.ts";
import type { Device, DeviceCode } from "./device.ts";
import { engine, startGeneration } from "./engine.ts";
import { allocate } from "./pool/small-results.ts";
import { asCall } from "./run.ts";

/** The processor as a device. Its backends (interpreter, generated JavaScript, WebAssembly) share one memory. */
export const cpu: Device = {
  name: "the processor",
  memory: hostMemory,
  types: ["f64", "f32", "i32", "u32", "bool"],
  get bits() {
    return engine.compiler?.isRelaxed() === true ? "close" : "exact";
  },
  allocate: (type, n) => allocate(type, n),
  compile(routine, given) {
    return codeBy(engine.compiler!.backendFor(routine), routine, given);
  },
};

/** Compiles a routine by a backend of the processor. `given` marks inputs whose memory results may reuse. */
export function codeBy(backend: Backend, routine: Routine, given: readonly boolean[]): DeviceCode {
  const compiled = backend.compile(routine);
  return {
    backend: backend.name,
    call: asCall(compiled),
    size: () => compiled.size,
    release: () => compiled.release?.(),
    placement: backend.usesKernelMemory === true ? engine.compiler?.placementOf(routine, given) : undefined,
  };
}

/** Returns the device that computes. */
export function currentDevice(): Device {
  return engine.device ?? cpu;
}

/** Prepares the runtime for tensors in the memory of other devices. Code compiled before is compiled again. */
export function expectDevices(): void {
  if (engine.copies !== undefined) return;
  engine.copies = new WeakMap();
  startGeneration();
}

/**
 * Selects the device that computes from now on; without an argument, the processor. Existing results stay on the device
 * that computed them.
 */
export function chooseDevice(device?: Device): void {
  engine.device = device;
  engine.copies ??= new WeakMap();
  startGeneration();
}
