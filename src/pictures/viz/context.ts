import type { Equation, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { isFloating } from "../../engine/ir/index.ts";
import { bind } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { Naming } from "./names.ts";
import { nameProgram } from "./names.ts";
import type { Line, EquationDerivative } from "./rule.ts";
import { makeRules } from "./rule.ts";

/** A traced program with its names, its values (if known), and the derivative rules of its equations. */
export interface TraceContext {
  readonly program: Program;
  readonly naming: Naming;
  /** Values of all variables. Undefined for a symbolic trace. */
  readonly values: ReadonlyMap<Var, Tensor> | undefined;
  /**
   * All equations except constants. These have no line of their own and are written into the formulas that use them.
   */
  readonly lines: readonly Line[];
  readonly rule: (line: Line, active: readonly boolean[]) => EquationDerivative;
}

/**
 * Names and evaluates a program and prepares its derivative rules.
 *
 * @param args one value per input of the program, or `undefined` for a symbolic trace
 * @param names names chosen by the caller for some values
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

/** Evaluates a program and returns the values of all its variables. */
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

/**
 * Returns the value of a variable.
 *
 * @throws Error (internal) if it has none.
 */
export function valueIn(values: ReadonlyMap<Var, Tensor>, v: Var): Tensor {
  return must(values.get(v), "a value");
}

/**
 * Returns the variables that have a nonzero differential if `inputs` have one. Uses the derivative rule of each
 * primitive, so that propagation stops at a rounding function, for example.
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

/** Returns the name of a line: the names of its results, separated by commas. */
export function lineName({ eqn }: Line, naming: Naming): string {
  return eqn.outs.map((v) => naming.nameOf(v)).join(", ");
}
