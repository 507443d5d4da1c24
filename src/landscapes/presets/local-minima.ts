import { cyclic, sgd } from "../../optim/index.ts";
import { race, type Race } from "../race.ts";
import { findLandscape } from "../zoo.ts";
import { definePreset, type Preset } from "./preset.ts";

/** The run of each method from a start, 300 steps. */
export function raceOverRipples(start?: readonly number[]): Race {
  return race(
    findLandscape("many-minima"),
    {
      "gradient descent": sgd({ learningRate: 0.1 }),
      "gradient descent, η = 0.3": sgd({ learningRate: 0.3 }),
      momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
      "cyclic rate": sgd({ learningRate: cyclic({ base: 0.02, max: 7, stepSizeUp: 15 }) }),
    },
    { steps: 300, ...(start === undefined ? {} : { start }) },
  );
}

/** Momentum and cyclic rates leave local minima that gradient descent stays in. */
export const localMinima: Preset = /* @__PURE__ */ definePreset(
  {
    name: "local-minima",
    title: "Leaving local minima",
    claim:
      "Gradient descent stays in the first hollow that it meets. Momentum runs through shallow ones on the speed that it has. A rate that rises above 2/curvature of a hollow makes the run leave it, and the fall of the rate lets it settle in a wider one.",
  },
  () => {
    const shown = raceOverRipples();
    const cycle = cyclic({ base: 0.02, max: 7, stepSizeUp: 15 });
    const at = Array.from({ length: 301 }, (_, t) => t);
    return {
      findings: shown.runs.map(({ name, outcome, points, stepsTo, values }) => {
        const [x, y] = points.at(-1)!;
        const where = `(${x!.toFixed(2)}, ${y!.toFixed(2)}), value ${values.at(-1)!.toPrecision(3)}`;
        return outcome === "arrived"
          ? `${name}: at the lowest minimum within 0.01 after ${String(stepsTo[0])} steps.`
          : `${name}: stays at ${where}.`;
      }),
      figures: [
        { kind: "race", title: "A bowl with ripples", race: shown },
        {
          kind: "lines",
          title: "The cyclic rate",
          x: { label: "step" },
          y: { label: "learning rate η" },
          series: [
            { name: "triangular, 0.02 to 7", x: at, y: at.map((t) => cycle(t)), style: "line", colour: 3 },
          ],
          note: "The curvature of a hollow is up to 0.1 + 0.14 · 9 = 1.36: above η = 2/1.36 = 1.5 the run cannot stay.",
        },
      ],
    };
  },
);
