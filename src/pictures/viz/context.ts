import type { Equation, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { isFloating } from "../../engine/ir/index.ts";
import { bind } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { Naming } from "./names.ts";
import { nameProgram } from "./names.ts";
import type { Line, EquationDerivative } from "./rule.ts";
import { makeRules } from "./rule.ts";

/** A program that is being looked at: its names, its values where they are known, and the rules of its equations. */
export interface TraceContext {
  readonly program: Program;
  readonly naming: Naming;
  /** The value of everything, if the inputs have values. */
  readonly values: ReadonlyMap<Var, Tensor> | undefined;
  /** The equations that have a line of their own: all but constants. */
  readonly lines: readonly Line[];
  readonly rule: (line: Line, active: readonly boolean[]) => EquationDerivative;
}

/**
 * @param args a value for each input of the program, or `undefined` for a symbolic trace
 * @param names names that the caller gives to some values
 */
export function makeContext(
  program: Program,
  args: readonly Tensor[] | undefined,
  names: ReadonlyMap<Var, string>,
): TraceContext {
  const naming = nameProgram(program, names);
  const constants = new Map<Var, Equation>(
    program.eqns.flatMap((eqn) => eqn.outs.filter((v) => naming.isConstant(v)).map((v) => [v, eqn] as const)),
  );
  return {
    program,
    naming,
    values: args === undefined ? undefined : evaluateAll(program, args),
    lines: program.eqns
      .filter((eqn) => !eqn.outs.some((v) => constants.has(v)))
      .map((eqn) => ({ eqn, operands: eqn.ins.filter((v) => !constants.has(v)) })),
    rule: makeRules(constants),
  };
}

/** Runs a program and keeps every value. */
function evaluateAll(program: Program, args: readonly Tensor[]): Map<Var, Tensor> {
  const env = new Map<Var, Tensor>(program.ins.map((v, i) => [v, must(args[i], "an argument")]));
  for (const { prim, params, ins, outs } of program.eqns) {
    const results = bind(
      prim,
      ins.map((v) => valueIn(env, v)),
      params,
    );
    outs.forEach((v, i) => env.set(v, must(results[i], "a result")));
  }
  return env;
}

/** The value of a variable that has one. */
export function valueIn(values: ReadonlyMap<Var, Tensor>, v: Var): Tensor {
  return must(values.get(v), "a value");
}

/**
 * The values whose differential is not zero for every program of this form, when these inputs have one.
 * Each line asks its primitive's own rule, so that a rounding ends the way.
 */
export function activeFrom(context: TraceContext, inputs: readonly Var[]): ReadonlySet<Var> {
  const active = new Set(inputs.filter((v) => isFloating(v.type.dtype)));
  if (active.size === 0) return active;
  for (const line of context.lines) {
    const marks = line.operands.map((v) => active.has(v));
    if (!marks.includes(true)) continue;
    const { activeOuts } = context.rule(line, marks);
    line.eqn.outs.forEach((v, i) => {
      if (activeOuts[i] === true) active.add(v);
    });
  }
  return active;
}

/** The name of a line: that of its result, or of all of them. */
export function lineName({ eqn }: Line, naming: Naming): string {
  return eqn.outs.map((v) => naming.nameOf(v)).join(", ");
}
