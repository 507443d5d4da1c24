import { DownhillError } from "../../engine/errors/index.ts";
import type { FileOperations } from "./file-operations.ts";

/** Who has a lock: a process, and what tells it from others. */
interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts; `null` where it does not tell. Numbers of processes are used again. */
  readonly began: string | null;
  /** When the lock was taken, as ISO 8601 has it. */
  readonly since: string;
  /** Tells this lock from all others. */
  readonly key: string;
}

/** Gives a lock back. */
export type Release = () => Promise<void>;

/**
 * Takes a lock: a file that names its owner, made where there was none. One whose owner has ended on this machine without
 * giving it back (it was killed, or the power failed) is taken over. It is given back by `Release`, and when the process
 * exits. In Node and Bun; elsewhere there is no telling who lives, and nothing is locked. An owner that lives is waited for
 * between `mostAttempts` attempts, first for so many milliseconds as `firstWait` says, then twice, three times … as long.
 *
 * @throws DownhillError `file` if another has it, with its process, machine and time, or if the file is no lock. What the
 * file system throws goes on as it came.
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
    if (found === undefined) continue; // it was given back meanwhile
    const other = readOwner(found);
    if (other === undefined) {
      if (attempt === mostAttempts) throw unreadable(path);
      await waitFor(firstWait * attempt); // perhaps it is being written
    } else if (hasEnded(other)) {
      if (await removeStale(files, path, found, firstWait)) continue;
      if (attempt === mostAttempts) throw taken(path, other);
      await waitFor(firstWait * attempt); // another is about to remove it
    } else {
      // one that was killed may take a moment to end, as ranks do of whose run another was killed
      const mayBeEnding = other.host === hostName() && other.pid !== process.pid;
      if (!mayBeEnding || attempt === mostAttempts) throw taken(path, other);
      await waitFor(firstWait * attempt);
    }
  }
  giveBackAtExit(path, text);
  return async () => {
    held.delete(path);
    // where it cannot be removed, the next that wants it finds that its owner has ended
    if ((await contentOf(files, path).catch(() => undefined)) === text)
      await files.remove(path).catch(() => {});
  };
}

const mostAttempts = 20;
const usualFirstWait = 10; // milliseconds: with those that follow two seconds

async function waitFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Makes the lock; false if there is one. */
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
 * Removes the lock of an owner that has ended, and no other that has taken its place since: it is looked at once more under a second
 * lock, beside it, without which nobody removes it. False where another has the second lock. (To rename the lock, look at it and put it
 * back where it is another's would leave a moment without a lock, in which a third could take it.)
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
    (pid as number) > 0 && // 0 and less would be groups of processes
    typeof host === "string" &&
    (began === null || typeof began === "string") &&
    typeof since === "string";
  return isOwner ? (owner as LockOwner) : undefined;
}

/** Whether the owner is known to run no more. */
function hasEnded({ pid, host, began }: LockOwner): boolean {
  if (host !== hostName()) return false;
  try {
    process.kill(pid, 0); // sends nothing, and fails where there is no such process
  } catch (error) {
    if (codeOf(error) === "ESRCH") return true;
  }
  if (statOf(pid)?.[0] === "Z") return true; // it has, and nobody has taken notice
  const now = beginOf(pid);
  return began !== null && now !== undefined && now !== began;
}

function thisProcess(): LockOwner | undefined {
  const { process, Deno } = globalThis as { process?: Partial<NodeJS.Process>; Deno?: unknown };
  // Deno would ask its user for permission at each of these
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

/** The boot of the system, and the ticks from it until a process began, where the system tells (Linux). */
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

/** What the system tells of a process, from its state on (Linux). */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = process.getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/stat`, "utf8");
    // the name of the program, in brackets, may hold anything
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Locks of this process and what they hold, to be removed should it exit. */
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
        // not there, or out of reach: the next that wants it finds that its owner has ended
      }
    }
  });
}

function taken(path: string, { pid, host, since }: LockOwner): DownhillError {
  const isHere = host === hostName();
  const who =
    isHere && pid === process.pid
      ? "another run of this very program"
      : `another run, process ${pid}${isHere ? "" : ` on ${host}`},`;
  const repair = isHere
    ? "Wait for its end, or name another folder."
    : `Wait for its end, or name another folder. If it was killed, which cannot be seen from here, remove ${path}.`;
  return new DownhillError("file", `${path}: ${who} has this folder since ${since}. ${repair}`);
}

function unreadable(path: string): DownhillError {
  return new DownhillError(
    "file",
    `${path}: this is no lock of a run. If no run is going on here, remove it.`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
