import { element, type Markup } from "../../viz/markup.ts";

/**
 * Colours of runs, for paper and for black: apart for eyes of every kind, the first four most of all (the test simulates colour
 * blindness). Markers and dashes tell runs apart as well.
 */
export const runPalettes: { readonly light: readonly string[]; readonly dark: readonly string[] } = {
  light: ["#0c3fb0", "#d43603", "#01926e", "#641f5c", "#987f38", "#1a2026", "#7a3300", "#c22fb0"],
  dark: ["#81a4fe", "#f2842e", "#1fe89a", "#f7abd0", "#f4d712", "#f4f5f7", "#c48a52", "#c9b8ff"],
};

/** How many runs have a colour of their own. */
const colourCount: number = runPalettes.light.length;

/** Custom properties `--run-0`, … of a colour scheme. */
function runColours(colours: readonly string[]): string {
  return colours.map((colour, i) => `--run-${i}:${colour}`).join(";");
}

/** Colours of drawings that stand alone, light and dark. */
export const drawingColours: string = /* @__PURE__ */ `
:root{--ink:#1f2328;--soft:#59636e;--grid:#e4e8ec;--axis:#8c959f;--paper:#fff;--hill:#3b5478;--level:#33507a;--goal:#1f2328;${/* @__PURE__ */ runColours(runPalettes.light)}}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--grid:#21262d;--axis:#6e7681;--paper:#0d1117;--hill:#9fb8dc;--level:#a9c1e6;--goal:#f0f6fc;${/* @__PURE__ */ runColours(runPalettes.dark)}}}
`.trim();

const runRules = /* @__PURE__ */ runPalettes.light
  .map((_, i) => `.run-${i}{--run:var(--run-${i})}`)
  .concat([4, 5, 6, 7].map((i) => `.run-${i} .trail,.run-${i} .curve{stroke-dasharray:7 3}`))
  .concat(".run-again .trail,.run-again .curve{stroke-dasharray:2 4}")
  .join("\n");

/** What drawings of races need beside the colours. */
export const drawingStyle: string = /* @__PURE__ */ `
.dl text{fill:var(--ink)}
.dl .tick,.dl .label{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.dl .grid{stroke:var(--grid)}
.dl .axis{stroke:var(--axis)}
.dl .frame{fill:none;stroke:var(--axis)}
.dl .hill{fill:var(--hill);fill-opacity:.042}
.dl .level{fill:none;vector-effect:non-scaling-stroke;stroke:var(--level);stroke-opacity:.34;stroke-width:.8}
.dl .level.bold{stroke-width:1.8;stroke-opacity:.75}
.dl .halo{fill:none;stroke:var(--paper);stroke-width:4.6;stroke-opacity:.75;stroke-linejoin:round;stroke-linecap:round}
.dl .trail,.dl .curve{fill:none;stroke:var(--run);stroke-width:2;stroke-linejoin:round}
.dl .trail{stroke-linecap:round}
.dl .dot{fill:var(--run)}
.dl .marker{fill:var(--run);stroke:var(--paper);stroke-width:1.4}
.dl .lost{fill:none;stroke:var(--run);stroke-width:2.6;stroke-linecap:round}
.dl .lost-halo{fill:none;stroke:var(--paper);stroke-width:6;stroke-linecap:round}
.dl .head.is-lost .marker,.dl .head:not(.is-lost) .lost,.dl .head:not(.is-lost) .lost-halo{display:none}
.dl .goal{fill:var(--goal);stroke:var(--paper);stroke-width:1.2}
.dl .start{fill:var(--paper);stroke:var(--goal);stroke-width:2}
.dl .saddle{fill:none;stroke:var(--goal);stroke-width:1.8}
.dl .note{fill:var(--ink);font-size:12.5px;font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3.4;stroke-linejoin:round}
.dl .dashes{fill:none;stroke:var(--ink);stroke-width:1.8;stroke-dasharray:1 5;stroke-linecap:round}
.dl .mark{stroke:var(--ink);stroke-dasharray:4 3}
${runRules}
`.trim();

/** The class of a run's colour; colours come again after the last, with other dashes and markers. */
export function runClass(i: number): string {
  return `run run-${i % colourCount}${i < colourCount ? "" : " run-again"}`;
}

const shapes: readonly ((r: number) => string)[] = [
  (r) => polygon(24, r),
  (r) => `M${-r * 0.88},${-r * 0.88}h${1.76 * r}v${1.76 * r}h${-1.76 * r}Z`,
  (r) => polygon(3, r * 1.25, -90),
  (r) => polygon(4, r * 1.2, -90),
  (r) => polygon(3, r * 1.25, 90),
  (r) => star(4, r * 1.3, 0.45),
  (r) => polygon(6, r * 1.05, -90),
  (r) => polygon(5, r * 1.1, -90),
];

/** The marker of a run, around the origin. */
export function markerPath(i: number, r: number): string {
  const again = Math.floor(i / shapes.length);
  return shapes[(i + 3 * again) % shapes.length]!(r);
}

/** A star, around the origin. */
export function star(points: number, r: number, inner: number): string {
  const corners = Array.from({ length: 2 * points }, (_, k) => {
    const size = k % 2 === 0 ? r : r * inner;
    return corner(size, -90 + (180 * k) / points);
  });
  return `M${corners.join("L")}Z`;
}

/** A cross, around the origin. */
export function cross(r: number): string {
  return `M${-r},${-r}L${r},${r}M${-r},${r}L${r},${-r}`;
}

function polygon(n: number, r: number, turn = 0): string {
  return `M${Array.from({ length: n }, (_, k) => corner(r, turn + (360 * k) / n)).join("L")}Z`;
}

function corner(r: number, degrees: number): string {
  const angle = (degrees * Math.PI) / 180;
  return `${round(r * Math.cos(angle))},${round(r * Math.sin(angle))}`;
}

/** To a tenth of a unit: finer is not seen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The line with its marker that a legend shows for a run, 30 units wide and around y = 0. */
export function swatch(i: number, style: "line" | "dots" | "dashes" = "line", hasMarker = true): Markup {
  const line =
    style === "dots" ? [] : [element("path", { class: style === "line" ? "curve" : "dashes", d: "M0,0H28" })];
  const marker = element("path", {
    class: "marker",
    d: markerPath(i, 5),
    transform: "translate(14 0)",
  });
  return element("g", { class: runClass(i) }, ...line, ...(hasMarker && style !== "dashes" ? [marker] : []));
}
