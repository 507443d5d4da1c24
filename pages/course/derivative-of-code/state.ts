// State of this chapter and the values derived from it.
import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { type PageState, pageState } from "../../live/address.ts";
import { type ProgramState, programState } from "../../live/program-state.ts";
import { type Readable, readable } from "../../live/readable.ts";
import type { CompiledText } from "../../../src/numeric/syntax/index.ts";
import { notes, notesValues } from "../programs.ts";
import { type DifferenceErrors, differenceErrors } from "./differences.ts";
import { readStage, type Sizes, sizesOf } from "./swell.ts";

export const state: PageState = pageState();
export const own: ProgramState = programState(state, notes, notesValues);
export const form: Signal<"lines" | "JavaScript"> = state.choice("code", "lines", ["lines", "JavaScript"]);
export const moved: Signal<number> = state.number("moved", 0, { min: 0, step: 1 });
export const h: Signal<number> = state.number("h", 1e-5, { min: 1e-15, max: 1 });
export const stageText: Signal<string> = state.text("g", "4*x*(1 - x)");
export const mostTimes: number = 12; // compositions
export const times: Signal<number> = state.number("times", 3, { min: 1, max: mostTimes, step: 1 });

export const stage: Readable<CompiledText> = readable(stageText, readStage);

/** Index of the varied number, limited to the numbers of the program. */
export const place: ReadonlySignal<number> = computed(() => {
  const { program, args } = own.run.value;
  return Math.min(moved.value, Math.max(0, program.numbers(args).length - 1));
});
export const errors: ReadonlySignal<DifferenceErrors | undefined> = computed(() =>
  differenceErrors(own.run.value, place.value),
);
export const sizes: ReadonlySignal<readonly Sizes[]> = computed(() => sizesOf(stage.value.value, mostTimes));

/** Errors for the course's first program, which the text describes, independent of the reader's program. */
export const notesErrors: DifferenceErrors = differenceErrors(
  programState(pageState(), notes, notesValues).run.value,
  0,
)!;
