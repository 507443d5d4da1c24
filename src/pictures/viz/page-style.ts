import { colourProperties, mathFonts, plainFonts } from "../plot/palette.ts";

const common: string = /* @__PURE__ */ `${colourProperties};--math:${mathFonts};--plain:${plainFonts}`;

/** The colours and typefaces of what shows a trace. */
export const traceColours: string = /* @__PURE__ */ `.dh-trace{${common}}`;

/** The same of a page that holds nothing else. */
export const pageColours: string = /* @__PURE__ */ `:root{color-scheme:light dark;${common}}`;
