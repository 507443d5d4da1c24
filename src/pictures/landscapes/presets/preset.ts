import type { Study } from "../study.ts";

/** A study that can be made anew: the claim is asserted by a test. */
export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly make: () => Promise<Study>;
}

/** A preset from what its study holds beside its name, title and claim. */
export function definePreset(
  about: Pick<Preset, "name" | "title" | "claim">,
  make: () => Pick<Study, "findings" | "figures"> | Promise<Pick<Study, "findings" | "figures">>,
): Preset {
  return { ...about, make: async () => ({ ...about, ...(await make()) }) };
}
