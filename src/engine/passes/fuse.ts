import { internalError } from "../errors/index.ts";
import type { SubProgram } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import { partsOf } from "./parts.ts";
import type { NumberQueue } from "../util/number-queue.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import type { Shape } from "../util/shape.ts";

/** A program as the steps that compute it, in their order. */
export interface FusedProgram {
  readonly program: Program;
  readonly steps: readonly FusedStep[];
  /** Results that have no memory: constants, repeated and shifted arrays. Who reads one computes the element that it needs. */
  readonly deferred: ReadonlyMap<Var, Equation>;
}

export type FusedStep =
  | {
      /** A scalar that is an expression of others; or elements of an array as another shape, all of them or those that lie side by side. */
      readonly kind: "scalar" | "alias";
      readonly eqn: Equation;
    }
  | ElementLoop
  | {
      /** An equation with loops of its own. */
      readonly kind: "equation";
      readonly eqn: Equation;
      readonly programs: readonly FusedSubProgram[];
    };

/** Equations of one shape that are computed in one loop, element by element. */
export interface ElementLoop {
  readonly kind: "loop";
  readonly shape: Shape;
  readonly members: readonly Equation[];
  /** A fold of one of them: its loops compute the members while it reads that one. */
  readonly reader?: Equation;
}

/** A program that a lowering declared, and its steps. */
export interface FusedSubProgram extends SubProgram {
  readonly fused: FusedProgram;
}

/**
 * Equations that may be put into a loop in a row ahead of others that come before them in the program: with more, more values live
 * at a time than a processor has registers.
 */
const mostInARow = 40;

/**
 * Decides which equations share a loop: elementwise ones of one shape, wherever their operands are there by then. Adam's two
 * moments and the step of the parameters become one loop, and what the backward pass needs of a layer is computed where the
 * layer is.
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

/** Equations whose operands have all been computed, or are on the way in the loop that is open. Each is given out once. */
interface Agenda {
  /** One that costs no loop: a scalar, or what has no memory. */
  free(): Equation | undefined;
  /** The first of a shape that is wanted. */
  first(shape: string, isWanted: (eqn: Equation) => boolean): Equation | undefined;
  /** The first that can be computed while its operand is, and is wanted. */
  firstFold(isWanted: (eqn: Equation) => boolean): Equation | undefined;
  /** The first in the order of the program that is not free. */
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

/** For each value the equations that read it, by their numbers. */
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

/** A loop to which equations are still added. */
interface OpenLoop {
  readonly key: string;
  readonly shape: Shape;
  readonly members: Map<Var, Equation>;
}

/** The steps so far. */
interface StepBuilder {
  open(): OpenLoop | undefined;
  /** Whether an equation can be computed in the open loop. */
  joins(eqn: Equation): boolean;
  /** Whether an equation reads a member of the open loop. */
  reads(eqn: Equation): boolean;
  /** Adds an equation: to the open loop where it can, else behind it. */
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
  /** Whether a fold can read a member of the open loop while that is computed. */
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
          throw internalError(`${eqn.prim.name} stands in a program`);
      }
    },
    finish() {
      close();
      return steps;
    },
  };
}

/** The shape of what an equation computes element by element; `""` for a scalar, `undefined` for other equations. */
function loopKey({ prim, outs }: Equation): string | undefined {
  const { kind } = prim.lowering;
  return kind === "elementwise" || kind === "map" ? outs[0]!.type.shape.join() : undefined;
}

/** How an equation may read its one operand while that is computed; `undefined` where it may not. */
function readsOnce({ prim, params, ins }: Equation): { readonly place: boolean } | undefined {
  const { lowering } = prim;
  if (lowering.kind !== "loops" || lowering.readsOnce === undefined) return undefined;
  return lowering.readsOnce(
    params,
    ins.map((v) => v.type),
  );
}

/** Results that never get memory of their own: to compute an element costs no more than to read it. */
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

/** Whether an operand is a line of numbers of which each iteration of a loop reads its own. */
function isReadByIteration({ prim, params, ins }: Equation, operand: number): boolean {
  if (prim.lowering.kind !== "loops" || ins[operand]!.type.shape.length !== 1) return false;
  const places = (prim.lowering.programs?.(params) ?? [])
    .flatMap((sub) => sub.ins)
    .filter(({ of, index }) => of === "operand" && index === operand);
  return places.length > 0 && places.every(({ isPart }) => isPart === true);
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

/** Whether an equation can be computed in a loop with these members: what it reads at other places is there already. */
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

/** Whether the loop that computes an equation must know the place along each axis, and not only the running number. */
function needsIndex(eqn: Equation, deferred: ReadonlyMap<Var, Equation>): boolean {
  const inner = eqn.ins.some((v) => {
    const operand = deferred.get(v);
    return operand !== undefined && needsIndex(operand, deferred);
  });
  if (inner || eqn.prim.lowering.kind === "elementwise") return inner;
  // of scalars, what is a constant if they are is the same at all places
  return !(eqn.prim.algebra?.constant !== undefined && eqn.ins.every((v) => v.type.shape.length === 0));
}
