import { reachable, reachText } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import { make, math } from "./dom.ts";

const keys = "← → step · Home End · space plays · + − zoom · Esc";
const mostInputs = 4; // maximum number of inputs named in one sentence
const mostNamed = 12; // maximum number of nodes named in the text about a selection

/**
 * Returns a text about the nodes that the selected node affects and is affected by. Without a selection, the text is
 * about the results that each input reaches, with a list of the keys.
 */
export function selectionText({ graph }: PageData, selected: number | undefined): (Node | string)[] {
  const node = selected === undefined ? undefined : graph.nodes[selected];
  if (node === undefined) {
    const reach = reachText(graph, mostInputs).map((line) => `${line}. `);
    const hint = make(
      "span",
      { class: "hint" },
      "Choose a node to see what it affects and what affects it. ",
    );
    return [...reach, hint, make("kbd", {}, keys)];
  }
  const list = (direction: "forward" | "backward"): (Node | string)[] => {
    const names = [...reachable(graph, node.id, direction)]
      .sort((a, b) => a - b)
      .map((id) => graph.nodes[id]?.name ?? "");
    if (names.length === 0) return ["nothing"];
    const rest = names.length > mostNamed ? [` and ${names.length - mostNamed} more`] : [];
    return [math(names.slice(0, mostNamed).join(", ")), ...rest];
  };
  return [
    math(node.name),
    make("span", { class: "after" }, " affects "),
    ...list("forward"),
    make("span", { class: "before" }, " and is affected by "),
    ...list("backward"),
  ];
}
