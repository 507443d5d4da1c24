// Paths from a value to the result, with their products.
import type { Tape } from "../../live/tape.ts";

/**
 * For each step, the steps that read its value, with their derivatives with respect to this value. A step that reads it
 * twice is listed twice.
 */
function readersOf({
  steps,
}: Tape): readonly (readonly { readonly step: number; readonly derivative: number }[])[] {
  const readers = steps.map((): { step: number; derivative: number }[] => []);
  steps.forEach(({ sources }, reader) => {
    for (const { step, derivative } of sources) readers[step]!.push({ step: reader, derivative });
  });
  return readers;
}

/** Steps that depend on a step, without the step itself. */
export function affectedBy(tape: Tape, from: number): ReadonlySet<number> {
  const affected = new Set<number>();
  tape.steps.forEach(({ sources }, i) => {
    if (i !== from && sources.some(({ step }) => step === from || affected.has(step))) affected.add(i);
  });
  return affected;
}

/** Number of paths from each step to the result; 1 for the result. Approximate above 2⁵³. */
export function pathCounts(tape: Tape): readonly number[] {
  const counts = new Array<number>(tape.steps.length).fill(0);
  counts[tape.result] = 1;
  for (let i = tape.result; i >= 0; i--)
    for (const { step } of tape.steps[i]!.sources) counts[step]! += counts[i]!;
  return counts;
}

/** A path from a step to the result. */
export interface Path {
  /** Steps on the path, including its ends. */
  readonly steps: readonly number[];
  /** Derivative of each step in the previous one. */
  readonly factors: readonly number[];
  /** Product of the factors; 0 if any factor is 0, even if another is infinite. */
  readonly product: number;
}

/** The first `most` paths from a step to the result. */
export function pathsFrom(tape: Tape, from: number, most: number): Path[] {
  const counts = pathCounts(tape);
  const readers = readersOf(tape);
  const found: Path[] = [];
  const steps = [from];
  const factors: number[] = [];
  const go = (at: number): void => {
    if (found.length >= most) return;
    if (at === tape.result)
      found.push({ steps: [...steps], factors: [...factors], product: productOf(factors) });
    for (const { step, derivative } of readers[at]!) {
      if (counts[step] === 0) continue; // no path to the result
      steps.push(step);
      factors.push(derivative);
      go(step);
      steps.pop();
      factors.pop();
    }
  };
  if (counts[from]! > 0) go(from);
  return found;
}

function productOf(factors: readonly number[]): number {
  return factors.includes(0) ? 0 : factors.reduce((product, factor) => product * factor, 1);
}
