// Cost of both modes, for n inputs and m outputs.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { costs, costsByInputs, inputCounts, inputs, mostNumbers, outputs, state } from "./state.ts";

/** Counted operations of forward and reverse mode for all derivatives. */
export function CostsFigure(): JSX.Element {
  const { value, forwardPass, reversePass, forward, reverse } = costs.value;
  const [n, m] = [inputs.value, outputs.value];
  const cheaper = forward < reverse ? "Forward" : reverse < forward ? "Reverse" : "Neither";
  const runs = (operations: number): string => (operations / value).toFixed(1);
  return (
    <Figure
      id="costs"
      title="All derivatives, by each mode"
      isWide
      state={{ page: state, keys: ["n", "m"] }}
      caption={
        <>
          Operations that the library counts for a function with <M>n</M> inputs and <M>m</M> outputs, and for
          all of its derivatives: one forward pass per input, or one reverse pass per output.
        </>
      }
    >
      <div class="controls">
        <Slider value={inputs} label="inputs n" min={1} max={mostNumbers} step={1} />
        <Slider value={outputs} label="outputs m" min={1} max={mostNumbers} step={1} />
      </div>
      <Chart
        spec={{
          title: `Operations for all derivatives, with ${m} ${m === 1 ? "output" : "outputs"}`,
          x: { label: "inputs n", log: true },
          y: { label: "operations", log: true },
          series: [
            { name: "forward mode", x: inputCounts, y: costsByInputs.value.map((one) => one.forward) },
            { name: "reverse mode", x: inputCounts, y: costsByInputs.value.map((one) => one.reverse) },
            {
              name: "the function alone",
              x: inputCounts,
              y: costsByInputs.value.map((one) => one.value),
              draw: "dashes",
            },
          ],
          marks: [{ x: n, label: "" }],
        }}
      />
      <div class="scroll" role="region" tabIndex={0} aria-label="Costs of both modes in numbers">
        <table class="plain">
          <thead>
            <tr>
              <th>mode</th>
              <th>passes</th>
              <th>operations each</th>
              <th>together</th>
              <th>relative to the function</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th>forward</th>
              <td>{n}</td>
              <td>{forwardPass}</td>
              <td>{forward.toLocaleString("en")}</td>
              <td>{runs(forward)}</td>
            </tr>
            <tr>
              <th>reverse</th>
              <td>{m}</td>
              <td>{reversePass}</td>
              <td>{reverse.toLocaleString("en")}</td>
              <td>{runs(reverse)}</td>
            </tr>
          </tbody>
        </table>
      </div>
      <p class="finding" role="status">
        {cheaper} mode is cheaper for {n} {n === 1 ? "input" : "inputs"} and {m}{" "}
        {m === 1 ? "output" : "outputs"}; the function alone takes {value} operations.
      </p>
    </Figure>
  );
}
