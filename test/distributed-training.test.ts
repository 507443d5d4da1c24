// Training on ranks over MPI itself: processes that are killed, stopped and started again. What does not need MPI is tested
// in src/training/train/parallel/ranks.test.ts.
//
// DOWNHILL_RANK_KILLS sets how many kills there are, DOWNHILL_KILL_SEED which.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldIn, key } from "downhill/random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extent, testInCi } from "./support/extent.ts";
import {
  describeWithMpi,
  type Ended,
  launchRanks,
  rankProgram,
  runToEnd,
  shortLived,
} from "./support/mpi.ts";
import { root } from "./support/snippets.ts";

/** Default number of kills: 10 with REQUIRE_MPI=1; otherwise fewer, because each kill starts some processes. */
const usualKills = process.env["REQUIRE_MPI"] === "1" ? 10 : extent(3, 20);
const kills = Number(process.env["DOWNHILL_RANK_KILLS"] ?? usualKills);
const seed = Number(process.env["DOWNHILL_KILL_SEED"] ?? 1);
const killsPerRun = 10;
const epochs = 8;
const stepsOfRun = 3 * epochs; // 6 batches per epoch, two per step
/** Maximum number of steps before a kill is due, and the maximum delay in microseconds after that, a few steps. */
const [mostSteps, longestDelay] = [extent(2, 4), extent(5000, 20_000)];
/** Numbers of ranks to draw from. Four ranks, most of which wait for cores, are drawn less often. */
const sizes = [1, 1, 2, 2, 2, 4] as const;
let folder: string;
/** Final hash of a run without interruption. */
let unbroken: string | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-ranks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Kill {
  readonly rank: number;
  readonly step: number;
  readonly after: number;
}

async function life(ranks: number, options: object, more: readonly string[] = []): Promise<Ended> {
  const words = [JSON.stringify({ epochs, ...options })];
  // one rank needs no launcher
  if (ranks === 1) return runToEnd(process.execPath, [shortLived, rankProgram("fit.mjs"), ...words]);
  return launchRanks(["-n", String(ranks), ...more], "fit.mjs", words);
}

function hashIn({ status, stdout, stderr }: Ended): string {
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  return /^done (\w+)$/m.exec(stdout)![1]!;
}

/** Arguments of `downhill train` on a few items of the digits. */
const small = [
  "train",
  "digits",
  "--batch",
  "64",
  "--epochs",
  "2",
  "--hidden",
  "8",
  "--shards",
  "4",
  "--json",
];

async function trainDigits(
  words: readonly string[],
  watch?: (told: string, pid: number) => void,
): Promise<Ended> {
  const bin = join(root, "dist/cli/main.js");
  const asRoot = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  const run = { cwd: folder, ...(watch === undefined ? {} : { watch }) };
  return runToEnd(process.execPath, [shortLived, bin, ...words, ...asRoot], run);
}

describeWithMpi("training over MPI", () => {
  test("has the same bits on ranks as on one, and ranks of different seeds are refused before", async () => {
    unbroken ??= hashIn(await life(1, {}));
    const two = await life(2, { oddSeed: 1 });
    expect(two.stdout).toContain("refused: fit: the ranks of this run were given different values: seed.");
    expect(hashIn(two)).toBe(unbroken);
    if (extent(0, 1, 1) === 1) expect(hashIn(await life(4, {}))).toBe(unbroken);
  });

  const runs = Array.from({ length: Math.ceil(kills / killsPerRun) }, (_, run) => run);
  testInCi.each(runs)(
    "run %i, killed at any moment and taken up by other numbers of ranks, has them too",
    async (run) => {
      unbroken ??= hashIn(await life(1, {}));
      let count = 0;
      const draw = (bound: number): number =>
        Math.floor((foldIn(foldIn(key(seed), run), count++)[0]! / 2 ** 32) * bound);
      const most = Math.min(killsPerRun, kills - run * killsPerRun);
      const path = join(folder, `run-${run}`);
      for (let killed = 0; ;) {
        const ranks = sizes[draw(sizes.length)]!;
        const kill: Kill = { rank: draw(ranks), step: 1 + draw(mostSteps), after: draw(longestDelay) };
        const ended = await life(ranks, { folder: path, ...(killed < most ? { kill } : {}) });
        const about = `seed ${seed}, run ${run}, ${killed} kills`;
        if (ended.status === 0) {
          expect(hashIn(ended), about).toBe(unbroken);
          if (killed === most) return;
          rmSync(path, { recursive: true }); // it finished before the kill, so it starts again
          continue;
        }
        expect(killed, `${about}: ${ended.stderr}`).toBeLessThan(most);
        if (ranks === 1) expect(ended.signal, about).toBe("SIGKILL");
        else expect(ended.stderr, about).toMatch(/was killed by signal 9/);
        killed++;
      }
    },
  );

  testInCi("is started again by launch, from the newest checkpoint", async () => {
    const path = join(folder, "restarted");
    unbroken ??= hashIn(await life(1, {}));
    const kill: Kill = { rank: 1, step: stepsOfRun / 2, after: 500 };
    const ended = await life(2, { folder: path, kill, onlyFresh: true }, [
      "--restarts",
      "2",
      "--checkpoint",
      path,
    ]);
    expect(ended.stderr).toContain("starting again (restart 1 of 2)");
    expect(hashIn({ ...ended, stderr: "" })).toBe(unbroken);
  });

  testInCi("by downhill train --ranks is the run of one process, told and written once", async () => {
    const network = async (ranks: number): Promise<Buffer> => {
      const file = `network-${ranks}.safetensors`;
      const ended = await trainDigits([...small, "--ranks", String(ranks), "--save", file]);
      expect(ended.status, ended.stderr).toBe(0);
      const events = ended.stdout.trim().split("\n").map((line) => (JSON.parse(line) as { event: string }).event); // prettier-ignore
      expect(events).toEqual(["start", "epoch", "epoch", "done"]);
      expect(ended.stdout).toContain("--shards 4");
      return readFileSync(join(folder, file));
    };
    const [two, one] = await Promise.all([network(2), network(1)]);
    expect(two.equals(one)).toBe(true);
  });

  // Open MPI gives the ranks a terminal
  testInCi("by downhill train draws no bars into a file", async () => {
    const words = ["train", "iris", "--epochs", "2", "--hidden", "none", "--ranks", "2"];
    const { status, stdout, stderr } = await trainDigits(words);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^epoch 2\/2  loss /m);
    expect(stdout).not.toMatch(/\u001b|\r(?!\n)/);
  });

  testInCi("by downhill train saves and reports once after Ctrl-C", async () => {
    const words = [
      ...small.map((word) => (word === "2" ? "100000" : word)),
      "--ranks",
      "2",
      "--checkpoint",
      "stopped",
    ];
    let isSent = false;
    const ended = await trainDigits(words, (told, pid) => {
      if (isSent || !/"event":"epoch","epoch":2\b/.test(told)) return;
      isSent = true;
      process.kill(pid, "SIGINT");
    });
    expect(ended.stdout.match(/"event":"done","stopped":"aborted"/g), ended.stderr).toHaveLength(1);
    expect(ended.stderr.match(/Stopping after this step/g)).toHaveLength(1);
    expect(readdirSync(join(folder, "stopped")).filter((name) => name.endsWith(".safetensors")).length).toBe(
      2,
    );
    expect(ended.status).toBe(130);
  });
});
