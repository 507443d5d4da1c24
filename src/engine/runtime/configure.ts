import { canRunWasm, mostThreads } from "../backends/wasm/index.ts";
import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { RuntimeOptions } from "./choices.ts";
import { setChoices, withDefaults } from "./choices.ts";
import { installedGenerator } from "./engine.ts";
import "./install-compiler.ts";
import "./install-generator.ts";
import { isIntegerIn } from "../ir/plain-number.ts";
import { verifierOf } from "./verify.ts";

/** Smallest memory limit in bytes: the constants of a few functions already need that much. */
const leastMemory = 2 ** 20;

/**
 * Sets how functions are compiled from now on. Functions compiled before are recompiled at their next call. Options
 * that are left out return to their defaults.
 *
 * @throws DownhillError `option` for an unknown option or choice, for a backend that cannot run here, and for `verify`
 *   without `import "downhill/testing"`.
 *
 * @example
 * const sameBitsEverywhere = () => configure({ reproducible: true });
 * const nothingBesideTheCallingThread = () => configure({ threads: 1 });
 * const inLittleMemory = () => configure({ memoryLimit: 256 * 2 ** 20 });
 * const theDefaultsAgain = () => configure({});
 */
export function configure(given: RuntimeOptions): void {
  if (arguments.length > 1) refuseExtra("configure", arguments, 1);
  checkOptions("configure", given, [
    "backend",
    "reproducible",
    "threads",
    "memoryLimit",
    "verify",
    "verifyBudget",
  ]);
  const next = withDefaults(given);
  checkChoice("configure", "backend", next.backend, ["auto", "wasm", "js", "interpreter"]);
  if (typeof next.reproducible !== "boolean")
    throw new DownhillError("option", "configure: reproducible must be true or false.");
  const { threads = 1 } = next;
  if (!isIntegerIn(threads, { from: 1, to: mostThreads }))
    throw new DownhillError(
      "option",
      `configure: threads must be an integer from 1 to ${mostThreads}, not ${String(threads)}.`,
    );
  const { memoryLimit = Infinity } = next;
  if (typeof memoryLimit !== "number" || !(memoryLimit >= leastMemory))
    throw new DownhillError(
      "option",
      `configure: memoryLimit must be a number of bytes of at least ${leastMemory} (1 MiB), not ${String(memoryLimit)}.`,
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
  verifierOf(next); // throws for values it refuses
  setChoices(next);
}
