import { colourProperty } from "../../plot/palette.ts";

/** Additional colours of maps. */
export const mapColours: string = /* @__PURE__ */ `:root{${
  /* @__PURE__ */ [
    colourProperty("hill", "#3b5478", "#9fb8dc"),
    colourProperty("level", "#33507a", "#a9c1e6"),
    colourProperty("goal", "#1f2328", "#f0f6fc"),
    colourProperty("limit", "#a3273b", "#ff8f9c"),
  ].join(";")
}}`.trim();

/** Style sheet of maps, used together with `chartStyle` and the colours. */
export const mapStyle: string = /* @__PURE__ */ `
.dl .outside{fill:var(--limit);fill-opacity:.13}
.dl .limit{fill:none;vector-effect:non-scaling-stroke;stroke:var(--limit);stroke-width:1.6;stroke-dasharray:6 4}
.dl .limit.is-active{stroke-width:2.4;stroke-dasharray:none}
.dl .note.limit-name{fill:var(--limit)}
.dl .force .shaft{fill:none;stroke:var(--goal);stroke-width:2.4}
.dl .force .shaft-halo{fill:none;stroke:var(--paper);stroke-width:5.4;stroke-opacity:.8}
.dl .force .tip{fill:var(--goal)}
.dl .force.is-push .shaft{stroke:var(--limit)}
.dl .force.is-push .tip{fill:var(--limit)}
.dl .frame{fill:none;stroke:var(--faint)}
.dl .hill{fill:var(--hill);fill-opacity:.042}
.dl .level{fill:none;vector-effect:non-scaling-stroke;stroke:var(--level);stroke-opacity:.34;stroke-width:.8}
.dl .level.bold{stroke-width:1.8;stroke-opacity:.75}
.dl .halo{fill:none;stroke:var(--paper);stroke-width:4.6;stroke-opacity:.75;stroke-linejoin:round;stroke-linecap:round}
.dl .trail{fill:none;stroke:var(--run);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.dl .dot{fill:var(--run)}
.dl .lost{fill:none;stroke:var(--run);stroke-width:2.6;stroke-linecap:round}
.dl .lost-halo{fill:none;stroke:var(--paper);stroke-width:6;stroke-linecap:round}
.dl .head.is-lost .marker,.dl .head:not(.is-lost) .lost,.dl .head:not(.is-lost) .lost-halo{display:none}
.dl .goal{fill:var(--goal);stroke:var(--paper);stroke-width:1.2}
.dl .start{fill:var(--paper);stroke:var(--goal);stroke-width:2}
.dl .end{fill:var(--goal);stroke:var(--paper);stroke-width:1.2}
.dl .saddle{fill:none;stroke:var(--goal);stroke-width:1.8}
.dl .note{fill:var(--ink);font-size:12.5px;font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3.4;stroke-linejoin:round}
`.trim();
