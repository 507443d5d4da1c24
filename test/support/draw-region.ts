import type { RandomRegion } from "./random-regions.ts";
import { Choices } from "./random-choices.ts";
import { randomRegion } from "./random-regions.ts";
import { seeded } from "./sampling.ts";

/** The choices that a seed stands for: up to `most`, so that some of what is drawn is small. */
export function choicesOf(seed: number, most = 400): number[] {
  const random = seeded(seed);
  const count = Math.floor(most * random());
  return Array.from({ length: count }, () => Math.floor(10_000 * random()));
}

/**
 * The shortest list of the smallest choices found that still fails: parts are left out, then numbers are made 0 or halved, as long
 * as `fails` says so.
 */
export function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => boolean,
): readonly number[] {
  let best = choices;
  const accept = (next: readonly number[]): boolean => {
    if (!fails(next)) return false;
    best = next;
    return true;
  };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1)
      for (let at = best.length - size; at >= 0; at -= size)
        if (at + size <= best.length && accept([...best.slice(0, at), ...best.slice(at + size)]))
          isSmaller = true;
    for (let at = 0; at < best.length; at++) {
      if (best[at] !== 0 && accept(best.with(at, 0))) isSmaller = true;
      while (best[at]! > 0 && accept(best.with(at, best[at]! >> 1))) isSmaller = true;
    }
  }
  return best;
}

/** Text of an error, with its stack. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Faults that differ only in their numbers and names are of one kind. */
const kindOf = (fault: string): string =>
  fault
    .split("\n", 1)[0]!
    .replaceAll(/-?[\d.]+(e-?\d+)?|NaN|Infinity/g, "#")
    .replaceAll(/"[^"]*"/g, '"…"');

/** The smallest list of choices found that has a fault of the same kind. */
export function smallest(
  choices: readonly number[],
  fault: string,
  check: (some: readonly number[]) => string | undefined,
): readonly number[] {
  const kind = kindOf(fault);
  return shrink(choices, (some) => {
    const other = check(some);
    return other !== undefined && kindOf(other) === kind;
  });
}

/** The region of a seed. */
export function regionOf(seed: number): RandomRegion {
  return randomRegion(new Choices(choicesOf(seed)));
}
