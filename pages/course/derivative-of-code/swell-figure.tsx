// Expression swell.
import type { JSX } from "preact";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { Code } from "../../live/formula.tsx";
import { mostTimes, sizes, stage, stageText, state, times } from "./state.ts";
import { derivativeText } from "./swell.ts";

const shownCharacters = 700; // characters shown of the expanded derivative

function swellChart(): ChartSpec {
  const list = sizes.value;
  const x = list.map(({ times: n }) => n);
  return {
    title: "Operations, over how often the formula is put into itself",
    x: { label: "times", unit: "integer" },
    y: { label: "operations", log: true },
    series: [
      { name: "derivative as one formula", x, y: list.map(({ derivative }) => derivative) },
      { name: "function as one formula", x, y: list.map(({ formula }) => formula), draw: "dashes" },
      { name: "value and derivative, automatic", x, y: list.map(({ automatic }) => automatic) },
    ],
    marks: [{ x: times.value, label: `${times.value}` }],
  };
}

/** The derivative of a composition as one formula, and its size compared with the number of traced operations. */
export function SwellFigure(): JSX.Element {
  const { derivative, automatic } = sizes.value[times.value - 1]!;
  return (
    <Figure
      id="swell"
      title="The size of one formula"
      isWide
      state={{ page: state, keys: ["g", "times"] }}
      caption={
        <>
          A formula is inserted into itself several times. Its derivative, written as one formula without
          names for repeated parts, has <strong>{derivative.toLocaleString("en")}</strong> operations after{" "}
          {times.value} {times.value === 1 ? "time" : "times"}; the library records{" "}
          <strong>{automatic}</strong> for the value and the derivative together.
        </>
      }
    >
      <TextField value={stageText} label="the formula, of one name" problem={stage.problem} />
      <div class="controls">
        <Slider value={times} label="times it is put into itself" min={1} max={mostTimes} step={1} />
      </div>
      <Chart spec={swellChart()} />
      <Code label="The derivative as one formula" isWrapped>
        {derivativeText(stage.value.value, times.value, shownCharacters)}
      </Code>
    </Figure>
  );
}
