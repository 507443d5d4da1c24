import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimizeInSteps } from "../passes/pipeline.ts";
import { backendFor, threadCount } from "./device.ts";
import type { Executable } from "./run.ts";

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
  /** Bytes of memory held between calls. */
  readonly memoryBytes: number;
}

export function statsOf(executables: Iterable<Executable>): JitStats {
  const all = [...executables];
  const sum = (f: (x: Executable) => number | undefined): number => all.reduce((n, x) => n + (f(x) ?? 0), 0);
  return {
    programs: all.length,
    compileTime: sum((x) => x.compileTime),
    backends: all.map((x) => x.backend),
    kernels: sum((x) => x.size()?.kernels),
    shared: sum((x) => x.size()?.shared),
    threads: threadCount(),
    codeBytes: sum((x) => x.size()?.codeBytes),
    memoryBytes: sum((x) => x.size()?.memoryBytes),
  };
}

/** A program on its way to code, each stage as text. */
export interface LoweredText {
  /** The program as traced, and after each pass that changed it. */
  readonly passes: readonly { readonly name: string; readonly program: string }[];
  /** Loops, loads and stores: what every backend gets. */
  readonly routine: string;
  readonly backend: string;
  /** The code that the backend makes of it; empty for the interpreter. */
  readonly code: string;
  toString(): string;
}

export function showLowering(program: Program): LoweredText {
  const stages = optimizeInSteps(program);
  const passes = stages
    .map(({ name, program: p }) => ({ name, program: printProgram(p) }))
    .filter((stage, i, all) => i === 0 || stage.program !== all[i - 1]!.program);
  const { routine } = lowerProgram(stages.at(-1)!.program);
  const backend = backendFor(routine);
  const text = printRoutine(routine);
  const code = backend.show?.(routine) ?? "";
  return {
    passes,
    routine: text,
    backend: backend.name,
    code,
    toString: () =>
      [
        ...passes.map((stage) => `── ${stage.name}\n${stage.program}`),
        `── kernel\n${text}`,
        ...(code === "" ? [] : [`── ${backend.name}\n${code}`]),
      ].join("\n\n"),
  };
}
