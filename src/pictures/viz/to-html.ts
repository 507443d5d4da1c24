import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { drawGraph } from "./draw.ts";
import { foldGraph, visibleGraph } from "./fold.ts";
import { layoutGraph } from "./layout.ts";
import { element, escapeText, jsonForPage, writeMarkup } from "../plot/markup.ts";
import { mathMarkup } from "./math-pieces.ts";
import { checkTable } from "./options.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "./page.generated.ts";
import { type PageData, pageData } from "./page-data.ts";
import type { TraceTable } from "./table.ts";

/** How a page is made. */
export interface HtmlOptions {
  /** The heading: the formula, or what the function is. Default: the name of the program. */
  readonly title?: string;
}

/**
 * A page to step through a trace: the program, forward passes and the reverse trace beside the dependency graph. One
 * file that loads nothing and works offline; it forbids itself anything else by its content security policy.
 *
 * Keys: ← and → step, Home and End jump, the space bar plays, + and − zoom, Esc drops the selection.
 */
export function toHtml(table: TraceTable, options: HtmlOptions = {}): string {
  if (arguments.length > 2) refuseExtra("toHtml", arguments, 2);
  checkTable("toHtml", table);
  checkOptions("toHtml", options, ["title"]);
  const { title = table.name } = options;
  if (typeof title !== "string") throw new DownhillError("option", "toHtml: the title must be a string.");
  return tracePage(pageData(table, title));
}

/** The page of a trace that is known by what the page shows. */
export function tracePage(data: PageData): string {
  const { title } = data;
  const visible = visibleGraph(data.graph, foldGraph(data.graph), new Set());
  const picture = writeMarkup(
    drawGraph(data.graph, layoutGraph(data.graph, visible), `Dependency graph of ${title}`, true),
  );
  const policy = `default-src 'none'; script-src '${pageScriptHash}'; style-src '${pageStyleHash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header>${writeMarkup(element("h1", {}, title.includes(" = ") ? mathMarkup(title) : title))}</header>
<main id="trace" class="dh-trace">
<div class="panes"><div class="picture scroll" tabindex="0" role="region" aria-label="Dependency graph">${picture}</div></div>
<noscript>Stepping through the trace needs JavaScript; the graph is complete without it.</noscript>
</main>
<script type="application/json" id="data">${jsonForPage(data)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}
