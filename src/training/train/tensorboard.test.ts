import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, mul, type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { meanSquaredError } from "downhill/nn";
import { sgd } from "downhill/optim";
import { checkpointMemory, fit, jsonLines, type LogEntry, tensorBoard } from "downhill/train";
import protobuf from "protobufjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message SessionLog { int32 status = 1; }
  message Event { double wall_time = 1; int64 step = 2; string version = 3; Summary summary = 5; SessionLog session = 7; }`);
const eventType = root.lookupType("Event");

interface Event {
  readonly step?: number;
  readonly session?: { readonly status: number };
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simpleValue?: number }[] };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-tensorboard-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function eventsIn(name: string): Event[] {
  const bytes = readFileSync(join(folder, name));
  const events: Event[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at));
    const content = bytes.subarray(at + 12, at + 12 + size);
    events.push(eventType.toObject(eventType.decode(content), { longs: Number }));
    at += 16 + size;
  }
  return events;
}

/** Returns the points of each curve. */
function curvesOf(events: readonly Event[]): Record<string, [number, number][]> {
  const curves: Record<string, [number, number][]> = {};
  for (const { step = 0, summary } of events) {
    for (const { tag, simpleValue = 0 } of summary?.value ?? [])
      (curves[tag] ??= []).push([step, simpleValue]);
  }
  return curves;
}

interface Line {
  readonly a: Tensor;
}
interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}
const options = {
  params: { a: tensor(0) },
  loss: ({ a }: Line, { x, y }: Points) => {
    const loss = meanSquaredError(add(mul(a, x), 1), y);
    return { loss, metrics: { slope: a } };
  },
  data: dataset({ x: [1, 2, 3], y: [3, 5, 7] }).batch(2),
  optimizer: sgd({ learningRate: 0.01 }),
  validation: dataset({ x: [4], y: [9] }).batch(1),
  epochs: 2,
};

describe("tensorBoard", () => {
  test("writes curves of steps and epochs, training and validation", async () => {
    const { history } = await fit({ ...options, log: tensorBoard(folder) });
    const [name] = readdirSync(folder);
    const curves = curvesOf(eventsIn(name!));
    expect(Object.keys(curves).toSorted()).toEqual([
      "learning rate",
      "loss/training",
      "loss/validation",
      "seconds/epoch",
      "seconds/waiting for data",
      "slope/training",
      "slope/validation",
      "step/learning rate",
      "step/loss",
      "step/slope",
    ]);
    expect(curves["step/loss"]!.map(([step]) => step)).toEqual([1, 2, 3, 4]);
    const points = (values: readonly number[]): [number, number][] => [[2, Math.fround(values[0]!)], [4, Math.fround(values[1]!)]]; // prettier-ignore
    expect(curves["loss/training"]).toEqual(points(history.map(({ loss }) => loss)));
    expect(curves["slope/validation"]).toEqual(
      points(history.map(({ validation }) => validation!.metrics["slope"]!)),
    );
  });

  test("writes steps at an interval, and marks the beginning of a resumed run", async () => {
    const store = checkpointMemory();
    const shared = { ...options, checkpoint: { store } };
    await fit({ ...shared, epochs: 1, log: tensorBoard(folder, { everySteps: 0 }) });
    await fit({ ...shared, resume: true, log: tensorBoard(folder, { everySteps: 3 }) });
    const [first, second] = readdirSync(folder).map(eventsIn);
    expect(curvesOf(first!)["step/loss"]).toBe(undefined);
    expect(first!.some(({ session }) => session !== undefined)).toBe(false);
    expect(second!.filter(({ session }) => session?.status === 1).map(({ step }) => step)).toEqual([2]);
    expect(curvesOf(second!)["step/loss"]!.map(([step]) => step)).toEqual([3]);
  });

  test("refuses a missing folder and a fractional interval", () => {
    expect(() => tensorBoard("")).toThrow("tensorBoard: needs the path of a folder.");
    expect(() => tensorBoard("a", { everySteps: 0.5 })).toThrow(
      "everySteps must be an integer of 0 or more; got 0.5.",
    );
  });
});

describe("jsonLines", () => {
  test("writes a line of JSON for each entry, and steps at an interval", async () => {
    const lines: string[] = [];
    await fit({ ...options, log: jsonLines((line) => lines.push(line), { everySteps: 3 }) });
    expect(lines.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
    const entries = lines.map((line) => JSON.parse(line) as LogEntry);
    expect(entries.map((entry) => [entry.kind, "step" in entry ? entry.step : undefined])).toEqual([
      ["start", 0],
      ["epoch", 2],
      ["step", 3],
      ["epoch", 4],
      ["end", 4], // prettier-ignore
    ]);
  });

  test("awaits the writer, and writes numbers that JSON lacks as null", async () => {
    const lines: string[] = [];
    const sink = jsonLines(async (line) => {
      await Promise.resolve();
      lines.push(line);
    });
    const entry = { kind: "end", stopped: "diverged", step: Number.NaN, epoch: 1 } as const;
    await sink(entry);
    expect(lines).toEqual(['{"kind":"end","stopped":"diverged","step":null,"epoch":1}\n']);
  });

  test("refuses a missing function and a fractional interval", () => {
    expect(() => jsonLines("a" as never)).toThrow("jsonLines: needs a function that takes a line of text.");
    expect(() => jsonLines(() => {}, { everySteps: -1 })).toThrow(
      "everySteps must be an integer of 0 or more",
    );
  });
});
