import type { Graph } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import { setText } from "../math-pieces.ts";
import { make, math } from "./dom.ts";
import type { CaptionPart, TraceMode } from "./steps.ts";

/**
 * Returns the modes of a trace with their button labels, restricted to the kinds for which `wants` returns true. The
 * list is never empty: if nothing is differentiated, it contains a reverse mode with the label “Program”.
 */
export function modesOf(
  data: PageData,
  wants: (kind: TraceMode["kind"]) => boolean,
): readonly [LabelledMode, ...LabelledMode[]] {
  const modes: LabelledMode[] = [
    ...(data.reverse.length > 0 && wants("reverse")
      ? [{ mode: { kind: "reverse" }, label: ["Reverse"] } as const]
      : []),
    ...(wants("forward") ? data.passes : []).map(
      ({ label }, pass) =>
        ({ mode: { kind: "forward", pass }, label: ["Forward  ", { formula: label }] }) as const,
    ),
  ];
  const [first, ...rest] = modes;
  // Nothing is differentiated.
  return first === undefined ? [{ mode: { kind: "reverse" }, label: ["Program"] }] : [first, ...rest];
}

/** A mode and the label of its button. */
export interface LabelledMode {
  readonly mode: TraceMode;
  readonly label: readonly CaptionPart[];
}

/** Controls that choose a mode and show the chosen one. */
export interface ModeChoice {
  readonly elements: readonly HTMLElement[];
  show(mode: TraceMode): void;
}

const mostButtons = 2; // maximum number of forward passes with a button each; more are chosen from a list

/** Creates one button per mode. More than two forward passes share one button and a list. */
export function makeModeChoice(
  modes: readonly LabelledMode[],
  choose: (mode: TraceMode) => void,
): ModeChoice {
  const passes = modes.filter(({ mode }) => mode.kind === "forward");
  const listed = passes.length > mostButtons ? passes : [];
  const [shownFor] = listed;
  const buttons = modes
    .filter((mode) => mode === shownFor || !listed.includes(mode))
    .map((labelled) => {
      const words = labelled === shownFor ? ["Forward"] : setLabel(labelled.label);
      const button = make("button", { type: "button" }, ...words);
      button.addEventListener("click", () => choose(labelled.mode));
      return { button, labelled };
    });
  const options = listed.map(({ label }, i) => make("option", { value: String(i) }, formulasOf(label)));
  const list = make("select", { "aria-label": "Forward pass" }, ...options);
  list.addEventListener("change", () => choose(listed[Number(list.value)]!.mode));
  return {
    elements: [...buttons.map(({ button }) => button), ...(listed.length > 0 ? [list] : [])],
    show(mode) {
      const at = listed.findIndex((other) => sameMode(mode, other.mode));
      if (at >= 0) list.value = String(at);
      for (const { button, labelled } of buttons) {
        const isShown = sameMode(mode, labelled.mode) || (at >= 0 && labelled === shownFor);
        button.setAttribute("aria-pressed", String(isShown));
      }
    },
  };
}

/** Creates the nodes of a label: words as text, and formulas in mathematical type. */
export function setLabel(parts: readonly CaptionPart[]): (HTMLElement | string)[] {
  return parts.map((part) => (typeof part === "string" ? part : math(part.formula)));
}

function formulasOf(parts: readonly CaptionPart[]): string {
  return parts.flatMap((part) => (typeof part === "string" ? [] : [setText(part.formula)])).join(" ");
}

/** True if two modes are equal. */
export function sameMode(a: TraceMode, b: TraceMode): boolean {
  return a.kind === b.kind && (a.kind === "reverse" || (b.kind === "forward" && a.pass === b.pass));
}

/** Returns the graph with adjoints in its nodes (reverse mode) or with the differentials of the pass (forward mode). */
export function graphFor({ graph, lines, passes, tangents }: PageData, mode: TraceMode): Graph {
  if (mode.kind === "reverse") return graph;
  const rowOf = new Map(lines.map(({ node }, row) => [node, row]));
  const nodes = graph.nodes.map((node) => {
    const row = rowOf.get(node.id);
    const tangent = row === undefined ? undefined : tangents[row];
    if (row === undefined || tangent === undefined) return { ...node, derivative: "" };
    const value = passes[mode.pass]?.values[row] ?? "";
    const shown = value === "" ? ` = ${tangent.right}` : value.includes("[") ? "" : ` = ${value}`;
    return { ...node, derivative: tangent.left + shown };
  });
  return { ...graph, nodes };
}
