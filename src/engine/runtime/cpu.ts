import { hostMemory } from "../ir/host-memory.ts";
import type { Backend } from "../kernel/executable.ts";
import type { Routine } from "../kernel/scalar.ts";
import type { Device, DeviceCode } from "./device.ts";
import { engine, startGeneration } from "./engine.ts";
import { allocate } from "./pool/small-results.ts";
import { asCall } from "./run.ts";

/**
 * The processor. Its backends, the interpreter, generated JavaScript and WebAssembly, take turns on one memory.
 */
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

/** Code of the processor by one of its backends. */
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

/** What computes. */
export function currentDevice(): Device {
  return engine.device ?? cpu;
}

/** Has another device compute from now on; without one the processor does again. What it gave stays where it is. */
export function chooseDevice(device?: Device): void {
  engine.device = device;
  engine.copies ??= new WeakMap();
  startGeneration();
}
