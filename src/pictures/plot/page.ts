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
 * A chart in a page: drawn for several widths, with its numbers. The script of the page (`writePage` with `hasCharts`) makes of it
 * one that can be touched; without the script, and on paper, the drawing stays.
 */
export function chartPlace({ spec, height, view = {} }: PictureChart): Markup {
  return element(
    "div",
    { class: "chart-place", "data-chart": JSON.stringify({ spec: asJson(spec), height }) },
    atWidths((width) => drawChart(spec, { width, height: heightAt(height, width) }, view), fewWidths),
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

/** A page as a file, which follows the reader's choice of light or dark. */
export function writePage({ title, body, style = "", hasCharts }: WholePage): string {
  return writeDocument({
    title,
    style: [pageStyle, ...(hasCharts ? [liveStyle] : []), style].join("\n"),
    body,
    scripts: hasCharts ? [chartScript] : [],
  });
}

/** Makes the charts of {@link chartPlace} ones that can be touched. */
export const chartScript: PageScript = { text: pageScript, hash: pageScriptHash };
