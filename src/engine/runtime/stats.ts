import { showType } from "../errors/index.ts";
import type { ArrayType } from "../ir/types.ts";
import { threadCount } from "./choices.ts";
import type { DeviceDecision, Executable } from "./run.ts";
import type { Verification } from "./verify.ts";

/** Statistics of the programs that a jitted function has compiled. */
export interface JitStats {
  /** Number of programs, one per combination of argument types. */
  readonly programs: number;
  /** Milliseconds of passes and code generation, for all programs together. */
  readonly compileTime: number;
  /** Backend of each program: `wasm`, `js`, `interp` or `webgpu`. */
  readonly backends: readonly string[];
  /** Number of kernel functions compiled from loops, if the backend counts them. */
  readonly kernels: number;
  /** Number of loops and products long enough for several threads, and the number of threads for them. */
  readonly shared: number;
  readonly threads: number;
  readonly codeBytes: number;
  /** Bytes of memory held between calls, including memory shared with other functions. */
  readonly memoryBytes: number;
  /**
   * Number of programs that agreed with the oracle, and of programs too expensive for it (`configure({ verify })`); 0
   * if verification is off.
   */
  readonly verified: number;
  readonly unverified: number;
  /** For each program, the device that `jit(f, { device: "auto" })` chose; absent for other functions. */
  readonly choices?: readonly DeviceChoice[];
}

/** Device that `jit(f, { device: "auto" })` chose for arguments of certain types. */
export interface DeviceChoice {
  /** Types of the tensors in the arguments, such as `f32[64,784], f32[]`. */
  readonly types: string;
  /** Name of the chosen device, such as `the processor`. */
  readonly device: string;
  /**
   * Median milliseconds of a call with a read of its smallest result, on the device and on the processor; absent if they
   * were not measured.
   */
  readonly durations?: { readonly device: number; readonly processor: number };
  /** Reason for the choice. */
  readonly why: string;
}

/** Reasons for the processor before a measurement. */
export const notMeasured = "not measured: await warm(…) with such arguments";
const noDevice = "no GPU is open: await openWebGpu(), then warm(…)";

/** Describes the choice for arguments of the given types. Without a decision, no device was open at compilation. */
export function choiceOf(
  types: readonly ArrayType[],
  { device, ...rest }: DeviceDecision = { why: noDevice },
): DeviceChoice {
  // prettier-ignore
  return { types: types.map(showType).join(", "), device: device?.name ?? "the processor", ...rest };
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
