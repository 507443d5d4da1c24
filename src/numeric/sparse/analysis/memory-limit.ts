import { DownhillError } from "../../../engine/errors/index.ts";

/** Largest size of one array in bytes: the memory of WebAssembly, and of typed arrays in browsers. */
const mostBytes = 2 ** 32;

/**
 * Checks that an array fits into memory before it is computed.
 *
 * @throws DownhillError `range` with the number of entries, their bytes and a repair.
 */
export function requireMemory(what: string, entries: number, bytesPerEntry: number, repair: string): void {
  const bytes = entries * bytesPerEntry;
  if (bytes <= mostBytes) return;
  const gib = (size: number): string => `${(size / 2 ** 30).toFixed(1)} GiB`;
  throw new DownhillError(
    "range",
    `${what} would have ${entries.toPrecision(3)} entries (${gib(bytes)}), but an array holds at most ${gib(mostBytes)}. ${repair}`,
  );
}
