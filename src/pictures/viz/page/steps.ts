import type { PageData } from "../page-data.ts";

/** Reverse mode, or forward mode with one of the seeds. */
export type Mode = { readonly kind: "reverse" } | { readonly kind: "forward"; readonly pass: number };

/** One step through a trace: what is reached, and what takes part in it. */
export interface Step {
  /** Whether the step goes through the lines of the program or back through the adjoints. */
  readonly phase: "program" | "adjoints";
  /** Row of that list; the first step shows all inputs at once. */
  readonly row: number;
  /** The node that the step is about, and those that it reads. */
  readonly node: number;
  readonly sources: readonly number[];
  /** What happens, in words and formulas. */
  readonly caption: readonly CaptionPart[];
}

/** Words, or a formula. */
export type CaptionPart = string | { readonly formula: string };

const formula = (text: string): CaptionPart => ({ formula: text });
const formulas = (texts: readonly string[]): CaptionPart[] =>
  texts.flatMap((text, i) => (i === 0 ? [formula(text)] : [", ", formula(text)]));

/** The steps of a mode, in order. */
export function stepsOf(data: PageData, mode: Mode): Step[] {
  const reads = new Map<number, number[]>();
  for (const [from, to] of data.graph.edges) reads.set(to, [...(reads.get(to) ?? []), from]);
  const forward = data.lines.flatMap(({ left, right, node, stored }, row): Step[] => {
    if (row < data.inputCount) {
      return row === data.inputCount - 1
        ? [
            {
              phase: "program",
              row,
              node: -1,
              sources: data.lines.slice(0, data.inputCount).map((line) => line.node),
              caption: [inputsCaption(data, mode)],
            },
          ]
        : [];
    }
    const tangent = data.tangents[row];
    const caption: CaptionPart[] =
      mode.kind === "forward" && tangent !== undefined
        ? [formula(`${left} = ${right}`), ", and beside it ", formula(`${tangent.left} = ${tangent.right}`)]
        : [
            formula(`${left} = ${right}`),
            ...(stored.length === 0 ? [] : ["; kept for the way back: ", ...formulas(stored)]),
          ];
    return [{ phase: "program", row, node, sources: reads.get(node) ?? [], caption }];
  });
  if (mode.kind === "forward") return forward;
  return [
    ...forward,
    ...data.reverse.map((line, row): Step => ({
      phase: "adjoints",
      row,
      node: line.node,
      sources: line.from < 0 ? [] : [line.from],
      caption: reverseCaption(data, row),
    })),
  ];
}

function inputsCaption({ isSymbolic, inputCount }: PageData, mode: Mode): string {
  const what = inputCount === 1 ? "The input" : "The inputs";
  const seeds = mode.kind === "forward" ? " with the differentials that were chosen" : "";
  return isSymbolic ? `${what}, without values` : `${what}${seeds}`;
}

function reverseCaption(data: PageData, row: number): CaptionPart[] {
  const line = data.reverse[row]!;
  switch (line.kind) {
    case "seed":
      return ["The way back begins at the result: ", formula(`${line.left} = 1`)];
    case "contribution": {
      const uses = line.uses.length === 0 ? [] : ["; used again: ", ...formulas(line.uses)];
      const verb = line.sign === "=" ? " is " : " gets ";
      return ["Because ", formula(line.rule), ", ", formula(line.left), verb, formula(line.right), ...uses];
    }
    case "sum":
      return [formula(line.left), " is complete: the sum of its contributions"];
    case "none":
      return [formula(`${line.left} = 0`), ": the result does not depend on it"];
    default:
      return line.kind satisfies never;
  }
}
