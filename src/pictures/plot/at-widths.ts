import type { Markup } from "./markup.ts";
import { element } from "./markup.ts";

/** Widths in CSS pixels at which a drawing is made. Between two of them it is scaled by at most 1.4, text included. */
const drawnWidths = [290, 390, 520, 720] as const;
/**
 * Widths in CSS pixels for a drawing that scripts redraw at the actual width. Without scripts it is scaled by at most
 * 1.8.
 */
export const fewWidths = [290, 520] as const;

/**
 * Draws a chart once for each of several widths. A page with `widthStyle` shows the widest one that fits (the narrowest
 * if none fits), without a script.
 *
 * @param draw draws the chart for a width in CSS pixels; also receives the index of the width
 * @param widths the widths to draw
 */
export function atWidths(
  draw: (width: number, index: number) => Markup,
  widths: readonly (typeof drawnWidths)[number][] = drawnWidths,
): Markup {
  return element(
    "div",
    { class: "at-widths" },
    ...widths.map((width, i) => element("div", { class: `at-${width}` }, draw(width, i))),
  );
}

/** Style sheet of pages that show charts by {@link atWidths}. */
export const widthStyle: string = /* @__PURE__ */ [
  ".at-widths{container-type:inline-size}",
  ".at-widths>*{display:none}",
  ".at-widths>:first-child{display:block}",
  ...drawnWidths
    .slice(1)
    .map(
      (width) =>
        `@container (min-width:${width}px){.at-widths:has(>.at-${width})>*{display:none}.at-widths>.at-${width}{display:block}}`,
    ),
].join("\n");

const leastSpace = 50; // pixels per tick mark with its number

/** Returns the number of tick marks for an axis of the given length in pixels: at least two, at most `most`. */
export function marksFor(pixels: number, most: number): number {
  return Math.max(2, Math.min(most, Math.floor(pixels / leastSpace)));
}
