import type { FrameLocation } from "./stack.ts";
import { callerOf, placeOf } from "./stack.ts";

/**
 * `count` lines of the user's code from a position on, without indentation, for error messages. Only in Node and
 * Bun, which can read the file synchronously without asking for permission; otherwise `undefined`.
 */
export function sourceLines({ file, line }: FrameLocation, count: number): string | undefined {
  const { process, Deno } = globalThis as { process?: Partial<NodeJS.Process>; Deno?: unknown };
  if (Deno !== undefined) return undefined; // Deno asks the user for permission
  try {
    const text = process
      ?.getBuiltinModule?.("node:fs")
      .readFileSync(
        file.startsWith("file:") ? new URL(file.replace(/[?#].*$/, "")) : file.replace(/[?#].*$/, ""),
        "utf8",
      );
    const lines = text?.split("\n").slice(line - 1, line - 1 + count);
    return lines?.map((part) => part.trim()).join("\n");
  } catch {
    return undefined; // a page, a deleted file, or code without a file
  }
}

/** Returns the line of the user's code that called `below`, without its indentation; undefined where the file cannot be read. */
export function callingLine(below: Parameters<typeof callerOf>[0]): string | undefined {
  const location = placeOf(callerOf(below) ?? "");
  return location && sourceLines(location, 1);
}
