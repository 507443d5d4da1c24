// A plane with axes on which points can be moved.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";
import { marksFor } from "../../src/pictures/plot/at-widths.ts";
import { drawAxes } from "../../src/pictures/plot/axes.ts";
import { round } from "../../src/pictures/plot/markers.ts";
import { linearScale } from "../../src/pictures/plot/scale.ts";
import { Drawing } from "./drawing.tsx";
import { shortNumber } from "./fields.tsx";
import { useWidth } from "./width.ts";

/** A point that can be dragged, or moved by the arrow keys. */
export interface Handle {
  /** Description for screen readers. */
  readonly label: string;
  readonly at: Point;
  readonly move: (to: Point) => void;
  /** CSS class of its appearance. Default: an open circle. */
  readonly look?: string;
}

/** Mapping from the plane to the drawing, in CSS pixels. */
export interface Placed {
  readonly spot: (x: number, y: number) => readonly [left: number, top: number];
  /** Path data of a line through points. Non-finite values leave gaps. */
  readonly line: (xs: ArrayLike<number>, ys: ArrayLike<number>) => string;
  /** Path data of the area between two lines over the same xs. */
  readonly band: (xs: ArrayLike<number>, low: ArrayLike<number>, high: ArrayLike<number>) => string;
  /** Pixels per unit along x. */
  readonly unit: number;
}

interface PlaneProps {
  /** Description of the drawing for screen readers. */
  readonly label: string;
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
  /** Names of the axes. Without them no axes are drawn. */
  readonly axes?: readonly [x: string, y: string];
  /** Height divided by width of the plot. Default: equal units along x and y. */
  readonly aspect?: number;
  readonly widest?: number;
  readonly handles?: readonly Handle[];
  /** Called for a click outside the handles. */
  readonly onPlace?: (at: Point) => void;
  readonly children: (placed: Placed) => ComponentChildren;
}

const far = 1e5; // pixels; farther points are moved to this distance
const pointRoom = 6; // pixels drawn beyond the axes, so that points on them are complete
const keySteps = 60; // arrow key steps across the plane; Shift makes ten at once

/** A drawing over two axes, with the width of its container. */
export function Plane(props: PlaneProps): JSX.Element {
  const { label, x, y, axes, handles = [], onPlace, children, widest = 720 } = props;
  const { ref, width: room } = useWidth<HTMLDivElement>(640);
  const id = useId();
  const margin =
    axes === undefined
      ? { left: 1, right: 1, top: 1, bottom: 1 }
      : { left: 52, right: 18, top: 26, bottom: 42 };
  const width = Math.max(160, Math.min(widest, room.value) - margin.left - margin.right);
  const unit = width / (x[1] - x[0]);
  const aspect = props.aspect ?? (y[1] - y[0]) / (x[1] - x[0]);
  const height = Math.round(width * aspect);
  const within = (pixels: number): number => Math.min(far, Math.max(-far, round(pixels)));
  const spot: Placed["spot"] = (a, b) => [
    within(margin.left + (a - x[0]) * unit),
    within(margin.top + (1 - (b - y[0]) / (y[1] - y[0])) * height),
  ];
  const pointAt = (left: number, top: number): Point =>
    [
      x[0] + Math.min(1, Math.max(0, (left - margin.left) / width)) * (x[1] - x[0]),
      y[0] + Math.min(1, Math.max(0, 1 - (top - margin.top) / height)) * (y[1] - y[0]),
    ].map((z) => Number(z.toPrecision(4)));
  const rim = axes === undefined ? 0 : pointRoom;
  const box = { x: margin.left, y: margin.top, width, height };
  const placed: Placed = {
    spot,
    unit,
    line: (xs, ys) => lineOf(xs, ys, spot),
    band: (xs, low, high) => {
      const back = Array.from({ length: xs.length }, (_, i) => xs.length - 1 - i);
      const under = back.map((i) => spot(xs[i]!, low[i]!).join(",")).join("L");
      return `${lineOf(xs, high, spot)}L${under}Z`;
    },
  };
  const place = (event: JSX.TargetedMouseEvent<SVGSVGElement>): Point => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return pointAt(event.clientX - left, event.clientY - top);
  };
  return (
    <div ref={ref} class="plane">
      <svg
        class="dh-chart dl"
        width={width + margin.left + margin.right}
        height={height + margin.top + margin.bottom}
        role={handles.length === 0 && onPlace === undefined ? "img" : "group"}
        aria-label={label}
        {...(onPlace === undefined
          ? {}
          : {
              onClick: (event: JSX.TargetedMouseEvent<SVGSVGElement>) => {
                const isHandle = event.target instanceof Element && event.target.closest(".handle") !== null;
                if (!isHandle) onPlace(place(event));
              },
            })}
      >
        <clipPath id={`${id}-clip`}>
          <rect x={box.x - rim} y={box.y - rim} width={box.width + 2 * rim} height={box.height + 2 * rim} />
        </clipPath>
        {axes !== undefined &&
          drawAxes(
            box,
            linearScale(x[0], x[1], marksFor(width, 7)),
            linearScale(y[0], y[1], 5),
            { x: { label: axes[0] }, y: { label: axes[1] } },
            true,
          ).map((mark) => <Drawing of={mark} />)}
        <g clip-path={`url(#${id}-clip)`}>{children(placed)}</g>
        {handles.map((handle) => (
          <HandlePoint handle={handle} spot={spot} pointAt={pointAt} x={x} y={y} />
        ))}
      </svg>
    </div>
  );
}

function lineOf(xs: ArrayLike<number>, ys: ArrayLike<number>, spot: Placed["spot"]): string {
  let path = "";
  let isDown = false;
  for (let i = 0; i < xs.length; i++) {
    const isThere = Number.isFinite(xs[i]!) && Number.isFinite(ys[i]!);
    if (isThere) path += `${isDown ? "L" : "M"}${spot(xs[i]!, ys[i]!).join(",")}`;
    isDown = isThere;
  }
  return path;
}

function HandlePoint({
  handle: { label, at, move, look = "" },
  spot,
  pointAt,
  x,
  y,
}: {
  readonly handle: Handle;
  readonly spot: Placed["spot"];
  readonly pointAt: (left: number, top: number) => Point;
  readonly x: PlaneProps["x"];
  readonly y: PlaneProps["y"];
}): JSX.Element {
  const [left, top] = spot(at[0]!, at[1]!);
  const moveTo = (a: number, b: number): void =>
    move(
      [Math.min(x[1], Math.max(x[0], a)), Math.min(y[1], Math.max(y[0], b))].map((z) =>
        Number(z.toPrecision(4)),
      ),
    );
  return (
    <g
      class={`handle ${look}`}
      role="button"
      tabindex={0}
      aria-label={`${label}, at ${shortNumber(at[0]!)}, ${shortNumber(at[1]!)}: drag it, or use the arrow keys`}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const frame = event.currentTarget.ownerSVGElement!.getBoundingClientRect();
        move(pointAt(event.clientX - frame.left, event.clientY - frame.top));
      }}
      onKeyDown={(event) => {
        const many = event.shiftKey ? 10 : 1;
        const [dx, dy] = [x[1] - x[0], y[1] - y[0]].map((span) => (many * span) / keySteps) as [
          number,
          number,
        ];
        const to = {
          ArrowLeft: [at[0]! - dx, at[1]!],
          ArrowRight: [at[0]! + dx, at[1]!],
          ArrowUp: [at[0]!, at[1]! + dy],
          ArrowDown: [at[0]!, at[1]! - dy],
        }[event.key];
        if (to === undefined) return;
        moveTo(to[0]!, to[1]!);
        event.preventDefault();
      }}
    >
      <circle class="handle-room" cx={left} cy={top} r={14} />
      <circle class="handle-point" cx={left} cy={top} r={5.5} />
    </g>
  );
}
