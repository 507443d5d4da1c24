import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import protobuf from "protobufjs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import { openEventFile } from "./event-file.ts";
import { type FileOperations, nodeFiles } from "./file-operations.ts";
import { openFullDevice } from "./testdata/full-device.ts";

// The fields of TensorFlow's event.proto and summary.proto that scalars need.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message SessionLog {
    enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
    SessionStatus status = 1;
    string checkpoint_path = 2;
    string msg = 3;
  }
  message Summary {
    message Value {
      string node_name = 7;
      string tag = 1;
      oneof value { float simple_value = 2; }
    }
    repeated Value value = 1;
  }
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
  }`);
const eventType = root.lookupType("Event");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-events-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Reads the events of a file and checks their lengths and checksums. */
function readEvents(bytes: Uint8Array): unknown[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unmasked = (at: number): number => {
    const rotated = (view.getUint32(at, true) - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  const events: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Number(view.getBigUint64(at, true));
    expect(unmasked(at + 8)).toBe(crc32c(bytes.subarray(at, at + 8)));
    const content = bytes.subarray(at + 12, at + 12 + size);
    expect(unmasked(at + 12 + size)).toBe(crc32c(content));
    // a field that is absent has the value 0
    events.push({
      step: 0,
      ...eventType.toObject(eventType.decode(content), { longs: Number, enums: String }),
    });
    at += 16 + size;
  }
  return events;
}

test("another reader of protocol buffers reads an event file back", async () => {
  let time = 1_700_000_000_000;
  const file = await openEventFile(folder, { now: () => (time += 250) });
  await file.restartAt(12);
  await file.add({ step: 300, values: { "loss/training": 0.1, é: -Infinity, zero: 0 } });
  await file.add({ step: 2 ** 40 + 1, values: {} });
  await file.add({ step: 0, values: { nan: Number.NaN } });
  await file.close();
  const [name, ...others] = readdirSync(folder);
  expect([join(folder, name!), others]).toEqual([file.path, []]);
  expect(name).toMatch(/^events\.out\.tfevents\.1700000000\.downhill\.0000$/);
  expect(readEvents(readFileSync(file.path))).toEqual([
    { wallTime: 1_700_000_000.5, step: 0, fileVersion: "brain.Event:2" },
    { wallTime: 1_700_000_000.75, step: 12, sessionLog: { status: "START" } },
    {
      wallTime: 1_700_000_001,
      step: 300,
      summary: {
        value: [
          { tag: "loss/training", simpleValue: Math.fround(0.1) },
          { tag: "é", simpleValue: -Infinity },
          { tag: "zero", simpleValue: 0 },
        ],
      },
    },
    { wallTime: 1_700_000_001.25, step: 2 ** 40 + 1, summary: {} },
    { wallTime: 1_700_000_001.5, step: 0, summary: { value: [{ tag: "nan", simpleValue: Number.NaN }] } },
  ]);
});

test("added points reach the file at a flush, or as soon as the buffer is full", async () => {
  const file = await openEventFile(folder);
  const count = (): number => readEvents(readFileSync(file.path)).length;
  expect(count()).toBe(1);
  await file.add({ step: 1, values: { loss: 1 } });
  expect(count()).toBe(1);
  await file.flush();
  expect(count()).toBe(2);
  for (let step = 0; step < 2000; step++) await file.add({ step, values: { loss: step } });
  expect(count()).toBeGreaterThan(1000);
  await file.close();
  expect(count()).toBe(2002);
});

test("files of one folder are ordered by name, even within a second", async () => {
  const now = (): number => 5000;
  for (let i = 0; i < 3; i++) await (await openEventFile(folder, { now })).close();
  expect(readdirSync(folder)).toEqual(
    [0, 1, 2].map((i) => `events.out.tfevents.0000000005.downhill.000${i}`),
  );
});

/** File operations on a device that fills up, and the number of open files. */
function countOpen(isFull: (written: number) => boolean): { files: FileOperations; open: () => number } {
  let [open, written] = [0, 0];
  const real = nodeFiles("test");
  const files: FileOperations = {
    ...real,
    open: async (path) => {
      const [plain, full] = [await real.open(path), await openFullDevice()];
      open++;
      return {
        ...plain,
        write: async (bytes) => (isFull(written++) ? full : plain).write(bytes),
        close: async () => {
          open--;
          await Promise.all([plain.close(), full.close()]);
        },
      };
    },
  };
  return { files, open: () => open };
}

test("a full disk is reported with the name of the file, and leaves no file open", async () => {
  const full = expect.stringMatching(/tfevents.*: the disk is full/) as string;
  const atOnce = countOpen(() => true);
  await expect(openEventFile(folder, { files: atOnce.files })).rejects.toMatchObject({
    code: "file",
    message: full,
  });
  expect(atOnce.open()).toBe(0);

  const later = countOpen((written) => written > 0);
  const file = await openEventFile(folder, { files: later.files });
  await file.add({ step: 1, values: { loss: 1 } });
  expect(later.open()).toBe(1);
  await expect(file.close()).rejects.toMatchObject({ code: "file", message: full });
  expect(later.open()).toBe(0);
});
