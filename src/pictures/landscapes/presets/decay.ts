import { constantRate, multiStepDecay, type Schedule, sgd } from "../../../numeric/optim/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { defineLandscape } from "../landscape.ts";
import { meanOf } from "../numbers.ts";
import { race, type Race } from "../race.ts";
import { definePreset, type Preset } from "./preset.ts";

const steps = 400;
const rate = 0.1;
const drop = 0.05;

const schedules: readonly (readonly [name: string, schedule: () => Schedule])[] = [
  ["no decay", () => constantRate(rate)],
  ["decay too early", () => multiStepDecay({ from: rate, factor: drop, at: [6] })],
  ["decay well timed", () => multiStepDecay({ from: rate, factor: drop, at: [80] })],
];

/** Runs three decay schedules of the learning rate under the same noise. */
export function raceOfDecays(seed: number): Race {
  const bowl = defineLandscape("(x^2 + 5*y^2)/2", {
    name: "noisy bowl",
    formula: "½(x² + 5y²), gradients with noise",
    about:
      "Each gradient has noise of standard deviation 1 in both elements, as those of small batches have.",
    start: [-8, 2.4],
    domain: [
      [-9, 3],
      [-3.2, 3.2],
    ],
    minima: [[0, 0]],
    lowest: 0,
  });
  const racers = Object.fromEntries(schedules.map(([name, make]) => [name, sgd({ learningRate: make() })]));
  return race(bowl, racers, { steps, noise: 1, seed });
}

/** Returns for each run the mean of its values after the last 50 steps. */
export function endsOf({ runs }: Race): number[] {
  return runs.map(({ values }) => meanOf(values.slice(-50)));
}

/** Study: the right time to lower the learning rate. */
export const decayTiming: Preset = /* @__PURE__ */ definePreset(
  {
    name: "decay",
    title: "When to lower the rate",
    claim:
      "Under noise, a constant rate ends in a cloud around the minimum whose size is proportional to the rate. Lowering the rate shrinks the cloud, but where it is lowered before the run has come near, the rest of the way takes far too long.",
  },
  () => {
    const shown = raceOfDecays(0);
    const ends = endsOf(shown);
    const at = Array.from({ length: steps }, (_, t) => t);
    return {
      findings: shown.runs.map(
        ({ name }, i) => `${name}: mean value of the last 50 steps ${showNumber(ends[i]!, 3)}.`,
      ),
      figures: [
        { kind: "race", title: "The same noise, three schedules", race: shown },
        {
          kind: "lines",
          title: "The rates",
          x: { label: "step" },
          y: { label: "learning rate η", log: true },
          series: shown.runs.map(({ name, rates }) => ({
            name,
            x: at,
            y: (rates ?? []).slice(0, steps),
            style: "line",
          })),
        },
      ],
    };
  },
);
