// Figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Drag, Examples, shortNumber, Slider, TextField } from "../../live/fields.tsx";
import { shareRace } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { bestFactor, bowlSteps } from "./bowls.ts";
import { examples, mostSteps } from "./hill.ts";
import {
  bestRate,
  bowlMap,
  bowlRate,
  bowlRun,
  descentRace,
  ending,
  factors,
  firstStep,
  formula,
  hill,
  hillMap,
  kappa,
  limits,
  problem,
  rate,
  rateRange,
  run,
  start,
  state,
  steep,
  step,
  stepsChart,
  stepsHere,
  sweepChart,
  valleyMap,
  valleyRun,
} from "./state.ts";

/** A map of any function, with a start and a rate. */
export function Descent(): JSX.Element {
  return (
    <Figure
      id="descent"
      {...shareRace(descentRace)}
      title="A landscape to start in"
      caption={
        <>
          Click or drag to choose a start; with the keyboard, go to the start and use the arrow keys. The
          formula may be any function of two numbers.
        </>
      }
      state={{ page: state, keys: ["f", "start", "rate", "step"] }}
    >
      <TextField value={formula} label="f =" problem={problem}>
        <Examples
          current={formula.value}
          examples={examples.map((example) => ({
            ...example,
            choose: () => {
              formula.value = example.text;
              start.value = example.start;
              rate.value = example.rate;
            },
          }))}
        />
      </TextField>
      <div class="controls">
        <Slider value={rate} label="learning rate η" {...rateRange} isLog />
      </div>
      <LandscapeMap
        label={`Contours of ${hill.value.text} with a run of gradient descent`}
        contours={hillMap.value}
        trails={[{ name: "gradient descent", ...run.value }]}
        step={step.value}
        start={start}
        minima={hill.value.landscape.minima}
      />
      <Player step={step} last={mostSteps} label="the descent" />
      <p class="finding">{firstStep}</p>
      <p class="finding">{ending}</p>
    </Figure>
  );
}

/** Rates below and above the limit. */
export function RateLimit(): JSX.Element {
  const words = useComputed(() => {
    const { predicted, measured } = limits.value;
    return `The lowest of the 120 rates at which a run ends further out than it began is ${shortNumber(measured)}. Theory says ${shortNumber(predicted)}.`;
  });
  return (
    <Figure
      id="limit"
      title="Through the limit"
      caption={`${bowlSteps} steps on ½(x² + λy²), and where 120 rates lead.`}
      state={{ page: state, keys: ["steep", "bowl-rate"] }}
    >
      <p>
        The curvature along <M>y</M> is{" "}
        <Drag value={steep} label="curvature along y" min={1} max={20} step={0.5} />, the rate{" "}
        <Drag value={bowlRate} label="learning rate" min={0.01} max={2.6} step={0.01} />.
      </p>
      <LandscapeMap
        label="Contours of the bowl with a run of gradient descent"
        contours={bowlMap.value}
        trails={[{ name: "gradient descent", ...bowlRun.value }]}
        minima={[[0, 0]]}
      />
      <div class="scroll" role="group" tabIndex={0} aria-label="Factors of a step">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">along</th>
              <th scope="col">1 − ηλ</th>
              <th scope="col">in the run</th>
              <th scope="col">so the error</th>
            </tr>
          </thead>
          <tbody>
            {factors.value.map(({ name, predicted, measured }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{shortNumber(predicted)}</td>
                <td>{shortNumber(measured)}</td>
                <td>{wordsFor(predicted)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Chart spec={sweepChart.value} />
      <p class="finding">{words}</p>
    </Figure>
  );
}

/** Describes the effect of a factor on an error. */
function wordsFor(factor: number): string {
  const size = Math.abs(factor);
  if (size < 1e-9) return "is gone in one step";
  const side = factor < 0 ? ", from side to side" : "";
  return `${size > 1 + 1e-9 ? "grows" : size < 1 - 1e-9 ? "shrinks" : "stays"}${side}`;
}

/** The condition number, and the resulting number of steps. */
export function Valley(): JSX.Element {
  const words = useComputed(() => {
    const { measured, predicted } = stepsHere.value;
    return `At κ = ${shortNumber(kappa.value)} the best rate is ${shortNumber(bestRate.value)}, and a step multiplies the error by ${shortNumber(bestFactor(kappa.value))}. Counted: ${measured} steps to a millionth of the distance. By theory: ${predicted}.`;
  });
  return (
    <Figure
      id="valley"
      title="The condition number"
      caption="Gradient descent on ½(x² + κy²), at the best rate for each κ."
      state={{ page: state, keys: ["kappa"] }}
    >
      <div class="controls">
        <Slider value={kappa} label="condition number κ" min={1} max={100} isLog />
      </div>
      <LandscapeMap
        label="Contours of a bowl with a run of gradient descent at the best rate"
        contours={valleyMap.value}
        trails={[{ name: `${bowlSteps} steps`, ...valleyRun.value }]}
        minima={[[0, 0]]}
      />
      <Chart spec={stepsChart.value} />
      <p class="finding">{words}</p>
    </Figure>
  );
}
