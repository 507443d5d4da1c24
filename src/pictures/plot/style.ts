import { widthStyle } from "./at-widths.ts";
import { colourProperties, colourProperty, plainFonts, runStyle } from "./palette.ts";
import { scrollStyle } from "./scroll-style.ts";

/** Colours of a page or of a standalone picture. They follow the viewer's light or dark mode. */
export const colourStyle: string =
  /* @__PURE__ */ `:root{color-scheme:light dark;${colourProperties}}`.trim();

/** Style sheet of charts, used together with the colours. */
export const chartStyle: string = /* @__PURE__ */ `
.dh-chart{font-family:${plainFonts}}
.dh-chart text{fill:var(--ink)}
.dh-chart :is(.tick,.label,.key){fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.dh-chart .label{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.dh-chart .strong{fill:var(--ink);font-weight:600}
.dh-chart .grid{stroke:var(--grid)}
.dh-chart .axis{stroke:var(--faint)}
.dh-chart .mark{stroke:var(--soft);stroke-dasharray:4 3}
.dh-chart .curve{fill:none;stroke:var(--run);stroke-width:2;stroke-linejoin:round}
.dh-chart .dashes{fill:none;stroke:var(--run);stroke-width:1.8;stroke-dasharray:1 5;stroke-linecap:round}
.dh-chart :is(.dots,.points){fill:none;stroke:var(--run);stroke-linecap:round}
.dh-chart .points{stroke-width:4.6}
.dh-chart .dots{stroke-opacity:.8}
.dh-chart :is(.many,.run-ink .dots){stroke-opacity:.45}
.dh-chart .stem{fill:none;stroke:var(--run);stroke-opacity:.35}
.dh-chart .band{fill:var(--run);fill-opacity:.18}
.dh-chart .marker{fill:var(--run);stroke:var(--paper);stroke-width:1.4}
.dh-chart .beyond{fill:var(--run)}
.run-ink{--run:var(--ink)}
${runStyle}
`.trim();

/** Style sheet of pages with text, charts and tables. */
export const pageStyle: string = /* @__PURE__ */ `
${colourStyle}
:root{${/* @__PURE__ */ colourProperty("warn", "#fff8c5", "#272115")};${/* @__PURE__ */ colourProperty("warn-line", "#d4a72c", "#9e6a03")}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ${plainFonts}}
main{max-width:1040px;margin:0 auto;padding:44px 28px 64px}
.over{margin:0;color:var(--soft);font-size:13px;letter-spacing:.04em}
h1{margin:2px 0 4px;font-size:30px;line-height:1.2;font-weight:600;overflow-wrap:anywhere}
h2{margin:0 0 2px;font-size:16px;font-weight:600}
h3{margin:0 0 6px;font-size:13.5px;font-weight:600}
.subtitle{margin:0;color:var(--soft);overflow-wrap:anywhere}
.attention{margin:22px 0 26px;padding:10px 14px;background:var(--warn);border-left:3px solid var(--warn-line);border-radius:4px}
.attention p{margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:40px 44px}
section{min-width:0}
section.wide{grid-column:1/-1}
.curves{margin:28px 0 36px}
.curves .chart-place + h2{margin-top:24px}
.caption{margin:0 0 10px;max-width:76ch;color:var(--soft);font-size:13px}
.chart-place + .caption{margin:6px 0 0}
.dh-chart{display:block;width:100%;height:auto}
${chartStyle}
${scrollStyle}
${widthStyle}
:focus-visible{outline:2px solid var(--run-0);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums}
.rows th{padding:4px 22px 4px 0;color:var(--soft);font-size:13px;font-weight:500;text-align:left;border-bottom:1px solid var(--line)}
.rows td{padding:4px 22px 4px 0;border-bottom:1px solid var(--grid)}
.rows .number{text-align:right;white-space:nowrap}
.settings{display:grid;grid-template-columns:max-content 1fr;gap:4px 22px;margin:8px 0 18px}
.settings dt{color:var(--soft)}
.settings dd{margin:0;overflow-wrap:anywhere}
pre{margin:6px 0 0;padding:12px 14px;background:var(--box);border:1px solid var(--line);border-radius:6px;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
.whole{white-space:nowrap}
footer{margin-top:40px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media (max-width:520px){main{padding:28px 16px 48px}.rows :is(th,td){padding-right:14px}}
`.trim();
