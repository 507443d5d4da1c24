import { escapeText } from "../plot/markup.ts";
import { stepControls } from "./step-controls.ts";

/**
 * The elements that the script of a trace's page fills, as HTML.
 *
 * @param title the heading
 * @param picture what stands in the place of the graph until the script draws it, as HTML
 */
export function pageBody(title: string, picture: string): string {
  return `<header>
<h1 id="title">${escapeText(title)}</h1>
<nav id="modes" aria-label="Mode"></nav>
</header>
<section id="controls" aria-label="Steps">
${stepControls}
<div id="caption" role="status" aria-live="polite"></div>
</section>
<main>
<div id="lists" tabindex="0" role="region" aria-label="Trace"><noscript>Stepping through the trace needs JavaScript; the graph is complete without it.</noscript></div>
<div id="side">
<div id="tools">
<button type="button" id="further" aria-label="Smaller" title="Smaller (−)">−</button>
<button type="button" id="fit" title="Show the whole graph">Fit</button>
<button type="button" id="closer" aria-label="Larger" title="Larger (+)">+</button>
<span id="chips"></span>
</div>
<div id="picture" class="scroll" tabindex="0" role="region" aria-label="Dependency graph">${picture}</div>
<div id="selection" role="status"></div>
</div>
</main>`;
}
