// Interactive figures of the chapter.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber, Slider, TextField, Toggle } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { LandscapeMap } from "../../live/landscape.tsx";
import { Player } from "../../live/player.tsx";
import { rowsOfTable } from "./own-data.ts";
import {
  apart,
  clock,
  conventions,
  data,
  dataProblem,
  evenSize,
  isTranslated,
  itemsPerTick,
  linesChart,
  lossChart,
  lossMap,
  place,
  progress,
  rate,
  rateRange,
  scatter,
  scatterChart,
  seed,
  size,
  sizes,
  state,
  sumRate,
  sumSize,
  table,
  tick,
  ticks,
  trails,
} from "./state.ts";
import { repeats } from "./variance.ts";

/** Gradient descent, mini-batches and single items on one data set. */
export function ThreeWays(): JSX.Element {
  const { count, best } = data.value;
  return (
    <Figure
      id="three-ways"
      title="Three ways through the same data"
      caption={`The same ${count} items, the same start, the same rate. The map is the loss of every line, by slope and intercept; the star is the best line. Compare after equal numbers of items, a moment is ${shortNumber(itemsPerTick.value)} of them.`}
      isWide
      state={{ page: state, keys: ["b", "rate", "seed", "by", "tick", "data"] }}
    >
      <div class="controls">
        <Choice value={size} label="Items in a mini-batch:" options={sizeOptions()} />
        <Slider value={rate} label="learning rate η" {...rateRange} isLog />
        <Choice
          value={clock}
          label="Compare after equal numbers of"
          options={[
            ["items", "items"],
            ["steps", "steps"],
          ]}
        />
        <button type="button" onClick={() => (seed.value = (seed.value % 999) + 1)}>
          Another order
        </button>
      </div>
      <div class="side-by-side">
        <LandscapeMap
          label="Contours of the loss over slope and intercept, with three runs"
          contours={lossMap.value}
          trails={trails.value}
          minima={[best]}
        />
        <div>
          <Chart spec={lossChart.value} />
          <Chart spec={linesChart.value} />
        </div>
      </div>
      <Player
        step={tick}
        last={ticks}
        label="the three runs"
        unit={clock.value === "steps" ? "step" : "moment"}
      />
      <p class="finding">{progress}</p>
      <TextField
        value={table}
        problem={dataProblem}
        rows={2}
        label={`Your own data: a table with x and y, ${rowsOfTable.min} to ${rowsOfTable.max} rows from a file or a spreadsheet. Both columns are moved and stretched to the ranges of the items above, so that rates mean the same. All figures of this chapter on a line follow.`}
      />
    </Figure>
  );
}

/** Mini-batch sizes that the number of items allows. */
const sizeOptions = (): readonly (readonly [(typeof sizes.value)[number], string])[] =>
  sizes.value.map((b) => [b, b]);

/** Variance of gradients by batch size. */
export function Noise(): JSX.Element {
  const words = useComputed(() => {
    const even = evenSize.value;
    const { ofOneItem } = scatter.value;
    const one = `The variance of one item's gradient is ${shortNumber(ofOneItem)}.`;
    return even === undefined
      ? `${one} The gradient of all items is 0 here: whatever a batch says is noise.`
      : `${one} From ${even} items on, a batch has more signal than noise.`;
  });
  return (
    <Figure
      id="noise"
      title="How far a batch's gradient is off"
      caption={`${repeats} random batches of each size, and what theory says.`}
      state={{ page: state, keys: ["place"] }}
    >
      <div class="controls">
        <Choice
          value={place}
          label="Gradients"
          options={[
            ["start", "at the start"],
            ["minimum", "at the best line"],
          ]}
        />
      </div>
      <Chart spec={scatterChart.value} />
      <p class="finding">{words}</p>
    </Figure>
  );
}

/** The loss as a sum and as a mean. */
export function SumAndMean(): JSX.Element {
  const words = useComputed(() => {
    const distance = apart.value;
    if (distance === 0) return "The two paths are the same, to the last bit.";
    return distance < 1e-9
      ? `The largest distance between the two paths is ${shortNumber(distance)}: rounding.`
      : `The largest distance between the two paths is ${shortNumber(distance)}.`;
  });
  return (
    <Figure
      id="sum-and-mean"
      title="The sum and the mean"
      caption="Two runs over the same batches: one adds the errors of a batch up, one takes their mean."
      state={{ page: state, keys: ["sum-b", "sum-rate", "translated"] }}
    >
      <p>
        The sum has the rate{" "}
        <Drag value={sumRate} label="rate of the sum" min={0.0002} max={0.02} step={0.0002} />
        {isTranslated.value ? (
          <>
            , so the mean is given <M>η*b</M> = {shortNumber(sumRate.value * Number(sumSize.value))}.
          </>
        ) : (
          ", and so has the mean."
        )}
      </p>
      <div class="controls">
        <Choice value={sumSize} label="Items in a batch:" options={sizeOptions()} />
        <Toggle value={isTranslated} label="multiply the rate by b for the mean" />
      </div>
      <LandscapeMap
        label="Contours of the loss with a run of the sum and a run of the mean"
        contours={lossMap.value}
        trails={conventions.value}
        minima={[data.value.best]}
      />
      <p class="finding">{words}</p>
    </Figure>
  );
}
