// Runs on several ranks. Threads that communicate through shared memory stand in for processes that communicate through
// MPI.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { extent, testInCi } from "../../../../test/support/extent.ts";
import { threadMemory } from "../../../../test/support/thread-world.ts";
import type { Outcome, Oddity, Scenario } from "./testdata/scenario.ts";

let folder: string;
let threads: Worker[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-ranks-"));
  const program = join(folder, "rank.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("testdata/thread-rank.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    ignoreAnnotations: true, // package.json lists the modules with side effects by their paths in dist/
    logLevel: "silent",
  });
  threads = Array.from({ length: 4 }, () => new Worker(program));
});
afterAll(async () => {
  await Promise.all(threads.map(async (thread) => thread.terminate()));
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a scenario on `size` ranks; 0 means one without a world. */
async function on(size: number, scenario: Scenario): Promise<readonly Outcome[]> {
  const memory = size === 0 ? undefined : threadMemory(size);
  return Promise.all(
    threads.slice(0, Math.max(size, 1)).map(async (thread, rank) => {
      const answer = new Promise<Outcome>((resolve) => thread.once("message", resolve));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage({ memory, rank, scenario });
      return answer;
    }),
  );
}

/** Checks that all ranks agree and returns their result. */
function agreed(outcomes: readonly Outcome[]): Pick<Outcome, "hash" | "stopped" | "step"> {
  const plain = outcomes.map(({ hash, stopped, step, error }) => ({ hash, stopped, step, error }));
  for (const one of plain) expect(one).toEqual({ ...plain[0]!, error: undefined });
  const { hash, stopped, step } = outcomes[0]!;
  return { hash: hash!, stopped: stopped!, step };
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "batches, the last of which has fewer items than shards": { shards: 8, validation: true },
  "a model with a state, two batches a step": {
    shards: 8,
    accumulate: 2,
    validation: true,
    modelState: true,
  },
  "four shards": { shards: 4 },
  "three batches a step": { shards: 4, accumulate: 3, plateau: true },
  "sums of losses, in float64": { shards: 8, reduction: "sum", dtype: "float64", rate: 0.001 },
  "items that are augmented": { shards: 4, data: "augmented" },
  "a stream": { shards: 4, data: "stream", batch: 12 },
  "a stream of parts": { shards: 4, data: "chunks", accumulate: 2 },
  "an array of batches, which each rank cuts": { shards: 8, data: "arrays" },
  "more parameters than a message holds, in both dtypes": { shards: 4, wide: true, rate: 100, epochs: 1 },
  "an iterable, which each rank cuts": { shards: 4, data: "iterable", patience: 1, validation: true },
};

/** Returns the first `quick` cases in the quick extent, all of them in the thorough one. */
function firstOf<T>(quick: number, cases: readonly T[]): readonly T[] {
  return cases.slice(0, extent(quick, cases.length));
}

describe.each(Object.entries(scenarios).map(([name, scenario], i) => [name, scenario, i] as const))(
  "a run on %s",
  (_, scenario, i) => {
    const inTurns = i % 2 === 0 ? [2, 4, 1] : [4, 2, 1];
    const sizes = firstOf(i === 0 ? 3 : 1, inTurns);
    test(`has the same bits on ${sizes.join(", ")} ranks and without a world`, async () => {
      const alone = agreed(await on(0, scenario));
      expect(alone.step).toBeGreaterThan(4);
      for (const size of sizes) expect(agreed(await on(size, scenario))).toEqual(alone);
    });
  },
);

describe("a run on ranks", () => {
  test("has the losses of one process up to rounding, and equal numbers of steps and items", async () => {
    // without dropout, whose random numbers depend on the shards
    const scenario: Scenario = { validation: true, accumulate: 2, noDropout: true };
    const [alone] = await on(0, scenario);
    for (const one of await on(4, scenario)) {
      expect(one.step).toBe(alone!.step);
      // Sums of at most 32 float32 numbers in another order, and their effect after two epochs.
      one.losses.forEach((loss, i) => expect(Math.abs(loss - alone!.losses[i]!)).toBeLessThan(1e-4));
      one.validation.forEach((loss, i) => expect(Math.abs(loss - alone!.validation[i]!)).toBeLessThan(1e-4));
    }
  });

  test("reads only its own items on each rank, and splits them evenly", async () => {
    const outcomes = await on(4, { shards: 4, batch: 32 });
    // Only rank 0 reads a whole batch, once, for the comparison; all ranks compare.
    for (const { rows } of outcomes)
      expect([...new Set(rows)].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([8, 32]));
    expect(outcomes.map(({ rows }) => Math.max(...rows.slice(1)))).toEqual([8, 8, 8, 8]);
  });

  test("logs only on rank 0", async () => {
    const [first, second] = await on(2, { shards: 2, epochs: 1 });
    expect(first!.told.filter((kind) => kind !== "step")).toEqual(["start", "epoch", "end"]);
    expect(second!.told).toEqual([]);
  });

  testInCi("with fast sums ends equally on all ranks, close to the result of the tree", async () => {
    const fast = await on(4, { shards: 4, reduce: "fast", validation: true });
    agreed(fast);
    const [tree] = await on(4, { shards: 4, validation: true });
    fast[0]!.losses.forEach((loss, i) => expect(Math.abs(loss - tree!.losses[i]!)).toBeLessThan(1e-4));
  });

  test("stops equally on all ranks: early, on divergence, and on a non-finite number", async () => {
    expect(
      agreed(await on(2, { shards: 2, epochs: 50, rate: 0, patience: 2, validation: true })).stopped,
    ).toBe("early-stopping");
    const [first, second] = await on(2, { shards: 2, rate: 1e39, epochs: 3 });
    expect(first!.error?.code).toBe("nan");
    expect(first!.error?.message).toContain("The first such number comes from");
    expect(second!.error).toEqual(first!.error);
  });
});

describe("one rank alone", () => {
  const kinds: Readonly<Record<string, readonly [Oddity, string, number]>> = {
    "that leaves its loop ends the run of all": ["leaves", "left", 3],
    "whose hook says stop ends the run of all": ["stops", "hook", 3],
    "whose signal is raised ends the run of all": ["aborts", "aborted", 3],
    "whose signal is raised between epochs does too": ["aborts between epochs", "aborted", 7],
  };
  test.each(Object.entries(kinds))("%s", async (_, [what, stopped, step]) => {
    for (const [size, rank] of firstOf<readonly [number, number]>(2, [
      [2, 1],
      [4, 0],
      [4, 2],
    ])) {
      const outcomes = await on(size, { shards: 4, odd: { rank, what } });
      expect(agreed(outcomes)).toMatchObject({ stopped, step });
    }
  });

  const failures: Readonly<Record<string, readonly [Oddity, string]>> = {
    "whose hook throws": ["throws in a hook", "no hook today"],
    "whose last hook throws": ["throws in the last hook", "not the last one"],
    "whose loss throws": ["throws in its loss", "no loss today"],
  };
  test.each(Object.entries(failures))("%s ends the others with its message", async (_, [what, message]) => {
    for (const [size, rank] of firstOf<readonly [number, number]>(1, [
      [4, 3],
      [2, 0],
    ])) {
      const outcomes = await on(size, { shards: 4, odd: { rank, what } });
      for (const { rank: r, error } of outcomes) {
        expect(error?.message).toBe(
          r === rank ? message : `fit: rank ${rank} has failed, which ends the run: ${message}`,
        );
      }
      expect(new Set(outcomes.map(({ step }) => step)).size).toBe(1);
    }
  });

  test("that throws in its loop ends the run of the other ranks", async () => {
    const [first, second] = await on(2, { shards: 2, odd: { rank: 0, what: "throws in its loop" } });
    expect(first!.error?.message).toBe("no loop today");
    expect(second).toMatchObject({ stopped: "left", step: 3 });
  });

  const differences: Readonly<Record<string, readonly [Oddity, string]>> = {
    "with another seed": ["other seed", "seed"],
    "with other data": ["other data", "the data"],
    "with another loss": ["other loss", "the loss"],
    "with another learning rate": ["other rate", "the optimiser"],
    "with more epochs": ["other epochs", "epochs"],
    "with other shards": ["other shards", "shards"],
  };
  test.each(Object.entries(differences))("%s is found at the start", async (_, [what, name]) => {
    for (const [size, rank] of firstOf<readonly [number, number]>(1, [
      [4, 1],
      [2, 1],
    ])) {
      const outcomes = await on(size, { shards: 4, odd: { rank, what } });
      for (const { error, step } of outcomes) {
        expect(error?.message).toContain(`the ranks of this run were given different values: ${name}.`);
        expect({ code: error?.code, step }).toEqual({ code: "option", step: 0 });
      }
    }
  });

  testInCi("whose data fail or end early ends the other ranks too", async () => {
    const failed = await on(2, { shards: 2, data: "stream", odd: { rank: 1, what: "throws in its data" } });
    expect(failed.map(({ error }) => error?.message)).toEqual([
      "fit: rank 1 has failed, which ends the run: no data today",
      "no data today",
    ]);
    const early = await on(4, { shards: 4, odd: { rank: 2, what: "fewer batches" } });
    for (const { error } of early) expect(error?.message).toContain("the ranks run different programs");
  });

  test("whose parameters differ from the others is found at the end of the epoch", async () => {
    for (const { error } of await on(2, { shards: 2, odd: { rank: 1, what: "drifts" } }))
      expect(error?.message).toContain("the ranks have diverged: after step 7");
  });
});

describe("checkpoints of ranks", () => {
  test("are written by rank 0, and resumed by any number of ranks with the same bits", async () => {
    const scenario: Scenario = { shards: 4, accumulate: 2, epochs: 3, everySteps: 1, validation: true };
    const unbroken = agreed(await on(1, scenario));
    let run = 0;
    for (const [before, stopAfter, after] of [
      [2, 3, 4],
      [4, 4, 0],
      [0, 7, 2],
    ] as const) {
      const path = join(folder, `run-${run++}`);
      const first = agreed(await on(before, { ...scenario, folder: path, stopAfter }));
      expect(first).toMatchObject({ stopped: "aborted", step: stopAfter });
      expect(readdirSync(path).filter((name) => name.endsWith(".json")).length).toBeGreaterThan(0);
      expect(agreed(await on(after, { ...scenario, folder: path, resume: true }))).toEqual(unbroken);
    }
  });

  testInCi(
    "with another number of shards are refused on all ranks, and so is a folder that holds a run",
    async () => {
      const path = join(folder, "shards");
      await on(2, { shards: 4, folder: path, epochs: 1 });
      for (const [rest, message] of [
        [{ shards: 2, resume: true }, "its batches were cut into 4 shards, here into 2"],
        [{ shards: 4 }, "there is a checkpoint of step 7 already"],
      ] as const) {
        const outcomes = await on(2, { folder: path, epochs: 2, ...rest });
        for (const { error } of outcomes) expect(error?.message).toContain(message);
      }
    },
  );

  test("that cannot be written end all ranks", async () => {
    const path = join(folder, "full");
    const outcomes = await on(4, { shards: 4, folder: path, odd: { rank: 0, what: "throws when it saves" } });
    for (const { error } of outcomes) expect(error?.message).toContain("the disk is full");
  });
});
