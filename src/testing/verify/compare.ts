import { sameBits, showNumber } from "../compare.ts";
import type { ProgramValue } from "./oracle.ts";

function elementsOf(value: ProgramValue): ArrayLike<number> {
  return typeof value === "number" ? [value] : value;
}

/**
 * Describes the first number whose bits, or the first result whose length, differ from the expected ones; `undefined`
 * if all agree.
 */
export function differentBits(
  got: readonly ProgramValue[],
  expected: readonly ProgramValue[],
): string | undefined {
  for (const [k, want] of expected.entries()) {
    const [xs, ys] = [elementsOf(got[k]!), elementsOf(want)];
    if (xs.length !== ys.length) return `result ${k} has ${xs.length} elements, not ${ys.length}`;
    for (let i = 0; i < ys.length; i++)
      if (!sameBits(xs[i]!, ys[i]!)) return showDifference(k, i, xs[i]!, ys[i]!);
  }
  return undefined;
}

/** Returns the message that element `at` of a result is `got`, but should be `want`. */
export function showDifference(result: number, at: number, got: number, want: number): string {
  return `result ${result} [${at}] is ${showNumber(got)}, but the oracle computes ${showNumber(want)}`;
}

/**
 * Returns the code of an error (its name if it has no code), followed by the line and column of the user's text if its
 * message contains them.
 */
function codeAndLocation(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const location = / at (?:\S+:)?\d+:\d+/.exec(message)?.[0] ?? "";
  return `${code ?? (error as Error).name}${location}`;
}

/** Describes how two errors differ in code or source location; `undefined` if they agree. */
export function differentErrors(got: unknown, expected: unknown): string | undefined {
  const [have, want] = [codeAndLocation(got), codeAndLocation(expected)];
  return have === want ? undefined : `it ends with the error ${have}, but the oracle with ${want}`;
}
