import { adam, sgd } from "../../../numeric/optim/index.ts";
import { race, type Race } from "../race.ts";
import { findLandscape } from "../zoo.ts";
import { definePreset, type Preset } from "./preset.ts";

/**
 * Trains a network of two neurons, which start with equal weights, by three methods. The standard deviation of the
 * noise on each gradient is `noise`.
 */
export function raceFromEqualWeights(noise: number, seed = 3): Race {
  return race(
    findLandscape("two-neurons"),
    {
      "gradient descent": sgd({ learningRate: 0.15 }),
      momentum: sgd({ learningRate: 0.02, momentum: 0.9 }),
      Adam: adam({ learningRate: 0.1 }),
    },
    { steps: 500, start: [-0.5, -0.5], noise, seed },
  );
}

/** Study: neurons that start equal stay equal. */
export const symmetricNeurons: Preset = /* @__PURE__ */ definePreset(
  {
    name: "symmetry",
    title: "Two neurons that begin equal",
    claim:
      "Equal neurons get equal gradients, so no exact method ever tells them apart: every run ends on the saddle between the two minima. A little noise is enough to leave it. This is why weights start at random.",
  },
  () => {
    const races = [
      ["Exact gradients", raceFromEqualWeights(0)],
      ["Gradients with noise of 0.1", raceFromEqualWeights(0.1)],
    ] as const;
    return {
      findings: races.map(([title, { runs }]) => {
        const told = runs.map(({ name, points }) => {
          const [x, y] = points.at(-1)!;
          return `${name} ends at (${x!.toFixed(3)}, ${y!.toFixed(3)})`;
        });
        return `${title}: ${told.join(", ")}.`;
      }),
      figures: races.map(([title, shown]) => ({ kind: "race", title, race: shown })),
    };
  },
);
