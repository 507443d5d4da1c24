// Number of paths in a program of repeated squaring.
import { compileText } from "../../../src/numeric/syntax/index.ts";
import { tapeOfText } from "../../live/tape.ts";
import { pathCounts } from "./paths.ts";

/** Numbers of paths from the input to the result and of arrows in the graph. */
export interface Growth {
  readonly times: number;
  readonly paths: number;
  readonly arrows: number;
}

/** The program: `a1 = x * x`, `a2 = a1 * a1`, … */
export function squaring(times: number): string {
  return Array.from({ length: times }, (_, i) => {
    const before = i === 0 ? "x" : `a${i}`;
    return `a${i + 1} = ${before} * ${before}`;
  }).join("\n");
}

/** Counts paths and arrows in the graphs of these programs, for 1 to `most` lines. */
export function growthOf(most: number): Growth[] {
  return Array.from({ length: most }, (_, i) => {
    const tape = tapeOfText(compileText(squaring(i + 1)), [1]);
    const arrows = tape.steps.reduce((sum, { sources }) => sum + sources.length, 0);
    return { times: i + 1, paths: pathCounts(tape)[0]!, arrows };
  });
}
