// A wall followed by a long slope: Adagrad and RMSProp at adjustable rates.
import { adagrad, rmsprop } from "downhill/optim";
import { defineLandscape, type Landscape, type Point } from "../../../src/pictures/landscapes/landscape.ts";
import { wallAndSlope } from "../../../src/pictures/landscapes/presets/long-run.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";

/** Number of steps per run. */
export const longSteps = 2000;

/** Start of the runs, on the wall. The minimum is at (6, 0). */
export const wallStart: Point = [-5, 2];

export const wallBox: MapBox = [
  [-6, 8],
  [-5, 5],
];

export const wall: Landscape = /* @__PURE__ */ defineLandscape(wallAndSlope, {
  start: wallStart,
  minima: [[6, 0]],
  lowest: 1,
});

type Run = (start: Point, settings: { readonly rate: number }) => Descent;

export const byAdagrad: Run = /* @__PURE__ */ descentOf<{ readonly rate: number }>(
  wall.value,
  ({ rate }) => adagrad({ learningRate: rate }),
  longSteps,
);

export const byRmsprop: Run = /* @__PURE__ */ descentOf<{ readonly rate: number }>(
  wall.value,
  ({ rate }) => rmsprop({ learningRate: rate }),
  longSteps,
);
