import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "downhill";
import { dataset } from "downhill/data";
import { sgd } from "downhill/optim";
import { foldIn, key } from "downhill/random";
import {
  type Checkpoint,
  checkpointFolder,
  type CheckpointStore,
  fit,
  type FitOptions,
} from "downhill/train";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeFiles } from "../../io/file-operations.ts";
import { openFullDevice } from "../../io/testdata/full-device.ts";
import { makeDisk } from "./testdata/disk.ts";
import { extent } from "../../../../test/support/extent.ts";

let folder: string;
let store: CheckpointStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-checkpoint-"));
  store = checkpointFolder(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const checkpointOf = (step: number): Checkpoint => ({
  step,
  tensors: Uint8Array.from({ length: 40 + step }, (_, i) => i * step),
  state: JSON.stringify({ step, text: "é" }),
});
const tensorsOf = (number: number): string => join(folder, `checkpoint-00000${number}.safetensors`);
const stateOf = (number: number): string => join(folder, `checkpoint-00000${number}.json`);

function randomBelow(seed: number): (bound: number) => number {
  let count = 0;
  return (bound) => Math.floor((foldIn(key(seed), count++)[0]! / 2 ** 32) * bound);
}

describe("checkpoints in a folder", () => {
  test("are loaded unchanged, the newest first; two are kept", async () => {
    expect(await store.load()).toEqual({ checkpoint: undefined, warnings: [] });
    for (const step of [3, 6, 9]) {
      await store.save(checkpointOf(step));
      expect(await checkpointFolder(folder).load()).toEqual({ checkpoint: checkpointOf(step), warnings: [] });
    }
    const names = ["checkpoint-000002.json", "checkpoint-000002.safetensors"];
    const newest = ["checkpoint-000003.json", "checkpoint-000003.safetensors"];
    expect(readdirSync(folder)).toEqual([...names, ...newest]);
  });

  test("create their folder, keep the requested number, and leave other files alone", async () => {
    const path = join(folder, "a", "b");
    const many = checkpointFolder(path, { keep: 3 });
    for (let step = 1; step < 6; step++) await many.save(checkpointOf(step));
    expect(readdirSync(path).length).toBe(6);
    writeFileSync(join(path, "notes.json"), "{}");
    writeFileSync(join(path, "other.tmp"), "");
    writeFileSync(join(path, "checkpoint-notes.tmp"), "");
    mkdirSync(join(path, "checkpoint-000001.json.0123abcd.tmp"));
    await checkpointFolder(path, { keep: 1 }).save(checkpointOf(7));
    expect(readdirSync(path)).toEqual([
      "checkpoint-000001.json.0123abcd.tmp",
      "checkpoint-000006.json",
      "checkpoint-000006.safetensors",
      "checkpoint-notes.tmp",
      "notes.json",
      "other.tmp", // prettier-ignore
    ]);
  });

  test("ignore and remove leftovers of a killed run", async () => {
    await store.save(checkpointOf(1));
    for (const name of ["000002.safetensors", "000002.json.tmp", "000003.safetensors.tmp"]) {
      writeFileSync(join(folder, `checkpoint-${name}`), "half of");
    }
    expect(await store.load()).toEqual({ checkpoint: checkpointOf(1), warnings: [] });
    await store.save(checkpointOf(2));
    expect(readdirSync(folder)).toHaveLength(4);
    expect((await store.load()).checkpoint).toEqual(checkpointOf(2));
  });
});

describe("a damaged checkpoint", () => {
  beforeEach(async () => {
    await store.save(checkpointOf(5));
    await store.save(checkpointOf(7));
  });

  /** Checks that the older checkpoint is loaded, with a warning that names the damaged file. */
  async function expectOlder(path: string, how: RegExp | string): Promise<void> {
    const { checkpoint, warnings } = await store.load();
    expect(checkpoint).toEqual(checkpointOf(5));
    expect(warnings).toEqual([expect.stringMatching(how)]);
    expect(warnings[0]).toContain(`${path}: `);
    expect(warnings[0]).toMatch(/ The checkpoint of step 5 is used instead\.$/);
  }

  test("that was truncated anywhere is skipped", async () => {
    for (const path of [tensorsOf(2), stateOf(2)]) {
      const bytes = readFileSync(path);
      for (let size = 0; size < bytes.length; size++) {
        truncateSync(path, size);
        await expectOlder(path, "damaged: .*(cut short|not UTF-8 text)");
        writeFileSync(path, bytes);
      }
    }
    expect((await store.load()).checkpoint).toEqual(checkpointOf(7));
  });

  test("that has a flipped bit anywhere is skipped", async () => {
    for (const path of [tensorsOf(2), stateOf(2)]) {
      const bytes = readFileSync(path);
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        // The quick extent flips one bit per byte, a different one in each byte.
        if (bit % 8 !== (bit >> 3) % 8 && extent(0, 1) === 0) continue;
        const wrong = Uint8Array.from(bytes);
        wrong[bit >> 3]! ^= 1 << (bit % 8);
        writeFileSync(path, wrong);
        await expectOlder(path, "damaged: ");
      }
      writeFileSync(path, bytes);
    }
  });

  test("that was extended or overwritten is skipped", async () => {
    const bytes = readFileSync(tensorsOf(2));
    writeFileSync(tensorsOf(2), Uint8Array.of(...bytes, 0));
    await expectOlder(tensorsOf(2), "longer than when it was written");
    writeFileSync(tensorsOf(2), readFileSync(tensorsOf(1)));
    await expectOlder(tensorsOf(2), "cut short");
    writeFileSync(tensorsOf(2), bytes);
    writeFileSync(stateOf(2), "{}\n");
    await expectOlder(stateOf(2), "it is cut short or not a checkpoint");
  });

  test("that cannot be read is skipped", async () => {
    for (const path of [tensorsOf(2), stateOf(2)]) {
      const bytes = readFileSync(path);
      rmSync(path);
      mkdirSync(path);
      await expectOlder(path, "cannot be read \\(EISDIR");
      rmSync(path, { recursive: true });
      writeFileSync(path, bytes);
    }
    rmSync(tensorsOf(2));
    await expectOlder(tensorsOf(2), "cannot be read \\(ENOENT");
  });

  test("does not prevent writing the next one", async () => {
    rmSync(stateOf(2));
    mkdirSync(stateOf(2));
    await store.save(checkpointOf(9));
    expect(await store.load()).toEqual({ checkpoint: checkpointOf(9), warnings: [] });
  });

  test("is an error if no other is intact, so that no new run starts unnoticed", async () => {
    truncateSync(tensorsOf(1), 3);
    truncateSync(stateOf(2), 3);
    await expect(store.load()).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/^.*: none of its checkpoints is intact\. .*000002\.json.*000001\.safetensors.* Move the files away/) as string, // prettier-ignore
    });
  });
});

describe("a checkpoint that cannot be written", () => {
  test("because the disk is full leaves the last one intact and no files of its own", async () => {
    const real = nodeFiles("test");
    for (const full of [".safetensors", ".json"]) {
      rmSync(folder, { recursive: true, force: true });
      await store.save(checkpointOf(1));
      const before = readdirSync(folder);
      const files = {
        ...real,
        // a device that is always full
        open: async (path: string) => (path.includes(full) ? openFullDevice() : real.open(path)),
      };
      await expect(checkpointFolder(folder, { files }).save(checkpointOf(2))).rejects.toMatchObject({
        code: "file",
        message: expect.stringMatching(
          new RegExp(
            `checkpoint-000002${full}: the disk is full\\. Free some space.* The checkpoint of step 2 is not written`,
          ),
        ) as string,
      });
      expect(await store.load()).toEqual({ checkpoint: checkpointOf(1), warnings: [] });
      expect(readdirSync(folder).filter((name) => name.endsWith("tmp") || name.endsWith("json"))).toEqual(
        before.filter((name) => name.endsWith("json")),
      );
      await store.save(checkpointOf(2));
      expect(await store.load()).toEqual({ checkpoint: checkpointOf(2), warnings: [] });
    }
  });

  test("ends the run with its result so far, and the run can be resumed later", async () => {
    const real = nodeFiles("test");
    let isFull = false;
    const files = { ...real, open: async (path: string) => (isFull ? openFullDevice() : real.open(path)) };
    const options = {
      params: { w: tensor(1) },
      loss: ({ w }: { w: ReturnType<typeof tensor> }, { x }: { x: ReturnType<typeof tensor> }) =>
        x.sub(w).square().mean(),
      data: dataset({ x: [1, 2, 3, 4, 5] }).batch(2),
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      epochs: 6,
    };
    const hooks = {
      epoch: ({ epoch }: { readonly epoch: number }) => {
        isFull = epoch === 4;
      },
    };
    const checkpoint = { store: checkpointFolder(folder, { files }) };
    const run = fit({ ...options, hooks, checkpoint });
    await expect(run).rejects.toMatchObject({ code: "file" });
    expect(run.latest.step).toBe(12);
    const resumed = await fit({ ...options, checkpoint: { store }, resume: true });
    expect(resumed.params.w.item()).toBe((await fit(options)).params.w.item());
  });

  test("because a file has the name of the folder names that file", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    await expect(checkpointFolder(path).save(checkpointOf(1))).rejects.toThrow(
      `${path}: there is a file where a folder is needed.`,
    );
    await expect(checkpointFolder(join(path, "a")).save(checkpointOf(1))).rejects.toThrow("there is a file");
    await expect(checkpointFolder(path).load()).rejects.toThrow(
      `${path}: there is a file where a folder is needed`,
    );
  });
});

describe("two runs in one folder", () => {
  const options = {
    params: { w: tensor(1) },
    loss: ({ w }: { w: ReturnType<typeof tensor> }, { x }: { x: ReturnType<typeof tensor> }) =>
      x.sub(w).square().mean(),
    data: dataset({ x: [1, 2, 3, 4, 5] }).batch(2),
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 3,
  };
  const lockOf = (): string[] => readdirSync(folder).filter((name) => name.includes("lock"));

  test("are refused, because the second would resume from checkpoints of the first", async () => {
    for await (const { epoch } of fit({ ...options, checkpoint: { store } })) {
      const second = fit({ ...options, checkpoint: { store: checkpointFolder(folder) }, resume: true });
      await expect(second).rejects.toThrow("another run of this program has used this folder since");
      if (epoch === 2) break;
    }
    expect(lockOf()).toEqual([]);
    const { step } = await fit({ ...options, checkpoint: { store }, resume: true });
    expect(step).toBe(9);
  });

  test.each<[string, string, Partial<FitOptions<{ w: ReturnType<typeof tensor> }, unknown, never>>]>([
    ["is refused", "resume", {}],
    ["diverges", "finite", { resume: true, epochs: 9, optimizer: sgd({ learningRate: 1e308 }) }],
    ["meets a failing log", "no log", { resume: true, log: () => Promise.reject(new Error("no log")) }],
  ])("a run that %s leaves no lock", async (_, problem, more) => {
    await fit({ ...options, checkpoint: { store } });
    await expect(fit({ ...options, ...(more as object), checkpoint: { store } })).rejects.toThrow(problem);
    expect(lockOf()).toEqual([]);
  });
});

describe("a power cut", () => {
  test("in any operation leaves the last safe checkpoint, or the one being written, intact", async () => {
    const seeds = extent(40, 300, 100);
    let [cuts, newer] = [0, 0];
    for (let seed = 0; seed < seeds; seed++) {
      const chance = randomBelow(seed);
      let disk = makeDisk();
      let [safe, step] = [0, 0];
      for (let life = 0; life < 4; life++) {
        const keeper = checkpointFolder("disk", { keep: 1 + chance(2), files: disk.files });
        disk.cutAt(chance(60));
        let tried = safe;
        try {
          for (;;) {
            tried = ++step;
            await keeper.save(checkpointOf(step));
            safe = step;
          }
        } catch (error) {
          expect((error as Error).message).toMatch(/no power|not written/);
        }
        cuts++;
        disk = disk.afterCut(chance);
        const { checkpoint } = await checkpointFolder("disk", { files: disk.files })
          .load()
          .catch((error: unknown) => {
            // Data that were not yet reported as safe may be lost; others may not.
            if (safe === 0) return { checkpoint: undefined };
            throw error;
          });
        expect([safe, tried], `seed ${seed}, life ${life}`).toContain(checkpoint?.step ?? 0);
        if (checkpoint === undefined) break;
        expect(checkpoint).toEqual(checkpointOf(checkpoint.step));
        if (checkpoint.step === tried && tried !== safe) newer++;
        safe = checkpoint.step;
      }
    }
    expect(cuts).toBeGreaterThan(2 * seeds);
    expect(newer).toBeGreaterThan(seeds / 60);
  });
});

describe("misuse", () => {
  test.each<[() => unknown, string]>([
    [() => checkpointFolder(""), "checkpointFolder: needs the path of a folder"],
    [
      () => checkpointFolder("a", { keep: 0 }),
      "checkpointFolder: keep must be an integer of 1 or more; got 0.",
    ],
    [() => checkpointFolder("a", { keeps: 3 } as never), 'unknown option "keeps". Did you mean "keep"?'],
  ])("%s is refused", (run, message) => {
    expect(run).toThrow(message);
    expect(existsSync("a")).toBe(false);
  });
});
