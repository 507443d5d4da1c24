import { knownNumber } from "../../engine/ir/elements.ts";
import type { Equation, Primitive, Program, Tensor, Var } from "../../engine/ir/index.ts";
import { hashProgram, sameType } from "../../engine/ir/index.ts";
import { full } from "../../engine/prims/linear.ts";
import { bind, evalProgram, traceProgram, withoutStaging } from "../../engine/trace/index.ts";
import "../../engine/transforms/program-tools.ts";
import { tools } from "../../engine/transforms/index.ts";
import { must } from "../../engine/util/assert-never.ts";

/**
 * The derivative of one equation, made by the same three steps as `grad` makes the derivative of a whole program:
 * `jvp` by the primitive's own rule, partial evaluation into what is known on the way forward and what is linear,
 * and transposition of the linear part. Constant operands are part of it: the rule of `x^3` has no operand 3.
 */
export interface EquationDerivative {
  /** ins: the operands, then a tangent for each active one; outs: the results, then a tangent for each active one. */
  readonly forward: Program;
  /** Which results have a tangent. */
  readonly activeOuts: readonly boolean[];
  /** ins: the operands; outs: the results, then what is stored for the way back. */
  readonly known: Program;
  /** For each stored value, the operand that it is, where it is one. */
  readonly storedOperands: readonly (number | undefined)[];
  /** ins: what was stored, then a cotangent for each active result; outs: a cotangent for each active operand. */
  readonly backward: Program;
}

/** An equation and the equations of its constant operands. */
export interface Line {
  readonly eqn: Equation;
  /** Its operands without the constant ones; each stands for one place, so that x · x has two. */
  readonly operands: readonly Var[];
}

/** Makes rules, each kind of line once. */
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

/** The program of one line. */
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
 * Computes scalars that depend on constants only, and drops what a record says to give an operand back: so that the
 * rule of a power reads `dx * 3 * x^2` for the exponent 3.
 *
 * @param ones how many of the last inputs are 1: the new program is without them
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
 * The derivative of a rule whose operands and results are numbers, as a formula of its operands: the rule with the
 * differential 1 of each active operand. ins: the operands; outs: the results, then the derivative of each active one.
 */
export function localDerivative(rule: EquationDerivative): Program {
  let local = locals.get(rule);
  if (local === undefined) {
    local = foldConstants(rule.forward, rule.forward.ins.length - rule.known.ins.length);
    locals.set(rule, local);
  }
  return local;
}
