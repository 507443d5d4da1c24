import { expect, test } from "vitest";
import { descriptor, layout, mostThreads } from "./layout.ts";

const cacheLine = 64;

test("words for threads are aligned, do not overlap and fit into the block", () => {
  const { bytes, ...offsets } = layout;
  const end = (name: string, offset: number): number => offset + (name === "claim" ? 8 : 4);
  const fields = Object.entries(offsets).toSorted(([, a], [, b]) => a - b);
  fields.forEach(([name, offset], i) => {
    expect(offset % (name === "claim" ? 8 : 4), name).toBe(0);
    expect(end(name, offset), name).toBeLessThanOrEqual(fields[i + 1]?.[1] ?? bytes);
  });
  expect(bytes % cacheLine).toBe(0);
});

test("values written by different threads are in different cache lines", () => {
  const lines = [layout.epoch, layout.claim, layout.done, layout.up, layout.descriptor].map((offset) =>
    Math.floor(offset / cacheLine),
  );
  expect(new Set(lines).size).toBe(lines.length);
});

test("a descriptor has three words, and 32 threads may share work", () => {
  expect(descriptor).toEqual({ id: 0, address: 4, length: 8, bytes: 12 });
  expect(mostThreads).toBe(32);
});
