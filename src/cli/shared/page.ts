import { plainFonts } from "../../pictures/viz/graph-style.ts";
import { escapeText, type Markup, writeMarkup } from "../../pictures/viz/markup.ts";

/** Colours and type of a picture that stands alone, light and dark. */
export const pictureStyle: string = `
:root{--ink:#1f2328;--soft:#59636e;--grid:#eaeef2;--axis:#8c959f;--paper:#fff;--first:#0969da;--second:#bc4c00}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--grid:#21262d;--axis:#6e7681;--paper:#0d1117;--first:#58a6ff;--second:#f0883e}}
svg{background:var(--paper);font-family:${plainFonts}}
.paper{fill:var(--paper)}
.head{fill:var(--ink);font-size:19px;font-weight:600}
.note{fill:var(--soft);font-size:12.5px}
`.trim();

/** What both the picture and the page need. */
export const panelStyle: string = `
.panel{fill:var(--ink);font-size:13.5px;font-weight:600}
.chart .grid{stroke:var(--grid)}
.chart .axis{stroke:var(--axis,var(--faint))}
.chart .tick{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.series path{fill:none;stroke:var(--first);stroke-width:2;stroke-linejoin:round}
.series circle{fill:var(--first)}
.series-2 path{stroke:var(--second)}
.series-2 circle{fill:var(--second)}
`.trim();

/** A page of its own: one file that loads nothing and runs no script. */
export function wholePage(title: string, style: string, main: Markup): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    `<body>${writeMarkup(main)}</body>`,
    "</html>",
    "",
  ].join("\n");
}
