// The dependency graph of the reader's program.
import { batch } from "@preact/signals";
import type { JSX } from "preact";
import { shortNumber } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { useWidth } from "../../live/width.ts";
import { examples } from "../programs.ts";
import { type PlacedStep, placeSteps } from "./layers.ts";
import { affected, chosen, followed, followedPath, from, own, state } from "./state.ts";

const mostDrawn = 28;
const layerHeight = 82; // CSS pixels
const [boxWidth, boxHeight] = [86, 42];

/** The graph: a value is chosen by a click or a key, and what it can affect stands out. */
export function GraphFigure(): JSX.Element {
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const { program, args, tape } = own.run.value;
  const reached = affected.value.has(tape.result) || chosen.value === tape.result;
  const name = tape.steps[chosen.value]!.name;
  return (
    <Figure
      id="graph"
      title="Who depends on whom"
      isWide
      state={{ page: state, keys: ["program", "at", "from", "path"] }}
      caption={
        <>
          Choose a value: what it can affect stands out, and the rest steps back. The number on an arrow is a
          local derivative: how fast the lower value changes when only that upper one moves.
        </>
      }
    >
      <ProgramField state={own} examples={examples} rows={3} />
      <div ref={ref}>
        <GraphDrawing width={width.value} />
      </div>
      {tape.steps.length > mostDrawn && (
        <p class="finding">
          This run has {tape.steps.length} values. The first {mostDrawn} are drawn; the paths below go over
          all of them.
        </p>
      )}
      <p class="finding" role="status">
        The result is <Value of="result" value={program.value(args)} />. <i>{name}</i> can affect{" "}
        <Value of="affected" value={affected.value.size} /> {affected.value.size === 1 ? "value" : "values"}
        {reached ? ", the result among them." : ", and the result is not among them: its derivative is 0."}
      </p>
    </Figure>
  );
}

function GraphDrawing({ width }: { readonly width: number }): JSX.Element {
  const { tape } = own.run.value;
  const placed = placeSteps(tape, mostDrawn);
  const at = new Map(placed.map((one) => [one.step, one]));
  const layers = Math.max(...placed.map(({ layer }) => layer)) + 1;
  const height = layers * layerHeight - layerHeight + boxHeight + 20;
  const path = followedPath.value?.steps ?? [];
  const x = (one: PlacedStep): number => {
    const half = Math.min(boxWidth, width / 5) / 2 + 2;
    return half + one.x * (width - 2 * half);
  };
  const y = (one: PlacedStep): number => 10 + boxHeight / 2 + one.layer * layerHeight;
  const isLit = (step: number): boolean => step === chosen.value || affected.value.has(step);
  const edges = placed.flatMap((to) =>
    tape.steps[to.step]!.sources.flatMap((source, i, all) => {
      const above = at.get(source.step);
      if (above === undefined) return [];
      const twin = all.slice(0, i).filter(({ step }) => step === source.step).length; // x * x has two arrows from x
      const isFollowed = path.some((step, k) => step === source.step && path[k + 1] === to.step);
      return [{ above, to, derivative: source.derivative, twin, isFollowed }];
    }),
  );
  return (
    <svg
      class="graph"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label="The dependency graph"
    >
      {edges.map(({ above, to, derivative, twin, isFollowed }) => (
        <Arrow
          from={[x(above), y(above) + boxHeight / 2]}
          to={[x(to), y(to) - boxHeight / 2]}
          bend={twin * 26 + (to.layer - above.layer > 1 ? 14 : 0)}
          label={shortNumber(derivative)}
          kind={isFollowed ? "is-followed" : isLit(above.step) ? "is-lit" : ""}
        />
      ))}
      {placed.map((one) => (
        <StepBox
          one={one}
          x={x(one)}
          y={y(one)}
          isLit={isLit(one.step)}
          width={Math.min(boxWidth, width / 5)}
        />
      ))}
    </svg>
  );
}

function Arrow({
  from: [x1, y1],
  to: [x2, y2],
  bend,
  label,
  kind,
}: {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly bend: number;
  readonly label: string;
  readonly kind: string;
}): JSX.Element {
  const middle = [(x1 + x2) / 2 + bend, (y1 + y2) / 2] as const;
  // a curve of which the middle lies in `middle`
  const [cx, cy] = [2 * middle[0] - (x1 + x2) / 2, 2 * middle[1] - (y1 + y2) / 2];
  const length = Math.hypot(x2 - cx, y2 - cy) || 1;
  const [ux, uy] = [(x2 - cx) / length, (y2 - cy) / length];
  const tip = `M${x2},${y2} L${x2 - 8 * ux - 4 * uy},${y2 - 8 * uy + 4 * ux} L${x2 - 8 * ux + 4 * uy},${y2 - 8 * uy - 4 * ux} z`;
  return (
    <g class={`edge ${kind}`}>
      <path class="edge-line" d={`M${x1},${y1} Q${cx},${cy} ${x2 - 5 * ux},${y2 - 5 * uy}`} />
      <path class="edge-tip" d={tip} />
      <text x={middle[0] + 4} y={middle[1] + 4} class="edge-label">
        {label}
      </text>
    </g>
  );
}

function StepBox({
  one: { step },
  x,
  y,
  width,
  isLit,
}: {
  readonly one: PlacedStep;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly isLit: boolean;
}): JSX.Element {
  const { tape } = own.run.value;
  const { name, value, formula, iterations } = tape.steps[step]!;
  const isChosen = step === chosen.value;
  const choose = (): void =>
    batch(() => {
      from.value = step;
      followed.value = -1;
    });
  const where = iterations.map(({ index, value: at }) => `${index} = ${at}`).join(", ");
  const kind = [
    formula === "" ? "is-input" : "",
    step === tape.result ? "is-result" : "",
    isLit ? "is-lit" : "",
    isChosen ? "is-chosen" : "",
  ];
  return (
    <g
      class={`step ${kind.join(" ")}`}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={`${name}${where === "" ? "" : `, ${where}`}: ${shortNumber(value)}`}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        choose();
        event.preventDefault();
      }}
    >
      <title>
        {[formula === "" ? name : `${name} = ${formula}`, where].filter((text) => text !== "").join("\n")}
      </title>
      <rect
        x={x - width / 2}
        y={y - boxHeight / 2}
        width={width}
        height={boxHeight}
        rx={formula === "" ? boxHeight / 2 : 4}
      />
      <text x={x} y={y - 3} text-anchor="middle" class="step-name">
        {name.length > 9 ? `${name.slice(0, 8)}…` : name}
      </text>
      <text x={x} y={y + 13} text-anchor="middle" class="step-value">
        {shortNumber(value)}
      </text>
    </g>
  );
}
