import type { ChartSpec, ChartView } from "../chart-spec.ts";
import type { ChartLayout } from "../chart.ts";
import { colourClass } from "../legend.ts";
import { element, type Markup } from "../markup.ts";
import { make, makeNode } from "./dom.ts";
import { type Reading, readingsAt, showValue, type CursorStop } from "./readings.ts";

/** Cursor of a chart: a line with dots over the drawing, and a box with the values. */
export interface ChartCursor {
  readonly overlay: SVGGElement;
  readonly readout: HTMLElement;
  /** Moves the cursor to a stop. Returns the values there as one line of text. */
  readonly show: (spec: ChartSpec, layout: ChartLayout, view: ChartView, stop: CursorStop) => string;
  readonly hide: () => void;
}

export function makeCursor(): ChartCursor {
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "g");
  const readout = make("div", "dh-readout");
  readout.setAttribute("aria-hidden", "true"); // keyboard readings are announced separately
  readout.hidden = true;
  return {
    overlay,
    readout,
    show(spec, layout, view, stop) {
      const readings = readingsAt(spec, layout, view, stop);
      const head = `${spec.x.label === "" ? "" : `${spec.x.label} `}${showValue(spec.x, stop.x)}`;
      overlay.replaceChildren(...marksOf(layout, stop, readings).map((mark) => makeNode(mark, true)));
      readout.replaceChildren(make("b", "", head), ...readings.map(lineOf));
      readout.hidden = false;
      putBeside(readout, layout, stop);
      return `${head}: ${readings.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
    },
    hide() {
      overlay.replaceChildren();
      readout.hidden = true;
    },
  };
}

function lineOf({ name, colour, value }: Reading): HTMLElement {
  const frame = { class: `dh-chart ${colourClass(colour)}`, viewBox: "0 -5 16 10" };
  const sign = makeNode(element("svg", frame, element("path", { class: "curve", d: "M0,0H16" })));
  return make("div", "", sign, make("span", "", name), make("span", "", value));
}

/** Positions the box with the values to the right of the cursor, or to its left if it does not fit. */
function putBeside(readout: HTMLElement, { size, box }: ChartLayout, { px, point }: CursorStop): void {
  const { offsetWidth: width, offsetHeight: height } = readout;
  const left = px + 14 + width <= size.width ? px + 12 : Math.max(0, px - 12 - width);
  const middle = point?.py ?? box.y + box.height / 2;
  const top = Math.max(0, middle - height / 2);
  readout.style.transform = `translate(${Math.round(left)}px,${Math.round(top)}px)`;
}

/** Draws the vertical line of the cursor (unless the stop is a single point) and a dot at each value. */
function marksOf({ box }: ChartLayout, { px, point }: CursorStop, readings: readonly Reading[]): Markup[] {
  const line = { x1: px, x2: px, y1: box.y, y2: box.y + box.height };
  return [
    ...(point === undefined ? [element("line", { class: "dh-cursor", ...line })] : []),
    ...readings.flatMap(({ colour, px: at, py }) =>
      py.flatMap((y) => {
        const d = `M${at},${y}h0`;
        return [
          element("path", { class: "dh-read dh-halo", d }),
          element("g", { class: colourClass(colour) }, element("path", { class: "dh-read dh-dot", d })),
        ];
      }),
    ),
  ];
}
