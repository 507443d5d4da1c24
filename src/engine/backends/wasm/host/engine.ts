import type { EngineTraits } from "../engines/peephole.ts";

/**
 * Traits of the running engine. Its revectorizer is enabled by turbo mode (`wide`) or by a flag of the user. The flag
 * can be read from the command line of Node and from NODE_OPTIONS; in a page it cannot be detected. A flag that is set
 * in a running Node by any means other than turbo mode is not noticed.
 */
export function engineOf(wide: boolean): EngineTraits {
  const isRecent = "Float16Array" in globalThis;
  return { isRecent, wide, mayWiden: wide || (isRecent && mayBeSwitchedOn()) };
}

function mayBeSwitchedOn(): boolean {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  if (process?.versions?.node === undefined) return true;
  const options = [...(process.execArgv ?? []), process.env?.["NODE_OPTIONS"] ?? ""];
  return options.some((option) => /wasm[-_]revectorize/.test(option));
}
