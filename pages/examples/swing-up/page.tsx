import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { pageState } from "../../live/address.ts";
import { Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { paced } from "../../live/paced.ts";
import { Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramPart } from "../program-part.tsx";
import { followSwing, gravity, swingUp } from "./model.ts";
import { printed, program } from "./program.ts";

const ranges = {
  horizon: { min: 0.8, max: 6, step: 0.1 },
  torque: { min: 1.5, max: 10, step: 0.1 },
  speed: { min: 3, max: 12, step: 0.1 },
} as const;
const state = pageState();
const horizon = state.number("horizon", 4, ranges.horizon);
const torque = state.number("torque", 3.2, ranges.torque);
const speed = state.number("speed", 12, ranges.speed);
const step = state.number("step", 0, { min: 0, step: 1 });
const keys = ["horizon", "torque", "speed", "step"];

const limits = computed(() => ({ horizon: horizon.value, torque: torque.value, speed: speed.value }));
const motion = signal(swingUp(limits.value));
const isFinal = signal(true);
let shown = limits.value;

/** Waits until a hand rests, and then searches from several swings. */
const searchAll = paced(() => {
  motion.value = swingUp(limits.value);
  isFinal.value = true;
}, 200);
limits.subscribe((changed) => {
  if (changed === shown) return;
  shown = changed;
  motion.value = followSwing(changed);
  isFinal.value = false;
  searchAll.cancel();
  searchAll();
});
const last = computed(() => motion.value.times.length - 1);
const now = computed(() => Math.round(Math.min(step.value, last.value)));

/** The pendulum at the shown time, with its earlier positions. */
function Pendulum(): JSX.Element {
  const { angles, torques } = motion.value;
  const at = angles[now.value]!;
  const turned = torques[now.value]! / torque.value;
  return (
    <Plane
      label={`The pendulum at ${((at * 180) / Math.PI).toFixed(0)} degrees from hanging`}
      x={[-1.2, 1.2]}
      y={[-1.2, 1.2]}
      widest={320}
    >
      {({ spot, line }) => {
        const rod = (angle: number): string => line([0, Math.sin(angle)], [0, -Math.cos(angle)]);
        const [x, y] = spot(Math.sin(at), -Math.cos(at));
        const arc = Array.from({ length: 25 }, (_, i) => (turned * 2.4 * i) / 24);
        const [middle, top] = spot(0, 1);
        const centre = spot(0, 0)[1];
        return (
          <>
            <circle cx={middle} cy={centre} r={centre - top} fill="none" stroke="var(--grid)" />
            <circle cx={middle} cy={top} r={11} fill="none" stroke="var(--faint)" stroke-dasharray="3 4" />
            {angles.slice(0, now.value).map((angle) => (
              <path d={rod(angle)} fill="none" stroke="var(--grid)" />
            ))}
            <path
              d={line(
                arc.map((a) => 0.3 * Math.sin(a)),
                arc.map((a) => -0.3 * Math.cos(a)),
              )}
              fill="none"
              stroke="var(--accent)"
              stroke-width={3}
            />
            <g class="run-0">
              <path class="thick" d={rod(at)} />
              <circle cx={x} cy={y} r={9} fill="var(--run)" />
            </g>
          </>
        );
      }}
    </Plane>
  );
}

/** Prices below this one are those of limits that are not active. */
const leastPrice = 1e-4;
const isDear = (price: number): boolean => price > leastPrice;

/** The torque by time between its limits, with handles for both limits. */
function Torques(): JSX.Element {
  const { times, torques, prices } = motion.value;
  const [end, most] = [horizon.value, torque.value];
  const dearest = Math.max(leastPrice, ...prices);
  return (
    <Plane
      label={`The torque over ${shortNumber(end)} seconds, within ${shortNumber(most)} to either side`}
      x={[0, ranges.horizon.max]}
      y={[-ranges.torque.max, ranges.torque.max]}
      axes={["time in seconds", "torque in rad/s²"]}
      aspect={0.42}
      handles={[
        {
          label: "horizon and largest torque",
          at: [end, most],
          move: ([to, high]) => {
            horizon.value = Math.max(ranges.horizon.min, Number(to!.toFixed(1)));
            torque.value = Math.max(ranges.torque.min, Number(high!.toFixed(1)));
          },
        },
      ]}
    >
      {({ spot, line, band }) => {
        const [x, y] = spot(times[now.value]!, torques[now.value]!);
        const across = [0, ranges.horizon.max];
        const edge = [ranges.torque.max, ranges.torque.max];
        return (
          <>
            <path d={band(across, [most, most], edge)} fill="var(--grid)" />
            <path
              d={band(
                across,
                edge.map((e) => -e),
                [-most, -most],
              )}
              fill="var(--grid)"
            />
            <path
              d={line([end, end], [-ranges.torque.max, ranges.torque.max])}
              stroke="var(--faint)"
              stroke-dasharray="3 4"
            />
            <g class="run-0">
              <path class="thick" d={line(times, torques)} />
              {times.map((time, i) => {
                const [left, top] = spot(time, torques[i]!);
                return isDear(prices[i]!) && motion.value.isSolved ? (
                  <circle cx={left} cy={top} r={2 + (5 * prices[i]!) / dearest} fill="var(--run)" />
                ) : null;
              })}
              <circle cx={x} cy={y} r={6} fill="var(--paper)" stroke="var(--run)" stroke-width={2} />
            </g>
          </>
        );
      }}
    </Plane>
  );
}

/** The speed by time between its limits, with a handle for the limit. */
function Speeds(): JSX.Element {
  const { times, speeds } = motion.value;
  const most = speed.value;
  const high = ranges.speed.max + 1;
  return (
    <Plane
      label={`The speed by time, within ${shortNumber(most)} to either side`}
      x={[0, ranges.horizon.max]}
      y={[-high, high]}
      axes={["time in seconds", "speed in rad/s"]}
      aspect={0.95}
      handles={[
        {
          label: "largest speed",
          at: [horizon.value, most],
          move: ([, to]) => {
            speed.value = Math.min(ranges.speed.max, Math.max(ranges.speed.min, Number(to!.toFixed(1))));
          },
        },
      ]}
    >
      {({ spot, line, band }) => {
        const [x, y] = spot(times[now.value]!, speeds[now.value]!);
        const across = [0, ranges.horizon.max];
        return (
          <>
            <path d={band(across, [most, most], [high, high])} fill="var(--grid)" />
            <path d={band(across, [-high, -high], [-most, -most])} fill="var(--grid)" />
            <g class="run-0">
              <path class="thick" d={line(times, speeds)} />
              <circle cx={x} cy={y} r={6} fill="var(--paper)" stroke="var(--run)" stroke-width={2} />
            </g>
          </>
        );
      }}
    </Plane>
  );
}

function Finding(): JSX.Element {
  const { isSolved, cost, torques, prices, iterations, reason, violation } = motion.value;
  const active = prices.filter(isDear).length;
  if (!isSolved && !isFinal.value)
    return (
      <p class="finding">
        No motion was found within these limits near the last one. The search from other swings follows.
      </p>
    );
  if (!isSolved)
    return (
      <p class="finding">
        No motion was found within these limits ({reason}): the best breaks the equation of motion by{" "}
        {shortNumber(violation)}. Give it more time, or more torque.
      </p>
    );
  return (
    <p class="finding">
      The least effort is {shortNumber(cost)} after {iterations} iterations. The torque is at its limit at{" "}
      {active} of {torques.length} times
      {torque.value < gravity
        ? ", and holds the pendulum at most "
        : ". It could hold the pendulum in any position"}
      {torque.value < gravity
        ? `${shortNumber((Math.asin(torque.value / gravity) * 180) / Math.PI)}° from hanging.`
        : "."}
    </p>
  );
}

function SwingFigure(): JSX.Element {
  return (
    <Figure
      id="swing"
      title="From hanging to upright"
      caption="The dashed circle is the goal. Drag the circle at the corner: sideways for the time, up and down for the largest torque. The circle below sets the largest speed. The grey regions are forbidden. The size of a dot is the multiplier: large dots mark times at which the torque limit costs most."
      state={{ page: state, keys }}
    >
      <p>
        The motor turns with at most <Drag value={torque} label="largest torque" {...ranges.torque} /> rad/s²,
        and has <Drag value={horizon} label="horizon" {...ranges.horizon} /> seconds.
      </p>
      <div class="controls">
        <Slider value={speed} label="largest speed, rad/s" {...ranges.speed} />
      </div>
      <Torques />
      <div class="side-by-side">
        <Pendulum />
        <Speeds />
      </div>
      <Player step={step} last={last.value} label="the swing-up" seconds={horizon.value} />
      <Finding />
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        A pendulum hangs from a motor that is too weak to lift it directly. It must swing: first away from the
        goal, then back with more speed. Minimise the effort subject to the equation of motion and the limits
        of the motor, and the swings follow.
      </p>
      <SwingFigure />
      <p>
        Reduce the torque slowly. The motor works at its limit for longer, the number of swings grows, and
        finally no motion reaches the goal. Then allow more time. A limit on the speed costs effort, too.
      </p>
      <p>
        The unknowns are angle, speed and torque at 31 times. The equation of motion, <M>θ″ = u − g sin(θ)</M>
        , becomes one equality per interval and quantity: the change over the interval must equal the mean
        slope times its duration. Torque and speed have limits. This problem has 93 unknowns and 188
        constraints, and a sparse Jacobian.
      </p>
      <p>
        The multiplier of a limit is the effort that a little more torque would save at that time. Where the
        torque is below its limit, the multiplier is 0. An interior point method computes the motion and the
        multipliers together.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>Here the limits of the torque are bounds, and equal bounds hold both ends.</p>
      </ProgramPart>
      <p>
        The problem is not convex: a swing to the left and a swing to the right are different minima. The page
        starts from one and two swings, and from three if these fail. “Infeasible” therefore means that no
        motion was found near these starts.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
