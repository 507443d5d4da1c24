// Figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Examples, shortNumber, Slider, TextField } from "../../live/fields.tsx";
import { shareRace } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { neurons, neuronSteps } from "./neurons.ts";
import {
  beside,
  convexity,
  formula,
  kindsRace,
  leaving,
  neuronEnds,
  neuronMap,
  neuronRuns,
  neuronStep,
  noise,
  problem,
  rate,
  rateRange,
  runs,
  saddleChart,
  saddleRate,
  saddleSteps,
  seed,
  start,
  state,
  step,
  terrain,
  terrainMap,
  weights,
} from "./state.ts";
import { kinds, terrainSteps } from "./terrain.ts";

/** Landscapes of each kind, with four methods on them. */
export function Kinds(): JSX.Element {
  return (
    <Figure
      id="kinds"
      {...shareRace(kindsRace)}
      title="Four methods on each"
      caption={
        <>
          Four methods from one start, at one rate. Stars are minima, arcs are saddles. The formula may be any
          function of two numbers.
        </>
      }
      state={{ page: state, keys: ["f", "start", "rate", "step"] }}
    >
      <TextField value={formula} label="f =" problem={problem}>
        <Examples
          current={formula.value}
          examples={kinds.map((kind) => ({
            ...kind,
            choose: () => {
              formula.value = kind.text;
              start.value = kind.start;
              rate.value = kind.rate;
            },
          }))}
        />
      </TextField>
      <div class="controls">
        <Slider value={rate} label="learning rate η" {...rateRange} isLog />
      </div>
      <LandscapeMap
        label={`Contours of ${terrain.value.text} with the runs of four methods`}
        contours={terrainMap.value}
        trails={runs.value}
        step={step.value}
        start={start}
        minima={terrain.value.landscape.minima}
        saddles={terrain.value.landscape.saddles}
      />
      <Player step={step} last={terrainSteps} label="the runs" />
      <p class="finding">{convexity}</p>
      <p class="finding">{leaving}</p>
    </Figure>
  );
}

/** Number of steps that gradient descent needs to leave a saddle. */
export function Saddle(): JSX.Element {
  const words = useComputed(() => {
    const { measured, predicted } = saddleSteps.value;
    return `From the distance ${shortNumber(beside.value)}, the run takes ${measured} steps. Theory predicts ${predicted}.`;
  });
  return (
    <Figure
      id="saddle"
      title="How long a saddle holds"
      caption="Gradient descent on x² − y². The start has x = −1.5 and the chosen distance from the line y = 0."
      state={{ page: state, keys: ["beside", "saddle-rate"] }}
    >
      <div class="controls">
        <Slider value={beside} label="distance from the line" min={1e-8} max={1} isLog />
        <Slider value={saddleRate} label="learning rate η" min={0.01} max={0.2} isLog />
      </div>
      <Chart spec={saddleChart.value} />
      <p class="finding">{words}</p>
    </Figure>
  );
}

/** Two neurons that start equal, or not. */
export function Neurons(): JSX.Element {
  return (
    <Figure
      id="neurons"
      title="Two neurons"
      caption="The loss by the weights of both. Noise is added to each gradient, as mini-batches do."
      state={{ page: state, keys: ["weights", "noise", "seed", "t"] }}
    >
      <div class="controls">
        <Slider value={noise} label="noise on each gradient" min={0} max={0.3} step={0.01} />
        <button type="button" onClick={() => (seed.value = (seed.value + 1) % 1000)}>
          Other noise
        </button>
        <button type="button" onClick={() => (weights.value = [weights.value[1]!, weights.value[0]!])}>
          Change places
        </button>
      </div>
      <LandscapeMap
        label="Contours of the loss by two weights, with two runs"
        contours={neuronMap}
        trails={neuronRuns.value}
        step={neuronStep.value}
        start={weights}
        minima={neurons.minima}
      />
      <Player step={neuronStep} last={neuronSteps} label="the training" />
      <p class="finding">{neuronEnds}</p>
    </Figure>
  );
}
