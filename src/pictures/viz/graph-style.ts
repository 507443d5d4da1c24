/** Typefaces for mathematics and for all else, as a browser may have them. */
export const mathFonts: string =
  '"STIX Two Text","STIX Two Math","Latin Modern Math","Cambria Math",Cambria,"Times New Roman","Liberation Serif",serif';
export const plainFonts: string =
  'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';

/**
 * What scrolls shows so: a shade at each side on which there is more, and a scroll bar that stays. The page has the colours
 * `--paper` and `--shade`.
 */
export const scrollStyle: string = /* @__PURE__ */ `
:root{--shade:#1f232838}
@media (prefers-color-scheme:dark){:root{--shade:#e6edf338}}
.scroll{overflow:auto;background:linear-gradient(to right,var(--paper) 50%,transparent) 0 0/48px 100% no-repeat local,linear-gradient(to left,var(--paper) 50%,transparent) 100% 0/48px 100% no-repeat local,linear-gradient(to bottom,var(--paper) 50%,transparent) 0 0/100% 48px no-repeat local,linear-gradient(to top,var(--paper) 50%,transparent) 0 100%/100% 48px no-repeat local,linear-gradient(to right,var(--shade),transparent) 0 0/14px 100% no-repeat scroll,linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100% no-repeat scroll,linear-gradient(to bottom,var(--shade),transparent) 0 0/100% 14px no-repeat scroll,linear-gradient(to top,var(--shade),transparent) 0 100%/100% 14px no-repeat scroll}
.scroll::-webkit-scrollbar{width:9px;height:9px}
.scroll::-webkit-scrollbar-thumb{background:var(--soft);border:2px solid var(--paper);border-radius:5px}
`.trim();

/** Colours and type of a drawing, light and dark. */
export const graphStyle: string = /* @__PURE__ */ `
.dh-graph{--ink:#1f2328;--soft:#59636e;--line:#8c959f;--paper:#ffffff;--box:#f6f8fa;--edge:#d1d9e0;--input:#ddf4ff;--input-edge:#54aeff;--value:#0550ae;--adjoint:#a40e26}
@media (prefers-color-scheme:dark){.dh-graph{--ink:#e6edf3;--soft:#9198a1;--line:#6e7681;--paper:#0d1117;--box:#161b22;--edge:#3d444d;--input:#0c2d4a;--input-edge:#388bfd;--value:#79c0ff;--adjoint:#ff9492}}
.dh-graph{font-family:${plainFonts}}
.dh-paper{fill:var(--paper)}
.dh-edge{fill:none;stroke:var(--line)}
.dh-arrow,.dh-arrow-now,.dh-arrow-before,.dh-arrow-after{fill:var(--line)}
.dh-box rect{fill:var(--box);stroke:var(--edge);stroke-width:1.25}
.dh-input rect{fill:var(--input);stroke:var(--input-edge)}
.dh-box .dh-outer{fill:none;stroke:var(--line)}
.dh-output rect{stroke:var(--line)}
.dh-title{text-anchor:middle;font-family:${mathFonts};font-size:16px;fill:var(--ink);white-space:pre}
.dh-name{font-style:italic}
.dh-note{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
.dh-note.dh-value{fill:var(--value)}
.dh-note.dh-adjoint{fill:var(--adjoint)}
`.trim();
