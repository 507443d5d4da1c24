import type { Equation, Program, Var } from "../ir/program.ts";

/**
 * Results that never get memory of their own: constants, repeated and shifted arrays. Whoever reads one computes the
 * element where it is needed, which costs no more than reading it.
 */
export function deferredOf({ eqns, outs }: Pick<Program, "eqns" | "outs">): ReadonlyMap<Var, Equation> {
  const kept = new Set<Var>(outs);
  const read = new Set<Var>();
  for (const eqn of eqns) {
    const isLoop = isElementLoop(eqn);
    for (const v of eqn.ins) {
      read.add(v);
      if (!isLoop) kept.add(v);
    }
  }
  const deferred = new Map<Var, Equation>();
  for (const eqn of eqns) {
    const out = eqn.outs[0];
    if (
      out !== undefined &&
      eqn.prim.cost === "free" &&
      isElementLoop(eqn) &&
      read.has(out) &&
      !kept.has(out)
    )
      deferred.set(out, eqn);
  }
  return deferred;
}

/** Whether an equation computes the elements of an array one by one. */
function isElementLoop({ prim, outs }: Equation): boolean {
  const { kind } = prim.lowering;
  return (kind === "elementwise" || kind === "map") && outs[0]!.type.shape.length > 0;
}

/** The values in memory that an operand is made of: itself, or what a deferred one reads. */
export function sourcesOf(v: Var, deferred: ReadonlyMap<Var, Equation>): readonly Var[] {
  const eqn = deferred.get(v);
  return eqn === undefined ? [v] : eqn.ins.flatMap((x) => sourcesOf(x, deferred));
}

/**
 * Whether an equation can be computed in a loop that computes `members` at the same place: what it reads at other places
 * is there already.
 */
export function fitsInto(
  { prim, ins }: Equation,
  members: { has(v: Var): boolean },
  deferred: ReadonlyMap<Var, Equation>,
): boolean {
  const isElementwise = prim.lowering.kind === "elementwise";
  return ins.every((v) => {
    if (isElementwise && !deferred.has(v)) return true;
    return !sourcesOf(v, deferred).some((source) => members.has(source));
  });
}

/** Whether the loop that computes an equation must know the place along each axis, and not only the running number. */
export function needsIndex(eqn: Equation, deferred: ReadonlyMap<Var, Equation>): boolean {
  const inner = eqn.ins.some((v) => {
    const operand = deferred.get(v);
    return operand !== undefined && needsIndex(operand, deferred);
  });
  if (inner || eqn.prim.lowering.kind === "elementwise") return inner;
  // of scalars, what is a constant if they are is the same at all places
  return !(eqn.prim.algebra?.constant !== undefined && eqn.ins.every((v) => v.type.shape.length === 0));
}
