// The divergence of Adam, which is loaded after the other figures.
import { computed, type ReadonlySignal, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { onRareLosses, type RareRun } from "../../../src/pictures/landscapes/presets/adam-diverges.ts";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Drag, shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { large, state } from "./state.ts";

/** Number of steps of the runs on rare losses. */
const rareSteps = 1500;
const rare = {
  adam: /* @__PURE__ */ onRareLosses(false, rareSteps),
  amsgrad: /* @__PURE__ */ onRareLosses(true, rareSteps),
};
const rareRuns: ReadonlySignal<Readonly<Record<"adam" | "amsgrad", RareRun>>> = computed(() => ({
  adam: rare.adam(large.value),
  amsgrad: rare.amsgrad(large.value),
}));
const rareChart: ReadonlySignal<ChartSpec> = computed(() => {
  const at = Array.from({ length: rareSteps / 12 + 1 }, (_, k) => 12 * k); // every fourth point before the large gradient
  const seen = ({ points, end }: RareRun): number[] => at.map((t) => points[t] ?? end);
  return {
    title: "x before the large gradient, by step",
    x: { label: "step" },
    y: { label: "x", domain: [-1.1, 1.1] },
    series: [
      { name: "Adam", x: at, y: seen(rareRuns.value.adam), draw: "line" },
      { name: "AMSGrad", x: at, y: seen(rareRuns.value.amsgrad), draw: "line" },
    ],
    marks: [{ y: -1, label: "least" }],
  };
});

/** Adam and AMSGrad on losses with rare large gradients. */
export function RareLosses(): JSX.Element {
  const words = useComputed(() => {
    const { adam, amsgrad } = rareRuns.value;
    const told = (name: string, run: typeof adam): string =>
      `${name} ends at x = ${run.end.toFixed(3)}, on average ${shortNumber(run.regret)} a step worse than x = −1`;
    return `After ${rareSteps.toLocaleString("en")} steps ${told("Adam", adam)}; ${told("AMSGrad", amsgrad)}.`;
  });
  return (
    <Figure
      id="diverges"
      title="Where Adam goes the wrong way"
      caption="β₁ = 0, β₂ = 1/(1 + C²), the rate ½/√t, and x is kept between −1 and 1: the example of Reddi, Kale and Kumar."
      state={{ page: state, keys: ["large"] }}
    >
      <p>
        Every third loss is <M>C*x</M> with <M>C</M> ={" "}
        <Drag value={large} label="the rare large slope C" min={2.2} max={8} step={0.1} />, the others are{" "}
        <M>−x</M>.
      </p>
      <Chart spec={rareChart.value} />
      <p class="finding">{words}</p>
    </Figure>
  );
}
