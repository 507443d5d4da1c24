import type { Source } from "../ir/program.ts";
import { debugPlace } from "./debug.ts";

/**
 * Sources are captured only while a program is made to be read or while debugging: a stack costs some microseconds.
 * Operations that a transform makes inherit the source of the operation that they derive from.
 */
interface SourceState {
  capturing: number;
  always: boolean;
  inherited: Source | undefined;
}

const state: SourceState = { capturing: 0, always: false, inherited: undefined };

/** Runs `f` with sources captured. */
export function capturingSources<T>(f: () => T): T {
  state.capturing++;
  try {
    return f();
  } finally {
    state.capturing--;
  }
}

/** Captures sources from now on, or no longer: while debugging. */
export function setCapturing(on: boolean): void {
  state.always = on;
}

function isCapturing(): boolean {
  return state.capturing > 0 || state.always;
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

/** Where the operation now being bound was asked for, if sources are wanted; while debugging also on whose behalf. */
export function currentSource(): Source | undefined {
  if (state.inherited === undefined && !isCapturing()) return undefined;
  const source = state.inherited ?? captureSource();
  const place = debugPlace();
  if (place === undefined) return source;
  return {
    describe: source.describe,
    origin: source.origin ?? place.origin,
    pass: source.pass === "reverse" ? "reverse" : place.pass,
  };
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
  const root = /^(.*\/)(?:trace\/source\.[jt]s|dist\/core\.js)$/.exec(here)?.[1] ?? "";
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
