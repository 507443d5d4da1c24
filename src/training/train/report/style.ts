import { widthStyle } from "../../../pictures/viz/at-widths.ts";
import { plainFonts, scrollStyle } from "../../../pictures/viz/graph-style.ts";

/** Colours and type of the page, light and dark. */
export const pageStyle: string = /* @__PURE__ */ `
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--faint:#818b98;--line:#d1d9e0;--grid:#eaeef2;--paper:#fff;--box:#f6f8fa;--first:#0969da;--second:#bc4c00;--third:#6639ba;--right:#0550ae;--wrong:#953800;--warn:#fff8c5;--warn-line:#d4a72c}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--faint:#767e89;--line:#30363d;--grid:#21262d;--paper:#0d1117;--box:#161b22;--first:#58a6ff;--second:#f0883e;--third:#bc8cff;--right:#58a6ff;--wrong:#f0883e;--warn:#272115;--warn-line:#9e6a03}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 ${plainFonts}}
main{max-width:1040px;margin:0 auto;padding:44px 28px 64px}
.over{margin:0;color:var(--soft);font-size:13px;letter-spacing:.04em}
h1{margin:2px 0 4px;font-size:30px;line-height:1.2;font-weight:600;overflow-wrap:anywhere}
h2{margin:0 0 2px;font-size:16px;font-weight:600}
.subtitle{margin:0;color:var(--soft);overflow-wrap:anywhere}
.results{display:flex;flex-wrap:wrap;gap:12px 44px;margin:26px 0 34px;padding:0}
.results dt{color:var(--soft);font-size:13px}
.results dd{margin:0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
.results div:first-child dd{font-size:42px;letter-spacing:-.01em;line-height:1.1}
.results .note{display:block;color:var(--soft);font-size:13px;font-weight:400;letter-spacing:0}
.attention{margin:0 0 26px;padding:10px 14px;background:var(--warn);border-left:3px solid var(--warn-line);border-radius:4px}
.attention p{margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:40px 44px}
section{min-width:0}
section.wide{grid-column:1/-1}
.caption{margin:0 0 10px;max-width:76ch;color:var(--soft);font-size:13px}
.at-widths + .caption{margin:6px 0 0}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 6px;padding:0;list-style:none;font-size:13px;color:var(--soft)}
.legend li::before{content:"";display:inline-block;width:14px;height:3px;margin-right:7px;border-radius:2px;vertical-align:middle;background:var(--first)}
.legend li:nth-child(2)::before{background:var(--second)}
.legend li:nth-child(n+3)::before{background:var(--third)}
.chart{display:block;width:100%;height:auto}
.chart.square{max-width:440px}
.chart .grid{stroke:var(--grid)}
.chart .tick{fill:var(--soft);font-size:11.5px;font-variant-numeric:tabular-nums}
.chart .mark{stroke:var(--faint);stroke-width:1;stroke-dasharray:3 3}
.chart .label{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.series path{fill:none;stroke:var(--first);stroke-width:2;stroke-linejoin:round}
.series circle{fill:var(--first)}
.series-2 path{stroke:var(--second)}
.series-2 circle{fill:var(--second)}
.series-3 path{stroke:var(--third)}
.series-3 circle{fill:var(--third)}
.chart .same{stroke:var(--faint);stroke-dasharray:4 4}
.dots circle{fill:var(--first);fill-opacity:.55}
${scrollStyle}
${widthStyle}
:focus-visible{outline:2px solid var(--first);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums}
.confusion{border-spacing:2px;font-size:13px}
.confusion th{padding:0 4px;color:var(--soft);font-weight:500;text-align:center;white-space:nowrap;max-width:9em;overflow:hidden;text-overflow:ellipsis}
.confusion th[scope=row]{text-align:right;padding-right:6px}
.confusion td{min-width:33px;height:30px;padding:0 3px;text-align:center;border-radius:3px}
.confusion td.none{color:var(--soft);background:var(--box)}
.confusion td.right{background:color-mix(in srgb,var(--right) var(--tint),var(--box))}
.confusion td.wrong{background:color-mix(in srgb,var(--wrong) var(--tint),var(--box));font-weight:600}
.confusion td.strong{color:var(--paper)}
.images{display:flex;flex-wrap:wrap;gap:14px}
.images figure{margin:0;text-align:center}
.images span{display:block;overflow:hidden;border:1px solid var(--line);border-radius:5px}
.images img{display:block;image-rendering:pixelated}
.images figcaption{margin-top:3px;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){.images img{filter:invert(.93)}}
.rows th{padding:4px 22px 4px 0;color:var(--soft);font-size:13px;font-weight:500;text-align:left;border-bottom:1px solid var(--line)}
.rows td{padding:4px 22px 4px 0;border-bottom:1px solid var(--grid)}
.drawing{max-height:900px;padding:8px;border:1px solid var(--line);border-radius:6px}
.drawing svg{display:block;margin:0 auto;max-width:100%;min-width:calc(.93*var(--width,0px));height:auto}
.settings{display:grid;grid-template-columns:max-content 1fr;gap:4px 22px;margin:8px 0 18px}
.settings dt{color:var(--soft)}
.settings dd{margin:0;overflow-wrap:anywhere}
pre{margin:6px 0 0;padding:12px 14px;background:var(--box);border:1px solid var(--line);border-radius:6px;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
footer{margin-top:40px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media (max-width:520px){main{padding:28px 16px 48px}.drawing{padding:4px}.confusion{border-spacing:1px;font-size:12px}.confusion th{padding:0 1px}.confusion th[scope=row]{padding-right:3px}.confusion td{min-width:0;width:31px;padding:0}.rows th,.rows td{padding-right:14px}}
@media print{.drawing{max-height:none}}
`.trim();
