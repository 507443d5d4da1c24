// Number of paths compared with the number of arrows.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { Code } from "../../live/formula.tsx";
import { growthOf, squaring } from "./growth.ts";
import { state, times } from "./state.ts";

const most = 20; // lines
const growth = growthOf(most);
const shownLines = 6;

/** Numbers of paths and arrows of a program in which each line reads the previous line twice. */
export function GrowthFigure(): JSX.Element {
  const { paths, arrows } = growth[times.value - 1]!;
  const x = growth.map((one) => one.times);
  const lines = squaring(times.value).split("\n");
  return (
    <Figure
      id="growth"
      title="Paths and arrows"
      state={{ page: state, keys: ["times"] }}
      caption={
        <>
          After {times.value} {times.value === 1 ? "line" : "lines"}:{" "}
          <strong>{paths.toLocaleString("en")}</strong> paths over <strong>{arrows}</strong> arrows.
        </>
      }
    >
      <div class="controls">
        <Slider value={times} label="lines" min={1} max={most} step={1} />
      </div>
      <Code label="Lines that read the one before twice">
        {(lines.length <= shownLines ? lines : [...lines.slice(0, shownLines - 2), "…", lines.at(-1)!]).join(
          "\n",
        )}
      </Code>
      <Chart
        spec={{
          title: "Paths and arrows over the number of lines",
          x: { label: "lines", unit: "integer" },
          y: { label: "count", log: true },
          series: [
            { name: "paths from x to the result", x, y: growth.map((one) => one.paths) },
            { name: "arrows in the graph", x, y: growth.map((one) => one.arrows) },
          ],
          marks: [{ x: times.value, label: "" }],
        }}
      />
    </Figure>
  );
}
