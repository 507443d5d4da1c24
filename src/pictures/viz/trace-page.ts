import { element, escapeText, jsonForPage, writeMarkup } from "../plot/markup.ts";
import { drawGraph } from "./draw.ts";
import { foldGraph, mostNodes, visibleGraph } from "./fold.ts";
import type { Fold } from "./groups.ts";
import { firstFolding, foldsOf } from "./groups.ts";
import { layoutGraph } from "./layout.ts";
import { mathMarkup } from "./math-pieces.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "./page.generated.ts";
import type { PageData } from "./page-data.ts";

/** A page that shows a trace: one file that loads nothing, and forbids itself anything else by its content security policy. */
export function tracePage(data: PageData): string {
  const { title } = data;
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
<div class="panes"><div class="picture scroll" tabindex="0" role="region" aria-label="Dependency graph">${pictureOf(data)}</div></div>
<noscript>Stepping through the trace needs JavaScript; the graph is complete without it.</noscript>
</main>
<script type="application/json" id="data">${jsonForPage(data)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** The graph as the page begins with it, for readers without its script. */
function pictureOf({ graph, lines, groups = [], title }: PageData): string {
  const folds = foldsOf(groups, firstFolding(groups));
  const groupOf = new Map(lines.map(({ node, group = -1 }) => [node, group]));
  const around = (node: number): readonly Fold[] => folds.around(groupOf.get(node) ?? -1);
  const items = foldGraph(graph, mostNodes, around);
  const open = new Set(
    graph.nodes.flatMap(({ id }) => around(id).flatMap((fold) => (fold.isClosed ? [] : [fold.id]))),
  );
  const layout = layoutGraph(graph, visibleGraph(graph, items, open));
  return writeMarkup(drawGraph(graph, layout, `Dependency graph of ${title}`, true));
}
