import { DownhillError } from "../errors/index.ts";
import type { DerivedRegion } from "../region/lower/derived.ts";
import type { Region } from "../region/form/region.ts";
import type { RuntimeOptions } from "./choices.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import type { Recipe } from "./executable.ts";
import type { RegionCall } from "./regions.ts";
import type { Executable } from "./run.ts";

/** Compares executables with an oracle (`configure({ verify })`). `downhill/testing` installs it. */
export interface Verifier {
  /** Has the calls of a compiled program compared, until that is settled. */
  readonly watchProgram: (code: WatchedProgram, recipe: Recipe, device: Device) => void;
  /** Has the calls of a compiled region compared, until that is settled. */
  readonly watchRegion: (known: WatchedRegion) => void;
}

/** Makes the verifier of these options; `undefined` where `verify` is off. @throws DownhillError `option` for others. */
export type MakeVerifier = (verify: string, budget: number | undefined) => Verifier | undefined;

/** The result of a comparison: `unverified` where the oracle would take too long. */
export type Verification = "verified" | "unverified" | "ill-conditioned";

/** A compiled program; `run` is `undefined` once it was dropped. */
export interface WatchedProgram {
  run: Executable["run"] | undefined;
  verification?: Verification | undefined;
}

/** A region that is called, and the code that it shares with equal regions. */
export interface WatchedRegion {
  readonly region: Region | DerivedRegion;
  readonly code: object;
  call: RegionCall;
}

/** The plain function that a region was made from. */
export interface PlainSource {
  /** The JavaScript function; it reads what it captured itself. */
  readonly f: (...args: never[]) => unknown;
  /** Its `PlainForm`, a type of a layer above. */
  readonly form: unknown;
}

/**
 * The verifier of these options, or of the environment; without methods where `verify` is off.
 *
 * @throws DownhillError `option` where one is asked for and none is installed, and for values that it refuses.
 */
export function verifierOf({
  verify = environment.process?.env?.["DOWNHILL_VERIFY"] || "off",
  verifyBudget,
}: RuntimeOptions): Partial<Verifier> {
  const { makeVerifier } = engine;
  if (!makeVerifier && verify !== "off")
    throw new DownhillError("option", `verify needs import "downhill/testing".`);
  return makeVerifier?.(verify, verifyBudget) ?? {};
}

const environment = globalThis as {
  process?: { env?: { readonly DOWNHILL_VERIFY?: RuntimeOptions["verify"] } };
};

/** The verifier by which executables are compared now. */
export function currentVerifier(): Partial<Verifier> {
  return (engine.verifier ??= verifierOf(engine.options));
}
