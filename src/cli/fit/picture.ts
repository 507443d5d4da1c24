import { linearScale, type Scale, showTick } from "../../training/train/report/scale.ts";
import { marksFor } from "../../pictures/viz/at-widths.ts";
import { plainFonts } from "../../pictures/viz/graph-style.ts";
import { showNumber } from "../../pictures/viz/index.ts";
import { element, type Markup, writeMarkup } from "../../pictures/viz/markup.ts";
import { endsOf } from "./numbers.ts";
import type { Drawing, FitReport } from "./report.ts";
import { parameterRows } from "./report.ts";
import { percent } from "./text.ts";

const pictureWidth = 760;
const margin = { left: 70, right: 18, top: 40, bottom: 46 };
const mostPoints = 4000;

/** Colours and type of a picture that stands alone, light and dark. */
const pictureStyle = `
:root{--ink:#1f2328;--soft:#59636e;--grid:#eaeef2;--axis:#8c959f;--paper:#fff;--first:#0969da;--second:#bc4c00}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--grid:#21262d;--axis:#6e7681;--paper:#0d1117;--first:#58a6ff;--second:#f0883e}}
svg{background:var(--paper);font-family:${plainFonts}}
.paper{fill:var(--paper)}
.head{fill:var(--ink);font-size:18px;font-weight:600}
.note{fill:var(--soft);font-size:12.5px}
`.trim();

/** What both the picture and the page need. */
export const panelStyle: string = `
.panel{fill:var(--ink);font-size:13.5px;font-weight:600}
.key{fill:var(--soft);font-size:12px}
.fit .grid{stroke:var(--grid)}
.fit .axis{stroke:var(--axis,var(--faint))}
.fit .zero{stroke:var(--second);stroke-width:1.5}
.fit .tick{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.data circle{fill:var(--first);fill-opacity:.75}
.data.many circle{fill-opacity:.45}
.stem line{stroke:var(--first);stroke-opacity:.35}
.band{fill:var(--second);fill-opacity:.2}
.curve{fill:none;stroke:var(--second);stroke-width:2;stroke-linejoin:round}
.curve.thin{stroke-width:1.2}
.same{stroke-dasharray:5 4}
`.trim();

/** The fit as an SVG picture that stands alone and follows the reader's choice of light or dark. */
export function fitPicture(report: FitReport): string {
  const { formula, source, data, fit } = report;
  const notes = [
    `${source}: ${data.rows.toLocaleString("en")} rows, R² = ${showNumber(Number(fit.rSquared.toFixed(12)), 5)}`,
    ...joined(
      parameterRows(report).map(
        ({ name, value, error }) => `${name} = ${value}${error === "–" ? "" : ` ± ${error}`}`,
      ),
      100,
    ),
  ];
  const heads = linesOf(formula.text, 68);
  const top = 20 + 24 * heads.length + 18 * notes.length;
  const { drawn, height } = drawPanels(report, top, pictureWidth);
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "fit",
      role: "img",
      "aria-label": formula.text,
      width: pictureWidth,
      height,
      viewBox: `0 0 ${pictureWidth} ${height}`,
    },
    element("title", {}, formula.text),
    element("style", {}, `${pictureStyle}\n${panelStyle}`),
    element("rect", { class: "paper", width: pictureWidth, height }),
    ...heads.map((line, i) => element("text", { class: "head", x: 18, y: 30 + 24 * i }, line)),
    ...notes.map((line, i) =>
      element("text", { class: "note", x: 18, y: 28 + 24 * heads.length + 18 * i }, line),
    ),
    ...drawn,
  );
  return `${writeMarkup(svg)}\n`;
}

/** Data with curve and band, and below them the residuals, from `top` down and so many CSS pixels wide. */
export function drawPanels(
  report: FitReport,
  top: number,
  width: number,
): { readonly drawn: readonly Markup[]; readonly height: number } {
  const { drawing, settings } = report;
  const { curve } = drawing;
  const heights = { curve: Math.round(190 + 0.29 * width), residuals: Math.round(140 + 0.12 * width) };
  const marks = marksFor(width - margin.left - margin.right, 8);
  const x = linearScale([], marks, roomyEnds(drawing.x));
  const inRange = visibleBand(drawing);
  const y = linearScale([...drawing.y, ...curve.value.filter(Number.isFinite), ...inRange], 6);
  const r = linearScale([...drawing.residuals, 0], 4);
  const isCurve = drawing.kind === "curve";
  const every = thinning(drawing);
  const upper = panel({
    width,
    title: `${drawing.yName} against ${drawing.xName}`,
    key: [
      { kind: "dot", text: every === 1 ? "data" : `data, one row in ${every}` },
      { kind: "line", text: isCurve ? "fit" : "equal" },
      ...(isCurve && inRange.length > 0
        ? [
            {
              kind: "band" as const,
              text: `${percent(settings.level)}${width < 390 ? "" : " confidence"} band`,
            },
          ]
        : []),
    ],
    x,
    y,
    xName: drawing.xName,
    top,
    height: heights.curve,
    draw: (px, py, plotTop, bottom) => [
      ...(isCurve && inRange.length > 0 ? [band(drawing, px, py, plotTop, bottom)] : []),
      ...(isCurve ? [circles(drawing, drawing.y, px, py)] : []),
      element("path", {
        class: isCurve ? `curve${turningPoints(curve.value) > 40 ? " thin" : ""}` : "curve same",
        d: path(curve.x, curve.value, px, py),
      }),
      ...(isCurve ? [] : [circles(drawing, drawing.y, px, py)]),
    ],
  });
  const lower = panel({
    width,
    title: "Residuals",
    key: [],
    x,
    y: r,
    xName: drawing.xName,
    top: top + heights.curve,
    height: heights.residuals,
    draw: (px, py) => [
      element("line", {
        class: "zero",
        x1: margin.left,
        x2: width - margin.right,
        y1: py(0),
        y2: py(0),
      }),
      ...(drawing.x.length > 300 ? [] : [stems(drawing, px, py)]),
      circles(drawing, drawing.residuals, px, py),
    ],
  });
  return { drawn: [upper, lower], height: top + heights.curve + heights.residuals };
}

interface Panel {
  readonly width: number;
  readonly title: string;
  readonly key: readonly { readonly kind: "dot" | "line" | "band"; readonly text: string }[];
  readonly x: Scale;
  readonly y: Scale;
  readonly xName: string;
  readonly top: number;
  readonly height: number;
  readonly draw: (px: Place, py: Place, plotTop: number, bottom: number) => readonly Markup[];
}

type Place = (value: number) => number;

function panel({ width, title, key, x, y, xName, top, height, draw }: Panel): Markup {
  const plotWidth = width - margin.left - margin.right;
  const keyLength = key.reduce((sum, { text }) => sum + lengthInKey(text), 0);
  const isBeside = margin.left + 8 * title.length + keyLength < width; // the key has room beside the title
  const plotTop = top + margin.top + (isBeside ? 0 : 20);
  const bottom = top + height - margin.bottom;
  const plotHeight = bottom - plotTop;
  const right = width - margin.right;
  const px: Place = (value) => round(margin.left + x.at(value) * plotWidth);
  const py: Place = (value) => round(bottom - y.at(value) * plotHeight);
  return element(
    "g",
    {},
    element("text", { class: "panel", x: margin.left, y: top + 22 }, title),
    ...legend(key, right, top + (isBeside ? 22 : 44)),
    ...y.ticks.flatMap((tick) => [
      element("line", { class: "grid", x1: margin.left, x2: right, y1: py(tick), y2: py(tick) }),
      element(
        "text",
        { class: "tick", x: margin.left - 9, y: py(tick) + 4, "text-anchor": "end" },
        showTick(tick),
      ),
    ]),
    element("line", { class: "axis", x1: margin.left, x2: right, y1: bottom, y2: bottom }),
    ...x.ticks.flatMap((tick) => [
      element("line", { class: "axis", x1: px(tick), x2: px(tick), y1: bottom, y2: bottom + 4 }),
      element(
        "text",
        { class: "tick", x: px(tick), y: bottom + 18, "text-anchor": "middle" },
        showTick(tick),
      ),
    ]),
    element(
      "text",
      { class: "tick", x: margin.left + plotWidth / 2, y: bottom + 35, "text-anchor": "middle" },
      xName,
    ),
    ...draw(px, py, plotTop, bottom),
  );
}

const keyMark = 42; // pixels of a sign of the key and the space before it

function lengthInKey(text: string): number {
  return Math.ceil(text.length * 6.7) + keyMark;
}

/** The key, above the plane and not over the data, from the right. */
function legend(key: Panel["key"], right: number, y: number): Markup[] {
  let x = right;
  return key.toReversed().flatMap(({ kind, text }) => {
    x -= lengthInKey(text);
    const textAt = x + keyMark;
    const mark = textAt - 24;
    return [
      kind === "dot"
        ? element("g", { class: "data" }, element("circle", { cx: mark + 14, cy: y - 4, r: 3 }))
        : kind === "line"
          ? element("path", { class: "curve", d: `M${mark},${y - 4}h18` })
          : element("rect", { class: "band", x: mark, y: y - 10, width: 18, height: 11 }),
      element("text", { class: "key", x: textAt, y }, text),
    ];
  });
}

/** Of how many rows one is drawn: a page holds only so many. */
function thinning({ x }: Pick<Drawing, "x">): number {
  return Math.ceil(x.length / mostPoints);
}

function circles({ x }: Drawing, y: Float64Array, px: Place, py: Place): Markup {
  const n = x.length;
  const every = thinning({ x });
  const radius = n <= 100 ? 3 : n <= 1000 ? 2.2 : 1.6;
  const drawn = Array.from({ length: Math.ceil(n / every) }, (_, i) => i * every);
  return element(
    "g",
    { class: n > 150 ? "data many" : "data" },
    ...drawn.map((i) => element("circle", { cx: px(x[i]!), cy: py(y[i]!), r: radius })),
  );
}

function stems({ x, residuals }: Drawing, px: Place, py: Place): Markup {
  return element(
    "g",
    { class: "stem" },
    ...Array.from(x, (xi, i) =>
      element("line", { x1: px(xi), x2: px(xi), y1: py(0), y2: py(residuals[i]!) }),
    ),
  );
}

/** The band, cut off where it leaves the plane. */
function band({ curve }: Drawing, px: Place, py: Place, top: number, bottom: number): Markup {
  const inside = (value: number): number => Math.min(Math.max(py(value), top), bottom);
  const whole = Array.from(curve.x.keys()).filter(
    (i) => Number.isFinite(curve.low[i]!) && Number.isFinite(curve.high[i]!),
  );
  const up = whole.map((i) => `${px(curve.x[i]!)},${inside(curve.high[i]!)}`);
  const down = whole.toReversed().map((i) => `${px(curve.x[i]!)},${inside(curve.low[i]!)}`);
  return element("path", { class: "band", d: `M${[...up, ...down].join("L")}Z` });
}

/** What of the band the axis makes room for: up to a quarter of the range of the data beyond them. */
function visibleBand({ y, curve }: Drawing): number[] {
  const [low, high] = endsOf(y);
  const room = (high - low) / 4;
  return [...curve.low, ...curve.high].filter((value) => value >= low - room && value <= high + room);
}

function path(x: Float64Array, y: Float64Array, px: Place, py: Place): string {
  let d = "";
  let isDown = false;
  for (let i = 0; i < x.length; i++) {
    const isFinite = Number.isFinite(y[i]!);
    if (isFinite) d += `${isDown ? "L" : "M"}${px(x[i]!)},${py(y[i]!)}`;
    isDown = isFinite;
  }
  return d;
}

function turningPoints(y: Float64Array): number {
  let count = 0;
  for (let i = 2; i < y.length; i++) if ((y[i]! - y[i - 1]!) * (y[i - 1]! - y[i - 2]!) < 0) count++;
  return count;
}

/** The ends with some room, so that points there are whole. */
function roomyEnds(x: Float64Array): [number, number] {
  const [low, high] = endsOf(x);
  const edge = (high - low) * 0.015;
  return [low - edge, high + edge];
}

/** Parts between commas, in lines of a length that fits. */
function joined(parts: readonly string[], most: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= most)
      lines[lines.length - 1] = `${last},  ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** A text in lines of a length that fits. */
function linesOf(text: string, most: number): string[] {
  return (text.match(new RegExp(`.{1,${most}}(?:\\s|$)|\\S{1,${most}}`, "gu")) ?? []).map((line) =>
    line.trim(),
  );
}

/** To a tenth of a unit: finer is not seen. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
