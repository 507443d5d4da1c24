import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { pageState } from "../../live/address.ts";
import { Chart } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramPart } from "../program-part.tsx";
import { duration, identify, lengths, measure, type Pendulum, sumsOfSquares, swing } from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const length = state.number("length", 1.4, { min: 0.4, max: 3 });
const damping = state.number("damping", 0.25, { min: 0, max: 1.5 });
const degrees = state.number("angle", 125, { min: 5, max: 170, step: 1 });
const count = state.number("n", 24, { min: 6, max: 60, step: 1 });
const noise = state.number("noise", 4, { min: 0.5, max: 20, step: 0.5 });
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
const law = state.choice("law", "sine", ["sine", "small"]);
const from = state.choice("from", "1", ["0.5", "1", "2", "3"]);
const step = state.number("step", 0, { min: 0 });
const keys = ["length", "damping", "angle", "n", "noise", "seed", "law", "from", "step"];

const inRadians = Math.PI / 180;
const truth = computed((): Pendulum => ({
  length: length.value,
  damping: damping.value,
  angle: degrees.value * inRadians,
}));
const measured = computed(() =>
  measure(truth.value, {
    count: Math.round(count.value),
    noise: noise.value * inRadians,
    seed: Math.round(seed.value),
  }),
);
const identified = computed(() => identify(measured.value, law.value, Number(from.value)));
const truly = computed(() => swing(truth.value));

const inDegrees = (radians: number): number => radians / inRadians;
const span = 190; // degrees, to either side
const rows = [
  { name: "length", words: "length", unit: "m", show: (value: number) => value },
  { name: "damping", words: "damping", unit: "1/s", show: (value: number) => value },
  { name: "angle", words: "first angle", unit: "degrees", show: inDegrees },
] as const;

function Swinging({ now }: { readonly now: number }): JSX.Element {
  const rods = [
    { of: truth.value.length, at: truly.value[now]!, look: "rod is-true" },
    { of: identified.value.found.length, at: identified.value.angles[now]!, look: "rod run-0" },
  ];
  const scale = 1 / Math.max(...rods.map(({ of }) => of));
  return (
    <Plane
      label={`The pendulum at ${inDegrees(truly.value[now]!).toFixed(0)} degrees, the one that was found at ${inDegrees(identified.value.angles[now]!).toFixed(0)}`}
      x={[-1.15, 1.15]}
      y={[-1.15, 1.15]}
      widest={250}
    >
      {({ spot, line }) =>
        rods.map(({ of, at, look }) => {
          const [x, y] = [of * scale * Math.sin(at), -of * scale * Math.cos(at)];
          const [left, top] = spot(x, y);
          return (
            <g class={look}>
              <path class="thick" d={line([0, x], [0, y])} />
              <circle class="bob" cx={left} cy={top} r={9} />
            </g>
          );
        })
      }
    </Plane>
  );
}

/** The estimates next to the true values. */
function Numbers(): JSX.Element {
  const { found, errors, iterations, left } = identified.value;
  return (
    <div>
      <div class="scroll" role="group" tabIndex={0} aria-label="Numbers of the pendulum">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">number</th>
              <th scope="col">found</th>
              <th scope="col">standard error</th>
              <th scope="col">true</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, words, unit, show }) => (
              <tr>
                <th scope="row">
                  {words}, {unit}
                </th>
                <td>{shortNumber(show(found[name]))}</td>
                <td>
                  {Number.isNaN(errors[name])
                    ? "at the edge of what is allowed"
                    : shortNumber(show(errors[name]))}
                </td>
                <td>{shortNumber(show(truth.value[name]))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="finding">
        What is left has a root mean square of {inDegrees(left).toFixed(1)}°, after {iterations} steps.{" "}
        {left > 2.5 * noise.value * inRadians
          ? "That is far more than the errors: the law is wrong, or the search has ended in a wrong valley."
          : "That is the size of the errors."}
      </p>
    </div>
  );
}

function SwingFigure(): JSX.Element {
  const { grid, angles, low, high } = identified.value;
  const last = grid.length - 1;
  const now = Math.round(Math.min(step.value, last));
  return (
    <Figure
      id="swing"
      title="Measured angles, and the pendulum that fits them"
      caption="Dots are measurements. The line is the solution of the equation of motion for the fitted parameters, with its 95 % confidence band. Below, the true pendulum is grey."
      state={{ page: state, keys }}
    >
      <p>
        A pendulum of <Drag value={length} label="true length" min={0.4} max={3} step={0.05} /> m with damping{" "}
        <Drag value={damping} label="true damping" min={0} max={1.5} step={0.05} /> per second is let go at{" "}
        <Drag value={degrees} label="first angle" min={5} max={170} step={5} />
        °. <Drag value={count} label="measurements" min={6} max={60} step={1} /> measurements with errors of{" "}
        <Drag value={noise} label="size of errors" min={0.5} max={20} step={0.5} />
        °, set <Drag value={seed} label="set of errors" min={1} max={99} step={1} />.
      </p>
      <div class="controls">
        <Choice
          value={law}
          label="The force goes with"
          options={[
            ["sine", "sin θ"],
            ["small", "θ"],
          ]}
        />
        <Choice
          value={from}
          label="The search begins at"
          options={[
            ["0.5", "0.5 m"],
            ["1", "1 m"],
            ["2", "2 m"],
            ["3", "3 m"],
          ]}
        />
      </div>
      <Plane
        label={`${measured.value.times.length} measured angles over ${duration} seconds with the fitted curve and its band`}
        x={[0, duration]}
        y={[-span, span]}
        axes={["time in seconds", "angle in degrees"]}
        aspect={0.5}
      >
        {({ spot, line, band }) => {
          const at = grid[now]!;
          const [x, y] = spot(at, inDegrees(angles[now]!));
          return (
            <g class="run-0">
              <path class="band" d={band(grid, low.map(inDegrees), high.map(inDegrees))} />
              <path class="thick" d={line(grid, angles.map(inDegrees))} />
              {measured.value.times.map((time, i) => {
                const [left, top] = spot(time, inDegrees(measured.value.angles[i]!));
                return <circle class="measured" cx={left} cy={top} r={3.2} />;
              })}
              <circle class="bob" cx={x} cy={y} r={6} />
            </g>
          );
        }}
      </Plane>
      <Player step={step} last={last} label="the swing" seconds={duration} />
      <div class="side-by-side">
        <Swinging now={now} />
        <Numbers />
      </div>
    </Figure>
  );
}

function ValleysFigure(): JSX.Element {
  const found = identified.value.found.length;
  const spec = useMemo(
    () => ({
      title: "Sum of squares by the length",
      x: { label: "length in metres", log: true },
      y: { label: "sum of squares", isFromZero: true },
      series: [{ name: "sum of squares", x: lengths, y: sumsOfSquares(measured.value, truth.value) }],
      marks: [
        { x: Number(from.value), label: "start" },
        { x: found, label: "found" },
      ],
    }),
    [measured.value, truth.value, from.value, found],
  );
  return (
    <Figure
      id="valleys"
      title="How well each length fits, with the true damping and first angle"
      caption="The sum of squares has a valley wherever the swings of the model match those of the measurements for some time."
    >
      <Chart spec={spec} />
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        Often the equations of a system are known, but not all of their parameters. Measurements of the motion
        determine the parameters. This is system identification, for motors, reactions, orbits, and here for a
        pendulum.
      </p>
      <p>
        The model is the equation of motion <M>θ″ = −(g/ℓ) sin(θ) − c θ′</M>, with the length <M>ℓ</M> and the
        damping <M>c</M>. The angle <M>θ</M> is measured, with errors. The solution of the equation has no
        closed form.
      </p>
      <SwingFigure />
      <p>
        Make the force proportional to <M>θ</M> instead of its sine, as textbooks do for small angles. For a
        wide swing the fitted length is wrong. Its standard error does not show this, because it accounts for
        the measurement errors and assumes that the law is right. Then release the pendulum at 10°, with
        smaller errors, and both laws agree.
      </p>
      <ValleysFigure />
      <p>
        Try a search that starts at 0.5 m. It goes downhill, into a valley that is not the deepest one. If the
        data contain many swings, a start must predict them to about half a swing.
      </p>
      <p>
        The Levenberg–Marquardt method needs the derivative of every angle in each parameter. It is computed
        through the solver of the differential equation. <code>odeint</code> chooses its steps by error
        estimates, and differentiates the steps that it took.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The model of <code>fitCurve</code> may contain a whole simulation.
        </p>
      </ProgramPart>
      <p>The band is based on a linear model around the fit, and is valid for the valley of this fit.</p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
