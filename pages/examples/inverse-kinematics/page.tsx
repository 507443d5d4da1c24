import { batch, computed } from "@preact/signals";
import type { JSX } from "preact";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { numberFrom, pageState } from "../../live/address.ts";
import { Choice, Drag, shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { Plane } from "../../live/plane.tsx";
import { ProgramPart } from "../program-part.tsx";
import { armLength, follow } from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const joints = state.number("joints", 4, { min: 2, max: 9, step: 1 });
const limit = state.choice("limit", "120", ["30", "60", "120"]);
const stiffness = state.number("stiffness", 0.02, { min: 0, max: 1, step: 0.01 });
const target = pointState(state, "target", [1.6, 2]);
/** Start of the search: the angles before the target moved. */
const before = state.value<readonly number[]>(
  "before",
  [0.2, 0.5, 0.5, 0.5],
  (text) => text.split(",").map((angle) => numberFrom(angle)),
  (angles) => angles.map((angle) => Number(angle.toFixed(3))).join(","),
);
const arm = computed(() =>
  follow(before.value, target.value, {
    joints: Math.round(joints.value),
    limit: (Number(limit.value) * Math.PI) / 180,
    stiffness: stiffness.value,
  }),
);

function moveTarget(to: Point): void {
  batch(() => {
    before.value = arm.peek().angles;
    target.value = to;
  });
}

const degrees = (radians: number): number => (radians * 180) / Math.PI;
const shownSpeed = 0.2; // plane units per unit of speed

/** Describes the distance of the hand from the target, and its reason. */
function finding(): string {
  const { gap, iterations, jacobians } = arm.value;
  const work = `${iterations} steps and ${jacobians} Jacobians for this place.`;
  if (gap < 0.01) return `The hand is ${shortNumber(gap)} from the target, after ${work}`;
  const beyond = Math.hypot(...(target.value as [number, number])) > armLength;
  const why = beyond
    ? "The target is out of reach, and the arm points at it as well as it can"
    : "What the joints may do does not bring it nearer";
  return `The hand is ${shortNumber(gap)} from the target. ${why}: ${work}`;
}

function ArmFigure(): JSX.Element {
  const { joints: points, angles, jacobian, speeds, direction } = arm.value;
  const most = (Number(limit.value) * Math.PI) / 180;
  const isStopped = (i: number): boolean => i > 0 && Math.abs(angles[i]!) > most - 1e-6;
  const end = points.at(-1)!;
  return (
    <Figure
      id="arm"
      title="Angles that bring the hand to a target"
      caption="Drag the open circle, click where the hand should go, or use the arrow keys on the circle. The ellipse shows how fast the hand can move in each direction. A joint at its limit is red."
      state={{ page: state, keys: ["joints", "limit", "stiffness", "target", "before"] }}
    >
      <p>
        <Drag value={joints} label="joints" min={2} max={9} step={1} /> joints; stiffness{" "}
        <Drag value={stiffness} label="stiffness" min={0} max={1} step={0.01} />.
      </p>
      <Choice
        value={limit}
        label="Joints turn by at most"
        options={[
          ["30", "30°"],
          ["60", "60°"],
          ["120", "120°"],
        ]}
      />
      <Plane
        label={`An arm of ${angles.length} links from the origin to its hand at ${shortNumber(end[0]!)}, ${shortNumber(end[1]!)}`}
        x={[-5, 5]}
        y={[-4.2, 4.2]}
        handles={[{ label: "target", at: target.value, move: moveTarget }]}
        onPlace={moveTarget}
      >
        {({ spot, line, unit }) => {
          const [x, y] = spot(end[0]!, end[1]!);
          const [x0, y0] = spot(0, 0);
          return (
            <g class="run-0">
              <circle class="arm-reach" cx={x0} cy={y0} r={armLength * unit} />
              <path
                class="arm-links"
                d={line(
                  points.map(([at]) => at!),
                  points.map(([, at]) => at!),
                )}
              />
              {points.slice(0, -1).map(([a, b], i) => {
                const [left, top] = spot(a!, b!);
                return (
                  <circle
                    class={isStopped(i) ? "arm-joint is-stopped" : "arm-joint"}
                    cx={left}
                    cy={top}
                    r={3}
                  />
                );
              })}
              <ellipse
                class="arm-speeds"
                rx={speeds[0] * shownSpeed * unit}
                ry={speeds[1] * shownSpeed * unit}
                transform={`translate(${x} ${y}) rotate(${-degrees(direction)})`}
              />
            </g>
          );
        }}
      </Plane>
      <p class="finding" role="status">
        {finding()}
      </p>
      <div class="scroll" role="group" tabIndex={0} aria-label="Joints of the arm">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">joint</th>
              <th scope="col">angle</th>
              <th scope="col">
                <M>∂x/∂θ</M> of the hand
              </th>
              <th scope="col">
                <M>∂y/∂θ</M>
              </th>
            </tr>
          </thead>
          <tbody>
            {angles.map((angle, i) => (
              <tr>
                <th scope="row">{i + 1}</th>
                <td>
                  {degrees(angle).toFixed(1).replace("-", "−")}°{isStopped(i) && ", at its limit"}
                </td>
                <td>{shortNumber(Number(jacobian[0]![i]!.toFixed(3)))}</td>
                <td>{shortNumber(Number(jacobian[1]![i]!.toFixed(3)))}</td>
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
        The joint angles of a robot determine the position of its hand: add up the links. Inverse kinematics
        is the opposite problem, to find angles for a given position. If there are more joints than
        coordinates, the number of solutions is infinite.
      </p>
      <p>
        Here it is a least-squares problem: the two coordinates of the distance from the hand to the target
        should be 0. A small penalty on the angles, the stiffness, selects the solution with the least
        bending. Each search starts from the current arm.
      </p>
      <ArmFigure />
      <p>
        Pull the target far out, and watch the ellipse. It becomes flat as the arm becomes straight. In a
        straight arm, every joint moves the hand across the arm and none along it. The Jacobian has lost a
        rank, and the arm is singular. Then raise the stiffness: the arm accepts a larger error in exchange
        for smaller angles.
      </p>
      <p>
        The two columns of derivatives are the Jacobian <M>J</M> of the hand, with one row per joint. The
        search uses it for its steps, and its singular values are the half axes of the ellipse. The page
        contains no formula for it: <code>jacfwd</code> computes it from the function that adds up the links.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The search is compiled once. Then a new target takes about a millisecond, so that the arm can follow
          the pointer.
        </p>
      </ProgramPart>
      <p>
        The search finds a solution near the last one, and not the best of all. An elbow that is bent to one
        side stays on this side, even if the other side were better. Links may cross each other.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
