import type { Equation, Program, Var } from "../ir/program.ts";
import { isFloating } from "../ir/types.ts";
import { eliminateDeadCode } from "../passes/pipeline.ts";

/**
 * A program as the composition of two. `moves` copies elements of the active inputs to new arrays, and `rest` computes
 * the results from these arrays. Each row of the Jacobian of `moves` has a single 1 or is zero.
 */
export interface SplitProgram {
  /** Inputs: those of the program. Outputs: the arrays of moved elements. */
  readonly moves: Program;
  /** Inputs: the arrays of moved elements, then the inputs of the program that are not active. */
  readonly rest: Program;
  /** True if `moves` copies nothing, so that the arrays of moved elements are active inputs. */
  readonly isTrivial: boolean;
}

/** Moves the equations that only copy elements of the inputs marked in `active` from the program to `moves`. */
export function splitMoves(program: Program, active: readonly boolean[]): SplitProgram {
  const { ins, eqns, outs, name } = eliminateDeadCode(program);
  const moved = new Set<Var>(ins.filter((_, i) => active[i] === true));
  const known = new Set<Var>(ins.filter((_, i) => active[i] !== true));
  const moves: Equation[] = [];
  const rest: Equation[] = [];
  for (const eqn of eqns) {
    const isKnown = eqn.ins.every((v) => known.has(v));
    // both parts may need what depends on no active input
    if (isKnown || isMove(eqn, moved, known)) moves.push(eqn);
    if (isKnown) for (const out of eqn.outs) known.add(out);
    else if (moves.at(-1) === eqn) for (const out of eqn.outs) moved.add(out);
    if (isKnown || moves.at(-1) !== eqn) rest.push(eqn);
  }
  const used = new Set<Var>([...rest.flatMap((eqn) => eqn.ins), ...outs]);
  const frontier = [...moved].filter((v) => used.has(v));
  const others = ins.filter((_, i) => active[i] !== true);
  const isTrivial = frontier.every((v) => ins.includes(v));
  return {
    moves: eliminateDeadCode({ name: `moves(${name})`, ins, eqns: moves, outs: frontier }),
    rest: eliminateDeadCode({ name, ins: [...frontier, ...others], eqns: rest, outs }),
    isTrivial,
  };
}

function isMove({ prim, ins, outs }: Equation, moved: ReadonlySet<Var>, known: ReadonlySet<Var>): boolean {
  return (
    prim.moves === true &&
    outs.every(({ type }) => isFloating(type.dtype)) &&
    ins.some((v) => moved.has(v)) &&
    ins.every((v) => moved.has(v) || known.has(v))
  );
}

/** Wraps the program as a split whose `moves` copies nothing. */
export function wholeProgram(program: Program, active: readonly boolean[]): SplitProgram {
  const { ins, eqns, outs, name } = eliminateDeadCode(program);
  const frontier = ins.filter((_, i) => active[i] === true);
  const others = ins.filter((_, i) => active[i] !== true);
  return {
    moves: { name: `moves(${name})`, ins, eqns: [], outs: frontier },
    rest: { name, ins: [...frontier, ...others], eqns, outs },
    isTrivial: true,
  };
}
