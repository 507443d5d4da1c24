// Kills a training program at random moments and restarts it, again and again. At any moment, including while
// checkpoints are written, only the steps since the last checkpoint may be lost. The final result must equal that of a
// run that was never killed, bit by bit.
//
// DOWNHILL_KILLS sets the number of kills (default 3, where CI is set 6, in the thorough extent 10), DOWNHILL_KILL_SEED
// their moments (default 1).
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { foldIn, key } from "downhill/random";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extent, testInCi } from "../../../../test/support/extent.ts";
import { shortLived } from "../../../../test/support/mpi.ts";
import type { Moment, TraineeOptions } from "./testdata/trainee.ts";

const kills = Number(process.env["DOWNHILL_KILLS"] ?? extent(2, 10, 6));
const seed = Number(process.env["DOWNHILL_KILL_SEED"] ?? 1);
const killsPerRun = extent(3, 5);
const here = fileURLToPath(new URL("testdata/", import.meta.url));
let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-kill-"));
  program = join(folder, "trainee.mjs");
  await build({
    entryPoints: [join(here, "trainee.ts")],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    ignoreAnnotations: true, // package.json lists the modules with side effects by their paths in dist/
    logLevel: "silent",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns random integers below a bound that depend only on the seed and the run. */
function randomBelow(run: number): (bound: number) => number {
  let count = 0;
  const root = foldIn(key(seed), run);
  return (bound) => Math.floor((foldIn(root, count++)[0]! / 2 ** 32) * bound);
}

const operations = ["write", "sync", "rename", "write", "sync", "rename", "open", "close", "syncFolder", "remove", "list"] as const; // prettier-ignore
const whens = ["before", "during", "during", "after"] as const;

function randomMoment(below: (bound: number) => number): Moment {
  if (below(5) < 2) return { kind: "step", steps: 1 + below(12) };
  const operation = operations[below(operations.length)]!;
  return { kind: "file", operation, nth: below(6), when: whens[below(whens.length)]! };
}

interface Life {
  readonly wasKilled: boolean;
  /** The step from which it continued. */
  readonly begin: number | undefined;
  /** The last step that it reported as saved. */
  readonly saved: number | undefined;
  readonly warnings: readonly string[];
  readonly done: string | undefined;
}

interface Ended extends Life {
  readonly code: number | null;
  readonly errors: string;
}

/** Runs the program once by a command; kills it when it prints "now". */
async function liveBy(command: readonly string[], path: string, options: TraineeOptions): Promise<Ended> {
  const worker = pathToFileURL(join(here, "work.mjs")).href;
  const [file, ...words] = [
    ...command,
    process.execPath,
    shortLived,
    program,
    path,
    worker,
    JSON.stringify(options),
  ];
  const child: ChildProcess = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"] });
  let [out, errors] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (/^now$/m.test(out)) child.kill("SIGKILL");
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...end) => resolve(end));
  });
  const find = (word: string): string[] =>
    [...out.matchAll(new RegExp(`^${word} (.*)$`, "gm"))].map((match) => match[1]!);
  const [begin, saved] = [find("begin")[0], find("saved").at(-1)];
  return {
    wasKilled: signal === "SIGKILL",
    code,
    errors,
    begin: begin === undefined ? undefined : Number(begin),
    saved: saved === undefined ? undefined : Number(saved),
    warnings: find("warning"),
    done: find("done")[0],
  };
}

/** Runs the program once, until it finishes or is killed. */
async function live(path: string, options: TraineeOptions): Promise<Life> {
  const { code, errors, ...life } = await liveBy([], path, options);
  if (!life.wasKilled) expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return life;
}

const optionsOf = (run: number): TraineeOptions => ({
  accumulate: 1 + (run % 2),
  // With `everySeconds`, checkpoints are also written within a step of several batches.
  ...(run % 3 === 0 ? { everySeconds: 0.003 } : { everySteps: run % 3 }),
  epochs: 4,
});

/** Restarts the program until the run has finished; returns the moments at which it was killed. */
async function killedRun(run: number, unbroken: string): Promise<readonly Moment[]> {
  const below = randomBelow(run);
  const path = join(folder, `run-${run}`);
  const killed: Moment[] = [];
  let safe = 0;
  for (let life = 0; life < 5 * killsPerRun; life++) {
    const moment = killed.length < killsPerRun ? randomMoment(below) : undefined;
    const found = await live(path, { ...optionsOf(run), ...(moment === undefined ? {} : { moment }) });
    const about = `seed ${seed}, run ${run}, life ${life}, ${JSON.stringify(moment)}`;
    if (found.begin !== undefined) expect(found.begin, about).toBeGreaterThanOrEqual(safe);
    expect(found.warnings, about).toEqual([]);
    safe = Math.max(safe, found.saved ?? 0);
    if (found.wasKilled && moment !== undefined) killed.push(moment);
    else expect(found.done, about).toBe(unbroken);
    if (moment === undefined) break;
    if (found.wasKilled) continue;
    rmSync(path, { recursive: true }); // it finished before the moment: start again
    safe = 0;
  }
  return killed;
}

test(
  `a run that is killed ${kills} times resumes each time from its last checkpoint and ends like an uninterrupted one`,
  async () => {
    const runs = Math.ceil(kills / killsPerRun);
    const unbroken = await Promise.all(
      [0, 1, 2, 3, 4, 5]
        .slice(0, runs)
        .map(async (run) => live(join(folder, `unbroken-${run}`), optionsOf(run))),
    );
    // Runs with more steps between checkpoints end equally.
    expect(unbroken[0]!.done).toBe(unbroken[2]?.done ?? unbroken[0]!.done);
    let next = 0;
    const killed: Moment[] = [];
    const line = async (): Promise<void> => {
      while (next < runs) {
        const run = next++;
        killed.push(...(await killedRun(run, unbroken[run % 6]!.done!)));
      }
    };
    await Promise.all([line(), line()]); // two at a time
    expect(killed.length).toBeGreaterThanOrEqual(kills);
    const within = (operation: string): number =>
      killed.filter((moment) => moment.kind === "file" && moment.operation === operation).length;
    for (const operation of ["write", "sync", "rename"]) {
      expect(within(operation), operation).toBeGreaterThanOrEqual(Math.floor(kills / 20));
    }
    for (const kind of ["step", "file"])
      expect(killed.filter((moment) => moment.kind === kind).length, kind).toBeGreaterThanOrEqual(
        kills < 6 ? 0 : Math.ceil(kills / 10), // with few kills, a kind may not occur
      );
  },
  60_000 + kills * 10_000,
);

testInCi(
  "a run that exceeds the file size limit stops with an error, and can be resumed without the limit",
  async () => {
    const path = join(folder, "limited");
    const options = optionsOf(1);
    const unlimited = join(folder, "unlimited");
    const whole = await live(unlimited, options);
    // Less than the size of the last checkpoint; the first ones, with less history, still fit.
    const sizes = readdirSync(unlimited).map((name) => statSync(join(unlimited, name)).size);
    const limit = Math.floor((0.85 * Math.max(...sizes)) / 512); // blocks of 512 bytes
    const limited = await liveBy(["sh", "-c", `ulimit -f ${limit}; exec "$0" "$@"`], path, options);
    expect(limited.code).toBe(1);
    expect(limited.saved).toBeGreaterThan(0);
    expect(limited.errors).toMatch(
      /checkpoint-\d+\.json: the file would exceed the size limit \(see ulimit -f\)\. The checkpoint of step \d+ is not written/,
    );
    const { begin, done } = await live(path, options);
    expect(begin).toBe(limited.saved);
    expect(done).toBe(whole.done);
  },
);
