import type { Program, Var } from "../../engine/ir/index.ts";
import { freshNames } from "../../numeric/syntax/names.ts";
import { must } from "../../engine/util/assert-never.ts";
import { showConstant } from "../plot/number-text.ts";

/** Names of the values of one program in a trace. */
export interface Naming {
  /** Returns the name of a value. An unnamed constant is written as its number. */
  nameOf(v: Var): string;
  /** True if the value is a constant that formulas show as a number and that has no line of its own. */
  isConstant(v: Var): boolean;
  /**
   * Returns the name of the differential of a value: `dx`, or `d(x)` if `dx` would not be a plain or an unused name.
   */
  tangentOf(v: Var): string;
  /** Returns the name of the adjoint of a value: `∂s/∂x`. */
  adjointOf(v: Var): string;
  /** Returns an unused name for a stored value: `r1`, `r2`, … */
  readonly freshStored: () => string;
  /** Letter of the differentiated quantity in adjoints: `s`, or another letter if the program uses `s`. */
  readonly scalar: string;
}

const singleLetters = 20; // up to this number of unnamed values get letters; more get v1, v2, …

/** True if {@link nameProgram} generated the name for an unnamed value of a long program (`v1`, `v2`, …). */
export function isMadeName(name: string): boolean {
  return /^v\d+$/.test(name);
}

/**
 * Names all values of a program. Names from the source or the caller take precedence. Unnamed inputs become `x y z`, or
 * `x1 x2 …` if there are more than three, and a single unnamed result becomes `z`. Intermediate values get letters in
 * order, or `v1`, `v2`, … if there are more than 20.
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
