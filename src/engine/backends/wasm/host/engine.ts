import type { EngineTraits } from "../engines/peephole.ts";

/**
 * The engine that runs us. Its revectorizer is switched on by turbo mode (`wide`), or by others: when Node is started, on its
 * command line or by NODE_OPTIONS, which tell; in a page, which tells nothing. Who sets the switch in a running Node otherwise than
 * by turbo mode is not noticed.
 */
export function engineOf(wide: boolean): EngineTraits {
  const isRecent = "Float16Array" in globalThis;
  return { isRecent, wide, mayWiden: wide || (isRecent && wasSwitched()) };
}

function wasSwitched(): boolean {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  if (process?.versions?.node === undefined) return true;
  const options = [...(process.execArgv ?? []), process.env?.["NODE_OPTIONS"] ?? ""];
  return options.some((option) => /wasm[-_]revectorize/.test(option));
}
