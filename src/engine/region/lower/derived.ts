import type { RegionRecord } from "./record.ts";
import type { Region } from "../form/region.ts";

/**
 * A derived region, identified by its base and the steps of its derivation. It is built on demand, or not at all if a
 * record of its compiled code exists.
 */
export interface DerivedRegion {
  readonly base: Region;
  /**
   * The derivation steps as text, comma-separated. The base itself has none, except a first step for its `checkpoint`
   * option. Equal steps from bases with equal keys (`regionKey`) yield regions with equal keys.
   */
  readonly steps: string;
  readonly region: () => Region;
  /** Records of compiled code that came with the base, for any region derived from it. */
  readonly records: readonly RegionRecord[];
}

/** Wraps a region that is not derived. Its only step, if any, states its `checkpoint` option. */
export function wrapRegion(base: Region, records: readonly RegionRecord[] = []): DerivedRegion {
  const { checkpoint } = base;
  // keys do not include how derivatives are taken
  return {
    base,
    steps: checkpoint === undefined ? "" : `checkpoint ${checkpoint}`,
    region: () => base,
    records,
  };
}

/** Adds a derivation step to a region. `make` builds the region of that step, and is called at most once, on demand. */
export function addStep(
  { base, steps, records }: DerivedRegion,
  step: string,
  make: () => Region,
): DerivedRegion {
  let made: Region | undefined;
  return {
    base,
    steps: steps === "" ? step : `${steps}, ${step}`,
    region: () => (made ??= make()),
    records,
  };
}
