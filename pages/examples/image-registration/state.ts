// Settings of the example with two pictures, and the values derived from them.
import { batch, computed, signal } from "@preact/signals";
import { pageState } from "../../live/address.ts";
import { draw, type FigureName, figureNames, type Picture } from "./picture.ts";
import { blurs, misplacement, search, wayOf } from "./search.ts";
import { copyOf, type Kind, kinds, latticeOf, placesIn, startOf, transform } from "./transformation.ts";

export const state = pageState();

const drawn = state.choice<FigureName>("picture", "head", figureNames);
/** A picture supplied by the reader, which replaces the figure. It is not part of the address. */
export const own = signal<Picture | undefined>(undefined);
export const figure = {
  get value(): FigureName | "own" {
    return own.value === undefined ? drawn.value : "own";
  },
  set value(name: FigureName | "own") {
    if (name === "own") return;
    batch(() => {
      own.value = undefined;
      drawn.value = name;
    });
  },
};

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** The true window of the second picture, with its rotation in degrees, and the noise of that picture. */
export const made = {
  x: state.number("x", 0.15, { min: -0.5, max: 0.5 }),
  y: state.number("y", -0.1, { min: -0.5, max: 0.5 }),
  turn: state.number("turn", 25, { min: -60, max: 60, step: 1 }),
  size: state.number("size", 1, { min: 0.6, max: 1.4 }),
  bend: state.number("bend", 0, { min: 0, max: 0.12, step: 0.01 }),
  noise: state.number("noise", 0.05, { min: 0, max: 0.5, step: 0.01 }),
  seed: state.number("seed", 1, { min: 1, max: 99, step: 1 }),
};
export const madeKeys = ["x", "y", "turn", "size", "bend", "noise", "seed"];

/** Start of the search; its rotation in degrees. */
export const begin = {
  x: state.number("start-x", -0.2, { min: -1.2, max: 1.2 }),
  y: state.number("start-y", 0.1, { min: -1.2, max: 1.2 }),
  turn: state.number("start-turn", 0, { min: -180, max: 180, step: 1 }),
};
export const kind = state.choice<Kind>("kind", "rigid", kinds);
const blurNames = blurs.map(String);
export const mostBlur = state.choice("blur", "8", blurNames);
export const stiffness = state.number("stiffness", 0.001, { min: 0.0001, max: 0.1 });
/** Index of the shown iterate, limited to the last one. */
export const step = state.number("step", Infinity, { min: 0, step: 1 });
export const comparison = state.choice("compare", "sides", ["sides", "difference"]);
/** Position of the border between the two pictures. */
export const border = state.number("border", 0, { min: -1, max: 1 });
export const searchKeys = ["start-x", "start-y", "start-turn", "kind", "blur", "stiffness", "step", "border"];

export const first = computed(() => own.value ?? draw(drawn.value));
const window = computed(() => ({
  x: made.x.value,
  y: made.y.value,
  turn: radians(made.turn.value),
  size: made.size.value,
  bend: made.bend.value,
}));
export const second = computed(() =>
  copyOf(first.value, window.value, made.noise.value, Math.round(made.seed.value)),
);
export const start = computed(() => ({
  x: begin.x.value,
  y: begin.y.value,
  turn: radians(begin.turn.value),
}));

export const iterates = computed(() =>
  search({
    first: first.value,
    second: second.value,
    kind: kind.value,
    start: start.value,
    mostBlur: Number(mostBlur.value),
    stiffness: stiffness.value,
  }),
);
export const shown = computed(() => iterates.value[Math.min(step.value, iterates.value.length - 1)]!);
/** Misplacement of the window in pixels at each iterate. */
export const off = computed(() => iterates.value.map(({ params }) => misplacement(params, window.value)));

export const ways = computed(() => wayOf(first.value, second.value, start.value, window.value));

/** Lattice points of the window's drawing. */
const drawnPlaces = latticeOf(Array.from({ length: 25 }, (_, i) => i / 12 - 1));
/** x and y of the drawn lattice points, in rows of 25. */
export type DrawnPlaces = readonly [xs: number[][], ys: number[][]];
export const lattices = {
  shown: computed(() => transform(shown.value.params, drawnPlaces).tolist() as unknown as DrawnPlaces),
  made: computed(() => placesIn(window.value, drawnPlaces).tolist() as unknown as DrawnPlaces),
  start: computed(
    () => transform(startOf("rigid", start.value), drawnPlaces).tolist() as unknown as DrawnPlaces,
  ),
};
