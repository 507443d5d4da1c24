// A map of a function of two numbers, with runs and a movable start.
import type { Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId, useMemo } from "preact/hooks";
import { simplify } from "../../src/pictures/landscapes/draw/contours.ts";
import type { DrawingPoint } from "../../src/pictures/plot/series.ts";
import { thinTrail } from "../../src/pictures/landscapes/draw/thin-trail.ts";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";
import { marksFor } from "../../src/pictures/plot/at-widths.ts";
import { drawAxes } from "../../src/pictures/plot/axes.ts";
import { cross, markerPath, round, runSign, star } from "../../src/pictures/plot/markers.ts";
import { runClass } from "../../src/pictures/plot/palette.ts";
import { linearScale } from "../../src/pictures/plot/scale.ts";
import { numberFrom, type PageState } from "./address.ts";
import { type ContourMap, contourSize, type MapBox } from "./contour-map.ts";
import { Drawing } from "./drawing.tsx";
import { shortNumber } from "./fields.tsx";
import { shades } from "./shades.ts";
import { useWidth } from "./width.ts";

/** A run shown on a map. Entry t of a list is the state after t steps. */
export interface MapTrail {
  readonly name: string;
  readonly points: readonly Point[];
  /** Function values at the points, for the table. */
  readonly values?: readonly number[];
  /** Whether the run diverged. It then ends with a cross instead of its marker. */
  readonly isLost?: boolean;
  /** Index of its colour. Default: its index among the trails. */
  readonly colour?: number;
}

interface MapProps {
  /** Description of the map for screen readers. */
  readonly label: string;
  readonly contours: ContourMap;
  readonly trails: readonly MapTrail[];
  /** Trails are drawn up to this step. Default: completely. */
  readonly step?: number;
  /** Start of the runs. A click or a drag on the map and the arrow keys move it. */
  readonly start?: { value: Point };
  readonly minima?: readonly Point[];
  readonly saddles?: readonly Point[];
  /** SVG elements instead of the shaded contours, in a plot of `contourSize` with y downwards. */
  readonly ground?: ComponentChildren;
  /** Whether the table of the runs is shown below. Default true. */
  readonly hasTable?: boolean;
  /** True for a map without axes and colour bar, as wide as its container. Default false. */
  readonly isPlain?: boolean;
}

/** Margins around a plot, in CSS pixels; `bar` is the height of the colour bar. */
interface Margin {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly bar: number;
}

const axesMargin: Margin = { left: 48, right: 18, top: 26, bottom: 48, bar: 40 };
const noMargin: Margin = { left: 0, right: 0, top: 0, bottom: 0, bar: 0 };
const widest = 600; // maximum plot width in CSS pixels; the 4 : 3 box preserves angles, so that paths cross contours at right angles
const mostDots = 80; // steps; longer runs have no dot per step
const farOutside = 1e4; // pixels; farther points are moved to this distance, because drawings do not accept all numbers

/** Coordinates of a start, stored in the address as `-3,1.5`. */
export function pointState(page: PageState, key: string, initial: Point): Signal<Point> {
  return page.value<Point>(
    key,
    initial,
    (text) => {
      const point = text.split(",").map((part) => numberFrom(part));
      if (point.length !== initial.length) throw new Error(`it must be ${initial.length} numbers`);
      return point;
    },
    (point) => point.map((x) => String(Number(x.toPrecision(6)))).join(","),
  );
}

/** Mapping from points of a box to positions in a drawing. */
interface Placing {
  readonly margin: Margin;
  readonly width: number;
  readonly height: number;
  readonly at: (point: Point) => DrawingPoint;
  readonly pointAt: (x: number, y: number) => Point;
}

function placingOf([[x0, x1], [y0, y1]]: MapBox, room: number, isPlain: boolean): Placing {
  const margin = isPlain ? noMargin : axesMargin;
  const width = Math.min(isPlain ? room : widest, Math.max(160, room - margin.left - margin.right));
  const height = Math.round((width * contourSize.height) / contourSize.width);
  const inside = (z: number): number => Math.min(farOutside, Math.max(-farOutside, round(z)));
  return {
    margin,
    width,
    height,
    at: ([x, y]) => [
      inside(margin.left + ((x! - x0) / (x1 - x0)) * width),
      inside(margin.top + height - ((y! - y0) / (y1 - y0)) * height),
    ],
    pointAt: (x, y) =>
      [
        x0 + Math.min(1, Math.max(0, (x - margin.left) / width)) * (x1 - x0),
        y0 + Math.min(1, Math.max(0, 1 - (y - margin.top) / height)) * (y1 - y0),
      ].map((z) => Number(z.toPrecision(3))),
  };
}

/**
 * A map of a landscape: shaded contours with a colour bar, known minima and saddles, and runs as trails. The start can
 * be clicked, dragged or moved by keys. A table lists the runs in numbers.
 */
export function LandscapeMap(props: MapProps): JSX.Element {
  const { label, contours, trails, step = Infinity, start, minima = [], saddles = [], ground } = props;
  const { isPlain = false } = props;
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const id = useId();
  const placing = useMemo(
    () => placingOf(contours.box, width.value, isPlain),
    [contours.box, width.value, isPlain],
  );
  const { margin } = placing;
  const hasBar = ground === undefined && !isPlain;
  const land = useMemo(
    () => <Land contours={contours} placing={placing} id={id} ground={ground} isPlain={isPlain} />,
    [contours, placing, id, ground, isPlain],
  );
  const height = margin.top + placing.height + margin.bottom + (hasBar ? margin.bar : 0);
  return (
    <div class="map-figure">
      <div ref={ref}>
        <svg
          class={start === undefined ? "dh-chart dl map" : "dh-chart dl map has-start"}
          width={placing.width + margin.left + margin.right}
          height={height}
          role={start === undefined ? "img" : "group"}
          aria-label={label}
          {...(start === undefined ? {} : moving(start, placing))}
        >
          {land}
          <g clip-path={`url(#${id}-clip)`}>
            {saddles.map((point) => (
              <path class="saddle" d="M-7,-4Q0,6 7,-4" transform={translate(placing.at(point))} />
            ))}
            {minima.map((point) => (
              <path class="goal" d={star(5, 10, 0.42)} transform={translate(placing.at(point))} />
            ))}
            {trails.map((trail, i) => (
              <Trail trail={trail} i={trail.colour ?? i} step={step} placing={placing} />
            ))}
            {start === undefined && trails[0] !== undefined && (
              <circle class="start" r={4.5} transform={translate(placing.at(trails[0].points[0]!))} />
            )}
          </g>
          {start !== undefined && <Start start={start} contours={contours} placing={placing} />}
        </svg>
      </div>
      {props.hasTable !== false && trails.length > 0 && (
        <TrailTable trails={trails} step={step} axes={contours.axes} />
      )}
    </div>
  );
}

function translate([x, y]: DrawingPoint): string {
  return `translate(${x} ${y})`;
}

/** Draws the parts of a map that do not change during a run: contours, axes and the colour bar. */
function Land({
  contours: { axes, box, paths, labels, quantity },
  placing: { margin, width, height },
  id,
  ground,
  isPlain,
}: {
  readonly contours: ContourMap;
  readonly placing: Placing;
  readonly id: string;
  readonly ground: ComponentChildren;
  readonly isPlain: boolean;
}): JSX.Element {
  const plot = { x: margin.left, y: margin.top, width, height };
  const x = linearScale(box[0][0], box[0][1], marksFor(width, 6));
  const y = linearScale(box[1][0], box[1][1], 5);
  const colours = shades(paths.length + 1);
  return (
    <>
      <clipPath id={`${id}-clip`}>
        <rect {...plot} />
      </clipPath>
      <g clip-path={`url(#${id}-clip)`}>
        <rect class="lowland" {...plot} style={`fill:${colours[0]!}`} />
        <g
          transform={`translate(${plot.x} ${plot.y}) scale(${width / contourSize.width} ${height / contourSize.height})`}
        >
          {ground ??
            paths.map(
              (d, i) =>
                d !== "" && (
                  <path class="level" fill-rule="evenodd" d={d} style={`fill:${colours[i + 1]!}`} />
                ),
            )}
        </g>
      </g>
      {!isPlain &&
        drawAxes(plot, x, y, { x: { label: axes[0] }, y: { label: axes[1] } }, false).map((mark) => (
          <Drawing of={mark} />
        ))}
      <rect class="frame" {...plot} />
      {ground === undefined && !isPlain && (
        <g transform={`translate(${plot.x} ${plot.y + height + margin.bottom})`}>
          <ColourBar width={width} colours={colours} labels={labels} quantity={quantity} />
        </g>
      )}
    </>
  );
}

const labelWidth = 44; // pixels per label of the colour bar

/** Colours from low to high, with the levels between them. */
function ColourBar({
  width,
  colours,
  labels,
  quantity,
}: {
  readonly width: number;
  readonly colours: readonly string[];
  readonly labels: readonly string[];
  readonly quantity: string;
}): JSX.Element {
  const name = 7 * quantity.length + 10;
  const part = (width - name) / colours.length;
  const every = Math.max(1, Math.ceil(labelWidth / part));
  return (
    <>
      <text class="label" x={0} y={10}>
        {quantity}
      </text>
      {colours.map((colour, i) => (
        <rect
          x={round(name + i * part)}
          y={0}
          width={round(part + 0.5)}
          height={10}
          style={`fill:${colour}`}
        />
      ))}
      {labels.map(
        (text, i) =>
          i % every === 0 && (
            <text class="tick" x={round(name + (i + 1) * part)} y={25} text-anchor="middle">
              {text}
            </text>
          ),
      )}
    </>
  );
}

const notSeen = 0.3; // maximum error in pixels of the simplified line of a long run

/** Draws a run up to a step, with its marker at the position after this step. */
function Trail({
  trail: { name, points, isLost = false },
  i,
  step,
  placing: { at },
}: {
  readonly trail: MapTrail;
  readonly i: number;
  readonly step: number;
  readonly placing: Placing;
}): JSX.Element {
  const shown = points.slice(0, step + 1).map(at);
  const d = simplify(thinTrail(shown), notSeen)
    .map(([x, y], k) => `${k === 0 ? "M" : "L"}${x},${y}`)
    .join("");
  const dots =
    shown.length <= mostDots
      ? shown.map(([x, y]) => `M${round(x - 2)},${y}a2,2 0 1,0 4,0a2,2 0 1,0 -4,0`).join("")
      : "";
  return (
    <g class={runClass(i)}>
      <title>{name}</title>
      <path class="halo" d={d} />
      <path class="trail" d={d} />
      <path class="dot" d={dots} />
      {isLost && step >= points.length - 1 ? (
        <path class="lost" d={cross(6)} transform={translate(shown.at(-1)!)} />
      ) : (
        <path class="marker" d={markerPath(i, 5)} transform={translate(shown.at(-1)!)} />
      )}
    </g>
  );
}

/** Pointer handlers that move the start: a click anywhere, a mouse drag, or a touch drag of the start itself. */
function moving(start: { value: Point }, placing: Placing): JSX.SVGAttributes<SVGSVGElement> {
  const go = (event: JSX.TargetedMouseEvent<SVGSVGElement>): void => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    start.value = placing.pointAt(event.clientX - left, event.clientY - top);
  };
  return {
    onPointerDown: (event) => {
      const isOnStart = event.target instanceof Element && event.target.closest(".map-start") !== null;
      if (event.pointerType !== "mouse" && !isOnStart) return; // scrolling with a finger starts in the same way
      event.currentTarget.setPointerCapture(event.pointerId);
      if (!isOnStart) go(event);
    },
    onPointerMove: (event) => {
      if (event.currentTarget.hasPointerCapture(event.pointerId)) go(event);
    },
    onClick: (event) => {
      if (event.detail > 0) go(event);
    },
  };
}

const keySteps = 50; // arrow key steps across the map; Shift moves ten times as far

/** The start: a point that can receive the keyboard focus. */
function Start({
  start,
  contours: { axes, box },
  placing,
}: {
  readonly start: { value: Point };
  readonly contours: ContourMap;
  readonly placing: Placing;
}): JSX.Element {
  const [x, y] = start.value as readonly [number, number];
  const move = (event: JSX.TargetedKeyboardEvent<SVGGElement>): void => {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowDown: [0, -1],
      ArrowUp: [0, 1],
    };
    const way = moves[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const part = event.shiftKey ? 10 * keySteps : keySteps;
    start.value = [x, y].map((z, k) => {
      const [from, to] = box[k]!;
      return Number(Math.min(to, Math.max(from, z + (way[k]! * (to - from)) / part)).toPrecision(4));
    });
  };
  return (
    <g
      class="map-start"
      role="slider"
      tabindex={0}
      aria-label="start of the runs: the arrow keys move it"
      aria-valuemin={box[0][0]}
      aria-valuemax={box[0][1]}
      aria-valuenow={x}
      aria-valuetext={`${axes[0]} = ${shortNumber(x)}, ${axes[1]} = ${shortNumber(y)}`}
      transform={translate(placing.at(start.value))}
      onKeyDown={move}
    >
      <circle class="map-grip" r={18} />
      <circle class="start" r={6} />
    </g>
  );
}

/** Table of the runs. Its colours are the legend. */
function TrailTable({
  trails,
  step,
  axes,
}: {
  readonly trails: readonly MapTrail[];
  readonly step: number;
  readonly axes: readonly [string, string];
}): JSX.Element {
  return (
    <div class="scroll" role="group" tabIndex={0} aria-label="The runs in numbers">
      <table class="plain map-table">
        <thead>
          <tr>
            <th scope="col">run</th>
            <th scope="col">steps</th>
            <th scope="col">{axes[0]}</th>
            <th scope="col">{axes[1]}</th>
            <th scope="col">f</th>
          </tr>
        </thead>
        <tbody>
          {trails.map(({ name, points, values, isLost = false, colour }, i) => {
            const t = Math.min(step, points.length - 1);
            return (
              <tr>
                <th scope="row">
                  <svg
                    class="dh-chart dl swatch"
                    viewBox="0 -8 30 16"
                    width="30"
                    height="16"
                    aria-hidden="true"
                  >
                    <Drawing of={runSign(colour ?? i)} />
                  </svg>
                  {name}
                </th>
                <td>{t.toLocaleString("en")}</td>
                <td>{shortNumber(points[t]![0]!)}</td>
                <td>{shortNumber(points[t]![1]!)}</td>
                <td>
                  {isLost && t === points.length - 1
                    ? "diverged"
                    : values === undefined
                      ? ""
                      : shortNumber(values[t]!)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
