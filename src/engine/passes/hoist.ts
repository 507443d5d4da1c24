import type { Equation, Program, Var } from "../ir/program.ts";
import { sizeOf } from "../util/shape.ts";
import { hasLoop, withParts } from "./counted-loops.ts";
import { rewriteProgram } from "./rewrite.ts";

/** A result that is so many times as large as what it is computed from is computed again in each iteration: copies cost more. */
const mostGrowth = 4;

/**
 * What a loop computes anew in every iteration from values that never change is computed once, before it. Constants stay: they
 * cost nothing. The loops must be hoisted inside already; `optimize` goes from the inside out.
 */
export function hoistInvariants(program: Program): Program {
  return hasLoop(program) ? hoist(program) : program;
}

function hoist(program: Program): Program {
  return rewriteProgram(program, (eqn, rewriter) => {
    const parts = eqn.prim.loop?.parts?.(eqn.params);
    if (parts === undefined) return rewriter.emit(eqn);
    const { body, consts, before } = parts;
    const outer = new Map<Var, Var>(body.ins.slice(0, consts).map((v, i) => [v, eqn.ins[before + i]!]));
    const moved = body.eqns.filter((inner) => {
      if (!isWorthMoving(inner, outer)) return false;
      for (const v of inner.outs) outer.set(v, { ...v });
      return true;
    });
    const isMoved = new Set(moved);
    const staying = body.eqns.filter((inner) => !isMoved.has(inner));
    const needed = new Set([...staying.flatMap(({ ins }) => ins), ...body.outs]);
    const extra = moved.flatMap(({ outs }) => outs).filter((v) => needed.has(v));
    if (extra.length === 0) return rewriter.emit(eqn);
    for (const inner of moved)
      rewriter.emit({
        ...inner,
        ins: inner.ins.map((v) => outer.get(v)!),
        outs: inner.outs.map((v) => outer.get(v)!),
      });
    const slim: Program = {
      ...body,
      ins: [...body.ins.slice(0, consts), ...extra, ...body.ins.slice(consts)],
      eqns: staying,
    };
    const place = before + consts;
    const ins = [...eqn.ins.slice(0, place), ...extra.map((v) => outer.get(v)!), ...eqn.ins.slice(place)];
    rewriter.emit(withParts(eqn, { ...parts, body: slim, consts: consts + extra.length }, ins, eqn.outs));
  });
}

function isWorthMoving({ ins, outs }: Equation, outer: ReadonlyMap<Var, Var>): boolean {
  if (ins.length === 0 || !ins.every((v) => outer.has(v))) return false;
  const size = (vars: readonly Var[]): number => vars.reduce((n, v) => n + sizeOf(v.type.shape), 0);
  return size(outs) <= mostGrowth * size(ins);
}
