import type { Tensor, Var } from "../../engine/ir/index.ts";
import { isFloating } from "../../engine/ir/index.ts";
import { add, full } from "../../engine/prims/linear.ts";
import { evalProgram } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { TraceContext } from "./context.ts";
import { activeFrom, lineName, valueIn } from "./context.ts";
import { ancestors, showFormula } from "./formula.ts";
import { differential } from "./forward.ts";
import type { Line, EquationDerivative } from "./rule.ts";
import { show } from "./show.ts";
import { keptBy, makeStore } from "./store.ts";
import type { Contribution, ReverseLine, StoredValue } from "./table.ts";

/** A backward pass: its lines, the values of the forward pass that are stored for it, and the adjoints. */
export interface ReverseTrace {
  readonly lines: readonly ReverseLine[];
  readonly stored: readonly StoredValue[];
  /** Adjoint of each value on which the result depends. Empty if values are unknown. */
  readonly adjoints: ReadonlyMap<Var, Tensor>;
}

/** Adjoint of one value while it is summed: its contributions and their running sum. */
interface AdjointAccumulator {
  readonly contributions: { readonly from: string; readonly expression: string }[];
  value: Tensor | undefined;
}

/** One contribution of a line to the adjoint of an operand. */
interface OperandContribution {
  readonly to: Var;
  readonly expression: string;
  readonly value: Tensor | undefined;
  readonly uses: readonly string[];
}

/**
 * Traverses the lines backwards from the first result. The rule of each line is linearised and transposed as in `grad`;
 * the terms that this adds to the operands' adjoints are the contributions.
 */
export function reverseTrace(context: TraceContext, wrt: readonly Var[]): ReverseTrace {
  const { program, naming, values, lines } = context;
  const out = must(program.outs[0], "a result");
  const active = activeFrom(context, wrt);
  const adjoints = new Map<Var, AdjointAccumulator>();
  const store = makeStore();
  const shown: (() => ReverseLine[])[] = []; // run at the end, when the numbers of contributions are known

  if (active.has(out)) {
    const one = values === undefined ? undefined : full(out.type, 1);
    adjoints.set(out, { contributions: [], value: one });
    const seed = adjointLine(context, out, "1", "=", one);
    shown.push(() => [{ kind: "seed", ...seed }]);
  }
  for (const line of lines.toReversed()) {
    const { eqn } = line;
    if (!eqn.outs.some((v) => adjoints.has(v))) continue;
    for (const v of eqn.outs) shown.push(sumLines(context, v, adjoints.get(v)));

    const from = lineName(line, naming);
    const rule = eqn.outs.flatMap((v, i) =>
      active.has(v) ? [`${naming.tangentOf(v)} = ${differential(context, line, i, active)}`] : [],
    );
    for (const { to, expression, value, uses } of flowsOf(context, line, active, adjoints, store)) {
      let adjoint = adjoints.get(to);
      if (adjoint === undefined) adjoints.set(to, (adjoint = { contributions: [], value: undefined }));
      adjoint.contributions.push({ from, expression });
      if (value !== undefined)
        adjoint.value = adjoint.value === undefined ? value : add(adjoint.value, value);
      const { contributions } = adjoint;
      shown.push((): Contribution[] => {
        const only = contributions.length === 1 && to !== out;
        const shownLine = adjointLine(context, to, expression, only ? "=" : "+=", value);
        return [{ kind: "contribution", ...shownLine, from, rule: rule.join(", "), uses, only }];
      });
    }
  }
  for (const v of program.ins) {
    if (!wrt.includes(v) || !isFloating(v.type.dtype)) continue;
    shown.push(
      adjoints.has(v)
        ? sumLines(context, v, adjoints.get(v))
        : () => [{ kind: "none", ...adjointLine(context, v, "0", "=", undefined) }],
    );
  }
  return {
    lines: shown.flatMap((write) => write()),
    stored: store.list(),
    adjoints: new Map(
      [...adjoints].flatMap(([v, { value }]) => (value === undefined ? [] : [[v, value] as const])),
    ),
  };
}

function adjointLine(
  context: TraceContext,
  v: Var,
  expression: string,
  sign: "=" | "+=",
  value: Tensor | undefined,
): Pick<Contribution, "of" | "name" | "expression" | "text" | "value"> {
  const { naming, values } = context;
  const name = naming.adjointOf(v);
  return {
    of: naming.nameOf(v),
    name,
    expression,
    text: `${name} ${sign} ${expression}`,
    value: values === undefined ? null : show(value, v.type),
  };
}

const longestSum = 72; // characters; a longer sum is replaced by its number of terms

/**
 * Returns a function that writes the line that sums the terms of an adjoint: its contributions, and 1 for the result.
 * It writes no line if there are fewer than two terms.
 */
function sumLines(
  context: TraceContext,
  v: Var,
  adjoint: AdjointAccumulator | undefined,
): () => ReverseLine[] {
  return () => {
    if (adjoint === undefined) return [];
    const { contributions, value } = adjoint;
    const isOut = context.program.outs[0] === v; // its first term is the seed
    const terms = [...(isOut ? ["1"] : []), ...contributions.map(({ expression }) => expression)];
    if (terms.length < 2) return [];
    const sum = terms.map((term, i) => (i > 0 && / where /.test(term) ? `(${term})` : term)).join(" + ");
    const expression = sum.length <= longestSum ? sum : `the sum of these ${terms.length} terms`;
    const line = adjointLine(context, v, expression, "=", value);
    return [{ kind: "sum", ...line, from: contributions.map(({ from }) => from) }];
  };
}

/** Returns the contributions of one line to the adjoints of its operands, from the transpose of its linearised rule. */
function flowsOf(
  context: TraceContext,
  line: Line,
  active: ReadonlySet<Var>,
  adjoints: ReadonlyMap<Var, AdjointAccumulator>,
  store: ReturnType<typeof makeStore>,
): OperandContribution[] {
  const { naming, values } = context;
  const { eqn, operands } = line;
  const marks = operands.map((v) => active.has(v));
  if (!marks.includes(true)) return [];
  const rule = context.rule(line, marks);
  const { backward } = rule;
  const kept = keptBy(context, line, rule);
  const cotangents = eqn.outs.filter((_, i) => rule.activeOuts[i]);
  const names = new Map<Var, string>();
  backward.ins.forEach((v, i) => {
    const residual = kept[i];
    const out = cotangents[i - kept.length];
    if (residual !== undefined) names.set(v, residual.name);
    else if (out !== undefined) names.set(v, adjoints.has(out) ? naming.adjointOf(out) : "0");
  });

  const results = values === undefined ? undefined : backwardValues(line, rule, values, cotangents, adjoints);
  const targets = operands.filter((_, i) => marks[i]);
  return targets.map((to, i) => {
    const out = must(backward.outs[i], "a cotangent");
    const used = ancestors(backward, out);
    const keptHere = kept.filter((_, k) => used.has(must(backward.ins[k], "a residual")));
    for (const residual of keptHere) store.use(residual, lineName(line, naming), naming.nameOf(to));
    return {
      to,
      expression: showFormula(backward, out, (v) => names.get(v)),
      value: results?.[i],
      uses: keptHere.filter(({ at }) => at !== undefined).map(({ name }) => name),
    };
  });
}

function backwardValues(
  { operands }: Line,
  rule: EquationDerivative,
  values: ReadonlyMap<Var, Tensor>,
  cotangents: readonly Var[],
  adjoints: ReadonlyMap<Var, AdjointAccumulator>,
): Tensor[] {
  const known = evalProgram(
    rule.known,
    operands.map((v) => valueIn(values, v)),
  );
  const residuals = known.slice(known.length - rule.storedOperands.length);
  return evalProgram(rule.backward, [
    ...residuals,
    ...cotangents.map((v) => adjoints.get(v)?.value ?? full(v.type, 0)),
  ]);
}
