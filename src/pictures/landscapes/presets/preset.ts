import { displayed } from "../display.ts";
import type { Study } from "../study.ts";

/**
 * A built-in study: its name, title and claim, and a function that computes it reproducibly. A test asserts the claim.
 */
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly make: () => Promise<Study>;
}

/** Defines a preset from its name, title and claim and a function that computes findings and figures. */
export function definePreset(
  about: Pick<Preset, "name" | "title" | "claim">,
  make: () => Pick<Study, "findings" | "figures"> | Promise<Pick<Study, "findings" | "figures">>,
): Preset {
  return { ...about, make: async () => displayed<Study>({ ...about, ...(await make()) }) };
}
