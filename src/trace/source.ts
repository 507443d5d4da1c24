import type { Source } from "../ir/program.ts";

/**
 * Sources are captured only while a program is made to be read or while debugging: a stack costs some microseconds.
 * Operations that a transform makes inherit the source of the operation that they derive from.
 */
interface SourceState {
  capturing: number;
  inherited: Source | undefined;
}

const state: SourceState = { capturing: 0, inherited: undefined };

/** Runs `f` with sources captured. */
export function capturingSources<T>(f: () => T): T {
  state.capturing++;
  try {
    return f();
  } finally {
    state.capturing--;
  }
}

export function isCapturing(): boolean {
  return state.capturing > 0;
}

/** Runs `f` for the equations that derive from an operation asked for at `source`. */
export function withSource<T>(source: Source | undefined, f: () => T): T {
  if (source === undefined) return f();
  const saved = state.inherited;
  state.inherited = source;
  try {
    return f();
  } finally {
    state.inherited = saved;
  }
}

/** Where the operation now being bound was asked for, if sources are wanted. */
export function currentSource(): Source | undefined {
  if (state.inherited !== undefined) return state.inherited;
  if (state.capturing === 0) return undefined;
  const saved = Error.stackTraceLimit;
  Error.stackTraceLimit = 24;
  const { stack } = new Error();
  Error.stackTraceLimit = saved;
  return { describe: () => userFrame(stack ?? "") };
}

/** The innermost frame outside the library, as `file:line:column`. */
export function userFrame(stack: string): string {
  const frames = stack.split("\n").filter((line) => /^\s*at |@/.test(line));
  const here = import.meta.url;
  const root = here.slice(0, here.lastIndexOf("/trace/") + 1); // the folder of the library's modules
  const plainRoot = root.replace(/^file:\/\//, "");
  const isOwn = (line: string): boolean =>
    (root !== "" && (line.includes(root) || line.includes(plainRoot)) && !/\.test\.[jt]s/.test(line)) || line.includes("<anonymous>") || line.includes("node:internal");
  const frame = frames.find((line) => !isOwn(line));
  if (frame === undefined) return "unknown place";
  const place = /\(?((?:file:\/\/|https?:\/\/)?[^\s()]+:\d+:\d+)\)?\s*$/.exec(frame);
  return (place?.[1] ?? frame.trim()).replace(/^file:\/\//, "");
}
