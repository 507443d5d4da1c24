// The run of an ordinary function, as the data of a trace: its values in the order of the program, and the way back.
import type { Graph, GraphNode } from "../../src/pictures/viz/graph.ts";
import { showNumber } from "../../src/pictures/plot/number-text.ts";
import type { PageAdjoint, PageData } from "../../src/pictures/viz/page-data.ts";
import { adjointsOf, type Tape, tangentsOf, type TapeStep } from "../live/tape.ts";
import type { ShownLoop } from "./question.ts";

const mostTogether = 60; // values: where there are more, one iteration of each loop is shown
const mostShown = 400; // lines: what is not shown then is told
const mostPasses = 12; // forward passes, one an input

/**
 * A trace of a run.
 *
 * @param wanted the iteration to show of a loop, by its index; where there is none, all are shown, or of a long run the first
 */
export function traceOfTape(
  tape: Tape,
  title: string,
  wanted: Readonly<Record<string, number>>,
): { readonly data: PageData; readonly loops: readonly ShownLoop[] } {
  const loops = loopsOf(tape, wanted);
  const chosen = new Map(loops.flatMap(({ index, shown }) => (shown === undefined ? [] : [[index, shown]])));
  const isShown = ({ iterations }: TapeStep): boolean =>
    iterations.every(({ index, value }) => (chosen.get(index) ?? value) === value);
  const inputs = new Set(tape.inputs);
  const order = [
    ...tape.inputs,
    ...tape.steps.flatMap((step, i) => (!inputs.has(i) && isShown(step) ? [i] : [])),
  ].slice(0, mostShown);
  if (!order.includes(tape.result)) order.push(tape.result);
  const rows = new Map(order.map((step, row) => [step, row]));
  const many = loops.some(({ shown }) => shown === undefined);
  const nameOf = (step: number): string => {
    const { name, iterations } = tape.steps[step]!;
    if (!many || iterations.length === 0) return name;
    return `${name} (${iterations.map(({ index, value }) => `${index} = ${value}`).join(", ")})`;
  };
  const adjoints = adjointsOf(tape);
  const adjointName = (step: number): string => `∂s/∂${nameOf(step)}`;
  const passes = tape.inputs.slice(0, mostPasses).map((step, i) => {
    const tangents = tangentsOf(
      tape,
      tape.inputs.map((_, k) => (k === i ? 1 : 0)),
    );
    return { label: `d${nameOf(step)} = 1`, values: order.map((at) => showNumber(tangents[at]!)) };
  });
  const lines = order.map((step, node) => ({
    left: nameOf(step),
    right: tape.steps[step]!.formula || showNumber(tape.steps[step]!.value),
    value: showNumber(tape.steps[step]!.value),
    node,
    stored: [],
  }));
  return {
    loops,
    data: {
      title,
      isSymbolic: false,
      lines,
      inputCount: Math.max(
        tape.inputs.length,
        order.findIndex((step) => tape.steps[step]!.formula !== ""),
      ),
      passes,
      tangents: order.map((step) => ({
        left: `d${nameOf(step)}`,
        right: sumOf(
          tape.steps[step]!.sources.map(({ step: of, derivative }) => [derivative, `d${nameOf(of)}`]),
          inputs.has(step) ? "?" : "0",
        ),
      })),
      reverse: tape.inputs.length === 0 ? [] : wayBack(),
      gradient: tape.inputs.map((step) => ({ name: adjointName(step), value: showNumber(adjoints[step]!) })),
      check: null,
      graph: graph(),
    },
  };

  function wayBack(): PageAdjoint[] {
    const uses = usesOf(tape);
    const line = (
      kind: PageAdjoint["kind"],
      step: number,
      right: string,
      value: number,
      from = -1,
      rule = "",
    ): PageAdjoint => ({
      kind,
      left: adjointName(step),
      sign: "=",
      right,
      value: showNumber(value),
      node: rows.get(step)!,
      from,
      rule,
      uses: [],
    });
    const found: PageAdjoint[] = [line("seed", tape.result, "1", 1)];
    for (const step of order.toReversed()) {
      if (step === tape.result) continue;
      const parts = uses[step]!.filter(({ by }) => adjoints[by] !== 0);
      const seen = parts.filter(({ by }) => rows.has(by));
      const unseen = parts.filter(({ by }) => !rows.has(by));
      for (const { by, derivative } of seen) {
        const product = `${adjointName(by)} · ${showNumber(derivative)}`;
        const rule = `d${nameOf(by)} = ${sumOf([[derivative, `d${nameOf(step)}`]], "0")}`;
        const part = line(
          "contribution",
          step,
          product,
          adjoints[by]! * derivative,
          rows.get(by)!,
          rule + (tape.steps[by]!.sources.length > 1 ? " + …" : ""),
        );
        found.push(parts.length > 1 ? { ...part, sign: "+=" } : part);
      }
      if (unseen.length > 0) {
        const value = unseen.reduce((sum, { by, derivative }) => sum + adjoints[by]! * derivative, 0);
        const words = "what comes from values that are not shown";
        found.push({
          ...line("contribution", step, words, value, -1, words),
          sign: seen.length > 0 ? "+=" : "=",
        });
      }
      if (parts.length > 1) {
        const sum = parts.map(({ by, derivative }) => showNumber(adjoints[by]! * derivative)).join(" + ");
        found.push(line("sum", step, parts.length > 4 ? `the sum of ${parts.length}` : sum, adjoints[step]!));
      } else if (parts.length === 0) found.push(line("none", step, "0", 0));
    }
    return found;
  }

  function graph(): Graph {
    const nodes = order.map((step, id): GraphNode => {
      const { formula, value } = tape.steps[step]!;
      return {
        id,
        kind: inputs.has(step) || formula === "" ? "input" : "line",
        isOutput: step === tape.result,
        name: nameOf(step),
        label: formula === "" ? nameOf(step) : `${nameOf(step)} = ${formula}`,
        operation: "",
        value: showNumber(value),
        derivative: `${adjointName(step)} = ${showNumber(adjoints[step]!)}`,
        depth: 0,
        path: [],
      };
    });
    const edges: (readonly [number, number])[] = [];
    const locals: string[] = [];
    for (const step of order)
      for (const [of, derivative] of totals(tape.steps[step]!)) {
        if (!rows.has(of)) continue;
        edges.push([rows.get(of)!, rows.get(step)!]);
        locals.push(showNumber(derivative));
      }
    const output = nameOf(tape.result);
    const reach = tape.inputs.map((step) => ({
      input: nameOf(step),
      outputs: reaches(tape, step) ? [output] : [],
    }));
    return { nodes, edges, locals, reach };
  }
}

/** `3 · dx + dy`; `nothing` where there are no terms. */
function sumOf(terms: readonly (readonly [factor: number, name: string])[], nothing: string): string {
  if (terms.length === 0) return nothing;
  return terms.map(([factor, name]) => (factor === 1 ? name : `${showNumber(factor)} · ${name}`)).join(" + ");
}

/** Of each operand once, the derivative in it. */
function totals({ sources }: TapeStep): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { step, derivative } of sources) found.set(step, (found.get(step) ?? 0) + derivative);
  return found;
}

/** For each step, by what it is used. */
function usesOf({ steps }: Tape): { readonly by: number; readonly derivative: number }[][] {
  const uses = steps.map((): { by: number; derivative: number }[] => []);
  steps.forEach((step, by) => {
    for (const [of, derivative] of totals(step)) uses[of]!.push({ by, derivative });
  });
  return uses;
}

/** Whether an input has a part in the result. */
function reaches({ steps, result }: Tape, input: number): boolean {
  const reached = new Set([input]);
  steps.forEach(({ sources }, i) => {
    if (sources.some(({ step }) => reached.has(step))) reached.add(i);
  });
  return reached.has(result);
}

function loopsOf({ steps }: Tape, wanted: Readonly<Record<string, number>>): ShownLoop[] {
  const values = new Map<string, Set<number>>();
  for (const { iterations } of steps)
    for (const { index, value } of iterations) {
      const list = values.get(index) ?? new Set();
      values.set(index, list.add(value));
    }
  const isLong = steps.length > mostTogether;
  return [...values].map(([index, found]) => {
    const list = [...found].sort((a, b) => a - b);
    const chosen = wanted[index];
    const shown = chosen !== undefined && found.has(chosen) ? chosen : isLong ? list[0] : undefined;
    return { index, values: list, shown };
  });
}
