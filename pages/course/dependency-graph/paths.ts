// Paths from a value to the result, and what each carries.
import type { Tape } from "../../live/tape.ts";

/** What is computed of a step: the steps that read it, with their derivatives in it. A step that reads it twice is there twice. */
function readersOf({
  steps,
}: Tape): readonly (readonly { readonly step: number; readonly derivative: number }[])[] {
  const readers = steps.map((): { step: number; derivative: number }[] => []);
  steps.forEach(({ sources }, reader) => {
    for (const { step, derivative } of sources) readers[step]!.push({ step: reader, derivative });
  });
  return readers;
}

/** The steps that a step can affect, itself left out. */
export function affectedBy(tape: Tape, from: number): ReadonlySet<number> {
  const affected = new Set<number>();
  tape.steps.forEach(({ sources }, i) => {
    if (i !== from && sources.some(({ step }) => step === from || affected.has(step))) affected.add(i);
  });
  return affected;
}

/** For each step, how many paths lead from it to the result; of the result itself 1. Beyond 2⁵³ approximate. */
export function pathCounts(tape: Tape): readonly number[] {
  const counts = new Array<number>(tape.steps.length).fill(0);
  counts[tape.result] = 1;
  for (let i = tape.result; i >= 0; i--)
    for (const { step } of tape.steps[i]!.sources) counts[step]! += counts[i]!;
  return counts;
}

/** A path, from a step to the result. */
export interface Path {
  /** The steps on it, its ends among them. */
  readonly steps: readonly number[];
  /** The derivative of each step in the one before it. */
  readonly factors: readonly number[];
  /** Their product; 0 where a factor is 0, whatever the others are. */
  readonly product: number;
}

/** The first paths from a step to the result, at most so many. */
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
      if (counts[step] === 0) continue; // does not lead to the result
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
