import { colourProperty } from "../../../pictures/plot/palette.ts";

/** CSS of reports, in addition to the style of all pages. */
export const reportStyle: string = /* @__PURE__ */ `
:root{${/* @__PURE__ */ colourProperty("right", "#0550ae", "#58a6ff")};${/* @__PURE__ */ colourProperty("wrong", "#953800", "#f0883e")}}
.results{display:flex;flex-wrap:wrap;gap:12px 44px;margin:26px 0 34px;padding:0}
.results dt{color:var(--soft);font-size:13px}
.results dd{margin:0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
.results div:first-child dd{font-size:42px;letter-spacing:-.01em;line-height:1.1}
.results .note{display:block;color:var(--soft);font-size:13px;font-weight:400;letter-spacing:0}
.square{max-width:440px}
.layers{display:flex;flex-wrap:wrap;gap:10px 34px;margin:8px 0 0;padding:0;list-style:none}
.layers li{position:relative;padding:8px 13px;background:var(--box);border:1px solid var(--line);border-radius:4px;font-size:13px;font-variant-numeric:tabular-nums}
.layers li+li::before{content:"→";position:absolute;left:-24px;top:50%;transform:translateY(-50%);color:var(--soft)}
.layers b{display:block;font-size:14px;font-weight:600}
.layers span{display:block;color:var(--soft)}
.confusion{border-spacing:2px;font-size:13px}
.confusion th{padding:0 4px;color:var(--soft);font-weight:500;text-align:center;white-space:nowrap;max-width:9em;overflow:hidden;text-overflow:ellipsis}
.confusion th[scope=row]{text-align:right;padding-right:6px}
.confusion td{min-width:33px;height:30px;padding:0 3px;text-align:center;border-radius:3px}
.confusion td.none{color:var(--soft);background:var(--box)}
.confusion td.right{background:color-mix(in srgb,var(--right) var(--tint),var(--box))}
.confusion td.wrong{background:color-mix(in srgb,var(--wrong) var(--tint),var(--box));font-weight:600}
.confusion td.strong{color:var(--paper)}
.map-and-pairs{display:flex;flex-wrap:wrap;gap:0 40px;align-items:flex-start}
.map-and-pairs>*{min-width:0;max-width:100%}
.map-and-pairs>:last-child{flex:1 1 220px}
.confusion-map{display:block;font-size:11.5px}
.confusion-map text{fill:var(--soft)}
.confusion-map .ground{fill:var(--box);stroke:var(--line)}
.confusion-map .right{fill:color-mix(in srgb,var(--right) var(--tint),var(--box))}
.confusion-map .wrong{fill:color-mix(in srgb,var(--wrong) var(--tint),var(--box))}
.rows .quantity{white-space:nowrap}
.images{display:flex;flex-wrap:wrap;gap:14px}
.images figure{margin:0;text-align:center}
.images span{display:flex;overflow:hidden;border:1px solid var(--line);border-radius:5px}
.images img{display:block;image-rendering:pixelated}
.images img+img{border-left:1px solid var(--line)}
.images small{display:block;font-size:12px}
.images figcaption{margin-top:3px;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){.images img{filter:invert(.93) hue-rotate(180deg)}}
.drawing{max-height:900px;padding:8px;border:1px solid var(--line);border-radius:6px}
.drawing svg{display:block;margin:0 auto;max-width:100%;min-width:calc(.93*var(--width,0px));height:auto}
@media (max-width:520px){.drawing{padding:4px}.confusion{border-spacing:1px;font-size:12px}.confusion th{padding:0 1px}.confusion th[scope=row]{padding-right:3px}.confusion td{min-width:0;width:31px;padding:0}}
@media print{.drawing{max-height:none}}
`.trim();
