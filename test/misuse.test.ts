// Misuse that plain JavaScript permits and types would not: functions that require options report missing ones.
import { compareBatches, findLandscape, findPreset, gradientVariance } from "downhill/landscapes";
import {
  dataset,
  kFold,
  randomNoise,
  randomRotation,
  randomShift,
  randomSplit,
  stratifiedSplit,
  supervised,
} from "downhill/data";
import { readIdx, readNpy, readNpz, readParquet, readSafetensors } from "downhill/io";
import { fit, lrRangeTest, tune } from "downhill/train";
import { expect, test } from "vitest";

type Anything = (...words: unknown[]) => unknown;
const messageOf = async (f: unknown, ...words: unknown[]): Promise<unknown> => {
  try {
    await (f as Anything)(...words);
  } catch (error) {
    if (error instanceof Error && error.name === "DownhillError") return error.message;
    throw error;
  }
  return undefined;
};

const needy = { fit, lrRangeTest, tune, randomSplit, stratifiedSplit, compareBatches, gradientVariance };
const afterOne = { kFold, randomNoise, randomRotation, randomShift, supervised };

test.each([
  ...Object.entries(needy).map(([name, f]) => [name, f, []] as const),
  ...Object.entries(afterOne).map(([name, f]) => [name, f, [3]] as const),
])("%s needs its options, and says so", async (name, f, words) => {
  expect(await messageOf(f, ...words)).toMatch(
    new RegExp(`^${name}: needs options, as in \\{ \\w+: … \\}; got none\\.$`),
  );
  expect(await messageOf(f, ...words, null)).toMatch(
    new RegExp(`^${name}: the options must be an object, .*; got null\\.$`),
  );
});

test("prefetch takes options instead of a number", async () => {
  const batches = dataset([1, 2, 3]).batch(2);
  for (const ahead of [batches, batches.prefetch()]) {
    expect(await messageOf((n: never) => ahead.prefetch(n), 2)).toBe(
      "prefetch: the options must be an object, as in { ahead: … }; got 2.",
    );
  }
});

test.each([undefined, null, 3, {}])("names must be strings: %j", async (name) => {
  for (const find of [findLandscape, findPreset]) expect(await messageOf(find, name)).toContain("There are ");
});

test.each(Object.entries({ readIdx, readNpy, readNpz, readParquet, readSafetensors }))(
  "%s takes bytes",
  async (name, read) => {
    const wants = `${name}: expected bytes as a Uint8Array, got`;
    expect(await messageOf(read, new ArrayBuffer(3))).toBe(
      `${wants} an ArrayBuffer. Write new Uint8Array(buffer).`,
    );
    expect(await messageOf(read, "a.npy")).toBe(`${wants} a string. For the path of a file use ${name}File.`);
    expect(await messageOf(read, null)).toBe(`${wants} null.`);
    expect(await messageOf(read)).toBe(`${wants} undefined.`);
  },
);
