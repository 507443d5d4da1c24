import type { GpuMachine } from "../../backends/webgpu/index.ts";
import { elementsOfWords, wordsOfElements } from "../../backends/webgpu/index.ts";
import { deviceWords } from "../../codegen/dispatch/memory.ts";
import { internalError } from "../../errors/index.ts";
import type { DeviceMemory, TensorStorage } from "../../ir/storage.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/** Elements of a tensor in the arena of a GPU. */
export interface GpuStorage extends TensorStorage {
  readonly type: ScalarType;
  /** Index of the first word in the arena, and the number of words. */
  readonly start: number;
  readonly words: number;
}

/** Tensor memory of a GPU. `allocate` reserves space for n elements without initialising them. */
export interface GpuMemory extends DeviceMemory {
  readonly allocate: (type: ScalarType, n: number, purpose: string) => GpuStorage;
}

/**
 * Creates the tensor memory of a machine. The words of a storage are freed when it is released or garbage-collected.
 * Enqueued work may still use them, because later work runs after it.
 */
export function makeGpuMemory(machine: GpuMachine, name: string): GpuMemory {
  const collected = new FinalizationRegistry<{ readonly start: number; readonly words: number }>(
    ({ start, words }) => machine.ranges.giveBack(start, words),
  );
  const allocate = (type: ScalarType, n: number, purpose: string): GpuStorage => {
    const words = n * deviceWords[type];
    const start = machine.allocate(words, purpose);
    const storage: GpuStorage = { memory, isShared: false, type, start, words };
    collected.register(storage, { start, words }, storage);
    return storage;
  };
  const refuse = (): never => {
    throw internalError(`elements on ${name} were requested synchronously`);
  };
  const memory: GpuMemory = {
    name,
    isImmediate: false,
    allocate,
    requireUsable: machine.requireUsable,
    store(type, from, offset, n, operation = "an operand") {
      machine.requireUsable(operation);
      const storage = allocate(type, n, operation);
      machine.upload(storage.start, wordsOfElements(type, from, offset, n));
      return storage;
    },
    view: refuse,
    copy: refuse,
    async read(storage, n) {
      const { type, start } = storage as GpuStorage;
      machine.requireUsable("read");
      return elementsOfWords(type, await machine.read(start, n * deviceWords[type]), n);
    },
    release(storage) {
      const { start, words } = storage as GpuStorage;
      storage.memory = undefined;
      collected.unregister(storage);
      machine.ranges.giveBack(start, words);
    },
  };
  return memory;
}
