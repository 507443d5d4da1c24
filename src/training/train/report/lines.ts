import { marksFor } from "../../../pictures/viz/at-widths.ts";
import { element, type Markup } from "../../../pictures/viz/markup.ts";
import type { LinesFigure, Mark, Series } from "./figures.ts";
import { extent, linearScale, logScale, type Scale, showTick } from "./scale.ts";

const margin = { left: 52, right: 14, top: 12, bottom: 34 };
const mostMarked = 60; // epochs; with more, single points are not marked

/** Curves over the epochs as a drawing of so many CSS pixels. */
export function drawLines(
  { title, series, unit = "number", log, marks = [] }: LinesFigure,
  width: number,
): Markup {
  const size = { width, height: Math.round(150 + 0.22 * width) };
  const plot = {
    width: size.width - margin.left - margin.right,
    height: size.height - margin.top - margin.bottom,
  };
  const bottom = size.height - margin.bottom;
  const epochs = Math.max(1, ...series.map(({ values }) => values.length));
  const all = series.flatMap(({ values }) => values);
  const y = yScale(all, unit, log);
  const x = linearScale(
    [],
    Math.min(marksFor(plot.width, 8), Math.max(1, epochs - 1)),
    epochs === 1 ? [0.5, 1.5] : [1, epochs],
  );
  const show = (value: number): string =>
    unit === "percent" ? `${showTick(value * 100)} %` : showTick(value);
  const place = {
    x: (epoch: number) => margin.left + x.at(epoch) * plot.width,
    y: (v: number) => bottom - y.at(v) * plot.height,
  };
  return element(
    "svg",
    {
      class: "chart",
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: "img",
      "aria-label": `${title} over the epochs`,
    },
    ...y.ticks.flatMap((tick) => [
      element("line", {
        class: "grid",
        x1: margin.left,
        x2: size.width - margin.right,
        y1: round(place.y(tick)),
        y2: round(place.y(tick)),
      }),
      element(
        "text",
        { class: "tick", x: margin.left - 8, y: round(place.y(tick) + 4), "text-anchor": "end" },
        show(tick),
      ),
    ]),
    ...epochTicks(x, epochs).map((tick) =>
      element(
        "text",
        { class: "tick", x: round(place.x(tick)), y: bottom + 17, "text-anchor": "middle" },
        showTick(tick),
      ),
    ),
    element(
      "text",
      { class: "tick", x: margin.left + plot.width / 2, y: size.height - 3, "text-anchor": "middle" },
      "epoch",
    ),
    ...drawMarks(marks, place, { right: size.width - margin.right, bottom }),
    ...series.map((one, i) => drawSeries(one, i, place, show, epochs <= mostMarked)),
  );
}

/** The marks of the axis of epochs; the first epoch is one where there is room. */
function epochTicks({ ticks, at }: Scale, epochs: number): readonly number[] {
  const whole = ticks.filter(Number.isInteger);
  const hasRoom = whole.length === 0 || at(whole[0]!) > 0.06;
  return whole[0] === 1 || !hasRoom || epochs === 1 ? whole : [1, ...whole];
}

function yScale(values: readonly number[], unit: "number" | "percent", log: boolean | undefined): Scale {
  const finite = values.filter(Number.isFinite);
  const [low, high] = extent(finite);
  if (unit === "percent") {
    const from = Math.max(0, Math.min(0.9, Math.floor(low * 10 - 1e-9) / 10));
    return linearScale([], 5, [from, 1]);
  }
  const spans = finite.length > 0 && low > 0 && high / low > 100;
  if (log ?? spans) return logScale(finite);
  const isFromZero = low > 0 && (low < high * 0.8 || low === high);
  return linearScale(isFromZero ? [0, low === high ? high * 1.2 : high] : [low, high], 5);
}

const spaceOf = (label: string): number => 6.3 * label.length + 8; // that a label takes, about

/** A dashed line across for each mark, and over the lines their labels, where there is room beside the one before. */
function drawMarks(
  marks: readonly Mark[],
  place: Place,
  { right, bottom }: { readonly right: number; readonly bottom: number },
): Markup[] {
  const lines = marks.map(({ epoch, label }) => {
    const x = round(place.x(epoch));
    const title = element("title", {}, `${label}, before epoch ${Math.ceil(epoch)}`);
    return element("line", { class: "mark", x1: x, x2: x, y1: margin.top, y2: bottom }, title);
  });
  let free = margin.left;
  const labels = marks.flatMap(({ epoch, label }) => {
    const [x, space] = [place.x(epoch), spaceOf(label)];
    const isLeft = x + space > right; // of its line, at the right end
    if ((isLeft ? x - space : x) < free) return [];
    free = isLeft ? right : x + space;
    const at = {
      x: round(isLeft ? x - 4 : x + 4),
      y: margin.top + 9,
      "text-anchor": isLeft ? "end" : "start",
    };
    return [element("text", { class: "tick label", ...at }, label)];
  });
  return [...lines, ...labels];
}

interface Place {
  readonly x: (epoch: number) => number;
  readonly y: (value: number) => number;
}

function drawSeries(
  { name, values }: Series,
  i: number,
  place: Place,
  show: (value: number) => string,
  isMarked: boolean,
): Markup {
  const points = values.map((value, k) => [k + 1, value] as const);
  const finite = points.filter(([, value]) => Number.isFinite(value));
  let path = "";
  let isDown = false;
  for (const [epoch, value] of points) {
    if (Number.isFinite(value))
      path += `${isDown ? "L" : "M"}${round(place.x(epoch))},${round(place.y(value))}`;
    isDown = Number.isFinite(value);
  }
  return element(
    "g",
    { class: `series series-${i + 1}` },
    element("path", { d: path }),
    ...(isMarked ? finite : finite.slice(-1)).map(([epoch, value]) =>
      element(
        "circle",
        { cx: round(place.x(epoch)), cy: round(place.y(value)), r: 2.2 },
        element("title", {}, `${name}, epoch ${epoch}: ${show(Number(value.toPrecision(5)))}`),
      ),
    ),
  );
}

/** To a tenth of a unit: finer is not seen. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
