import { DownhillError } from "../../engine/errors/index.ts";
import type { FileOperations } from "./file-operations.ts";

/** Owner of a lock: a process, and data that identify it. */
interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /**
   * Start time of the process in system units; `null` if unknown. It distinguishes processes, because process numbers
   * are reused.
   */
  readonly began: string | null;
  /** Time at which the lock was taken, in ISO 8601. */
  readonly since: string;
  /** Unique key of this lock. */
  readonly key: string;
}

/** Releases a lock. */
export type Release = () => Promise<void>;

/**
 * Takes a lock: creates a file that names its owner. If the owner of an existing lock has ended on this machine without
 * releasing it (it was killed, or the power failed), the lock is taken over. `Release` and the exit of the process
 * release it. Works in Node and Bun; elsewhere the library cannot see which processes live, and nothing is locked.
 * While the owner seems to live, retries up to `mostAttempts` times. The first wait is `firstWait` milliseconds, and
 * attempt k waits k times as long.
 *
 * @throws DownhillError `file` if another process has the lock, naming its process, machine and time, or if the file is
 *   not a lock. Errors of the file system are rethrown unchanged.
 */
export async function takeLock(
  files: FileOperations,
  path: string,
  firstWait: number = usualFirstWait,
): Promise<Release> {
  const owner = thisProcess();
  if (owner === undefined) return async () => {};
  const text = `${JSON.stringify(owner)}\n`;
  for (let attempt = 1; ; attempt++) {
    if (await make(files, path, text)) break;
    const found = await contentOf(files, path);
    if (found === undefined) continue; // it was released meanwhile
    const other = readOwner(found);
    if (other === undefined) {
      if (attempt === mostAttempts) throw unreadable(path);
      await waitFor(firstWait * attempt); // it may be being written
    } else if (hasEnded(other)) {
      if (await removeStale(files, path, found, firstWait)) continue;
      if (attempt === mostAttempts) throw taken(path, other);
      await waitFor(firstWait * attempt); // another process is about to remove it
    } else {
      // A killed process may take a moment to end, like the ranks of a run after one of them was killed.
      const mayBeEnding = other.host === hostName() && other.pid !== process.pid;
      if (!mayBeEnding || attempt === mostAttempts) throw taken(path, other);
      await waitFor(firstWait * attempt);
    }
  }
  giveBackAtExit(path, text);
  return async () => {
    held.delete(path);
    // If it cannot be removed, the next process finds that its owner has ended.
    if ((await contentOf(files, path).catch(() => undefined)) === text)
      await files.remove(path).catch(() => {});
  };
}

const mostAttempts = 20;
const usualFirstWait = 10; // milliseconds; all attempts together wait two seconds

async function waitFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Creates the lock file; returns false if it exists. */
async function make(files: FileOperations, path: string, text: string): Promise<boolean> {
  const file = await files.open(path).catch((error: unknown) => {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  });
  if (file === undefined) return false;
  try {
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await files.remove(path).catch(() => {});
    throw error;
  }
  return true;
}

async function contentOf(files: FileOperations, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await files.read(path));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Removes the lock of an owner that has ended, but not a lock that has replaced it. To exclude races, it checks the
 * lock again while holding a second lock next to it, which every remover must take. Returns false if another process
 * holds the second lock. (Renaming the lock, checking it and renaming it back would leave a moment without a lock, in
 * which a third process could take it.)
 */
async function removeStale(
  files: FileOperations,
  path: string,
  stale: string,
  firstWait: number,
): Promise<boolean> {
  const release = await takeLock(files, `${path}.takeover`, firstWait).catch((error: unknown) => {
    if (error instanceof DownhillError) return undefined;
    throw error;
  });
  if (release === undefined) return false;
  try {
    if ((await contentOf(files, path)) === stale) await files.remove(path);
    return true;
  } finally {
    await release();
  }
}

function readOwner(text: string): LockOwner | undefined {
  let owner: unknown;
  try {
    owner = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof owner !== "object" || owner === null) return undefined;
  const { pid, host, began, since } = owner as Readonly<Record<string, unknown>>;
  const isOwner =
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 && // 0 and negative numbers mean process groups
    typeof host === "string" &&
    (began === null || typeof began === "string") &&
    typeof since === "string";
  return isOwner ? (owner as LockOwner) : undefined;
}

/** True if the owner is known to have ended. */
function hasEnded({ pid, host, began }: LockOwner): boolean {
  if (host !== hostName()) return false;
  try {
    process.kill(pid, 0); // signal 0 only tests whether the process exists
  } catch (error) {
    if (codeOf(error) === "ESRCH") return true;
  }
  if (statOf(pid)?.[0] === "Z") return true; // a zombie: it has ended but was not reaped
  const now = beginOf(pid);
  return began !== null && now !== undefined && now !== began;
}

function thisProcess(): LockOwner | undefined {
  const { process, Deno } = globalThis as { process?: Partial<NodeJS.Process>; Deno?: unknown };
  // Deno would ask for permission at each of these accesses.
  if (Deno !== undefined || process?.pid === undefined || process.getBuiltinModule === undefined)
    return undefined;
  const since = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return {
    pid: process.pid,
    host: hostName(),
    began: beginOf(process.pid) ?? null,
    since,
    key: globalThis.crypto.randomUUID(),
  };
}

function hostName(): string {
  return process.getBuiltinModule("node:os").hostname();
}

/**
 * Returns the boot identifier of the system and the start time of a process in ticks since boot, if the system provides
 * them (Linux); otherwise `undefined`.
 */
function beginOf(pid: number): string | undefined {
  const fs = process.getBuiltinModule("node:fs");
  const ticks = statOf(pid)?.[19];
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks === undefined ? undefined : `${boot} ${ticks}`;
  } catch {
    return undefined;
  }
}

/**
 * Returns the fields of `/proc/PID/stat` from the process state on; `undefined` if the process does not exist, or on
 * systems other than Linux.
 */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = process.getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program name, in brackets, may contain any characters.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Content of each lock that this process holds, by path. The files are removed when the process exits. */
const held = new Map<string, string>();
let isWatching = false;

function giveBackAtExit(path: string, text: string): void {
  held.set(path, text);
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    const fs = process.getBuiltinModule("node:fs");
    for (const [lock, content] of held) {
      try {
        if (fs.readFileSync(lock, "utf8") === content) fs.rmSync(lock);
      } catch {
        // Missing or inaccessible: the next process finds that its owner has ended.
      }
    }
  });
}

function taken(path: string, { pid, host, since }: LockOwner): DownhillError {
  const isHere = host === hostName();
  const who =
    isHere && pid === process.pid
      ? "another run of this program"
      : `another run, process ${pid}${isHere ? "" : ` on ${host}`},`;
  const repair = isHere
    ? "Wait until it ends, or use another folder."
    : `Wait until it ends, or use another folder. If it was killed, which is not visible from this machine, remove ${path}.`;
  return new DownhillError("file", `${path}: ${who} has used this folder since ${since}. ${repair}`);
}

function unreadable(path: string): DownhillError {
  return new DownhillError(
    "file",
    `${path}: this is not the lock of a run. If no run is active here, remove it.`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
