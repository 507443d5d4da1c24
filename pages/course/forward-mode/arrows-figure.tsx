// Dual numbers: each value with an arrow.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { shortNumber, Slider } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { useWidth } from "../../live/width.ts";
import { type Arrow, arrowsOf } from "./arrows.ts";
import { direction, far, own, rows, state } from "./state.ts";

const rowHeight = 34; // CSS pixels
const nameWidth = 110; // width of the name and the value

/** Each value as a point, its differential as an arrow, and the actual new value as a ring. */
export function ArrowsFigure(): JSX.Element {
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const arrows = useComputed(() => arrowsOf(own.run.value, rows.value, direction.value, far.value));
  const isLost = arrows.value.some(({ moved }) => moved === undefined);
  return (
    <Figure
      id="arrows"
      {...shareRun(() => own.run.value)}
      title="Dual numbers as arrows"
      state={{ page: state, keys: ["far"] }}
      caption={
        <>
          The program and the direction of the first figure. An arrow predicts the move of a value when the
          inputs move by <M>ε</M> along the direction. A ring shows the real move. Make <M>ε</M> small, and
          watch the rings approach the tips of the arrows.
        </>
      }
    >
      <div class="controls">
        <Slider value={far} label="ε" min={0} max={1} />
      </div>
      <div ref={ref}>
        <Arrows arrows={arrows.value} width={width.value} />
      </div>
      {isLost && (
        <p class="finding">
          For this move the program takes another branch or has no value, so there are no rings.
        </p>
      )}
    </Figure>
  );
}

function Arrows({
  arrows,
  width,
}: {
  readonly arrows: readonly Arrow[];
  readonly width: number;
}): JSX.Element {
  const longest = Math.max(
    ...arrows.flatMap(({ told, moved }) => [Math.abs(told), Math.abs(moved ?? 0)]).filter(Number.isFinite),
    0,
  );
  const middle = nameWidth + (width - nameWidth) / 2;
  const unit = longest === 0 ? 0 : ((width - nameWidth) / 2 - 16) / longest;
  const height = arrows.length * rowHeight + 8;
  const words = arrows.map(({ name, told }) => `${name} ${shortNumber(told)}`).join(", ");
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`How far values move: ${words}`}
    >
      <line x1={middle} x2={middle} y1={4} y2={height - 4} class="dual-axis" />
      {arrows.map((arrow, i) => (
        <DualRow arrow={arrow} y={i * rowHeight + rowHeight / 2 + 4} middle={middle} unit={unit} />
      ))}
    </svg>
  );
}

function DualRow({
  arrow: { name, value, told, moved },
  y,
  middle,
  unit,
}: {
  readonly arrow: Arrow;
  readonly y: number;
  readonly middle: number;
  readonly unit: number;
}): JSX.Element {
  const tip = middle + (Number.isFinite(told) ? told * unit : 0);
  const side = Math.sign(tip - middle);
  const isLong = Math.abs(tip - middle) > 6;
  return (
    <g>
      <text x={0} y={y + 4} class="dual-name">
        {name} = {shortNumber(value)}
      </text>
      <line x1={middle} x2={isLong ? tip - side * 5 : tip} y1={y} y2={y} class="dual-arrow" />
      {isLong && <path d={`M${tip},${y} l${-side * 8},-4.5 v9 z`} class="dual-tip" />}
      {moved !== undefined && Number.isFinite(moved) && (
        <circle cx={middle + moved * unit} cy={y} r={5.5} class="dual-ring" />
      )}
      <circle cx={middle} cy={y} r={3.5} class="dual-point" />
    </g>
  );
}
