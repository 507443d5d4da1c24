import type { FileOperations, WritableFile } from "../../../io/file-operations.ts";

/** Random integer below the bound, which decides the effects of a power cut. */
export type Chance = (bound: number) => number;

interface Content {
  /** Content as programs see it. */
  now: Uint8Array;
  /** Content as stored on the disk. */
  safe: Uint8Array;
}

/** A simulated disk that loses some unsynced changes at a power cut. */
export interface Disk {
  readonly files: FileOperations;
  /** Number of operations performed. */
  readonly count: () => number;
  /** Cuts the power during this operation, counted from now on; it and all that follow fail. */
  readonly cutAt: (operation: number) => void;
  /** Returns the disk after the cut. For each unsynced change, chance decides whether and how much of it was stored. */
  readonly afterCut: (chance: Chance) => Disk;
}

/**
 * Creates a disk in memory with one folder. Until a file is synced, any prefix of its new content may survive. Until
 * the folder is synced, any subset of its changes may, in any order.
 */
export function makeDisk(start: ReadonlyMap<string, Uint8Array> = new Map()): Disk {
  const now = new Map<string, Content>([...start].map(([name, bytes]) => [name, { now: bytes, safe: bytes }]));
  let safe = new Map(now);
  let pending: ((folder: Map<string, Content>) => void)[] = [];
  let made = 0;
  let end = Infinity;
  const plain = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  /** Counts an operation. The operation during which the power is cut may or may not have happened. */
  const operate = async <T>(run: () => T): Promise<T> => {
    const n = made++;
    if (n > end) throw new Error("no power");
    if (n < end) return run();
    run();
    throw new Error("no power");
  };
  const missing = (path: string): Error => Object.assign(new Error(`${path} is not there`), { code: "ENOENT" });
  const change = (f: (folder: Map<string, Content>) => void): void => {
    f(now);
    pending.push(f);
  };
  const fileOf = (content: Content): WritableFile => ({
    write: async (bytes) =>
      operate(() => {
        const some = bytes.subarray(0, Math.ceil(bytes.length / 2)); // systems may write less than requested
        content.now = Uint8Array.from([...content.now, ...some]);
        return some.length;
      }),
    sync: async () =>
      operate(() => {
        if (made <= end) content.safe = content.now;
      }),
    close: async () => operate(() => {}),
  });
  const files: FileOperations = {
    makeFolder: async () => operate(() => {}),
    list: async () => operate(() => [...now.keys()]),
    read: async (path) =>
      operate(() => {
        const content = now.get(plain(path));
        if (content === undefined) throw missing(path);
        return content.now;
      }),
    open: async (path) =>
      operate(() => {
        if (now.has(plain(path))) throw Object.assign(new Error(`${path} is there`), { code: "EEXIST" });
        const content: Content = { now: new Uint8Array(0), safe: new Uint8Array(0) };
        change((folder) => folder.set(plain(path), content));
        return fileOf(content);
      }),
    rename: async (from, to) =>
      operate(() => {
        const content = now.get(plain(from));
        if (content === undefined) throw missing(from);
        // Two changes of the folder, of which an unsynced disk may keep one.
        change((folder) => folder.set(plain(to), content));
        change((folder) => folder.delete(plain(from)));
      }),
    remove: async (path) =>
      operate(() => {
        change((folder) => folder.delete(plain(path)));
      }),
    syncFolder: async () =>
      operate(() => {
        if (made > end) return;
        safe = new Map(now);
        pending = [];
      }),
  };
  return {
    files,
    count: () => made,
    cutAt: (operation) => (end = made + operation),
    afterCut(chance) {
      const folder = new Map(safe);
      for (const f of pending) if (chance(2) === 0) f(folder);
      return makeDisk(
        new Map(
          [...folder].map(([name, content]) => {
            const isSafe = content.safe === content.now;
            const bytes = isSafe ? content.now : content.now.subarray(0, chance(content.now.length + 1));
            return [name, bytes];
          }),
        ),
      );
    },
  };
}
