import { atWidths } from "./at-widths.ts";
import { drawChart } from "./chart.ts";
import { element, escapeText, type Markup } from "./markup.ts";
import type { PictureChart } from "./picture.ts";
import { pageStyle } from "./style.ts";

/** A chart in a page: drawn for several widths. */
export function chartPlace({ spec, heightAt, view = {} }: PictureChart): Markup {
  return element(
    "div",
    { class: "chart-place" },
    atWidths((width) => drawChart(spec, { width, height: heightAt(width) }, view)),
  );
}

/** A page of its own: one file that loads nothing. */
export interface WholePage {
  readonly title: string;
  /** The body, as HTML. */
  readonly body: string;
  /** What it needs beside `pageStyle`. */
  readonly style?: string;
}

/** A page as a file: it loads nothing, forbids itself anything else by its content security policy, and follows the reader's choice of light or dark. */
export function writePage({ title, body, style = "" }: WholePage): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';img-src data:">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${pageStyle}\n${style}</style>`,
    "</head>",
    `<body>${body}</body>`,
    "</html>",
    "",
  ].join("\n");
}
