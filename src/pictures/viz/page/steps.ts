import type { PageData } from "../page-data.ts";
import type { ListingRow } from "./listing.ts";
import { lastOf } from "./listing.ts";

/** Mode of a trace view: reverse, or forward with one of the seeds. `pass` is an index into `PageData.passes`. */
export type TraceMode = { readonly kind: "reverse" } | { readonly kind: "forward"; readonly pass: number };

/** One step of a trace: the lines reached so far and the nodes involved. */
export interface TraceStep {
  /** List that the step belongs to: the lines of the program or the adjoints. */
  readonly phase: "program" | "adjoints";
  /** Row of the step in its list. The first step covers all inputs. */
  readonly row: number;
  /** Index of the last line reached in the list. */
  readonly last: number;
  /** Index of the node of the step, −1 for that of the inputs; `sources` are the nodes that it uses. */
  readonly node: number;
  readonly sources: readonly number[];
  /** Description of the step, as words and formulas. */
  readonly caption: readonly CaptionPart[];
}

/** Part of a caption: words, or a formula. */
export type CaptionPart = string | { readonly formula: string };

const formula = (text: string): CaptionPart => ({ formula: text });
const formulas = (texts: readonly string[]): CaptionPart[] =>
  texts.flatMap((text, i) => (i === 0 ? [formula(text)] : [", ", formula(text)]));

/**
 * Returns the steps of a mode, in order: one for all inputs, then one per further row that is not a heading.
 *
 * @param program rows of the lines of the program
 * @param adjoints rows of the adjoints
 */
export function stepsOf(
  data: PageData,
  mode: TraceMode,
  program: readonly ListingRow[],
  adjoints: readonly ListingRow[],
): TraceStep[] {
  const reads = new Map<number, number[]>();
  for (const [from, to] of data.graph.edges) reads.set(to, [...(reads.get(to) ?? []), from]);
  const inputRows = 1 + program.findLastIndex((row) => lastOf(row) >= 0 && lastOf(row) < data.inputCount);
  const inputs: TraceStep = {
    phase: "program",
    row: inputRows - 1,
    last: data.inputCount - 1,
    node: -1,
    sources: data.lines.slice(0, data.inputCount).map(({ node }) => node),
    caption: [inputsCaption(data, mode)],
  };
  const forward = program.flatMap((row, i): TraceStep[] => {
    const last = lastOf(row);
    if (row.kind === "head" || i < inputRows) return [];
    const { node } = data.lines[last]!;
    const step = { phase: "program", row: i, last, node, sources: reads.get(node) ?? [] } as const;
    return [{ ...step, caption: row.kind === "fold" ? foldCaption(row) : lineCaption(data, mode, last) }];
  });
  const onward = data.inputCount > 0 ? [inputs, ...forward] : forward;
  if (mode.kind === "forward") return onward;
  const back = adjoints.flatMap((row, i): TraceStep[] => {
    const last = lastOf(row);
    if (row.kind === "head") return [];
    const { node, from } = data.reverse[last]!;
    const step = { phase: "adjoints", row: i, last } as const;
    return [
      row.kind === "fold"
        ? {
            ...step,
            node: from < 0 ? node : from,
            sources: [],
            caption: ["Back through ", ...foldCaption(row)],
          }
        : { ...step, node, sources: from < 0 ? [] : [from], caption: reverseCaption(data, last) },
    ];
  });
  return [...onward, ...back];
}

function foldCaption({ fold, members }: ListingRow & { readonly kind: "fold" }): CaptionPart[] {
  return [formula(fold.label), `: ${members.length} line${members.length === 1 ? "" : "s"} in one step`];
}

function lineCaption({ lines, tangents }: PageData, mode: TraceMode, at: number): CaptionPart[] {
  const { left, right, stored } = lines[at]!;
  const tangent = tangents[at];
  if (mode.kind === "forward" && tangent !== undefined)
    return [
      formula(`${left} = ${right}`),
      ", with the differential ",
      formula(`${tangent.left} = ${tangent.right}`),
    ];
  const kept = stored.length === 0 ? [] : ["; saved for the backward pass: ", ...formulas(stored)];
  return [formula(`${left} = ${right}`), ...kept];
}

function inputsCaption({ isSymbolic, inputCount }: PageData, mode: TraceMode): string {
  const what = inputCount === 1 ? "The input" : "The inputs";
  const seeds = mode.kind === "forward" ? " with the differentials that were chosen" : "";
  return isSymbolic ? `${what}, without values` : `${what}${seeds}`;
}

function reverseCaption(data: PageData, row: number): CaptionPart[] {
  const line = data.reverse[row]!;
  switch (line.kind) {
    case "seed":
      return [
        "The backward pass starts at the result, called ",
        formula(line.left.slice(1, line.left.indexOf("/"))),
        " in derivatives: ",
        formula(`${line.left} = 1`),
      ];
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
