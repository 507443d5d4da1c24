import { internalError } from "../errors/index.ts";
import type { SubProgram } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { partsOf } from "./parts.ts";
import type { NumberQueue } from "../util/number-queue.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import type { Shape } from "../util/shape.ts";

/** Program with its equations grouped into ordered steps. */
export interface FusedProgram {
  readonly program: Program;
  readonly steps: readonly FusedStep[];
  /**
   * Deferred values (constants, broadcast and shifted arrays), which have no memory. Each consumer computes the
   * elements that it needs.
   */
  readonly deferred: ReadonlyMap<Var, Equation>;
}

export type FusedStep =
  | {
      /**
       * Result without a loop: a scalar, computed as an expression of other values, or an array that shares elements of
       * its operand. It may share all elements or a contiguous part, under another shape.
       */
      readonly kind: "scalar" | "alias";
      readonly eqn: Equation;
    }
  | ElementLoop
  | {
      /** Equation with loops of its own. */
      readonly kind: "equation";
      readonly eqn: Equation;
      readonly programs: readonly FusedSubProgram[];
    };

/** Equations of equal shape that are computed together in one loop over the elements. */
export interface ElementLoop {
  readonly kind: "loop";
  readonly shape: Shape;
  readonly members: readonly Equation[];
  /** Reduction that reads one of the members. The loop computes the members as the reduction reads them. */
  readonly reader?: Equation;
}

/** Sub-program declared by a lowering, with its steps. */
export interface FusedSubProgram extends SubProgram {
  readonly fused: FusedProgram;
}

/**
 * Maximum number of consecutive equations that may be moved ahead of earlier equations. Moving more would keep more
 * values alive than there are registers.
 */
const mostInARow = 40;

/**
 * Decides which equations share a loop: elementwise equations of equal shape, wherever their operands are available.
 * Adam's two moments and the parameter step become one loop, and values that the backward pass needs of a layer are
 * computed with the layer.
 */
export function fuse(program: Program): FusedProgram {
  const parts = partsOf(program);
  const deferred = deferredOf(program, parts);
  const agenda = makeAgenda(program, deferred, parts);
  const steps = makeSteps(deferred, parts);
  let inARow = 0;
  for (;;) {
    const isFilling = steps.open() !== undefined && inARow < mostInARow;
    let eqn = agenda.free();
    if (eqn === undefined && isFilling) {
      eqn = agenda.first(steps.open()!.key, steps.joins);
      if (eqn !== undefined) inARow++;
    }
    eqn ??= agenda.firstFold(steps.reads);
    if (eqn === undefined) {
      eqn = agenda.earliest();
      inARow = 1;
    }
    if (eqn === undefined) return { program, steps: steps.finish(), deferred };
    steps.add(eqn);
  }
}

/**
 * Queue of equations whose operands have been computed or are members of the open loop. Each equation is returned once.
 * All methods return `undefined` if no equation in the queue qualifies.
 */
interface Agenda {
  /** Takes the next equation that needs no loop, because its result is a scalar or a deferred value. */
  free(): Equation | undefined;
  /** Takes the first equation of a shape that satisfies the predicate. */
  first(shape: string, isWanted: (eqn: Equation) => boolean): Equation | undefined;
  /**
   * Takes the first reduction that satisfies the predicate and whose operand can be computed as the reduction reads it.
   */
  firstFold(isWanted: (eqn: Equation) => boolean): Equation | undefined;
  /** Takes the first equation, in program order, that needs a loop. */
  earliest(): Equation | undefined;
}

function makeAgenda(
  { ins, eqns }: Program,
  deferred: ReadonlyMap<Var, Equation>,
  parts: ReadonlySet<Equation>,
): Agenda {
  const readers = readersOf(eqns);
  const missing = eqns.map((eqn) => new Set(eqn.ins).size);
  const done = new Array<boolean>(eqns.length).fill(false);
  const free = makeNumberQueue();
  const rest = makeNumberQueue();
  const folds: number[] = [];
  const byShape = new Map<string, NumberQueue>();

  const makeReady = (i: number): void => {
    const eqn = eqns[i]!;
    const key = parts.has(eqn) ? undefined : loopKey(eqn);
    if (key === "" || (eqn.outs[0] !== undefined && deferred.has(eqn.outs[0]))) return free.push(i);
    rest.push(i);
    if (key === undefined) {
      if (readsOnce(eqn) !== undefined) folds.push(i);
      return;
    }
    const queue = byShape.get(key) ?? makeNumberQueue();
    byShape.set(key, queue);
    queue.push(i);
  };
  const provide = (v: Var): void => {
    for (const i of readers.get(v) ?? []) if (--missing[i]! === 0) makeReady(i);
  };
  const take = (i: number | undefined): Equation | undefined => {
    if (i === undefined) return undefined;
    done[i] = true;
    eqns[i]!.outs.forEach(provide);
    return eqns[i];
  };
  eqns.forEach((eqn, i) => {
    if (eqn.ins.length === 0) makeReady(i);
  });
  new Set(ins).forEach(provide);
  return {
    free: () => take(free.pop()),
    first(shape, isWanted) {
      const queue = byShape.get(shape);
      const refused: number[] = [];
      let found = queue?.pop();
      for (; found !== undefined; found = queue!.pop()) {
        if (done[found] === true) continue;
        if (isWanted(eqns[found]!)) break;
        refused.push(found);
      }
      for (const i of refused) queue!.push(i);
      return take(found);
    },
    firstFold: (isWanted) => take(folds.find((i) => done[i] !== true && isWanted(eqns[i]!))),
    earliest() {
      while (done[rest.peek() ?? -1] === true) rest.pop();
      return take(rest.pop());
    },
  };
}

/** Indices of the equations that read each value. */
function readersOf(eqns: readonly Equation[]): ReadonlyMap<Var, readonly number[]> {
  const readers = new Map<Var, number[]>();
  eqns.forEach((eqn, i) => {
    for (const v of new Set(eqn.ins)) {
      const list = readers.get(v);
      if (list === undefined) readers.set(v, [i]);
      else list.push(i);
    }
  });
  return readers;
}

/** Loop to which equations can still be added. */
interface OpenLoop {
  readonly key: string;
  readonly shape: Shape;
  readonly members: Map<Var, Equation>;
}

/** Builds the list of steps of a program, one equation after the other. */
interface StepBuilder {
  open(): OpenLoop | undefined;
  /** True if an equation can be computed in the open loop. */
  joins(eqn: Equation): boolean;
  /** True if an equation reads a member of the open loop. */
  reads(eqn: Equation): boolean;
  /**
   * Adds an equation: to the open loop if it can join it, otherwise as a step after the loop. A deferred value needs no
   * step.
   */
  add(eqn: Equation): void;
  finish(): readonly FusedStep[];
}

function makeSteps(deferred: ReadonlyMap<Var, Equation>, parts: ReadonlySet<Equation>): StepBuilder {
  const steps: FusedStep[] = [];
  let loop: OpenLoop | undefined;
  const close = (reader?: Equation): void => {
    if (loop === undefined) return;
    const members = [...loop.members.values()];
    steps.push({ kind: "loop", shape: loop.shape, members, ...(reader === undefined ? {} : { reader }) });
    loop = undefined;
  };
  const joins = (eqn: Equation): boolean =>
    loop !== undefined && loopKey(eqn) === loop.key && fitsInto(eqn, loop.members, deferred);
  const reads = ({ ins }: Equation): boolean => loop !== undefined && ins.some((v) => loop!.members.has(v));
  /** True if a reduction can read a member of the open loop as the loop computes that member. */
  const readsOnTheWay = (eqn: Equation): boolean => {
    const way = readsOnce(eqn);
    if (way === undefined || !reads(eqn)) return false;
    return way.place || ![...loop!.members.values()].some((member) => needsIndex(member, deferred));
  };
  return {
    open: () => loop,
    joins,
    reads,
    add(eqn) {
      const { lowering } = eqn.prim;
      const [out] = eqn.outs;
      if (out !== undefined && deferred.has(out)) return;
      if (parts.has(eqn)) {
        if (reads(eqn)) close();
        steps.push({ kind: "alias", eqn });
        return;
      }
      switch (lowering.kind) {
        case "alias":
          if (reads(eqn)) close();
          steps.push({ kind: "alias", eqn });
          return;
        case "elementwise":
        case "map": {
          const { shape } = out!.type;
          if (shape.length === 0) {
            if (reads(eqn)) close();
            steps.push({ kind: "scalar", eqn });
            return;
          }
          if (!joins(eqn)) {
            close();
            loop = { key: loopKey(eqn)!, shape, members: new Map() };
          }
          loop!.members.set(out!, eqn);
          return;
        }
        case "loops": {
          if (readsOnTheWay(eqn)) return close(eqn);
          close();
          const programs = lowering.programs?.(eqn.params) ?? [];
          steps.push({
            kind: "equation",
            eqn,
            programs: programs.map((sub) => ({ ...sub, fused: fuse(sub.program) })),
          });
          return;
        }
        case "host":
          throw internalError(`${eqn.prim.name} cannot be part of a program`);
      }
    },
    finish() {
      close();
      return steps;
    },
  };
}

/**
 * Shape of an equation that is computed element by element, as a key; `""` for a scalar, `undefined` for other
 * equations.
 */
function loopKey({ prim, outs }: Equation): string | undefined {
  const { kind } = prim.lowering;
  return kind === "elementwise" || kind === "map" ? outs[0]!.type.shape.join() : undefined;
}

/**
 * Describes an equation that reads each element of its operand once, so that the operand can be computed as it is read.
 * `place` is true if the equation passes the index along each axis. `undefined` for other equations.
 */
function readsOnce({ prim, params, ins }: Equation): { readonly place: boolean } | undefined {
  const { lowering } = prim;
  if (lowering.kind !== "loops" || lowering.readsOnce === undefined) return undefined;
  return lowering.readsOnce(
    params,
    ins.map((v) => v.type),
  );
}

/**
 * Results of free equations that only loops over elements and their iterations read. They get no memory, because
 * computing an element costs no more than reading it.
 */
function deferredOf({ eqns, outs }: Program, parts: ReadonlySet<Equation>): ReadonlyMap<Var, Equation> {
  const kept = new Set<Var>(outs);
  const read = new Set<Var>();
  for (const eqn of eqns) {
    const isLoop = isElementLoop(eqn) && !parts.has(eqn);
    eqn.ins.forEach((v, operand) => {
      read.add(v);
      if (!isLoop && !isReadByIteration(eqn, operand)) kept.add(v);
    });
  }
  const deferred = new Map<Var, Equation>();
  for (const eqn of eqns) {
    const [out] = eqn.outs;
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

/** True if an operand of a loop is a vector, and each iteration reads one element of it. */
function isReadByIteration({ prim, params, ins }: Equation, operand: number): boolean {
  if (prim.lowering.kind !== "loops" || ins[operand]!.type.shape.length !== 1) return false;
  const places = (prim.lowering.programs?.(params) ?? [])
    .flatMap((sub) => sub.ins)
    .filter(({ of, index }) => of === "operand" && index === operand);
  return places.length > 0 && places.every(({ isPart }) => isPart === true);
}

/** True if an equation computes an array element by element. */
function isElementLoop({ prim, outs }: Equation): boolean {
  const { kind } = prim.lowering;
  return (kind === "elementwise" || kind === "map") && outs[0]!.type.shape.length > 0;
}

/** Values in memory from which an operand is read: the operand itself, or the sources of a deferred one. */
export function sourcesOf(v: Var, deferred: ReadonlyMap<Var, Equation>): readonly Var[] {
  const eqn = deferred.get(v);
  return eqn === undefined ? [v] : eqn.ins.flatMap((x) => sourcesOf(x, deferred));
}

/**
 * True if an equation can be computed in the loop that computes `members`. An elementwise equation reads them at the
 * current index, so it may read any except through a deferred operand; other equations must not read a member.
 */
function fitsInto(
  { prim, ins }: Equation,
  members: ReadonlyMap<Var, Equation>,
  deferred: ReadonlyMap<Var, Equation>,
): boolean {
  const isElementwise = prim.lowering.kind === "elementwise";
  return ins.every((v) => {
    if (isElementwise && !deferred.has(v)) return true;
    return !sourcesOf(v, deferred).some((source) => members.has(source));
  });
}

/** True if the loop that computes an equation needs the index along each axis, not only the flat index. */
function needsIndex(eqn: Equation, deferred: ReadonlyMap<Var, Equation>): boolean {
  const inner = eqn.ins.some((v) => {
    const operand = deferred.get(v);
    return operand !== undefined && needsIndex(operand, deferred);
  });
  if (inner || eqn.prim.lowering.kind === "elementwise") return inner;
  // a map of scalars with a constant rule has the same value at every index
  return !(eqn.prim.algebra?.constant !== undefined && eqn.ins.every((v) => v.type.shape.length === 0));
}
