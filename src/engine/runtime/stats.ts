import { threadCount } from "./choices.ts";
import type { Executable } from "./run.ts";
import type { Verification } from "./verify.ts";

/** What a jitted function has compiled. */
export interface JitStats {
  /** Programs, one for each combination of argument types. */
  readonly programs: number;
  /** Milliseconds that passes and code generation took, of all programs together. */
  readonly compileTime: number;
  /** What each was compiled to: `wasm`, `js` or `interp`. */
  readonly backends: readonly string[];
  /** Functions that loops became, where the backend counts them. */
  readonly kernels: number;
  /** Loops and products that are long enough for several threads, and how many threads there are for them. */
  readonly shared: number;
  readonly threads: number;
  readonly codeBytes: number;
  /** Bytes of memory held between calls, those included that other functions use too. */
  readonly memoryBytes: number;
  /** Programs that agreed with the oracle, and those that took too long for it (`configure({ verify })`); 0 where that is off. */
  readonly verified: number;
  readonly unverified: number;
}

export function statsOf(executables: Iterable<Executable>): JitStats {
  const all = [...executables];
  const sum = (f: (x: Executable) => number | undefined): number => all.reduce((n, x) => n + (f(x) ?? 0), 0);
  const count = (outcome: Verification): number => all.filter((x) => x.verification === outcome).length;
  return {
    programs: all.length,
    compileTime: sum((x) => x.compileTime),
    backends: all.map((x) => x.backend),
    kernels: sum((x) => x.size()?.kernels),
    shared: sum((x) => x.size()?.shared),
    threads: threadCount(),
    codeBytes: sum((x) => x.size()?.codeBytes),
    memoryBytes: sum((x) => x.size()?.memoryBytes),
    verified: count("verified"),
    unverified: count("unverified"),
  };
}
