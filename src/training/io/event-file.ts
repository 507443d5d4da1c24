import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { joined } from "./bytes.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { explainWriteError, type FileOperations, nodeFiles, type WritableFile } from "./file-operations.ts";

/** Numbers at a step, by the names of their curves. */
export interface Scalars {
  /** Number of the step, 0 or more. */
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A file of events that grows. */
export interface EventFile {
  /** The path of the file. */
  readonly path: string;
  /** Adds points to curves. They are held in memory until `flush`, or until there are many. */
  readonly add: (scalars: Scalars) => Promise<void>;
  /**
   * Says that what follows begins at this step: what other files of the folder have from there on is no longer shown. For
   * a run that was resumed.
   */
  readonly restartAt: (step: number) => Promise<void>;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Options of `openEventFile`. */
export interface EventFileOptions {
  /** Other files than those of Node, Deno or Bun. */
  readonly files?: FileOperations;
  /** The time, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** As many bytes as are held back at most. */
const mostHeld = 1 << 16;

/**
 * Opens a new file for TensorBoard in a folder, which is made if it is not there.
 *
 * The file is a row of records (the length, eight bytes; its checksum; the content; its checksum: CRC-32C, masked), each
 * of them an `Event` as a protocol buffer, the first naming the version. Values are written as float32, as TensorBoard
 * shows them.
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
    // TensorBoard reads the files of a folder in the order of their names
    const stamp = String(Math.floor(seconds())).padStart(10, "0");
    for (;;) {
      path = `${folder}/events.out.tfevents.${stamp}.downhill.${String(number++).padStart(4, "0")}`;
      try {
        return await files.open(path);
      } catch (error) {
        // another run has begun in the same second
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

/** Runs an action; where that throws, the file is closed first, since nobody else will. */
async function closedIfItFails(file: WritableFile, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    await file.close().catch(() => {}); // the first error says more
    throw error;
  }
}

async function writeAll(file: WritableFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += await file.write(bytes.subarray(at)));
}

/** What an event says. */
interface EventContent {
  readonly seconds: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly values?: Readonly<Record<string, number>>;
  readonly isStart?: true;
}

/** A record: a length and a content, each with its checksum. */
function frame(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + content.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, maskedCrc32c(content), true);
  return record;
}

/** An `Event` as a protocol buffer; the numbers of the fields are those of event.proto and summary.proto. */
function encodeEvent({ seconds, step = 0, fileVersion, values, isStart }: EventContent): Uint8Array {
  const time = new DataView(new ArrayBuffer(8));
  time.setFloat64(0, seconds, true);
  const summary = Object.entries(values ?? {}).map(([tag, value]) => {
    const number = new DataView(new ArrayBuffer(4));
    number.setFloat32(0, value, true);
    // a Summary.Value: its tag, and its simple_value
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

// kinds of fields on the wire
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

/** A whole number of 0 or more, seven bits a byte, the lowest first; all but the last have their top bit set. */
function varintOf(n: number): Uint8Array {
  const bytes: number[] = [];
  let rest = n;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function bytesOf({ buffer }: DataView): Uint8Array {
  return new Uint8Array(buffer);
}
