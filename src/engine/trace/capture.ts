import { captureStack, placeOf, usersFrames } from "../errors/stack.ts";
import type { EquationSource } from "../ir/program.ts";
import { setCapture } from "./source.ts";

/**
 * State of source capture: number of running calls of `capturingSources`, and whether debugging has turned capture on.
 * Sources are captured only then, because capturing a stack takes some microseconds. Operations that a transform
 * creates inherit the source of the original operation.
 */
const state = { capturing: 0, always: false };

/** Runs `f` while the source position of each operation is recorded. */
export function capturingSources<T>(f: () => T): T {
  change(1);
  try {
    return f();
  } finally {
    change(-1);
  }
}

/** Starts or stops the recording of source positions, for debugging. */
export function setCapturing(on: boolean): void {
  state.always = on;
  change(0);
}

function change(by: number): void {
  state.capturing += by;
  setCapture(state.capturing > 0 || state.always ? captureSource : undefined);
}

function captureSource(): EquationSource {
  const stack = captureStack(captureSource);
  return { describe: () => describePlace(usersFrames(stack())[0]) };
}

/** Position of a stack frame as `file:line:column`. */
function describePlace(frame: string | undefined): string {
  if (frame === undefined) return "unknown place";
  const place = placeOf(frame);
  return place === undefined
    ? frame.trim()
    : `${place.file.replace(/^file:\/\//, "")}:${place.line}:${place.column}`;
}
