import type { Markup } from "./markup.ts";
import { element } from "./markup.ts";

/** Widths, in CSS pixels, at which a drawing is made: between two of them it is scaled by 1.4 at most, and text grows with it. */
const drawnWidths = [290, 390, 520, 720] as const;
/** Of a drawing that is made for the width at hand where there is script: without, it is scaled by 1.8 at most. */
export const fewWidths = [290, 520] as const;

/**
 * A chart drawn once for each of several widths. A page with `widthStyle` shows the widest one that it has room for, and
 * needs no script for that.
 *
 * @param draw the chart for a width in CSS pixels, with the number of that drawing
 * @param widths those for which it is drawn
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

/** The style of pages that show charts by {@link atWidths}. */
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

const leastSpace = 50; // pixels of a mark with its number

/** How many marks an axis of so many pixels has room for: at least two, at most `most`. */
export function marksFor(pixels: number, most: number): number {
  return Math.max(2, Math.min(most, Math.floor(pixels / leastSpace)));
}
