import { knownNumber } from "../../engine/ir/elements.ts";
import type { Equation, Primitive, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { hashProgram, sameType } from "../../engine/ir/index.ts";
import { full } from "../../engine/prims/linear.ts";
import { bind, evalProgram, traceProgram, withoutStaging } from "../../engine/trace/index.ts";
import "../../engine/transforms/program-tools.ts";
import { tools } from "../../engine/transforms/index.ts";
import { must } from "../../engine/util/assert-never.ts";

/**
 * The derivative of one equation, as programs, built by the three steps with which `grad` differentiates a whole
 * program. These are `jvp` by the primitive's own rule, partial evaluation into a known part (forward pass) and a
 * linear part, and transposition of the linear part. Constant operands are built in: the rule of `x^3` has no operand
 * for 3.
 */
export interface EquationDerivative {
  /**
   * Program of values and tangents. Inputs: the operands, then a tangent for each active operand. Outputs: the results,
   * then a tangent for each active result.
   */
  readonly forward: Program;
  /** For each result, true if it has a tangent. */
  readonly activeOuts: readonly boolean[];
  /**
   * Program of the forward pass. Inputs: the operands. Outputs: the results, then the values saved for the backward
   * pass.
   */
  readonly known: Program;
  /** For each saved value, the index of the operand that it equals; undefined if it is not an operand. */
  readonly storedOperands: readonly (number | undefined)[];
  /**
   * Program of the backward pass. Inputs: the saved values, then a cotangent for each active result. Outputs: a
   * cotangent for each active operand.
   */
  readonly backward: Program;
}

/** An equation together with its non-constant operands. */
export interface Line {
  readonly eqn: Equation;
  /**
   * Operands of the equation that are not constants, one entry per operand position: for x · x, the list contains x
   * twice.
   */
  readonly operands: readonly Var[];
}

/** Returns a function that builds the derivative of a line, cached by equation and by active operands. */
export function makeRules(
  constants: ReadonlyMap<Var, Equation>,
): (line: Line, active: readonly boolean[]) => EquationDerivative {
  const byKind = new Map<string, EquationDerivative>();
  const byLine = new Map<Line, Map<string, EquationDerivative>>();
  return (line, active) => {
    const mask = active.map(Number).join("");
    let own = byLine.get(line);
    if (own === undefined) byLine.set(line, (own = new Map<string, EquationDerivative>()));
    let rule = own.get(mask);
    if (rule !== undefined) return rule;
    const program = single(line, constants);
    const kind = `${hashProgram(program)} ${mask}`;
    rule = byKind.get(kind) ?? makeRule(program, active);
    byKind.set(kind, rule);
    own.set(mask, rule);
    return rule;
  };
}

/**
 * Creates a program that contains only this line and the constants that it reads. Its inputs are the operands of the
 * line.
 */
function single({ eqn, operands }: Line, constants: ReadonlyMap<Var, Equation>): Program {
  const copy = ({ type }: Var): Var => ({ type });
  const inputs = operands.map(copy);
  const outs = eqn.outs.map(copy);
  const made: Equation[] = [];
  const make = (v: Var, { prim, params, ins }: Equation): Var => {
    const copied = ins.map((x) => make(x, must(constants.get(x), "a constant")));
    const out = copy(v);
    made.push({ prim, params, ins: copied, outs: [out] });
    return out;
  };
  let next = 0;
  const all = eqn.ins.map((v) => {
    const constant = constants.get(v);
    return constant === undefined ? must(inputs[next++], "an operand") : make(v, constant);
  });
  return {
    name: eqn.prim.name,
    ins: inputs,
    eqns: [...made, { prim: eqn.prim, params: eqn.params, ins: all, outs }],
    outs,
  };
}

function makeRule(program: Program, active: readonly boolean[]): EquationDerivative {
  const nOuts = program.outs.length;
  const jvp = tools.jvpProgram(
    program,
    active,
    program.outs.map(() => false),
    [],
  );
  const forward = foldConstants(jvp.program);
  const split = tools.partialEvalProgram(
    forward,
    forward.ins.map((_, i) => i >= program.ins.length),
    forward.outs.map((_, i) => i >= nOuts),
  );
  const { program: backward } = tools.transposeProgram(
    split.unknown,
    split.unknown.ins.map((_, i) => i >= split.residualCount),
    split.unknown.ins.map(() => false),
    [],
  );
  return {
    forward,
    activeOuts: jvp.nonzeroOuts,
    known: split.known,
    storedOperands: split.residualInputs,
    backward,
  };
}

/**
 * Folds scalars that depend only on constants, and removes operations that return an operand unchanged. For example,
 * the rule of a power with exponent 3 becomes `dx * 3 * x^2`.
 *
 * @param ones number of trailing inputs that are fixed to 1; the new program does not have them
 */
function foldConstants(program: Program, ones: number = 0): Program {
  const constants = new Map<Tensor, number>();
  const fold = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] => {
    const values = ins.map((x) => constants.get(x));
    const types = ins.map((x) => x.type);
    const outs = prim.typeOf(types, params);
    const [type] = outs;
    const same = prim.algebra?.identity?.(values, types, params);
    const operand = same === undefined ? undefined : ins[same];
    if (operand !== undefined && type !== undefined && sameType(operand.type, type)) return [operand];

    const isKnown = values.every((value) => value !== undefined);
    if (isKnown && ins.length > 0 && outs.length === 1 && type !== undefined && type.shape.length === 0) {
      const numbers = ins.map((x, i) => ({ type: x.type, value: must(values[i], "a constant") }));
      const [result] = withoutStaging(() =>
        bind(
          prim,
          numbers.map((c) => full(c.type, c.value)),
          params,
        ),
      );
      const value = result && knownNumber(result);
      if (value !== undefined) return [remember(full(type, value), value)];
    }
    const results = bind(prim, ins, params);
    const constant = prim.algebra?.constant?.(values, params);
    if (constant !== undefined && results[0] !== undefined) remember(results[0], constant);
    return results;
  };
  const remember = (x: Tensor, value: number): Tensor => {
    constants.set(x, value);
    return x;
  };
  const types = program.ins.map((v) => v.type);
  const fixed = types.splice(types.length - ones, ones);
  return traceProgram(program.name, types, (...xs) => {
    const given = fixed.map((type) => remember(full(type, 1), 1));
    return evalProgram(program, [...xs, ...given], fold);
  }).program;
}

const locals = new WeakMap<EquationDerivative, Program>();

/**
 * Returns the derivative of a rule whose operands and results are scalars, as a program over its operands: the rule
 * with tangent 1 for each active operand. Inputs: the operands. Outputs: the results, then the derivative of each
 * active result.
 */
export function localDerivative(rule: EquationDerivative): Program {
  let local = locals.get(rule);
  if (local === undefined) {
    local = foldConstants(rule.forward, rule.forward.ins.length - rule.known.ins.length);
    locals.set(rule, local);
  }
  return local;
}
