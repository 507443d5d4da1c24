import type { Program, Tensor, Var } from "../../engine/ir/index.ts";
import { arrayType, isFloating } from "../../engine/ir/index.ts";
import { evalProgram } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { TraceContext } from "./context.ts";
import { activeFrom, lineName, valueIn } from "./context.ts";
import { showEquation, showFormula } from "./formula.ts";
import { showValue } from "./graph.ts";
import type { Line } from "./rule.ts";
import { localDerivative } from "./rule.ts";
import { show } from "./show.ts";
import type { ForwardLine, ForwardPass, LocalDerivative } from "./table.ts";
import { recordOf } from "./table.ts";

/**
 * Builds one forward pass: each line of the program with the differential that its primitive's rule yields.
 *
 * @param wrt the inputs whose differentials appear in the formulas
 * @param seeds values of the differentials of some inputs; all others are zero. `undefined` for a symbolic pass
 */
export function forwardPass(
  context: TraceContext,
  wrt: readonly Var[],
  seeds: ReadonlyMap<Var, Tensor> | undefined,
): ForwardPass {
  const { program, naming, values, lines } = context;
  const spokenOf = activeFrom(context, wrt);
  const tangents =
    seeds === undefined || values === undefined ? undefined : tangentsFrom(context, values, seeds);
  const tangentValue = (v: Var): ForwardLine["tangent"]["value"] =>
    tangents === undefined
      ? null
      : show(tangents.get(v), isFloating(v.type.dtype) ? v.type : arrayType("float64", v.type.shape));
  const value = (v: Var): ForwardLine["value"] =>
    values === undefined ? null : show(valueIn(values, v), v.type);

  const inputs = program.ins.map((v): ForwardLine => {
    const name = naming.nameOf(v);
    const tangent = naming.tangentOf(v);
    const seed = spokenOf.has(v) ? "?" : "0";
    const dx = tangentValue(v);
    return {
      name,
      text: name,
      value: value(v),
      tangent: {
        name: tangent,
        expression: dx === null ? seed : showValue(dx),
        text: seed === "0" ? `${tangent} = 0` : tangent,
        value: dx,
      },
    };
  });
  const rest = lines.flatMap((line) =>
    line.eqn.outs.map((v, i): ForwardLine => {
      const expression = differential(context, line, i, spokenOf);
      const name = naming.tangentOf(v);
      return {
        name: naming.nameOf(v),
        text: `${lineName(line, naming)} = ${showEquation(line.eqn, naming.nameOf)}`,
        value: value(v),
        tangent: { name, expression, text: `${name} = ${expression}`, value: tangentValue(v) },
      };
    }),
  );
  return {
    seed: recordOf(
      program.ins.filter((v) => spokenOf.has(v)).map((v) => [naming.nameOf(v), tangentValue(v)]),
    ),
    lines: [...inputs, ...rest],
  };
}

/**
 * Returns the formula of the differential of one result of a line, derived from the rule that computes it. It is `0` if
 * no active variable has influence.
 */
export function differential(
  context: TraceContext,
  line: Line,
  result: number,
  active: ReadonlySet<Var>,
): string {
  const { eqn, operands } = line;
  const marks = operands.map((v) => active.has(v));
  if (!marks.includes(true)) return "0";
  const { forward, activeOuts } = context.rule(line, marks);
  if (activeOuts[result] !== true) return "0";
  const { naming } = context;
  const names = new Map<Var, string>();
  // Name results first: a result that is also an operand gets the operand's name.
  eqn.outs.forEach((v, i) => names.set(must(forward.outs[i], "a result"), naming.nameOf(v)));
  operands.forEach((v, i) => names.set(must(forward.ins[i], "an operand"), naming.nameOf(v)));
  operands
    .filter((_, i) => marks[i])
    .forEach((v, i) => names.set(must(forward.ins[operands.length + i], "a tangent"), naming.tangentOf(v)));
  const place = eqn.outs.length + activeOuts.slice(0, result).filter(Boolean).length;
  return showFormula(forward, must(forward.outs[place], "a tangent"), (v) => names.get(v));
}

/**
 * Returns the derivatives of a line with one result with respect to each active operand; empty for a line with several
 * results. For scalars this is the partial derivative. If arrays are involved, it is the term of the line's
 * differential that comes from the operand.
 */
export function localDerivatives(
  context: TraceContext,
  line: Line,
  active: ReadonlySet<Var>,
): LocalDerivative[] {
  const { eqn, operands } = line;
  const { naming } = context;
  const [out] = eqn.outs;
  if (out === undefined || eqn.outs.length > 1) return [];
  return [...new Set(operands)].flatMap((of): LocalDerivative[] => {
    if (!active.has(of)) return [];
    const marks = operands.map((v) => v === of);
    if (context.rule(line, marks).activeOuts[0] !== true)
      return [{ of: naming.nameOf(of), expression: "0", value: 0 }];
    if (![out, ...operands].every(({ type }) => type.shape.length === 0)) {
      const term = differential(context, line, 0, new Set([of]));
      const expression = term === naming.tangentOf(of) ? "1" : term;
      return [{ of: naming.nameOf(of), expression, value: null }];
    }
    const { program, value } = must(derivativeIn(context, line, marks), "a derivative");
    const names = new Map([[must(program.outs[0], "a result"), naming.nameOf(out)]]);
    operands.forEach((v, i) => names.set(must(program.ins[i], "an operand"), naming.nameOf(v)));
    const derivative = must(program.outs[1], "a derivative");
    return [
      {
        of: naming.nameOf(of),
        expression: showFormula(program, derivative, (v) => names.get(v)),
        value: value === undefined ? null : show(value, derivative.type),
      },
    ];
  });
}

/**
 * Returns the derivative of a scalar line if all marked operands, which are scalars, change together and the other
 * operands are constant. `undefined` if the line has no derivative, such as a comparison.
 */
export function derivativeIn(
  context: TraceContext,
  line: Line,
  marks: readonly boolean[],
): LineDerivative | undefined {
  const rule = context.rule(line, marks);
  if (rule.activeOuts[0] !== true) return undefined;
  const { values } = context;
  const program = localDerivative(rule);
  const args = values === undefined ? undefined : line.operands.map((v) => valueIn(values, v));
  return { program, value: args === undefined ? undefined : evalProgram(program, args)[1] };
}

/**
 * A derivative as a program over the operands of a line, and its value if values are known. The derivative is the
 * second result of the program.
 */
interface LineDerivative {
  readonly program: Program;
  readonly value: Tensor | undefined;
}

/** Computes the differentials of all variables that the seeds reach. Missing entries are zero. */
function tangentsFrom(
  context: TraceContext,
  values: ReadonlyMap<Var, Tensor>,
  seeds: ReadonlyMap<Var, Tensor>,
): Map<Var, Tensor> {
  const tangents = new Map(seeds);
  for (const line of context.lines) {
    const { eqn, operands } = line;
    const marks = operands.map((v) => tangents.has(v));
    if (!marks.includes(true)) continue;
    const { forward, activeOuts } = context.rule(line, marks);
    const results = evalProgram(forward, [
      ...operands.map((v) => valueIn(values, v)),
      ...operands.filter((v) => tangents.has(v)).map((v) => valueIn(tangents, v)),
    ]);
    let next = eqn.outs.length;
    eqn.outs.forEach((v, i) => {
      if (activeOuts[i] === true) tangents.set(v, must(results[next++], "a tangent"));
    });
  }
  return tangents;
}
