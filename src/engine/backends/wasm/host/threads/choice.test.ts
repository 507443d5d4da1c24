import { describe, expect, test } from "vitest";
import { makeChoice } from "./choice.ts";

/** Pseudo-random numbers in [0, 1) with a fixed seed. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Duration of a run in milliseconds, shared or not. */
type Cost = (isShared: boolean, run: number) => number;

/** Runs the same work `runs` times. Returns the fraction of runs that were shared, and the time in milliseconds. */
function work(cost: Cost, runs: number, choice = makeChoice(), start = 0, units = 10) {
  let [now, shared] = [start, 0];
  for (let run = 0; run < runs; run++) {
    const isShared = choice.isShared(now);
    const elapsed = cost(isShared, run);
    now += elapsed;
    choice.note(units, elapsed, now);
    if (isShared) shared++;
    now += 0.01;
  }
  return { part: shared / runs, spent: now - start - 0.01 * runs, choice, now };
}

describe("the choice whether to share", () => {
  test.each([0.02, 0.2, 2, 20, 2000])("picks the faster way with few trials, for work of %d ms", (alone) => {
    for (const shared of [0.5, 0.7, 0.85, 1, 1.1, 1.5, 3]) {
      const { part, spent } = work((isShared) => (isShared ? shared * alone : alone), 2000);
      if (shared < 0.9) expect(part).toBeGreaterThan(0.94);
      if (shared >= 1) expect(part).toBeLessThan(0.07);
      expect(spent).toBeLessThan(1.03 * 2000 * Math.min(1, shared) * alone);
    }
  });

  test("rejects gains so small that later work may lose more", () => {
    expect(work((isShared) => (isShared ? 0.97 : 1), 2000).part).toBeLessThan(0.1);
  });

  test("adapts when another program occupies a processor and releases it", () => {
    const quiet: Cost = (isShared) => (isShared ? 0.6 : 1);
    const busy: Cost = (isShared) => (isShared ? 4 : 1.1);
    const before = work(quiet, 1000);
    const during = work(busy, 2000, before.choice, before.now);
    expect(during.part).toBeLessThan(0.05);
    const after = work(quiet, 10_000, during.choice, during.now);
    expect(after.part).toBeGreaterThan(0.7);
  });

  test("ignores single slow runs of either kind", () => {
    const random = makeRandom(1);
    const spike = (): number => (random() < 0.03 ? 5 : 0);
    expect(work((isShared) => (isShared ? 0.55 : 1) + spike(), 4000).part).toBeGreaterThan(0.9);
    expect(work((isShared) => (isShared ? 1.3 : 1) + spike(), 4000).part).toBeLessThan(0.15);
  });

  test("rejects sharing that is usually faster but sometimes far slower", () => {
    const random = makeRandom(2);
    const { part } = work((isShared) => (isShared ? (random() < 0.3 ? 8 : 0.7) : 1), 4000);
    expect(part).toBeLessThan(0.25);
  });

  test("compares work of different sizes by the time per unit", () => {
    const choice = makeChoice();
    let [now, shared] = [0, 0];
    for (let run = 0; run < 2000; run++) {
      const units = 5 + ((run * 7919) % 100);
      const isShared = choice.isShared(now);
      const elapsed = units * (isShared ? 0.006 : 0.01);
      now += elapsed;
      choice.note(units, elapsed, now);
      if (isShared) shared++;
    }
    expect(shared / 2000).toBeGreaterThan(0.9);
  });

  test("works with clocks of coarse resolution", () => {
    for (const shared of [0.5, 1.5]) {
      const choice = makeChoice();
      const read = (time: number): number => 0.02 * Math.floor(time / 0.02);
      let [now, count] = [0, 0];
      for (let run = 0; run < 4000; run++) {
        const isShared = choice.isShared(read(now));
        const start = now;
        now += isShared ? shared * 0.007 : 0.007;
        choice.note(10, read(now) - read(start), read(now));
        if (isShared) count++;
      }
      if (shared < 1) expect(count).toBeGreaterThan(3000);
      else expect(count).toBeLessThan(1000);
    }
  });

  test("lets other threads wake up before a trial counts", () => {
    let inRow = 0;
    const cost: Cost = (isShared) => {
      inRow = isShared ? inRow + 1 : 0;
      return isShared ? (inRow <= 2 ? 1.1 : 0.5) : 1;
    };
    const slow = work((isShared) => (isShared ? 2 : 1), 500); // by now unshared
    expect(work(cost, 3000, slow.choice, slow.now).part).toBeGreaterThan(0.8);
  });
});
