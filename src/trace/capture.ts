import type { Source } from "../ir/program.ts";
import { setCapture } from "./source.ts";

/**
 * Sources are captured only while a program is made to be read or while debugging: a stack costs some microseconds.
 * Operations that a transform makes inherit the source of the operation that they derive from.
 */
const state = { capturing: 0, always: false };

/** Runs `f` with sources captured. */
export function capturingSources<T>(f: () => T): T {
  change(1);
  try {
    return f();
  } finally {
    change(-1);
  }
}

/** Captures sources from now on, or no longer: while debugging. */
export function setCapturing(on: boolean): void {
  state.always = on;
  change(0);
}

function change(by: number): void {
  state.capturing += by;
  setCapture(state.capturing > 0 || state.always ? captureSource : undefined);
}

function captureSource(): Source {
  const saved = Error.stackTraceLimit;
  Error.stackTraceLimit = 24;
  const here = new Error();
  Error.stackTraceLimit = saved;
  return { describe: () => userFrame(here.stack ?? "") }; // engines write the text of a stack when it is first read
}

/** The innermost frame outside the library, as `file:line:column`. */
function userFrame(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^\s*at |@/.test(line));
  const here = (import.meta.url as string | undefined) ?? ""; // a bundle may have none
  // the folder of the library's modules, if this is one of them and not part of somebody's bundle
  const root = /^(.*\/)(?:trace\/capture\.[jt]s|dist\/core\.js)$/.exec(here)?.[1] ?? "";
  const plainRoot = root.replace(/^file:\/\//, "");
  const isOwn = (line: string): boolean =>
    (root !== "" && (line.includes(root) || line.includes(plainRoot)) && !/\.test\.[jt]s/.test(line)) ||
    line.includes("<anonymous>") ||
    line.includes("node:internal");
  const frame = frames.find((line) => !isOwn(line));
  if (frame === undefined) return "unknown place";
  const place = /\(?((?:file:\/\/|https?:\/\/)?[^\s()]+:\d+:\d+)\)?\s*$/.exec(frame);
  return (place?.[1] ?? frame.trim()).replace(/^file:\/\//, "");
}
