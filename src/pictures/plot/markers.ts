import { element, type Markup } from "./markup.ts";
import { runClass } from "./palette.ts";

const shapes: readonly ((r: number) => string)[] = [
  (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  (r) => `M${-r * 0.88},${-r * 0.88}h${1.76 * r}v${1.76 * r}h${-1.76 * r}Z`,
  (r) => polygon(3, r * 1.25, -90),
  (r) => polygon(4, r * 1.2, -90),
  (r) => polygon(3, r * 1.25, 90),
  (r) => star(4, r * 1.3, 0.45),
  (r) => polygon(6, r * 1.05, -90),
  (r) => polygon(5, r * 1.1, -90),
];

/** Returns the SVG path of the marker of run `i`, of radius `r`, centred at the origin. */
export function markerPath(i: number, r: number): string {
  const again = Math.floor(i / shapes.length);
  return shapes[(i + 3 * again) % shapes.length]!(r);
}

/**
 * Returns the SVG path of a star of radius `r`, centred at the origin. `inner` is the ratio of its inner to its outer
 * radius.
 */
export function star(points: number, r: number, inner: number): string {
  const corners = Array.from({ length: 2 * points }, (_, k) => {
    const size = k % 2 === 0 ? r : r * inner;
    return corner(size, -90 + (180 * k) / points);
  });
  return `M${corners.join("L")}Z`;
}

/** Returns the SVG path of a diagonal cross, centred at the origin, with arms that reach ±r along both axes. */
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

/** Rounds a coordinate to a tenth of a unit, because finer differences are invisible. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Draws the legend symbol of run `i`: its line with its marker, 28 units wide and centred at y = 0. */
export function runSign(i: number): Markup {
  return element(
    "g",
    { class: runClass(i) },
    element("path", { class: "curve", d: "M0,0H28" }),
    element("path", { class: "marker", d: markerPath(i, 5), transform: "translate(14 0)" }),
  );
}
