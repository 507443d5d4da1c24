/**
 * Number of stack frames that are captured. Several nested transforms put about forty frames of the library above their
 * caller.
 */
const depth = 100;

type FunctionOrClass = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/**
 * Captures the present stack, without the frames above the caller of `below` where the engine supports that. The
 * returned function yields the text; engines format it on first use, which is the expensive part.
 */
export function captureStack(below: FunctionOrClass): () => string {
  const holder: { stack?: string } = {};
  const saved = deepen();
  // Firefox and Safari support it only in recent versions
  if (typeof Error.captureStackTrace === "function") Error.captureStackTrace(holder, below);
  else holder.stack = new Error().stack ?? "";
  restore(saved);
  return () => holder.stack ?? "";
}

// Reflect.set, because `Error` may be frozen; stacks then keep their length.
function deepen(): number | undefined {
  const saved: unknown = Error.stackTraceLimit;
  if (typeof saved === "number") Reflect.set(Error, "stackTraceLimit", Math.max(saved, depth));
  return typeof saved === "number" ? saved : undefined;
}

function restore(limit: number | undefined): void {
  if (limit !== undefined) Reflect.set(Error, "stackTraceLimit", limit);
}

const callSites = new WeakMap<Error, () => string>();

/**
 * Makes the stack of an error start at the line of the user's code that called the library, without frames of the
 * library. Frames above the caller of `below` are omitted.
 */
export function beginAtUser(error: Error, below: FunctionOrClass): void {
  const here = captureStack(below);
  // The engine keeps its own stack besides the text: Node uses it to find the line that it quotes.
  delete error.stack;
  Object.defineProperty(error, "stack", {
    configurable: true,
    get: () => textOf(error, here()),
    set(value: unknown) {
      Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
    },
  });
}

/**
 * Appends the stack of the call that started an asynchronous run to the stack of an error, because engines do not
 * connect the two. The stack of the error must already begin at the user's code.
 */
export function continueAt(error: Error, call: () => string): void {
  if (!callSites.has(error)) callSites.set(error, call);
}

function textOf(error: Error, stack: string): string {
  const call = callSites.get(error);
  const below = call === undefined ? [] : usersFrames(call());
  const own = usersFrames(stack);
  const shown =
    own.length + below.length === 0 ? framesOf(stack) : [...own, ...below.filter((x) => !own.includes(x))];
  const limit: unknown = Error.stackTraceLimit;
  const frames = typeof limit === "number" ? shown.slice(0, limit) : shown;
  const isHeaded = /^\s*at /.test(framesOf(stack)[0] ?? "at "); // the format of V8
  return [...(isHeaded ? [String(error)] : []), ...frames].join("\n");
}

function framesOf(stack: string): string[] {
  return stack.split("\n").filter((line) => /^\s*at |@/.test(line));
}

/** Frames of a stack that do not belong to the library, from the user's innermost one on; empty if all belong to it. */
export function usersFrames(stack: string): string[] {
  const frames = framesOf(stack);
  const isOwn = ownership();
  const isUsers = new Array<boolean>(frames.length).fill(false);
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    // built-in functions (Array.map, a getter) belong to their caller
    isUsers[i] = isBuiltIn(frame) ? (isUsers[i + 1] ?? true) : !isOwn(frame);
  }
  const first = frames.findIndex((frame, i) => isUsers[i]! && !isBuiltIn(frame) && !isRuntime(frame));
  return first < 0 ? [] : frames.filter((_, i) => i >= first && isUsers[i]!);
}

function isBuiltIn(frame: string): boolean {
  return /<anonymous>\)?$|\(native\)$|@\[native code\]$/.test(frame);
}

function isRuntime(frame: string): boolean {
  return /\b(?:node|ext|bun):/.test(frame);
}

/**
 * Returns a test whether a frame belongs to the library. In a bundle no frame does, because its modules cannot be
 * distinguished from the user's.
 */
function ownership(): (frame: string) => boolean {
  // uses its own frame, because bundles without modules have no import.meta
  const saved = deepen();
  const file = placeOf(framesOf(new Error().stack ?? "")[0] ?? "")?.file ?? "";
  restore(saved);
  const root = /^(?:file:\/\/)?(.*\/(?=engine\/errors\/stack\.[jt]s$)|.*\/dist\/(?=core\.js$))/.exec(
    file,
  )?.[1];
  // tests are next to the sources, but count as users
  return (frame) => root !== undefined && frame.includes(root) && !/\.test\.[jt]s/.test(frame);
}

/** Position of a frame: file or URL, line and column from 1. */
export interface FrameLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Position that a stack frame such as `at f (file:///a.mjs:3:5)` names; `undefined` if it names none. */
export function placeOf(frame: string): FrameLocation | undefined {
  const found = /(?:\(|@|at (?:async )?)([^(]*):(\d+):(\d+)\)?$/.exec(frame);
  if (found === null) return undefined;
  return { file: found[1]!, line: Number(found[2]), column: Number(found[3]) };
}

/** Gives `error` the user's part of the stack of the `original` error that it replaces. */
export function withStackOf<E extends Error>(original: Error, error: E): E {
  const frames = usersFrames(original.stack ?? "");
  const stack = [String(error), ...frames].join("\n");
  return Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
}

/**
 * `beginAtUser` for an error of a function that the user's code calls directly. Engines then quote the user's line
 * as well.
 */
export function beginBelow<E extends Error>(error: E, below: FunctionOrClass): E {
  Error.captureStackTrace?.(error, below);
  beginAtUser(error, below);
  return error;
}

/**
 * First stack frame below the function `below` that belongs neither to the library nor to the language; `undefined` if all
 * frames do.
 */
export function callerOf(below: FunctionOrClass): string | undefined {
  const isOwn = ownership();
  return framesOf(captureStack(below)()).find((frame) => !isBuiltIn(frame) && !isOwn(frame));
}

/** Tells who called `below`: the user's code, or a tool (an installed package or the platform). */
export function askedBy(below: FunctionOrClass): "user" | "tool" {
  const caller = callerOf(below);
  return caller === undefined || isRuntime(caller) || caller.includes("/node_modules/") ? "tool" : "user";
}
