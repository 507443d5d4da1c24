import { DownhillError } from "../../engine/errors/index.ts";

/** A function of a C library. */
export type ForeignFunction = (...args: unknown[]) => number;

/** A loaded C library. */
export interface ForeignLibrary {
  readonly func: (prototype: string) => ForeignFunction;
  /** Returns the address of a variable. */
  readonly symbol: (name: string, type: string) => unknown;
}

/** The functions of koffi that are used here. */
export interface Koffi {
  readonly load: (path: string, options: { readonly global: boolean }) => ForeignLibrary;
}

/**
 * Imports the installed koffi.
 *
 * @throws DownhillError `option`, with the command to install it, if it is missing.
 */
export async function loadKoffi(): Promise<Koffi> {
  const name = "koffi"; // a variable, so that bundlers do not resolve it
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
