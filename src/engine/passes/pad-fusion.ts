import { isBuiltIn } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import { mostCuts } from "../kernel/segments.ts";
import { operationsOf } from "../codegen/cost.ts";
import type { PadParams } from "../prims/index-ops.ts";
import { fullEquation, whereEquation } from "../prims/linear.ts";
import { broadcastEquation, repeatedScalar } from "../prims/shape.ts";
import type { Shape } from "../util/shape.ts";
import { sizeOf } from "../util/shape.ts";
import { constantOf, nothingKnown } from "./rewrite.ts";
import { shiftEquation } from "./shift.ts";
import { largestOf } from "../util/append.ts";

/**
 * Maximum number of scalar operations that fused pads of one shape may add to a loop. More would exceed the available
 * registers.
 */
const mostOperations = 40;
/**
 * Maximum number of additional operations per result element that are worthwhile if they save one padded array, by the
 * bytes of the array. Small arrays are cheap to compute, so that nothing is gained. Larger ones save writing and
 * reading.
 */
const worths = [
  { from: 0, operations: 0 },
  { from: 2 ** 13, operations: 2 },
  { from: 2 ** 21, operations: 8 },
] as const;

/** Equation that surrounds its operand with zeros; `before` is the number of zeros before it along each axis. */
interface Pad {
  readonly eqn: Equation;
  readonly before: readonly number[];
}

/** For each value of a program, the equation that defines it and the equations that read it. */
interface DefUseChains {
  readonly definitions: ReadonlyMap<Var, Equation>;
  readonly readers: ReadonlyMap<Var, readonly Equation[]>;
  readonly results: ReadonlySet<Var>;
}

/**
 * Fuses pads into the sums that consume them, as in derivatives of `x[1:] − x[:-1]`. The padded arrays then need no
 * memory: the sum computes their elements from their sources, each element once. One loop replaces two, and its edges
 * are split off (`cutLoops`).
 *
 * A padded elementwise value becomes the same operations on operands that are shifted equally, with zeros outside.
 * Elements outside are computed from repeated edges and discarded.
 */
export function fusePads(program: Program): Program {
  const pads = program.eqns.flatMap((eqn): Pad[] => {
    const before = paddedBefore(eqn);
    return before === undefined || sizeOf(eqn.ins[0]!.type.shape) === 0 ? [] : [{ eqn, before }];
  });
  if (pads.length === 0) return program;
  const uses = usesOf(program);
  const replaced = new Map<Equation, readonly Equation[]>();
  for (const alike of byShape(pads)) {
    if (boundariesOf(alike) > mostCuts) continue; // do not split loops into too many pieces
    const chosen = alike.filter(({ eqn: { ins } }) => isFusible(ins[0]!, uses));
    const fused = fuse(chosen, uses);
    if (fused === undefined) continue;
    const extra = fused.operations - operationsSpared(program, chosen, uses);
    if (extra > mostExtra(chosen)) continue;
    for (const [eqn, instead] of fused.instead) replaced.set(eqn, instead);
  }
  if (replaced.size === 0) return program;
  return { ...program, eqns: program.eqns.flatMap((eqn) => replaced.get(eqn) ?? [eqn]) };
}

/**
 * Number of zeros that a `pad` inserts before its operand along each axis. `undefined` for other equations, and for
 * pads that also insert or remove elements elsewhere. Recognised by name, because an import would add `pad` to bundles
 * that do not use it.
 */
function paddedBefore({ prim, params }: Equation): readonly number[] | undefined {
  if (prim.name !== "pad" || !isBuiltIn(prim)) return undefined;
  const { low, high, interior } = params as PadParams;
  return interior.every((gap) => gap === 0) && [...low, ...high].every((n) => n >= 0) ? low : undefined;
}

function usesOf({ eqns, outs }: Program): DefUseChains {
  const definitions = new Map<Var, Equation>();
  const readers = new Map<Var, Equation[]>();
  for (const eqn of eqns) {
    for (const v of eqn.outs) definitions.set(v, eqn);
    for (const v of eqn.ins) {
      const list = readers.get(v);
      if (list === undefined) readers.set(v, [eqn]);
      else list.push(eqn);
    }
  }
  return { definitions, readers, results: new Set(outs) };
}

function byShape(pads: readonly Pad[]): Iterable<readonly Pad[]> {
  const shapes = new Map<string, Pad[]>();
  for (const pad of pads) {
    const key = pad.eqn.outs[0]!.type.shape.join();
    const list = shapes.get(key);
    if (list === undefined) shapes.set(key, [pad]);
    else list.push(pad);
  }
  return shapes.values();
}

function isElementwise(eqn: Equation | undefined): boolean {
  return eqn?.prim.lowering.kind === "elementwise";
}

/** True if a value is computed element by element, and only pads need it in memory. */
function isFusible(v: Var, { definitions, readers, results }: DefUseChains): boolean {
  if (results.has(v) || !isElementwise(definitions.get(v))) return false;
  return readers.get(v)!.every((eqn) => isElementwise(eqn) || paddedBefore(eqn) !== undefined);
}

/**
 * Number of operations per element that become unnecessary when these pads are fused, because their results are no
 * longer used.
 */
function operationsSpared(
  program: Program,
  pads: readonly Pad[],
  { readers, results }: DefUseChains,
): number {
  const gone = new Set(pads.map(({ eqn }) => eqn));
  let operations = 0;
  for (const eqn of program.eqns.toReversed()) {
    if (!isElementwise(eqn) || eqn.outs.some((v) => results.has(v))) continue;
    if (!eqn.outs.every((v) => readers.get(v)?.every((reader) => gone.has(reader)) ?? false)) continue;
    gone.add(eqn);
    operations += operationsIn(eqn);
  }
  return operations;
}

/**
 * Counts, for each axis, the positions inside of the result at which an operand of these pads begins or ends. Returns
 * the largest count.
 */
function boundariesOf(pads: readonly Pad[]): number {
  let most = 0;
  for (let axis = 0; axis < pads[0]!.before.length; axis++) {
    const boundaries = new Set<number>();
    for (const { eqn, before } of pads) {
      const [from, n] = [before[axis]!, eqn.ins[0]!.type.shape[axis]!];
      for (const place of [from, from + n])
        if (place > 0 && place < eqn.outs[0]!.type.shape[axis]!) boundaries.add(place);
    }
    most = Math.max(most, boundaries.size);
  }
  return most;
}

/**
 * Finds, for each of these pads of one shape, the equations that replace it: they compute the padded operand directly
 * at its padded position. Also returns the number of operations per element. `undefined` if that exceeds
 * `mostOperations`.
 */
function fuse(
  pads: readonly Pad[],
  { definitions, results }: DefUseChains,
): { readonly instead: ReadonlyMap<Equation, readonly Equation[]>; readonly operations: number } | undefined {
  const known = new Map<Var, Map<string, Var>>();
  const instead = new Map<Equation, readonly Equation[]>();
  let operations = 0;
  let made: Equation[] = [];

  /**
   * Returns the variable of a value shifted to the position that it has in the padded array; `undefined` if that takes
   * too many operations.
   */
  const placed = (v: Var, before: readonly number[], shape: Shape): Var | undefined => {
    const key = before.join();
    const earlier = known.get(v)?.get(key);
    if (earlier !== undefined) return earlier;
    const out: Var = { ...v, type: withShape(v.type, shape) };
    const eqn = definitions.get(v);
    if (eqn === undefined || results.has(v) || !isElementwise(eqn)) made.push(shifted(out, v, eqn, before));
    else {
      operations += operationsIn(eqn);
      if (operations > mostOperations) return undefined;
      const ins: Var[] = [];
      for (const x of eqn.ins) {
        const there = placed(x, before, shape);
        if (there === undefined) return undefined;
        ins.push(there);
      }
      made.push({ ...eqn, ins, outs: [out] });
    }
    if (!known.has(v)) known.set(v, new Map());
    known.get(v)!.set(key, out);
    return out;
  };

  for (const { eqn, before } of pads) {
    const [v, out] = [eqn.ins[0]!, eqn.outs[0]!];
    made = [];
    const value = placed(v, before, out.type.shape);
    if (value === undefined) return undefined;
    const all: Var = { type: { ...v.type, dtype: "bool" } };
    const inside: Var = { type: { ...out.type, dtype: "bool" } };
    const zero: Var = { type: out.type };
    made.push(
      fullEquation(all, 1),
      { prim: eqn.prim, params: eqn.params, ins: [all], outs: [inside] },
      fullEquation(zero, 0),
    );
    instead.set(eqn, [...made, whereEquation(out, inside, value, zero)]);
  }
  return { instead, operations };
}

/** Maximum number of additional operations per result element for which fusing these pads is worthwhile. */
function mostExtra(pads: readonly Pad[]): number {
  const arrays = new Set(pads.map(({ eqn }) => eqn.ins[0]!));
  const bytes = largestOf(
    0,
    Array.from(arrays, ({ type }) => bytesOf(type)),
  );
  return arrays.size * worths.findLast(({ from }) => bytes >= from)!.operations;
}

function bytesOf({ dtype, shape }: ArrayType): number {
  return sizeOf(shape) * bytesPerElement[scalarTypeOf(dtype)];
}

/**
 * Equation that shifts a value to its padded position. It reads the value from memory instead of recomputing it.
 * Constants and broadcast scalars need no shift.
 */
function shifted(out: Var, v: Var, eqn: Equation | undefined, before: readonly number[]): Equation {
  if (eqn === undefined) return shiftEquation(out, v, before);
  const constant = constantOf(eqn, nothingKnown);
  if (constant !== undefined) return fullEquation(out, constant);
  const scalar = repeatedScalar(eqn);
  return scalar === undefined ? shiftEquation(out, v, before) : broadcastEquation(out, scalar);
}

function operationsIn({ prim, params, ins }: Equation): number {
  if (prim.lowering.kind !== "elementwise") return 0;
  const types = ins.map((v) => v.type);
  const xs = types.map(({ dtype }, i) => k.local(scalarTypeOf(dtype), `x${i}`));
  return operationsOf(prim.lowering.scalar(xs, params, types));
}
