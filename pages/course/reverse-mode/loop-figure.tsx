// A loop in TypeScript, its gradient as code, and one iteration.
import type { JSX } from "preact";
import { shortNumber, Slider } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { GradientCode } from "../../live/gradient-code.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { adjointsOf } from "../../live/tape.ts";
import { Value } from "../../live/value.tsx";
import { examples } from "../programs.ts";
import { iterationRows, iterationsOf } from "./iterations.ts";
import { emitted, iteration, looped, state } from "./state.ts";

/** The loop, the loops of its gradient, and the values of one iteration in the forward and backward pass. */
export function LoopFigure(): JSX.Element {
  const { program, tape } = looped.run.value;
  const count = iterationsOf(tape);
  return (
    <Figure
      id="loop"
      {...shareRun(() => looped.run.value)}
      title="A loop that stays a loop"
      isWide
      state={{ page: state, keys: ["loop", "loopAt", "iteration"] }}
      caption="The gradient is code, too: a forward loop, which stores values, and a backward loop, which uses them. Its length does not depend on the number of iterations."
    >
      <div class="side-by-side">
        <ProgramField state={looped} examples={examples} rows={8} />
        <div>
          <p class="field-name">Its gradient</p>
          <GradientCode program={program} writer={emitted.value} />
        </div>
      </div>
      {count === 0 ? (
        <p class="finding">This program has no loop. Choose one with a loop, and then an iteration.</p>
      ) : (
        <>
          <div class="controls">
            <Slider
              value={{
                get value() {
                  return Math.min(iteration.value, count - 1);
                },
                set value(next: number) {
                  iteration.value = next;
                },
              }}
              label="iteration"
              min={0}
              max={Math.max(1, count - 1)}
              step={1}
            />
          </div>
          <IterationTable />
        </>
      )}
      <p class="finding" role="status">
        The run computed {tape.steps.length} values.
        {tape.inputs.slice(0, 6).map((step, i) => (
          <span key={i}>
            {" "}
            The derivative in <M>{tape.steps[step]!.name}</M> is{" "}
            <strong>
              <Value of="loop-gradient" value={adjointsOf(tape)[step]!} />
            </strong>
            .
          </span>
        ))}
      </p>
    </Figure>
  );
}

const mostRows = 30;

function IterationTable(): JSX.Element {
  const { tape } = looped.run.value;
  const rows = iterationRows(tape, Math.min(iteration.value, iterationsOf(tape) - 1));
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="One iteration, forward and backward">
      <table class="plain">
        <thead>
          <tr>
            <th>in</th>
            <th>forward</th>
            <th>value</th>
            <th>local derivatives</th>
            <th>backward: derivative of the result</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, mostRows).map(({ where, text, value, locals, adjoint }) => (
            <tr>
              <td style="white-space: nowrap">{where}</td>
              <td>
                <M>{text}</M>
              </td>
              <td>{shortNumber(value)}</td>
              <td>{locals}</td>
              <td>
                <strong>{shortNumber(adjoint)}</strong>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > mostRows && <p>… and {rows.length - mostRows} more values in this iteration.</p>}
    </div>
  );
}
