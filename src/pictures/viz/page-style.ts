import { colourProperties, mathFonts, plainFonts } from "../plot/palette.ts";

const common: string = /* @__PURE__ */ `${colourProperties};--math:${mathFonts};--plain:${plainFonts}`;

/** CSS rule with the colours and fonts of an element that shows a trace. */
export const traceColours: string = /* @__PURE__ */ `.dh-trace{${common}}`;

/** CSS rule with the same colours and fonts, for a page that shows only a trace. */
export const pageColours: string = /* @__PURE__ */ `:root{color-scheme:light dark;${common}}`;
