import type { Graph } from "./graph.ts";
import { graphOf, showValue } from "./graph.ts";
import type { LineGroup } from "./groups.ts";
import { lineGroups } from "./line-groups.ts";
import { showNumber, typesetNumber } from "../plot/number-text.ts";
import { isComparable } from "./table.ts";
import type { Check, ReverseLine, ShownValue, TraceTable } from "./table.ts";

/** Content of a page that shows a trace, as text, compact enough for programs of many thousand lines. */
export interface PageData {
  readonly title: string;
  readonly isSymbolic: boolean;
  /** The inputs, then the lines of the program. */
  readonly lines: readonly PageLine[];
  readonly inputCount: number;
  readonly passes: readonly PagePass[];
  /** Differential of each line, as a formula. */
  readonly tangents: readonly PageFormula[];
  readonly reverse: readonly PageAdjoint[];
  readonly gradient: readonly { readonly name: string; readonly value: string }[];
  /** Result of the derivative check; null if there was none. */
  readonly check: { readonly verdict: "ok" | "bad" | "unknown"; readonly text: string } | null;
  readonly graph: Graph;
  /** Groups of lines. Default: none. */
  readonly groups?: readonly LineGroup[];
}

/** Left-hand and right-hand side of a formula. */
export interface PageFormula {
  readonly left: string;
  readonly right: string;
}

/** An input or a line of the program: its formula, its value and its links. */
export interface PageLine extends PageFormula {
  readonly value: string;
  /** Index of the line's node in the graph. */
  readonly node: number;
  /** Formulas of the values that are computed by this line and saved for the backward pass. */
  readonly stored: readonly string[];
  /** Index of the innermost group; −1 (the default) if none. */
  readonly group?: number;
}

/** One forward pass: the value of the differential of each line. */
export interface PagePass {
  readonly label: string;
  readonly values: readonly string[];
}

/** A line of the reverse trace: a formula that sets (`=`) or adds to (`+=`) an adjoint. */
export interface PageAdjoint extends PageFormula {
  readonly kind: ReverseLine["kind"];
  readonly sign: "=" | "+=";
  readonly value: string;
  /** Index of the node whose adjoint the line changes. */
  readonly node: number;
  /** Index of the node of the line that contributes; −1 if the line is no contribution. */
  readonly from: number;
  readonly rule: string;
  readonly uses: readonly string[];
}

const mostPasses = 12; // maximum number of forward passes in a page

/** Converts a trace table to the content of a page. */
export function pageData(table: TraceTable, title: string): PageData {
  const graph = graphOf(table);
  const nodes = new Map(
    graph.nodes.filter(({ depth }) => depth === 0).map(({ name, id }) => [name, id] as const),
  );
  const lineOfResult = new Map(
    table.program.flatMap((line) => line.results.map((result) => [result, line.name] as const)),
  );
  const nodeOf = (name: string): number => nodes.get(name) ?? nodes.get(lineOfResult.get(name) ?? "") ?? -1;
  const stored = new Map<string, string[]>();
  for (const { at, name, value } of table.stored) {
    const list = stored.get(at) ?? [];
    list.push(name === value ? name : `${name} = ${value}`);
    stored.set(at, list);
  }
  const isSymbolic = table.inputs.every(({ value }) => value === null) && table.inputs.length > 0;
  const lineOf = (name: string, right: string, value: ShownValue): PageLine => ({
    left: name,
    right,
    value: showValue(value),
    node: nodeOf(name),
    stored: stored.get(name) ?? [],
  });
  const [first] = table.forward;
  const { groups, groupOf } = lineGroups(table);
  const linesOf = (lines: readonly PageLine[]): PageLine[] =>
    groups.length === 0 ? [...lines] : lines.map((line, i) => ({ ...line, group: groupOf[i] ?? -1 }));
  return {
    title,
    isSymbolic,
    lines: linesOf([
      ...table.inputs.map(({ name, value, type }) =>
        lineOf(name, isSymbolic ? "?" : showValue(value), isSymbolic && type !== "f64[]" ? null : value),
      ),
      ...table.program.map(({ name, expression, value }) => lineOf(name, expression, value)),
    ]),
    inputCount: table.inputs.length,
    passes: table.forward.slice(0, mostPasses).map(({ seed, lines }) => ({
      label: labelOf(table, seed),
      values: pickLines(
        table,
        lines.map(({ tangent }) => showValue(tangent.value)),
      ),
    })),
    tangents:
      first === undefined
        ? []
        : pickLines(
            table,
            first.lines.map(({ tangent }) => ({ left: tangent.name, right: tangent.expression })),
          ),
    reverse: table.reverse.map((line): PageAdjoint => {
      const sums = line.kind === "contribution" && !line.only;
      return {
        kind: line.kind,
        left: line.name,
        sign: sums ? "+=" : "=",
        right: line.expression,
        value: showValue(line.value),
        node: nodeOf(line.of),
        from: line.kind === "contribution" ? nodeOf(line.from) : -1,
        rule: line.kind === "contribution" ? line.rule : "",
        uses: line.kind === "contribution" ? line.uses : [],
      };
    }),
    gradient: gradientOf(table),
    check: table.check === null ? null : verdictOf(table.check),
    graph,
    ...(groups.length === 0 ? {} : { groups }),
  };
}

const mostKinks = 3; // maximum number of kinks named by the check

/**
 * Returns the verdict of the derivative check in one line. The verdict is `unknown` if the function is not finite on
 * both sides of the point.
 */
function verdictOf({ entries }: Check): NonNullable<PageData["check"]> {
  const compared = entries.filter(isComparable);
  if (compared.length === 0 && entries.length > 0)
    return { verdict: "unknown", text: "the values nearby are not finite: there is nothing to compare with" };
  const verdict = compared.every(({ ok }) => ok) ? "ok" : "bad";
  const kinks = compared.filter(({ kink }) => kink !== null);
  if (kinks.length > 0) {
    const words = kinks.slice(0, mostKinks).map(({ of, kink, gradient }) => {
      const [left, right] = kink!.map((slope) => showNumber(Number(slope.toFixed(4)), 5));
      return `along ${of} the slope is ${left} on the left and ${right} on the right, and ${showNumber(gradient, 5)} by convention`;
    });
    const rest = kinks.length > mostKinks ? `; and ${kinks.length - mostKinks} more` : "";
    return { verdict, text: `a kink: ${words.join("; ")}${rest}` };
  }
  const largest = compared.reduce((most, { error }) => (error <= most ? most : error), 0);
  return {
    verdict,
    text: `largest difference from central differences ${typesetNumber(largest, 2)}`,
  };
}

/** Picks one entry per line: for a line with several results, the entry of the first result. */
function pickLines<T>(table: TraceTable, entries: readonly T[]): T[] {
  let at = table.inputs.length;
  const picked = entries.slice(0, at);
  for (const { results } of table.program) {
    const entry = entries[at];
    if (entry !== undefined) picked.push(entry);
    at += results.length;
  }
  return picked;
}

const mostLabelled = 3; // maximum number of inputs named in the label of a pass

/**
 * Returns the label of a forward pass, such as `dx = 1, dy = 0`. With many inputs or with arrays, only nonzero seeds
 * are named, at most three.
 */
function labelOf(table: TraceTable, seed: Readonly<Record<string, ShownValue>>): string {
  const tangents = new Map((table.forward[0]?.lines ?? []).map(({ name, tangent }) => [name, tangent.name]));
  const entries = Object.entries(seed);
  const hasArrays = entries.some(([, value]) => typeof value === "object" && value !== null);
  const moved = entries.filter(([, value]) =>
    typeof value === "object" && value !== null ? /[1-9]/.test(value.preview) : value !== 0,
  );
  const named = entries.length <= mostLabelled && !hasArrays ? entries : moved.slice(0, mostLabelled);
  const parts = named.map(([name, value]) => {
    const shown =
      value === null
        ? "?"
        : typeof value === "object"
          ? value.preview.replace(/^((?:[^,]*,){3}).+\]$/, "$1 …]")
          : showValue(value);
    return `${tangents.get(name) ?? name} = ${shown}`;
  });
  return parts.join(", ") + (moved.length > named.length ? ", …" : "");
}

function gradientOf(table: TraceTable): PageData["gradient"] {
  const last = new Map(table.reverse.map((line) => [line.of, line]));
  return table.inputs.flatMap(({ name, differentiated }) => {
    const line = last.get(name);
    return differentiated && line !== undefined
      ? [{ name: line.name, value: line.value === null ? line.expression : showValue(line.value) }]
      : [];
  });
}
