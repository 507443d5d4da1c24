import { DownhillError } from "../../../errors/index.ts";
import type { ProblemLog } from "./problems.ts";
import { usage } from "./usage.ts";

/** Copies words of the arena to the host. */
export interface ArenaReader {
  /** Returns a copy of words, as they are after all work submitted so far. */
  readonly read: (start: number, words: number) => Promise<Uint32Array<ArrayBuffer>>;
  /** Submits the copies that were requested so far. Called before other work that may change the words. */
  readonly start: () => void;
}

/** A requested copy of words from index `start` on. */
interface RequestedRead {
  readonly start: number;
  readonly words: number;
  readonly resolve: (words: Uint32Array<ArrayBuffer>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Adjacent words of the arena that one command copies to position `at` of the host's buffer, both in words. */
interface CopiedSpan {
  readonly start: number;
  end: number;
  readonly at: number;
}

/** Maximum number of idle buffers that are kept for reads. */
const mostStaging = 8;
/** Maximum number of unrequested words between two requests that one command copies. */
const mostGap = 64;

/** Fields of a machine that its reader uses. */
interface ReaderBase {
  readonly device: GPUDevice;
  readonly log: ProblemLog;
  readonly counts: { bytesRead: number };
  readonly arena: () => GPUBuffer;
  readonly createBuffer: (bytes: number, flags: number) => GPUBuffer;
  readonly submit: (encoder: GPUCommandEncoder) => void;
}

/**
 * Creates the reader of a machine. Reads requested in one turn of the event loop share one submission and one buffer.
 * Buffers are reused.
 */
export function makeReader({ device, log, counts, createBuffer, submit, arena }: ReaderBase): ArenaReader {
  const idle: GPUBuffer[] = [];
  let requested: RequestedRead[] = [];

  const bufferOf = (bytes: number): GPUBuffer => {
    const i = idle.findIndex(({ size }) => size >= bytes && size <= 4 * bytes + 1024);
    return i >= 0
      ? idle.splice(i, 1)[0]!
      : createBuffer(Math.max(16, bytes), usage.mapRead | usage.copyTarget);
  };
  const transfer = async (group: readonly RequestedRead[]): Promise<void> => {
    const { spans, words } = spansOf(group);
    const bytes = 4 * words;
    const target = bufferOf(bytes);
    const encoder = device.createCommandEncoder();
    for (const { start, end, at } of spans)
      encoder.copyBufferToBuffer(arena(), 4 * start, target, 4 * at, 4 * (end - start));
    submit(encoder);
    try {
      await target.mapAsync(1, 0, bytes);
    } catch (error) {
      await log.settled("read");
      throw new DownhillError("device", `read: the GPU returned no elements: ${(error as Error).message}`);
    }
    await log.settled("read");
    const mapped = target.getMappedRange(0, bytes);
    for (const { start, words: count, resolve } of group) {
      const { start: from, at } = spans.findLast((span) => span.start <= start)!;
      const begin = 4 * (at + start - from);
      resolve(new Uint32Array(mapped.slice(begin, begin + 4 * count)));
    }
    target.unmap();
    counts.bytesRead += bytes;
    if (idle.length < mostStaging) idle.push(target);
    else target.destroy();
  };
  const start = (): void => {
    if (requested.length === 0) return;
    const group = requested;
    requested = [];
    transfer(group).catch((error: unknown) => group.forEach(({ reject }) => reject(error)));
  };
  return {
    start,
    async read(first, words) {
      if (words === 0) {
        await log.settled("read");
        return new Uint32Array(0);
      }
      return new Promise((resolve, reject) => {
        if (requested.length === 0) queueMicrotask(start);
        requested.push({ start: first, words, resolve, reject });
      });
    },
  };
}

/** Joins requests of nearby words. Returns the spans in ascending order, and their total number of words. */
function spansOf(group: readonly RequestedRead[]): {
  readonly spans: readonly CopiedSpan[];
  readonly words: number;
} {
  const spans: CopiedSpan[] = [];
  let words = 0;
  for (const { start, words: count } of [...group].sort((a, b) => a.start - b.start)) {
    const last = spans.at(-1);
    if (last === undefined || start > last.end + mostGap) {
      spans.push({ start, end: start + count, at: words });
      words += count;
    } else if (start + count > last.end) {
      words += start + count - last.end;
      last.end = start + count;
    }
  }
  return { spans, words };
}
