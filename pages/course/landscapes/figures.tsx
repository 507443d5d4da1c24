// Figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { runClass } from "../../../src/pictures/plot/palette.ts";
import { Chart } from "../../live/chart.tsx";
import { contourSize } from "../../live/contour-map.ts";
import { Choice, Examples, shortNumber, Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { jobOf } from "../../live/job.ts";
import { LandscapeMap, type MapTrail } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { basinSteps, lost, pathOf, runFrom, sharesOf, underway } from "./basins.ts";
import type { BasinWork } from "./basins.worker.ts";
import { neurons, neuronSteps } from "./neurons.ts";
import {
  basinContours,
  basinFormula,
  basinMap,
  basinProblem,
  basinRange,
  basinRate,
  beside,
  convexity,
  formula,
  leaving,
  method,
  neuronEnds,
  neuronMap,
  neuronRuns,
  neuronStep,
  noise,
  placeOf,
  probe,
  problem,
  question,
  rate,
  rateRange,
  refine,
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
    return `From ${shortNumber(beside.value)} beside the line it takes ${measured} steps. By theory: ${predicted}.`;
  });
  return (
    <Figure
      id="saddle"
      title="How long a saddle holds"
      caption="Gradient descent on x² − y², from x = −1.5 and so far beside the line y = 0."
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

const finerMaps = jobOf<BasinWork>(
  () => new Worker(new URL("./basins.worker.js", import.meta.url), { type: "module" }),
);

/** A map of starts, coloured by the minimum that each leads to. */
export function Basins(): JSX.Element {
  const map = basinMap.value;
  const asked = question.value;
  useEffect(() => () => finerMaps.stop(), [asked]);
  const ground = useComputed(() => <Starts />).value;
  const trail = useComputed((): MapTrail[] => [
    { name: method.value, colour: 5, ...runFrom(question.value, probe.value) },
  ]);
  return (
    <Figure
      id="basins"
      title="What a start decides"
      caption={`Each cell is a start, coloured by the minimum where its run is after ${basinSteps} steps. Click for one run.`}
      state={{ page: state, keys: ["g", "basin-rate", "method", "probe"] }}
    >
      <TextField value={basinFormula} label="f =" problem={basinProblem} />
      <div class="controls">
        <Slider value={basinRate} label="learning rate η" {...basinRange} isLog />
        <Choice
          value={method}
          label=""
          options={[
            ["gradient descent", "gradient descent"],
            ["momentum", "momentum 0.9"],
          ]}
        />
      </div>
      <StartStop
        job={finerMaps}
        label="Make it finer"
        start={() => finerMaps.start(asked, (finer) => refine(asked, finer))}
        progress={`${map.columns} by ${map.rows} starts`}
      />
      <LandscapeMap
        label="The starts, coloured by the minimum that they lead to, with one run"
        contours={basinContours.value}
        trails={trail.value}
        start={probe}
        minima={map.minima}
        ground={ground}
      />
      <Shares />
    </Figure>
  );
}

/** The cells of the map of starts, below its contours. */
function Starts(): JSX.Element {
  const map = basinMap.value;
  return (
    <>
      {map.minima.map((_, i) => (
        <path class={`basin ${runClass(i)}`} d={pathOf(map, i, contourSize)} />
      ))}
      <path class="basin-lost" d={pathOf(map, lost, contourSize)} />
      {basinContours.value.paths.map(
        (d, i) => i % 3 === 0 && d !== "" && <path class="level is-line" d={d} />,
      )}
    </>
  );
}

/** Fractions of the starts that lead to each minimum. */
function Shares(): JSX.Element {
  const map = basinMap.value;
  return (
    <div class="scroll" role="group" tabIndex={0} aria-label="How many starts lead where">
      <table class="plain map-table">
        <thead>
          <tr>
            <th scope="col">the run is after {basinSteps} steps</th>
            <th scope="col">of the starts</th>
          </tr>
        </thead>
        <tbody>
          {sharesOf(map).map(({ kind, share }) => (
            <tr>
              <th scope="row">
                {kind >= 0 && (
                  <svg class="dl" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
                    <rect class={`basin ${runClass(kind)}`} width="16" height="16" />
                  </svg>
                )}
                {kind === underway
                  ? "under way"
                  : kind === lost
                    ? "lost"
                    : `at ${placeOf(map.minima[kind]!)}`}
              </th>
              <td>{shortNumber(100 * share)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
