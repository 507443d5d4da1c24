// Memory that a long loop needs for the backward pass.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { Code } from "../../live/formula.tsx";
import {
  costsByLength,
  loopCost,
  loopSteps,
  mostSteps,
  plainCost,
  segmentShown,
  segment,
  state,
} from "./state.ts";

/** Number of saved values by segment length. */
export function MemoryFigure(): JSX.Element {
  const all = costsByLength.value;
  const x = all.map(({ length }) => length);
  const [n, k] = [loopSteps.value, segmentShown.value];
  const best = all.reduce((least, one) => (one.stored < least.stored ? one : least));
  return (
    <Figure
      id="memory"
      title="Keep less, compute it again"
      isWide
      state={{ page: state, keys: ["steps", "segment"] }}
      caption={
        <>
          The backward pass of a loop of {n} steps needs one number per step. Without segments, all of them
          are stored. With segments, the value at the beginning of each segment is stored. During the backward
          pass one segment is run again, and its numbers are stored. The library counts them in its programs.
        </>
      }
    >
      <div class="controls">
        <Slider value={loopSteps} label="steps of the loop" min={2} max={mostSteps} step={1} />
        <Slider
          value={{
            get value() {
              return segmentShown.value;
            },
            set value(next: number) {
              segment.value = next;
            },
          }}
          label="steps a segment"
          min={1}
          max={n}
          step={1}
        />
      </div>
      <Code label="The loop">{`repeat ${n} times:  y = y + sin(y)`}</Code>
      <Chart
        spec={{
          title: "Numbers kept at once, over the length of a segment",
          x: { label: "steps a segment", log: true },
          y: { label: "numbers kept", isFromZero: true },
          series: [
            { name: "in segments", x, y: all.map(({ stored }) => stored) },
            { name: "in one piece", x, y: all.map(() => plainCost.value.stored), draw: "dashes" },
          ],
          marks: [{ x: k, label: "" }],
        }}
      />
      <p class="finding" role="status">
        In segments of {k}: <strong>{loopCost.value.stored}</strong> numbers are kept in place of{" "}
        {plainCost.value.stored}, and {loopCost.value.repeated} steps are computed a second time. Of the
        lengths drawn the best is {best.length}, with {best.stored}; the square root of {n} is{" "}
        {Math.sqrt(n).toFixed(1)}.
      </p>
    </Figure>
  );
}
