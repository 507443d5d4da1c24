import { adam, rmsprop, sgd } from "../../../numeric/optim/index.ts";
import { race, type Race } from "../race.ts";
import { findLandscape } from "../zoo.ts";
import { definePreset, type Preset } from "./preset.ts";

/** Runs gradient descent, momentum, RMSProp and Adam on one landscape at the same rate. */
export function raceOverFlats(name: string, learningRate: number, steps: number): Race {
  return race(
    findLandscape(name),
    {
      "gradient descent": sgd({ learningRate }),
      momentum: sgd({ learningRate, momentum: 0.9 }),
      RMSProp: rmsprop({ learningRate }),
      Adam: adam({ learningRate }),
    },
    { steps },
  );
}

/**
 * Returns, for each run, the number of steps after which it left the drawn domain below its start, or else first
 * reached the lowest value within the first tolerance. `undefined` if it did neither.
 */
export function wayOut({ runs }: Race): (number | undefined)[] {
  return runs.map(({ escapedAt, stepsTo }) => escapedAt ?? stepsTo[0] ?? undefined);
}

/**
 * Study: saddles and plateaus slow gradient descent down; methods that divide by the size of the gradient cross them.
 */
export const saddlesAndPlateaus: Preset = /* @__PURE__ */ definePreset(
  {
    name: "saddles",
    title: "Saddles and plateaus",
    claim:
      "Where the gradient is tiny, so are the steps of gradient descent. Momentum adds them up; RMSProp and Adam divide by the size of the gradient and leave as fast as their rate allows.",
  },
  () => {
    const races = [
      ["The saddle x² − y²", raceOverFlats("saddle", 0.02, 300)],
      ["The monkey saddle x³ − 3xy²", raceOverFlats("monkey-saddle", 0.02, 300)],
      ["A plateau with a pit", raceOverFlats("plateau", 0.1, 300)],
    ] as const;
    return {
      findings: races.map(([title, shown]) => {
        const ways = wayOut(shown);
        const told = shown.runs.map(({ name }, i) =>
          ways[i] === undefined ? `${name} not in ${shown.steps}` : `${name} ${ways[i]}`,
        );
        return `${title}, steps until it is left behind: ${told.join(", ")}.`;
      }),
      figures: races.map(([title, shown]) => ({ kind: "race", title, race: shown })),
    };
  },
);
