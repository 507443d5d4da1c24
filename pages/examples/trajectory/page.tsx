import { computed } from "@preact/signals";
import type { JSX } from "preact";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { pageState } from "../../live/address.ts";
import { Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramPart } from "../program-part.tsx";
import { type Disc, ways } from "./model.ts";
import { printed, program } from "./program.ts";

const radii = [1, 0.7, 0.9, 0.6, 0.5] as const;
const places: readonly Point[] = [
  [3, 0.4],
  [5.2, -1.2],
  [6.6, 0.9],
  [4.8, 1.7],
  [2, -1.7],
];

const state = pageState();
const start = pointState(state, "start", [0.6, -0.4]);
const goal = pointState(state, "goal", [9.4, 0.3]);
const centres = places.map((place, i) => pointState(state, `disc${i + 1}`, place));
const count = state.number("discs", 4, { min: 1, max: radii.length, step: 1 });
const stiffness = state.number("stiffness", 0.02, { min: 0.001, max: 1 });
const clearance = state.number("clearance", 0.25, { min: 0, max: 0.6, step: 0.01 });
const step = state.number("step", Infinity, { min: 0, step: 1 });
const keys = [
  "start",
  "goal",
  ...centres.map((_, i) => `disc${i + 1}`),
  "discs",
  "stiffness",
  "clearance",
  "step",
];

const discs = computed((): readonly Disc[] =>
  centres.slice(0, Math.round(count.value)).map((at, i) => ({ at: at.value, radius: radii[i]! })),
);
const found = computed(() =>
  ways({
    start: start.value,
    goal: goal.value,
    discs: discs.value,
    stiffness: stiffness.value,
    clearance: clearance.value,
  }),
);

const span = { x: [0, 10], y: [-3, 3] } as const;
const coordinates = (path: readonly Point[]): [number[], number[]] => [
  path.map(([x]) => x!),
  path.map(([, y]) => y!),
];

function PathFigure(): JSX.Element {
  const [best, ...others] = found.value;
  const { pathAfter, costs, gap, length } = best!;
  const shown = Math.min(step.value, costs.length - 1);
  const move = (signal: { value: Point }) => (to: Point) => {
    signal.value = to;
    step.value = Infinity;
  };
  return (
    <Figure
      id="path"
      title="The cheapest way found"
      caption="Drag the ends and the centres of the discs, or reach them by Tab and move them with the arrow keys. The thick line is the cheapest path. Thin lines are the other local minima. Dashed circles show the clearance."
      state={{ page: state, keys }}
    >
      <div class="controls">
        <Slider value={stiffness} label="price of bending" min={0.001} max={1} isLog />
        <Slider value={clearance} label="clearance" min={0} max={0.6} step={0.01} />
        <span>
          <Drag value={count} label="discs" min={1} max={radii.length} step={1} /> discs
        </span>
      </div>
      <Plane
        label={`A path from the start to the goal around ${discs.value.length} discs`}
        {...span}
        handles={[
          { label: "start", at: start.value, move: move(start) },
          { label: "goal", at: goal.value, move: move(goal) },
          ...discs.value.map(({ at }, i) => ({
            label: `centre of disc ${i + 1}`,
            at,
            move: move(centres[i]!),
          })),
        ]}
      >
        {({ spot, unit, line }) => (
          <>
            {discs.value.map(({ at, radius }) => {
              const [cx, cy] = spot(at[0]!, at[1]!);
              return (
                <>
                  <circle cx={cx} cy={cy} r={radius * unit} fill="var(--grid)" stroke="var(--faint)" />
                  <circle
                    cx={cx}
                    cy={cy}
                    r={(radius + clearance.value) * unit}
                    fill="none"
                    stroke="var(--faint)"
                    stroke-dasharray="3 4"
                  />
                </>
              );
            })}
            {others.map(({ path }) => (
              <path d={line(...coordinates(path))} fill="none" stroke="var(--faint)" />
            ))}
            <g class="run-0">
              <path class="thick" d={line(...coordinates(pathAfter(shown)))} />
            </g>
          </>
        )}
      </Plane>
      <Player step={step} last={costs.length - 1} label="the descent" unit="iteration" seconds={3} />
      <p class="finding">
        {found.value.length === 1 ? "One way was found." : `${found.value.length} ways were found.`} The
        cheapest costs {shortNumber(costs[shown]!)} at this iteration and {shortNumber(costs.at(-1)!)} at the
        end; then it is {shortNumber(length)} long and{" "}
        {gap < 0
          ? `goes ${shortNumber(-gap)} deep through a disc: leave it more room.`
          : `passes the nearest disc at a distance of ${shortNumber(gap)}.`}
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        A robot moves from one point to another and must not hit anything. Write a cost for each path, and let
        derivatives find the cheapest path. This is trajectory optimisation.
      </p>
      <PathFigure />
      <p>
        Move a disc slowly across the thick line. The path moves away. At some position it jumps to the other
        side. Both paths are minima of the cost, and the cheaper one is thick. Then raise the price of bends:
        the path becomes straighter and passes closer to the discs.
      </p>
      <p>
        The path is the straight line plus 14 waves, <M>sin(k*π*t)</M>, in both directions: 28 parameters. The
        cost has three terms: the square of the length, the price of bends, and a penalty at 61 points for
        each disc that is nearer than the clearance. The penalty is the square of the missing distance, a
        smooth function instead of a hard wall. The gradient shows how each wave should change. A minimiser
        (BFGS) follows it.
      </p>
      <p>
        Play the descent from iteration 0. It starts with a straight line or a bow, which ignores the discs.
        Within a few iterations the discs push the path away. Then it tightens around them like a rubber band.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          In the program the path consists of points, and there is one disc. It contains no derivative:{" "}
          <code>minimize</code> differentiates <code>cost</code>.
        </p>
      </ProgramPart>
      <p>
        Each descent finds the best path near its start. This page starts from seven bows to both sides. A
        labyrinth has more routes, and needs a search before the descent. With penalties instead of walls, the
        path may be some hundredths nearer than the clearance. So choose a clearance that is slightly larger
        than required.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
