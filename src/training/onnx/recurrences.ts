import type { ArrayType } from "../../engine/ir/types.ts";
import type { CumulativeParams, RecurrenceParams } from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import type { EquationWriter } from "./form.ts";
import { sliced, transposed } from "./form.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf } from "./graph-builder.ts";
import type { ValueInfo } from "./model.ts";
import { writeFormula } from "./write-formula.ts";

/** Writes the next element of a recurrence, from the previous element and the elements of its operands. */
type RecurrenceStep = (g: GraphBuilder, before: string, elements: readonly string[]) => string;

/**
 * Writes a recurrence along an axis of arrays of one type, as a `Scan` with the body `step`. The first result is the
 * first element of the last operand; each further result is `step` of the result before it and the next elements of all
 * operands. If `reverse`, the recurrence runs from the last element to the first.
 */
function recurrence(
  g: GraphBuilder,
  ins: readonly string[],
  { dtype, shape }: ArrayType,
  { axis, reverse }: CumulativeParams,
  step: RecurrenceStep,
): string {
  const [n, rank] = [shape[axis]!, shape.length];
  if (n < 2) return ins.at(-1)!;
  // moves the axis to the front and back: exchanging two axes is its own inverse
  const exchanged = range(0, rank).map((i) => (i === 0 ? axis : i === axis ? 0 : i));
  const inFront = (x: string): string => transposed(g, x, exchanged);
  const places = (x: string, from: number, to: number): string => sliced(g, x, [from], [to]);
  const [xs, first] = [ins.map(inFront), reverse ? n - 1 : 0];
  const begin = places(xs.at(-1)!, first, first + 1);
  const start = g.node("Squeeze", [begin, g.ints([0])]);
  const rest = xs.map((x) => (reverse ? places(x, 0, n - 1) : places(x, 1, n)));
  const item = exchanged.slice(1).map((i) => shape[i]!);
  const info = (name: string): ValueInfo => ({ name, type: elementTypeOf(dtype), shape: item });
  const inner = g.inner();
  const [before, elements] = [inner.fresh(), rest.map(() => inner.fresh())];
  const next = step(inner, before, elements);
  const [carried, given] = [next, next].map((x) => inner.node("Identity", [x])) as [string, string];
  const body = inner.graph("recurrence", [before, ...elements].map(info), [carried, given].map(info));
  const [, others] = g.nodes("Scan", [start, ...rest], 2, {
    body,
    num_scan_inputs: rest.length,
    ...(reverse && { scan_input_directions: rest.map(() => 1), scan_output_directions: [1] }),
  });
  return inFront(g.node("Concat", reverse ? [others!, begin] : [begin, others!], { axis: 0 }));
}

/** Creates the writer of the running maximum or minimum along an axis. */
export function runningExtreme(name: "maximum" | "minimum"): EquationWriter {
  return ({ g, ins, types }, params: CumulativeParams) => {
    const [type] = types as readonly [ArrayType];
    return recurrence(g, ins, type, params, (inner, x, [y]) =>
      writeFormula(inner, elementTypeOf(type.dtype), `${name}(x, y)`, { x, y: y! }),
    );
  };
}

export const linearRecurrence: EquationWriter = ({ g, ins, types }, params: RecurrenceParams) => {
  const [type] = types as readonly [ArrayType];
  const formula = `${params.strong ? "strongMulBoth" : "mul"}(x, y) + term`;
  return recurrence(g, ins, type, params, (inner, x, [y, term]) =>
    writeFormula(inner, elementTypeOf(type.dtype), formula, { x, y: y!, term: term! }),
  );
};
