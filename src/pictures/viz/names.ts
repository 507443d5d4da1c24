import type { Program, Var } from "../../engine/ir/index.ts";
import { freshNames } from "../../numeric/syntax/names.ts";
import { must } from "../../engine/util/assert-never.ts";
import { showConstant } from "../plot/number-text.ts";

/** How a trace speaks of the values of one program. */
export interface Naming {
  /** The name of a value; constants without a name are written as numbers. */
  nameOf(v: Var): string;
  /** Whether the value is a constant that formulas show as a number, and that has no line of its own. */
  isConstant(v: Var): boolean;
  /** The name of the differential: `dx`. */
  tangentOf(v: Var): string;
  /** The name of the adjoint: `∂s/∂x`. */
  adjointOf(v: Var): string;
  /** A name for a stored value that has none: `r1`, `r2`, … */
  readonly freshStored: () => string;
  /** What adjoints differentiate: `s`, or another letter where the program has an `s`. */
  readonly scalar: string;
}

const singleLetters = 20; // so many values without a name get letters; more get v1, v2, …

/** Whether a name is one that {@link nameProgram} gives to values of long programs which have none. */
export function isMadeName(name: string): boolean {
  return /^v\d+$/.test(name);
}

/**
 * Names for all values of a program: those of the text or the caller first; inputs without one are `x y z` or
 * `x1 x2 …`, a result without one is `z`, and what lies between gets letters in order.
 */
export function nameProgram(program: Program, given: ReadonlyMap<Var, string> = new Map()): Naming {
  const names = new Map<Var, string>();
  const constants = new Map<Var, number>();
  const used = new Set<string>();
  const computed = program.eqns.flatMap((eqn) => eqn.outs);
  const repeats = new Map<string, number>();
  const give = (v: Var, wanted: string): void => {
    let name = wanted;
    for (let k = repeats.get(wanted) ?? 2; used.has(name); k++) {
      name = `${wanted}_${k}`;
      repeats.set(wanted, k + 1);
    }
    used.add(name);
    names.set(v, name);
  };
  for (const v of [...program.ins, ...computed]) {
    const name = given.get(v) ?? v.name;
    if (name !== undefined && !names.has(v)) give(v, name);
  }

  const outs = new Set(program.outs);
  for (const { prim, params, ins, outs: results } of program.eqns) {
    const [v] = results;
    if (v === undefined || names.has(v) || outs.has(v)) continue;
    const known = ins.map((x) => constants.get(x));
    const value = prim.algebra?.constant?.(known, params);
    if (value === undefined) continue;
    constants.set(v, value);
    names.set(v, showConstant(value));
  }

  const inputs = program.ins.filter((v) => !names.has(v));
  inputs.forEach((v, i) => give(v, inputs.length <= 3 ? must("xyz"[i], "a letter") : `x${i + 1}`));
  const [out] = program.outs;
  if (out !== undefined && !names.has(out) && program.outs.length === 1 && !used.has("z")) give(out, "z");

  const rest = computed.filter((v) => !names.has(v));
  let count = 0;
  const fresh = rest.length <= singleLetters ? freshNames(used) : () => `v${++count}`;
  for (const v of rest) give(v, fresh());

  let stored = 0;
  const freshStored = (): string => {
    for (;;) {
      const name = `r${++stored}`;
      if (!used.has(name)) return name;
    }
  };
  const nameOf = (v: Var): string => must(names.get(v), "the name of a value");
  const tangents = new Map<Var, string>();
  const scalar = must([..."stuwqrpgh"].find((letter) => !used.has(letter)) ?? "σ", "a letter");
  return {
    nameOf,
    isConstant: (v) => constants.has(v),
    tangentOf(v) {
      let tangent = tangents.get(v);
      if (tangent === undefined) {
        const name = nameOf(v);
        const isPlain = !used.has(`d${name}`) && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
        tangents.set(v, (tangent = isPlain ? `d${name}` : `d(${name})`));
      }
      return tangent;
    },
    adjointOf: (v) => `∂${scalar}/∂${nameOf(v)}`,
    freshStored,
    scalar,
  };
}
