import { DownhillError } from "../../../errors/index.ts";
import type { WgslDialect } from "../wgsl/expression.ts";
import type { PipelineCache } from "./pipelines.ts";
import { makePipelineCache } from "./pipelines.ts";
import type { ProblemLog } from "./problems.ts";
import { makeProblemLog } from "./problems.ts";
import { makeReader } from "./reader.ts";
import type { WordRanges } from "./ranges.ts";
import { makeRanges } from "./ranges.ts";
import { usage } from "./usage.ts";

/**
 * Distance between the rows of the counter buffer in bytes. It is the alignment that WebGPU requires for dynamic
 * offsets.
 */
export const rowBytes = 256;

/** Numbers of operations, and bytes transferred, since the device was opened. */
export interface GpuCounts {
  calls: number;
  dispatches: number;
  submissions: number;
  buffers: number;
  bindGroups: number;
  bytesUploaded: number;
  bytesRead: number;
}

/**
 * A WebGPU device with one arena buffer, which contains all arrays. The arena grows by a copy to a larger buffer, so
 * that offsets stay valid.
 */
export interface GpuMachine {
  readonly device: GPUDevice;
  /** Entry point of the device. Dawn, the WebGPU of Node, ends when it is collected. */
  readonly gpu: GPU;
  readonly dialect: WgslDialect;
  readonly pipelines: PipelineCache;
  readonly log: ProblemLog;
  readonly ranges: WordRanges;
  readonly counts: GpuCounts;
  /** Returns the buffer of the arena, which is replaced when the arena grows. */
  readonly arena: () => GPUBuffer;
  /**
   * Allocates words of the arena and returns the index of the first one. `purpose` names the user in the error.
   *
   * @throws DownhillError `oom` beyond the budget.
   */
  readonly allocate: (words: number, purpose: string) => number;
  readonly createBuffer: (bytes: number, flags: number) => GPUBuffer;
  /** Copies words from the host to the arena. Work that is submitted later sees them. */
  readonly upload: (start: number, words: Uint32Array<ArrayBuffer>) => void;
  readonly submit: (encoder: GPUCommandEncoder) => void;
  /**
   * Returns a copy of words of the arena, as they are after all work submitted so far. Reads that are requested
   * together share one submission and one buffer.
   */
  readonly read: (start: number, words: number) => Promise<Uint32Array<ArrayBuffer>>;
  /** Throws if the device was closed or lost, or has reported another error. `operation` names the caller. */
  readonly requireUsable: (operation: string) => void;
  readonly close: () => void;
}

/** Options of a machine. */
interface MachineOptions {
  readonly dialect: WgslDialect;
  /** Maximum size of the arena in bytes. */
  readonly budget: number;
  readonly gpu: GPU;
}

/** Initial size of the arena in words. */
const firstWords = 1 << 16;

/** Creates the machine of an opened device. */
export function makeMachine(device: GPUDevice, { dialect, budget, gpu }: MachineOptions): GpuMachine {
  const counts: GpuCounts = {
    calls: 0,
    dispatches: 0,
    submissions: 0,
    buffers: 0,
    bindGroups: 0,
    bytesUploaded: 0,
    bytesRead: 0,
  };
  const log = makeProblemLog(device);
  const createBuffer = (size: number, flags: number): GPUBuffer => {
    counts.buffers++;
    return log.watched(
      "out-of-memory",
      () => device.createBuffer({ size, usage: flags }),
      (message) =>
        new DownhillError(
          "oom",
          `the GPU has no ${size} bytes of memory (${message}), and its tensors are lost. ` +
            "Open it again with a smaller memoryBudget. Donated arguments (donate), released tensors (using), and await x.read() in long loops need less.",
        ),
    );
  };
  const submitNow = (encoder: GPUCommandEncoder): void => {
    counts.submissions++;
    device.queue.submit([encoder.finish()]);
  };
  const reader = makeReader({
    device,
    log,
    counts,
    createBuffer,
    submit: submitNow,
    arena: () => arena.buffer(),
  });
  const submit = (encoder: GPUCommandEncoder): void => {
    reader.start(); // reads see the elements as they were when they were requested
    submitNow(encoder);
  };
  let isClosed = false;
  const base = { device, gpu, dialect, log, counts, createBuffer, submit };
  const arena = makeArena(base, budget);
  return {
    ...base,
    pipelines: makePipelineCache(device, log),
    ranges: arena.ranges,
    arena: arena.buffer,
    allocate: arena.allocate,
    upload(start, words) {
      if (words.length === 0) return;
      reader.start();
      counts.bytesUploaded += words.byteLength;
      device.queue.writeBuffer(arena.buffer(), 4 * start, words);
    },
    read: reader.read,
    requireUsable(operation) {
      if (isClosed)
        throw new DownhillError(
          "device",
          `${operation}: the GPU was closed. Open another with openWebGpu().`,
        );
      log.require(operation);
    },
    close() {
      isClosed = true;
      log.expectLoss();
      device.destroy();
    },
  };
}

/** Fields of a machine that its arena uses. */
type MachineBase = Pick<GpuMachine, "device" | "createBuffer" | "submit">;

/** Creates the arena. Its buffer at least doubles when it is full, up to the budget in bytes. */
function makeArena(
  { device, createBuffer, submit }: MachineBase,
  budget: number,
): Pick<GpuMachine, "ranges" | "allocate"> & { readonly buffer: () => GPUBuffer } {
  const ranges = makeRanges();
  const most = Math.floor(budget / 16) * 4; // words
  const flags = usage.storage | usage.copySource | usage.copyTarget;
  let buffer = createBuffer(4 * Math.min(firstWords, most), flags);
  ranges.extendTo(buffer.size >> 2);
  const grow = (words: number): void => {
    // room for all of them at the end, even if the last range is in use
    const wanted = Math.ceil(Math.max(2 * ranges.total(), ranges.total() + words) / 4) * 4;
    const total = Math.min(most, wanted);
    if (total <= ranges.total()) return;
    const larger = createBuffer(4 * total, flags);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, larger, 0, buffer.size);
    submit(encoder);
    buffer.destroy();
    buffer = larger;
    ranges.extendTo(total);
  };
  return {
    ranges,
    buffer: () => buffer,
    allocate(words, purpose) {
      let start = ranges.take(words);
      if (start === undefined) {
        grow(words);
        start = ranges.take(words);
      }
      if (start !== undefined) return start;
      throw new DownhillError(
        "oom",
        `${purpose}: ${4 * words} bytes do not fit into the GPU memory of ${4 * most} bytes, of which ${4 * ranges.used()} are in use. ` +
          "Donate arguments of jit (donate), release tensors (using), await x.read() in long loops, or raise memoryBudget.",
      );
    },
  };
}
