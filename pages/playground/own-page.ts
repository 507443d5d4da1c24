// The shown content as a standalone file that works offline.
import type { ChartSpec } from "../../src/pictures/plot/chart-spec.ts";
import { chartPlace, writePage } from "../../src/pictures/plot/page.ts";
import { escapeText, writeMarkup } from "../../src/pictures/plot/markup.ts";
import { landscapeHtml } from "../../src/pictures/landscapes/draw/to-html.ts";
import { tracePage } from "../../src/pictures/viz/trace-page.ts";
import { answer, readableOf } from "./answer.ts";
import { raceOf } from "./descend.ts";
import { mapFile } from "./map-file/map-file.ts";
import { placeOf } from "./place.ts";
import type { Question } from "./question.ts";

const chartHeight = [150, 0.25] as const; // pixels, plus this fraction of the width

/**
 * Creates a page with the answer to a question.
 *
 * @param drawing the picture shown by the page, as SVG, which the page of a map contains
 * @throws Error where there is nothing to show, or what is shown is code.
 */
export async function pageOf(question: Question, drawing: string): Promise<string> {
  if (question.view === "descent") return landscapeHtml(raceOf(await readableOf(question), question));
  const { shown, title } = await answer(question);
  if (shown === undefined) throw new Error("there is nothing to show yet");
  switch (shown.view) {
    case "trace":
      return tracePage(shown.data);
    case "plot":
      if (shown.kind === "map") return mapFile(title, placeOf(await readableOf(question), question), drawing);
      return chartPage(title, [shown.chart]);
    case "fit":
      return chartPage(shown.title, [shown.curve, shown.residuals], shown.notes);
    case "code":
    case "descent":
      throw new Error("code is saved as a module");
    default:
      return shown satisfies never;
  }
}

function chartPage(title: string, charts: readonly ChartSpec[], notes: readonly string[] = []): string {
  const places = charts.map((spec) => writeMarkup(chartPlace({ spec, height: chartHeight })));
  const words = notes.map((note) => `<p>${escapeText(note)}</p>`);
  return writePage({
    title,
    body: [`<h1>${escapeText(title)}</h1>`, ...places, ...words].join("\n"),
    hasFigures: true,
  });
}
