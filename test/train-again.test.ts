// Runs of `downhill train` that are saved, resumed, stopped and repeated. The installed command is used where a signal
// stops it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testOnLinux } from "./support/conditions.ts";
import { bin, downhill } from "./support/command.ts";
import { testInCi } from "./support/extent.ts";
import { readReport } from "./support/read-report.ts";

const env = { ...process.env, NO_COLOR: "1" };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-again-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

const linesOf = (stdout: string): Ended["lines"] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

async function train(...words: string[]): Promise<Ended> {
  const { status, stdout, stderr } = await downhill(["train", "digits", ...words, "--json"], { cwd: folder });
  return { status, stderr, lines: linesOf(stdout) };
}

/** Starts a long run in a folder, and returns after its second epoch. */
async function begun(place: string): Promise<{ child: ChildProcess; ended: Promise<Ended> }> {
  const words = "train digits --hidden none --epochs 100000 --json --checkpoint".split(" ");
  const child = spawn(process.execPath, [bin, ...words, place], { cwd: folder, env });
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (status) => {
      // an unfinished line is not parsed
      resolve({ status, stderr, lines: linesOf(stdout.slice(0, stdout.lastIndexOf("\n") + 1)) });
    }),
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
      if (stdout.includes('"epoch":2')) resolve();
    });
    void ended.then((end) => reject(new Error(`ended before its second epoch: ${end.stderr}`)));
  });
  return { child, ended };
}

/** Hash of all tensors of the last checkpoint: parameters and optimiser state. */
function hashOf(place: string): string {
  const last = readdirSync(place)
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .at(-1)!;
  return createHash("sha256")
    .update(readFileSync(join(place, last)))
    .digest("hex");
}

const lockOf = (place: string): boolean => existsSync(join(folder, place, "run.lock"));
const reportOf = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("the commands of the report", () => {
  testInCi(
    "make a run again, bit for bit, that was resumed with other settings and stopped in an epoch",
    async () => {
      const run = ["--hidden", "none", "--augment", "shift=1", "--checkpoint", "run"];
      expect((await train(...run, "--epochs", "1")).status).toBe(0);
      const second = await train(...run, "--epochs", "3", "--lr", "0.05", "--resume", "--until", "70");
      expect(second.lines.map(({ text }) => text)).toContain(
        "learningRate was 0.2 so far and is 0.05 from now on",
      );
      expect(second.lines.at(-1)).toMatchObject({ stopped: "aborted", steps: 70 });
      const third = await train(
        ...run,
        "--epochs",
        "2",
        "--momentum",
        "0.5",
        "--resume",
        "--out",
        "third.html",
      );
      const commands = third.lines.at(-1)!["commands"] as string[];
      expect(commands).toHaveLength(3);
      const page = readReport(join(folder, "third.html"));
      const said = [
        "To repeat this run bit by bit, run these commands one after the other in a new folder:",
        ...commands,
        "<dt>until batch 45</dt><dd>momentum 0.9; begun ",
        "<dt>until batch 70</dt><dd>learningRate 0.05, momentum 0.9; begun ",
      ];
      expect(said.filter((text) => !page.includes(text))).toEqual([]);

      const elsewhere = join(folder, "elsewhere");
      mkdirSync(elsewhere);
      const script = `downhill() { "${process.execPath}" "${bin}" "$@"; }\nset -e\n${commands.join("\n")}\n`;
      const again = spawnSync("sh", ["-c", script], { encoding: "utf8", cwd: elsewhere, env });
      expect({ status: again.status, stderr: again.stderr }).toEqual({ status: 0, stderr: "" });
      expect(hashOf(join(elsewhere, "run-again"))).toBe(hashOf(join(folder, "run")));
      // starting again with the last settings, as the message said before, is a different run
      expect(
        (await train(...run.slice(0, 4), "--checkpoint", "other", "--epochs", "2", "--momentum", "0.5"))
          .status,
      ).toBe(0);
      expect(hashOf(join(folder, "other"))).not.toBe(hashOf(join(folder, "run")));

      const { stretches } = JSON.parse(reportOf("run/settings.json")) as {
        stretches: Record<string, unknown>[];
      };
      expect(stretches.map(({ step, settings }) => [step, (settings as Record<string, unknown>)["learningRate"], (settings as Record<string, unknown>)["momentum"]])).toEqual([
      [0, 0.2, 0.9],
      [45, 0.05, 0.9],
      [70, 0.2, 0.5],
    ]); // prettier-ignore
    },
  );
});

test("a refused --resume changes no file", async () => {
  expect((await train("--hidden", "none", "--epochs", "1", "--checkpoint", "refused")).status).toBe(0);
  const names = readdirSync(join(folder, "refused"));
  const before = reportOf("refused/settings.json");
  for (const words of [
    ["--hidden", "8"],
    ["--hidden", "none", "--seed", "1"],
    ["--hidden", "none", "--batch", "7"],
  ]) {
    const { status, stderr } = await train(...words, "--epochs", "2", "--checkpoint", "refused", "--resume");
    expect([status, stderr]).toEqual([1, expect.stringContaining("belongs to another run")]);
    expect(reportOf("refused/settings.json")).toBe(before);
    expect(readdirSync(join(folder, "refused"))).toEqual(names);
  }
});

describe("a second run in the folder of a running one", () => {
  testInCi("is refused with the owner of the folder, and may use it when the owner has ended", async () => {
    const { child, ended } = await begun("shared");
    expect(lockOf("shared")).toBe(true);
    const second = await train("--hidden", "none", "--epochs", "1", "--checkpoint", "shared", "--resume");
    expect([second.status, second.lines]).toEqual([1, []]);
    expect(second.stderr).toMatch(
      new RegExp(
        `^error: shared/run\\.lock: another run, process ${child.pid!}, has used this folder since 20\\S+Z\\. Wait until it ends`,
      ),
    );
    child.kill("SIGTERM");
    expect((await ended).status).toBe(143);
    expect(lockOf("shared")).toBe(false);
  });

  testInCi.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
  ] as const)("%s saves the run, writes its report and gives the folder back", async (signal, code) => {
    const { child, ended } = await begun(signal);
    child.kill(signal);
    const { status, lines } = await ended;
    expect(status).toBe(code);
    expect(lines.at(-1)).toMatchObject({ event: "done", stopped: "aborted", checkpoint: signal });
    expect(lockOf(signal)).toBe(false);
    const epochs = Number(lines.at(-1)!["epochs"]);
    const resumed = await train(
      "--hidden",
      "none",
      "--epochs",
      String(epochs + 1),
      "--checkpoint",
      signal,
      "--resume",
    );
    expect(resumed.lines.at(-1)).toMatchObject({ stopped: "finished", epochs: epochs + 1 });
  });

  testInCi("quits at the second Ctrl-C, and still releases the folder", async () => {
    const { child, ended } = await begun("twice");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    await ended;
    expect(lockOf("twice")).toBe(false);
  });

  testInCi("that was killed is no obstacle", async () => {
    const { child, ended } = await begun("killed");
    child.kill("SIGKILL");
    const { lines } = await ended;
    expect(lockOf("killed")).toBe(true);
    const epochs = Math.max(...lines.map(({ epoch }) => Number(epoch ?? 0)));
    const resumed = await train(
      "--hidden",
      "none",
      "--epochs",
      String(epochs + 2),
      "--checkpoint",
      "killed",
      "--resume",
    );
    expect(resumed).toMatchObject({ status: 0, stderr: "" });
    expect(lockOf("killed")).toBe(false);
  });
});

testOnLinux("a folder where none can be made is an error, and no endless try", async () => {
  const { status, stderr } = await train("--epochs", "1", "--checkpoint", "/proc/downhill/a");
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: .*\/proc\/downhill\/a/)]);
});
