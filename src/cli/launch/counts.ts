import { DownhillError } from "../../engine/errors/index.ts";

const most = 100_000; // ranks are processes of one machine

/** Seconds that ranks have to end by themselves after a signal: as long as Kubernetes and Slurm wait. */
export const usualGrace = 30;

/**
 * A whole number of processes or tries.
 *
 * @throws DownhillError `option` if it is none, is too small, or is missing.
 */
export function readCount(option: string, text: string | undefined, least: number): number {
  const count = text !== undefined && /^\d+$/.test(text) ? Number(text) : NaN;
  if (count >= least && count <= most) return count;
  const got = text === undefined ? "it is missing" : `not ${JSON.stringify(text)}`;
  throw new DownhillError("option", `${option} must be a whole number from ${least} on: ${got}.`);
}
