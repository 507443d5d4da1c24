import type { SubProgramPort } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { sameType } from "../ir/types.ts";
import { sizeOf } from "../util/shape.ts";
import type { UnplacedTemporary, Temporary, Timeline } from "./temporaries.ts";
import { makeTimeline, packArena, withCopies } from "./temporaries.ts";
import type { ElementLoop, FusedProgram, FusedSubProgram, FusedStep } from "./fuse.ts";
import { sourcesOf } from "./fuse.ts";

/** Memory of an array: the memory of a program input, of a program result, or of a temporary. */
export type MemorySlot =
  | { readonly kind: "input" | "result"; readonly index: number }
  | { readonly kind: "temporary"; readonly name: string };

/**
 * An array in memory, with its lifetime: step `from` writes it first, step `to` reads it last (∞ for a result of the
 * program).
 */
export interface AllocatedArray {
  readonly place: MemorySlot;
  readonly from: number;
  readonly to: number;
}

/** Memory of all values that one program computes. */
export interface ProgramMemory {
  /** Memory of the arrays that steps compute. Locals, deferred values and reshaped operands have no entry. */
  readonly values: ReadonlyMap<Var, AllocatedArray>;
  /** For each result, its memory before the final copies; `undefined` for a result in a local. */
  readonly results: readonly (MemorySlot | undefined)[];
  /**
   * Results that are inputs of the program. They are copied to their targets before the first step, because the inputs
   * may be overwritten later.
   */
  readonly before: readonly number[];
  /**
   * Results that are copied to their targets at the end. A source that an earlier copy would overwrite is first saved
   * in a temporary (`saved`).
   */
  readonly after: readonly FinalCopy[];
  readonly steps: readonly StepMemory[];
}

export interface FinalCopy {
  readonly result: number;
  readonly saved?: string;
}

/** Additional memory of a step: temporaries for its scratch arrays, and the memory of its sub-programs. */
export interface StepMemory {
  readonly scratch: readonly string[];
  readonly programs: readonly ProgramMemory[];
}

/** Memory plan of a routine. */
export interface MemoryPlan {
  readonly temps: readonly Temporary[];
  readonly arenaBytes: number;
  readonly memory: ProgramMemory;
  /** For each result, the index of the donated input whose memory it reuses. */
  readonly aliases: readonly (number | undefined)[];
}

/**
 * Assigns memory to every array of a program. Results have their own memory, except that results may reuse the memory
 * of `donated` inputs. `fresh` names the temporaries.
 */
export function planMemory(
  fused: FusedProgram,
  donated: readonly boolean[],
  fresh: (hint: string) => string,
): MemoryPlan {
  const { ins, outs } = fused.program;
  const timeline = makeTimeline(fresh);
  const hasDonated = donated.includes(true);
  let next = 0;
  const memory = planProgram(fused, timeline, {
    given: outs.map((v) => !hasDonated && v.type.shape.length > 0),
    // the first donated input goes to the first result, and so on, because a training step returns what it takes
    carried: ins.map((_, i) => (donated[i] === true ? { result: next++, draft: undefined } : undefined)),
    copiesBack: false,
  });
  const aliases = memory.results.map((place) =>
    place?.kind === "input" && donated[place.index] === true ? place.index : undefined,
  );
  return { ...packArena(timeline.drafts), memory, aliases };
}

/** Constraints on the inputs and results of a program, fixed before its memory is planned. */
interface MemoryConstraints {
  /** For each result, true if the caller provides memory for it that no input uses. */
  readonly given: readonly boolean[];
  /**
   * For each input that the program may overwrite: the result that preferably reuses its memory, and the temporary that
   * contains it, if any. `undefined` for other inputs.
   */
  readonly carried: readonly (
    { readonly result: number; readonly draft: UnplacedTemporary | undefined } | undefined
  )[];
  /**
   * True if the results named in `carried` must be copied to the memory of their inputs if they are computed elsewhere.
   */
  readonly copiesBack: boolean;
}

/** A piece of memory that several arrays of equal dtype and size use one after the other. */
interface SlotState {
  readonly place: MemorySlot;
  readonly type: ArrayType;
  /** True if the program may overwrite the memory: a temporary or a carried input. */
  readonly isOurs: boolean;
  /** Temporary that provides the memory, in this program or in an enclosing one. */
  readonly draft: UnplacedTemporary | undefined;
  /** Last step that reads the present contents; −1 for an input that is never read. */
  end: number;
}

/** State of planning the memory of one program. */
interface Planner {
  readonly fused: FusedProgram;
  readonly timeline: Timeline;
  readonly lastUse: ReadonlyMap<Var, number>;
  readonly storages: Map<Var, SlotState>;
  readonly values: Map<Var, AllocatedArray>;
  /** Values that must be stored in the memory of a result, with the index of the first such result. */
  readonly targets: ReadonlyMap<Var, number>;
  /** Values that preferably reuse the memory of an input. */
  readonly successors: Map<Var, SlotState>;
  /** Start and end time of each step so far. */
  readonly begins: number[];
  readonly ends: number[];
}

function planProgram(
  fused: FusedProgram,
  timeline: Timeline,
  surroundings: MemoryConstraints,
): ProgramMemory {
  const { program } = fused;
  const inputs = new Set(program.ins);
  const before = program.outs.flatMap((v, i) => (surroundings.given[i] === true && inputs.has(v) ? [i] : []));
  const begin = timeline.tick();
  const planner = openPlanner(fused, timeline, surroundings, before);
  const steps = fused.steps.map((step, i) => {
    planner.begins.push(timeline.tick());
    const memory = planStep(planner, step, i);
    planner.ends.push(timeline.tick());
    return memory;
  });
  const results = program.outs.map((v) => planner.storages.get(v)?.place);
  const copyTime = timeline.tick();
  const after = finalCopies(planner, surroundings, before, copyTime);
  const end = timeline.tick();
  for (const storage of new Set(planner.storages.values())) {
    const { draft, place } = storage;
    if (draft === undefined) continue;
    const last = storage.end === Infinity ? end : (planner.ends[storage.end] ?? begin);
    if (place.kind === "temporary") draft.to = last;
    else if (storage.end !== Infinity) draft.gaps.push([last, copyTime]);
  }
  return { values: planner.values, results, before, after, steps };
}

function openPlanner(
  fused: FusedProgram,
  timeline: Timeline,
  { given, carried }: MemoryConstraints,
  before: readonly number[],
): Planner {
  const { ins, outs } = fused.program;
  const lastUse = lastUses(
    fused,
    outs.filter((_, i) => !before.includes(i)),
  );
  const targets = new Map<Var, number>();
  outs.forEach((v, i) => {
    if (given[i] === true && v.type.shape.length > 0 && !targets.has(v)) targets.set(v, i);
  });
  addForerunners(fused, lastUse, targets);
  const storages = new Map<Var, SlotState>();
  const successors = new Map<Var, SlotState>();
  ins.forEach((v, index) => {
    const { type } = v;
    if (type.shape.length === 0) return;
    const carry = carried[index];
    const storage: SlotState = {
      place: { kind: "input", index },
      type,
      isOurs: carry !== undefined,
      draft: carry?.draft,
      end: carry === undefined ? Infinity : (lastUse.get(v) ?? -1),
    };
    storages.set(v, storage);
    const next = carry && outs[carry.result];
    if (next && sameType(next.type, type) && !targets.has(next) && !successors.has(next))
      successors.set(next, storage);
  });
  return { fused, timeline, lastUse, storages, values: new Map(), targets, successors, begins: [], ends: [] };
}

/**
 * Adds to `targets` the values that should be computed directly in the memory of a result, which saves a copy. These
 * are values that in-place updates turn into the result, unless something else reads them afterwards, and values that
 * the result reshapes.
 */
function addForerunners(
  { program, steps, deferred }: FusedProgram,
  lastUse: ReadonlyMap<Var, number>,
  targets: Map<Var, number>,
): void {
  const inputs = new Set(program.ins);
  const aliased = new Map(
    steps.flatMap((step) => (step.kind === "alias" ? [[step.eqn.outs[0]!, step.eqn.ins[0]!] as const] : [])),
  );
  const arrayOf = (v: Var): Var => {
    const source = aliased.get(v);
    return source === undefined ? v : arrayOf(source);
  };
  /** For each value that was added, the step that changes it in place; ∞ for a value that the result reshapes. */
  const changed = new Map<Var, number>();
  const add = (v: Var, result: Var, until: number): void => {
    const target = targets.get(result);
    if (target === undefined || v.type.shape.length === 0) return;
    if (targets.has(v) || inputs.has(v) || deferred.has(v)) return;
    if ((lastUse.get(v) ?? -1) > until || !isSameSize(v.type, result.type)) return;
    targets.set(v, target);
    changed.set(v, until);
  };
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    if (step.kind === "alias") {
      const [v, result] = [step.eqn.ins[0]!, step.eqn.outs[0]!];
      add(v, result, changed.get(result) ?? Infinity);
    } else if (step.kind === "equation") {
      const { prim, params, ins, outs } = step.eqn;
      if (prim.lowering.kind !== "loops") continue;
      const read = ins.flatMap((v) => sourcesOf(v, deferred)).map(arrayOf);
      for (const { result, operand } of prim.lowering.inPlace?.(params) ?? []) {
        const v = ins[operand]!;
        if (read.filter((other) => other === arrayOf(v)).length === 1) add(v, outs[result]!, i);
      }
    }
  }
}

/** Last step that reads each value, ∞ for results. Reading a reshape or a deferred value reads its sources. */
function lastUses({ steps, deferred }: FusedProgram, results: readonly Var[]): ReadonlyMap<Var, number> {
  const last = new Map<Var, number>(results.map((v) => [v, Infinity]));
  const read = (v: Var, step: number): void => void last.set(v, Math.max(last.get(v) ?? -1, step));
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    if (step.kind === "loop") {
      for (const eqn of equationsOf(step))
        for (const v of eqn.ins) for (const source of sourcesOf(v, deferred)) read(source, i);
    } else {
      const { ins, outs } = step.eqn;
      const end = step.kind === "alias" ? (last.get(outs[0]!) ?? i) : i;
      for (const v of ins) for (const source of sourcesOf(v, deferred)) read(source, end);
    }
  }
  return last;
}

function equationsOf({ members, reader }: ElementLoop): readonly Equation[] {
  return reader === undefined ? members : [...members, reader];
}

const nothing: StepMemory = { scratch: [], programs: [] };

function planStep(planner: Planner, step: FusedStep, position: number): StepMemory {
  switch (step.kind) {
    case "scalar":
      return nothing;
    case "alias": {
      const storage = planner.storages.get(step.eqn.ins[0]!);
      if (storage !== undefined) planner.storages.set(step.eqn.outs[0]!, storage);
      return nothing;
    }
    case "loop":
      return planLoop(planner, step, position);
    case "equation":
      return planEquation(planner, step.eqn, step.programs, position);
  }
}

/** Allocates memory for the results of a loop that later steps read, and for the results of its reader. */
function planLoop(planner: Planner, loop: ElementLoop, position: number): StepMemory {
  const dying = memoryEndingIn(planner, loop, position);
  for (const { outs } of loop.members)
    if ((planner.lastUse.get(outs[0]!) ?? position) > position) allocate(planner, outs[0]!, position, dying);
  if (loop.reader === undefined) return nothing;
  allocateOthers(planner, loop.reader, position);
  const scratch = scratchOf(planner, loop.reader, position);
  endNow(planner, scratch);
  return { scratch: scratch.map(({ name }) => name), programs: [] };
}

function planEquation(
  planner: Planner,
  eqn: Equation,
  programs: readonly FusedSubProgram[],
  position: number,
): StepMemory {
  takeOver(planner, eqn, position);
  allocateOthers(planner, eqn, position);
  const scratch = scratchOf(planner, eqn, position);
  const inside = programs.map((sub) => planSubProgram(planner, eqn, sub));
  endNow(planner, scratch);
  return { scratch: scratch.map(({ name }) => name), programs: inside };
}

/** Allocates memory for those results of an equation that have none yet. */
function allocateOthers(planner: Planner, { outs }: Equation, position: number): void {
  for (const v of outs)
    if (v.type.shape.length > 0 && !planner.values.has(v)) allocate(planner, v, position, new Set());
}

/** Adds temporaries for the scratch arrays of an equation. */
function scratchOf(
  { timeline, begins }: Planner,
  { prim, params, ins }: Equation,
  position: number,
): UnplacedTemporary[] {
  const { lowering } = prim;
  if (lowering.kind !== "loops" || lowering.scratch === undefined) return [];
  const declared = lowering.scratch(
    params,
    ins.map((v) => v.type),
  );
  return declared.map(({ name, type }) => timeline.add(name, type, begins[position]!));
}

/** Ends the lifetime of temporaries at the current time of the clock. */
function endNow({ timeline }: Planner, drafts: readonly UnplacedTemporary[]): void {
  if (drafts.length === 0) return;
  const now = timeline.tick();
  for (const draft of drafts) draft.to = now;
}

/** Assigns a piece of memory to a value, and records the value's lifetime. */
function put(planner: Planner, v: Var, storage: SlotState, position: number): void {
  const { lastUse, storages, values, begins, ends } = planner;
  // an input whose memory was free for other arrays since its last read
  if (storage.draft !== undefined && storage.place.kind === "input" && storage.end < position)
    storage.draft.gaps.push([ends[storage.end] ?? begins[0]!, begins[position]!]);
  storage.end = lastUse.get(v) ?? position; // a value that is never read is written all the same
  storages.set(v, storage);
  values.set(v, { place: storage.place, from: position, to: storage.end });
}

/**
 * In-place rule: lets a result reuse the memory of an operand that the program may overwrite. The operand must not be
 * read again, neither by another operand of the equation nor by a later step.
 */
function takeOver(planner: Planner, { prim, params, ins, outs }: Equation, position: number): void {
  const { lowering } = prim;
  if (lowering.kind !== "loops") return;
  const { storages, targets, values } = planner;
  const sources = ins.flatMap((v) => sourcesOf(v, planner.fused.deferred));
  for (const { result, operand } of lowering.inPlace?.(params) ?? []) {
    const [v, x] = [outs[result]!, ins[operand]!];
    const storage = storages.get(x);
    if (storage === undefined || v.type.shape.length === 0 || values.has(v) || targets.has(v)) continue;
    const isOnce = sources.filter((other) => storages.get(other) === storage).length === 1;
    if (storage.isOurs && storage.end === position && isOnce) put(planner, v, storage, position);
  }
}

/**
 * Allocates memory for a result by the first rule that applies. `dying` is the memory that the result may overwrite
 * element by element.
 */
function allocate(planner: Planner, v: Var, position: number, dying: ReadonlySet<SlotState>): void {
  const { timeline, begins, lastUse, successors, targets } = planner;
  const isFree = (storage: SlotState): boolean =>
    storage.end < position || (storage.end === position && dying.has(storage));
  // required target
  const target = targets.get(v);
  if (target !== undefined) {
    const place: MemorySlot = { kind: "result", index: target };
    const end = lastUse.get(v) ?? position;
    return put(planner, v, { place, type: v.type, isOurs: false, draft: undefined, end }, position);
  }
  // memory of the input that it succeeds
  const successor = successors.get(v);
  successors.delete(v);
  if (successor !== undefined && isFree(successor)) return put(planner, v, successor, position);
  // a temporary, each element of which is read just before the result's element is written
  for (const storage of dying)
    if (storage.place.kind === "temporary" && isFree(storage) && isSameSize(storage.type, v.type))
      return put(planner, v, storage, position);
  // a new temporary
  const draft = timeline.add(v.name ?? "t", v.type, begins[position]!);
  const place: MemorySlot = { kind: "temporary", name: draft.name };
  put(planner, v, { place, type: v.type, isOurs: true, draft, end: position }, position);
}

function isSameSize(a: ArrayType, b: ArrayType): boolean {
  return a.dtype === b.dtype && sizeOf(a.shape) === sizeOf(b.shape);
}

/**
 * Memory that a loop reads for the last time, and only at the index that it writes. Empty for loops with a reader,
 * because the reader still reads while results are written.
 */
function memoryEndingIn(
  { fused, storages }: Planner,
  { members, reader }: ElementLoop,
  position: number,
): Set<SlotState> {
  const found = new Set<SlotState>();
  if (reader !== undefined) return found;
  const own = new Set(members.map(({ outs }) => outs[0]!));
  const readElsewhere = new Set<SlotState>();
  for (const { prim, ins } of members) {
    for (const v of ins) {
      if (own.has(v)) continue;
      const isHere = prim.lowering.kind === "elementwise" && !fused.deferred.has(v);
      for (const source of sourcesOf(v, fused.deferred)) {
        const storage = storages.get(source);
        if (storage === undefined) continue;
        if (!isHere) readElsewhere.add(storage);
        else if (storage.isOurs && storage.end === position) found.add(storage);
      }
    }
  }
  for (const storage of readElsewhere) found.delete(storage);
  return found;
}

/**
 * Plans the memory of a sub-program. Inputs that share memory with its results are carried (see `MemoryConstraints`).
 */
function planSubProgram(planner: Planner, { ins, outs }: Equation, sub: FusedSubProgram): ProgramMemory {
  const { storages } = planner;
  const isAt = ({ of, index, isPart }: SubProgramPort, result: number): boolean => {
    if (isPart === true) return false;
    if (of === "result") return index === result;
    const storage = storages.get(ins[index]!);
    return storage !== undefined && storage === storages.get(outs[result]!);
  };
  const inputOf = sub.outs.map((to) =>
    to === undefined || to.isPart === true ? -1 : sub.ins.findIndex((from) => isAt(from, to.index)),
  );
  return planProgram(sub.fused, withCopies(planner.timeline, sub.copies ?? 1), {
    given: sub.outs.map((to, i) => to !== undefined && inputOf[i]! < 0),
    carried: sub.ins.map((_, i) => {
      const result = inputOf.indexOf(i);
      return result < 0 ? undefined : { result, draft: storages.get(outs[sub.outs[result]!.index]!)?.draft };
    }),
    copiesBack: true,
  });
}

/**
 * Lists the results that are not in their target memory and must be copied there: first results with targets of their
 * own, then the results of carried inputs.
 */
function finalCopies(
  { fused, timeline, storages }: Planner,
  { given, carried, copiesBack }: MemoryConstraints,
  before: readonly number[],
  time: number,
): readonly FinalCopy[] {
  const { ins, outs } = fused.program;
  const copies: FinalCopy[] = [];
  outs.forEach((v, result) => {
    const place = storages.get(v)?.place;
    const isThere = place?.kind === "result" && place.index === result;
    if (given[result] === true && !isThere && !before.includes(result)) copies.push({ result });
  });
  if (!copiesBack) return copies;
  const overwritten = new Set<SlotState>();
  outs.forEach((v, result) => {
    const input = carried.findIndex((carry) => carry?.result === result);
    const [storage, target] = [storages.get(v), storages.get(ins[input]!)];
    if (input < 0 || v === ins[input] || (storage !== undefined && storage === target)) return;
    if (storage !== undefined && overwritten.has(storage)) {
      // two results swap memory: another result is stored there by now
      const saved = timeline.add("old", v.type, time);
      saved.to = timeline.tick();
      copies.push({ result, saved: saved.name });
    } else copies.push({ result });
    if (target !== undefined) overwritten.add(target);
  });
  return copies;
}
