// State of the map of starts, which is loaded after the other figures.
import { computed, signal } from "@preact/signals";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { contourMap } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import { type Ground, readGround } from "../../live/ground.ts";
import { readable } from "../../live/readable.ts";
import { type BasinQuestion, type Basins, coarseBasins } from "./basins.ts";
import { basinFormula, basinRate, method } from "./state.ts";

const { value: basinGround, problem: found } = readable(basinFormula, readGround);
export const basinProblem = found;
export const question = computed((): BasinQuestion => ({
  text: basinGround.value.text,
  method: method.value,
  rate: basinRate.value,
}));

/** A map finer than the coarsest one, with its question. */
const finer = signal<{ readonly of: BasinQuestion; readonly map: Basins } | undefined>(undefined);

/** Shows a finer map if the question is unchanged. */
export function refine(of: BasinQuestion, map: Basins): void {
  finer.value = { of, map };
}

const coarsest = computed(() => coarseBasins(question.value));
export const basinMap = computed((): Basins => {
  const held = finer.value;
  return held !== undefined && held.of === question.value ? held.map : coarsest.value;
});
export const basinContours = computed(() => {
  const { text, landscape, box }: Ground = basinGround.value;
  return contourMap(text, landscape, box);
});

/** Coordinates of a minimum, formatted for a sentence. */
export function placeOf(point: Point): string {
  return `(${point.map((x) => shortNumber(Number(x.toFixed(3)))).join(", ")})`;
}
