import { DownhillError } from "../errors/index.ts";
import type { DerivedRegion } from "../region/lower/derived.ts";
import type { Region } from "../region/form/region.ts";
import type { RuntimeOptions } from "./choices.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import type { Recipe } from "./executable.ts";
import type { RegionCall } from "./regions.ts";
import type { Executable } from "./run.ts";

/** Compares executables with an oracle (`configure({ verify })`). Installed by `downhill/testing`. */
export interface Verifier {
  /**
   * Replaces the code of a compiled program, so that its first call (or every call, if `verify` is "always") is
   * compared with the oracle.
   */
  readonly watchProgram: (code: WatchedProgram, recipe: Recipe, device: Device) => void;
  /**
   * Replaces the call of a compiled region, so that the first call of its code (or every call) is compared with the
   * oracle.
   */
  readonly watchRegion: (known: WatchedRegion) => void;
}

/**
 * Creates the verifier for these options; undefined if `verify` is off.
 *
 * @throws DownhillError `option` for invalid values.
 */
export type MakeVerifier = (verify: string, budget: number | undefined) => Verifier | undefined;

/** Result of a comparison; `unverified` if the oracle would take too long. */
export type Verification = "verified" | "unverified" | "ill-conditioned";

/** A compiled program under comparison; `run` is undefined once the code was dropped. */
export interface WatchedProgram {
  run: Executable["run"] | undefined;
  verification?: Verification | undefined;
}

/** A region that is called, and the code that it shares with structurally equal regions. */
export interface WatchedRegion {
  readonly region: Region | DerivedRegion;
  readonly code: object;
  call: RegionCall;
}

/** The plain function that a region was built from. */
export interface PlainSource {
  /** The JavaScript function, which reads its captured variables itself. */
  readonly f: (...args: never[]) => unknown;
  /** The `PlainForm` of the function, which has no type here because a higher layer declares it. */
  readonly form: unknown;
}

/**
 * Returns the verifier for these options; the default of `verify` is the environment variable `DOWNHILL_VERIFY`.
 * Returns an object without methods if `verify` is off.
 *
 * @throws DownhillError `option` if a verifier is requested but none is installed, and for values that it refuses.
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

/** Returns the verifier for the current options. */
export function currentVerifier(): Partial<Verifier> {
  return (engine.verifier ??= verifierOf(engine.options));
}
