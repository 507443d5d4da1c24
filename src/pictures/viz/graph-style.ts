import { colourProperties, colourProperty, mathFonts, plainFonts } from "../plot/palette.ts";

/** Colours of the boxes of inputs, of values and of adjoints. */
const ownColours: string = /* @__PURE__ */ [
  colourProperty("input", "#ddf4ff", "#0c2d4a"),
  colourProperty("input-edge", "#54aeff", "#388bfd"),
  colourProperty("value", "#0550ae", "#79c0ff"),
  colourProperty("adjoint", "#a40e26", "#ff9492"),
].join(";");

/** Style sheet of a drawing: colours for light and dark mode, and fonts. */
export const graphStyle: string = /* @__PURE__ */ `
:root.dh-graph{color-scheme:light dark}
.dh-graph{${colourProperties};${ownColours}}
.dh-graph{font-family:${plainFonts}}
.dh-paper{fill:var(--paper)}
.dh-edge{fill:none;stroke:var(--faint)}
.dh-arrow,.dh-arrow-now,.dh-arrow-before,.dh-arrow-after{fill:var(--faint)}
.dh-box rect{fill:var(--box);stroke:var(--line);stroke-width:1.25}
.dh-input rect{fill:var(--input);stroke:var(--input-edge)}
.dh-box .dh-outer{fill:none;stroke:var(--faint)}
.dh-output rect{stroke:var(--faint)}
.dh-title{text-anchor:middle;font-family:${mathFonts};font-size:16px;fill:var(--ink);white-space:pre}
.dh-name{font-style:italic}
.dh-note{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
.dh-note.dh-value{fill:var(--value)}
.dh-note.dh-adjoint{fill:var(--adjoint)}
`.trim();
