// State of this chapter.
import { computed } from "@preact/signals";
import { pageState } from "../../live/address.ts";
import { programState } from "../../live/program-state.ts";
import { adjointsOf } from "../../live/tape.ts";
import { chainOf, type Link, links, reachOf } from "./chain.ts";
import { affectedBy, pathCounts, pathsFrom } from "./paths.ts";

export const twice = "u = x * y\nv = u + x\nz = u * v";

export const state = pageState();
export const own = programState(state, twice, { x: "2", y: "3" });
/** Step of the selected value. */
export const from = state.number("from", 0, { min: 0, step: 1 });
/** Index of the highlighted path in the list; −1 for none. */
export const followed = state.number("path", -1, { min: -1, step: 1 });
/** Number of squarings in the figure of path counts. */
export const times = state.number("times", 6, { min: 1, max: 20, step: 1 });

export const mostPaths = 12;
const tape = computed(() => own.run.value.tape);
export const chosen = computed(() => Math.min(from.value, tape.value.steps.length - 1));
export const affected = computed(() => affectedBy(tape.value, chosen.value));
export const pathCount = computed(() => pathCounts(tape.value)[chosen.value]!);
export const paths = computed(() => pathsFrom(tape.value, chosen.value, mostPaths));
/** Derivative of the result in the selected value. */
export const derivative = computed(() => adjointsOf(tape.value)[chosen.value]!);
export const followedPath = computed(() => paths.value[followed.value]);

// The chain rule of school.
const formulas = links.map(([formula]) => formula);
export const inner = state.choice<Link>("inner", "v^2/2", formulas);
export const outer = state.choice<Link>("outer", "sin(v)", formulas);
export const chainX = state.number("x", 1.5, { min: -2, max: 2 });
/** Length of the step of x that the figure shows. */
export const chainStep = state.number("dx", 0.5, { min: -0.5, max: 0.5 });
/** Value at the right end of the number lines: it depends on the functions only, so that points move and not the scale. */
export const chainReach = computed(() => reachOf(inner.value, outer.value) + 0.5);
export const chain = computed(() => chainOf(inner.value, outer.value, chainX.value));
