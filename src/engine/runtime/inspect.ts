import { moduleText } from "../backends/wasm/encode/text.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { printRoutine } from "../kernel/print.ts";
import { lowerProgram } from "../passes/lower.ts";
import type { Routine } from "../kernel/scalar.ts";
import { backendFor } from "./choices.ts";
import type { Device } from "./device.ts";
import type { DeviceChoice } from "./stats.ts";
import { optimizeInStages } from "../passes/pipeline.ts";
import { printFused, printMemoryPlan } from "../passes/print-stages.ts";

/** The compilation stages of a program as text. */
export interface LoweredText {
  /** The traced program, followed by the program after each pass that changed it. */
  readonly passes: readonly { readonly name: string; readonly program: string }[];
  /** Groups of equations that share a loop, in order of execution. */
  readonly fusion: string;
  /** Memory location and lifetime of every array. */
  readonly memory: string;
  /** The kernel as loops, loads and stores: the input of every backend. */
  readonly routine: string;
  readonly backend: string;
  /** Generated code; empty for the interpreter. */
  readonly code: string;
  /** Device that `jit(f, { device: "auto" })` chose for such calls; absent for other functions. */
  readonly choice?: DeviceChoice;
  toString(): string;
}

/** Shows the compilation stages of a program. */
export type Inspector = (program: Program, device?: Device, choice?: DeviceChoice) => LoweredText;

export function showLowering(program: Program, device?: Device, choice?: DeviceChoice): LoweredText {
  const stages = optimizeInStages(program);
  const passes = stages
    .map(({ name, program: p }) => ({ name, program: printProgram(p) }))
    .filter((stage, i, all) => i === 0 || stage.program !== all[i - 1]!.program);
  const { routine, fused, plan } = lowerProgram(stages.at(-1)!.program);
  const [fusion, memory] = [printFused(fused), printMemoryPlan(fused, plan)];
  const text = printRoutine(routine);
  const { backend, code } = device?.show?.(routine) ?? showOnProcessor(routine);
  return {
    passes,
    fusion,
    memory,
    routine: text,
    backend,
    code,
    ...(choice === undefined ? {} : { choice }),
    toString: () =>
      [
        ...(choice === undefined ? [] : [`── device\n${choice.device}: ${choice.why}`]),
        ...passes.map((stage) => `── ${stage.name}\n${stage.program}`),
        `── fusion\n${fusion}`,
        `── memory\n${memory}`,
        `── kernel\n${text}`,
        ...(code === "" ? [] : [`── ${backend}\n${code}`]),
      ].join("\n\n"),
  };
}

function showOnProcessor(routine: Routine): { readonly backend: string; readonly code: string } {
  const backend = backendFor(routine);
  const code = backend.moduleOf ? moduleText(backend.moduleOf(routine)) : (backend.show?.(routine) ?? "");
  return { backend: backend.name, code };
}
