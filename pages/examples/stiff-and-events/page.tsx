import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { pageState } from "../../live/address.ts";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Choice, Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramPart } from "../program-part.tsx";
import { flight, flightTime, react, reactionTime, substances } from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const time = state.number("time", 150, { min: 10, max: 390, step: 1 });
const factor = state.number("factor", 3, { min: 1, max: 100, step: 1 });
const method = state.choice("method", "auto", ["auto", "radau", "dopri5"]);
const height = state.number("height", 1.5, { min: 0.2, max: 3 });
const bounciness = state.number("bounciness", 0.75, { min: 0.4, max: 0.95 });
const step = state.number("step", 0, { min: 0 });

const reaction = computed(() =>
  react({ time: Math.round(time.value), factor: Math.round(factor.value) }, method.value),
);
const flown = computed(() => flight({ height: height.value, bounciness: bounciness.value }));
const whole = (x: number): string => x.toLocaleString("en-US");

function ReactionFigure(): JSX.Element {
  const { times, concentrations, steps, evaluations, isWhole, reached, shortest, usual } = reaction.value;
  const spec = useMemo(
    (): ChartSpec => ({
      title: "Concentrations of three substances",
      x: { label: "seconds", domain: [0, reactionTime] },
      y: { label: "concentration", log: true },
      series: substances.map((name, i) => ({ name, x: times, y: concentrations[i]!, colour: i })),
      marks: factor.value > 1 ? [{ x: Math.round(time.value), label: "bromide added" }] : [],
    }),
    [reaction.value],
  );
  return (
    <Figure
      id="reaction"
      title="An oscillating reaction, and what disturbs it"
      caption="The Oregonator, a model of the reaction of Belousov and Zhabotinsky, in scaled concentrations. The lines connect the ends of the steps."
      state={{ page: state, keys: ["time", "factor", "method"] }}
    >
      <p>
        At <Drag value={time} label="time of the addition" min={10} max={390} step={1} /> s bromide is added,
        so that there is <Drag value={factor} label="factor of the bromide" min={1} max={100} step={1} />{" "}
        times as much.
      </p>
      <div class="controls">
        <Choice
          value={method}
          label="Method"
          options={[
            ["auto", "auto"],
            ["radau", "radau"],
            ["dopri5", "dopri5"],
          ]}
        />
      </div>
      <Chart spec={spec} height={[200, 0.25]} />
      <p class="finding" role="status">
        {isWhole
          ? `${whole(steps)} steps and ${whole(evaluations)} evaluations of the equation. `
          : `${whole(steps)} steps, and it is only second ${reached.toFixed(1)} of ${reactionTime}. `}
        Half of the steps are shorter than {shortNumber(usual)} s, and the shortest takes{" "}
        {shortNumber(shortest)} s.
      </p>
    </Figure>
  );
}

function BallFigure(): JSX.Element {
  const { times, heights, bounces, later } = flown.value;
  const last = times.length - 1;
  const now = Math.round(Math.min(step.value, last));
  const top = Math.max(height.value * 1.08, 0.5);
  return (
    <Figure
      id="ball"
      title="A ball that bounces"
      caption="Height over time. Each dot is a bounce, an event that reverses and reduces the speed."
      state={{ page: state, keys: ["height", "bounciness", "step"] }}
    >
      <div class="controls">
        <Slider
          value={height}
          label="first height"
          min={0.2}
          max={3}
          step={0.05}
          show={(x) => `${x.toFixed(2)} m`}
        />
        <Slider
          value={bounciness}
          label="speed that a bounce leaves"
          min={0.4}
          max={0.95}
          step={0.01}
          show={(x) => `${Math.round(100 * x)} %`}
        />
      </div>
      <Plane
        label={`Height of the ball over ${flightTime} seconds, with ${bounces.length} bounces`}
        x={[0, flightTime]}
        y={[0, top]}
        axes={["time in seconds", "height in metres"]}
        aspect={0.45}
      >
        {({ spot, line }) => {
          const [left, up] = spot(times[now]!, heights[now]!);
          return (
            <g class="run-0">
              <path class="thick" d={line(times, heights)} />
              {bounces.map((t) => {
                const [x, y] = spot(t, 0);
                return <circle class="bounce" cx={x} cy={y} r={3.2} />;
              })}
              <circle class="ball" cx={left} cy={up} r={7} />
            </g>
          );
        }}
      </Plane>
      <Player step={step} last={last} label="the flight" seconds={flightTime} />
      <div class="scroll" role="group" tabIndex={0} aria-label="Bounces">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">bounce</th>
              <th scope="col">at, s</th>
              <th scope="col">later per metre of height, s</th>
            </tr>
          </thead>
          <tbody>
            {bounces.map((t, i) => (
              <tr>
                <th scope="row">{i + 1}</th>
                <td>{t.toFixed(3)}</td>
                <td>{later[i]!.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        Some differential equations are hard to solve. In a stiff equation, one part of the solution decays
        within a fraction of a second, while the rest takes minutes. Other equations have events: a ball hits
        the floor, or a valve opens.
      </p>
      <ReactionFigure />
      <p>
        Choose <code>dopri5</code>. This explicit method computes each step from slopes alone. Between the
        peaks the solution changes slowly, but the steps must remain as short as the fastest decay. Implicit
        methods solve equations in each step, with the Jacobian of the reaction, and can take long steps.{" "}
        <code>auto</code> starts with an explicit method and switches where the equation is stiff.
      </p>
      <p>
        Then add more bromide. It decays exponentially between the peaks, so each doubling delays the next
        peak by the same time. The addition is an event, too: the integration stops at its time, changes the
        solution, and continues.
      </p>
      <BallFigure />
      <p>
        The solver finds the time of a bounce as a zero of the height. The last column is the derivative of
        this time in the initial height, through all earlier bounces. It needs no formula: the implicit
        function theorem gives the derivative of an event time, <M>dt/dh = −(∂x/∂h)/v</M>.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          <code>solveOde</code> returns the events with the solution, and <code>grad</code> differentiates
          their times.
        </p>
      </ProgramPart>
      <p>
        In this model a bounce takes no time, and the ball is a point. If bounces follow each other ever
        faster, the solution ends at the time where they accumulate.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
