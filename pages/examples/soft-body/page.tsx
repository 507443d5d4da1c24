import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { pageState } from "../../live/address.ts";
import { Choice, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { LivePage } from "../../live/page.tsx";
import { type Placed, Plane } from "../../live/plane.tsx";
import { shades } from "../../live/shades.ts";
import { ProgramPart } from "../program-part.tsx";
import { type Corner, corners, settle, triangles } from "./model.ts";
import { printed, program } from "./program.ts";

const holds = {
  upper: ["upper"],
  both: ["upper", "lower"],
  none: [],
} as const satisfies Record<string, readonly Corner[]>;

const state = pageState();
const hold = state.choice("hold", "upper", ["upper", "both", "none"]);
const hands = {
  upper: pointState(state, "upper", [3.3, 1.2]),
  lower: pointState(state, "lower", [3.2, 0.6]),
};
const bulk = state.number("bulk", 3, { min: 1, max: 30 });
const weight = state.number("weight", 0.01, { min: 0, max: 0.06, step: 0.001 });

const shape = computed(() =>
  settle({
    held: Object.fromEntries(holds[hold.value].map((corner) => [corner, hands[corner].value])),
    bulk: bulk.value,
    weight: weight.value,
  }),
);

const span = { x: [-0.2, 4.8], y: [-1.3, 1.9] } as const;
const colours = shades(12);
const fullShade = 0.2; // elastic energy per unit of area of the last colour
const arrow = 3; // arrow length per unit of force

/** The triangles, coloured by energy, their outlines, and the forces at held corners. */
function Rubber({ spot }: { readonly spot: Placed["spot"] }): JSX.Element {
  const { nodes, energies, forces } = shape.value;
  const wall = [spot(0, span.y[0]), spot(0, span.y[1])] as const;
  return (
    <>
      <rect x={0} y={wall[1][1]} width={wall[0][0]} height={wall[0][1] - wall[1][1]} fill="var(--grid)" />
      <g stroke="var(--faint)" stroke-width={0.8} stroke-linejoin="round">
        {triangles.map((triangle, i) => {
          const level = Math.floor(colours.length * Math.sqrt(Math.max(0, energies[i]!) / fullShade));
          return (
            <path
              d={`M${triangle.map((node) => spot(nodes[node]![0]!, nodes[node]![1]!).join(",")).join("L")}Z`}
              fill={colours[Math.min(colours.length - 1, level)]}
            />
          );
        })}
      </g>
      {holds[hold.value].map((corner) => {
        const [x, y] = nodes[corners[corner]]! as readonly [number, number];
        const [fx, fy] = forces[corner]! as readonly [number, number];
        return <Arrow from={spot(x, y)} to={spot(x + arrow * fx, y + arrow * fy)} />;
      })}
    </>
  );
}

type Spot = readonly [left: number, top: number];

function Arrow({ from, to }: { readonly from: Spot; readonly to: Spot }): JSX.Element {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  const head = Math.min(9, length / 2);
  const [ux, uy] = [(head * dx) / length, (head * dy) / length];
  const side = (sign: number): string =>
    [to[0] - ux + (sign * uy) / 2, to[1] - uy - (sign * ux) / 2].map((z) => z.toFixed(1)).join(",");
  return (
    <g class="run-1">
      <path class="thick" d={`M${from.join(",")}L${to.join(",")}`} />
      <path class="thick" d={`M${side(1)}L${to.join(",")}L${side(-1)}`} />
    </g>
  );
}

function RubberFigure(): JSX.Element {
  const { forces, energy, area, iterations, converged } = shape.value;
  const held = holds[hold.value];
  return (
    <Figure
      id="rubber"
      title="A beam of rubber, glued to a wall"
      caption="Drag a held corner, or reach it by Tab and move it with the arrow keys. Darker triangles have more elastic energy. The arrow is the force that holds the corner."
      state={{ page: state, keys: ["hold", "upper", "lower", "bulk", "weight"] }}
    >
      <Choice
        value={hold}
        label="Hold"
        options={[
          ["upper", "the upper corner"],
          ["both", "both corners"],
          ["none", "nothing"],
        ]}
      />
      <div class="controls">
        <Slider value={bulk} label="resistance to changes of area" min={1} max={30} isLog />
        <Slider value={weight} label="weight" min={0} max={0.06} step={0.001} />
      </div>
      <Plane
        label="A beam of 96 triangles at rest under weight and the forces at held corners"
        {...span}
        handles={held.map((corner) => ({
          label: `${corner} corner`,
          at: hands[corner].value,
          move: (to) => (hands[corner].value = to),
        }))}
      >
        {({ spot }) => <Rubber spot={spot} />}
      </Plane>
      <p class="finding">
        {held.map((corner) => {
          const [x, y] = forces[corner]!;
          return `Force at the ${corner} corner: ${shortNumber(Math.hypot(x!, y!))}. `;
        })}
        The area is {(100 * area).toFixed(1)} % of that at rest. The energy of rubber and weight is{" "}
        {shortNumber(energy)}, after {iterations} iterations{converged ? "" : ", and not yet at rest"}.
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        An elastic body at rest has the shape of least energy. So a simulation of rubber needs no equations of
        equilibrium: write down the energy of the whole body, and minimise it.
      </p>
      <RubberFigure />
      <p>
        Pull the corner far to the right. The beam gets thin, because a change of its area costs energy. Set
        the resistance to changes of area to 1, and the beam stays thick. Then push the corner back towards
        the wall: the beam buckles.
      </p>
      <p>
        The mesh has 65 nodes with 130 coordinates. The nodes at the wall and in your hand are fixed. Each
        triangle has a matrix <M>F</M>, which describes how its edges are stretched and rotated. Its energy
        density is <M>½*(|F|² − 2)</M> <M>− (J − 1)</M> <M>+ ½*K*(J − 1)²</M>, where the determinant <M>J</M>{" "}
        is the ratio of its areas. Rotation costs no energy, stretching and shearing do, and <M>K</M> is the
        resistance to changes of area.
      </p>
      <p>
        Derivatives are used twice. L‑BFGS follows the gradient of the energy in the free nodes until it is
        zero. Then no force acts on any free node. The gradient in a held corner is not zero. It is the force
        of the hand.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The program applies the same idea to a chain of springs between a wall and a hand. It prints how far
          the nodes hang down, and the force of the hand. The hand pulls sideways and carries half of the
          weight.
        </p>
      </ProgramPart>
      <p>
        The simulation shows rest and not motion, so the beam does not swing. After each move the descent
        starts again from a beam that is sheared straight to your hand. A buckled beam has two shapes of rest,
        and the start determines which one you see. A finer mesh would bend slightly more, because straight
        triangles are too stiff.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
