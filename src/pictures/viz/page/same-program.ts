import type { PageData } from "../page-data.ts";

/** Whether two traces are of the same program and show the same of it, so that they differ in numbers alone. */
export function isSameProgram(a: PageData, b: PageData): boolean {
  return JSON.stringify(programOf(a)) === JSON.stringify(programOf(b));
}

/** What a trace shows beside numbers. Right-hand sides of inputs are their values. */
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
