// Figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { InkPicture } from "../../live/ink-picture.tsx";
import { Player } from "../../live/player.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { InkGrid, PixelMap } from "./ink-grid.tsx";
import { classes, side } from "./network.ts";
import { inkOf, samples } from "./samples.ts";
import { methods, methodWords } from "./settings.ts";
import {
  about,
  accuracyChart,
  adviceChart,
  beginTraining,
  compared,
  comparison,
  epoch,
  epochs,
  ink,
  lossChart,
  method,
  rates,
  said,
  seed,
  slice,
  startComparison,
  startTraining,
  state,
  trained,
  trainedBy,
  trainedEpochs,
  training,
} from "./state.ts";

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Trains the network in the page. */
export function Train(): JSX.Element {
  const progress = useComputed(() => {
    const done = trainedEpochs.value.length;
    const all = trainedBy.value?.epochs ?? 0;
    if (training.isRunning.value) return done < all ? `epoch ${done} of ${all}` : "computing the slice";
    return done === 0 ? "" : `${done} epochs done`;
  });
  const words = useComputed(() => {
    const last = trainedEpochs.value.at(-1);
    return last === undefined
      ? "Not trained yet. A training starts when this figure comes into view."
      : `After ${last.epoch} epochs ${percent(last.unseenAccuracy)} of the test digits are right. The loss is ${shortNumber(last.loss)} on the training digits and ${shortNumber(last.unseenLoss)} on the test digits.`;
  });
  return (
    <Figure
      id="train"
      title="Training"
      caption="1,437 training digits, 360 test digits, batches of 32. The training runs in this page. A link to this figure repeats it with the same settings."
      state={{
        page: state,
        keys: ["method", "adam-rate", "sgd-rate", "top-rate", "epochs", "seed", "training"],
      }}
      isWide
    >
      <Choice
        value={method}
        label="Method"
        options={methods.map((name) => [name, methodWords[name]] as const)}
      />
      <div class="controls">
        <Slider value={rates[method.value]} label="learning rate η" min={1e-4} max={1} isLog />
        <Slider value={epochs} label="epochs" min={5} max={100} step={1} />
        <Slider value={seed} label="seed" min={0} max={99} step={1} />
      </div>
      <StartStop
        job={training}
        label="Train"
        start={startTraining}
        first={beginTraining}
        progress={progress.value}
      />
      {trainedEpochs.value.length > 0 && (
        <div class="side-by-side">
          <Chart spec={lossChart.value} />
          <Chart spec={accuracyChart.value} />
        </div>
      )}
      <p class="finding">{words}</p>
    </Figure>
  );
}

/** The loss on a plane, with the path of the training run. */
export function Slice(): JSX.Element {
  const view = slice.value;
  return (
    <Figure
      id="slice"
      title="A slice of the landscape"
      caption="The loss of 400 digits on the plane through the final parameters in which the training moved most."
    >
      {view === undefined ? (
        <p>The slice is computed when the training has ended.</p>
      ) : (
        <>
          <LandscapeMap
            label="The loss on a plane through the parameters, with the path of the training"
            contours={view.contours}
            trails={[view.trail]}
            step={epoch.value}
          />
          <Player step={epoch} last={view.last} label="the training" unit="epoch" seconds={4} />
          <p class="finding">
            The plane contains {percent(view.explained)} of the variance of the path. The table shows the loss
            at the points of the path, not at their projections onto the plane.
          </p>
        </>
      )}
    </Figure>
  );
}

/** A digit to draw, with the network's guess and the influence of each pixel. */
export function Draw(): JSX.Element {
  const { guess, probabilities, byPixel } = said.value;
  const asked = about.value === "guess" ? guess : Number(about.value);
  const strongest = byPixel.reduce((best, x, i) => (Math.abs(x) > Math.abs(byPixel[best]!) ? i : best), 0);
  const place = `row ${Math.floor(strongest / side) + 1}, column ${(strongest % side) + 1}`;
  return (
    <Figure
      id="draw"
      title="Draw a digit"
      caption={`Blue: more ink would raise the score of ${asked}. Orange: more ink would lower it. The small squares show the drawing.`}
      state={{ page: state, keys: ["ink", "about"] }}
      isWide
    >
      <div class="controls">
        <span class="examples">
          {samples.map((text, digit) => (
            <button
              type="button"
              aria-label={`Begin with a ${digit}`}
              onClick={() => (ink.value = inkOf(text))}
            >
              {digit}
            </button>
          ))}
        </span>
        <button type="button" onClick={() => (ink.value = ink.value.map(() => 0))}>
          Wipe
        </button>
        <label>
          Pixels by the score of{" "}
          <select value={about.value} onChange={(event) => (about.value = event.currentTarget.value)}>
            <option value="guess">the guess</option>
            {Array.from({ length: classes }, (_, k) => (
              <option value={String(k)}>{k}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="drawing">
        <InkGrid ink={ink} />
        <PixelMap
          ink={ink.value}
          byPixel={byPixel}
          label={`The derivative of the score of ${asked} by each pixel. The largest is at ${place}: ${shortNumber(byPixel[strongest]!)}.`}
        />
        <table class="plain bars classes">
          <thead>
            <tr>
              <th scope="col">digit</th>
              <th scope="col">probability</th>
              <th scope="col">in percent</th>
            </tr>
          </thead>
          <tbody>
            {probabilities.map((p, k) => (
              <tr>
                <th scope="row">{k}</th>
                <td>
                  <span class={k === guess ? "bar" : "bar bar-1"} style={`width:${(100 * p).toFixed(1)}%`} />
                </td>
                <td>{percent(p)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="finding" role="status">
        {trained.value === undefined ? "The network is not trained yet: its parameters are random. " : ""}
        It takes this for a {guess}, with a probability of {percent(probabilities[guess]!)}.
      </p>
    </Figure>
  );
}

/** Misclassified held-out digits. */
export function Mistakes(): JSX.Element {
  const wrong = trained.value?.mistakes ?? [];
  return (
    <Figure
      id="mistakes"
      title="Its mistakes"
      caption="Test digits with a wrong answer, the most confident first. “Look” copies one to the figure above."
    >
      {trained.value === undefined && <p>They are listed when the training has ended.</p>}
      <ul class="mistakes">
        {wrong.map(({ ink: image, label, guess, confidence }) => (
          <li>
            <InkPicture ink={image} label={`A ${label}`} />a {label} taken for a {guess},{" "}
            {percent(confidence)} sure{" "}
            <button type="button" onClick={() => (ink.value = image)}>
              Look
            </button>
          </li>
        ))}
      </ul>
    </Figure>
  );
}

/** Common advice on optimisers, tested on the network. */
export function Advice(): JSX.Element {
  const progress = useComputed(() =>
    comparison.isRunning.value ? `${compared.value.length} of 4 trainings done` : "",
  );
  return (
    <Figure
      id="advice"
      title="Four trainings"
      caption="The same network from the same parameters, with the same batches, 40 epochs each."
      state={{ page: state, keys: ["seed"] }}
    >
      <div class="controls">
        <Slider value={seed} label="seed" min={0} max={99} step={1} />
      </div>
      <StartStop
        job={comparison}
        label="Train all four"
        start={startComparison}
        first={startComparison}
        progress={progress.value}
      />
      {compared.value.length > 0 && (
        <>
          <Chart spec={adviceChart.value} />
          <div class="scroll-x" role="group" tabIndex={0} aria-label="The four trainings in numbers">
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">training</th>
                  <th scope="col">after 5 epochs</th>
                  <th scope="col">after 40</th>
                </tr>
              </thead>
              <tbody>
                {compared.value.map(({ name, accuracies }) => (
                  <tr>
                    <th scope="row">{name}</th>
                    <td>{percent(accuracies[4]!)}</td>
                    <td>{percent(accuracies.at(-1)!)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Figure>
  );
}
