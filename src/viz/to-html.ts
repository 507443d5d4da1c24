import { DownhillError } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import { drawGraph } from "./draw.ts";
import { foldGraph, visibleGraph } from "./fold.ts";
import { layoutGraph } from "./layout.ts";
import { escapeText, jsonForPage, writeMarkup } from "./markup.ts";
import { checkTable } from "./options.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "./page.generated.ts";
import { pageData } from "./page-data.ts";
import type { TraceTable } from "./table.ts";

/** A drawing of 20 by 20 pixels for a button. */
function icon(path: string): string {
  return `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;
}

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
  checkTable("toHtml", table);
  checkOptions("toHtml", options, ["title"]);
  const { title = table.name } = options;
  if (typeof title !== "string") throw new DownhillError("option", "toHtml: the title must be a string.");
  const data = pageData(table, title);
  const visible = visibleGraph(data.graph, foldGraph(data.graph), new Set());
  const picture = writeMarkup(
    drawGraph(data.graph, layoutGraph(data.graph, visible), `Dependency graph of ${title}`),
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
<header>
<h1 id="title">${escapeText(title)}</h1>
<nav id="modes" aria-label="Mode"></nav>
</header>
<div id="controls">
<div class="buttons">
<button type="button" id="first" aria-label="First step" title="First step (Home)">${icon("M4 4h2v12H4zM16 4v12L7 10z")}</button>
<button type="button" id="back" aria-label="One step back" title="One step back (←)">${icon("M14 4v12L5 10z")}</button>
<button type="button" id="play" title="Play (space)">Play</button>
<button type="button" id="forth" aria-label="One step on" title="One step on (→)">${icon("M6 4v12l9-6z")}</button>
<button type="button" id="last" aria-label="Last step" title="Last step (End)">${icon("M14 4h2v12h-2zM4 4v12l9-6z")}</button>
</div>
<input type="range" id="slider" min="0" value="0" aria-label="Step">
<output id="count"></output>
<div id="caption" role="status" aria-live="polite"></div>
</div>
<main>
<div id="lists"><noscript>Stepping through the trace needs JavaScript; the graph is complete without it.</noscript></div>
<div id="side">
<div id="tools">
<button type="button" id="further" aria-label="Smaller" title="Smaller (−)">−</button>
<button type="button" id="fit" title="Fit the window">Fit</button>
<button type="button" id="closer" aria-label="Larger" title="Larger (+)">+</button>
<span id="chips"></span>
</div>
<div id="picture">${picture}</div>
<div id="selection" role="status"></div>
</div>
</main>
<script type="application/json" id="data">${jsonForPage(data)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}
