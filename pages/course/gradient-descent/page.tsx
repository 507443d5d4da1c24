import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { pageState } from "../../live/address.ts";
import { contourMap } from "../../live/contour-map.ts";
import { Drag, shortNumber, Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { LandscapeMap, pointState } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { readable } from "../../live/readable.ts";
import { examples, mostSteps, readHill } from "./hill.ts";

const state = pageState();
const first = examples[0]!;
const formula = state.text("f", first.text);
const start = pointState(state, "start", first.start);
const rate = state.number("rate", first.rate, { min: 0.0001, max: 3 });
const step = state.number("step", mostSteps, { min: 0, max: mostSteps });

const { value: hill, problem } = readable(formula, readHill);
const run = computed(() => hill.value.descend(start.value, { rate: rate.value }));
const map = computed(() => contourMap(hill.value.text, hill.value.landscape, hill.value.box));

function Body(): JSX.Element {
  return (
    <>
      <p>
        Try <Drag value={rate} label="rate" min={0.0001} max={3} step={0.01} /> and <M>x - eta*f'(x)</M>{" "}
        {shortNumber(run.value.values.at(-1)!)}.
      </p>
      <Figure
        id="descent"
        title="A landscape to start in"
        state={{ page: state, keys: ["f", "start", "rate", "step"] }}
      >
        <TextField value={formula} label="f(x, y) =" problem={problem} />
        <div class="controls">
          <Slider value={rate} label="rate" min={0.0001} max={3} isLog />
          <Slider value={step} label="steps" min={0} max={mostSteps} step={1} />
        </div>
        <LandscapeMap
          label="Contours of f"
          contours={map.value}
          trails={[{ name: "gradient descent", ...run.value }]}
          step={step.value}
          start={start}
          minima={hill.value.landscape.minima}
        />
      </Figure>
    </>
  );
}

export const page: LivePage = { state, Body };
