import { colourProperties, mathFonts, plainFonts } from "../plot/palette.ts";

const common: string = /* @__PURE__ */ `${colourProperties};--math:${mathFonts};--plain:${plainFonts}`;

/** Colours and fonts of an element that shows a trace. */
export const traceColours: string = /* @__PURE__ */ `.dh-trace{${common}}`;

/** The same colours and fonts for a page that shows only a trace. */
export const pageColours: string = /* @__PURE__ */ `:root{color-scheme:light dark;${common}}`;
