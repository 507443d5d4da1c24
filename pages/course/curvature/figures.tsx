// Figures of the chapter.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Examples, Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import {
  costs,
  distanceChart,
  distanceWords,
  endWords,
  examples,
  fitChart,
  fitMap,
  fitRuns,
  fitStart,
  fitStep,
  fitWords,
  formula,
  hill,
  hillMap,
  inputs,
  kappa,
  mostInputs,
  type NamedRun,
  problem,
  rate,
  runs,
  start,
  startWords,
  state,
  step,
} from "./state.ts";

const lastOf = (all: readonly NamedRun[]): number =>
  Math.max(1, ...all.map(({ points }) => points.length - 1));

/** Newton's method, L-BFGS and gradient descent from one start. */
export function NewtonFigure(): JSX.Element {
  return (
    <Figure
      id="newton"
      title="Three methods, one start"
      caption="Click or drag on the map to choose a start, or use the arrow keys. The learning rate belongs to gradient descent: the other two need none."
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
      <LandscapeMap
        label={`Contours of ${hill.value.text} with runs of Newton’s method, L-BFGS and gradient descent`}
        contours={hillMap.value}
        trails={runs.value}
        step={step.value}
        start={start}
        minima={hill.value.landscape.minima}
      />
      <Player step={step} last={lastOf(runs.value)} label="the three runs" />
      <div class="controls">
        <Slider value={rate} label="learning rate η" min={0.0001} max={3} isLog />
      </div>
      <p class="finding">{startWords}</p>
      <p class="finding">{endWords}</p>
    </Figure>
  );
}

/** The condition number, and methods that bear it. */
export function ConditionFigure(): JSX.Element {
  return (
    <Figure
      id="condition"
      title="A bowl with 40 unknowns"
      caption="The 40 curvatures go from 1 to κ. Gradient descent and momentum have their best settings for this κ; conjugate gradients have no settings."
      state={{ page: state, keys: ["kappa"] }}
    >
      <div class="controls">
        <Slider value={kappa} label="condition number κ" min={2} max={10_000} isLog />
      </div>
      <Chart spec={distanceChart.value} />
      <p class="finding">{distanceWords}</p>
    </Figure>
  );
}

/** Counted operations of gradient, product and Hessian. */
export function ProductFigure(): JSX.Element {
  const { value, gradient, product, hessian } = costs.value;
  const rows = [
    ["the function", value],
    ["its gradient", gradient],
    ["one product of the Hessian with a vector", product],
    ["the whole Hessian, as products", hessian],
  ] as const;
  return (
    <Figure
      id="products"
      title="The price of a product"
      caption="Operations that the library records for sin(sin x₁ + … + sin xₙ) and its derivatives."
      state={{ page: state, keys: ["n"] }}
    >
      <div class="controls">
        <Slider value={inputs} label="inputs n" min={1} max={mostInputs} step={1} />
      </div>
      <div class="scroll" role="group" tabIndex={0} aria-label="Operations">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">computed</th>
              <th scope="col">operations</th>
              <th scope="col">in runs of the function</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, count]) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{count.toLocaleString("en")}</td>
                <td>{(count / value).toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

/** A fit by three methods. */
export function FitFigure(): JSX.Element {
  return (
    <Figure
      id="fit"
      title="A curve through eight points"
      caption="The map shows the misfit of y = a·exp(b·t) for each a and b. Gradient descent has the rate 0.03."
      state={{ page: state, keys: ["fit-start", "fit-step"] }}
      isWide
    >
      <div class="side-by-side">
        <LandscapeMap
          label="Contours of the misfit with runs of Gauss-Newton, Newton’s method and gradient descent"
          contours={fitMap.value}
          trails={fitRuns.value}
          step={fitStep.value}
          start={fitStart}
        />
        <Chart spec={fitChart.value} height={[220, 0.2]} />
      </div>
      <Player step={fitStep} last={lastOf(fitRuns.value)} label="the three fits" />
      <p class="finding">{fitWords}</p>
    </Figure>
  );
}
