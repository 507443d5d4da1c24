// Lowers a region within a program: places its arrays in the memory of the program, and writes its statements.
import { internalError } from "../errors/index.ts";
import type { FailureReport, LowerContext, Scratch, WriteView } from "../ir/primitive.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Block } from "../kernel/build.ts";
import { plus } from "../kernel/index-arithmetic.ts";
import type { Expr, SizeExpr } from "../kernel/scalar.ts";
import { constantSize } from "../kernel/sizes.ts";
import { withBuffers } from "../loops/rewrite.ts";
import type { Region } from "../region/form/region.ts";
import { maxLength } from "../region/form/region.ts";
import { failureOf } from "../region/lower/failure.ts";
import type { LowerOptions } from "../region/lower/options.ts";
import { writeRegion } from "../region/lower/region.ts";
import type { ArrayMemory, ArrayPlace, LoweringHost, ErrorSite } from "../region/lower/scope.ts";
import type { ArrayMemoryPlan } from "../region/lower/sizes.ts";
import { append, replaceAll } from "../util/append.ts";
import { must } from "../util/assert-never.ts";
import { collectScratch, extraScratch } from "./region-scratch.ts";
import { dtypes, plansFor } from "./region-shapes.ts";
import { scalarFunctions } from "./scalar-functions.ts";

/** The memory of an array that a region declares: a result of the program, or a part of a scratch array. */
type ArraySlot =
  | { readonly result: number }
  | {
      readonly scratch: number;
      /** Index of the array's first element in the scratch array. */
      readonly start: number;
      /** True if a `swap` statement exchanges the array with another one. */
      readonly isExchanged: boolean;
      /** Capacity in elements, if the length is known only at run time; otherwise `undefined`. */
      readonly capacity: number | undefined;
    };

interface RegionMemory {
  readonly scratch: readonly Scratch[];
  /** Memory slots of arrays, by array name. */
  readonly slots: ReadonlyMap<string, ArraySlot>;
}

/** Initial capacity, in elements, of arrays whose length is known only at run time. */
const firstCapacity = 256;

/** For each region, capacities in elements of the arrays for which a call has needed more than `firstCapacity`. */
const capacities = /* @__PURE__ */ new WeakMap<Region, Map<string, number>>();

/** Plans the memory of the arrays that a region declares, for operands of these types. */
export function planMemory(region: Region, ins: readonly ArrayType[]): RegionMemory {
  const scratch: Scratch[] = [];
  const slots = new Map<string, ArraySlot>();
  const plans = plansFor(region, ins);
  for (const [name, plan] of plans) {
    if (plan.group[0] !== name) continue;
    const result = region.results.findIndex((one) => one.kind === "array" && one.name === name);
    if (plan.group.length === 1 && result >= 0) {
      slots.set(name, { result });
      continue;
    }
    const { size, canGrow } = sizeOfGroup(region, plan.group.map((one) => must(plans.get(one), "a plan"))); // prettier-ignore
    plan.group.forEach((one, i) =>
      slots.set(one, {
        scratch: scratch.length,
        start: i * size,
        isExchanged: plan.group.length > 1,
        capacity: canGrow ? size : undefined,
      }),
    );
    scratch.push({ name, type: arrayType(dtypes[plan.declaration.type], [size * plan.group.length]) });
  }
  return { scratch, slots };
}

/** Number of elements to reserve for each array of a group, and whether a call may need more. */
function sizeOfGroup(
  region: Region,
  group: readonly ArrayMemoryPlan[],
): { readonly size: number; readonly canGrow: boolean } {
  const sizes = group.map(({ size }) => (size === undefined ? undefined : constantSize(size)));
  if (sizes.every((n) => n !== undefined)) return { size: Math.max(...sizes), canGrow: false };
  const known = capacities.get(region);
  const needed = group.map(({ declaration }) => known?.get(declaration.name) ?? firstCapacity);
  return { size: Math.max(...needed), canGrow: true };
}

/**
 * Raises the capacity of an array in programs that are compiled from now on. Returns false if no array can be that
 * long.
 */
function makeRoom(region: Region, array: string, wanted: number): boolean {
  if (wanted > maxLength) return false;
  let known = capacities.get(region);
  if (known === undefined) capacities.set(region, (known = new Map<string, number>()));
  known.set(array, Math.min(maxLength, Math.max(2 * (known.get(array) ?? firstCapacity), wanted)));
  return true;
}

/** Writes the code of a region into the routine of a program. */
export function emitRegion(context: LowerContext, region: Region, lowering: LowerOptions = {}): void {
  const { block, fresh, ins, outs, scratch, failure } = context;
  const types = ins.map((x) => x.type);
  const { slots, scratch: own } = planMemory(region, types);
  const declared = extraScratch(region, types, lowering);
  const holdsProducts = declared.some(({ name }) => name === "products");
  const prelude = k.makeBlock();
  const { scalars, arrays } = bindParams(context, region, holdsProducts, prelude);
  const { memory, copies } = bindArrays(context, region, slots, prelude);
  const inner = k.makeBlock();
  const extra = collectScratch(roomAlone(region, types, arrays, memory), holdsProducts, declared);
  const host: LoweringHost = {
    block: inner,
    failure: {
      site: failure.site,
      wanted: failure.wanted,
      length: failure.length,
      value: (i) => failure.value(i),
      canFail: failure.canFail,
      add: (site) => failure.add(reportOf(region, site)),
    },
    fresh,
    scalars,
    arrays,
    memoryOf: (name) => must(memory.get(name), `the memory of "${name}"`),
    scratch: extra,
  };
  const outOf = (name: string): ReturnType<typeof memoryIn> | undefined => {
    const view = copies.get(name);
    return view && memoryIn(view);
  };
  const written = writeRegion(region, scalarFunctions, host, { ...lowering, outOf, dimsOf: [] });
  if (extra.isGranted()) {
    const names = extra.made.map(
      ({ buffer }, i) => [buffer.name, memoryIn(scratch[own.length + i]!).buffer] as const,
    );
    replaceAll(inner.statements, withBuffers(inner.statements, new Map(names)));
  }
  for (const { type, name } of written.locals) prelude.let(name, k.constant(type, 0));
  let next = 0;
  region.results.forEach((result, i) => {
    if (result.kind === "scalar") outs[i]!.write(inner, k.i32(0), written.scalars[next++]!);
  });
  append(block.statements, prelude.statements);
  // after an error nothing more is computed, because operands may then hold anything
  if (failure.canFail)
    block.if(k.eq(failure.site, k.i32(0)), (then) => append(then.statements, inner.statements));
  else append(block.statements, inner.statements);
}

/** Maps the parameters of a region to scalars and arrays of the program. */
function bindParams(
  { ins, fresh }: LowerContext,
  { params }: Region,
  holdsProducts: boolean,
  prelude: Block,
): { readonly scalars: ReadonlyMap<string, Expr>; readonly arrays: ReadonlyMap<string, ArrayPlace> } {
  const scalars = new Map<string, Expr>();
  const arrays = new Map<string, ArrayPlace>();
  params.forEach(({ kind, name, type }, i) => {
    const view = ins[i] as WriteView;
    if (kind === "scalar") {
      const value = view.read(k.i32(0));
      // the scratch memory for products was planned without the values of integers, so they stay unknown here
      const isInlined = value.kind === "const" && !(holdsProducts && type === "i32");
      scalars.set(name, isInlined ? value : prelude.let(fresh(name), value));
      return;
    }
    const { buffer, offset } = memoryIn(view);
    arrays.set(name, { type, buffer, offset, dims: view.type.shape.map((n) => k.i32(n)) });
  });
  return { scalars, arrays };
}

/**
 * Maps the arrays that a region declares to memory of the program. `copies` maps an array that is returned but stored
 * in scratch memory to the result that receives a copy at the end.
 */
function bindArrays(
  { outs, scratch, fresh }: LowerContext,
  { results }: Region,
  slots: RegionMemory["slots"],
  prelude: Block,
): { readonly memory: ReadonlyMap<string, ArrayMemory>; readonly copies: ReadonlyMap<string, WriteView> } {
  const memory = new Map<string, ArrayMemory>();
  const copies = new Map<string, WriteView>();
  for (const [name, slot] of slots) {
    if ("result" in slot) {
      memory.set(name, { ...memoryIn(outs[slot.result]!), capacity: undefined });
      continue;
    }
    const { buffer, offset } = memoryIn(scratch[slot.scratch]!);
    const start = plus(offset, k.i32(slot.start));
    const capacity = slot.capacity === undefined ? undefined : k.i32(slot.capacity);
    memory.set(name, {
      buffer,
      offset: slot.isExchanged ? prelude.let(fresh(`${name}.at`), start) : start,
      capacity,
    });
    const result = results.findIndex((one) => one.kind === "array" && one.name === name);
    if (result >= 0) copies.set(name, outs[result]!);
  }
  return { memory, copies };
}

/** Sizes of the buffers that hold exactly one array: one that the region declares, at offset 0 and of known size. */
function roomAlone(
  region: Region,
  ins: readonly ArrayType[],
  arrays: ReadonlyMap<string, ArrayPlace>,
  memory: ReadonlyMap<string, ArrayMemory>,
): ReadonlyMap<string, SizeExpr> {
  const uses = new Map<string, number>();
  for (const { buffer } of [...arrays.values(), ...memory.values()])
    uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  const alone = new Map<string, SizeExpr>();
  for (const [name, { size }] of plansFor(region, ins)) {
    const { buffer, offset } = must(memory.get(name), `the memory of "${name}"`);
    const isFirst = offset.kind === "const" && offset.value === 0;
    if (size !== undefined && isFirst && uses.get(buffer) === 1) alone.set(buffer, size);
  }
  return alone;
}

function memoryIn({ buffer, offset }: WriteView): { readonly buffer: string; readonly offset: Expr } {
  if (buffer === undefined) throw internalError("an array of a region has no memory");
  return { buffer, offset: offset ?? k.i32(0) };
}

function reportOf(region: Region, site: ErrorSite): FailureReport {
  return {
    error: (wanted, length, values) => failureOf(region, site, wanted, length, values),
    ...(site.kind === "capacity" ? { makeRoom: (wanted) => makeRoom(region, site.array!, wanted) } : {}),
  };
}
