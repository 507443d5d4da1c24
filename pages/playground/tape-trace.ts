// The run of an ordinary function, as the data of a trace: its values in the order of the program, and the way back.
import type { Graph, GraphNode } from "../../src/pictures/viz/graph.ts";
import { showNumber } from "../../src/pictures/plot/number-text.ts";
import type { PageAdjoint, PageData, PagePass } from "../../src/pictures/viz/page-data.ts";
import { adjointsOf, type Tape, tangentsOf, type TapeStep } from "../live/tape.ts";
import type { ShownLoop } from "./question.ts";

const mostTogether = 24; // values: where there are more, one iteration of each loop is shown
const mostShown = 400; // lines: values beyond are in the derivatives, and not shown
const mostPasses = 12; // forward passes, one an input

/** A run as it is shown: which of its values, under which names. */
interface Run {
  readonly tape: Tape;
  /** The steps that are shown, inputs first. */
  readonly order: readonly number[];
  /** The rows of those steps. */
  readonly rows: ReadonlyMap<number, number>;
  readonly inputs: ReadonlySet<number>;
  readonly adjoints: readonly number[];
  readonly nameOf: (step: number) => string;
}

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
  const run = shownRun(tape, loops);
  const { order, inputs, adjoints, nameOf } = run;
  const isGiven = (step: number): boolean => tape.steps[step]!.formula === "";
  const firstLine = order.findIndex((step) => !isGiven(step));
  return {
    loops,
    data: {
      title,
      isSymbolic: false,
      lines: order.map((step, node) => ({
        left: nameOf(step),
        right: isGiven(step) ? showNumber(tape.steps[step]!.value) : tape.steps[step]!.formula,
        value: showNumber(tape.steps[step]!.value),
        node,
        stored: [],
      })),
      inputCount: firstLine < 0 ? order.length : firstLine,
      passes: passesOf(run),
      tangents: order.map((step) => ({
        left: `d${nameOf(step)}`,
        right: sumOf(
          tape.steps[step]!.sources.map(({ step: of, derivative }) => [derivative, `d${nameOf(of)}`]),
          inputs.has(step) ? "?" : "0",
        ),
      })),
      reverse: tape.inputs.length === 0 ? [] : wayBack(run),
      gradient: tape.inputs.map((step) => ({
        name: adjointName(run, step),
        value: showNumber(adjoints[step]!),
      })),
      check: null,
      graph: graphOfRun(run),
    },
  };
}

function shownRun(tape: Tape, loops: readonly ShownLoop[]): Run {
  const chosen = new Map(loops.flatMap(({ index, shown }) => (shown === undefined ? [] : [[index, shown]])));
  const isShown = ({ iterations }: TapeStep): boolean =>
    iterations.every(({ index, value }) => (chosen.get(index) ?? value) === value);
  const inputs = new Set(tape.inputs);
  const others = tape.steps.flatMap((step, i) => (!inputs.has(i) && isShown(step) ? [i] : []));
  const isGiven = (step: number): boolean => tape.steps[step]!.formula === "";
  const order = [...tape.inputs, ...others.filter(isGiven), ...others.filter((step) => !isGiven(step))].slice(
    0,
    mostShown,
  );
  if (!order.includes(tape.result)) order.push(tape.result);
  const areAll = loops.some(({ shown }) => shown === undefined);
  return {
    tape,
    order,
    rows: new Map(order.map((step, row) => [step, row])),
    inputs,
    adjoints: adjointsOf(tape),
    nameOf(step) {
      const { name, iterations } = tape.steps[step]!;
      return areAll ? name + iterations.map(({ value }) => subscript(value)).join("₋") : name;
    },
  };
}

/** `₁₂` */
function subscript(value: number): string {
  return String(value).replaceAll(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]!);
}

function adjointName({ nameOf }: Run, step: number): string {
  return `∂s/∂${nameOf(step)}`;
}

function passesOf({ tape, order, nameOf }: Run): PagePass[] {
  return tape.inputs.slice(0, mostPasses).map((step, i) => {
    const direction = tape.inputs.map((_, k) => (k === i ? 1 : 0));
    const tangents = tangentsOf(tape, direction);
    return { label: `d${nameOf(step)} = 1`, values: order.map((at) => showNumber(tangents[at]!)) };
  });
}

/** The adjoint of each value that is shown, from the result back. */
function wayBack(run: Run): PageAdjoint[] {
  const { tape, order, rows, adjoints } = run;
  const uses = usesOf(tape);
  const found = [adjointLine(run, "seed", tape.result, "1", 1)];
  for (const step of order.toReversed()) {
    if (step === tape.result) continue;
    const parts = uses[step]!.filter(({ by }) => adjoints[by] !== 0);
    const unseen = parts.filter(({ by }) => !rows.has(by));
    const sign = parts.length - unseen.length + Math.min(1, unseen.length) > 1 ? "+=" : "=";
    for (const { by, derivative } of parts)
      if (rows.has(by)) found.push({ ...contribution(run, step, by, derivative), sign });
    if (unseen.length > 0) {
      const value = unseen.reduce((sum, { by, derivative }) => sum + adjoints[by]! * derivative, 0);
      found.push({
        ...adjointLine(run, "contribution", step, "from others", value),
        rule: "values that are not shown",
        sign,
      });
    }
    if (parts.length === 0) found.push(adjointLine(run, "none", step, "0", 0));
    else if (sign === "+=") found.push(adjointLine(run, "sum", step, "sum", adjoints[step]!));
  }
  return found;
}

function adjointLine(
  run: Run,
  kind: PageAdjoint["kind"],
  step: number,
  right: string,
  value: number,
): PageAdjoint {
  return {
    kind,
    left: adjointName(run, step),
    sign: "=",
    right,
    value: showNumber(value),
    node: run.rows.get(step)!,
    from: -1,
    rule: "",
    uses: [],
  };
}

/** What the adjoint of a step gets from a step that uses it. */
function contribution(run: Run, step: number, by: number, derivative: number): PageAdjoint {
  const { tape, adjoints, rows, nameOf } = run;
  const others = totals(tape.steps[by]!).size > 1 ? " + …" : "";
  return {
    ...adjointLine(
      run,
      "contribution",
      step,
      derivative === 1 ? adjointName(run, by) : `${adjointName(run, by)} · ${showNumber(derivative)}`,
      adjoints[by]! * derivative,
    ),
    from: rows.get(by)!,
    rule: `d${nameOf(by)} = ${sumOf([[derivative, `d${nameOf(step)}`]], "0")}${others}`,
  };
}

function graphOfRun(run: Run): Graph {
  const { tape, order, rows, inputs, adjoints, nameOf } = run;
  const nodes = order.map((step, id): GraphNode => {
    const { formula, value } = tape.steps[step]!;
    return {
      id,
      kind: formula === "" ? "input" : "line",
      isOutput: step === tape.result,
      name: nameOf(step),
      label: formula === "" ? nameOf(step) : `${nameOf(step)} = ${formula}`,
      operation: formula === "" ? "input" : "",
      value: showNumber(value),
      derivative: `${adjointName(run, step)} = ${showNumber(adjoints[step]!)}`,
      depth: 0,
      path: [],
    };
  });
  const edges: (readonly [number, number])[] = [];
  const locals: string[] = [];
  for (const step of order)
    for (const [of, derivative] of totals(tape.steps[step]!)) {
      const from = rows.get(of);
      if (from === undefined) continue;
      edges.push([from, rows.get(step)!]);
      locals.push(showNumber(derivative));
    }
  const output = nameOf(tape.result);
  const reach = [...inputs].map((step) => ({
    input: nameOf(step),
    outputs: reaches(tape, step) ? [output] : [],
  }));
  return { nodes, edges, locals, reach };
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
  const isShort = steps.length <= mostTogether;
  return [...values].map(([index, found]) => {
    const list = [...found].sort((a, b) => a - b);
    const chosen = wanted[index];
    const shown = chosen !== undefined && found.has(chosen) ? chosen : isShort ? undefined : list[0];
    return { index, values: list, shown, isShort };
  });
}
