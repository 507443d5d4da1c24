import type { EquationSource } from "../ir/program.ts";
import { debugPlace } from "./debug.ts";

/** What finds the place in the user's code, while sources are wanted; and the source of what is being derived. */
const state: { capture: (() => EquationSource) | undefined; inherited: EquationSource | undefined } = {
  capture: undefined,
  inherited: undefined,
};

/** Has sources found by `capture` from now on, or no longer. */
export function setCapture(capture: (() => EquationSource) | undefined): void {
  state.capture = capture;
}

/** Runs `f` for the equations that derive from an operation asked for at `source`. */
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

/** Where the operation now being bound was asked for, if sources are wanted; while debugging also on whose behalf. */
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
