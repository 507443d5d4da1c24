import { adagrad, rmsprop } from "../../../numeric/optim/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { defineLandscape } from "../landscape.ts";
import { race, type Race, type RaceRun } from "../race.ts";
import { definePreset, type Preset } from "./preset.ts";

const steps = 2000;

/** A wall whose gradients are 96 times as large as those of the slope that follows it and leads to the minimum. */
export const wallAndSlope = "24*log(1 + exp(-4*(x + 3))) + sqrt(1 + (x - 6)^2) + y^2/2";

/** Runs Adagrad and RMSProp from the wall along the slope, with the same rate. */
export function raceBelowWall(learningRate: number, length: number = steps): Race {
  const landscape = defineLandscape(wallAndSlope, {
    name: "wall and slope",
    formula: "24·log(1 + e^(−4(x + 3))) + √(1 + (x − 6)²) + ½y²",
    about: "A wall, and behind it a long slope of steepness 1 to the minimum at (6, 0).",
    start: [-5, 2],
    domain: [
      [-6, 8],
      [-3, 3],
    ],
    minima: [[6, 0]],
    lowest: 1,
  });
  return race(
    landscape,
    { Adagrad: adagrad({ learningRate }), RMSProp: rmsprop({ learningRate, alpha: 0.99 }) },
    { steps: length, tolerances: [1, 0.1] },
  );
}

/**
 * Returns for each step of a run the ratio of its length to the gradient norm. For the methods here it is η over the
 * root of the accumulated squares.
 */
export function stepsByGradient({
  points,
  gradientNorms,
}: Pick<RaceRun, "points" | "gradientNorms">): number[] {
  return points.slice(1).map((point, t) => {
    const length = Math.hypot(...point.map((x, i) => x - points[t]![i]!));
    return length / gradientNorms[t]!;
  });
}

/** Study: Adagrad never forgets the large gradients of the wall; RMSProp does after a few hundred steps. */
export const longRun: Preset = /* @__PURE__ */ definePreset(
  {
    name: "long-run",
    title: "RMSProp against Adagrad on a long run",
    claim:
      "Adagrad divides by the root of the sum of all squared gradients, which never falls: after a steep beginning its steps stay small, and on a long run it hardly moves. RMSProp divides by the root of a mean that forgets: its steps grow again once the wall is behind it. For the same reason it does not come to rest at the minimum, where Adagrad would.",
  },
  () => {
    const learningRate = 0.2;
    const shown = raceBelowWall(learningRate);
    const at = Array.from({ length: steps }, (_, t) => t + 1);
    return {
      findings: shown.runs.map((run) => {
        const [x] = run.points.at(-1)!;
        const ratios = stepsByGradient(run);
        return `${run.name}: at x = ${x!.toFixed(2)} of 6 after ${steps.toLocaleString("en")} steps; a step is ${showNumber(ratios[19]!, 2)} times its gradient at step 20, and ${showNumber(ratios[199]!, 2)} times at step 200.`;
      }),
      figures: [
        { kind: "race", title: "A wall, and a slope behind it", race: shown },
        {
          kind: "lines",
          title: "Length of a step over that of its gradient",
          x: { label: "step", log: true },
          y: { label: "‖step‖ / ‖gradient‖", log: true },
          series: shown.runs.map((run) => ({
            name: run.name,
            x: at,
            y: stepsByGradient(run),
            style: "line",
          })),
        },
      ],
    };
  },
);
