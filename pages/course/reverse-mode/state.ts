// State of this chapter.
import { computed, signal } from "@preact/signals";
import { pageState } from "../../live/address.ts";
import type * as Writer from "../../live/emitted.ts";
import { loadPlain } from "../../live/program.ts";
import { programState } from "../../live/program-state.ts";
import { loop, notes, notesValues } from "../programs.ts";
import { costOfLoop } from "./memory.ts";
import { modeCosts } from "./modes.ts";
import { waysOf } from "./ways.ts";

export const state = pageState();
export const own = programState(state, notes, notesValues);
/** The current line of both passes, counted from the start of the forward pass. */
export const step = state.number("step", 0, { min: 0, step: 1 });
export const ways = computed(() => waysOf(own.run.value));

export const mostNumbers = 64;
export const inputs = state.number("n", 16, { min: 1, max: mostNumbers, step: 1 });
export const outputs = state.number("m", 1, { min: 1, max: mostNumbers, step: 1 });
/** Numbers of inputs for which `costsByInputs` computes costs, with the chosen number of outputs. */
export const inputCounts = [1, 2, 4, 8, 16, 32, 64];
export const costs = computed(() => modeCosts(inputs.value, outputs.value));
export const costsByInputs = computed(() => inputCounts.map((n) => modeCosts(n, outputs.value)));

export const mostSteps = 400;
export const loopSteps = state.number("steps", 144, { min: 2, max: mostSteps, step: 1 });
export const segment = state.number("segment", 12, { min: 1, max: mostSteps, step: 1 });
/** Segment length, limited to the number of steps. */
export const segmentShown = computed(() => Math.min(segment.value, loopSteps.value));
export const loopCost = computed(() => costOfLoop(loopSteps.value, segmentShown.value));
export const plainCost = computed(() => costOfLoop(loopSteps.value));
/** Segment lengths, geometrically spaced. */
const lengths = computed(() => {
  const count = 14;
  const all = Array.from({ length: count }, (_, i) => Math.round(loopSteps.value ** (i / (count - 1))));
  return [...new Set(all)];
});
export const costsByLength = computed(() =>
  lengths.value.map((length) => ({ length, ...costOfLoop(loopSteps.value, length) })),
);

export const looped = programState(state, loop, { x: "0.2", r: "0.8" }, ["loop", "loopAt"]);
/** The shown iteration, counted from 0. */
export const iteration = state.number("iteration", 1, { min: 0, step: 1 });

type Emitted = typeof Writer;
/** The module that writes derivatives as code, loaded before the page becomes interactive. */
export const emitted = signal<Emitted | undefined>(undefined);

/** Loads the TypeScript parser and the code writer of derivatives. */
export async function prepare(): Promise<void> {
  const [module] = await Promise.all([import("../../live/emitted.ts"), loadPlain()]);
  emitted.value = module;
}
