import { interpBackend } from "../../src/engine/backends/interp/index.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../../src/engine/ir/storage.ts";
import { sliceElements } from "../../src/engine/kernel/copy-elements.ts";
import type { KernelValue, TypedArray } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import type { Routine, ScalarType } from "../../src/engine/kernel/scalar.ts";
import { chooseDevice } from "../../src/engine/runtime/cpu.ts";
import type { Device, DeviceCode } from "../../src/engine/runtime/device.ts";

/** Elements on the fake device. The array exists after the work that computes it and before its release. */
interface FakeStorage extends TensorStorage {
  readonly type: ScalarType;
  readonly n: number;
  array: TypedArray | undefined;
  /** Reason why no device is available. */
  problem: Error | undefined;
}

/**
 * A device that behaves like a GPU: it has its own memory and a work queue, whose results arrive some time after the
 * call.
 */
export interface FakeDevice extends Device {
  /** Number of routine runs, and the bytes of arrays on the device. */
  readonly stats: () => { readonly runs: number; readonly bytes: number };
  /** Makes the next run of a routine fail. */
  readonly failNext: (problem: Error) => void;
}

/** Runs a function with the device for its operations, until the returned promise settles. */
export async function withDevice<T>(device: Device, run: () => T | Promise<T>): Promise<T> {
  chooseDevice(device);
  try {
    return await run();
  } finally {
    chooseDevice();
  }
}

/** State shared by the parts of a fake device. */
interface State {
  runs: number;
  bytes: number;
  failure: Error | undefined;
  /** Queues work after all earlier requests. */
  readonly enqueue: <T>(work: () => T) => Promise<T>;
}

/** Creates a fake device for these types, which computes with the interpreter. */
export function makeFakeDevice(types: readonly ScalarType[]): FakeDevice {
  let queue = Promise.resolve();
  const state: State = {
    runs: 0,
    bytes: 0,
    failure: undefined,
    enqueue(work) {
      const done = queue.then(work);
      queue = done.then(
        () => {},
        () => {},
      );
      return done;
    },
  };
  const memory = makeMemory(state);
  return {
    name: "a fake device",
    memory,
    types,
    bits: "exact",
    allocate: (type, n) => allocate(memory, type, n),
    compile: (routine) => compile(state, routine),
    stats: () => ({ runs: state.runs, bytes: state.bytes }),
    failNext: (problem) => void (state.failure = problem),
  };
}

function allocate(memory: DeviceMemory, type: ScalarType, n: number): FakeStorage {
  return { memory, isShared: false, type, n, array: undefined, problem: undefined };
}

function fill(state: State, storage: FakeStorage, array: TypedArray): void {
  storage.array = array;
  state.bytes += array.byteLength;
}

/** Returns the elements, within the queue's order. */
function arrayOf({ array, problem }: FakeStorage): TypedArray {
  if (problem !== undefined) throw problem;
  if (array === undefined) throw new Error("the fake device was asked for elements that it has not");
  return array;
}

function makeMemory(state: State): DeviceMemory {
  const refuse = (): never => {
    throw new Error("elements of the fake device must be awaited");
  };
  const memory: DeviceMemory = {
    name: "a fake device",
    isImmediate: false,
    store(type, from, offset, n) {
      const storage = allocate(memory, type, n);
      const elements = sliceElements(from, offset, n);
      void state.enqueue(() => fill(state, storage, elements));
      return storage;
    },
    view: refuse,
    copy: refuse,
    read: (storage, n) => state.enqueue(() => sliceElements(arrayOf(storage as FakeStorage), 0, n)),
    release(storage) {
      const fake = storage as FakeStorage;
      fake.memory = undefined;
      void state.enqueue(() => {
        state.bytes -= fake.array?.byteLength ?? 0;
        fake.array = undefined;
      });
    },
  };
  return memory;
}

function compile(state: State, routine: Routine): DeviceCode {
  const compiled = interpBackend.compile(routine);
  const run = (inputs: readonly ConcreteValue[], outputs: readonly FakeStorage[]): void => {
    state.runs++;
    const given = inputs.map((held, k): KernelValue => {
      if (typeof held === "number") return held;
      const array = arrayOf(held as FakeStorage);
      return routine.inputs[k]!.kind === "scalar" ? array[0]! : { array, offset: 0 };
    });
    const { failure } = state;
    state.failure = undefined;
    if (failure !== undefined) throw failure;
    const arrays = outputs.map(({ type, n }) => makeArray(type, n));
    const slots = routine.outputs.map((output, k): KernelValue =>
      output.kind === "scalar" ? 0 : { array: arrays[k]!, offset: 0 },
    );
    compiled(given, slots);
    for (const [k, storage] of outputs.entries()) {
      const slot = slots[k]!;
      if (typeof slot === "number") arrays[k]![0] = slot;
      fill(state, storage, arrays[k]!);
    }
  };
  return {
    backend: "fake",
    call(inputs, outputs) {
      const [operands, results] = [[...inputs], [...outputs] as FakeStorage[]];
      void state.enqueue(() => {
        try {
          run(operands, results);
        } catch (problem) {
          for (const storage of results) storage.problem = problem as Error;
        }
      });
    },
    size: () => undefined,
    release() {},
  };
}
