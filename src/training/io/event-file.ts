import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { joined } from "./bytes.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { explainWriteError, type FileOperations, nodeFiles, type WritableFile } from "./file-operations.ts";

/** Values of curves at a step, by name of the curve. */
export interface Scalars {
  /** Number of the step, 0 or more. */
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A TensorBoard event file open for appending. */
export interface EventFile {
  /** Path of the file. */
  readonly path: string;
  /** Adds points to curves. They are buffered until `flush`, or until the buffer is full. */
  readonly add: (scalars: Scalars) => Promise<void>;
  /**
   * Marks that the run restarts at this step, so that TensorBoard hides later points of other files in the folder. Used
   * for a resumed run.
   */
  readonly restartAt: (step: number) => Promise<void>;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Options of `openEventFile`. */
export interface EventFileOptions {
  /** File operations to use instead of those of Node, Deno or Bun. */
  readonly files?: FileOperations;
  /** Clock, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** Largest number of buffered bytes. */
const mostHeld = 1 << 16;

/**
 * Opens a new event file for TensorBoard in a folder, which is created on demand.
 *
 * The file is a sequence of records. Each consists of the length (eight bytes), its checksum, the content, and its
 * checksum (masked CRC-32C). The content is an `Event` protocol buffer; the first one names the version. Values are
 * written as float32, which TensorBoard displays.
 *
 * @throws DownhillError `file` if it cannot be written, and in a browser.
 * @see TensorFlow, tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer.h.
 * @example
 * ```text
 * const file = await openEventFile("runs/a");
 * await file.add({ step: 1, values: { "loss/training": 0.5 } });
 * await file.close();
 * // tensorboard --logdir runs
 * ```
 */
export async function openEventFile(folder: string, options: EventFileOptions = {}): Promise<EventFile> {
  if (arguments.length > 2) refuseExtra("openEventFile", arguments, 2);
  checkOptions("openEventFile", options, ["files", "now"]);
  const { files = nodeFiles("openEventFile"), now = Date.now } = options;
  const seconds = (): number => now() / 1000;
  let path = folder;
  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (cause) {
      throw new DownhillError("file", explainWriteError(path, cause), { cause });
    }
  };
  const file = await guarded(async () => {
    await files.makeFolder(folder);
    let number = (await files.list(folder)).filter((name) => name.includes("tfevents")).length;
    // TensorBoard reads the files of a folder in the order of their names.
    const stamp = String(Math.floor(seconds())).padStart(10, "0");
    for (;;) {
      path = `${folder}/events.out.tfevents.${stamp}.downhill.${String(number++).padStart(4, "0")}`;
      try {
        return await files.open(path);
      } catch (error) {
        // Another run began in the same second.
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  });
  let held: Uint8Array[] = [frame(encodeEvent({ seconds: seconds(), fileVersion: "brain.Event:2" }))];
  let size = 0;
  const flush = async (): Promise<void> => {
    const bytes = joined(held);
    [held, size] = [[], 0];
    await guarded(async () => writeAll(file, bytes));
  };
  const put = async (event: EventContent): Promise<void> => {
    const record = frame(encodeEvent(event));
    held.push(record);
    size += record.length;
    if (size >= mostHeld) await flush();
  };
  await closedIfItFails(file, flush);
  return {
    path,
    add: async ({ step, values }) => put({ seconds: seconds(), step, values }),
    restartAt: async (step) => put({ seconds: seconds(), step, isStart: true }),
    flush,
    async close() {
      await closedIfItFails(file, flush);
      await guarded(async () => file.close());
    },
  };
}

/** Runs an action. If it throws, closes the file before rethrowing. */
async function closedIfItFails(file: WritableFile, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    await file.close().catch(() => {}); // the first error is more informative
    throw error;
  }
}

async function writeAll(file: WritableFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += await file.write(bytes.subarray(at)));
}

interface EventContent {
  readonly seconds: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly isStart?: true;
}

/** Encodes a record: a length and a content, each with its checksum. */
function frame(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + content.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc32c(content), true);
  return record;
}

/** Encodes an `Event` as a protocol buffer. Field numbers are those of event.proto and summary.proto. */
function encodeEvent({ seconds, step = 0, fileVersion, values, isStart }: EventContent): Uint8Array {
  const time = new DataView(new ArrayBuffer(8));
  time.setFloat64(0, seconds, true);
  const summary = Object.entries(values ?? {}).map(([tag, value]) => {
    const number = new DataView(new ArrayBuffer(4));
    number.setFloat32(0, value, true);
    // a Summary.Value with its tag and simple_value
    return bytesField(1, joined([textField(1, tag), Uint8Array.of(key(2, fourBytes)), bytesOf(number)]));
  });
  return joined([
    Uint8Array.of(key(1, eightBytes)),
    bytesOf(time), // wall_time
    Uint8Array.of(key(2, varint)),
    varintOf(step),
    ...(fileVersion === undefined ? [] : [textField(3, fileVersion)]),
    ...(values === undefined ? [] : [bytesField(5, joined(summary))]),
    ...(isStart === undefined ? [] : [bytesField(7, Uint8Array.of(key(1, varint), 1))]), // session_log { status: START }
  ]);
}

// wire types
const varint = 0;
const eightBytes = 1;
const lengthFirst = 2;
const fourBytes = 5;

function key(field: number, kind: number): number {
  return (field << 3) | kind;
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text));
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(key(field, lengthFirst)), varintOf(bytes.length), bytes]);
}

/**
 * Encodes an integer of 0 or more as a varint: seven bits per byte, lowest first; all bytes but the last have their top
 * bit set.
 */
function varintOf(n: number): Uint8Array {
  const bytes: number[] = [];
  let rest = n;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function bytesOf({ buffer }: DataView): Uint8Array {
  return new Uint8Array(buffer);
}
