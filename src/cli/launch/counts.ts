import { DownhillError } from "../../engine/errors/index.ts";

const most = 100_000; // ranks are processes of one machine

/** Seconds that ranks have to end after a signal: the same as in Kubernetes and Slurm. */
export const usualGrace = 30;

/**
 * Reads an integer number of processes or attempts, from `least` to 100 000.
 *
 * @throws DownhillError `option` if it is invalid, out of this range or missing.
 */
export function readCount(option: string, text: string | undefined, least: number): number {
  const count = text !== undefined && /^\d+$/.test(text) ? Number(text) : NaN;
  if (count >= least && count <= most) return count;
  const got = text === undefined ? "it is missing" : `not ${JSON.stringify(text)}`;
  throw new DownhillError("option", `${option} must be an integer of at least ${least}: ${got}.`);
}
