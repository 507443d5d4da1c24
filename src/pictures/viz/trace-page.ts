import { writeDocument } from "../plot/document.ts";
import { element, writeMarkup } from "../plot/markup.ts";
import { drawGraph } from "./draw.ts";
import { foldGraph, mostNodes, visibleGraph } from "./fold.ts";
import type { LineFold } from "./groups.ts";
import { firstFolding, foldsOf } from "./groups.ts";
import { layoutGraph } from "./layout.ts";
import { mathMarkup } from "./math-pieces.ts";
import { pageScript, pageScriptHash, pageStyle, pageStyleHash } from "./page.generated.ts";
import type { PageData } from "./page-data.ts";

/** Creates a page that shows a trace, as one file that loads nothing. */
export function tracePage(data: PageData): string {
  const { title } = data;
  const heading = element("h1", {}, title.includes(" = ") ? mathMarkup(title) : title);
  return writeDocument({
    title,
    style: pageStyle,
    styleHash: pageStyleHash,
    body: `<header>${writeMarkup(heading)}</header>
<main id="trace" class="dh-trace">
<div class="panes"><div class="picture scroll" tabindex="0" role="region" aria-label="Dependency graph">${pictureOf(data)}</div></div>
<noscript>Stepping through the trace needs JavaScript; the graph is complete without it.</noscript>
</main>`,
    data: { id: "data", value: data },
    scripts: [{ text: pageScript, hash: pageScriptHash }],
  });
}

/** Draws the initial graph of the page, visible also without scripts. */
function pictureOf({ graph, lines, groups = [], title }: PageData): string {
  const folds = foldsOf(groups, firstFolding(groups));
  const groupOf = new Map(lines.map(({ node, group = -1 }) => [node, group]));
  const around = (node: number): readonly LineFold[] => folds.around(groupOf.get(node) ?? -1);
  const items = foldGraph(graph, mostNodes, around);
  const open = new Set(
    graph.nodes.flatMap(({ id }) => around(id).flatMap((fold) => (fold.isClosed ? [] : [fold.id]))),
  );
  const layout = layoutGraph(graph, visibleGraph(graph, items, open));
  return writeMarkup(drawGraph(graph, layout, `Dependency graph of ${title}`, true));
}
