// Figures of the chapter.
import type { JSX } from "preact";
import { Chart } from "../../live/chart.tsx";
import { Choice, Examples, Slider, TextField } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { Code, M } from "../../live/formula.tsx";
import { GradientCode } from "../../live/gradient-code.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { examples } from "./examples.ts";
import { ScheduleDrawing } from "./schedule-drawing.tsx";
import {
  emitted,
  equations,
  formula,
  formulaProblem,
  iterations,
  loopLength,
  memoryChart,
  moment,
  mostIterations,
  mostSteps,
  operations,
  own,
  schedule,
  scheduleCosts,
  state,
  strategies,
  strategy,
  tapeRun,
  tapeStep,
} from "./state.ts";

/** A program in TypeScript, and the code of its gradient. */
export function CodeFigure(): JSX.Element {
  const { program, args } = own.run.value;
  const gradient = program.gradient(args);
  const { value, gradient: both } = operations.value;
  return (
    <Figure
      id="code"
      {...shareRun(() => own.run.value)}
      title="From a program to its gradient"
      caption="A program that you can change, and the program that the compiler writes for its value and its gradient."
      state={{ page: state, keys: ["program", "at"] }}
      isWide
    >
      <div class="side-by-side">
        <ProgramField state={own} examples={examples} rows={8} label="The program" />
        <div>
          <p class="field-name">Its gradient</p>
          <GradientCode program={program} writer={emitted.value} />
        </div>
      </div>
      <p class="finding" role="status">
        The result is <Value of="result" value={program.value(args)} />.{" "}
        {program.numbers(args).map(({ name }, i) => (
          <span key={name}>
            The derivative in <M>{name}</M> is{" "}
            <strong>
              <Value of="gradient" value={gradient[i]!} />
            </strong>
            .{" "}
          </span>
        ))}
        This run takes {value} {value === 1 ? "operation" : "operations"} for the result, and {both} for
        result and gradient.
      </p>
    </Figure>
  );
}

const forwardLines = ["tape.push(p);", "p = p + r * p * (1 - p);"];
const backwardLines = ["p = tape.pop();", "dr = dr + dp * p * (1 - p);", "dp = dp * (1 + r * (1 - 2 * p));"];

/** Both passes over a loop, with the tape. */
export function TapeFigure(): JSX.Element {
  const { steps, gradient } = tapeRun.value;
  const at = Math.min(tapeStep.value, steps.length - 1);
  const { pass, iteration, lines, tape } = steps[at]!;
  return (
    <Figure
      id="tape"
      title="The tape of a loop"
      caption="The forward pass pushes one value per iteration. The backward pass takes them from the top. It starts with p = 0.2 and r = 0.8."
      state={{ page: state, keys: ["n", "tape-step"] }}
      isWide
    >
      <div class="controls">
        <Slider value={iterations} label="iterations" min={2} max={mostIterations} step={1} />
      </div>
      <div class="tape-passes">
        <PassCode title="Forward pass" lines={forwardLines} isActive={pass === "forward"} />
        <div class="tape" role="img" aria-label={`The tape has ${tape.length} values`}>
          {Array.from({ length: iterations.value }, (_, i) => iterations.value - 1 - i).map((i) => (
            <span class={i < tape.length ? "tape-cell is-stored" : "tape-cell"}>
              {i < tape.length ? tape[i]!.toFixed(4) : ""}
            </span>
          ))}
        </div>
        <PassCode title="Backward pass" lines={backwardLines} isActive={pass === "backward"} />
      </div>
      <Player step={tapeStep} last={steps.length - 1} label="both passes" unit="iteration" seconds={8} />
      <p class="finding">
        {pass === "start"
          ? "Before the loop: "
          : `${pass === "forward" ? "Forward" : "Backward"}, i = ${iteration}: `}
        {lines.join("; ")}.
        {at === steps.length - 1 &&
          ` The derivatives are ${gradient[0].toFixed(4)} in x and ${gradient[1].toFixed(4)} in r.`}
      </p>
    </Figure>
  );
}

function PassCode({
  title,
  lines,
  isActive,
}: {
  readonly title: string;
  readonly lines: readonly string[];
  readonly isActive: boolean;
}): JSX.Element {
  return (
    <div class={isActive ? "pass-code is-active" : "pass-code"}>
      <p class="field-name">{title}</p>
      <pre>{lines.join("\n")}</pre>
    </div>
  );
}

/** Schedules of the backward pass of a loop. */
export function ScheduleFigure(): JSX.Element {
  const { operations: all } = schedule.value;
  return (
    <Figure
      id="schedule"
      title="When to store, when to compute again"
      caption="Time goes to the right, iterations of the loop go up. Rising lines run the loop forward, falling lines are the backward pass. A horizontal line is a stored value."
      state={{ page: state, keys: ["strategy", "length", "moment"] }}
      isWide
    >
      <div class="controls">
        <Choice value={strategy} label="Strategy" options={strategies} />
        <Slider value={loopLength} label="iterations" min={2} max={mostSteps} step={1} />
      </div>
      <ScheduleDrawing
        schedule={schedule.value}
        length={loopLength.value}
        until={Math.min(moment.value, all.length)}
      />
      <Player step={moment} last={all.length} label="the schedule" unit="operation" seconds={6} />
      <div class="scroll" role="group" tabIndex={0} aria-label="Costs of the strategies">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">strategy</th>
              <th scope="col">values stored at once</th>
              <th scope="col">forward steps</th>
              <th scope="col">backward steps</th>
            </tr>
          </thead>
          <tbody>
            {scheduleCosts.value.map(({ name, cost }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{cost.mostStored}</td>
                <td>{cost.forwardSteps}</td>
                <td>{loopLength.value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Chart spec={memoryChart} />
    </Figure>
  );
}

const formulas = [
  "exp(-(x^2 + y^2)/2)",
  "sin(x)*sin(x) + cos(x)*cos(x)",
  "(x + 0)*1 + 0*y",
  "tanh(x*y) + tanh(x*y)",
];

/** Equations before and after the passes of the compiler. */
export function PassesFigure(): JSX.Element {
  const { traced, optimized } = equations.value;
  return (
    <Figure
      id="passes"
      title="What the compiler removes"
      caption="One equation per line: a name, an operation, and its operands. Both programs return the value and all derivatives."
      state={{ page: state, keys: ["formula"] }}
      isWide
    >
      <TextField value={formula} label="f =" problem={formulaProblem}>
        <Examples
          current={formula.value}
          examples={formulas.map((text) => ({ name: text, text, choose: () => (formula.value = text) }))}
        />
      </TextField>
      <div class="side-by-side">
        <div>
          <p class="field-name">As differentiated: {traced.count} equations</p>
          <Code label="The equations before the passes">{traced.text}</Code>
        </div>
        <div>
          <p class="field-name">After the passes: {optimized.count} equations</p>
          <Code label="The equations after the passes">{optimized.text}</Code>
        </div>
      </div>
    </Figure>
  );
}
