import type { Graph } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import type { CaptionPart, Mode } from "./steps.ts";

/** The modes of a trace with what their buttons say, of those kinds that are wanted; there is always one. */
export function modesOf(
  data: PageData,
  wants: (kind: Mode["kind"]) => boolean,
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
  // nothing is differentiated
  return first === undefined ? [{ mode: { kind: "reverse" }, label: ["Program"] }] : [first, ...rest];
}

/** A mode and what its button says. */
export interface LabelledMode {
  readonly mode: Mode;
  readonly label: readonly CaptionPart[];
}

/** Whether two modes are the same. */
export function sameMode(a: Mode, b: Mode): boolean {
  return a.kind === b.kind && (a.kind === "reverse" || (b.kind === "forward" && a.pass === b.pass));
}

/** The graph with adjoints in its nodes, or with the differentials of the pass. */
export function graphFor({ graph, lines, passes, tangents }: PageData, mode: Mode): Graph {
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
