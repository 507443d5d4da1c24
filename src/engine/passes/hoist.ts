import { dceProgram } from "../ir/dce.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { walkExpr } from "../kernel/walk.ts";
import { sizeOf } from "../util/shape.ts";
import { hasLoop, withParts } from "./counted-loops.ts";
import { rewriteProgram } from "./rewrite.ts";
import { append } from "../util/append.ts";

/**
 * Largest ratio of result size to operand size for hoisting. Larger results are recomputed in each iteration because
 * copying them costs more.
 */
const mostGrowth = 4;

/**
 * Loop-invariant code motion: computes values that are the same in all iterations once, before the loop. From branches
 * and calls inside the loop it hoists only transcendental functions. Constants and broadcast arrays stay because they
 * cost nothing. Inner loops must already be hoisted; `optimize` proceeds from the inside out.
 */
export function hoistInvariants(program: Program): Program {
  return hasLoop(program) ? hoist(program) : program;
}

function hoist(program: Program): Program {
  return rewriteProgram(program, (eqn, rewriter) => {
    const parts = eqn.prim.loop?.parts?.(eqn.params);
    if (parts === undefined) return rewriter.emit(eqn);
    const { body, consts, before } = parts;
    const invariants = makeInvariants(rewriter.emit);
    body.ins.slice(0, consts).forEach((v, i) => invariants.know(v, eqn.ins[before + i]!));
    const moved: Var[] = [];
    const staying = body.eqns.flatMap((inner): Equation[] => {
      if (invariants.move(inner)) {
        append(moved, inner.outs);
        return [];
      }
      const { slim, extra } = hoistFromPrograms(inner, invariants);
      append(moved, extra);
      return [slim];
    });
    const needed = new Set([...staying.flatMap(({ ins }) => ins), ...body.outs]);
    const extra = moved.filter((v) => needed.has(v));
    if (extra.length === 0) return rewriter.emit(eqn);
    const slim: Program = {
      ...body,
      ins: [...body.ins.slice(0, consts), ...extra, ...body.ins.slice(consts)],
      eqns: staying,
    };
    const place = before + consts;
    const ins = [
      ...eqn.ins.slice(0, place),
      ...extra.map((v) => invariants.outside(v)!),
      ...eqn.ins.slice(place),
    ];
    rewriter.emit(withParts(eqn, { ...parts, body: slim, consts: consts + extra.length }, ins, eqn.outs));
  });
}

/** The values of one program inside a loop that are the same in every iteration. */
interface Invariants {
  /** Declares that the invariant `v` equals the value `outside` of the surrounding program. */
  know(v: Var, outside: Var): void;
  /**
   * Returns the value outside of the loop that equals `v`; `undefined` if `v` differs between iterations or has not
   * been hoisted.
   */
  outside(v: Var): Var | undefined;
  /** Hoists an equation if it is invariant and not much larger than its operands. Returns true if it was hoisted. */
  move(eqn: Equation): boolean;
  /** Returns an empty set of invariants for another program inside the loop. */
  within(): Invariants;
}

function makeInvariants(emit: (eqn: Equation) => void): Invariants {
  const outer = new Map<Var, Var>();
  const free = new Map<Var, Equation>(); // constants and broadcast arrays, hoisted only when a hoisted equation reads them
  const compute = (eqn: Equation): void => {
    for (const v of eqn.ins) if (!outer.has(v)) compute(free.get(v)!);
    for (const v of eqn.outs) outer.set(v, { ...v });
    emit({ ...eqn, ins: eqn.ins.map((v) => outer.get(v)!), outs: eqn.outs.map((v) => outer.get(v)!) });
  };
  /** Number of elements outside of the loop from which a value is computed. */
  const sourceSize = (v: Var): number => {
    const made = free.get(v);
    return made === undefined ? sizeOf(v.type.shape) : sum(made.ins, sourceSize);
  };
  return {
    know: (v, outside) => void outer.set(v, outside),
    outside: (v) => outer.get(v),
    move(eqn) {
      const { prim, ins, outs } = eqn;
      if (!ins.every((v) => outer.has(v) || free.has(v))) return false;
      const given = sum(ins, sourceSize);
      if (given > 0 && sum(outs, (v) => sizeOf(v.type.shape)) <= mostGrowth * given) {
        compute(eqn);
        return true;
      }
      if (prim.cost === "free") free.set(outs[0]!, eqn);
      return false;
    },
    within: () => makeInvariants(emit),
  };
}

function sum(vars: readonly Var[], sizeOfOne: (v: Var) => number): number {
  return vars.reduce((n, v) => n + sizeOfOne(v), 0);
}

/**
 * Hoists transcendental functions of invariants out of the sub-programs of an equation, which take them as additional
 * operands.
 */
function hoistFromPrograms(
  eqn: Equation,
  invariants: Invariants,
): { readonly slim: Equation; readonly extra: readonly Var[] } {
  const { lowering } = eqn.prim;
  const unchanged = { slim: eqn, extra: [] };
  if (lowering.kind !== "loops" || lowering.withPrograms === undefined) return unchanged;
  const programs = lowering.programs!(eqn.params).map(({ program, ins }) => {
    const inside = invariants.within();
    ins.forEach(({ index }, i) => {
      const outside = invariants.outside(eqn.ins[index]!);
      if (outside !== undefined) inside.know(program.ins[i]!, outside);
    });
    const costly = costlyOf(program);
    const moved = program.eqns.filter((inner) => costly.has(inner) && inside.move(inner));
    const results = moved.filter(callsProcedure).map(({ outs }) => outs[0]!);
    return { program, results, outside: results.map((v) => inside.outside(v)!) };
  });
  const all = programs.flatMap(({ outside }) => outside);
  if (all.length === 0) return unchanged;
  const extra = all.map((v): Var => ({ ...v }));
  extra.forEach((v, i) => invariants.know(v, all[i]!));
  const slim = programs.map(({ program, results, outside }): Program => {
    const own = new Map(outside.map((v, i) => [v, results[i]!]));
    return withoutUnused({
      ...program,
      ins: [...program.ins, ...all.map((v) => own.get(v) ?? { ...v })],
      eqns: program.eqns.filter(({ outs }) => !results.includes(outs[0]!)),
    });
  });
  return {
    slim: {
      ...eqn,
      params: { ...(eqn.params as object), ...lowering.withPrograms(slim) },
      ins: [...eqn.ins, ...extra],
    },
    extra,
  };
}

function withoutUnused(program: Program): Program {
  return dceProgram(
    program,
    program.outs.map(() => true),
  ).program;
}

/** Equations of a program that apply transcendental functions, and all equations from which these are computed. */
function costlyOf({ eqns }: Program): ReadonlySet<Equation> {
  const needed = new Set<Var>();
  const costly = new Set<Equation>();
  for (const eqn of eqns.toReversed()) {
    if (!callsProcedure(eqn) && !eqn.outs.some((v) => needed.has(v))) continue;
    costly.add(eqn);
    for (const v of eqn.ins) needed.add(v);
  }
  return costly;
}

function callsProcedure({ prim: { lowering }, params, ins }: Equation): boolean {
  if (lowering.kind !== "elementwise") return false;
  const types = ins.map((v) => v.type);
  const operands = types.map(({ dtype }, i) => k.local(scalarTypeOf(dtype), `x${i}`));
  let calls = false;
  walkExpr(lowering.scalar(operands, params, types), (part) => void (calls ||= part.kind === "call"));
  return calls;
}
