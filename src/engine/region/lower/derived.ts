import type { RegionRecord } from "./record.ts";
import type { Region } from "../form/region.ts";

/**
 * A region that is made of another one when somebody needs it: who finds a record of what it was compiled to does without. It is
 * known by what it was made of.
 */
export interface DerivedRegion {
  readonly base: Region;
  /**
   * What was done to the base, one thing after the other, as text: done to bases of equal keys (`regionKey`) it gives regions of equal
   * keys. Empty for the base itself.
   */
  readonly steps: string;
  readonly region: () => Region;
  /** Records that came with the base, of these steps and of others. */
  readonly records: readonly RegionRecord[];
}

/** A region that is made of nothing else. */
export function underived(base: Region, records: readonly RegionRecord[] = []): DerivedRegion {
  const { checkpoint } = base;
  // keys do not tell how derivatives of a region are to be taken
  return {
    base,
    steps: checkpoint === undefined ? "" : `checkpoint ${checkpoint}`,
    region: () => base,
    records,
  };
}

/** A region with one step more; `make` is called at most once. */
export function derive(
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
