// State of this chapter.
import { computed } from "@preact/signals";
import { pageState } from "../../live/address.ts";
import { programState } from "../../live/program-state.ts";
import { notes, notesValues } from "../programs.ts";
import { directionFor, readDirection, writeDirection } from "./direction.ts";
import { forwardRows } from "./rows.ts";

export const state = pageState();
export const own = programState(state, notes, notesValues);
/** Direction: one number per number of the program. */
export const along = state.value<readonly number[]>("along", [1, 0], readDirection, writeDirection);
/** The last row shown by the pass. All rows if it exceeds their number. */
export const step = state.number("step", 0, { min: 0, step: 1 });
/** Distance that the inputs move along the direction, in the picture of arrows. */
export const far = state.number("far", 0.5, { min: 0, max: 1 });

export const direction = computed(() => directionFor(along.value, own.run.value.tape.inputs.length));
export const rows = computed(() => forwardRows(own.run.value, direction.value));
