import type { Framing } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import { mostCuts } from "../kernel/segments.ts";
import { operationsOf } from "../kernel/work.ts";
import { fullEquation, whereEquation } from "../prims/linear.ts";
import { broadcastEquation } from "../prims/shape.ts";
import { sizeOf } from "../util/shape.ts";

/** Scalar operations that may take part in one loop. */
const mostOperations = 40;
/**
 * Operations more an element that are worth an array less, by its bytes: none for few numbers, which are computed one at a
 * time, then as many as writing and reading it costs while the caches hold it, and then where they do not.
 */
const worths = [
  { from: 0, operations: 0 },
  { from: 2 ** 13, operations: 2 },
  { from: 2 ** 21, operations: 8 },
] as const;

/** An equation that puts zeros around an array which elementwise equations compute. */
interface Frame {
  readonly eqn: Equation;
  readonly framing: Framing;
}

/**
 * Where arrays with zeros around them are added up, as derivatives of `x[1:] − x[:-1]` are, the arrays need no memory: their
 * elements are computed where the sum needs them, at each place once for every array, from what they are made of. So one
 * loop does what were two, and its edges go apart (`cutLoops`).
 *
 * An elementwise value within a frame becomes the same operations of operands that are shifted alike, and zero outside.
 * What lies outside is computed of repeated edges and thrown away.
 */
export function computeInFrames(program: Program): Program {
  return program.eqns.some((eqn) => framingOf(eqn) !== undefined) ? withoutFrames(program) : program;
}

function withoutFrames(program: Program): Program {
  const definitions = new Map<Var, Equation>();
  const readers = new Map<Var, Equation[]>();
  for (const eqn of program.eqns) {
    for (const v of eqn.outs) definitions.set(v, eqn);
    for (const v of eqn.ins) {
      const list = readers.get(v);
      if (list === undefined) readers.set(v, [eqn]);
      else list.push(eqn);
    }
  }
  const results = new Set(program.outs);
  const isComputed = (v: Var): boolean => definitions.get(v)?.prim.lowering.kind === "elementwise";
  /** Whether nothing but frames makes a value need memory. */
  const isOnlyFramed = (v: Var): boolean =>
    !results.has(v) &&
    readers.get(v)!.every((eqn) => eqn.prim.lowering.kind === "elementwise" || framingOf(eqn) !== undefined);

  const frames = new Map<string, Frame[]>(); // by shape
  for (const eqn of program.eqns) {
    const framing = framingOf(eqn);
    const [v] = eqn.ins;
    if (framing === undefined || v === undefined || sizeOf(v.type.shape) === 0) continue;
    const key = eqn.outs[0]!.type.shape.join();
    const list = frames.get(key);
    if (list === undefined) frames.set(key, [{ eqn, framing }]);
    else list.push({ eqn, framing });
  }
  /** Operations that nothing needs any more once these frames are computed in another way. */
  const dying = (chosen: readonly Frame[]): number => {
    const gone = new Set(chosen.map(({ eqn }) => eqn));
    let operations = 0;
    for (const eqn of program.eqns.toReversed()) {
      if (eqn.prim.lowering.kind !== "elementwise" || eqn.outs.some((v) => results.has(v))) continue;
      if (!eqn.outs.every((v) => readers.get(v)?.every((reader) => gone.has(reader)) ?? false)) continue;
      gone.add(eqn);
      operations += operationsIn(eqn);
    }
    return operations;
  };
  const replaced = new Map<Equation, readonly Equation[]>();
  for (const list of frames.values()) {
    if (turnsOf(list) > mostCuts) continue; // loops stay whole that would fall into too many pieces
    const chosen = list.filter(({ eqn: { ins } }) => isComputed(ins[0]!) && isOnlyFramed(ins[0]!));
    const found = inFrames(chosen, definitions, results);
    if (found === undefined || found.operations - dying(chosen) > mostExtra(chosen)) continue;
    for (const [eqn, instead] of found.instead) replaced.set(eqn, instead);
  }
  if (replaced.size === 0) return program;
  return { ...program, eqns: program.eqns.flatMap((eqn) => replaced.get(eqn) ?? [eqn]) };
}

function framingOf({ prim, params }: Equation): Framing | undefined {
  return prim.frames?.(params);
}

/** At how many places along an axis, at most, frames begin or end. */
function turnsOf(frames: readonly Frame[]): number {
  const rank = frames[0]!.framing.low.length;
  let most = 0;
  for (let axis = 0; axis < rank; axis++) {
    const turns = new Set<number>();
    for (const { eqn, framing } of frames) {
      const [from, n] = [framing.low[axis]!, eqn.ins[0]!.type.shape[axis]!];
      for (const turn of [from, from + n])
        if (turn > 0 && turn < eqn.outs[0]!.type.shape[axis]!) turns.add(turn);
    }
    most = Math.max(most, turns.size);
  }
  return most;
}

/** What computes the framed arrays of one shape in their frames; `undefined` where that is too much work. */
function inFrames(
  frames: readonly Frame[],
  definitions: ReadonlyMap<Var, Equation>,
  results: ReadonlySet<Var>,
): { readonly instead: ReadonlyMap<Equation, readonly Equation[]>; readonly operations: number } | undefined {
  const known = new Map<Var, Map<string, Var>>();
  const instead = new Map<Equation, readonly Equation[]>();
  let operations = 0;
  let made: Equation[] = [];

  /** A value in the place that a frame gives it. */
  const placed = (v: Var, framing: Framing, shape: ArrayType["shape"]): Var | undefined => {
    const key = framing.low.join();
    const before = known.get(v)?.get(key);
    if (before !== undefined) return before;
    const out: Var = { ...v, type: withShape(v.type, shape) };
    const eqn = definitions.get(v);
    if (eqn === undefined || results.has(v) || eqn.prim.lowering.kind !== "elementwise")
      made.push(elsewhere(out, v, eqn, framing));
    else {
      operations += operationsIn(eqn);
      if (operations > mostOperations) return undefined;
      const ins: Var[] = [];
      for (const x of eqn.ins) {
        const there = placed(x, framing, shape);
        if (there === undefined) return undefined;
        ins.push(there);
      }
      made.push({ ...eqn, ins, outs: [out] });
    }
    if (!known.has(v)) known.set(v, new Map());
    known.get(v)!.set(key, out);
    return out;
  };

  for (const { eqn, framing } of frames) {
    const [v, out] = [eqn.ins[0]!, eqn.outs[0]!];
    made = [];
    const value = placed(v, framing, out.type.shape);
    if (value === undefined) return undefined;
    const [all, inside]: [Var, Var] = [
      { type: { ...v.type, dtype: "bool" } },
      { type: { ...out.type, dtype: "bool" } },
    ];
    const zero: Var = { type: out.type };
    made.push(fullEquation(all, 1), framing.frame(inside, all), fullEquation(zero, 0));
    instead.set(eqn, [...made, whereEquation(out, inside, value, zero)]);
  }
  return { instead, operations };
}

/** Operations more an element that it is worth to do without the arrays that stand in frames. */
function mostExtra(frames: readonly Frame[]): number {
  const arrays = new Set(frames.map(({ eqn }) => eqn.ins[0]!));
  const bytes = Math.max(0, ...Array.from(arrays, ({ type }) => bytesOf(type)));
  return arrays.size * worths.findLast(({ from }) => bytes >= from)!.operations;
}

function bytesOf({ dtype, shape }: ArrayType): number {
  return sizeOf(shape) * bytesPerElement[scalarTypeOf(dtype)];
}

/** A value that is not computed anew, in its place: constants and repeated scalars are the same everywhere. */
function elsewhere(out: Var, v: Var, eqn: Equation | undefined, { shift }: Framing): Equation {
  const constant = eqn?.prim.constantOf?.(eqn.params);
  if (constant !== undefined) return fullEquation(out, constant);
  if (eqn?.prim.repeats === true && eqn.ins[0]!.type.shape.length === 0)
    return broadcastEquation(out, eqn.ins[0]!);
  return shift(out, v);
}

function operationsIn({ prim, params, ins }: Equation): number {
  if (prim.lowering.kind !== "elementwise") return 0;
  const types = ins.map((v) => v.type);
  const xs = types.map(({ dtype }, i) => k.local(scalarTypeOf(dtype), `x${i}`));
  return operationsOf(prim.lowering.scalar(xs, params, types));
}
