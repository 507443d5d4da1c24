import { stepIcons } from "../step-controls.ts";
import { make } from "./dom.ts";

/** A part of a trace view: one of the modes (`forward`, `reverse`), the graph or the table. */
export type TracePart = "forward" | "reverse" | "graph" | "table";

/** The elements of a trace view, each with a CSS class of the same name. */
export interface TraceElements {
  readonly modes: HTMLElement;
  /** Controls of the shown iterations. */
  readonly loops: HTMLElement;
  readonly first: HTMLButtonElement;
  readonly back: HTMLButtonElement;
  readonly play: HTMLButtonElement;
  readonly forth: HTMLButtonElement;
  readonly last: HTMLButtonElement;
  readonly slider: HTMLInputElement;
  readonly count: HTMLElement;
  readonly caption: HTMLElement;
  /** The program and the adjoints, line by line. */
  readonly lists: HTMLElement;
  readonly further: HTMLButtonElement;
  readonly fit: HTMLButtonElement;
  readonly closer: HTMLButtonElement;
  readonly chips: HTMLElement;
  /** The dependency graph. */
  readonly picture: HTMLElement;
  readonly selection: HTMLElement;
}

/**
 * Fills `root` with the elements of a trace view. Graph and table are created but not inserted if they are not in
 * `parts`.
 */
export function makeFrame(root: HTMLElement, parts: ReadonlySet<TracePart>): TraceElements {
  const frame: TraceElements = {
    modes: make("div", { class: "modes", role: "group", "aria-label": "Mode" }),
    loops: make("div", { class: "loops", role: "group", "aria-label": "Iterations shown" }),
    first: iconButton("first", stepIcons.first, "First step", "Home"),
    back: iconButton("back", stepIcons.back, "One step back", "←"),
    play: make("button", { type: "button", class: "play", title: "Play (space)" }, "Play"),
    forth: iconButton("forth", stepIcons.forth, "One step on", "→"),
    last: iconButton("last", stepIcons.last, "Last step", "End"),
    slider: make("input", { type: "range", class: "slider", min: "0", value: "0", "aria-label": "Step" }),
    count: make("output", { class: "count" }),
    caption: make("div", { class: "caption", role: "status", "aria-live": "polite" }),
    lists: pane("lists", "Program and adjoints"),
    further: make(
      "button",
      { type: "button", class: "further", "aria-label": "Smaller", title: "Smaller (−)" },
      "−",
    ),
    fit: make("button", { type: "button", class: "fit", title: "Show the whole graph" }, "Fit"),
    closer: make(
      "button",
      { type: "button", class: "closer", "aria-label": "Larger", title: "Larger (+)" },
      "+",
    ),
    chips: make("span", { class: "chips" }),
    picture: pane("picture scroll", "Dependency graph"),
    selection: make("div", { class: "selection", role: "status" }),
  };
  const { modes, loops, first, back, play, forth, last, slider, count, caption } = frame;
  const steps = make("div", { class: "buttons" }, first, back, play, forth, last);
  const { lists, further, fit, closer, chips, picture, selection } = frame;
  const tools = make("div", { class: "tools" }, further, fit, closer, chips);
  const side = make("div", { class: "side" }, picture, make("div", { class: "foot" }, tools, selection));
  root.replaceChildren(
    make("div", { class: "bar" }, modes, loops, steps, slider, count, caption),
    make(
      "div",
      { class: "panes" },
      ...(parts.has("table") ? [lists] : []),
      ...(parts.has("graph") ? [side] : []),
    ),
  );
  return frame;
}

/** Creates a pane that scrolls separately, also with the keyboard. */
function pane(name: string, label: string): HTMLElement {
  return make("div", { class: name, tabindex: "0", role: "region", "aria-label": label });
}

function iconButton(name: string, icon: string, label: string, key: string): HTMLButtonElement {
  const button = make("button", {
    type: "button",
    class: name,
    "aria-label": label,
    title: `${label} (${key})`,
  });
  button.innerHTML = icon; // a constant of this project
  return button;
}
