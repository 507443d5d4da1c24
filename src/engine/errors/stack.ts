/** How deep stacks are looked at, in frames: a loss below several transforms has some forty of ours before its caller. */
const depth = 100;

type FunctionOrClass = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/**
 * The stack as it is now, from the caller of `below` on where the engine can leave out what stands above. Engines write its
 * text when it is first asked for, which is where most of its price lies.
 */
export function captureStack(below: FunctionOrClass): () => string {
  const holder: { stack?: string } = {};
  const saved = deepen();
  // not everywhere: Firefox and Safari have it for a short time only
  if (typeof Error.captureStackTrace === "function") Error.captureStackTrace(holder, below);
  else holder.stack = new Error().stack ?? "";
  restore(saved);
  return () => holder.stack ?? "";
}

// Reflect.set: `Error` may be frozen, and then stacks are as short as they are.
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
 * Lets the stack of an error begin at the line of the user's code that called the library, without the frames of the library
 * itself. `below` is the function that is not of interest any more.
 */
export function beginAtUser(error: Error, below: FunctionOrClass): void {
  const here = captureStack(below);
  // The engine's own note of the stack stays beside the text: Node finds by it the line that it quotes.
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
 * Has the stack of an error go on with the call that began an asynchronous run, captured at its time; engines see no way from
 * the one to the other. For errors whose stack begins at the user.
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
  const isHeaded = /^\s*at /.test(framesOf(stack)[0] ?? "at "); // as V8 writes stacks
  return [...(isHeaded ? [String(error)] : []), ...frames].join("\n");
}

function framesOf(stack: string): string[] {
  return stack.split("\n").filter((line) => /^\s*at |@/.test(line));
}

/** The frames of a stack that are not the library's, from the user's innermost on; none where all are. */
export function usersFrames(stack: string): string[] {
  const frames = framesOf(stack);
  const isOwn = ownership();
  const isUsers = new Array<boolean>(frames.length).fill(false);
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    // what the language itself does (Array.map, a getter) counts to whoever asked for it
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
 * A test of frames: whether they are the library's own. None is where its modules are part of somebody's bundle, in which
 * nothing tells what is whose.
 */
function ownership(): (frame: string) => boolean {
  // by its own frame, for bundles without modules have no import.meta
  const saved = deepen();
  const file = placeOf(framesOf(new Error().stack ?? "")[0] ?? "")?.file ?? "";
  restore(saved);
  const root = /^(?:file:\/\/)?(.*\/(?=engine\/errors\/stack\.[jt]s$)|.*\/dist\/(?=core\.js$))/.exec(
    file,
  )?.[1];
  // tests lie beside their files, and are users
  return (frame) => root !== undefined && frame.includes(root) && !/\.test\.[jt]s/.test(frame);
}

/** Where a frame is: file or address, line and column from 1. */
export interface FrameLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place that a frame names, as `at f (file:///a.mjs:3:5)`. */
export function placeOf(frame: string): FrameLocation | undefined {
  const found = /(?:\(|@|at (?:async )?)([^(]*):(\d+):(\d+)\)?$/.exec(frame);
  if (found === null) return undefined;
  return { file: found[1]!, line: Number(found[2]), column: Number(found[3]) };
}

/** An error that takes the place of another: its stack is what the user has of that one's. */
export function withStackOf<E extends Error>(original: Error, error: E): E {
  const frames = usersFrames(original.stack ?? "");
  const stack = [String(error), ...frames].join("\n");
  return Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
}

/** `beginAtUser` for an error of a function that the user's code calls itself: engines then quote the user's line too. */
export function beginBelow<E extends Error>(error: E, below: FunctionOrClass): E {
  Error.captureStackTrace?.(error, below);
  beginAtUser(error, below);
  return error;
}

/** The frame below `below` that is neither of the library nor of the language. */
export function callerOf(below: FunctionOrClass): string | undefined {
  const isOwn = ownership();
  return framesOf(captureStack(below)()).find((frame) => !isBuiltIn(frame) && !isOwn(frame));
}

/** Who called `below`: the user's code, or tools: an installed package or what the platform brings along. */
export function askedBy(below: FunctionOrClass): "user" | "tool" {
  const caller = callerOf(below);
  return caller === undefined || isRuntime(caller) || caller.includes("/node_modules/") ? "tool" : "user";
}
