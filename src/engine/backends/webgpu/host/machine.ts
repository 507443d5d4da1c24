import { DownhillError } from "../../../errors/index.ts";
import type { WgslDialect } from "../wgsl/expression.ts";
import type { PipelineCache } from "./pipelines.ts";
import { makePipelineCache } from "./pipelines.ts";
import type { ProblemLog } from "./problems.ts";
import { makeProblemLog } from "./problems.ts";
import type { WordRanges } from "./ranges.ts";
import { makeRanges } from "./ranges.ts";

// Flags of the WebGPU standard. Node has no global objects for them.
export const usage = {
  mapRead: 1,
  copySource: 4,
  copyTarget: 8,
  uniform: 64,
  storage: 128,
} as const;

/** Bytes between the rows of a uniform buffer that kernels select by an offset. */
export const rowBytes = 256;

/** Counts of work and memory since a device was opened. */
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
 * A WebGPU device with one arena buffer, in which all arrays are. The arena grows by a copy to a larger buffer, so that
 * offsets stay valid.
 */
export interface GpuMachine {
  readonly device: GPUDevice;
  readonly dialect: WgslDialect;
  readonly pipelines: PipelineCache;
  readonly log: ProblemLog;
  readonly ranges: WordRanges;
  readonly counts: GpuCounts;
  /** The buffer of the arena; changes when the arena grows. */
  readonly arena: () => GPUBuffer;
  /** Allocates words of the arena. @throws DownhillError `oom` beyond the budget. */
  readonly allocate: (words: number, purpose: string) => number;
  readonly createBuffer: (bytes: number, flags: number) => GPUBuffer;
  /** Copies words of the host to the arena, before all work submitted later. */
  readonly upload: (start: number, words: Uint32Array<ArrayBuffer>) => void;
  readonly submit: (encoder: GPUCommandEncoder) => void;
  /** Copy of words of the arena, after all work submitted before. */
  readonly read: (start: number, words: number) => Promise<Uint32Array<ArrayBuffer>>;
  /** Throws if the device was closed or lost, or a shader did not compile. */
  readonly requireUsable: (operation: string) => void;
  readonly close: () => void;
}

/** Options of a machine. */
interface MachineOptions {
  readonly dialect: WgslDialect;
  /** Maximum bytes of the arena. */
  readonly budget: number;
}

/** Words of the arena at first. */
const firstWords = 1 << 16;

/** Creates the machine of an opened device. */
export function makeMachine(device: GPUDevice, { dialect, budget }: MachineOptions): GpuMachine {
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
      (message) => new DownhillError("oom", `the GPU has no ${size} bytes of memory: ${message}`),
    );
  };
  const submit = (encoder: GPUCommandEncoder): void => {
    counts.submissions++;
    device.queue.submit([encoder.finish()]);
  };
  let isClosed = false;
  const base = { device, dialect, log, counts, createBuffer, submit };
  const arena = makeArena(base, budget);
  return {
    ...base,
    pipelines: makePipelineCache(device, log),
    ranges: arena.ranges,
    arena: arena.buffer,
    allocate: arena.allocate,
    upload(start, words) {
      if (words.length === 0) return;
      counts.bytesUploaded += words.byteLength;
      device.queue.writeBuffer(arena.buffer(), 4 * start, words);
    },
    read: makeReader(base, arena.buffer),
    requireUsable(operation) {
      if (isClosed)
        throw new DownhillError(
          "device",
          `${operation}: the GPU was closed. Open another with openWebGpu().`,
        );
      log.require();
    },
    close() {
      isClosed = true;
      log.expectLoss();
      device.destroy();
    },
  };
}

/** Parts of a machine that its memory needs. */
type MachineBase = Pick<GpuMachine, "device" | "log" | "counts" | "createBuffer" | "submit">;

/** Creates the arena, whose buffer doubles when it is full. */
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

/** Maximum number of idle buffers for reads. */
const mostStaging = 8;

/** Creates the function that copies words of the arena to the host, through buffers that it reuses. */
function makeReader(
  { device, log, counts, createBuffer, submit }: MachineBase,
  arena: () => GPUBuffer,
): GpuMachine["read"] {
  const idle: GPUBuffer[] = [];
  return async (start, words) => {
    const bytes = 4 * words;
    if (bytes === 0) {
      await log.settled();
      return new Uint32Array(0);
    }
    const fits = idle.findIndex(({ size }) => size >= bytes && size <= 4 * bytes + 1024);
    const target =
      fits >= 0
        ? idle.splice(fits, 1)[0]!
        : createBuffer(Math.max(16, bytes), usage.mapRead | usage.copyTarget);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(arena(), 4 * start, target, 0, bytes);
    submit(encoder);
    try {
      await target.mapAsync(1, 0, bytes);
    } catch (error) {
      await log.settled();
      throw new DownhillError("device", `the GPU returned no elements: ${(error as Error).message}`);
    }
    await log.settled();
    const copy = new Uint32Array(target.getMappedRange(0, bytes).slice(0, bytes));
    target.unmap();
    counts.bytesRead += bytes;
    if (idle.length < mostStaging) idle.push(target);
    else target.destroy();
    return copy;
  };
}
