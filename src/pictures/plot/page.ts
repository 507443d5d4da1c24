import { atWidths } from "./at-widths.ts";
import type { ChartSpec, SeriesSpec } from "./chart-spec.ts";
import { drawChart } from "./chart.ts";
import { liveStyle } from "./live-style.ts";
import { element, escapeText, type Markup } from "./markup.ts";
import { pageScript, pageScriptHash } from "./page.generated.ts";
import { heightAt, type PictureChart } from "./picture.ts";
import { pageStyle } from "./style.ts";

/**
 * A chart in a page: drawn for several widths, with its numbers. The script of the page (`writePage` with `hasCharts`) makes of it
 * one that can be touched; without the script, and on paper, the drawing stays.
 */
export function chartPlace({ spec, height, view = {} }: PictureChart): Markup {
  return element(
    "div",
    { class: "chart-place", "data-chart": JSON.stringify({ spec: asJson(spec), height }) },
    atWidths((width) => drawChart(spec, { width, height: heightAt(height, width) }, view)),
  );
}

/** With arrays as JSON knows them; what is not finite becomes `null`. */
function asJson({ series, ...rest }: ChartSpec): object {
  const numbers = (values: ArrayLike<number> | undefined): number[] | undefined =>
    values === undefined ? undefined : Array.from(values);
  return {
    ...rest,
    series: series.map(({ x, y, low, high, ...one }: SeriesSpec) => ({
      ...one,
      x: numbers(x),
      y: numbers(y),
      low: numbers(low),
      high: numbers(high),
    })),
  };
}

/** A page of its own: one file that loads nothing. */
export interface WholePage {
  readonly title: string;
  /** The body, as HTML. */
  readonly body: string;
  /** What it needs beside `pageStyle`. */
  readonly style?: string;
  /** It has charts of {@link chartPlace}. */
  readonly hasCharts: boolean;
}

/** A page as a file: it loads nothing, forbids itself anything else by its content security policy, and follows the reader's choice of light or dark. */
export function writePage({ title, body, style = "", hasCharts }: WholePage): string {
  const script = hasCharts ? `;script-src '${pageScriptHash}'` : "";
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';img-src data:${script}">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${[pageStyle, ...(hasCharts ? [liveStyle] : []), style].join("\n")}</style>`,
    "</head>",
    `<body>${body}`,
    ...(hasCharts ? [`<script>${pageScript}</script>`] : []),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
