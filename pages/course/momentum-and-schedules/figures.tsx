// Figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { shareRace } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { bestBeta, drawnSteps, measured, rateLimit } from "./momentum.ts";
import { epochs, scheduleNames, scheduleWords } from "./schedules.ts";
import {
  beginTraining,
  beta,
  bowlMap,
  clearTrainings,
  distanceChart,
  endOf,
  factorChart,
  heavyRun,
  kappa,
  measuredHere,
  plainRun,
  range,
  rangeChart,
  rangeTest,
  rate,
  rateChart,
  ravineRace,
  ravineWords,
  schedule,
  seed,
  start,
  startRangeTest,
  startTraining,
  state,
  step,
  stepsByCondition,
  theory,
  topRate,
  training,
  trainingChart,
  trainings,
} from "./state.ts";

/** A narrow valley, with and without momentum. */
export function Ravine(): JSX.Element {
  return (
    <Figure
      id="ravine"
      {...shareRace(ravineRace)}
      title="A ravine"
      caption="Both runs have the same rate and the same start: click or drag to move it, or use the arrow keys."
      state={{ page: state, keys: ["start", "kappa", "rate", "beta", "step"] }}
    >
      <div class="controls">
        <Slider value={beta} label="momentum β" min={0} max={0.99} step={0.01} />
        <Slider value={rate} label="learning rate η" min={0.001} max={1} isLog />
        <Slider value={kappa} label="condition number κ" min={2} max={200} isLog />
      </div>
      <LandscapeMap
        label="Contours of ½(x² + κy²) with a run of gradient descent and one with momentum"
        contours={bowlMap.value}
        trails={[
          { name: "gradient descent", ...plainRun.value },
          { name: "momentum", ...heavyRun.value },
        ]}
        step={step.value}
        start={start}
        minima={[[0, 0]]}
      />
      <Player step={step} last={drawnSteps} label="the two runs" />
      <p class="finding">{ravineWords}</p>
    </Figure>
  );
}

/** Theoretical and measured rate of convergence. */
export function Theory(): JSX.Element {
  const words = useComputed(() => {
    const predicted = theory.value;
    const limit = rateLimit({ beta: beta.value, kappa: kappa.value });
    if (predicted > 1)
      return `The rate is above 2(1 + β)/κ = ${shortNumber(limit)}: theory says that each step multiplies the distance by ${shortNumber(predicted)}, and the run diverges.`;
    return `By theory a step multiplies the distance by ${predicted.toFixed(4)} in the long run. Measured from step ${measured.from} to ${measured.to}: ${measuredHere.value.toFixed(4)}. The rate may go up to 2(1 + β)/κ = ${shortNumber(limit)}; at this one the best β is (1 − √η)² = ${shortNumber(bestBeta(rate.value))}.`;
  });
  return (
    <Figure
      id="theory"
      title="Theory and measurement"
      caption="Lines and dots are measured, dashes are computed from η, β and κ alone. The settings are those of the first figure."
      state={{ page: state, keys: ["start", "kappa", "rate", "beta"] }}
      isWide
    >
      <p>
        <M>β</M> is <Drag value={beta} label="momentum β" min={0} max={0.99} step={0.01} />, <M>η</M> is{" "}
        <Drag value={rate} label="learning rate η" min={0.001} max={1} step={0.001} />, <M>κ</M> is{" "}
        <Drag value={kappa} label="condition number κ" min={2} max={200} step={1} />.
      </p>
      <div class="side-by-side">
        <Chart spec={distanceChart.value} />
        <Chart spec={factorChart.value} />
      </div>
      <p class="finding">{words}</p>
    </Figure>
  );
}

/** Numbers of steps of both methods, each with its best settings. */
export function StepsTable(): JSX.Element {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">κ</th>
          <th scope="col">gradient descent</th>
          <th scope="col">momentum</th>
          <th scope="col">ratio</th>
        </tr>
      </thead>
      <tbody>
        {stepsByCondition.map(({ condition, plain, heavy }) => (
          <tr>
            <th scope="row">{condition}</th>
            <td>{plain}</td>
            <td>{heavy}</td>
            <td>{(plain / heavy).toFixed(1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A network that trains in the page with any of the schedules. */
export function Schedules(): JSX.Element {
  const shown = trainings.value.filter((one) => one.epochs.length > 0);
  return (
    <Figure
      id="schedules"
      title="One network, six schedules"
      caption={`Two moons of 400 points, a network of 16 neurons, batches of 10, momentum 0.9, ${epochs} epochs. The training runs in this page, always from the same seed. Earlier runs stay in the chart. A link to this figure repeats them.`}
      state={{ page: state, keys: ["schedule", "top", "seed"] }}
      isWide
    >
      <Choice
        value={schedule}
        label="The rate is"
        options={scheduleNames.map((name) => [name, scheduleWords[name]] as const)}
      />
      <div class="controls">
        <Slider value={topRate} label="highest rate η" min={0.003} max={2} isLog />
        <Slider value={seed} label="seed" min={0} max={99} step={1} />
      </div>
      <StartStop
        job={training}
        label="Train"
        start={startTraining}
        first={beginTraining}
        progress={progressOf(shown.at(-1)?.epochs.length ?? 0)}
      >
        <button type="button" disabled={training.isRunning.value} onClick={clearTrainings}>
          Clear
        </button>
      </StartStop>
      {shown.length === 0 ? (
        <Chart spec={rateChart.value} />
      ) : (
        <>
          <div class="side-by-side">
            <Chart spec={trainingChart("loss")} />
            <Chart spec={trainingChart("rate")} />
          </div>
          <ul class="finding">
            {shown.map((one) => (
              <li>
                {one.name}, epoch {one.epochs.length}: mean loss of the last five epochs{" "}
                {shortNumber(endOf(one))}
              </li>
            ))}
          </ul>
        </>
      )}
    </Figure>
  );
}

function progressOf(done: number): string {
  if (done === 0 && !training.isRunning.value) return "";
  return training.isRunning.value ? `epoch ${done} of ${epochs}` : `${done} epochs done`;
}

/** The learning-rate range test on the same network. */
export function RangeTest(): JSX.Element {
  const words = useComputed(() => {
    const found = range.value;
    if (found === undefined) return "";
    if (found.suggestion === null) return "The loss never fell by more than its noise.";
    const { base, max } = found.suggestion;
    return `The loss begins to fall at a rate of ${shortNumber(base)}, and nine tenths of its fall are behind it at ${shortNumber(max)}. The test took ${found.rates.length} steps.`;
  });
  return (
    <Figure
      id="range"
      title="The range test"
      caption="One run whose rate is multiplied by the same factor at every step, from 0.0001 to 10. It ends where the loss is twice what it was."
      state={{ page: state, keys: ["seed"] }}
    >
      <StartStop
        job={rangeTest}
        label="Run the test"
        start={startRangeTest}
        first={startRangeTest}
        progress={rangeTest.isRunning.value ? "running" : ""}
      />
      {range.value !== undefined && <Chart spec={rangeChart(range.value)} />}
      <p class="finding" role="status">
        {words}
      </p>
    </Figure>
  );
}
