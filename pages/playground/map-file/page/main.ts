// Script of a saved map: the value under the pointer, and a start with a line downhill.
import { typesetNumber } from "../../../../src/pictures/plot/number-text.ts";
import { make } from "../../../../src/pictures/viz/page/dom.ts";
import { type Downhill, downhillFrom, type Evaluate, type Point } from "./downhill-line.ts";

/** Data of the page. */
export interface MapData {
  readonly axes: readonly [x: string, y: string];
  readonly box: readonly [x: Point, y: Point];
  readonly start: Point;
}

declare global {
  /** The program as code, defined by a previous script of the page. */
  var evaluateAt: (point: Point) => readonly [value: number, gradient: ArrayLike<number>];
}

const keySteps = 50; // arrow key steps across the map; Shift makes ten at once

/** Makes the page interactive. */
export function start(): void {
  const { axes, box, start: first } = JSON.parse(find("#map").textContent ?? "") as MapData;
  const svg = find("svg") as SVGSVGElement;
  const frame = find("svg .frame") as SVGRectElement;
  const handle = find("svg .map-start") as SVGGElement;
  const evaluate: Evaluate = (point) => {
    const [value, [dx = Number.NaN, dy = Number.NaN]] = globalThis.evaluateAt(point) as [number, number[]];
    return { value, gradient: [dx, dy] };
  };
  const [under, line] = [make("p", { class: "under" }), make("p", { class: "line", role: "status" })];
  svg.after(under, line);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", "descent");
  handle.before(path);

  const { x, y, width, height } = frame.getBBox();
  const spotOf = ([a, b]: Point): Point => [
    x + ((a - box[0][0]) / (box[0][1] - box[0][0])) * width,
    y + height - ((b - box[1][0]) / (box[1][1] - box[1][0])) * height,
  ];
  const within = (value: number, [from, to]: Point): number => Math.min(to, Math.max(from, value));
  const pointAt = (event: MouseEvent): Point => {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()!.inverse());
    return [
      within(box[0][0] + ((spot.x - x) / width) * (box[0][1] - box[0][0]), box[0]),
      within(box[1][0] + ((y + height - spot.y) / height) * (box[1][1] - box[1][0]), box[1]),
    ];
  };
  const words = (point: Point): string => {
    const { value, gradient } = evaluate(point);
    const place = axes.map((axis, k) => `${axis} = ${show(point[k]!)}`).join(", ");
    return `${place}: value ${show(value)}, gradient (${gradient.map(show).join(", ")})`;
  };

  let at = first;
  const moveTo = (point: Point): void => {
    at = point;
    const found: Downhill = downhillFrom(evaluate, point);
    const spots = found.points.map(spotOf);
    path.setAttribute("d", spots.map(([a, b], i) => `${i === 0 ? "M" : "L"}${a},${b}`).join(""));
    handle.setAttribute("transform", `translate(${spotOf(point).join(" ")})`);
    handle.setAttribute("aria-valuenow", String(point[0]));
    handle.setAttribute("aria-valuetext", axes.map((axis, k) => `${axis} = ${show(point[k]!)}`).join(", "));
    line.textContent = `Downhill from ${words(point)}. After ${found.points.length - 1} steps ${words(found.points.at(-1)!)}.`;
  };
  svg.addEventListener("pointermove", (event) => {
    under.textContent = `Under the pointer ${words(pointAt(event))}`;
    if (svg.hasPointerCapture(event.pointerId)) moveTo(pointAt(event));
  });
  svg.addEventListener("pointerdown", (event) => {
    const isOnStart = event.target instanceof Node && handle.contains(event.target);
    if (event.pointerType === "mouse" || isOnStart) svg.setPointerCapture(event.pointerId); // a touch may be the start of scrolling
  });
  svg.addEventListener("click", (event) => moveTo(pointAt(event)));
  handle.addEventListener("keydown", (event) => {
    const ways: Readonly<Record<string, Point>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowDown: [0, -1],
      ArrowUp: [0, 1],
    };
    const way = ways[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const many = (event.shiftKey ? 10 : 1) / keySteps;
    const moved = ([0, 1] as const).map((k) =>
      within(at[k] + many * way[k] * (box[k][1] - box[k][0]), box[k]),
    ) as [number, number];
    moveTo(moved);
  });
  moveTo(first);
}

const show = (value: number): string => typesetNumber(value, 5);

function find(selector: string): Element {
  const found = document.querySelector(selector);
  if (found === null) throw new Error(`the page lacks ${selector}`);
  return found;
}
