import { cyclic, type Schedule, sgd } from "../../../numeric/optim/index.ts";
import { race, type Race } from "../race.ts";
import { findLandscape } from "../zoo.ts";
import { definePreset, type Preset } from "./preset.ts";

const steps = 90; // three cycles

/**
 * Runs gradient descent with three rates and momentum on a landscape with ripples, from one start. The run with a
 * cyclic rate is the first, so that it is drawn below the others.
 */
export function raceOverRipples(start?: readonly number[], length: number = steps): Race {
  return race(
    findLandscape("many-minima"),
    {
      "cyclic rate": sgd({ learningRate: cycle() }),
      "gradient descent, η = 0.3": sgd({ learningRate: 0.3 }),
      "gradient descent, η = 0.6": sgd({ learningRate: 0.6 }),
      momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
    },
    { steps: length, ...(start === undefined ? {} : { start }) },
  );
}

function cycle(): Schedule {
  return cyclic({ base: 0.02, max: 7, stepSizeUp: 15 });
}

/** Study: momentum and cyclic rates leave local minima in which gradient descent stays. */
export const localMinima: Preset = /* @__PURE__ */ definePreset(
  {
    name: "local-minima",
    title: "Leaving local minima",
    claim:
      "Gradient descent stays in the first hollow that it meets. Momentum runs through shallow ones on the speed that it has. A rate that rises above 2/curvature of a hollow makes the run leave it, and the fall of the rate lets it settle in a wider one.",
  },
  () => {
    const shown = raceOverRipples();
    const rate = cycle();
    const at = Array.from({ length: steps + 1 }, (_, t) => t);
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
            { name: "triangular, 0.02 to 7", x: at, y: at.map((t) => rate(t)), style: "line", colour: 0 },
          ],
          note: "The curvature of a hollow is up to 0.1 + 0.14 · 9 = 1.36: above η = 2/1.36 = 1.5 the run cannot stay.",
        },
      ],
    };
  },
);
