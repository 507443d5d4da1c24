import type { Var } from "../../engine/ir/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import type { TraceContext } from "./context.ts";
import { lineName } from "./context.ts";
import { showFormula } from "./formula.ts";
import { showConstant } from "../plot/number-text.ts";
import type { Line, EquationDerivative } from "./rule.ts";
import type { StoredValue } from "./table.ts";

/** A value of the forward pass that is saved for the backward pass. */
export interface SavedValue {
  /** Name of the value in formulas. */
  readonly name: string;
  readonly formula: string;
  /** The input or line where it is stored. Undefined for a constant, which need not be stored. */
  readonly at: string | undefined;
}

const longest = 24; // characters; a longer formula gets a name

/**
 * Returns the values of the forward pass that the backward program of a line's rule reads, in the order of its inputs.
 */
export function keptBy(context: TraceContext, line: Line, rule: EquationDerivative): SavedValue[] {
  const { naming } = context;
  const { eqn, operands } = line;
  const { known, storedOperands } = rule;
  const first = known.outs.length - storedOperands.length;
  const names = new Map<Var, string>();
  eqn.outs.forEach((v, i) => {
    if (i < first) names.set(must(known.outs[i], "a result"), naming.nameOf(v));
  });
  operands.forEach((v, i) => names.set(must(known.ins[i], "an operand"), naming.nameOf(v)));
  const constants = new Map<Var, number>(
    known.eqns.flatMap(({ prim, params, outs: [v] }) => {
      const value = prim.algebra?.constant?.([], params);
      return v === undefined || value === undefined ? [] : [[v, value] as const];
    }),
  );

  return storedOperands.map((operand, i): SavedValue => {
    if (operand !== undefined) {
      const name = naming.nameOf(must(operands[operand], "an operand"));
      return { name, formula: name, at: name };
    }
    const v = must(known.outs[first + i], "a stored value");
    const constant = constants.get(v);
    if (constant !== undefined) {
      const text = showConstant(constant);
      return { name: text, formula: text, at: undefined };
    }
    const formula = names.get(v) ?? showFormula(known, v, (w) => names.get(w));
    return {
      name: formula.length > longest && !names.has(v) ? naming.freshStored() : formula,
      formula,
      at: lineName(line, naming),
    };
  });
}

/** Collects the values that are saved for the backward pass, and the lines that use them. */
export interface StoredValueCollector {
  use(kept: SavedValue, from: string, to: string): void;
  list(): StoredValue[];
}

/** Creates an empty collector. */
export function makeStore(): StoredValueCollector {
  const entries = new Map<string, StoredValue & { readonly usedBy: { from: string; to: string }[] }>();
  return {
    use({ name, formula, at }, from, to) {
      if (at === undefined) return;
      const key = `${at}\n${name}`;
      let entry = entries.get(key);
      if (entry === undefined) entries.set(key, (entry = { name, value: formula, at, usedBy: [] }));
      entry.usedBy.push({ from, to });
    },
    list: () => [...entries.values()],
  };
}
