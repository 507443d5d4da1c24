// Figures of the chapter.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { longSteps } from "./long-run.ts";
import { memorySteps, methodNames, methodWords } from "./memory.ts";
import {
  adagradRate,
  bowlMap,
  endRateChart,
  kappa,
  longRate,
  longStart,
  longStep,
  longTrails,
  longWords,
  method,
  quantities,
  rate,
  rateChart,
  ratioChart,
  remembered,
  seed,
  sgdRate,
  sparseWords,
  start,
  state,
  step,
  wallMap,
  weightChart,
} from "./state.ts";

/** The state that a method keeps for each coordinate. */
export function Memory(): JSX.Element {
  return (
    <Figure
      id="memory"
      title="What a method remembers"
      caption="The bars are drawn against the largest of the run; a step is the rate times the quotient of the two above it. The start can be clicked, dragged, or moved by the arrow keys."
      state={{ page: state, keys: ["method", "start", "rate", "kappa", "step"] }}
      isWide
    >
      <Choice
        value={method}
        label="Method"
        options={methodNames.map((name) => [name, methodWords[name]] as const)}
      />
      <div class="controls">
        <Slider value={rate} label="learning rate η" min={0.01} max={2} isLog />
        <Slider value={kappa} label="steepness of y over that of x" min={1} max={200} isLog />
      </div>
      <div class="side-by-side">
        <LandscapeMap
          label={`Contours of ½(x² + κy²) with a run of ${methodWords[method.value]}`}
          contours={bowlMap.value}
          trails={[{ name: methodWords[method.value], points: remembered.value.points }]}
          step={step.value}
          start={start}
          minima={[[0, 0]]}
          hasTable={false}
        />
        <div>
          <Bars />
          <Chart spec={rateChart.value} />
        </div>
      </div>
      <Player step={step} last={memorySteps} label="the run" />
    </Figure>
  );
}

/** The quantities of a step as bars, one row per coordinate. */
function Bars(): JSX.Element {
  const shown = quantities.value;
  if (shown.length === 0) return <p class="finding">No step yet: nothing is remembered.</p>;
  return (
    <table class="plain bars">
      <thead>
        <tr>
          <th scope="col">step {Math.min(step.value, memorySteps)}</th>
          <th scope="col">along x</th>
          <th scope="col">along y</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ name, values, largest }) => (
          <tr>
            <th scope="row">{name}</th>
            {values.map((value, i) => (
              <td>
                <span
                  class={`bar bar-${i}`}
                  style={`width:${((100 * Math.abs(value)) / largest).toFixed(1)}%`}
                />
                {shortNumber(value)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Rare and frequent features. */
export function RareFeatures(): JSX.Element {
  return (
    <Figure
      id="rare"
      title="Rare features"
      caption="40 features: half of them in every second item, the others down to one in 400. The target is the sum of those that are there, with noise. 1,500 items, each seen once."
      state={{ page: state, keys: ["sgd-rate", "adagrad-rate", "seed"] }}
      isWide
    >
      <div class="controls">
        <Slider value={sgdRate} label="rate of SGD" min={0.001} max={0.2} isLog />
        <Slider value={adagradRate} label="rate of Adagrad" min={0.001} max={2} isLog />
        <Slider value={seed} label="seed" min={0} max={99} step={1} />
      </div>
      <div class="side-by-side">
        <Chart spec={weightChart.value} />
        <Chart spec={endRateChart.value} />
      </div>
      <p class="finding">{sparseWords}</p>
    </Figure>
  );
}

/** Adagrad and RMSProp on a long run. */
export function LongRun(): JSX.Element {
  return (
    <Figure
      id="long"
      title="A wall, and a long slope behind it"
      caption="Both begin on the wall, whose gradients are some hundred times as large as those of the slope. The start can be moved."
      state={{ page: state, keys: ["long-rate", "long-start", "long-step"] }}
      isWide
    >
      <div class="controls">
        <Slider value={longRate} label="learning rate η" min={0.02} max={2} isLog />
      </div>
      <div class="side-by-side">
        <LandscapeMap
          label="Contours of a wall and a slope with runs of Adagrad and RMSProp"
          contours={wallMap.value}
          trails={longTrails.value}
          step={longStep.value}
          start={longStart}
          minima={[[6, 0]]}
        />
        <Chart spec={ratioChart.value} />
      </div>
      <Player step={longStep} last={longSteps} label="the two runs" />
      <p class="finding">{longWords}</p>
    </Figure>
  );
}
