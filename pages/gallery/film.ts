// Animated pictures for lists of examples: SVG files of a few dozen KB that need no script. Readers who prefer reduced motion see one frame.
import { colourProperties, plainFonts } from "../../src/pictures/plot/palette.ts";
import { writeMarkup, element, type Markup } from "../../src/pictures/plot/markup.ts";
import { mapColours } from "../../src/pictures/landscapes/draw/style.ts";

/** Size of a picture in its own units. */
export const size = { width: 360, height: 240 } as const;

/** Style rules of an animation: rules that always apply, and rules for readers who accept motion. */
export interface FilmStyle {
  readonly still: string;
  readonly moving: string;
}

/**
 * Writes a picture of the gallery as SVG, with a frame around the content. It moves unless the reader prefers reduced
 * motion.
 */
export function picture(label: string, { still, moving }: FilmStyle, ...content: readonly Markup[]): string {
  const { width, height } = size;
  const style = [
    `svg{color-scheme:light dark;${colourProperties};font-family:${plainFonts.replaceAll('"', "'")}}`,
    mapColours.replace(":root", "svg"),
    still,
    `@media (prefers-reduced-motion:no-preference){${moving}}`,
  ];
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": label,
    },
    element("style", {}, style.join("\n")),
    element("rect", { width, height, fill: "var(--paper)" }),
    ...content,
    element("rect", {
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: height - 1,
      fill: "none",
      stroke: "var(--line)",
    }),
  );
  return `${writeMarkup(svg)}\n`;
}

/**
 * A strip of frames next to each other. The picture shows one frame at a time.
 *
 * @param seconds duration of all frames
 * @param still index of the frame for readers who prefer reduced motion
 * @param isThereAndBack true if the frames then run in reverse
 */
export function film(
  frames: readonly (readonly Markup[])[],
  {
    seconds,
    still,
    isThereAndBack = false,
  }: { readonly seconds: number; readonly still: number; readonly isThereAndBack?: boolean },
): { readonly strip: Markup; readonly style: FilmStyle } {
  const { width } = size;
  const last = (frames.length - 1) * width;
  return {
    strip: element(
      "g",
      { class: "film" },
      ...frames.map((frame, i) => element("g", { transform: `translate(${i * width} 0)` }, ...frame)),
    ),
    style: {
      still: `.film{transform:translateX(-${still * width}px)}`,
      moving: `@keyframes film{from{transform:none}to{transform:translateX(-${last}px)}}.film{animation:film ${seconds}s steps(${frames.length},jump-none) infinite${isThereAndBack ? " alternate" : ""}}`,
    },
  };
}

/** Joins styles. */
export function styles(...all: readonly FilmStyle[]): FilmStyle {
  return {
    still: all.map(({ still }) => still).join("\n"),
    moving: all.map(({ moving }) => moving).join("\n"),
  };
}

/** A coordinate with at most one decimal. */
export function short(value: number): string {
  return Number(value.toFixed(1)).toString();
}

/** Path data through points. */
export function line(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${short(x)} ${short(y)}`).join("");
}

/** Path data of round dots, drawn by round caps of a stroke. */
export function dots(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y]) => `M${Math.round(x)} ${Math.round(y)}h0`).join("");
}

/** Keyframes with one rule per value, evenly distributed over the time up to `share`. */
export function keyframes(name: string, rules: readonly string[], share = 1): string {
  const at = (i: number): string => short((100 * share * i) / (rules.length - 1));
  const end = share < 1 ? `to{${rules.at(-1)!}}` : "";
  return `@keyframes ${name}{${rules.map((rule, i) => `${at(i)}%{${rule}}`).join("")}${end}}`;
}
