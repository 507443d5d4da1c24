import { DownhillError } from "../../engine/errors/index.ts";

/** A function of a C library. */
export type ForeignFunction = (...args: unknown[]) => number;

/** A C library that is loaded. */
export interface ForeignLibrary {
  readonly func: (prototype: string) => ForeignFunction;
  /** The address of a variable. */
  readonly symbol: (name: string, type: string) => unknown;
}

/** The part of koffi that is used here. */
export interface Koffi {
  readonly load: (path: string, options: { readonly global: boolean }) => ForeignLibrary;
}

/**
 * koffi as it is installed.
 *
 * @throws DownhillError `option`, with what to install, if it is not there.
 */
export async function loadKoffi(): Promise<Koffi> {
  const name = "koffi"; // not in the call, so that bundlers do not look for it
  try {
    const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { default: Koffi };
    return module.default;
  } catch (cause) {
    throw new DownhillError(
      "option",
      "openMpi: MPI is called through koffi, which is not installed or does not run here. Write npm install koffi.",
      { cause },
    );
  }
}
