import { moduleText } from "../backends/wasm/text.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimizeInSteps } from "../passes/pipeline.ts";
import { backendFor } from "./choices.ts";

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

/** What shows a program on its way to code. */
export type Inspector = (program: Program) => LoweredText;

export function showLowering(program: Program): LoweredText {
  const stages = optimizeInSteps(program);
  const passes = stages
    .map(({ name, program: p }) => ({ name, program: printProgram(p) }))
    .filter((stage, i, all) => i === 0 || stage.program !== all[i - 1]!.program);
  const { routine } = lowerProgram(stages.at(-1)!.program);
  const backend = backendFor(routine);
  const text = printRoutine(routine);
  const code = backend.moduleOf ? moduleText(backend.moduleOf(routine)) : (backend.show?.(routine) ?? "");
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
