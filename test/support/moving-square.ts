import { element, type Markup } from "../../src/pictures/plot/markup.ts";

/** A square that moves from the left to the right in a second, rests there for another, and turns red in between. */
export const moving: Markup = element(
  "svg",
  { xmlns: "http://www.w3.org/2000/svg", width: 80, height: 40, viewBox: "0 0 80 40" },
  element("title", {}, "a moving square"),
  element(
    "style",
    {},
    `:root{color-scheme:light dark;--paper:light-dark(#fff,#000);--run-0:light-dark(#00f,#0ff)}
.paper{fill:var(--paper)}
.run-0{--run:var(--run-0)}
.box{fill:var(--run)}
@media screen and (prefers-reduced-motion:no-preference){
@keyframes go{from{transform:translateX(0px)}50%,to{transform:translateX(40px)}}
@keyframes turn{from{fill:#00f}25%,to{fill:#f00}}
.box{animation:go 2s linear infinite}
.edge{animation:turn 2s step-end infinite}
}`,
  ),
  element("rect", { class: "paper", width: 80, height: 40 }),
  element(
    "g",
    { class: "run-0" },
    element("rect", { class: "box", width: 40, height: 20 }),
    element("rect", { class: "edge", y: 20, width: 10, height: 20, fill: "#00f" }),
  ),
);
