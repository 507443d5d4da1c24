import { internalError } from "../errors/index.ts";
import type { LowerContext, ReadView, WriteView } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { sameType, scalarTypeOf } from "../ir/types.ts";
import { countUses } from "../ir/uses.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Buffer, Expr, Port, Routine } from "../kernel/scalar.ts";
import { layOut } from "../kernel/sizes.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import { deferredOf, sourcesOf } from "./deferred.ts";
import type { Group, Surroundings } from "./group.ts";
import { emitGroup, groupNeedsIndex, joins, memberWhileRead, openGroup, readElement } from "./group.ts";
import { bufferView, copyView, localTarget, partOf, sameView, valueView } from "./views.ts";

/** A program as one routine. Outputs that took over the memory of a donated input are in `aliases` and not in the routine. */
export interface Lowered {
  readonly routine: Routine;
  /** For each output of the program, the input whose memory it is. */
  readonly aliases: readonly (number | undefined)[];
}

/** What a loop reads, in memory of its own. */
interface Operand {
  readonly buffer: string;
  readonly type: ArrayType;
}

/** Names and scratch memory of one routine. */
interface Workshop {
  fresh(hint: string): string;
  /** Memory that may have served an earlier value. */
  temp(type: ArrayType, hint: string): WriteView;
  /** Memory that nothing else ever uses. */
  own(type: ArrayType, hint: string): WriteView;
  /** Gives a scratch buffer back, for values that come later. */
  release(buffer: string): void;
  /** Takes a buffer that was given back out of use again. */
  reclaim(buffer: string): void;
}

function makeWorkshop(temps: Buffer<number>[]): Workshop {
  const counts = new Map<string, number>();
  const free = new Set<string>();
  const fresh = (hint: string): string => {
    const n = (counts.get(hint) ?? 0) + 1;
    counts.set(hint, n);
    return n === 1 ? hint : fresh(`${hint}_${n}`);
  };
  const own = (type: ArrayType, hint: string): WriteView => {
    const buffer: Buffer<number> = {
      name: fresh(hint),
      type: scalarTypeOf(type.dtype),
      size: sizeOf(type.shape),
    };
    temps.push(buffer);
    return bufferView(type, buffer.name);
  };
  return {
    fresh,
    own,
    temp(type, hint) {
      const reuse = bestFit(free, temps, scalarTypeOf(type.dtype), sizeOf(type.shape));
      if (reuse === undefined) return own(type, hint);
      free.delete(reuse);
      return bufferView(type, reuse);
    },
    release(name) {
      if (temps.some((temp) => temp.name === name)) free.add(name);
    },
    reclaim: (name) => void free.delete(name),
  };
}

/** Scratch memory of more than so many times the size stays free for something larger. */
const mostSlack = 4;

/**
 * Free memory for `size` elements: the smallest that is large enough, else the largest, which grows. So a routine needs
 * little more than what lives at one time.
 */
function bestFit(
  free: ReadonlySet<string>,
  temps: Buffer<number>[],
  type: Buffer["type"],
  size: number,
): string | undefined {
  let best: Buffer<number> | undefined;
  for (const buffer of temps) {
    if (buffer.type !== type || !free.has(buffer.name) || buffer.size > mostSlack * size) continue;
    const isBetter =
      best === undefined ||
      (best.size < size ? buffer.size > best.size : buffer.size >= size && buffer.size < best.size);
    if (isBetter) best = buffer;
  }
  if (best !== undefined && best.size < size) temps[temps.indexOf(best)] = { ...best, size };
  return best?.name;
}

/**
 * Lowers a program to the kernel vocabulary. Scalars live in locals, arrays in buffers; neighbouring elementwise
 * equations of one shape become one loop. `donated` marks inputs whose memory may be overwritten.
 */
export function lowerProgram(program: Program, donated: readonly boolean[] = []): Lowered {
  const temps: Buffer<number>[] = [];
  const workshop = makeWorkshop(temps);
  const block = k.makeBlock();
  const views: WriteView[] = [];
  const inputs = program.ins.map((v, i): Port => {
    const name = workshop.fresh(v.name ?? `in${i}`);
    const type = scalarTypeOf(v.type.dtype);
    if (v.type.shape.length === 0) {
      views.push(localTarget(v.type, name));
      return { kind: "scalar", name, type };
    }
    views.push(bufferView(v.type, name));
    return { kind: "buffer", buffer: { name, type, size: sizeOf(v.type.shape) } };
  });
  const targets = program.outs.map((v, i) =>
    v.type.shape.length === 0 || donated.includes(true)
      ? undefined
      : bufferView(v.type, workshop.fresh(v.name ?? `out${i}`)),
  );
  let next = 0;
  const becomes = program.ins.map((_, i) => (donated[i] === true ? next++ : undefined));
  const results = lowerBody(block, program, views, becomes, targets, workshop);
  const aliases = results.map((view) => {
    const input = donated.includes(true)
      ? views.findIndex((x, i) => donated[i] === true && sameView(x, view))
      : -1;
    return input < 0 ? undefined : input;
  });
  const outputs: Routine["outputs"][number][] = [];
  program.outs.forEach((v, i) => {
    if (aliases[i] !== undefined) return;
    if (v.type.shape.length === 0) {
      outputs.push({ kind: "scalar", value: results[i]!.read(k.i32(0)) });
      return;
    }
    let target = targets[i];
    if (target === undefined) {
      target = bufferView(v.type, workshop.fresh(v.name ?? `out${i}`));
      copyView(block, target, results[i]!, (hint) => workshop.fresh(hint));
    }
    outputs.push({
      kind: "buffer",
      buffer: {
        name: must(target.buffer, "an output buffer"),
        type: scalarTypeOf(v.type.dtype),
        size: sizeOf(v.type.shape),
      },
    });
  });
  return {
    routine: { name: program.name, inputs, outputs, ...layOut(temps), body: block.statements },
    aliases,
  };
}

/** Lowers the equations of a program into a block and returns views of its results. */
function lowerBody(
  block: Block,
  program: Program,
  operands: readonly ReadView[],
  becomes: readonly (number | undefined)[],
  targets: readonly (WriteView | undefined)[],
  workshop: Workshop,
): readonly ReadView[] {
  const env = new Map<Var, ReadView>();
  const uses = countUses(program.eqns, program.outs);
  const deferred = deferredOf(program);
  const inputs = new Set(program.ins);
  /** Results that are inputs: they are copied to their places at once, so that the inputs may be overwritten. */
  const isCopied = program.outs.map((v, i) => targets[i] !== undefined && inputs.has(v));
  const lastUse = findLastUses(
    program.eqns,
    program.outs.filter((_, i) => isCopied[i] !== true),
    deferred,
  );
  const targetOf = new Map<Var, WriteView>();
  const bufferEnd = new Map<string, number>(); // when a buffer of ours is read for the last time
  const lent = new Set<string>(); // buffers of mutable operands: ours until the last equation
  const partly = new Set<string>(); // those of which only a part is lent: the rest holds what others need
  const homeOf = new Map<Var, string>(); // for what an operand becomes, the memory of the operand
  const fresh = (hint: string): string => workshop.fresh(hint);
  let group: Group | undefined;

  program.outs.forEach((v, i) => {
    const target = targets[i];
    if (target !== undefined && !targetOf.has(v) && v.type.shape.length > 0) targetOf.set(v, target);
  });
  const extend = (view: ReadView, v: Var): void => {
    const { buffer } = view as WriteView;
    if (buffer !== undefined && bufferEnd.has(buffer))
      bufferEnd.set(buffer, Math.max(bufferEnd.get(buffer)!, lastUse.get(v) ?? -1));
  };
  program.ins.forEach((v, i) => {
    const view = must(operands[i], "an operand");
    env.set(v, view);
    const result = becomes[i];
    const { buffer } = view as WriteView;
    if (result === undefined || buffer === undefined) return;
    const next = program.outs[result];
    bufferEnd.set(buffer, lastUse.get(v) ?? -1);
    lent.add(buffer);
    if (!isStart((view as WriteView).offset)) partly.add(buffer);
    else if (next !== undefined && sameType(next.type, v.type) && !targetOf.has(next) && !homeOf.has(next))
      homeOf.set(next, buffer);
  });
  const viewOf = (v: Var): ReadView => must(env.get(v), "an operand");
  program.outs.forEach((v, i) => {
    if (isCopied[i] === true) copyView(block, targets[i]!, viewOf(v), fresh);
  });

  /**
   * Memory for a result: where it must go, the operand that becomes it, what it may overwrite, or scratch that lives until
   * its last use.
   */
  const allocate = (v: Var, from: number, dying: readonly Operand[] = []): WriteView => {
    const target = targetOf.get(v);
    if (target !== undefined) return target;
    const take = (buffer: string): WriteView => {
      // a result that no one reads is still written by its own equation
      bufferEnd.set(buffer, lastUse.get(v) ?? from);
      return bufferView(v.type, buffer);
    };
    const home = homeOf.get(v);
    homeOf.delete(v);
    if (home !== undefined && (bufferEnd.get(home)! < from || dying.some((x) => x.buffer === home)))
      return take(home);
    const reserved = new Set(homeOf.values());
    for (const [buffer, end] of bufferEnd) {
      if (end < from && !partly.has(buffer) && !reserved.has(buffer)) {
        workshop.release(buffer);
        bufferEnd.delete(buffer);
      }
    }
    const size = sizeOf(v.type.shape);
    const over = dying.find(
      ({ buffer, type }) =>
        !lent.has(buffer) &&
        type.dtype === v.type.dtype &&
        sizeOf(type.shape) === size &&
        bufferEnd.get(buffer)! < (lastUse.get(v) ?? from),
    );
    return take(over?.buffer ?? must(workshop.temp(v.type, v.name ?? "t").buffer, "a scratch buffer"));
  };
  const flush = (position: number): void => {
    if (group === undefined) return;
    const done = group;
    group = undefined;
    for (const [v, view] of emitGroup(block, done, around(done, [], position))) env.set(v, view);
  };
  /** Operands that the loop of a group, emitted before this position, reads last, each element where it is written. */
  const dyingIn = ({ members }: Group, position: number): readonly Operand[] => {
    const found = new Map<string, Operand>();
    const refused = new Set<string>();
    for (const { prim, ins } of members.values()) {
      for (const v of ins) {
        if (members.has(v)) continue;
        const isHere = prim.lowering.kind === "elementwise" && !deferred.has(v);
        for (const x of sourcesOf(v, deferred)) {
          const { buffer, offset, type } = (env.get(x) ?? {}) as Partial<WriteView>;
          if (buffer === undefined || type === undefined) continue;
          if (!isHere || !isStart(offset) || partly.has(buffer)) refused.add(buffer);
          else if ((bufferEnd.get(buffer) ?? Infinity) < position) found.set(buffer, { buffer, type });
        }
      }
    }
    return [...found.values()].filter(({ buffer }) => !refused.has(buffer));
  };
  /** What a group, emitted before a position, needs of its surroundings; `reader` reads members while they are computed. */
  const around = (done: Group, reader: readonly Equation[], position: number): Surroundings => {
    const inside = countUses([...done.members.values(), ...reader]);
    const dying = reader.length === 0 ? dyingIn(done, position) : [];
    return {
      viewOf,
      fresh,
      allocate: (v) => {
        const free = dying.filter(({ buffer }) => bufferEnd.get(buffer)! < position);
        return allocate(v, done.first, free);
      },
      isNeededOutside: (v) => (uses.get(v) ?? 0) > (inside.get(v) ?? 0),
      deferred,
    };
  };
  /** For a loop that reads a member of the open group once, the group computed by it; the operand as it reads it. */
  const fuse = (
    eqn: Equation,
    position: number,
  ): { readonly view: ReadView; readonly first: number } | undefined => {
    const { lowering } = eqn.prim;
    const [v] = eqn.ins;
    if (group === undefined || lowering.kind !== "loops" || v === undefined || !group.members.has(v))
      return undefined;
    const reads = lowering.readsOnce?.(
      eqn.params,
      eqn.ins.map((x) => x.type),
    );
    if (reads === undefined || (!reads.place && groupNeedsIndex(group, deferred))) return undefined;
    const { view, places } = memberWhileRead(group, v, around(group, [eqn], position));
    for (const [member, place] of places) env.set(member, place);
    const { first } = group;
    group = undefined;
    return { view, first };
  };
  const materialized = (eqn: Equation, position: number): void => {
    if (group !== undefined && eqn.ins.some((v) => group!.members.has(v))) flush(position);
  };

  program.eqns.forEach((eqn, position) => {
    const { lowering } = eqn.prim;
    const out = eqn.outs[0];
    if (out !== undefined && deferred.has(out)) return;
    switch (lowering.kind) {
      case "alias": {
        materialized(eqn, position);
        const view = partOf(viewOf(eqn.ins[0]!), out!.type, k.i32(0));
        extend(view, out!);
        env.set(out!, view);
        return;
      }
      case "elementwise":
      case "map": {
        if (out!.type.shape.length === 0) {
          materialized(eqn, position);
          env.set(out!, lowerScalar(block, eqn, viewOf, fresh));
          return;
        }
        if (group === undefined || !joins(group, eqn, deferred)) {
          flush(position);
          group = openGroup(out!.type.shape, position);
        }
        group.members.set(out!, eqn);
        return;
      }
      case "loops": {
        const fused = fuse(eqn, position);
        flush(position);
        const taken = new Map<number, WriteView>();
        for (const { result, operand } of lowering.inPlace?.(eqn.params) ?? []) {
          const place = takeOver(eqn, position, result, operand);
          if (place !== undefined) taken.set(result, place);
        }
        const outs = eqn.outs.map((v, i) => {
          const place = taken.get(i);
          if (place !== undefined) return place;
          if (v.type.shape.length > 0) return allocate(v, fused?.first ?? position);
          const name = fresh(v.name ?? "s");
          block.let(name, k.constant(scalarTypeOf(v.type.dtype), 0));
          return localTarget(v.type, name);
        });
        lowering.emit(
          makeContext(block, fused === undefined ? eqn.ins.map(viewOf) : [fused.view], outs, workshop),
          eqn.params,
        );
        eqn.outs.forEach((v, i) => {
          env.set(v, outs[i]!);
          extend(outs[i]!, v);
        });
        return;
      }
      case "host":
        throw internalError(`${eqn.prim.name} stands in a program`);
    }
  });
  flush(program.eqns.length);

  /** The memory of an operand for a result, if this equation is the last to read it and may have it. */
  function takeOver(eqn: Equation, position: number, result: number, operand: number): WriteView | undefined {
    const v = eqn.ins[operand]!;
    const view = viewOf(v) as WriteView;
    const mine =
      view.buffer !== undefined &&
      bufferEnd.get(view.buffer) === position &&
      !targetOf.has(eqn.outs[result]!);
    const once = eqn.ins.filter((other) => (viewOf(other) as WriteView).buffer === view.buffer).length === 1;
    return mine && once ? view : undefined;
  }

  const results = program.outs.map((v) => viewOf(v));
  targets.forEach((target, i) => {
    if (target !== undefined && isCopied[i] !== true) copyView(block, target, results[i]!, fresh);
  });
  for (const buffer of bufferEnd.keys()) if (!partly.has(buffer)) workshop.release(buffer);
  for (const buffer of lent) workshop.reclaim(buffer);
  return results.map((view, i) => targets[i] ?? view);
}

/** Whether a view begins where its buffer does. */
function isStart(offset: Expr | undefined): boolean {
  return offset === undefined || (offset.kind === "const" && offset.value === 0);
}

/** The equation that reads a value for the last time; what a deferred value is made of is read when that is. */
function findLastUses(
  eqns: readonly Equation[],
  results: readonly Var[],
  deferred: ReadonlyMap<Var, Equation>,
): Map<Var, number> {
  const last = new Map<Var, number>();
  for (const v of results) last.set(v, Infinity);
  for (let i = eqns.length - 1; i >= 0; i--) {
    const { ins, outs } = eqns[i]!;
    const out = outs[0];
    const end = out !== undefined && deferred.has(out) ? (last.get(out) ?? i) : i;
    for (const v of ins) last.set(v, Math.max(last.get(v) ?? -1, end));
  }
  return last;
}

/** A scalar equation as a local; a constant needs none. */
function lowerScalar(
  block: Block,
  eqn: Equation,
  viewOf: (v: Var) => ReadView,
  fresh: (hint: string) => string,
): ReadView {
  const { lowering } = eqn.prim;
  const out = eqn.outs[0]!;
  const types = eqn.ins.map((v) => v.type);
  let value: Expr;
  if (lowering.kind === "elementwise")
    value = lowering.scalar(
      eqn.ins.map((v) => viewOf(v).read(k.i32(0))),
      eqn.params,
      types,
    );
  else if (lowering.kind === "map")
    value = lowering.element(
      (i, place) => readElement(viewOf(eqn.ins[i]!), place),
      [],
      eqn.params,
      types,
      out.type,
    );
  else throw internalError(`${eqn.prim.name} is not a scalar equation`);
  if (value.kind === "const" || value.kind === "local") return valueView(out.type, value);
  return valueView(out.type, block.let(fresh(out.name ?? "v"), value));
}

function makeContext(
  block: Block,
  ins: readonly ReadView[],
  outs: readonly WriteView[],
  workshop: Workshop,
): LowerContext {
  return {
    block,
    ins,
    outs,
    fresh: (hint) => workshop.fresh(hint),
    scratch: (type, hint) => makeScratch(block, type, hint, workshop),
    inline: (inner, program, operands, becomes, targets) =>
      lowerBody(inner, program, operands, becomes, targets, workshop),
    value: valueView,
    part: partOf,
    copy: (inner, target, view) => copyView(inner, target, view, (hint) => workshop.fresh(hint)),
    same: sameView,
  };
}

/** Memory of its own that is never shared. */
function makeScratch(block: Block, type: ArrayType, hint: string, workshop: Workshop): WriteView {
  if (type.shape.length > 0) return workshop.own(type, hint);
  const name = workshop.fresh(hint);
  block.let(name, k.constant(scalarTypeOf(type.dtype), 0));
  return localTarget(type, name);
}
