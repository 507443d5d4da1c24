import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stretch } from "downhill/train";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkFolder } from "../shared/write-file.ts";
import { changedSettings, keepStretches, repetitionOf, stretchSettings } from "./run-history.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "run-history-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const flat = { optimizer: "sgd", learningRate: 0.1, momentum: undefined, hidden: [32, 16], epochs: 5 };
const wordsOf = (rate: number, epochs: number, ...more: string[]): string[] => [
  "downhill",
  "train",
  "digits",
  "--lr",
  String(rate),
  ...more,
  "--epochs",
  String(epochs),
  "--seed",
  "0",
];
/** A stretch that began after the given number of batches, with ten per epoch. */
const stretch = (from: number, words: readonly string[], settings: object = flat): Stretch => ({
  step: from,
  epoch: Math.floor(from / 10),
  batch: from % 10,
  time: "2026-01-02T03:04:05Z",
  settings: stretchSettings(words, settings as typeof flat),
});
const endOf = (batches: number, stretches: readonly Stretch[], isStopped = false) => ({
  epoch: Math.floor(batches / 10),
  batch: batches % 10,
  stretches,
  isStopped,
  batchCount: 10,
});

test("a resumed run reports what has changed since it was saved, except for its length", () => {
  const change = (more: object): readonly string[] =>
    changedSettings(folder, [
      stretch(0, wordsOf(0.1, 5)),
      stretch(20, wordsOf(0.1, 5), { ...flat, ...more }),
    ]);
  expect(change({ epochs: 50 })).toEqual([]);
  expect(change({ learningRate: 0.2, momentum: 0.9 })).toEqual([
    "learningRate was 0.1 so far and is 0.2 from now on",
    "momentum was none so far and is 0.9 from now on",
  ]);
  expect(change({ hidden: [32] })).toEqual(["hidden was [32,16] so far and is [32] from now on"]);
  expect(changedSettings(folder, [stretch(0, wordsOf(0.1, 5))])).toEqual([]);
});

describe("the commands that reproduce a run", () => {
  const again = (batches: number, stretches: readonly Stretch[], isStopped = false) =>
    repetitionOf(
      (stretches.at(-1)!.settings as { command: string[] }).command,
      endOf(batches, stretches, isStopped),
      "runs/a",
    ).commands;

  test("are one if it was never resumed, or only with more epochs", () => {
    const whole = "downhill train digits --lr 0.1 --epochs 5 --seed 0";
    expect(again(50, [stretch(0, wordsOf(0.1, 5))])).toEqual([whole]);
    expect(again(50, [stretch(0, wordsOf(0.1, 3)), stretch(17, wordsOf(0.1, 3)), stretch(30, wordsOf(0.1, 5))])).toEqual([whole]); // prettier-ignore
    expect(repetitionOf(wordsOf(0.1, 5), endOf(50, []), undefined).commands).toEqual([whole]);
  });

  test("end where a stopped run ended", () => {
    expect(again(23, [stretch(0, wordsOf(0.1, 5))], true)).toEqual([
      "downhill train digits --lr 0.1 --epochs 5 --seed 0 --until 23",
    ]);
    expect(again(0, [stretch(0, wordsOf(0.1, 5))], true)).toEqual([
      "downhill train digits --lr 0.1 --epochs 5 --seed 0",
    ]);
  });

  test("are one for each stretch with other settings, up to its end", () => {
    const stretches = [
      stretch(0, wordsOf(0.1, 3)),
      stretch(30, wordsOf(0.2, 5)),
      stretch(37, wordsOf(0.3, 5)),
    ];
    expect(again(50, stretches)).toEqual([
      "downhill train digits --lr 0.1 --epochs 3 --seed 0 --checkpoint runs/a-again",
      "downhill train digits --lr 0.2 --epochs 5 --seed 0 --checkpoint runs/a-again --resume --until 37",
      "downhill train digits --lr 0.3 --epochs 5 --seed 0 --checkpoint runs/a-again --resume",
    ]);
    // the last one had no batches left
    expect(again(37, stretches)).toHaveLength(2);
  });

  test("treat another length as another run if a schedule depends on it", () => {
    const cosine = ["--schedule", "cosine"];
    const stretches = [stretch(0, wordsOf(0.1, 3, ...cosine)), stretch(30, wordsOf(0.1, 5, ...cosine))];
    expect(again(50, stretches)).toHaveLength(2);
    expect(again(50, stretches.map(({ settings: _, ...place }) => ({ ...place, ...stretches[0] })))).toHaveLength(1); // prettier-ignore
  });

  test("are none if the beginning of the run is unknown, with a note", () => {
    const { commands, notes, former } = repetitionOf(
      wordsOf(0.1, 5),
      endOf(50, [{ step: 0, epoch: 0, batch: 0 }, stretch(20, wordsOf(0.1, 5))]),
      folder,
    );
    expect(commands).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("are unknown: it was begun by a program")]);
    expect(former).toEqual([["until batch 20", "settings unknown"]]);
  });

  test("exclude those that a foreign checkpoint would inject", () => {
    const settings = { command: ["rm", "-rf", "/"], version: 3, engine: {}, settings: [] };
    const stretches = [{ ...stretch(0, []), settings }, stretch(20, wordsOf(0.1, 5))];
    expect(repetitionOf(wordsOf(0.1, 5), endOf(50, stretches), folder).commands).toEqual([]);
  });

  test("come with a note if other versions made parts of the run", () => {
    const old = stretch(0, wordsOf(0.1, 5));
    const stretches = [
      { ...old, settings: { ...(old.settings as object), version: "0.0.1" } },
      stretch(20, wordsOf(0.2, 5), { ...flat, learningRate: 0.2 }),
    ];
    const { notes, former } = repetitionOf(wordsOf(0.2, 5), endOf(50, stretches), folder);
    expect(notes[0]).toMatch(/^Parts of this run were made by downhill 0\.0\.1 on Node \S+ and by downhill \S+ on Node \S+: the last bits may differ\.$/); // prettier-ignore
    expect(former).toEqual([["until batch 20", "learningRate 0.1; begun 2026-01-02T03:04:05Z"]]);
  });
});

test("settings.json has each stretch, and in an earlier version only the first", async () => {
  const read = (): unknown => JSON.parse(readFileSync(join(folder, "settings.json"), "utf8"));
  await keepStretches(checkFolder(folder, []), [stretch(0, wordsOf(0.1, 5))]);
  expect(read()).toEqual({
    stretches: [
      {
        step: 0,
        epoch: 0,
        batch: 0,
        time: "2026-01-02T03:04:05Z",
        command: "downhill train digits --lr 0.1 --epochs 5 --seed 0",
        version: expect.any(String) as string,
        engine: `Node ${process.versions.node}`,
        settings: { optimizer: "sgd", learningRate: 0.1, hidden: [32, 16], epochs: 5 },
      },
    ],
  });
  const former = { optimizer: "sgd", learningRate: 0.3 };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(former));
  const stretches = [{ step: 0, epoch: 0, batch: 0 }, stretch(20, wordsOf(0.1, 5))];
  for (let i = 0; i < 2; i++) {
    expect(changedSettings(folder, stretches)[0]).toBe("learningRate was 0.3 so far and is 0.1 from now on");
    await keepStretches(checkFolder(folder, []), stretches);
  }
  expect(read()).toMatchObject({ stretches: [{ step: 0, settings: former }, { step: 20 }] });
});

test("a folder without run settings, or a truncated file, is accepted", () => {
  const stretches = [{ step: 0, epoch: 0, batch: 0 }, stretch(20, wordsOf(0.1, 5))];
  expect(changedSettings(folder, stretches)).toEqual([]);
  for (const text of ["", '{ "learningRate": 0.', "null", "[]", '{"stretches":3}', '{"stretches":[null]}']) {
    writeFileSync(join(folder, "settings.json"), text);
    expect(changedSettings(folder, stretches)).toEqual([]);
  }
});
