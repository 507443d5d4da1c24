import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testOnLinux } from "../../../test/support/conditions.ts";
import { type FileOperations, nodeFiles } from "./file-operations.ts";
import { type Release, takeLock } from "./lock-file.ts";

const files = nodeFiles("test");
/** Milliseconds, for locks that are never released. */
const firstWait = 0.1;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-lock-"));
  path = join(folder, "run.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Leaves a lock of another process. */
function leave(owner: object): void {
  const nobody = { pid: 1, host: hostname(), began: null, since: "2026-01-02T03:04:05Z", key: "k" };
  writeFileSync(path, `${JSON.stringify({ ...nobody, ...owner })}\n`);
}
const pidOfTheDead = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

test("a lock has one owner until it is released", async () => {
  const release = await takeLock(files, path);
  await expect(takeLock(files, path)).rejects.toThrow(
    /run\.lock: another run of this program has used this folder since 20\d\d-\d\d-\d\dT[\d:]+Z\. Wait until it ends, or use another folder\.$/,
  );
  await release();
  expect(readdirSync(folder)).toEqual([]);
  await (
    await takeLock(files, path)
  )();
});

test("of many that request a lock at once, one gets it, even if it is stale", async () => {
  for (const isStale of [false, true]) {
    if (isStale) leave({ pid: pidOfTheDead() });
    const tries = await Promise.allSettled(Array.from({ length: 20 }, async () => takeLock(files, path)));
    const got = tries.filter((one) => one.status === "fulfilled");
    expect(got).toHaveLength(1);
    await got[0]!.value();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a stale lock that was taken over meanwhile is not removed", async () => {
  leave({ pid: pidOfTheDead() });
  const others: Promise<Release>[] = [];
  const other = async (): Promise<void> => {
    others.push(takeLock(files, path));
    await Promise.allSettled(others);
  };
  // Another process takes the lock over after the first has read it, and a third wants it as soon as the first has
  // changed the folder.
  const slow: FileOperations = {
    ...files,
    read: async (place) => {
      const bytes = await files.read(place);
      if (others.length === 0) await other();
      return bytes;
    },
    rename: async (from, to) => {
      await files.rename(from, to);
      if (others.length === 1) await other();
    },
    remove: async (place) => {
      await files.remove(place);
      if (others.length === 1) await other();
    },
  };
  const first = takeLock(slow, path);
  await Promise.allSettled([first]);
  expect(others).toHaveLength(2);
  const tries = await Promise.allSettled([first, ...others]);
  expect(tries.map((one) => one.status)).toEqual(["rejected", "fulfilled", "rejected"]);
});

test("a takeover that was killed halfway is taken over too", async () => {
  leave({ pid: pidOfTheDead() });
  copyFileSync(path, `${path}.takeover`);
  await (
    await takeLock(files, path)
  )();
  expect(readdirSync(folder)).toEqual([]);
});

describe("a lock whose owner", () => {
  test("was killed is taken over", async () => {
    leave({ pid: pidOfTheDead() });
    await (
      await takeLock(files, path)
    )();
    expect(existsSync(path)).toBe(false);
  });

  test("is about to end, such as a killed one, is waited for", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
    leave({ pid: child.pid });
    const lock = takeLock(files, path);
    child.kill("SIGKILL");
    await (
      await lock
    )();
    expect(existsSync(path)).toBe(false);
  });

  testOnLinux("has ended without being reaped by its parent is taken over", async () => {
    // a child of the shell that becomes another program, which never reaps it
    const parent = spawn("sh", ["-c", "true & echo $!; exec cat"], { stdio: ["pipe", "pipe", "ignore"] });
    const pid = Number(await new Promise((resolve) => parent.stdout.once("data", (text) => resolve(String(text))))); // prettier-ignore
    leave({ pid });
    await (
      await takeLock(files, path)
    )();
    parent.stdin.end();
    expect(existsSync(path)).toBe(false);
  });

  test("lives is not taken over; the error names process and time", async () => {
    leave({ pid: process.ppid });
    await expect(takeLock(files, path, firstWait)).rejects.toMatchObject({
      code: "file",
      message: `${path}: another run, process ${process.ppid}, has used this folder since 2026-01-02T03:04:05Z. Wait until it ends, or use another folder.`,
    });
  });

  testOnLinux("has ended, but whose number now belongs to another process, is taken over", async () => {
    leave({ pid: process.pid, began: "another boot 12345" });
    const release = await takeLock(files, path);
    expect(readFileSync(path, "utf8")).not.toContain("another boot");
    await release();
  });

  test("is on another machine is not taken over; the error names the remedy", async () => {
    const pid = pidOfTheDead();
    leave({ pid, host: "elsewhere" });
    await expect(takeLock(files, path)).rejects.toThrow(
      `another run, process ${pid} on elsewhere, has used this folder since ` +
        `2026-01-02T03:04:05Z. Wait until it ends, or use another folder. If it was killed, which is not visible from this machine, remove ${path}.`,
    );
  });
});

test.each(["", "{", '{"pid":-1,"host":"","began":null,"since":""}'])(
  "%j is not a lock, and stays",
  async (text) => {
    writeFileSync(path, text);
    await expect(takeLock(files, path, firstWait)).rejects.toThrow(
      "this is not the lock of a run. If no run is active here, remove it.",
    );
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

test("a lock that another process has taken over is not released", async () => {
  const release = await takeLock(files, path);
  leave({ pid: process.ppid });
  await release();
  expect(existsSync(path)).toBe(true);
});
