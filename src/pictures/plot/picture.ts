import type { ChartSpec, ChartView } from "./chart-spec.ts";
import { drawParts, layoutChart } from "./chart.ts";
import { element, type Markup, writeMarkup } from "./markup.ts";
import { plainFonts } from "./palette.ts";
import { chartStyle, colourStyle } from "./style.ts";

/** A standalone picture: a heading, notes, and charts below each other. */
export interface StandalonePicture {
  readonly heading: string;
  readonly notes?: readonly string[];
  readonly charts: readonly PictureChart[];
}

/** A chart in a picture or page, with its title, height and view. */
export interface PictureChart {
  readonly spec: ChartSpec;
  /** Heading above the chart. Default: none. */
  readonly title?: string;
  /** Height: a number of CSS pixels plus a fraction of the width. */
  readonly height: readonly [pixels: number, part: number];
  readonly view?: ChartView;
}

/** Returns the height of a chart in CSS pixels: a constant plus a fraction of the width, rounded. */
export function heightAt([pixels, part]: PictureChart["height"], width: number): number {
  return Math.round(pixels + part * width);
}

const edge = 18;
const headingLetter = 9.6; // approximate pixels per letter of a heading
const noteLetter = 6.6;

/** Style sheet of a standalone picture. */
const pictureStyle: string = /* @__PURE__ */ `
svg{background:var(--paper);font-family:${plainFonts}}
.paper{fill:var(--paper)}
.dh-chart .head{font-size:18px;font-weight:600}
.dh-chart .panel{font-size:13.5px;font-weight:600}
.dh-chart .note{fill:var(--soft);font-size:12.5px}
`.trim();

/** Writes charts as a standalone SVG file that follows the viewer's light or dark mode. */
export function writePicture(picture: StandalonePicture, width?: number): string {
  return `${writeMarkup(drawPicture(picture, width))}\n`;
}

/** Draws charts as a standalone picture that follows the viewer's light or dark mode. */
export function drawPicture({ heading, notes = [], charts }: StandalonePicture, width: number = 760): Markup {
  const inner = width - 2 * edge;
  const heads = textLines(heading, Math.floor(inner / headingLetter));
  const lines = notes.flatMap((note) => textLines(note, Math.floor(inner / noteLetter)));
  const drawn: Markup[] = [
    ...heads.map((line, i) => element("text", { class: "head", x: edge, y: 30 + 24 * i }, line)),
    ...lines.map((line, i) =>
      element("text", { class: "note", x: edge, y: 28 + 24 * heads.length + 18 * i }, line),
    ),
  ];
  let y = 24 + 24 * heads.length + 18 * lines.length;
  for (const { spec, title = "", height, view = {} } of charts) {
    if (title !== "") {
      drawn.push(element("text", { class: "panel", x: edge, y: y + 14 }, title));
      y += 24;
    }
    const size = { width: inner, height: heightAt(height, inner) };
    drawn.push(
      element(
        "g",
        { transform: `translate(${edge} ${y})` },
        ...drawParts(spec, layoutChart(spec, size, view), view),
      ),
    );
    y += size.height + 12;
  }
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "dh-chart",
      role: "img",
      "aria-label": heading,
      width,
      height: y,
      viewBox: `0 0 ${width} ${y}`,
    },
    element("title", {}, heading),
    element("style", {}, `${colourStyle}\n${chartStyle}\n${pictureStyle}`),
    element("rect", { class: "paper", width, height: y }),
    ...drawn,
  );
}

/** Splits a text at spaces into lines of at most `most` characters. Longer words are split too. */
export function textLines(text: string, most: number): string[] {
  return (text.match(new RegExp(`.{1,${most}}(?:\\s|$)|\\S{1,${most}}`, "gu")) ?? []).map((line) =>
    line.trim(),
  );
}
