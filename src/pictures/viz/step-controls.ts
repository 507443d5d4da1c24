/** Returns a button icon of 20 × 20 pixels, as SVG. */
function icon(path: string): string {
  return `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;
}

/** Icons of the step buttons, as SVG. */
export const stepIcons: Readonly<Record<"first" | "back" | "forth" | "last", string>> = {
  first: /* @__PURE__ */ icon("M4 4h2v12H4zM16 4v12L7 10z"),
  back: /* @__PURE__ */ icon("M14 4v12L5 10z"),
  forth: /* @__PURE__ */ icon("M6 4v12l9-6z"),
  last: /* @__PURE__ */ icon("M14 4h2v12h-2zM4 4v12l9-6z"),
};

/** Buttons, slider and counter for stepping through a trace, as HTML. */
export const stepControls: string = `<div class="buttons">
<button type="button" id="first" aria-label="First step" title="First step (Home)">${stepIcons.first}</button>
<button type="button" id="back" aria-label="One step back" title="One step back (←)">${stepIcons.back}</button>
<button type="button" id="play" title="Play (space)">Play</button>
<button type="button" id="forth" aria-label="One step on" title="One step on (→)">${stepIcons.forth}</button>
<button type="button" id="last" aria-label="Last step" title="Last step (End)">${stepIcons.last}</button>
</div>
<input type="range" id="slider" min="0" value="0" aria-label="Step">
<output id="count"></output>`;
