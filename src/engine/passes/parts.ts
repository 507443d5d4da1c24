import type { Equation, Program, Var } from "../ir/program.ts";
import { sizeOf } from "../util/shape.ts";

/** The equations of a program (`eqns`), and for each value the indices of the equations that read it (`of`). */
interface ConsumerIndices {
  readonly eqns: readonly Equation[];
  readonly of: ReadonlyMap<Var, readonly number[]>;
}

/**
 * Finds equations whose result is a contiguous part of their first operand, like a row of a matrix, and that can be
 * read there without a copy. The operand must stay alive anyway. It must not be overwritten in place while the part is
 * still read.
 */
export function partsOf({ ins, eqns, outs }: Program): ReadonlySet<Equation> {
  const parts = new Set<Equation>();
  if (!eqns.some(isPart)) return parts;
  const readers: ConsumerIndices = { eqns, of: readersOf(eqns) };
  const roots = new Map<Var, Var>(); // for a reshaped value or a part: the array whose memory holds it
  const rootOf = (v: Var): Var => roots.get(v) ?? v;
  const made = new Map(eqns.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)));
  for (const eqn of eqns)
    if (eqn.prim.lowering.kind === "alias" || isPart(eqn)) roots.set(eqn.outs[0]!, rootOf(eqn.ins[0]!));
  const lasting = new Set([...ins, ...outs.map(rootOf)]);
  const changes = changesOf(eqns, rootOf, new Set(ins), new Set(outs));
  for (const eqn of eqns) {
    if (!isPart(eqn)) continue;
    const root = rootOf(eqn.ins[0]!);
    if (!lasting.has(root) || made.get(root)?.prim.cost === "free") continue;
    const last = lastRead(eqn.outs[0]!, readers, new Set(outs));
    if (last < (changes.get(root) ?? Infinity)) parts.add(eqn);
  }
  return parts;
}

function isPart({ prim: { lowering }, params, ins, outs }: Equation): boolean {
  if (lowering.kind !== "map" || lowering.part === undefined || outs[0]!.type.shape.length === 0)
    return false;
  const types = ins.map((v) => v.type);
  return lowering.part(params, types) !== undefined;
}

function readersOf(eqns: readonly Equation[]): ReadonlyMap<Var, readonly number[]> {
  const readers = new Map<Var, number[]>();
  eqns.forEach(({ ins }, i) => {
    for (const v of new Set(ins)) {
      const list = readers.get(v);
      if (list === undefined) readers.set(v, [i]);
      else list.push(i);
    }
  });
  return readers;
}

/**
 * Index of the last equation that reads a part, directly, reshaped, or through a deferred value; ∞ if the part needs
 * memory of its own.
 */
function lastRead(part: Var, { eqns, of }: ConsumerIndices, outs: ReadonlySet<Var>): number {
  let last = -1;
  const open = [part];
  for (let v = open.pop(); v !== undefined; v = open.pop()) {
    if (outs.has(v)) return Infinity;
    for (const i of of.get(v) ?? []) {
      const eqn = eqns[i]!;
      last = Math.max(last, i);
      if (changedOperands(eqn).includes(v)) return Infinity;
      if (eqn.prim.lowering.kind === "alias" || eqn.prim.cost === "free" || isPart(eqn))
        open.push(eqn.outs[0]!);
    }
  }
  return last;
}

/** Operands whose memory the result of an equation may reuse. */
function changedOperands({ prim: { lowering }, params, ins }: Equation): readonly Var[] {
  return lowering.kind === "loops"
    ? (lowering.inPlace?.(params) ?? []).map(({ operand }) => ins[operand]!)
    : [];
}

/** For each array, the index of the first equation whose result may be written over it. */
function changesOf(
  eqns: readonly Equation[],
  rootOf: (v: Var) => Var,
  ins: ReadonlySet<Var>,
  outs: ReadonlySet<Var>,
): ReadonlyMap<Var, number> {
  const changes = new Map<Var, number>();
  const note = (root: Var, i: number): void => void (changes.has(root) || changes.set(root, i));
  const carries = [...ins].filter((v) => v.type.shape.length > 0);
  eqns.forEach((eqn, i) => {
    for (const v of changedOperands(eqn)) note(rootOf(v), i);
    const { kind } = eqn.prim.lowering;
    for (const out of eqn.outs) {
      const isAlike = ({ type }: Var): boolean => sizeOf(type.shape) === sizeOf(out.type.shape);
      if (kind === "elementwise" || kind === "map")
        for (const v of eqn.ins) if (isAlike(rootOf(v))) note(rootOf(v), i);
      if (outs.has(out)) for (const v of carries) if (isAlike(v)) note(v, i);
    }
  });
  return changes;
}
