import { colourProperty } from "./palette.ts";

/**
 * Style sheet of scrollable elements: a shadow at each side with hidden content, and a permanent scroll bar. Uses the
 * colours `--paper` and `--soft`.
 */
export const scrollStyle: string = /* @__PURE__ */ `
:root{${/* @__PURE__ */ colourProperty("shade", "#1f232838", "#e6edf338")}}
.scroll{overflow:auto;background:linear-gradient(to right,var(--paper) 50%,transparent) 0 0/48px 100% no-repeat local,linear-gradient(to left,var(--paper) 50%,transparent) 100% 0/48px 100% no-repeat local,linear-gradient(to bottom,var(--paper) 50%,transparent) 0 0/100% 48px no-repeat local,linear-gradient(to top,var(--paper) 50%,transparent) 0 100%/100% 48px no-repeat local,linear-gradient(to right,var(--shade),transparent) 0 0/14px 100% no-repeat scroll,linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100% no-repeat scroll,linear-gradient(to bottom,var(--shade),transparent) 0 0/100% 14px no-repeat scroll,linear-gradient(to top,var(--shade),transparent) 0 100%/100% 14px no-repeat scroll}
.scroll::-webkit-scrollbar{width:9px;height:9px}
.scroll::-webkit-scrollbar-thumb{background:var(--soft);border:2px solid var(--paper);border-radius:5px}
`.trim();
