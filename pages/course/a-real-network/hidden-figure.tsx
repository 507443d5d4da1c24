// The hidden units as images, with their response to a digit.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { inkUnit as unit } from "../../live/ink-picture.tsx";
import { side } from "./network.ts";
import { inkOf, samples } from "./samples.ts";
import { chosenUnit, ink, said, state, trained, units } from "./state.ts";

/** All hidden units, and the votes of the chosen one. */
export function HiddenUnits(): JSX.Element {
  const all = units.value;
  const strongest = Math.max(...all.map(({ activation }) => activation), 1e-12);
  const largest = Math.max(...all.flatMap(({ weights }) => weights.map((x) => Math.abs(x))));
  const active = useComputed(() => units.value.filter(({ activation }) => activation > 0).length);
  return (
    <Figure
      id="hidden"
      title="32 hidden units"
      caption="Each image shows the weights of one unit: blue is positive, orange is negative. The bar below it is its result for the digit."
      state={{ page: state, keys: ["ink", "unit"] }}
      isWide
    >
      <div class="controls">
        <span class="examples">
          digit
          {samples.map((text, digit) => (
            <button
              type="button"
              aria-label={`Show the response to a ${digit}`}
              onClick={() => (ink.value = inkOf(text))}
            >
              {digit}
            </button>
          ))}
        </span>
      </div>
      <div class="hidden-units" role="group" aria-label="Hidden units">
        {all.map(({ weights, activation }, i) => (
          <button
            type="button"
            aria-pressed={chosenUnit.value === i}
            aria-label={`Unit ${i + 1}, result ${shortNumber(activation)}`}
            class={activation > 0.5 * strongest ? "hidden-unit is-strong" : "hidden-unit"}
            onClick={() => (chosenUnit.value = i)}
          >
            <WeightImage weights={weights} largest={largest} />
            <span class="activation">
              <span style={`width:${((100 * activation) / strongest).toFixed(1)}%`} />
            </span>
          </button>
        ))}
      </div>
      <Votes />
      <p class="finding" role="status">
        {trained.value === undefined ? "The network is not trained yet: these weights are random. " : ""}
        {active} of {all.length} units have a result above 0 for this digit. The network takes it for a{" "}
        {said.value.guess}.
      </p>
    </Figure>
  );
}

function WeightImage({
  weights,
  largest,
}: {
  readonly weights: readonly number[];
  readonly largest: number;
}): JSX.Element {
  return (
    <svg class="ink-picture" viewBox={`0 0 ${side * unit} ${side * unit}`} aria-hidden="true">
      {weights.map((weight, i) => (
        <rect
          class={weight > 0 ? "raises" : "lowers"}
          x={(i % side) * unit}
          y={Math.floor(i / side) * unit}
          width={unit}
          height={unit}
          fill-opacity={Math.min(1, (1.6 * Math.abs(weight)) / largest).toFixed(2)}
        />
      ))}
    </svg>
  );
}

/** Weights of the chosen unit in the ten scores. */
function Votes(): JSX.Element {
  const { votes, activation } = units.value[chosenUnit.value]!;
  const largest = Math.max(...votes.map((x) => Math.abs(x)), 1e-12);
  return (
    <div class="scroll" role="group" tabIndex={0} aria-label="Weights of the chosen unit in the ten scores">
      <table class="plain votes">
        <tbody>
          <tr>
            <th scope="row">unit {chosenUnit.value + 1} in the score of</th>
            {votes.map((_, k) => (
              <th scope="col">{k}</th>
            ))}
          </tr>
          <tr>
            <th scope="row">weight</th>
            {votes.map((vote) => (
              <td
                class={vote > 0 ? "raises" : "lowers"}
                style={`--strength:${Math.round((70 * Math.abs(vote)) / largest)}%`}
              >
                {shortNumber(Number(vote.toFixed(2)))}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">weight × result</th>
            {votes.map((vote) => (
              <td>{shortNumber(Number((vote * activation).toFixed(2)))}</td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  );
}
