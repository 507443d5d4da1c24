// State of the chapter's figures and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import type * as Writer from "../../live/emitted.ts";
import { shortNumber } from "../../live/fields.tsx";
import { loadPlain } from "../../live/program.ts";
import { type ProgramState, programState } from "../../live/program-state.ts";
import { readable, type Readable } from "../../live/readable.ts";
import { examples } from "./examples.ts";
import { type CompiledGradient, compiledGradient } from "./passes.ts";
import { type Schedule, scheduleOf, type Strategy } from "./schedule.ts";
import { runTape, type TapeRun } from "./tape-run.ts";

export const state: PageState = pageState();

const [first] = examples as readonly [(typeof examples)[number]];
export const own: ProgramState = programState(state, first.text, first.values);
/** The module that writes derivatives as code, loaded before the page becomes interactive. */
export const emitted: Signal<typeof Writer | undefined> = signal(undefined);

/** Loads the TypeScript parser and the code writer of derivatives. */
export async function prepare(): Promise<void> {
  const [module] = await Promise.all([import("../../live/emitted.ts"), loadPlain()]);
  emitted.value = module;
}

/** Counted operations of the program and of its gradient. */
export const operations: ReadonlySignal<{ readonly value: number; readonly gradient: number }> = computed(
  () => own.run.value.program.operations(own.run.value.args),
);

// The tape.
export const mostIterations = 10;
export const iterations: Signal<number> = state.number("n", 6, { min: 2, max: mostIterations, step: 1 });
export const tapeStep: Signal<number> = state.number("tape-step", 0, { min: 0, max: 2 * mostIterations });
export const tapeRun: ReadonlySignal<TapeRun> = computed(() =>
  runTape(0.2, 0.8, iterations.value, shortNumber),
);

// Schedules.
export const mostSteps = 64;
export const strategies = [
  ["all", "store all"],
  ["segments", "segments"],
  ["halving", "halving"],
] as const satisfies readonly (readonly [Strategy, string])[];
export const strategy: Signal<Strategy> = state.choice<Strategy>("strategy", "segments", [
  "all",
  "segments",
  "halving",
]);
export const loopLength: Signal<number> = state.number("length", 25, { min: 2, max: mostSteps, step: 1 });
export const moment: Signal<number> = state.number("moment", 0, { min: 0, step: 1 });
export const schedule: ReadonlySignal<Schedule> = computed(() =>
  scheduleOf(strategy.value, loopLength.value),
);
/** Costs of all strategies for the chosen loop. */
export const scheduleCosts: ReadonlySignal<readonly { readonly name: string; readonly cost: Schedule }[]> =
  computed(() => strategies.map(([one, name]) => ({ name, cost: scheduleOf(one, loopLength.value) })));

const lengths = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const memory = strategies.map(([one, name]) => ({
  name,
  x: lengths,
  y: lengths.map((n) => scheduleOf(one, n).mostStored),
}));
export const memoryChart: ChartSpec = {
  title: "Stored values by number of iterations",
  x: { label: "iterations", log: true },
  y: { label: "stored values", log: true },
  series: memory,
};

// The passes of the compiler.
export const formula: Signal<string> = state.text("formula", "exp(-(x^2 + y^2)/2)");
const compiled: Readable<CompiledGradient> = readable(formula, compiledGradient);
export const equations: ReadonlySignal<CompiledGradient> = compiled.value;
export const formulaProblem: ReadonlySignal<string> = compiled.problem;
