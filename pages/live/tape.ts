// The tape of a run: each value with its operands and local derivatives.
import { tensor } from "downhill";
import { arrayType, isFloating, type Var } from "../../src/engine/ir/index.ts";
import { traceProgram } from "../../src/engine/trace/index.ts";
import type { CompiledText } from "../../src/numeric/syntax/index.ts";
import { type TraceContext, makeContext, valueIn } from "../../src/pictures/viz/context.ts";
import { showEquation } from "../../src/pictures/viz/formula.ts";
import { derivativeIn } from "../../src/pictures/viz/forward.ts";
import type { Line } from "../../src/pictures/viz/rule.ts";

/** An operand of a value, given by its step, with the derivative of the value with respect to it. */
export interface Source {
  readonly step: number;
  readonly derivative: number;
}

/** A value that a run of a program has computed. */
export interface TapeStep {
  /** Name, such as `a` or `c[3]`. */
  readonly name: string;
  /** Formula of the value, `x * y`; empty for an input. */
  readonly formula: string;
  readonly value: number;
  /** Operands, one entry per operand position: `x * x` has two entries with derivative x each. */
  readonly sources: readonly Source[];
  /** Iterations of the enclosing loops, outermost first. */
  readonly iterations: readonly { readonly index: string; readonly value: number }[];
}

/** A run: its steps in program order, the inputs first. */
export interface Tape {
  readonly steps: readonly TapeStep[];
  /** Steps that are inputs with a derivative. */
  readonly inputs: readonly number[];
  /** Step of the differentiated result. */
  readonly result: number;
}

/** Tape of a formula or of statements. Derivatives come from the library's rules, line by line. */
export function tapeOfText(text: CompiledText, args: readonly number[]): Tape {
  const { program } = traceProgram(
    text.outputName,
    text.inputs.map(() => arrayType("float64", [])),
    (...xs) => [text.evaluate(xs)],
    text.inputs,
  );
  const given = args.map((x) => tensor(x, { dtype: "float64" }));
  const context = makeContext(program, given, new Map());
  const { nameOf } = context.naming;
  const values = context.values!;
  const places = new Map<Var, number>();
  const steps = program.ins.map((v, i): TapeStep => {
    places.set(v, i);
    return { name: nameOf(v), formula: "", value: args[i]!, sources: [], iterations: [] };
  });
  for (const line of context.lines) {
    const [out] = line.eqn.outs;
    if (out === undefined) continue;
    const derivatives = localDerivatives(context, line);
    places.set(out, steps.length);
    steps.push({
      name: nameOf(out),
      formula: showEquation(line.eqn, nameOf),
      value: valueIn(values, out).item(),
      sources: line.operands.map((v, i) => ({ step: places.get(v)!, derivative: derivatives[i]! })),
      iterations: [],
    });
  }
  const out = program.outs[0]!;
  let result = places.get(out);
  if (result === undefined) {
    // A constant, for which the program has no line.
    const value = valueIn(values, out).item();
    result =
      steps.push({ name: text.outputName, formula: String(value), value, sources: [], iterations: [] }) - 1;
  }
  return { steps, inputs: program.ins.map((_, i) => i), result };
}

/** Derivative of a line in each of its operands, by the rule of its primitive. For a comparison it is 0. */
function localDerivatives(context: TraceContext, line: Line): number[] {
  return line.operands.map((v, i) => {
    if (!isFloating(v.type.dtype)) return 0;
    const found = derivativeIn(
      context,
      line,
      line.operands.map((_, k) => k === i),
    );
    return found?.value?.item() ?? 0;
  });
}

/**
 * Forward mode: the tangent of each step along a direction with one entry per element of `inputs`. An operand with a
 * zero derivative, such as a branch that was not chosen, contributes nothing even if its tangent is infinite.
 */
export function tangentsOf({ steps, inputs }: Tape, direction: readonly number[]): number[] {
  const tangents = new Array<number>(steps.length).fill(0);
  inputs.forEach((step, i) => (tangents[step] = direction[i] ?? 0));
  steps.forEach(({ sources }, i) => {
    for (const { step, derivative } of sources)
      if (derivative !== 0 && tangents[step] !== 0) tangents[i]! += derivative * tangents[step]!;
  });
  return tangents;
}

/** Reverse mode: the derivative of the result in each step. */
export function adjointsOf({ steps, result }: Tape): number[] {
  const adjoints = new Array<number>(steps.length).fill(0);
  adjoints[result] = 1;
  for (let i = result; i >= 0; i--) {
    if (adjoints[i] === 0) continue;
    for (const { step, derivative } of steps[i]!.sources)
      if (derivative !== 0) adjoints[step]! += adjoints[i]! * derivative;
  }
  return adjoints;
}

/** Derivative of the result in each input. */
export function gradientOf(tape: Tape): number[] {
  const adjoints = adjointsOf(tape);
  return tape.inputs.map((step) => adjoints[step]!);
}
