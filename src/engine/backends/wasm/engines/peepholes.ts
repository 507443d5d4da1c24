import { clearedVectors } from "./cleared-vectors.ts";
import { copiedArguments } from "./copied-arguments.ts";
import { loadedConstants } from "./loaded-constants.ts";
import { pairedConstants } from "./paired-constants.ts";
import type { EngineTraits, Peephole } from "./peephole.ts";
import { separateStores } from "./separate-stores.ts";
import { signFlips } from "./sign-flips.ts";

type PeepholeName =
  | "loadedConstants"
  | "pairedConstants"
  | "clearedVectors"
  | "copiedArguments"
  | "signFlips"
  | "separateStores";

/** Enabled workarounds. None changes a bit of any result. */
export type Peepholes = Readonly<Record<PeepholeName, boolean>>;

const all: Readonly<Record<PeepholeName, Peephole>> = {
  loadedConstants,
  pairedConstants,
  clearedVectors,
  copiedArguments,
  signFlips,
  separateStores,
};

/** Workarounds that an engine needs. */
export function peepholesFor(engine: EngineTraits): Peepholes {
  const needed = Object.entries(all).map(([name, { isFor }]) => [name, isFor(engine)] as const);
  return Object.fromEntries(needed) as Record<PeepholeName, boolean>;
}
