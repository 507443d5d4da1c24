import type { PageData } from "../page-data.ts";

/** True if two traces belong to the same program and show the same parts of it, so that only values differ. */
export function isSameProgram(a: PageData, b: PageData): boolean {
  return JSON.stringify(programOf(a)) === JSON.stringify(programOf(b));
}

/** Returns the content of a trace except for its values. The right-hand sides of inputs are values too. */
function programOf({
  isSymbolic,
  inputCount,
  lines,
  passes,
  tangents,
  reverse,
  gradient,
  check,
  graph,
  groups = [],
}: PageData): unknown {
  return [
    isSymbolic,
    inputCount,
    lines.map(({ left, right, node, stored, group }, i) => [
      left,
      i < inputCount ? "" : right,
      node,
      stored.length,
      group,
    ]),
    passes.map(({ label }) => label),
    tangents.map(({ left }) => left),
    reverse.map(({ kind, left, sign, node, from, uses }) => [kind, left, sign, node, from, uses.length]),
    gradient.map(({ name }) => name),
    check === null,
    graph.nodes.map(({ name, label, kind, isOutput, depth, value, derivative }) => [
      name,
      label,
      kind,
      isOutput,
      depth,
      value === "",
      derivative === "",
    ]),
    graph.edges,
    graph.locals.map((local) => local === ""),
    groups,
  ];
}
