import { atWidths, fewWidths } from "./at-widths.ts";
import type { ChartSpec, SeriesSpec } from "./chart-spec.ts";
import { drawChart } from "./chart.ts";
import { liveStyle } from "./live-style.ts";
import { type PageScript, writeDocument } from "./document.ts";
import { element, type Markup } from "./markup.ts";
import { pageScript, pageScriptHash } from "./page.generated.ts";
import { heightAt, type PictureChart } from "./picture.ts";
import { pageStyle } from "./style.ts";

/**
 * Creates a chart in a page, drawn for several widths and with its data. The page script (`writePage` with `hasFigures`)
 * makes it interactive; without scripts and in print, the drawing remains.
 */
export function chartPlace({ spec, height, view = {} }: PictureChart): Markup {
  return element(
    "div",
    { class: "chart-place", "data-chart": JSON.stringify({ spec: asJson(spec), height }) },
    atWidths((width) => drawChart(spec, { width, height: heightAt(height, width) }, view), fewWidths),
  );
}

/** Converts a chart to JSON-compatible data: typed arrays become arrays. JSON writes non-finite numbers as `null`. */
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

/** A standalone page in one file that loads nothing. */
export interface WholePage {
  readonly title: string;
  /** The body, as HTML. */
  readonly body: string;
  /** Additional style sheet, after `pageStyle`. */
  readonly style?: string;
  /** True if the page contains charts from {@link chartPlace}, or other figures (elements with `data-share`) to be shared. */
  readonly hasFigures: boolean;
}

/** Writes a page as a file that follows the viewer's light or dark mode. */
export function writePage({ title, body, style = "", hasFigures }: WholePage): string {
  return writeDocument({
    title,
    style: [pageStyle, ...(hasFigures ? [liveStyle] : []), style].join("\n"),
    body,
    scripts: hasFigures ? [chartScript] : [],
  });
}

/** Script that makes the charts from {@link chartPlace} interactive, and adds Share buttons to figures. */
export const chartScript: PageScript = { text: pageScript, hash: pageScriptHash };
