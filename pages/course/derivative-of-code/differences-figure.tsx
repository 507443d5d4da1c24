// Difference quotients of the reader's program.
import type { JSX } from "preact";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { examples } from "../programs.ts";
import { digitsOf, errorOf, quotientsAt } from "./differences.ts";
import { writtenOut } from "./swell.ts";
import { errors, h, moved, own, place, state } from "./state.ts";

function errorChart(): ChartSpec {
  const { h: steps, forward, central, of } = errors.value!;
  return {
    title: `Errors of difference quotients in ${of}, over the step h`,
    x: { label: "step h", log: true },
    y: { label: "error, as a part of the derivative", log: true },
    series: [
      { name: "forward difference", x: steps, y: forward },
      { name: "central difference", x: steps, y: central },
    ],
    marks: [{ x: h.value, label: "h" }],
  };
}

/** Errors of difference quotients of the reader's program for all step sizes, and the quotients for one step size. */
export function DifferencesFigure(): JSX.Element {
  const found = errors.value;
  const run = own.run.value;
  const numbers = run.program.numbers(run.args);
  return (
    <Figure
      id="differences"
      title="Error of the difference quotient by step"
      isWide
      state={{ page: state, keys: ["program", "at", "moved", "h"] }}
      caption={
        <>
          Both axes are logarithmic. Move <M>h</M>, change a number of the program, or write another program.
          An error of exactly 0 has no point.
        </>
      }
    >
      <ProgramField state={own} examples={examples} />
      {found === undefined ? (
        <p>No number of this program has a derivative.</p>
      ) : (
        <>
          <div class="controls">
            {numbers.length > 1 && (
              <label>
                the derivative in{" "}
                <select
                  value={String(place.value)}
                  onChange={({ currentTarget }) => (moved.value = Number(currentTarget.value))}
                >
                  {numbers.map(({ name }, i) => (
                    <option value={String(i)}>{name}</option>
                  ))}
                </select>
              </label>
            )}
            <Slider value={h} label="step h" min={1e-15} max={1} isLog show={(x) => x.toExponential(1)} />
          </div>
          <Chart spec={errorChart()} />
          <QuotientTable />
        </>
      )}
    </Figure>
  );
}

function QuotientTable(): JSX.Element {
  const { derivative, of } = errors.value!;
  const quotients = quotientsAt(own.run.value, place.value, h.value);
  const rows = [
    ["forward difference", quotients.forward],
    ["central difference", quotients.central],
  ] as const;
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="The derivative, three ways">
      <table class="plain">
        <caption class="visually-hidden">The derivative in {of}, three ways</caption>
        <thead>
          <tr>
            <th>method</th>
            <th>the derivative in {of}</th>
            <th>digits that are right</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr>
              <td>{name}</td>
              <td class="number">{String(value)}</td>
              <td class="number">{digitsOf(errorOf(value, derivative))}</td>
            </tr>
          ))}
          <tr>
            <td>automatic differentiation</td>
            <td class="number">{String(derivative)}</td>
            <td>what the others are measured by</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** Number of operations of the gradient of the reader's program. */
export function CostTable(): JSX.Element {
  const { program: given, args } = own.run.value;
  const count = given.numbers(args).length;
  const { value, gradient } = given.operations(args);
  const formula = given.kind === "text" ? writtenOut(given.compiled) : undefined;
  const rows: readonly (readonly [string, string, number])[] = [
    ["the value alone", "1 run", value],
    ["value and gradient by forward differences", `${count + 1} runs`, (count + 1) * value],
    ["value and gradient by central differences", `${2 * count + 1} runs`, (2 * count + 1) * value],
    ...(formula === undefined
      ? []
      : [["the derivative as one formula", "1 run of the formula", formula] as const]),
    ["value and gradient, automatic", "1 run of the derived code", gradient],
  ];
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="What the gradient costs">
      <table class="plain">
        <caption class="visually-hidden">Operations for the gradient of the program above</caption>
        <thead>
          <tr>
            <th>for {count === 1 ? "one number" : `${count} numbers`} with a derivative</th>
            <th>runs</th>
            <th>operations</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, runs, operations]) => (
            <tr>
              <td>{name}</td>
              <td>{runs}</td>
              <td class="number">{operations}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
