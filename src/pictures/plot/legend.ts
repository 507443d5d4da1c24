import type { NamedSeries } from "./chart-spec.ts";
import { markerPath } from "./markers.ts";
import { element, type Markup } from "./markup.ts";
import { runClass } from "./palette.ts";

const signWidth = 22;
const rowHeight = 20;
const letter = 6.7; // approximate pixels per letter

/** A legend entry and its position. */
interface LegendEntry {
  readonly named: NamedSeries;
  readonly x: number;
  readonly row: number;
}

function entriesOf(names: readonly NamedSeries[], width: number): LegendEntry[] {
  let [x, row] = [0, 0];
  return names.map((named) => {
    const length = signWidth + 8 + Math.ceil(named.name.length * letter) + 18;
    if (x > 0 && x + length > width + 18) [x, row] = [0, row + 1];
    const entry = { named, x, row };
    x += length;
    return entry;
  });
}

/** Returns the height in pixels of a legend above a plot of the given width. */
export function legendHeight(names: readonly NamedSeries[], width: number): number {
  return rowHeight * ((entriesOf(names, width).at(-1)?.row ?? -1) + 1) + 4;
}

/** Draws the names of the series with their symbols, in rows from the top left. */
export function drawLegend(names: readonly NamedSeries[], width: number): Markup[] {
  const dotted = names.filter(({ series }) => series.draw === "dots").length;
  return entriesOf(names, width).map(({ named, x, row }) =>
    element(
      "g",
      { transform: `translate(${x} ${10 + rowHeight * row})` },
      legendSign(named, dotted > 1),
      element("text", { class: "key", x: signWidth + 8, y: 4 }, named.name),
    ),
  );
}

/**
 * Draws the symbol of a series for the legend, 22 units wide and centred at y = 0. `hasShapes` tells whether dots have
 * the shapes of their colours.
 */
export function legendSign({ series, colour }: NamedSeries, hasShapes: boolean): Markup {
  return element("g", { class: colourClass(colour) }, ...signOf(series.draw ?? "line", colour, hasShapes));
}

function signOf(
  draw: NonNullable<NamedSeries["series"]["draw"]>,
  colour: number | "ink",
  hasShapes: boolean,
): Markup[] {
  switch (draw) {
    case "line":
    case "steps":
      return [element("path", { class: "curve", d: `M0,0H${signWidth}` })];
    case "dashes":
      return [element("path", { class: "dashes", d: `M1,0H${signWidth}` })];
    case "band":
      return [element("path", { class: "band", d: `M0,-6h${signWidth}v12h-${signWidth}Z` })];
    case "stems":
    case "dots":
      return [
        hasShapes
          ? element("path", {
              class: "marker",
              d: markerPath(colour === "ink" ? 0 : colour, 5),
              transform: `translate(${signWidth / 2} 0)`,
            })
          : element("path", { class: "dots", "stroke-width": 6, d: `M${signWidth / 2},0h0` }),
      ];
    default:
      return draw satisfies never;
  }
}

/** Returns the CSS classes of a chart colour. */
export function colourClass(colour: number | "ink"): string {
  return colour === "ink" ? "run run-ink" : runClass(colour);
}
