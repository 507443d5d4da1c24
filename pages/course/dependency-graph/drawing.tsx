// Drawing of a dependency graph.
import { batch } from "@preact/signals";
import type { JSX } from "preact";
import { shortNumber } from "../../live/fields.tsx";
import { type Place, type PlacedArrow, placeSteps } from "./layers.ts";
import { affected, chosen, followed, followedPath, from, own } from "./state.ts";

/** Maximum number of values drawn. */
export const mostDrawn = 28;

const layerHeight = 84; // CSS pixels
const boxHeight = 42;
const widestBox = 86;
const stride = 14; // maximum distance between the ends of arrows at one box

type Point = readonly [x: number, y: number];

/** The graph at a given width. Its boxes are buttons that select a value. */
export function GraphDrawing({ width }: { readonly width: number }): JSX.Element {
  const { tape } = own.run.value;
  const { placed, arrows } = placeSteps(tape, mostDrawn);
  const layers = Math.max(...placed.map(({ layer }) => layer)) + 1;
  const height = (layers - 1) * layerHeight + boxHeight + 20;
  const boxWidth = Math.min(widestBox, width / 5);
  const at = ({ x, layer }: Place): Point => [
    boxWidth / 2 + 2 + x * (width - boxWidth - 4),
    10 + boxHeight / 2 + layer * layerHeight,
  ];
  const path = followedPath.value?.steps ?? [];
  const kindOf = ({ from: above, to }: PlacedArrow): string => {
    if (path.some((step, k) => step === above.step && path[k + 1] === to.step)) return "is-followed";
    return above.step === chosen.value || affected.value.has(above.step) ? "is-lit" : "";
  };
  /** Distributes the ends of arrows along the side of a box. */
  const end = (arrow: PlacedArrow, side: "from" | "to"): Point => {
    const all = arrows.filter((other) => other[side] === arrow[side]);
    const [x, y] = at(arrow[side]);
    const apart = Math.min(stride, boxWidth / (all.length + 1));
    const shift = (all.indexOf(arrow) - (all.length - 1) / 2) * apart;
    return [x + shift, y + (side === "from" ? boxHeight / 2 : -boxHeight / 2)];
  };
  return (
    <svg
      class="graph"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label="The dependency graph"
    >
      {arrows.map((arrow) => (
        <Arrow
          points={[end(arrow, "from"), ...arrow.through.map(at), end(arrow, "to")]}
          label={shortNumber(arrow.derivative)}
          kind={kindOf(arrow)}
        />
      ))}
      {placed.map((one) => (
        <StepBox step={one.step} at={at(one)} width={boxWidth} />
      ))}
    </svg>
  );
}

/** A smooth line that is vertical at its ends and at its intermediate points. */
function Arrow({
  points,
  label,
  kind,
}: {
  readonly points: readonly Point[];
  readonly label: string;
  readonly kind: string;
}): JSX.Element {
  const [x, y] = points.at(-1)!;
  const line = points.slice(1).map(([x2, y2], i): string => {
    const [x1, y1] = points[i]!;
    const isLast = i === points.length - 2;
    const bend = (y2 - y1) / 2;
    return `C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${isLast ? y2 - 5 : y2}`;
  });
  const [x1, y1] = points.at(-2)!;
  return (
    <g class={`edge ${kind}`}>
      <path class="edge-line" d={`M${points[0]!.join(",")} ${line.join(" ")}`} />
      <path class="edge-tip" d={`M${x},${y} l-4,-8 h8 z`} />
      <text x={(x1 + x) / 2} y={(y1 + y) / 2 + 4} text-anchor="middle" class="edge-label">
        {label}
      </text>
    </g>
  );
}

function StepBox({
  step,
  at: [x, y],
  width,
}: {
  readonly step: number;
  readonly at: Point;
  readonly width: number;
}): JSX.Element {
  const { name, value, formula, iterations } = own.run.value.tape.steps[step]!;
  const shortName = name.length > 9 ? `${name.slice(0, 8)}…` : name;
  const isChosen = step === chosen.value;
  const isLit = isChosen || affected.value.has(step);
  const choose = (): void =>
    batch(() => {
      from.value = step;
      followed.value = -1;
    });
  const where = iterations.map(({ index, value: k }) => `${index} = ${k}`).join(", ");
  return (
    <g
      class={`step${isLit ? " is-lit" : ""}${isChosen ? " is-chosen" : ""}`}
      role="button"
      tabindex={0}
      aria-pressed={isChosen}
      aria-label={`${shortName} ${shortNumber(value)}${where === "" ? "" : `, ${where}`}`}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        choose();
        event.preventDefault();
      }}
    >
      <rect
        x={x - width / 2}
        y={y - boxHeight / 2}
        width={width}
        height={boxHeight}
        rx={formula === "" ? boxHeight / 2 : 4}
      />
      <text x={x} y={y - 3} text-anchor="middle" class="step-name">
        {shortName}
      </text>{" "}
      <text x={x} y={y + 13} text-anchor="middle" class="step-value">
        {shortNumber(value)}
      </text>
    </g>
  );
}
