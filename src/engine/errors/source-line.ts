import type { FrameLocation } from "./stack.ts";

/**
 * The text of the user's code from a place on, `count` lines without their indentation, where the file can be read at once
 * and without asking anybody: in Node and Bun. For messages of errors.
 */
export function sourceLines({ file, line }: FrameLocation, count: number): string | undefined {
  const { process, Deno } = globalThis as { process?: Partial<NodeJS.Process>; Deno?: unknown };
  if (Deno !== undefined) return undefined; // asks who runs it for the permission
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
    return undefined; // a page, a file that is gone, code that was never in one
  }
}
