import { canRunWasm, mostThreads } from "../backends/wasm/index.ts";
import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { RuntimeOptions } from "./device.ts";
import { defaultChoices, setChoices } from "./device.ts";
import { installedGenerator } from "./engine.ts";
import "./install-compiler.ts";
import "./install-generator.ts";

/**
 * Chooses how functions are compiled from now on; what was compiled before is compiled again when it is called. Options
 * that are left out keep their defaults.
 *
 * @throws DownhillError `option` for an unknown option or choice, and for a backend that cannot run here.
 * @example
 * const sameBitsEverywhere = () => configure({ reproducible: true });
 * const nothingBesideTheCallingThread = () => configure({ threads: 1 });
 * const theDefaultsAgain = () => configure({});
 */
export function configure(given: RuntimeOptions): void {
  if (arguments.length > 1) refuseExtra("configure", arguments, 1);
  checkOptions("configure", given, ["backend", "reproducible", "threads"]);
  const next = { ...defaultChoices, ...given };
  checkChoice("configure", "backend", next.backend, ["auto", "wasm", "js", "interpreter"]);
  if (typeof next.reproducible !== "boolean")
    throw new DownhillError("option", "configure: reproducible must be true or false.");
  const { threads = 1 } = next;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new DownhillError(
      "option",
      `configure: threads must be a whole number from 1 to ${mostThreads}, not ${String(threads)}.`,
    );
  if (next.backend === "wasm" && !canRunWasm())
    throw new DownhillError(
      "option",
      'configure: WebAssembly may not be compiled here, or has no memory. Use backend: "auto".',
    );
  if (next.backend === "js" && installedGenerator() === undefined)
    throw new DownhillError(
      "option",
      'configure: JavaScript may not be generated here (a content security policy forbids it). Use backend: "auto".',
    );
  setChoices(next);
}
