import type { EquationSource } from "../ir/program.ts";
import { debugPlace } from "./debug.ts";

/**
 * State of the recording of sources: the function that captures the position in the user's code, if sources are
 * captured, and the source that derived operations inherit.
 */
const state: { capture: (() => EquationSource) | undefined; inherited: EquationSource | undefined } = {
  capture: undefined,
  inherited: undefined,
};

/** Sets the function that returns the source position of the current operation; `undefined` stops recording. */
export function setCapture(capture: (() => EquationSource) | undefined): void {
  state.capture = capture;
}

/** Runs `f`, whose equations inherit `source` from the operation that they derive from. */
export function withSource<T>(source: EquationSource | undefined, f: () => T): T {
  if (source === undefined) return f();
  const saved = state.inherited;
  state.inherited = source;
  try {
    return f();
  } finally {
    state.inherited = saved;
  }
}

/**
 * Source of the operation that is being bound; in debug mode also its origin and pass. `undefined` if no source is
 * captured or inherited.
 */
export function currentSource(): EquationSource | undefined {
  const source = state.inherited ?? state.capture?.();
  if (source === undefined) return undefined;
  const place = debugPlace();
  if (place === undefined) return source;
  return {
    describe: source.describe,
    origin: source.origin ?? place.origin,
    pass: source.pass === "reverse" ? "reverse" : place.pass,
  };
}
